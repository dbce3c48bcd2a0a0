"""Times as files write them, read without guessing between day and month."""

from __future__ import annotations

import re
from datetime import time
from typing import Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from geo.errors import ParameterError
from geo.tables.cells import cell_text

_DASHED: Final = re.compile(
    r"(?P<y>\d{4})-(?P<mo>\d{1,2})-(?P<d>\d{1,2})"
    r"(?:[T ]\s*(?P<h>\d{1,2})(?::(?P<mi>\d{1,2}))?(?::(?P<s>\d{1,2})(?:\.(?P<f>\d{1,9}))?)?)?"
    r"\s*(?P<z>Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT: Final = re.compile(
    r"(?P<y>(?:19|20)\d{2})(?P<mo>\d{2})(?P<d>\d{2})[T ]?(?:(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})?)?(?P<f>)(?P<z>Z)?"
)
_CHINESE: Final = str.maketrans(
    {"年": "-", "月": "-", "日": " ", "号": " ", "时": ":", "点": ":", "分": ":", "秒": " ", "：": ":", "／": "/"}
)
_SERIAL: Final = (20_000.0, 80_000.0)
_SERIAL_ZERO: Final = np.datetime64("1899-12-30T00:00:00.000000")


def parse_times(values: pd.Series, *, zone: str, pattern: str | None = None) -> tuple[pd.Series, np.ndarray]:
    """Return times in UTC (microseconds) and bool[n]: filled cells that could not be read.

    Read are: times proper; ISO 8601 and the like with the year first (2026-11-22 8:05, 2026/11/22, 2026年11月22日8时5分,
    20261122080500), with an offset or in ``zone``; serial days of spreadsheets. Day or month first needs ``pattern``
    (of ``strptime``). A clock set forward or back resolves to the later offset's time.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise ParameterError(f"{zone!r} is not a time zone", f"时区 {zone!r} 无法识别") from unknown
    filled = ~values.isna().to_numpy()
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.astype("datetime64[us, UTC]"), np.zeros(len(values), dtype=bool)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return localised(values.astype("datetime64[us]"), zone), np.zeros(len(values), dtype=bool)
    if pattern is not None:
        texts = pd.Series([cell_text(v) for v in values], index=values.index, dtype=object)
        read = pd.to_datetime(texts, format=pattern, errors="coerce")
        aware = read if isinstance(read.dtype, pd.DatetimeTZDtype) else localised(read.astype("datetime64[us]"), zone)
        aware = aware.astype("datetime64[us, UTC]")
        return aware, filled & aware.isna().to_numpy()
    local = np.full(len(values), np.datetime64("NaT", "us"))
    shift = np.full(len(values), np.nan)  # minutes east of UTC, where the text says so
    if pd.api.types.infer_dtype(values, skipna=True) == "string":  # the common form, at the speed of columns
        read = pd.to_datetime(values, format="%Y-%m-%d %H:%M:%S", errors="coerce")
        local[:] = read.to_numpy(dtype="datetime64[us]")
    known: dict[object, tuple[np.datetime64, float]] = {}
    for i in np.flatnonzero(filled & np.isnat(local)):
        value = values.iloc[i]
        if value not in known:
            known[value] = moment_of(value)
        local[i], shift[i] = known[value]
    out = localised(pd.Series(local, index=values.index), zone)
    fixed = np.flatnonzero(np.isfinite(shift))
    if len(fixed):
        moved = local[fixed] - (shift[fixed] * 60e6).astype("timedelta64[us]")
        out.iloc[fixed] = pd.DatetimeIndex(moved, tz="UTC")
    return out, filled & out.isna().to_numpy()


def localised(naive: pd.Series, zone: str) -> pd.Series:
    """Return naive times of ``zone`` in UTC."""
    standard = np.zeros(len(naive), dtype=bool)  # of an hour that comes twice, the second
    aware = naive.dt.tz_localize(ZoneInfo(zone), ambiguous=standard, nonexistent="shift_forward")
    return cast("pd.Series", aware.dt.tz_convert("UTC").astype("datetime64[us, UTC]"))


def moment_of(value: object) -> tuple[np.datetime64, float]:
    """Return one time as written (NaT where it cannot be read) and its minutes east of UTC where it says so."""
    nothing = (np.datetime64("NaT", "us"), float("nan"))
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = float(value)
        if _SERIAL[0] < number < _SERIAL[1]:
            return _SERIAL_ZERO + np.timedelta64(round(number * 86_400) * 1_000_000, "us"), float("nan")
        if number != round(number):
            return nothing
        value = str(round(number))
    text = str(value).strip()
    found = _COMPACT.fullmatch(text)
    if found is None:
        plain = text.translate(_CHINESE).replace("/", "-")
        if re.match(r"\d{4}\.\d{1,2}\.\d{1,2}", plain):
            plain = plain.replace(".", "-", 2)
        found = _DASHED.fullmatch(re.sub(r":(?=\s*$)", "", re.sub(r"\s+", " ", plain).strip()))
    return nothing if found is None else _moment(found)


def _moment(found: re.Match[str]) -> tuple[np.datetime64, float]:
    hour, minute, second = (int(found[k] or 0) for k in ("h", "mi", "s"))
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        return np.datetime64("NaT", "us"), float("nan")
    try:
        day = np.datetime64(f"{int(found['y']):04d}-{int(found['mo']):02d}-{int(found['d']):02d}", "us")
    except ValueError:
        return np.datetime64("NaT", "us"), float("nan")
    micro = int((found["f"] or "0").ljust(6, "0")[:6])
    moment = day + np.timedelta64(((hour * 60 + minute) * 60 + second) * 1_000_000 + micro, "us")
    zone = found["z"]
    if not zone:
        return moment, float("nan")
    if zone == "Z":
        return moment, 0.0
    sign = -1 if zone[0] == "-" else 1
    return moment, float(sign * (int(zone[1:3]) * 60 + int(zone[-2:])))


_CLOCK: Final = re.compile(r"(?P<h>\d{1,2})[:：时点](?:(?P<mi>\d{1,2})(?:[:：分]\d{0,2}秒?)?)?")


def clock_minutes(values: pd.Series) -> pd.Series:
    """Return times of the day (7:20, 07:20:00, 7时20分, a time of a spreadsheet) as minutes after midnight; other cells as they are.

    Hours run to 47: 24:30 is half past midnight of the next day.
    """
    return pd.Series([_minutes(value) for value in values], index=values.index, dtype=object)


def _minutes(value: object) -> object:
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    text = cell_text(value)
    found = _CLOCK.fullmatch(text) if text is not None else None
    if found is None or int(found["h"]) > 47 or int(found["mi"] or 0) > 59:
        return text
    return int(found["h"]) * 60 + int(found["mi"] or 0)
