"""Timetables of units, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only


class Role(IntEnum):
    """Why a unit stops."""

    ROUND = 0
    APPOINTMENT = 1
    BREAK = 2
    OPTIONAL = 3


def _unset() -> npt.NDArray[np.int32]:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpacedRoute:
    """One unit's stops in order; times are whole seconds after the start of the shift, arrays are read-only.

    The place of a stop is always ``posts + points``: a break at a post has the point ``post - posts``, which is below 0. Only stops
    whose role is ``ROUND`` are visits of the rounds.

    Attributes
    ----------
    vehicle, unit : index of the vehicle type, number of the unit among its type
    points : int32[k], index of the point, below 0 at a post
    appointment : int32[k], index of the appointment that the stop keeps, -1 for other stops
    rest, optional : int32[k], index of the break or of the optional stop, -1 for other stops; all -1 unless given
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
    rest: npt.NDArray[np.int32] = field(default_factory=_unset)
    optional: npt.NDArray[np.int32] = field(default_factory=_unset)

    def __post_init__(self) -> None:
        for name in ("rest", "optional"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(len(self.points), -1))
        for name in ("points", "appointment", "arrival", "begin", "departure", "rest", "optional"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.int32))

    @property
    def role(self) -> npt.NDArray[np.int8]:
        """Role of each stop, int8[k] of ``Role``."""
        out = np.full(len(self.points), Role.ROUND, np.int8)
        for held, role in (
            (self.appointment, Role.APPOINTMENT), (self.rest, Role.BREAK), (self.optional, Role.OPTIONAL),
        ):  # fmt: skip
            out[held >= 0] = role
        return out


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class BrokenGap:
    """Two visits of a point, one after the other, whose gap is not kept; the end of a shift counts as a visit.

    Attributes
    ----------
    point : index
    before, after : begins of the two visits; the one before the first is ``-since``, the one after the last is the end of the shift
    over : seconds above the gap, or below 0: seconds under the least gap
    """

    point: int
    before: int
    after: int
    over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacedPlan:
    """All routes, and what they do not do.

    Attributes
    ----------
    left_out, missed : points left out and appointments not kept, rising
    unrested : (break, key of the unit) of breaks not taken, rising
    unpinned : pins not kept, rising
    broken : gaps not kept, rising; none unless the plan was mended and says so
    """

    routes: tuple[SpacedRoute, ...]
    left_out: tuple[int, ...] = ()
    missed: tuple[int, ...] = ()
    unrested: tuple[tuple[int, str], ...] = ()
    unpinned: tuple[int, ...] = ()
    broken: tuple[BrokenGap, ...] = ()

    @property
    def units_used(self) -> int:
        """Number of units that have a route."""
        return len(self.routes)
