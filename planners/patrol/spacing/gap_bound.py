"""How near the worst gap of a spaced plan comes to what its point allows, and how near it must come in any plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from planners.patrol.spacing.check import begins_by_point
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LEAST = 1e-6
_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class GapBound:
    """A lower bound on the worst gap of any plan, as a share of what its point allows.

    ``kinds`` are the kinds of units whose time binds; ``point`` is set instead where the way to one point or back binds.
    """

    share: float
    kinds: tuple[str, ...] = ()
    point: int | None = None


def worst_gap_share(problem: SpacingProblem, plan: SpacedPlan) -> float | None:
    """Return the largest gap over the gap allowed of its point, over the points on the rounds that are not left out.

    Gaps are counted from the last visit before the shift to the end of the shift; None where there is no point.
    """
    begins = begins_by_point(problem, plan)
    shares = [
        max(after - before for before, after in pairwise([-int(problem.since[p]), *begins[p], problem.shift_seconds]))
        / int(problem.gap[p])
        for p in _asked(problem, plan.left_out).tolist()
    ]
    return max(shares, default=None)


def units_by_kind(problem: SpacingProblem, plan: SpacedPlan) -> dict[str, int]:
    """Return how many units of each kind a plan sends."""
    found: dict[str, int] = {}
    for route in plan.routes:
        kind = problem.vehicles[route.vehicle].kind
        found[kind] = found.get(kind, 0) + 1
    return found


def least_gap_share(
    problem: SpacingProblem, units: Mapping[str, int], *, left_out: Iterable[int] = ()
) -> GapBound | None:
    """Return the share below which no plan with so many units of each kind keeps all gaps, the points left out not asked.

    Let all gaps be at most ``f`` times the gap allowed, ``G = f g``. A unit that comes to a point stays for one or more visits: with ``R``
    such stays of ``D`` seconds in all from first begin to last, ``since`` and the shift are covered only if ``D + (R + 1) G`` is as long as both. A
    stay costs its ``D``, the dwell and the nearest leg in; a unit also has the nearest leg home. The least of this over ``R``, summed over points
    that only units of certain kinds may visit, must fit these units. It falls with ``f``, so ``f`` is found by bisection, for each set of kinds. One
    point alone: the first visit begins a way from a post after the start, the last a dwell and a way before the end (triangle inequality).

    None where units are under way: what they have done was not bound by these times.
    """
    if problem.starts:
        return None
    asked = _asked(problem, left_out)
    sent = [k for k, kind in enumerate(problem.kinds) if units.get(kind, 0) > 0]
    if not len(asked) or not sent:
        return None
    best = _by_way(problem, asked, sent)
    for size in range(1, len(sent) + 1):
        for pool in combinations(sent, size):
            best = _by_time(problem, asked, units, sent, pool, best)
    return best


def _asked(problem: SpacingProblem, left_out: Iterable[int]) -> Ints:
    asked = problem.on_rounds & problem.eligible.any(axis=1)
    asked[list(left_out)] = False
    return np.flatnonzero(asked).astype(np.int64)


def _by_way(problem: SpacingProblem, asked: Ints, sent: list[int]) -> GapBound:
    shift = problem.shift_seconds
    out, home = (np.full(len(asked), shift, np.int64) for _ in range(2))
    for k in sent:
        may = problem.eligible[asked, k]
        if np.diagonal(problem.seconds[k]).any():
            # Where a point is left elsewhere than it is entered, a way over it may be shorter than the direct one.
            out[may] = home[may] = 0
            continue
        starts, ends = _posts(problem, k)
        places = problem.posts + asked[may]
        out[may] = np.minimum(out[may], problem.seconds[k][np.ix_(starts, places)].min(axis=0, initial=shift))
        home[may] = np.minimum(home[may], problem.seconds[k][np.ix_(places, ends)].min(axis=1, initial=shift))
    least = np.maximum(out + problem.since[asked], np.minimum(problem.dwell[asked] + home, shift)) / problem.gap[asked]
    worst = int(least.argmax())
    return GapBound(share=float(least[worst]), point=int(asked[worst]))


def _by_time(
    problem: SpacingProblem,
    asked: Ints,
    units: Mapping[str, int],
    sent: list[int],
    pool: tuple[int, ...],
    best: GapBound,
) -> GapBound:
    """Return the bound that the time of the units of some kinds gives, where it is above the best yet."""
    others = [k for k in sent if k not in pool]
    points = asked[problem.eligible[asked][:, list(pool)].any(axis=1) & ~problem.eligible[asked][:, others].any(axis=1)]
    if not len(points):
        return best
    stay = (_nearest(problem, points, pool) + problem.dwell[points]).astype(float)
    span = (problem.shift_seconds + problem.since[points]).astype(float)
    gap = problem.gap[points].astype(float)
    have = sum(units[problem.kinds[k]] * (problem.shift_seconds - _home(problem, k)) for k in pool) + _LEAST
    low, high = max(best.share, _LEAST), float((span / gap).max())
    if low >= high or _needed(low * gap, span, stay) <= have:
        return best
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _needed(middle * gap, span, stay) > have:
            low = middle
        else:
            high = middle
    return GapBound(share=low, kinds=tuple(problem.kinds[k] for k in pool))


def _needed(gap: Floats, span: Floats, stay: Floats) -> float:
    """Return the least seconds of all units that keep each gap; the cost of a point is convex in the number of stays."""
    turn = span / gap - 1.0
    least = np.full(len(gap), np.inf)
    for number in (np.ones(len(gap)), np.floor(turn), np.ceil(turn)):
        stays = np.maximum(number, 1.0)
        least = np.minimum(least, stays * stay + np.maximum(span - (stays + 1.0) * gap, 0.0))
    least[gap >= span] = 0.0
    return float(least.sum())


def _nearest(problem: SpacingProblem, points: Ints, pool: tuple[int, ...]) -> Ints:
    """Return the shortest leg into each point from any other place, over the kinds that may visit it."""
    found = np.full(len(points), np.iinfo(np.int32).max, np.int64)
    for k in pool:
        legs = problem.seconds[k][:, problem.posts + points].astype(np.int64)
        legs[problem.posts + points, np.arange(len(points))] = np.iinfo(np.int32).max
        found = np.where(problem.eligible[points, k], np.minimum(found, legs.min(axis=0)), found)
    return found


def _home(problem: SpacingProblem, kind: int) -> int:
    """Return the shortest last leg of a unit of a kind; a break may be at the post itself."""
    _, ends = _posts(problem, kind)
    if problem.breaks or not ends:
        return 0
    return min(int(problem.seconds[kind, problem.posts :, ends].min()), problem.shift_seconds)


def _posts(problem: SpacingProblem, kind: int) -> tuple[list[int], list[int]]:
    mine = [v for i, v in enumerate(problem.vehicles) if problem.kind_of(i) == kind and problem.may_go(i)]
    return sorted({v.start_post for v in mine}), sorted({v.end_post for v in mine})
