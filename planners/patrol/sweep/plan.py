"""The ways that units drive on a sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SweepRoute:
    """One unit's way from the depot and back; arrays are read-only.

    Attributes
    ----------
    arcs : int32[k], arcs of the problem in the order they are driven
    task : int32[k], the task that is swept on each, -1 where the unit only passes
    """

    arcs: npt.NDArray[np.int32]
    task: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("arcs", "task"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.int32))


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """All routes; every task is swept by one of them."""

    routes: tuple[SweepRoute, ...]
