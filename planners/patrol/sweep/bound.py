"""A proved bound on any sweep, and the exact way of one unit without limits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planners.contract import Budget, Observer, Progress, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.patrol.sweep.ground import Ground
from planners.patrol.sweep.oriented import rounded
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.reduced import Reduced
from planners.patrol.sweep.relaxed import Relaxed, tightened

LEAST_SECONDS: Final = 1.0
"""What the first whole answer may take where the time is over already."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SweepBound:
    """What no plan can be below, for all routes together; ``whole`` where whole passings reach it.

    ``passings`` and ``first_side`` are the last whole answer, None where none was found; with ``whole`` they are connected.
    """

    total: int
    whole: bool
    passings: npt.NDArray[np.int64] | None
    first_side: npt.NDArray[np.bool_] | None


def bound_sweep(
    problem: SweepProblem,
    *,
    seconds: float,
    enough: float = math.inf,
    seed: int = 1,
    observe: Observer = silent,
    answered: Callable[[SweepBound], None] | None = None,
) -> SweepBound:
    """Prove a bound by cutting planes, then by whole passings with more cuts until none is broken.

    Stops where the bound reaches ``enough``. Every cut holds for all plans, so that the bound stands whenever it is stopped.
    """
    began = time.perf_counter()
    whole, reduced = problem, Reduced.of(problem)
    problem = reduced.problem
    relaxed = Relaxed.of(problem)
    rng = np.random.default_rng(seed)

    def on(bound: float) -> bool:
        return observe(Progress(seconds=time.perf_counter() - began, bound=float(_whole(bound))))

    bound, values = tightened(relaxed, seconds=0.5 * seconds, on=on, seed=seed)
    best = SweepBound(total=_whole(bound), whole=False, passings=None, first_side=None)
    near = None
    if values is not None and best.total < enough and on(bound):
        near = rounded(relaxed, values, seconds=0.2 * seconds, on=lambda: on(bound))
    if near is not None:
        best = replace(best, passings=reduced.widened(near[0], whole.arcs), first_side=near[1])
        if answered is not None:
            answered(best)

    def watch(progress: Progress) -> bool:
        low = best.total if progress.bound is None else max(best.total, _whole(progress.bound))
        return observe(Progress(seconds=time.perf_counter() - began, bound=float(low)))

    while best.total < enough and observe(Progress(seconds=time.perf_counter() - began, bound=float(best.total))):
        left = seconds - (time.perf_counter() - began)
        if left <= 0 and (best.passings is not None or answered is None):
            break
        left = max(left, LEAST_SECONDS)
        answer = relaxed.solved(whole=True, seconds=left, observe=watch if observe is not silent else silent)
        total = best.total if answer.bound is None else max(best.total, _whole(answer.bound))
        if answer.values is None:
            best = replace(best, total=total)
            break
        values = answer.values[: relaxed.columns]
        passings = np.round(values[: problem.arcs]).astype(np.int64)
        first_side = turned_to_balance(problem, relaxed, passings)
        more = relaxed.broken(np.concatenate([passings, first_side[relaxed.either]]).astype(np.float64), rng)
        cost = int(passings @ problem.cost) + int(
            problem.serve[np.arange(problem.tasks), np.where(first_side, 0, 1)].sum()
        )
        best = SweepBound(
            total=total,
            whole=more == 0 and cost <= total,
            passings=reduced.widened(passings, whole.arcs),
            first_side=first_side,
        )
        if answered is not None:
            answered(best)
        if more == 0:
            break
    return best


def turned_to_balance(
    problem: SweepProblem, relaxed: Relaxed, passings: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Return the side on which each task is swept so that whole passings balance at least cost, bool[t].

    The rows are those of a network, so that the simplex method's corner is whole.
    """
    m, count = problem.arcs, len(relaxed.either)
    first_side = np.ones(problem.tasks, np.bool_)
    if not count:
        return first_side
    balance, right = relaxed.balance()
    costs, _ = relaxed.costs()
    needed = (right - balance[:, :m] @ passings) / 2.0
    program = IntegerProgram(
        costs=costs[m:], lower=np.zeros(count), upper=np.ones(count), whole=np.zeros(count, np.bool_),
        rows=sparse.csr_matrix(balance[:, m:] / 2.0), row_lower=needed, row_upper=needed, sense=-1,
    )  # fmt: skip
    values = solve_program(program, Budget()).values
    if values is not None:
        first_side[relaxed.either] = values > 0.5
    return first_side


def bound_of(problem: SweepProblem, ground: Ground, total: int) -> int:
    """Return the bound on the objective that a bound on the total gives.

    The longest of ``k`` routes is at least a ``k``-th of all of them, and at least the shortest route to any one task.
    """
    if problem.goal == "total":
        return total
    depot = 2 * problem.tasks
    alone = (ground.dist[depot, :depot] + ground.serve[:depot] + ground.dist[:depot, depot]).reshape(-1, 2).min(axis=1)
    share = total if problem.vehicles is None else -(-total // problem.vehicles)
    return max(int(alone.max()), share if problem.vehicles is not None else 0)


def _whole(bound: float) -> int:
    """Return the least whole number that a bound on whole numbers leaves."""
    return max(0, math.ceil(bound - 1e-5 * max(1.0, abs(bound) * 1e-3)))
