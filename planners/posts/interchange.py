"""Greedy and exchange for maximal covering: a first plan at once, and a bound that is proved on the way."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem
from planners.posts.reduce import Floats, Ints, Reduced, reduce_mclp

DEFAULT_ROUNDS = 30
SHAKE_POSTS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """Positions in ``Reduced.sites`` that are chosen, int64[q], their covered weight and a proved upper bound."""

    sites: Ints
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
    columns = (reduced.site_starts, reduced.site_rows, reduced.weights)
    chosen, bound = _greedy(reduced.row_starts, reduced.row_sites, *columns, reduced.q)
    value = _swap(*columns, chosen)
    # Sums of fractions may differ in the last digits: the bound is never below what a plan reaches.
    bound = min(bound * (1 + 1e-12), float(reduced.weights.sum()) * (1 + 1e-12))
    whole = bool((reduced.weights == np.floor(reduced.weights)).all())
    bound = float(np.floor(bound + 1e-6)) if whole and bound < 2**50 else bound
    return Chosen(sites=chosen, value=value, bound=max(bound, value))


def covered_weight(problem: MclpProblem, sites: npt.NDArray[np.int32]) -> float:
    """Return the weight that open ``sites`` cover, summed exactly."""
    is_open = np.zeros(problem.sites, bool)
    is_open[sites] = True
    return math.fsum(problem.weights[problem.coverage.count_open(is_open) > 0].tolist())


def complete_plan(problem: MclpProblem, chosen: Ints) -> PostPlan:
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
    q, m = len(best.sites), len(reduced.sites)
    inside = np.zeros(m, bool)
    inside[best.sites] = True
    outside = np.flatnonzero(~inside)
    count = min(SHAKE_POSTS, q, len(outside))
    if count == 0:
        return best
    sites = best.sites.copy()
    sites[rng.choice(q, count, replace=False)] = rng.choice(outside, count, replace=False)
    value = _swap(reduced.site_starts, reduced.site_rows, reduced.weights, sites)
    return Chosen(sites=sites, value=value, bound=max(best.bound, value)) if value > best.value else best


@compiled()
def _greedy(
    row_starts: Ints, row_sites: Ints, site_starts: Ints, site_rows: Ints, weights: Floats, q: int
) -> tuple[Ints, float]:
    m = len(site_starts) - 1
    gains = np.zeros(m)
    for j in range(m):
        for e in range(site_starts[j], site_starts[j + 1]):
            gains[j] += weights[site_rows[e]]
    covered = np.zeros(len(weights), np.bool_)
    chosen = np.zeros(q, np.int64)
    value = 0.0
    bound = np.inf
    for k in range(q):
        rest = 0.0
        for gain in np.sort(gains)[::-1][:q]:
            rest += max(0.0, gain)
        bound = min(bound, value + rest)
        best = np.argmax(gains)
        chosen[k] = best
        for e in range(site_starts[best], site_starts[best + 1]):
            row = site_rows[e]
            if not covered[row]:
                covered[row] = True
                value += weights[row]
                for f in range(row_starts[row], row_starts[row + 1]):
                    gains[row_sites[f]] -= weights[row]
        gains[best] = -1.0
    rest = 0.0
    for gain in np.sort(gains)[::-1][:q]:
        rest += max(0.0, gain)
    return chosen, min(bound, value + rest)


@compiled()
def _swap(site_starts: Ints, site_rows: Ints, weights: Floats, chosen: Ints) -> float:
    """Exchange in place while it helps; return the covered weight."""
    m, q = len(site_starts) - 1, len(chosen)
    times = np.zeros(len(weights), np.int64)
    owner = np.full(len(weights), -1, np.int64)
    inside = np.zeros(m, np.bool_)
    loss = np.zeros(q)
    delta = np.zeros(q)
    least = 1e-10 * np.sum(weights)
    for k in range(q):
        inside[chosen[k]] = True
        _count(site_starts, site_rows, times, chosen[k], 1)
    _losses(site_starts, site_rows, weights, chosen, times, owner, loss)
    quiet, i = 0, 0
    while quiet < m:
        if not inside[i]:
            gain = 0.0
            delta[:] = loss
            for e in range(site_starts[i], site_starts[i + 1]):
                row = site_rows[e]
                if times[row] == 0:
                    gain += weights[row]
                elif times[row] == 1:
                    delta[owner[row]] -= weights[row]
            k = int(np.argmin(delta))
            if gain - delta[k] > least:
                inside[chosen[k]] = False
                inside[i] = True
                _count(site_starts, site_rows, times, chosen[k], -1)
                _count(site_starts, site_rows, times, i, 1)
                chosen[k] = i
                _losses(site_starts, site_rows, weights, chosen, times, owner, loss)
                quiet = 0
        quiet += 1
        i = (i + 1) % m
    value = 0.0
    for row in range(len(weights)):
        if times[row] > 0:
            value += weights[row]
    return value


@compiled()
def _count(site_starts: Ints, site_rows: Ints, times: Ints, site: int, step: int) -> None:
    for e in range(site_starts[site], site_starts[site + 1]):
        times[site_rows[e]] += step


@compiled()
def _losses(
    site_starts: Ints, site_rows: Ints, weights: Floats, chosen: Ints, times: Ints, owner: Ints, loss: Floats
) -> None:
    """Write the weight that each chosen site alone covers, and to whom a row covered once belongs."""
    loss[:] = 0.0
    for k in range(len(chosen)):
        for e in range(site_starts[chosen[k]], site_starts[chosen[k] + 1]):
            row = site_rows[e]
            if times[row] == 1:
                owner[row] = k
                loss[k] += weights[row]
