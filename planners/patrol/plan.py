"""Routes of units with times, and the visits that are not made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only

Reason = Literal["no_unit", "no_way", "window", "shift"]
"""Why no unit can make a visit: none of an eligible kind, no way there and back, too late, or too long a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """A visit that no unit could make even if it did nothing else, and why."""

    visit: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatrolRoute:
    """One unit's visits in order; times are whole seconds after the start of the shift, arrays are read-only.

    Attributes
    ----------
    vehicle : index of the vehicle type
    unit : number of the unit among its type
    visits : int32[k]
    arrival, begin, departure : int32[k], at the point, of the dwell, from the point
    leave, back : from the start post, at the end post
    """

    vehicle: int
    unit: int
    visits: npt.NDArray[np.int32]
    arrival: npt.NDArray[np.int32]
    begin: npt.NDArray[np.int32]
    departure: npt.NDArray[np.int32]
    leave: int
    back: int

    def __post_init__(self) -> None:
        for name in ("visits", "arrival", "begin", "departure"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.int32))


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolPlan:
    """All routes, and the required visits that are not made.

    Attributes
    ----------
    routes : routes with at least one visit, by vehicle type and unit
    impossible : required visits that no unit could make, with the reason
    missed : other required visits that found no room, rising
    """

    routes: tuple[PatrolRoute, ...]
    impossible: tuple[Impossible, ...]
    missed: tuple[int, ...]

    @property
    def units_used(self) -> int:
        """Number of units that have a route."""
        return len(self.routes)
