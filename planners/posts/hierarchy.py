"""Levels of response, such as 1-3-5: street posts within one minute, cars within three, a station within five.

Level ``l`` has its own sites, limit and number of posts; ``z_il = 1`` when one of its open sites reaches demand point ``i``
in time (equality covers), ``z_i`` when all levels do. ``v_l`` is the worth of a level alone, ``v_0`` of all together::

    maximise    sum_i w_i (v_0 z_i + sum_l v_l z_il)
    subject to  sum_{j in N_l(i)} x_lj >= z_il     for every i, l
                z_i <= z_il                        for every i, l
                sum_j x_lj = p_l                   for every l
                x whole, 0 <= z <= 1

With ``v_0 = 1`` and the others 0 a point counts when every level reaches it: the hierarchical covering problem of Moore and
ReVelle. Each level by itself is maximal covering, so that before the search no plan is worth more than
``v_0 min_l C_l + sum_l v_l C_l`` for bounds ``C_l`` of the levels; the search starts from the levels' plans and then
improves one level at a time with the others held.

Moore, G. and ReVelle, C. (1982). The hierarchical service location problem. Management Science 28, 775-780.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import CheckError, InputError, ParameterError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.check import check_mclp
from planners.posts.interchange import complete_plan
from planners.posts.mclp import solve_mclp
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem

SOLVER = "posts.hierarchy.exact"
LEVEL_SECONDS = 0.2
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HierarchyProblem:
    """Levels over the same demand points, each a covering problem of its own.

    Attributes
    ----------
    levels : from the nearest to the farthest, with the same weights
    names : such as 1 分, 3 分, 5 分
    alone : worth of each level's cover, float, at least 0
    together : worth of being covered by all levels, at least 0
    """

    levels: tuple[MclpProblem, ...]
    names: tuple[str, ...]
    alone: tuple[float, ...]
    together: float = 1.0

    def __post_init__(self) -> None:
        if not self.levels or len(self.names) != len(self.levels) or len(self.alone) != len(self.levels):
            raise InputError("Each level needs a name and a worth", "每一级需有名称和价值")
        first = self.levels[0]
        if any(not np.array_equal(level.weights, first.weights) for level in self.levels):
            raise InputError("The levels are not of the same demand", "各级的需求不一致")
        if min((self.together, *self.alone)) < 0 or not any((self.together, *self.alone)):
            raise ParameterError(
                "The worth of levels must be 0 or more, and not all 0", "各级价值应不小于 0，且不全为 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HierarchyPlan:
    """A plan of posts for each level."""

    levels: tuple[PostPlan, ...]


def solve_hierarchy(problem: HierarchyProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[HierarchyPlan]:
    """Find the best plans of all levels and prove them, or the best found and a bound when the budget ends.

    ``budget.seconds`` covers everything; a fifth of it goes to the levels by themselves.
    """
    began = time.perf_counter()
    each = Budget(
        seconds=None if budget.seconds is None else LEVEL_SECONDS * budget.seconds / len(problem.levels),
        iterations=budget.iterations,
        seed=budget.seed,
    )
    found = [solve_mclp(level, each) for level in problem.levels]
    bounds = [outcome.objective if outcome.bound is None else outcome.bound for outcome in found]
    bound = problem.together * min(bounds) + math.fsum(v * b for v, b in zip(problem.alone, bounds, strict=True))
    plan = _improved(problem, HierarchyPlan(levels=tuple(outcome.plan for outcome in found)))
    value = check_hierarchy(problem, plan)
    termination = Termination.OPTIMAL
    if not observe(Progress(seconds=time.perf_counter() - began, objective=value, bound=max(bound, value))):
        termination = Termination.CANCELLED
    elif bound > value:
        program, offsets = program_of(problem)
        answer = solve_program(program, budget, start=_start(problem, plan), observe=observe, began=began)
        termination = answer.termination
        bound = bound if answer.bound is None else min(bound, answer.bound)
        if answer.values is not None:
            better = _plan(problem, answer.values, offsets)
            reached = check_hierarchy(problem, better)
            if reached > value:
                plan, value = better, reached
    return Outcome(
        plan=plan,
        objective=value,
        bound=max(bound, value),
        sense=1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def check_hierarchy(problem: HierarchyProblem, plan: HierarchyPlan) -> float:
    """Return the worth of a plan, each level checked by itself, or raise ``CheckError``."""
    if len(plan.levels) != len(problem.levels):
        raise CheckError("The plan has another number of levels", "方案的级数不符")
    alone = [check_mclp(level, posts) for level, posts in zip(problem.levels, plan.levels, strict=True)]
    both = np.all(covered_by_level(problem, plan), axis=0)
    together = math.fsum(problem.levels[0].weights[both].tolist())
    return problem.together * together + math.fsum(v * c for v, c in zip(problem.alone, alone, strict=True))


def covered_by_level(problem: HierarchyProblem, plan: HierarchyPlan) -> npt.NDArray[np.bool_]:
    """Return which level reaches which demand point in time, bool[levels, n]."""
    rows = []
    for level, posts in zip(problem.levels, plan.levels, strict=True):
        is_open = np.zeros(level.sites, bool)
        is_open[posts.sites] = True
        rows.append(level.coverage.count_open(is_open) > 0)
    return np.stack(rows)


def program_of(problem: HierarchyProblem) -> tuple[IntegerProgram, npt.NDArray[np.int64]]:
    """Return the program: the sites of each level, the ``z`` of each level, ``z`` of all; and where each part begins."""
    n, count = problem.levels[0].demand, len(problem.levels)
    sizes = [*(level.sites for level in problem.levels), *([n] * (count + 1))]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    total = int(offsets[-1])
    blocks: list[list[sparse.csr_matrix | None]] = []
    low: list[Floats] = []
    high: list[Floats] = []
    lower, upper = np.zeros(total), np.ones(total)
    eye = sparse.identity(n, format="csr")
    for at, level in enumerate(problem.levels):
        coverage = level.coverage
        ones = np.ones(len(coverage.sites))
        cover = sparse.csr_matrix((ones, coverage.sites, coverage.indptr), shape=(n, level.sites))
        parts: list[sparse.csr_matrix | None] = [None] * (2 * count + 1)
        parts[at], parts[count + at] = cover, -eye
        ties: list[sparse.csr_matrix | None] = [None] * (2 * count + 1)
        ties[count + at], ties[2 * count] = eye, -eye
        number: list[sparse.csr_matrix | None] = [None] * (2 * count + 1)
        number[at] = sparse.csr_matrix(np.ones((1, level.sites)))
        blocks += [parts, ties, number]
        low += [np.zeros(n), np.zeros(n), np.array([float(level.p)])]
        high += [np.full(n, np.inf), np.full(n, np.inf), np.array([float(level.p)])]
        lower[offsets[at] + level.fixed] = 1.0
        upper[offsets[at] + level.closed] = 0.0
    weights = problem.levels[0].weights
    costs = np.concatenate(
        [np.zeros(int(offsets[count])), *(v * weights for v in problem.alone), problem.together * weights]
    )
    program = IntegerProgram(
        costs=costs,
        lower=lower,
        upper=upper,
        whole=np.arange(total) < offsets[count],
        rows=sparse.csr_matrix(sparse.bmat(blocks)),
        row_lower=np.concatenate(low),
        row_upper=np.concatenate(high),
        sense=1,
        slack=1e-9 * max(1.0, float(costs.sum())),
    )
    return program, offsets


def _improved(problem: HierarchyProblem, plan: HierarchyPlan) -> HierarchyPlan:
    """Plan one level after another for the demand that the other levels reach, while the whole gains."""
    best = check_hierarchy(problem, plan)
    for _ in range(3):
        before = best
        for at, level in enumerate(problem.levels):
            covered = covered_by_level(problem, plan)
            others = np.all(np.delete(covered, at, axis=0), axis=0)
            weights = level.weights * (problem.alone[at] + problem.together * others)
            if not weights.any():
                continue
            changed = _with_weights(level, weights)
            posts = solve_mclp(changed, Budget(iterations=1)).plan
            tried = HierarchyPlan(levels=(*plan.levels[:at], posts, *plan.levels[at + 1 :]))
            value = check_hierarchy(problem, tried)
            if value > best:
                plan, best = tried, value
        if best <= before:
            break
    return plan


def _with_weights(level: MclpProblem, weights: Floats) -> MclpProblem:
    return MclpProblem(
        coverage=level.coverage, weights=weights, site_keys=level.site_keys, p=level.p,
        demand_keys=level.demand_keys, fixed=level.fixed, closed=level.closed,
    )  # fmt: skip


def _start(problem: HierarchyProblem, plan: HierarchyPlan) -> Floats:
    covered = covered_by_level(problem, plan).astype(np.float64)
    sites = []
    for level, posts in zip(problem.levels, plan.levels, strict=True):
        is_open = np.zeros(level.sites)
        is_open[posts.sites] = 1.0
        sites.append(is_open)
    return np.concatenate([*sites, covered.reshape(-1), covered.min(axis=0)])


def _plan(problem: HierarchyProblem, values: Floats, offsets: npt.NDArray[np.int64]) -> HierarchyPlan:
    posts = []
    for at, level in enumerate(problem.levels):
        opened = np.flatnonzero(values[offsets[at] : offsets[at + 1]] > 0.5)
        posts.append(complete_plan(level, opened))
    return HierarchyPlan(levels=tuple(posts))


def levels_135(problems: Sequence[MclpProblem], *, together: float = 1.0) -> HierarchyProblem:
    """Return the 1-3-5 problem of three covering problems, where only being reached by all levels counts."""
    return HierarchyProblem(
        levels=tuple(problems),
        names=("1 分", "3 分", "5 分")[: len(problems)],
        alone=(0.0,) * len(problems),
        together=together,
    )
