"""The clock of a call, from the report to the close, with the gaps that real records have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from geo.synthetic.events import Events
from geo.synthetic.families import BURGLARY, FAMILIES
from geo.synthetic.when import TIME_ZONE, YEAR

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Time = npt.NDArray[np.datetime64]

STAGES: Final = (
    "reported_at", "answered_at", "assigned_at", "accepted_at", "departed_at", "arrived_at", "handled_at", "closed_at",
)  # fmt: skip
MISSING_ARRIVAL: Final = 0.063
"""Part of the valid calls without a time of arrival."""
WINDOW_SHARE: Final = {BURGLARY: 0.6, "盗窃": 0.08}
"""Part of a family of which only a window of time is known."""
DETOUR: Final = 1.35
"""Street distance over straight distance (assumed)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clock:
    """Times of each call in UTC; NaT where unknown or not yet.

    Attributes
    ----------
    occurred_at, occurred_to : datetime64[us][n]
    stage : datetime64[us][n] for each of ``STAGES``
    """

    occurred_at: Time
    occurred_to: Time
    stage: dict[str, Time]


def run_clock(events: Events, post_gap_m: Float, *, citizen: Bool, as_of: datetime, rng: np.random.Generator) -> Clock:
    """Give every call its times; nothing is later than ``as_of``.

    ``post_gap_m`` float64[n] is the straight distance to the nearest post, which makes the drive. Repeats are closed
    on the telephone, and so are two thirds of the false calls.
    """
    n = len(events)
    start = events.seconds.copy()
    until = _windows(events, rng)
    median = np.array([f.delay_minutes for f in FAMILIES])[events.family] * 60
    delay = np.where(citizen, median * rng.lognormal(0, 0.8, n), rng.uniform(5, 60, n))
    reported = np.where(np.isnan(until), start, until) + delay
    # What would be reported after the year is over is moved back as a whole.
    end = YEAR.total_seconds()
    late = np.maximum(0.0, reported - end) + np.where(reported > end, rng.uniform(0, 3600, n), 0.0)
    start, until, reported = start - late, until - late, reported - late
    early = start < 0
    start[early], until[early] = np.maximum(start[early], 0.0), np.maximum(until[early], 0.0)
    reported = np.maximum(reported, np.maximum(start, np.where(np.isnan(until), 0.0, until)))
    answered = reported + np.where(citizen, 4 + rng.lognormal(1.4, 0.6, n), 0.0)
    assigned = answered + 15 + rng.lognormal(3.6, 0.5, n)
    accepted = assigned + 6 + rng.lognormal(3.0, 0.6, n)
    departed = accepted + 5 + rng.lognormal(3.6, 0.6, n)
    rush = np.isin(local_hour(events.seconds, as_of), (7, 8, 17, 18))
    kph = 32.0 - 7.0 * rush
    drive = (post_gap_m * DETOUR + 120) / (kph / 3.6) * rng.lognormal(0, 0.35, n)
    arrived = departed + np.where(citizen, drive, 0.0)
    scene = np.array([f.scene_minutes for f in FAMILIES])[events.family] * 60
    handled = arrived + 120 + scene * rng.lognormal(0, 0.5, n)
    closed = handled + rng.lognormal(9.2, 1.2, n)
    by_phone = events.repeat | (events.false & (rng.random(n) < 2 / 3))
    closed = np.where(by_phone, answered + rng.uniform(60, 600, n), closed)
    gone = by_phone[:, None] & np.array([name not in ("reported_at", "answered_at", "closed_at") for name in STAGES])
    seconds = np.stack([reported, answered, assigned, accepted, departed, arrived, handled, closed], axis=1)
    seconds[gone | (seconds > end)] = np.nan
    valid = np.flatnonzero(events.valid)
    lost = rng.permutation(valid)[: round(MISSING_ARRIVAL * len(valid))]
    seconds[lost, STAGES.index("arrived_at")] = np.nan
    zero = np.datetime64((as_of - YEAR).astimezone(UTC).replace(tzinfo=None), "us")
    return Clock(
        occurred_at=_stamp(zero, start),
        occurred_to=_stamp(zero, until),
        stage={name: _stamp(zero, seconds[:, k]) for k, name in enumerate(STAGES)},
    )


def local_hour(seconds: Float, as_of: datetime) -> npt.NDArray[np.int64]:
    """Return the hour 0 to 23 on the city's clock, for seconds after the start of the year that ends at ``as_of``."""
    start = (as_of - YEAR).astimezone(ZoneInfo(TIME_ZONE))
    offset = start.hour * 3600 + start.minute * 60 + start.second
    return np.asarray((seconds + offset) // 3600 % 24).astype(np.int64)


def _windows(events: Events, rng: np.random.Generator) -> Float:
    """Return the end of the window in which a call happened, NaN where its time is known."""
    n = len(events)
    share = np.array([WINDOW_SHARE.get(f.name, 0.0) for f in FAMILIES])[events.family]
    length = np.clip(rng.lognormal(np.log(6 * 3600), 0.7, n), 900, 72 * 3600)
    return np.where((rng.random(n) < share) & ~events.repeat, events.seconds + length, np.nan)


def _stamp(zero: np.datetime64, seconds: Float) -> Time:
    """Round to whole seconds; downwards, so that no time passes the end."""
    known = np.isfinite(seconds)
    out = np.full(len(seconds), np.datetime64("NaT", "us"))
    out[known] = zero + np.floor(seconds[known]).astype(np.int64).astype("timedelta64[s]")
    return out
