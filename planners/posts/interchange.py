"""Greedy and exchange for maximal covering: a first plan at once, and a bound that is proved on the way."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.posts.cover_swap import CoverExchange
from planners.posts.covering import ONCE
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem
from planners.posts.quota import Quota
from planners.posts.reduce import Reduced, Starts, reduce_mclp

DEFAULT_ROUNDS = 30
SHAKE_POSTS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """Positions in ``Reduced.sites`` that are chosen, int64[q], their covered weight and a proved upper bound."""

    sites: Starts
    value: float
    bound: float


def solve_interchange(problem: MclpProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[PostPlan]:
    """Choose greedily, then exchange one post for another while that helps, shake and repeat.

    Greedy alone covers at least ``1 - 1/e`` of the best weight (Nemhauser, Wolsey and Fisher 1978), and every later
    step only adds. The bound is ``covered(S) + the q largest gains beside S``, least over all S that greedy passes
    through: by submodularity no plan gains more beside S than its posts would one by one. Exchange: Teitz and Bart
    1968. ``budget.iterations`` is the number of rounds of shaking (30 where the budget says nothing).
    """
    began = time.perf_counter()
    reduced = reduce_mclp(problem)
    best = greedy_and_swap(reduced)
    rounds = budget.iterations if budget.iterations is not None else (None if budget.seconds else DEFAULT_ROUNDS)
    rng = np.random.default_rng(budget.seed)
    termination = Termination.OPTIMAL if best.value >= best.bound else Termination.ITERATIONS
    done = 0
    while termination is not Termination.OPTIMAL:
        now = time.perf_counter() - began
        value, bound = best.value + reduced.constant, best.bound + reduced.constant
        share = _share(done, rounds, now, budget.seconds)
        if not observe(Progress(seconds=now, objective=value, bound=bound, share=share)):
            termination = Termination.CANCELLED
            break
        if budget.seconds is not None and now >= budget.seconds:
            termination = Termination.TIME
            break
        if rounds is not None and done >= rounds:
            break
        best = _shaken(reduced, best, rng)
        done += 1
        if best.value >= best.bound:
            termination = Termination.OPTIMAL
    plan = complete_plan(problem, reduced.sites[best.sites])
    return Outcome(
        plan=plan,
        objective=covered_weight(problem, plan.sites),
        bound=max(best.bound + reduced.constant, covered_weight(problem, plan.sites)),
        sense=1,
        termination=termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver="posts.mclp.interchange",
    )


def greedy_and_swap(reduced: Reduced) -> Chosen:
    """Choose greedily and exchange until no exchange helps."""
    if reduced.q <= 0 or len(reduced.weights) == 0:
        return Chosen(sites=np.zeros(0, np.int64), value=0.0, bound=0.0)
    exchange = _exchange(reduced)
    chosen, bound = exchange.greedy()
    value, chosen = exchange.improved(chosen)
    # Sums of fractions may differ in the last digits: the bound is never below what a plan reaches.
    bound = min(bound * (1 + 1e-12), float(reduced.weights.sum()) * (1 + 1e-12))
    whole = bool((reduced.weights == np.floor(reduced.weights)).all())
    bound = float(np.floor(bound + 1e-6)) if whole and bound < 2**50 else bound
    return Chosen(sites=chosen, value=value, bound=max(bound, value))


def _exchange(reduced: Reduced) -> CoverExchange:
    none = np.zeros(len(reduced.sites), bool)
    return CoverExchange(reduced, reduced.q, ONCE, none, none, Quota.none(len(none)))


def covered_weight(problem: MclpProblem, sites: npt.NDArray[np.int32]) -> float:
    """Return the weight that open ``sites`` cover, summed exactly."""
    is_open = np.zeros(problem.sites, bool)
    is_open[sites] = True
    return math.fsum(problem.weights[problem.coverage.count_open(is_open) > 0].tolist())


def complete_plan(problem: MclpProblem, chosen: Starts) -> PostPlan:
    """Return the plan of the fixed and the chosen sites, filled up to ``p`` with those that back up most demand.

    A post beyond those that add cover goes where it covers most of the weight that just one post covers; ties go to
    the lower index.
    """
    is_open = np.zeros(problem.sites, bool)
    is_open[problem.fixed] = True
    is_open[chosen] = True
    coverage = problem.coverage
    pair_rows = coverage.row_of_pair()
    while int(is_open.sum()) < problem.p:
        times = coverage.count_open(is_open)
        free = problem.usable & ~is_open
        for depth in (0, 1, 2):
            weight = np.where(times == depth, problem.weights, 0.0)
            gain = np.bincount(coverage.sites, weights=weight[pair_rows], minlength=problem.sites)
            gain[~free] = -1.0
            if gain.max() > 0 or depth == 2:
                is_open[int(np.argmax(gain))] = True
                break
    sites = np.flatnonzero(is_open).astype(np.int32)
    return PostPlan(sites=sites, assignment=coverage.nearest_open(is_open))


def _share(done: int, rounds: int | None, now: float, seconds: float | None) -> float | None:
    parts = [] if rounds is None else [done / rounds]
    parts += [] if seconds is None else [now / seconds]
    return min(1.0, max(parts)) if parts else None


def _shaken(reduced: Reduced, best: Chosen, rng: np.random.Generator) -> Chosen:
    if min(len(best.sites), len(reduced.sites) - len(best.sites)) == 0:
        return best
    value, sites = _exchange(reduced).shaken(best.sites, rng, SHAKE_POSTS)
    return Chosen(sites=sites, value=value, bound=max(best.bound, value)) if value > best.value else best
