"""The times of an export: of the event, its window, and the stages of the handling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from geo.errors import FieldError
from geo.incidents.flags import Findings
from geo.incidents.profile import CallsProfile
from geo.tables.moments import Moments, parse_moments

Note = tuple[str, str]
MOST_REJECTED: Final = 0.05
STAGES: Final = (
    "reported_at", "answered_at", "assigned_at", "accepted_at", "departed_at", "arrived_at", "handled_at", "closed_at",
)  # fmt: skip


def read_call_times(
    table: pa.Table,
    profile: CallsProfile,
    column_of: Mapping[str, str],
    frame: pd.DataFrame,
    notes: list[Note],
    found: Findings,
    zone: str,
    first_row: int,
) -> tuple[npt.NDArray[np.bool_], list[tuple[int, str, str]]]:
    """Fill the times of ``frame``; return bool[n] rows that have one, and those that have none (row, English, Chinese)."""
    n = table.num_rows
    occurred, reported = (
        _read_times(table, name, profile, column_of, zone, notes) for name in ("occurred_at", "reported_at")
    )
    if occurred is None and reported is None:
        raise nothing_gives("the time of the event or of the report", "案发时间或报警时间", table.column_names)
    start, end = np.full(n, np.datetime64("NaT", "us")), np.full(n, np.datetime64("NaT", "us"))
    if occurred is not None:
        start, end = occurred.start.copy(), occurred.end.copy()
    if reported is not None:
        stand_in = np.isnat(start) & ~np.isnat(reported.start)
        start[stand_in], end[stand_in] = reported.start[stand_in], reported.end[stand_in]
        if occurred is None:
            notes.append(
                (
                    "The file has no time of the event: the time of the report stands for it",
                    "文件没有案发时间，以报警时间代替",
                )
            )
        else:
            found.add("time_of_report", stand_in)
    until = _read_times(table, "occurred_to", profile, column_of, zone, notes)
    if until is not None:
        given = ~np.isnat(until.start)
        end[given] = np.where(np.isnat(until.end), until.start, until.end)[given]
    reversed_ = end < start
    found.add("window_reversed", reversed_)
    end[reversed_ | (end == start)] = np.datetime64("NaT", "us")
    frame["occurred_at"], frame["occurred_to"] = _aware(start), _aware(end)
    for name in STAGES:
        read = reported if name == "reported_at" else _read_times(table, name, profile, column_of, zone, notes)
        frame[name] = _aware(np.full(n, np.datetime64("NaT", "us")) if read is None else read.start)
    return _with_time(table, column_of, start, first_row)


def _with_time(
    table: pa.Table, column_of: Mapping[str, str], start: npt.NDArray[np.datetime64], first_row: int
) -> tuple[npt.NDArray[np.bool_], list[tuple[int, str, str]]]:
    keep = ~np.isnat(start)
    wrong = np.flatnonzero(~keep)
    sources = [column_of[name] for name in ("occurred_at", "reported_at") if name in column_of]
    source = sources[0]

    def shown(row: int) -> str:
        cells = [str(table.column(name)[int(row)].as_py() or "").strip() for name in sources]
        return next((cell for cell in cells if cell), "")[:40]

    if len(wrong) > max(MOST_REJECTED * len(keep), 5) or len(wrong) == len(keep):
        raise FieldError(
            f"{source}: {len(wrong)} of {len(keep)} rows have no readable time, such as {shown(wrong[0])!r} in row "
            f"{wrong[0] + first_row}; state the format (--time-format) or whether the day comes first (--time-order)",
            f"{source} 列：{len(keep)} 行中有 {len(wrong)} 行时间无法识别，例如第 {wrong[0] + first_row} 行 {shown(wrong[0])!r}；"
            "请用 --time-format 指明格式，或用 --time-order 指明日、月的先后",
            rows=[str(int(row) + first_row) for row in wrong[:100]],
        )
    return keep, [
        (int(row) + first_row, f"no readable time ({shown(row)!r})", f"时间无法识别（{shown(row)!r}）")
        for row in wrong[:1000]
    ]


def _read_times(
    table: pa.Table,
    name: str,
    profile: CallsProfile,
    column_of: Mapping[str, str],
    zone: str,
    notes: list[Note],
) -> Moments | None:
    source = column_of.get(name)
    if source is None:
        return None
    clock = profile.clock.get(name)
    read = parse_moments(
        table.column(source), zone=profile.time_zone or zone, pattern=profile.time_format, order=profile.time_order,
        clock=None if clock is None else table.column(clock),
    )  # fmt: skip
    if read.swapped:
        notes.append(
            (
                f"{source}: {read.swapped} cells have day and month changed places, as spreadsheets do it; read as year/day/month",
                f"{source} 列：{read.swapped} 个单元格日与月互换（电子表格所致），按 年/日/月 读取",
            )
        )
    if read.order is not None and profile.time_order is None:
        first, first_zh = ("month", "月") if read.order == "month" else ("day", "日")
        notes.append(
            (
                f"{source}: the {first} comes first, as the column shows",
                f"{source} 列：由数据可知{first_zh}份在前" if first == "month" else f"{source} 列：由数据可知日在前",
            )
        )
    if name not in ("occurred_at", "reported_at") and read.bad.any():
        notes.append(
            (
                f"{read.bad.sum()} times of {source} could not be read and stay empty",
                f"{source} 列有 {read.bad.sum()} 个时间无法识别，按空值处理",
            )
        )
    return read


def _aware(times: npt.NDArray[np.datetime64]) -> pd.Series:
    return pd.Series(times.astype("datetime64[us]")).dt.tz_localize("UTC")


def nothing_gives(en: str, zh: str, names: Sequence[str]) -> FieldError:
    """Return the error for a column that nothing in the file fills."""
    has = ", ".join(names[:30])
    return FieldError(
        f"Nothing in the file gives {en}; name the field. The file has: {has}",
        f"文件中没有对应“{zh}”的列，请指明字段。现有列：{has}",
    )
