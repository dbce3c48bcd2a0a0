"""Which shift is on duty, and when it began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from geo.errors import NotFoundError
from geo.tables.shifts import Shifts

THREE_SHIFTS: Final = (("early", "早班", 8 * 60), ("middle", "中班", 16 * 60), ("night", "夜班", 0))
"""Key, name and start in minutes of the three shifts of eight hours that an installation begins with."""


def three_shifts() -> Shifts:
    """Return the shifts that an installation begins with; the user imports others."""
    rows = [
        {"shift_id": key, "name": name, "start_minute": start, "length_minutes": 480}
        for key, name, start in THREE_SHIFTS
    ]
    return Shifts.of(pd.DataFrame(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSpan:
    """One occurrence of a shift; both ends aware."""

    shift_id: str
    name: str
    start: datetime
    end: datetime


def span_at(shifts: Shifts, now: datetime, zone: ZoneInfo) -> ShiftSpan | None:
    """Return the shift on duty at ``now``, one over midnight included; None where no shift covers the hour."""
    local = now.astimezone(zone)
    for back in (0, 1):
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        for row in shifts.frame.itertuples(index=False):
            start = midnight + timedelta(minutes=int(row.start_minute))
            end = start + timedelta(minutes=int(row.length_minutes))
            if start <= local < end:
                return ShiftSpan(shift_id=str(row.shift_id), name=str(row.name), start=start, end=end)
    return None


def span_of(shifts: Shifts, shift_id: str, now: datetime, zone: ZoneInfo) -> ShiftSpan:
    """Return the occurrence of ``shift_id`` that is on duty or comes next; an unknown id raises ``NotFoundError``."""
    name, minute, length = _shift(shifts, shift_id)
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight + timedelta(days=day, minutes=minute) for day in (-1, 0, 1)]
    start = next(s for s in starts if s + length > local)
    return ShiftSpan(shift_id=shift_id, name=name, start=start, end=start + length)


def span_on(shifts: Shifts, shift_id: str, day: date, zone: ZoneInfo) -> ShiftSpan:
    """Return the occurrence of ``shift_id`` that begins on a day; an unknown id raises ``NotFoundError``."""
    name, minute, length = _shift(shifts, shift_id)
    start = datetime.combine(day, time(), zone) + timedelta(minutes=minute)
    return ShiftSpan(shift_id=shift_id, name=name, start=start, end=start + length)


def _shift(shifts: Shifts, shift_id: str) -> tuple[str, int, timedelta]:
    """Return name, first minute of the day, and length."""
    rows = shifts.frame[shifts.frame["shift_id"] == shift_id]
    if rows.empty:
        known = ", ".join(shifts.keys)
        raise NotFoundError(
            f"There is no shift {shift_id!r}; there are {known}", f"没有班次 {shift_id!r}，可用：{known}"
        )
    row = rows.iloc[0]
    return str(row["name"]), int(row["start_minute"]), timedelta(minutes=int(row["length_minutes"]))
