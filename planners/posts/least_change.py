"""Least change: the best plan in which at most so many of today's posts are given up, and what each further one brings.

``T`` are the sites of today's posts. To the model that is asked (covering or p-median) one row is added::

    sum_{j in T} x_j >= |T| - moves

A plan of ``p = |T|`` posts with ``moves`` = 0 is today's. The bound is that of the model with the row: the relaxation is
still solved by inspection (``quota.choose``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, ParameterError
from planners.contract import Budget, Observer, Outcome, silent
from planners.posts.allocation import AllocationProblem
from planners.posts.mclp import solve_mclp
from planners.posts.p_median import solve_p_median
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem, brief, named
from planners.posts.quota import Quota

AnyProblem = MclpProblem | AllocationProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityPoint:
    """The best plan of at most ``moves`` posts given up.

    Attributes
    ----------
    moves : allowed
    given_up : today's sites that the plan leaves
    objective, bound : covered weight, or weighted seconds
    price : how much better the plan without any limit could be, at most: the bound of that plan less this objective
    """

    moves: int
    given_up: int
    objective: float
    bound: float | None
    price: float
    outcome: Outcome[PostPlan]


def solve_least_change(
    problem: AnyProblem, today: npt.ArrayLike, *, moves: int, budget: Budget, observe: Observer = silent
) -> Outcome[PostPlan]:
    """Find the best plan that leaves at most ``moves`` of today's sites.

    Raises
    ------
    InfeasibleError
        More of today's sites must go than ``moves`` because they are closed or there are more of them than posts.
    """
    quota = _quota(problem, today, moves)
    if isinstance(problem, MclpProblem):
        return solve_mclp(problem, budget, observe=observe, quota=quota)
    return solve_p_median(problem, budget, observe=observe, quota=quota)


def price_of_stability(
    problem: AnyProblem,
    today: npt.ArrayLike,
    *,
    moves: Sequence[int],
    budget: Budget,
    observe: Callable[[float], bool] = lambda _: True,
) -> tuple[StabilityPoint, ...]:
    """Solve for each number of moves, and for no limit; ``observe`` is told the share done and may stop it.

    ``budget.seconds`` is for all points together.
    """
    old = np.unique(np.asarray(today, np.int64))
    limits = [*moves, len(old)]
    began = time.perf_counter()
    outcomes: list[tuple[int, Outcome[PostPlan]]] = []
    for done, limit in enumerate(limits):
        seconds = None
        if budget.seconds is not None:
            left = budget.seconds - (time.perf_counter() - began)
            seconds = max(0.1, left / (len(limits) - done))
        each = Budget(seconds=seconds, iterations=budget.iterations, seed=budget.seed)
        outcomes.append((limit, solve_least_change(problem, old, moves=limit, budget=each)))
        if not observe((done + 1) / len(limits)):
            break
    free = outcomes[-1][1]
    best = free.bound if free.bound is not None else free.objective
    return tuple(
        StabilityPoint(
            moves=limit,
            given_up=len(np.setdiff1d(old, outcome.plan.sites)),
            objective=outcome.objective,
            bound=outcome.bound,
            price=max(0.0, outcome.sense * (best - outcome.objective)),
            outcome=outcome,
        )
        for limit, outcome in outcomes
    )


def _quota(problem: AnyProblem, today: npt.ArrayLike, moves: int) -> Quota:
    count = len(problem.site_keys)
    old = np.unique(np.asarray(today, np.int64))
    if len(old) and (old.min() < 0 or old.max() >= count):
        raise ParameterError("One of today's posts is not among the sites", "现有屯警点不在点位清单内")
    if moves < 0:
        raise ParameterError("The number of posts that may move must be 0 or more", "可调整的点数应不小于 0")
    member = np.zeros(count, bool)
    member[old] = True
    keep = max(0, len(old) - moves)
    usable = old[problem.usable[old]]
    if len(usable) < keep:
        names = named(problem.site_keys, np.setdiff1d(old, usable))
        raise InfeasibleError(
            f"{brief(names)} are closed, so at least {len(old) - len(usable)} of today's posts must move; allow that many",
            f"{brief(names)} 已停用，至少要调整 {len(old) - len(usable)} 个现有点，请放宽调整数",
            rows=names,
        )
    others = int((~member[problem.fixed]).sum())
    room = problem.p - others
    if room < keep:
        raise InfeasibleError(
            f"With {problem.p} posts, {others} of them fixed elsewhere, only {max(room, 0)} of today's {len(old)} can stay; "
            f"allow at least {len(old) - max(room, 0)} moves",
            f"共设 {problem.p} 个点，其中 {others} 个已固定在别处，现有 {len(old)} 个点最多保留 {max(room, 0)} 个，"
            f"请至少允许调整 {len(old) - max(room, 0)} 个",
        )
    return Quota(member=member, least=keep)
