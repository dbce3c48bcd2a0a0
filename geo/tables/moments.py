"""Columns of times as exports write them: mixed forms, windows from one time to another, days and months as windows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.tables.times import localised, moment_of

Instants = npt.NDArray[np.datetime64]
Order = Literal["month", "day"]
NOT_A_TIME: Final = np.datetime64("NaT", "us")
_DAY: Final = np.timedelta64(86_400_000_000, "us")
_BETWEEN: Final = re.compile(r"\s*(?:至|到|~|～|—+|--+|–|\bto\b)\s*|\s+-\s+")
_CLOCK: Final = re.compile(
    r"(?:(?P<half>上午|下午|晚上|凌晨|中午)\s*)?(?P<h>\d{1,2})(?:[:：时点](?P<m>\d{1,2}))?(?:[:：分](?P<s>\d{1,2}))?\s*[时点分秒]?"
    r"\s*(?P<ampm>[AaPp]\.?[Mm]\.?)?"
)
_SLASHED: Final = re.compile(r"(?P<a>\d{1,2})[/.\-](?P<b>\d{1,2})[/.\-](?P<y>\d{4})(?:[ T,]+(?P<clock>\S.*))?")
_YEAR_FIRST: Final = re.compile(r"(?P<y>\d{4})[/.\-](?P<a>\d{1,2})[/.\-](?P<b>\d{1,2})(?P<rest>[ T].*)?")
_ENOUGH: Final = 20
_MONTH: Final = re.compile(r"(?P<y>(?:19|20)\d{2})[-/.年](?P<m>\d{1,2})月?")
_HYPHENED: Final = re.compile(r"(?P<a>\d\S* \d{1,2}:\d{2})-(?P<b>\d{1,2}:\d{2})")
"""From one minute to another; after a blank it is no offset from UTC."""
_DAY_ONLY: Final = re.compile(r"\d{4}\D\d{1,2}\D\d{1,2}日?|(?:19|20)\d{6}")
_HALVES: Final = re.compile(r"(?P<day>.*\d)\s*日?\s*(?P<half>上午|下午|晚上|凌晨|中午)\s*(?P<clock>\d.*)")
_COMPACT_MINUTE: Final = re.compile(r"(?:19|20)\d{10}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Times of n cells in UTC: ``start``, and ``end`` where the cell is a window (NaT: an exact time).

    ``bad`` are filled cells that could not be read. ``order`` says whether numbers such as 04/18/2018 have the month or
    the day first, as the column itself shows; ``undecided`` counts cells for which it does not.
    ``swapped`` counts cells such as 2014/01/09 in a column that otherwise holds 09/13/2014 and only days after the 12th: a
    spreadsheet took the day for the month wherever it could, and wrote those with the year first.
    """

    start: Instants
    end: Instants
    bad: npt.NDArray[np.bool_]
    order: Order | None = None
    undecided: int = 0
    swapped: int = 0


def parse_moments(
    column: pa.ChunkedArray,
    *,
    zone: str,
    pattern: str | None = None,
    order: Order | None = None,
    clock: pa.ChunkedArray | None = None,
) -> Moments:
    """Read a column of text, numbers (days of spreadsheets, seconds or milliseconds since 1970) or timestamps.

    A day without a clock is the window of that day, a month that of the month. ``clock`` is a column of times of the day
    that belong to the days. ``pattern`` is of ``strptime``.
    """
    if clock is not None:
        return _with_clock(column, clock, zone=zone, pattern=pattern, order=order)
    if pa.types.is_timestamp(column.type):
        return _timestamps(column, zone)
    filled = np.asarray(column.is_valid())
    texts = _texts(column)
    if pattern is not None:
        read = pd.to_datetime(pd.Series(texts.to_pylist(), dtype=object), format=pattern, errors="coerce")
        start = _utc(read, zone)
        return Moments(start=start, end=_nothing(len(start)), bad=filled & np.isnat(start))
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = column.to_numpy().astype(np.float64)
        since = _since_1970(numbers)
        if since is not None:
            return Moments(start=since, end=_nothing(len(since)), bad=filled & np.isnat(since))
    return _mixed(texts, zone, order)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):
        numbers = column.to_numpy()
        plain = [None if np.isnan(v) else (str(int(v)) if v == int(v) else repr(float(v))) for v in numbers]
        return pa.chunked_array([pa.array(plain, type=pa.large_string())])
    texts = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)


