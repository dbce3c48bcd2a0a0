"""What no plan can beat: proved lower bounds on units and on the objective of patrol routes.

**Units.** Suppose that a plan makes all required visits that are possible. Let ``K`` be a set of kinds of units and
``R(K)`` the visits that only kinds of ``K`` may make. Each visit of ``R(K)`` takes one unit of ``K`` its dwell and the
leg into it, which is at least the shortest leg into that point from any place a unit may come from. A unit of ``K``
that makes one of them at all also spends its last leg, but that may start elsewhere, so it counts only the shortest leg
into its end post from any visit. Hence the units of ``K`` that are used have, together, at least
``sum over R(K) of (dwell + shortest leg in)`` seconds between the start of the shift and their last leg, and the number
of the longest useful shifts that hold this sum is a lower bound ``U(K)``. Disjoint sets of kinds use different units:
the greatest sum of ``U`` over disjoint sets is a bound too.

**Units, second proof.** The legs of a plan with ``u`` routes form an assignment: each visit made has one leg in and one
leg out, with ``u`` legs out of posts and ``u`` into posts. Its travel is at least the least assignment ``A(u)`` with at
most ``u`` legs out of posts. If the ``u`` longest shifts are shorter than all dwells plus ``A(u)``, ``u`` units are not
enough, nor are fewer, for ``A`` falls with ``u``.

**Objective.** The same assignment with prices: a visit not made is matched to itself at its prize, or at
``missed_seconds`` where required. Every plan is such an assignment of the same cost or more (each leg costs at least
the cheapest eligible kind's time), so the least assignment is a bound. A plan that makes all required visits has at
least ``U`` routes, so as many legs out of posts may be demanded; one that misses any costs ``missed_seconds`` or more.
Where more units are needed than there are, every plan misses some.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from planners.patrol.problem import NO_WAY, PatrolProblem
from planners.patrol.reach import impossible_visits

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
ASSIGNMENT_VISITS = 1500
"""Above this many visits the second proof of units is left out: it would take longer than the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolBound:
    """Proved: no plan that makes all possible required visits uses fewer ``units``; none has a lesser ``objective``."""

    units: int
    objective: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Legs:
    """Least seconds of each leg over eligible kinds, inf where none; between visits, into each from posts, back."""

    between: Floats
    start: Floats
    end: Floats


def bound_patrol(problem: PatrolProblem) -> PatrolBound:
    """Return the proved lower bounds of a problem; see the module for the proofs."""
    needed = problem.required.copy()
    needed[[item.visit for item in impossible_visits(problem)]] = False
    legs = _legs(problem)
    units = _units_by_kind(problem, needed)
    if problem.visits <= ASSIGNMENT_VISITS and needed.any():
        units = _units_by_assignment(problem, legs, needed, units)
    price = np.where(problem.required, np.where(needed, problem.missed_seconds, 0), problem.prize).astype(np.float64)
    copies = min(problem.visits, problem.units)
    free = _least(legs, price, copies=copies, forced=0, fee=problem.unit_seconds)
    forced = free if units <= copies else np.inf
    if 0 < units <= copies:
        forced = _least(legs, price, copies=copies, forced=units, fee=problem.unit_seconds)
    missed = float(problem.missed_seconds) if needed.any() else np.inf
    return PatrolBound(units=units, objective=max(free, min(forced, missed)))


def _units_by_kind(problem: PatrolProblem, needed: Flags) -> int:
    present = sorted({problem.kind_of(vehicle) for vehicle in problem.vehicles if vehicle.available})
    eligible = problem.eligible[:, present]
    each: dict[tuple[int, ...], int] = {}
    for size in range(1, len(present) + 1):
        for chosen in itertools.combinations(range(len(present)), size):
            others = [k for k in range(len(present)) if k not in chosen]
            rows = needed & eligible.any(axis=1) & ~eligible[:, others].any(axis=1)
            each[chosen] = _units_of(problem, [present[k] for k in chosen], np.flatnonzero(rows))
    return _best_disjoint(each, tuple(range(len(present))))


def _best_disjoint(each: dict[tuple[int, ...], int], left: tuple[int, ...]) -> int:
    if not left:
        return 0
    first, rest = left[0], left[1:]
    best = 0
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            remaining = tuple(k for k in rest if k not in others)
            best = max(best, each[(first, *others)] + _best_disjoint(each, remaining))
    return best


