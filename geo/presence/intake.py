"""Positions as systems export them, made into one order, with a report of what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.errors import FieldError
from geo.presence.positions import Positions, sound
from geo.tables.moments import parse_moments

LONGEST_NAME: Final = 64
"""Letters of a unit's name."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit": _words(
        "unit_id unit 巡组编号 单位编号 巡组 单位 设备编号 设备号 终端编号 终端号 车辆编号 device_id device terminal_id terminal "
        "vehicle_id vehicle car_id car carid trajectory_id agent_id track 编号 id"
    ),
    "time": _words(
        "time at seen_at 定位时间 上报时间 采集时间 gps_time gpstime timestamp 时间 datetime date_time t epoch"
    ),
    "lon": ("lon", "lng", "longitude", "经度", "x"),
    "lat": ("lat", "latitude", "纬度", "y"),
}
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "no_unit": ("没有单位编号", "no unit"),
    "no_time": ("时间缺失或无法识别", "no readable time"),
    "no_place": ("坐标缺失、为零或超出范围", "no coordinate, 0/0, or out of range"),
    "doubled": ("同一单位同一时刻重复", "a second one of a unit at one time"),
}
"""Why a row is no position, in Chinese and English."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intake:
    """Positions of a file or a batch of rows.

    Attributes
    ----------
    read : rows
    left_out : rows by reason, of ``REASONS``
    jumps : positions kept that no vehicle could have sent: presence does not look at them
    fields : which column gave what
    """

    positions: Positions
    read: int
    left_out: Mapping[str, int]
    jumps: int
    fields: Mapping[str, str]


def columns_of(names: Sequence[str], *, unit: str | None = None, places: bool = False) -> dict[str, str]:
    """Return which column holds unit, time and, unless ``places`` are known, lon and lat.

    ``unit`` is a column that the user names, which must exist.

    Raises
    ------
    FieldError
        For one that cannot be found; the sentence lists the columns.
    """
    plain = {name.strip().lower(): name for name in names}
    found: dict[str, str] = {}
    for part, known in _HEADERS.items():
        if places and part in ("lon", "lat"):
            continue
        hit = next((plain[word] for word in known if word in plain), None)
        if part == "unit" and unit is not None:
            hit = plain.get(unit.strip().lower())
        if hit is None:
            listed = ", ".join(names)
            zh = {"unit": "单位编号", "time": "时间", "lon": "经度", "lat": "纬度"}[part]
            raise FieldError(
                f"No column gives the {part} of a position; there are {listed}", f"找不到定位的{zh}列，现有：{listed}"
            )
        found[part] = hit
    return found


def numbers(column: pa.ChunkedArray) -> Floats:
    """Return a column of numbers or texts as float64, NaN where it is none."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
    out = np.full(len(column), np.nan)
    for row, text in enumerate(column.to_pylist()):
        try:
            out[row] = float(text) if text is not None else np.nan
        except (TypeError, ValueError):
            continue
    return out


def build_positions(
    table: pa.Table, fields: Mapping[str, str], lonlat: Floats, *, zone: str, time_format: str | None = None
) -> Intake:
    """Make positions of rows whose places, float64[n, 2] degrees in WGS84, are known (NaN where there is none).

    ``zone`` is that of times without an offset.
    """
    moments = parse_moments(table.column(fields["time"]), zone=zone, pattern=time_format)
    seconds = moments.start.astype("datetime64[us]").astype(np.int64) / 1e6
    # A day or a month is no time of a position.
    timed = ~np.isnat(moments.start) & np.isnat(moments.end)
    names = np.array([_name(value) for value in table.column(fields["unit"]).to_pylist()], dtype=object)
    return of_rows(names, np.where(timed, seconds, np.nan), lonlat, fields=fields)


def of_rows(names: npt.NDArray[np.object_], seconds: Floats, lonlat: Floats, *, fields: Mapping[str, str]) -> Intake:
    """Make positions of texts object[n] (empty: none), seconds float64[n] (NaN: none) and degrees float64[n, 2]."""
    named, timed, placed = names != "", np.isfinite(seconds), sound(lonlat)
    good = named & timed & placed
    positions = Positions.of(names[good], seconds[good], lonlat[good])
    left = {
        "no_unit": int((~named).sum()),
        "no_time": int((named & ~timed).sum()),
        "no_place": int((named & timed & ~placed).sum()),
        "doubled": int(good.sum()) - len(positions),
    }
    return Intake(
        positions=positions, read=len(names), left_out={reason: n for reason, n in left.items() if n},
        jumps=int((~positions.plausible()).sum()), fields=dict(fields),
    )  # fmt: skip


def _name(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else str(value)
    return str(value).strip()[:LONGEST_NAME]