def _timestamps(column: pa.ChunkedArray, zone: str) -> Moments:
    values = column.to_pandas()
    start = _utc(values, zone)
    end = _nothing(len(start))
    if column.type.tz is None:
        local = values.to_numpy(dtype="datetime64[us]")
        if bool(np.all(np.isnat(local) | (local == local.astype("datetime64[D]")))):
            end = _ends(local, _DAY, zone)  # a column of days, not of midnights
    return Moments(start=start, end=end, bad=np.zeros(len(start), dtype=bool))


def _with_clock(
    column: pa.ChunkedArray, clock: pa.ChunkedArray, *, zone: str, pattern: str | None, order: Order | None
) -> Moments:
    days = parse_moments(column, zone="UTC", pattern=pattern, order=order)
    encoded = _texts(clock).combine_chunks().dictionary_encode() if len(clock) else None
    offsets = np.full(len(clock), np.timedelta64("NaT", "us"))
    if encoded is not None:
        known = np.array([_clock_of(str(v)) for v in encoded.dictionary.to_pylist()], dtype="timedelta64[us]")
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        offsets[codes >= 0] = known[codes[codes >= 0]]
    local = days.start.astype("datetime64[D]").astype("datetime64[us]") + offsets
    start = _utc(pd.Series(local), zone)
    whole = np.isnat(start) & ~np.isnat(days.start)
    plain = days.start.astype("datetime64[D]").astype("datetime64[us]")
    start[whole] = _utc(pd.Series(plain[whole]), zone)
    end = _nothing(len(start))
    end[whole] = _ends(plain[whole], _DAY, zone)
    return replace(days, start=start, end=end)


def _mixed(texts: pa.ChunkedArray, zone: str, order: Order | None) -> Moments:
    n = len(texts)
    filled = np.asarray(texts.is_valid())
    local = _plain(texts)
    until = _nothing(n)
    shift = np.full(n, np.nan)
    left = np.flatnonzero(filled & np.isnat(local))
    found: Order | None = None
    undecided = swapped = 0
    if left.size:
        encoded = texts.take(pa.array(left)).combine_chunks().dictionary_encode()
        words = [str(v) for v in encoded.dictionary.to_pylist()]
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        found = order or _order_of(words)
        turned = _turned(words, found)
        swapped = int(np.array([word in turned for word in words], dtype=bool)[codes].sum()) if turned else 0
        read = [_read(turned.get(word, word), found) for word in words]
        local[left] = np.array([r[0] for r in read], dtype="datetime64[us]")[codes]
        until[left] = np.array([r[1] for r in read], dtype="datetime64[us]")[codes]
        shift[left] = np.array([r[2] for r in read])[codes]
        if found is None:
            open_ = np.array([_SLASHED.fullmatch(word) is not None for word in words], dtype=bool)
            undecided = int(open_[codes].sum())
    start = _utc(pd.Series(local), zone)
    end = _utc(pd.Series(until), zone)
    fixed = np.isfinite(shift)
    moved = (shift[fixed] * 60e6).astype("timedelta64[us]")
    start[fixed], end[fixed] = local[fixed] - moved, until[fixed] - moved
    return Moments(
        start=start, end=end, bad=filled & np.isnat(start), order=found, undecided=undecided, swapped=swapped
    )


def _plain(texts: pa.ChunkedArray) -> Instants:
    """Return the times of cells written as 2026-11-22 08:05:00, NaT for all others."""
    form = pc.match_substring_regex(texts, r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$")
    try:
        read = pc.if_else(form, texts, pa.scalar(None, pa.large_string())).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:  # such as 30 February: then cell by cell
        return _nothing(len(texts))
    return cast("Instants", read.to_numpy().astype("datetime64[us]").copy())


def _order_of(words: list[str]) -> Order | None:
    pairs = [(int(m["a"]), int(m["b"])) for m in map(_SLASHED.fullmatch, words) if m is not None]
    first, second = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)
    if first == second:
        return None
    return "day" if first else "month"


def _turned(words: list[str], order: Order | None) -> dict[str, str]:
    """Return the year-first cells of a column in which a spreadsheet changed day and month where it could."""
    slashed = [m for m in map(_SLASHED.fullmatch, words) if m is not None]
    first = {word: m for word in words if (m := _YEAR_FIRST.fullmatch(word)) is not None}
    days = [int(m["b" if order == "month" else "a"]) for m in slashed]
    if len(days) < _ENOUGH or not first or min(days) <= 12:
        return {}
    if any(int(m["b"]) > 12 for m in first.values()):
        return {}
    return {word: f"{m['y']}/{m['b']}/{m['a']}{m['rest'] or ''}" for word, m in first.items()}


