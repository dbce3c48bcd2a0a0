"""Who goes where: mentors to towns, officers to police areas, each with room for so many.

``c_ij`` seconds (or any cost) of person ``j`` serving area ``i``, ``r_i`` persons that the area needs, ``k_j`` areas that the
person can take, ``x_ij = 1`` when ``j`` serves ``i``::

    minimise    sum_ij c_ij x_ij
    subject to  sum_j x_ij = r_i    for every i
                sum_i x_ij <= k_j   for every j
                0 <= x_ij <= 1

The matrix is totally unimodular, so that the linear program has a whole optimum and is its own proof.

Hitchcock, F. (1941). The distribution of a product from several sources to numerous localities. Journal of Mathematics
and Physics 20, 224-230.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import CheckError, InfeasibleError, InputError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, Termination, silent, stopped_before_any_plan
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.problem import brief, named

SOLVER = "posts.matching.linear"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchingProblem:
    """Serve every area at least cost.

    Attributes
    ----------
    costs : float64[areas, persons], inf where the person may not serve the area
    needed : int32[areas], persons an area needs, all different
    room : int32[persons], areas a person can take
    area_keys, person_keys : possibly empty
    """

    costs: Floats
    needed: npt.NDArray[np.int32]
    room: npt.NDArray[np.int32]
    area_keys: tuple[str, ...] = ()
    person_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "costs", read_only(self.costs, np.float64))
        for name in ("needed", "room"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.int32))
        n, m = self.costs.shape
        if len(self.needed) != n or len(self.room) != m or (self.needed < 0).any() or (self.room < 0).any():
            raise InputError(
                f"Needs and room must be {n} and {m} whole numbers of 0 or more",
                f"需求与承载应为 {n} 个与 {m} 个非负整数",
            )
        if np.isnan(self.costs).any() or (self.costs < 0).any():
            raise InputError("Costs are negative or not a number", "费用为负数或无效")
        able = (np.isfinite(self.costs) & (self.room > 0)[None, :]).sum(axis=1)
        short = np.flatnonzero(able < self.needed)
        if len(short):
            names = named(self.area_keys, short)
            raise InfeasibleError(
                f"Too few persons may serve {brief(names)}; lower what they need or allow more",
                f"可服务 {brief(names)} 的人员不足，请降低需求或放宽限制",
                rows=names,
            )
        if int(self.room.sum()) < int(self.needed.sum()):
            raise InfeasibleError(
                f"All together can take {int(self.room.sum())} areas but {int(self.needed.sum())} are needed; add room",
                f"全部人员共可承担 {int(self.room.sum())} 个，需要 {int(self.needed.sum())} 个，请增加承载",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchingPlan:
    """Pairs of an area and the person that serves it, by area."""

    areas: npt.NDArray[np.int32]
    persons: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("areas", "persons"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.int32))

    def of_area(self, area: int) -> Sequence[int]:
        """Return the persons of an area."""
        return [int(p) for p in self.persons[self.areas == area]]


def solve_matching(problem: MatchingProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[MatchingPlan]:
    """Find the cheapest matching; the linear program proves it."""
    began = time.perf_counter()
    n, m = problem.costs.shape
    areas, persons = np.nonzero(np.isfinite(problem.costs))
    pairs, each, ones = len(areas), np.arange(len(areas)), np.ones(len(areas))
    matrix = sparse.vstack(
        [
            sparse.csr_matrix((ones, (areas, each)), shape=(n, pairs)),
            sparse.csr_matrix((ones, (persons, each)), shape=(m, pairs)),
        ]
    )
    program = IntegerProgram(
        costs=problem.costs[areas, persons],
        lower=np.zeros(pairs),
        upper=np.ones(pairs),
        whole=np.zeros(pairs, bool),
        rows=sparse.csr_matrix(matrix),
        row_lower=np.concatenate([problem.needed, np.full(m, -np.inf)]),
        row_upper=np.concatenate([problem.needed, problem.room]).astype(np.float64),
        sense=-1,
    )
    answer = solve_program(program, budget, observe=observe, began=began)
    if not answer.feasible:
        raise InfeasibleError(
            "The persons that may serve some areas together have too little room for all of them; add room or allow more",
            "可服务部分区域的人员承载合计不足，请增加承载或放宽限制",
        )
    if answer.values is None or answer.termination is not Termination.OPTIMAL:
        raise stopped_before_any_plan()
    kept = answer.values > 0.5
    plan = MatchingPlan(areas=areas[kept].astype(np.int32), persons=persons[kept].astype(np.int32))
    objective = check_matching(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=objective if answer.bound is None else min(objective, answer.bound),
        sense=-1,
        termination=answer.termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def check_matching(problem: MatchingProblem, plan: MatchingPlan) -> float:
    """Return the cost of a matching, or raise ``CheckError`` naming what it breaks."""
    n, m = problem.costs.shape
    short = np.flatnonzero(np.bincount(plan.areas, minlength=n) != problem.needed)
    full = np.flatnonzero(np.bincount(plan.persons, minlength=m) > problem.room)
    costs = problem.costs[plan.areas, plan.persons]
    twice = len(np.unique(plan.areas.astype(np.int64) * m + plan.persons)) != len(plan.areas)
    if len(short) or len(full) or twice or not np.isfinite(costs).all():
        names = [*named(problem.area_keys, short), *named(problem.person_keys, full)]
        raise CheckError(
            f"The matching does not serve each area as needed within everyone's room: {brief(names)}",
            f"对接方案未按需求与承载安排：{brief(names)}",
            rows=names,
        )
    return math.fsum(costs.tolist())
