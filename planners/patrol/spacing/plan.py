"""Timetables of units, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpacedRoute:
    """One unit's stops in order; times are whole seconds after the start of the shift, arrays are read-only.

    Attributes
    ----------
    vehicle, unit : index of the vehicle type, number of the unit among its type
    points : int32[k]
    appointment : int32[k], index of the appointment that the stop keeps, -1 for a visit of the rounds
    arrival, begin, departure : int32[k]
    leave, back : from the start post, at the end post
    """

    vehicle: int
    unit: int
    points: npt.NDArray[np.int32]
    appointment: npt.NDArray[np.int32]
    arrival: npt.NDArray[np.int32]
    begin: npt.NDArray[np.int32]
    departure: npt.NDArray[np.int32]
    leave: int
    back: int

    def __post_init__(self) -> None:
        for name in ("points", "appointment", "arrival", "begin", "departure"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.int32))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacedPlan:
    """All routes; the points left out (rising) and the appointments not kept (rising)."""

    routes: tuple[SpacedRoute, ...]
    left_out: tuple[int, ...] = ()
    missed: tuple[int, ...] = ()

    @property
    def units_used(self) -> int:
        """Number of units that have a route."""
        return len(self.routes)