def _read(text: str, order: Order | None) -> tuple[np.datetime64, np.datetime64, float]:
    nothing = (NOT_A_TIME, NOT_A_TIME, float("nan"))
    hyphened = _HYPHENED.fullmatch(text)
    ends = [hyphened["a"], hyphened["b"]] if hyphened else _BETWEEN.split(text)
    if len(ends) == 2 and all(ends):
        start, _, shift = _single(ends[0], order)
        if np.isnat(start):
            return nothing
        if _CLOCK.fullmatch(ends[1]) and not re.fullmatch(r"\d{4,}", ends[1]):
            end = start.astype("datetime64[D]").astype("datetime64[us]") + _clock_of(ends[1])
            end = end + _DAY if end < start else end
        else:
            last, upto, _ = _single(ends[1], order)
            end = last if np.isnat(upto) else upto
        return nothing if np.isnat(end) else (start, end, shift)
    return _single(text, order)


def _single(text: str, order: Order | None) -> tuple[np.datetime64, np.datetime64, float]:
    nothing = (NOT_A_TIME, NOT_A_TIME, float("nan"))
    found = _SLASHED.fullmatch(text)
    if found is not None:
        if order is None:
            return nothing
        month, day = (found["a"], found["b"]) if order == "month" else (found["b"], found["a"])
        date = _date(found["y"], month, day)
        if found["clock"] is None:
            return date, date + _DAY, float("nan")
        return date + _clock_of(found["clock"]), NOT_A_TIME, float("nan")
    found = _MONTH.fullmatch(text)
    if found is not None and 1 <= int(found["m"]) <= 12:
        month_ = np.datetime64(f"{found['y']}-{int(found['m']):02d}", "M")
        return month_.astype("datetime64[us]"), (month_ + 1).astype("datetime64[us]"), float("nan")
    found = _HALVES.fullmatch(text)
    if found is not None:
        day_ = moment_of(found["day"] + ("日" if "月" in found["day"] else ""))[0]
        return day_ + _clock_of(found["half"] + found["clock"]), NOT_A_TIME, float("nan")
    numbers = _number(text)
    if numbers is not None:
        return numbers, NOT_A_TIME, float("nan")
    start, shift = moment_of(text)
    if _DAY_ONLY.fullmatch(text):
        return start, start + _DAY, shift
    return start, NOT_A_TIME, shift


def _number(text: str) -> np.datetime64 | None:
    """Return the time of a bare number in a column of text: a day of a spreadsheet, minutes written without signs."""
    if _COMPACT_MINUTE.fullmatch(text):
        return moment_of(text + "00")[0]
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return moment_of(float(text))[0]
    return None


def _clock_of(text: str) -> np.timedelta64:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return np.timedelta64("NaT", "us")
    hour, minute, second = int(found["h"]), int(found["m"] or 0), int(found["s"] or 0)
    half = (found["ampm"] or "")[:1].lower() or {"上午": "a", "凌晨": "a", "下午": "p", "晚上": "p", "中午": "p"}.get(
        found["half"] or "", ""
    )
    if half:
        if hour > 12 or (found["half"] == "中午" and hour >= 10):
            half = ""
        else:
            hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return np.timedelta64("NaT", "us")
    return np.timedelta64(((hour * 60 + minute) * 60 + second) * 1_000_000, "us")


def _date(year: str, month: str, day: str) -> np.datetime64:
    try:
        return np.datetime64(f"{int(year):04d}-{int(month):02d}-{int(day):02d}", "us")
    except ValueError:
        return NOT_A_TIME


def _since_1970(numbers: npt.NDArray[np.float64]) -> Instants | None:
    """Return times of a column whose numbers all are seconds (1e9 to 1.9e9) or milliseconds since 1970, else None."""
    known = numbers[np.isfinite(numbers)]
    for unit in (1.0, 1000.0):
        if known.size and bool(np.all((known >= 1e9 * unit) & (known < 1.9e9 * unit))):
            micro = np.where(np.isfinite(numbers), numbers * (1e6 / unit), 0).round().astype(np.int64)
            times = micro.astype("datetime64[us]")
            times[~np.isfinite(numbers)] = NOT_A_TIME
            return cast("Instants", times)
    return None


def _ends(local: Instants, length: np.timedelta64, zone: str) -> Instants:
    return _utc(pd.Series(local + length), zone)


def _nothing(n: int) -> Instants:
    return np.full(n, NOT_A_TIME)


def _utc(values: pd.Series, zone: str) -> Instants:
    known = isinstance(values.dtype, pd.DatetimeTZDtype)
    aware = values.dt.tz_convert("UTC") if known else localised(values.astype("datetime64[us]"), zone)
    return cast("Instants", aware.dt.tz_localize(None).to_numpy(dtype="datetime64[us]").copy())
