"""One plan for several times: months, day and night, where the worst one counts.

Scenarios ``s`` with weights ``w_is`` and totals ``W_s``::

    maximise    t
    subject to  t <= sum_i (w_is / W_s) z_i          for every s
                sum_{j in N(i)} x_j >= z_i,  sum_j x_j = p,  x whole, 0 <= z <= 1

For any shares ``q_s >= 0`` that sum to 1 no plan's worst scenario is above the covering problem with the weights
``sum_s q_s w_is / W_s``: each such problem (``mclp``) gives a plan and a bound. The shares move towards the scenarios that
its plan serves worst, by multiplicative weights (Arora, Hazan and Kale 2012), so that plan and bound close in on each
other; what gap is left is shown.

Arora, S., Hazan, E. and Kale, S. (2012). The multiplicative weights update method. Theory of Computing 8, 121-164.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.posts.check import check_mclp
from planners.posts.mclp import solve_mclp
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem, brief

SOLVER = "posts.robust.multiplicative_weights"
ROUNDS: Final = 24
RATE: Final = 8.0
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobustProblem:
    """Open ``p`` sites so that the least covered share of the scenarios is greatest.

    Attributes
    ----------
    problem : sites, coverage and p; its weights are not used
    weights : float64[scenarios, n]
    names : of the scenarios
    """

    problem: MclpProblem
    weights: Floats
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))
        if self.weights.ndim != 2 or self.weights.shape != (len(self.names), self.problem.demand):
            raise InputError(
                f"Demand by scenario must be {len(self.names)} rows of {self.problem.demand}",
                f"分情景需求应为 {len(self.names)} 行 × {self.problem.demand} 列",
            )
        if not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise InputError("Demand of a scenario is negative or not a number", "情景需求为负数或无效")
        empty = [name for name, row in zip(self.names, self.weights, strict=True) if not row.any()]
        if empty:
            raise InfeasibleError(
                f"There is no demand in {brief(empty)}; leave these out", f"{brief(empty)} 没有需求，请排除", rows=empty
            )


def solve_robust(problem: RobustProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Find the plan whose worst scenario is covered most, with a bound on every plan's worst scenario.

    ``budget.iterations`` is the number of rounds (24 where nothing is said). The objective is a share.
    """
    began = time.perf_counter()
    shares_of = problem.weights / problem.weights.sum(axis=1, keepdims=True)
    rounds = ROUNDS if budget.iterations is None else budget.iterations
    log_weights = np.zeros(len(problem.names))
    best: PostPlan | None = None
    value, bound, termination = -np.inf, np.inf, Termination.ITERATIONS
    for done in range(rounds):
        mix = np.exp(log_weights - log_weights.max())
        mix /= mix.sum()
        left = None if budget.seconds is None else budget.seconds - (time.perf_counter() - began)
        # At least one round, so that there is a plan.
        if left is not None and left <= 0 and best is not None:
            termination = Termination.TIME
            break
        each = Budget(
            seconds=None if left is None else max(0.05, left / max(1, rounds - done)), iterations=1, seed=budget.seed
        )
        found = solve_mclp(replace(problem.problem, weights=mix @ shares_of), each)
        bound = min(bound, found.objective if found.bound is None else found.bound)
        covered = scenario_shares(problem, found.plan)
        if covered.min() > value:
            best, value = found.plan, float(covered.min())
        log_weights -= RATE * (covered - covered.min()) / (1.0 + 0.1 * done)
        share = (done + 1) / rounds
        seconds = time.perf_counter() - began
        if value >= bound * (1 - 1e-7):
            termination = Termination.OPTIMAL
            break
        if not observe(Progress(seconds=seconds, objective=value, bound=bound, share=share)):
            termination = Termination.CANCELLED
            break
    if best is None:
        raise AssertionError
    objective = check_robust(problem, best)
    return Outcome(
        plan=best,
        objective=objective,
        bound=max(objective, bound),
        sense=1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def scenario_shares(problem: RobustProblem, plan: PostPlan) -> Floats:
    """Return the covered share of each scenario, float64[s]."""
    is_open = np.zeros(problem.problem.sites, bool)
    is_open[plan.sites] = True
    covered = problem.problem.coverage.count_open(is_open) > 0
    return np.asarray(problem.weights[:, covered].sum(axis=1) / problem.weights.sum(axis=1), np.float64)


def check_robust(problem: RobustProblem, plan: PostPlan) -> float:
    """Return the least covered share of the scenarios, or raise ``CheckError``."""
    check_mclp(problem.problem, plan)
    return float(scenario_shares(problem, plan).min())
