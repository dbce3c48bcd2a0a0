"""Routes of each day, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayRoute:
    """One unit's route on one day: ``points`` int32[k] in order, read-only."""

    day: int
    points: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", read_only(self.points, np.int32))


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsPlan:
    """All routes by rising day, and the points left out (rising)."""

    routes: tuple[DayRoute, ...]
    left_out: tuple[int, ...] = ()
