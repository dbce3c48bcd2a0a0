"""What no plan of periodic rounds can cost less than."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from planners.contract import Budget
from planners.integer_program import IntegerProgram, solve_program
from planners.patrol.problem import NO_WAY
from planners.patrol.visits.days import fewest_visits
from planners.patrol.visits.problem import VisitsProblem

MOST_POINTS: Final = 220
"""Points up to which ways between all pairs are columns; above, each visit costs its two shortest ways' half."""
ROUNDS: Final = 40
SECONDS: Final = 15.0

Floats = npt.NDArray[np.float64]


def bound_visits(problem: VisitsProblem, *, seconds: float = SECONDS, on: Callable[[], bool] = lambda: True) -> int:
    """Return a bound on the objective, proved by a linear program over all days together.

    Each point has at least its fewest visits, so twice as many ways end there; the post has two for each unit sent; a set of points
    is entered as often as its most frequent point is visited, and as often as the time of its visits asks; the unit days hold all
    service and travel. Or some point is left out, at its price. ``on`` is asked between its steps whether to go on.
    """
    needed = fewest_visits(problem)
    rows = np.flatnonzero(needed)
    rows = rows[problem.round_trip()[rows] < NO_WAY]
    price = problem.price_of_leaving_out * int(problem.priority.min())
    if not len(rows):
        return 0
    places = np.concatenate([[0], rows + 1])
    legs = problem.seconds[np.ix_(places, places)].astype(np.float64)
    legs = np.minimum(legs, legs.T)
    visits, service = needed[rows].astype(np.float64), problem.service[rows].astype(np.float64)
    length = float(problem.day_seconds.max())
    value = _simple(problem, legs, visits, service, length)
    if len(rows) <= MOST_POINTS:
        value = max(value, _program(problem, legs, visits, service, length, seconds, on))
    return int(min(price, math.ceil(value - 1e-6 * max(1.0, value))))


def fewest_unit_days(problem: VisitsProblem) -> int:
    """Return how many unit days the service and the ways to it take at least."""
    needed = fewest_visits(problem)
    legs = problem.seconds.astype(np.float64).copy()
    np.fill_diagonal(legs, np.inf)
    nearest = np.minimum(legs[1:].min(axis=1), legs[:, 1:].min(axis=0))
    nearest = np.where(nearest < NO_WAY, nearest, 0.0)
    whole = float((needed * (problem.service + nearest)).sum())
    return max(int(needed.max(initial=0)), math.ceil(whole / float(problem.day_seconds.max()) - 1e-9))


def _simple(problem: VisitsProblem, legs: Floats, visits: Floats, service: Floats, length: float) -> float:
    apart = legs + np.diag(np.full(len(legs), np.inf))
    half = np.sort(apart[1:], axis=1)[:, 0]
    travel = float((visits * half).sum())
    days = max(float(visits.max()), math.ceil((travel + float((visits * service).sum())) / length - 1e-9))
    return travel + problem.unit_seconds * days


def _program(
    problem: VisitsProblem,
    legs: Floats,
    visits: Floats,
    service: Floats,
    length: float,
    seconds: float,
    on: Callable[[], bool],
) -> float:
    began = time.perf_counter()
    n = len(visits)
    one, other = np.triu_indices(n + 1, k=1)
    columns = len(one)
    cost = np.minimum(legs[one, other], float(NO_WAY))
    at = np.arange(columns)
    touch = sparse.csr_matrix(
        (np.ones(2 * columns), (np.concatenate([one, other]), np.concatenate([at, at]))), shape=(n + 1, columns + 1)
    )
    post = sparse.csr_matrix(([-2.0], ([0], [columns])), shape=(n + 1, columns + 1))
    hours = sparse.csr_matrix(np.concatenate([-cost, [length]])[None, :])
    blocks: list[Any] = [touch + post, hours]
    lower = [0.0, *(2.0 * visits), float((visits * service).sum())]
    upper = [0.0, *([np.inf] * n), np.inf]
    value = 0.0
    for _ in range(ROUNDS):
        program = IntegerProgram(
            costs=np.concatenate([cost, [float(problem.unit_seconds)]]), lower=np.append(np.zeros(columns), visits.max()),
            upper=np.full(columns + 1, np.inf), whole=np.zeros(columns + 1, np.bool_), rows=sparse.csr_matrix(sparse.vstack(blocks)),
            row_lower=np.array(lower), row_upper=np.array(upper), sense=-1,
        )  # fmt: skip
        left = seconds - (time.perf_counter() - began)
        if left <= 0 or not on():
            break
        answer = solve_program(program, Budget(seconds=left))
        if answer.values is None or answer.bound is None:
            break
        value = max(value, answer.bound)
        sets = _entered_too_seldom(answer.values, one, other, n, visits, service, length)
        if not sets:
            units = float(answer.values[columns])
            return max(value, _rounded_up(program, units, left))
        for inside, times in sets:
            crossing = (inside[one] != inside[other]).astype(np.float64)
            blocks.append(sparse.csr_matrix(np.append(crossing, 0.0)[None, :]))
            lower.append(2.0 * times)
            upper.append(np.inf)
    return value


def _rounded_up(program: IntegerProgram, units: float, seconds: float) -> float:
    """Return the bound with a whole number of unit days: the cost is convex in them, so one of two neighbours is best."""
    found = []
    for low, high in ((0.0, math.floor(units + 1e-6)), (math.ceil(units - 1e-6), np.inf)):
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[-1], upper[-1] = max(lower[-1], low), high
        if lower[-1] > upper[-1]:
            continue
        other = IntegerProgram(
            costs=program.costs, lower=lower, upper=upper, whole=program.whole, rows=program.rows,
            row_lower=program.row_lower, row_upper=program.row_upper, sense=-1,
        )  # fmt: skip
        answer = solve_program(other, Budget(seconds=max(0.1, seconds)))
        if answer.feasible:
            if answer.bound is None:
                return 0.0
            found.append(answer.bound)
    return min(found, default=0.0)


def _entered_too_seldom(
    values: Floats,
    one: npt.NDArray[np.intp],
    other: npt.NDArray[np.intp],
    n: int,
    visits: Floats,
    service: Floats,
    length: float,
) -> list[tuple[npt.NDArray[np.bool_], float]]:
    """Return sets of points whose ways in are too few: parts that hang together by ways above rising thresholds."""
    found: list[tuple[npt.NDArray[np.bool_], float]] = []
    seen: set[bytes] = set()
    flow = values[:-1]
    inner = one > 0
    for least in (1e-6, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0):
        used = inner & (flow > least)
        links = sparse.coo_matrix((np.ones(int(used.sum())), (one[used], other[used])), shape=(n + 1, n + 1))
        count, label = connected_components(links, directed=False)
        for part in range(count):
            inside = label == part
            inside[0] = False
            if inside.sum() < 2 or inside.tobytes() in seen:
                continue
            seen.add(inside.tobytes())
            some = inside[1:]
            times = max(float(visits[some].max()), math.ceil(float((visits * service)[some].sum()) / length - 1e-9))
            if float(flow[inside[one] != inside[other]].sum()) < 2 * times - 1e-4:
                found.append((inside, times))
    return found
