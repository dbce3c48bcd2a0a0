"""The question of periodic rounds: which days each place is visited, and by which way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.arrays import read_only
from planners.patrol.problem import NO_WAY

UNKNOWN = -1
"""``since`` of a place whose last visit is not known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VisitsProblem:
    """Visit each place every few days, with little travel and few units; all arrays are read-only.

    Place 0 is the post, place ``i + 1`` the point ``i``. Two visits of a point lie ``every - tolerance`` to ``every + tolerance`` days
    apart, counted from its last visit before the first day and up to the day after the last one. A route begins and ends at
    the post and takes at most the day's seconds, with travel and service.

    Attributes
    ----------
    point_keys : names of the points
    seconds : int32[p + 1, p + 1], ``NO_WAY`` where there is none, 0 on the diagonal
    units, day_seconds : int32[d], units on duty on each day, and how long a route may take
    service : int32[p], seconds of a visit
    every, tolerance : int32[p], days; the tolerance is below ``every``
    since : int32[p], days from the last visit to the first day, ``UNKNOWN`` where there is none: then any first day within
        ``every + tolerance`` days will do
    may : bool[p, d], days on which a point may be visited
    priority : int64[p], 1 or more: what leaving the point out costs
    unit_seconds : what sending one unit for one day costs, in seconds of travel
    """

    point_keys: tuple[str, ...]
    seconds: npt.NDArray[np.int32]
    units: npt.NDArray[np.int32]
    day_seconds: npt.NDArray[np.int32]
    service: npt.NDArray[np.int32]
    every: npt.NDArray[np.int32]
    tolerance: npt.NDArray[np.int32]
    since: npt.NDArray[np.int32]
    may: npt.NDArray[np.bool_]
    priority: npt.NDArray[np.int64]
    unit_seconds: int = 3600

    def __post_init__(self) -> None:
        kinds: dict[str, type[np.generic]] = {
            "seconds": np.int32, "units": np.int32, "day_seconds": np.int32, "service": np.int32, "every": np.int32,
            "tolerance": np.int32, "since": np.int32, "may": np.bool_, "priority": np.int64,
        }  # fmt: skip
        for name, kind in kinds.items():
            object.__setattr__(self, name, read_only(getattr(self, name), kind))
        p, d = len(self.point_keys), len(self.units)
        wanted: dict[str, tuple[int, ...]] = {
            "seconds": (p + 1, p + 1), "units": (d,), "day_seconds": (d,), "service": (p,), "every": (p,), "tolerance": (p,),
            "since": (p,), "may": (p, d), "priority": (p,),
        }  # fmt: skip
        for name, shape in wanted.items():
            found = getattr(self, name).shape
            if found != shape:
                raise InputError(f"{name} has shape {found}, not {shape}", f"{name} 的形状为 {found}，应为 {shape}")
        if p == 0:
            raise InfeasibleError(
                "There is no point to visit; add points with a frequency", "没有走访点，请添加走访点及周期"
            )
        if d == 0 or (self.units < 0).any() or (self.day_seconds <= 0).any():
            raise ParameterError(
                "Give at least one day, no fewer than 0 units and a day longer than 0 seconds",
                "至少需要一天，巡组数不小于 0，每日时长大于 0 秒",
            )
        if (self.seconds < 0).any() or np.diagonal(self.seconds).any() or self.unit_seconds < 0:
            raise InputError("seconds are negative, or not 0 from a place to itself", "seconds 为负数或对角线不为 0")
        self._require_points()

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.point_keys)

    @property
    def days(self) -> int:
        """Number of days."""
        return len(self.units)

    @property
    def price_of_leaving_out(self) -> int:
        """Price of one step of priority left out, in seconds: above all that any plan can cost."""
        return int((self.units.astype(np.int64) * (self.day_seconds.astype(np.int64) + self.unit_seconds)).sum()) + 1

    def first_days(self, point: int) -> tuple[int, int]:
        """Return the earliest and the latest day of the first visit; an overdue point comes on the earliest allowed day."""
        every, slack, since = int(self.every[point]), int(self.tolerance[point]), int(self.since[point])
        if since == UNKNOWN:
            return 0, every + slack - 1
        latest = every + slack - since
        if latest < 0:
            allowed = np.flatnonzero(self.may[point] & (self.units > 0))
            return 0, int(allowed[0]) if len(allowed) else 0
        return max(0, every - slack - since), latest

    def due(self) -> npt.NDArray[np.bool_]:
        """Return whether each point must be visited at all within the days, bool[p]."""
        since = self.since.astype(np.int64)
        return np.asarray((since == UNKNOWN) | (since + self.days > self.every + self.tolerance), np.bool_)

    def last_day(self, point: int) -> int:
        """Return the earliest day on which the last visit may be."""
        return self.days - int(self.every[point]) - int(self.tolerance[point])

    def round_trip(self) -> npt.NDArray[np.int64]:
        """Return the seconds of going to each point alone, serving it and coming back, int64[p]."""
        out, home = self.seconds[0, 1:].astype(np.int64), self.seconds[1:, 0].astype(np.int64)
        return np.where((out >= NO_WAY) | (home >= NO_WAY), NO_WAY, out + home + self.service)

    def _require_points(self) -> None:
        for bad, en, zh in (
            (self.service < 0, "has a service time below 0", "的走访时长小于 0"),
            (self.every < 1, "has a frequency below 1 day", "的走访周期小于 1 天"),
            (self.tolerance < 0, "has a tolerance below 0 days", "的浮动天数小于 0"),
            (self.tolerance >= self.every, "has a tolerance as long as its frequency", "的浮动天数不小于走访周期"),
            (self.since < UNKNOWN, "was last visited after the first day", "的上次走访晚于首日"),
            (self.priority < 1, "has a priority below 1", "的优先级小于 1"),
        ):
            if bad.any():
                names = [self.point_keys[i] for i in np.flatnonzero(bad)]
                raise InputError(
                    f"Point {names[0]} {en} ({len(names)} in all)",
                    f"走访点 {names[0]} {zh}（共 {len(names)} 个）",
                    rows=names,
                )
