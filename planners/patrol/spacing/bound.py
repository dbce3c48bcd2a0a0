"""A proved least number of units for spaced patrols, by linear programs over moves between points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.program import Program
from planners.patrol.spacing.ways import Ways

Ints = npt.NDArray[np.int64]

_SAFE = 1e-4
"""Units by which the answer of a program may be off."""


def _on() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsBound:
    """A lower bound on the units of any plan that keeps all gaps of all points, whole and as the linear programs give it.

    ``dwell_only`` is what dwell alone asks for, without any way.
    """

    units: int
    relaxed: float
    dwell_only: float


def bound_units(problem: SpacingProblem, *, going: Callable[[], bool] = _on) -> UnitsBound:
    """Return the bound; points that share no kind of unit are bounded apart, and the whole numbers added.

    Let ``m`` be the gaps that begin in the shift. A point is begun in each of ``m`` windows, but for one visit of at most as many points
    as units can begin in the time that the ``m`` gaps exceed the shift. Each visit has a move in and a move out; each unit has one move
    from its post and one to it, and a post has no more than its units
    (but where all together are too few, as many as are needed). Dwell, moves and waiting must fit the shifts.

    Moves within a window: the visits of a unit in one window are a walk through points that differ, so that inside a set of ``s`` points that needs
    ``r`` walks there are at most ``s - r`` of them in each window; ``r`` is found by ``least_walks``. A unit goes
    from a window into a later one ``m - 1`` times at most.

    All moves: a unit that stays inside a set of ``s`` points for ``s + 1`` visits comes back to one of them,
    and must wait until its least gap is over: so moves inside the set are at most ``(s - 1) m`` plus waiting inside it
    divided by the least such wait. Times obey the triangle inequality, so visits beyond those counted only cost time.

    Units under way have driven on other streets and broken stops off, so with them nothing is proved but a unit for each group of points.

    ``going`` is asked between two programs; where it says no, the bound is what is proved by then.
    """
    units, relaxed, dwell = 0, 0.0, 0.0
    for points in _apart(problem):
        if problem.starts:
            units += 1
            continue
        ways = Ways.of(problem, points)
        available = int(ways.pools.units.sum())
        found = Program(ways).solve(going)
        if found > available + _SAFE:
            # No plan with the units there are: with more at each post, as many as there are do not do either.
            found = max(Program(ways, as_many_as_needed=True).solve(going), available + 1.0)
        units += max(1, math.ceil(found - _SAFE))
        relaxed += found
        dwell += ways.dwell_only
    return UnitsBound(units=units, relaxed=relaxed, dwell_only=dwell)


def _apart(problem: SpacingProblem) -> list[Ints]:
    """Group points that are linked by kinds of units."""
    groups: list[tuple[npt.NDArray[np.bool_], list[int]]] = []
    for point in np.flatnonzero(problem.on_rounds).tolist():
        kinds, points = problem.eligible[point].copy(), [point]
        rest = []
        for other, held in groups:
            if (other & kinds).any():
                kinds, points = kinds | other, held + points
            else:
                rest.append((other, held))
        groups = [*rest, (kinds, points)]
    return [np.array(sorted(points), np.int64) for kinds, points in groups if kinds.any()]
