"""Times of calls: the shape of days, weeks and seasons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from geo.synthetic.families import Family

Float = npt.NDArray[np.float64]

TIME_ZONE: Final = "Asia/Shanghai"
"""The clock of the demo city: its users are in China, wherever its streets are."""
YEAR: Final = timedelta(days=365)
DAY_NOISE: Final = 60.0
"""Shape of the gamma factor of single days: they scatter more than chance alone would."""
HOLIDAYS: Final = (("02-14", "02-23", 0.82), ("05-01", "05-05", 1.08), ("10-01", "10-07", 1.1))
"""From, to (month and day, both included) and factor; the first is about the Spring Festival."""


class Year:
    """The intensity of every hour of the year that ends at ``as_of``, for each family."""

    def __init__(self, *, as_of: datetime, families: tuple[Family, ...], rng: np.random.Generator) -> None:
        local = as_of.astimezone(ZoneInfo(TIME_ZONE))
        self.start = local - YEAR
        first = self.start.replace(minute=0, second=0, microsecond=0)
        hours = int(np.ceil((local - first) / timedelta(hours=1)))
        stamp = np.datetime64(first.replace(tzinfo=None), "h") + np.arange(hours)
        edges = (np.arange(hours + 1) - (self.start - first) / timedelta(hours=1)) * 3600.0
        self.edges = np.clip(edges, 0.0, YEAR.total_seconds())
        day = stamp.astype("datetime64[D]")
        noise = rng.gamma(DAY_NOISE, 1 / DAY_NOISE, size=int((day[-1] - day[0]).astype(int)) + 1)
        common = noise[(day - day[0]).astype(int)] * _holiday(day)
        self.rates = np.stack([common * _rate(family, stamp) for family in families])
        """float64[families, hours], relative."""

    def draw(self, family: int, count: int, rng: np.random.Generator) -> Float:
        """Draw times of one family, float64[count] seconds after ``start``, by inversion of the summed intensity."""
        steps = self.rates[family] * np.diff(self.edges)
        summed = np.concatenate([[0.0], np.cumsum(steps)])
        return np.asarray(np.interp(rng.random(count) * summed[-1], summed, self.edges), dtype=np.float64)


def _holiday(day: npt.NDArray[np.datetime64]) -> Float:
    text = np.array([str(d)[5:] for d in day])
    factor = np.ones(len(day))
    for first, last, value in HOLIDAYS:
        factor[(text >= first) & (text <= last)] = value
    return factor


def _rate(family: Family, stamp: npt.NDArray[np.datetime64]) -> Float:
    day = stamp.astype("datetime64[D]")
    hour = (stamp - day).astype(int)
    weekday = (day.astype(int) + 3) % 7  # 1970-01-01 was a Thursday
    # A night belongs to the evening on which it began.
    evening = ((stamp - np.timedelta64(6, "h")).astype("datetime64[D]").astype(int) + 3) % 7
    late = ((hour >= 20) | (hour < 5)) & np.isin(evening, (4, 5))
    of_year = (day - day.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    amplitude, peak = family.season
    season = 1 + amplitude * np.cos(2 * np.pi * (of_year - peak) / 365.25)
    trend = 1 + family.trend * (np.arange(len(stamp)) / len(stamp) - 0.5)
    week = np.array(family.week)[weekday]
    return np.asarray(family.day()[hour] * week * np.where(late, family.late_weekend, 1.0) * season * trend)