def _units_of(problem: PatrolProblem, kinds: list[int], rows: npt.NDArray[np.int64]) -> int:
    if len(rows) == 0:
        return 0
    places = problem.place_of_visit
    into = np.full(len(rows), np.inf)
    for kind in kinds:
        starts = [v.start_post for v in problem.vehicles if v.available and problem.kind_of(v) == kind]
        legs = problem.seconds[kind][:, places[rows]].astype(np.float64)
        least = legs[starts].min(axis=0)
        among = np.flatnonzero(problem.eligible[:, kind])
        if len(among):
            between = legs[places[among]]
            between[among[:, None] == rows[None, :]] = np.inf
            least = np.minimum(least, between.min(axis=0))
        least[(least >= NO_WAY) | ~problem.eligible[rows, kind]] = np.inf
        into = np.minimum(into, least)
    work = float(problem.dwell[rows].sum()) + float(into.sum())
    useful: list[float] = []
    for vehicle in problem.vehicles:
        kind = problem.kind_of(vehicle)
        among = np.flatnonzero(problem.eligible[:, kind])
        if kind in kinds and vehicle.available and len(among):
            last = float(problem.seconds[kind][places[among], vehicle.end_post].min())
            useful += [max(0.0, vehicle.shift_seconds - last)] * vehicle.available
    return _count(work, useful)


def _count(work: float, useful: list[float]) -> int:
    """Return how many of the longest shifts hold ``work``, more of the longest kind where all together do not."""
    longest = sorted(useful, reverse=True)
    if not longest or longest[0] <= 0 or not np.isfinite(work):
        return len(longest) + 1
    summed = 0.0
    for number, shift in enumerate(longest, start=1):
        summed += shift
        if summed >= work:
            return number
    return len(longest) + int(np.ceil((work - summed) / longest[0] - 1e-9))


def _units_by_assignment(problem: PatrolProblem, legs: _Legs, needed: Flags, units: int) -> int:
    shifts = sorted((v.shift_seconds for v in problem.vehicles for _ in range(v.available)), reverse=True)
    dwell = float(problem.dwell[needed].sum())
    price = np.where(needed, np.inf, 0.0)
    most = int(needed.sum())
    units = max(1, units)
    while units < most:
        held = float(sum(shifts[:units])) + max(0, units - len(shifts)) * shifts[0]
        if held >= dwell + _least(legs, price, copies=units, forced=0, fee=0):
            break
        units += 1
    return units


def _legs(problem: PatrolProblem) -> _Legs:
    v, places = problem.visits, problem.place_of_visit
    between, start, end = np.full((v, v), np.inf), np.full(v, np.inf), np.full(v, np.inf)
    for vehicle in problem.vehicles:
        if not vehicle.available:
            continue
        kind = problem.kind_of(vehicle)
        may = problem.eligible[:, kind]
        going, coming = (
            problem.seconds[kind, vehicle.start_post, places],
            problem.seconds[kind, places, vehicle.end_post],
        )
        start = np.minimum(start, np.where(may & (going < NO_WAY), going, np.inf))
        end = np.minimum(end, np.where(may & (coming < NO_WAY), coming, np.inf))
    for kind in {problem.kind_of(vehicle) for vehicle in problem.vehicles if vehicle.available}:
        may = problem.eligible[:, kind]
        times = problem.seconds[kind][np.ix_(places, places)]
        between = np.minimum(between, np.where(may[:, None] & may[None, :] & (times < NO_WAY), times, np.inf))
    soonest = problem.window[:, 0].astype(np.float64) + problem.dwell
    between[soonest[:, None] + between > problem.window[None, :, 1]] = np.inf
    np.fill_diagonal(between, np.inf)
    return _Legs(between=between, start=start, end=end)


def _least(legs: _Legs, price: Floats, *, copies: int, forced: int, fee: int) -> float:
    """Return the least assignment with at most ``copies`` routes and at least ``forced``; inf where there is none."""
    v = len(price)
    cost = np.zeros((v + copies, v + copies))
    cost[:v, :v] = legs.between
    np.fill_diagonal(cost[:v, :v], price)
    cost[:v, v:] = legs.end[:, None]
    cost[v:, :v] = legs.start[None, :] + fee
    cost[v : v + forced, v:] = np.inf
    try:
        rows, columns = linear_sum_assignment(cost)
    except ValueError:
        return float("inf")
    return float(cost[rows, columns].sum())
