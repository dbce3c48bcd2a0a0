"""What one more post would bring and which would be missed least, with intervals over weeks.

Two questions that are easily mixed up. *The others stay*: close or open one post after another, each time the one that
loses least or gains most. *All may move*: the best plan of each number of posts, with its bound. Weeks differ, so each
share comes with the interval of a bootstrap: weeks are drawn with replacement, as many as there are, and the plan is held.

Efron, B. and Tibshirani, R. (1993). An Introduction to the Bootstrap. Chapman and Hall.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from planners.contract import Budget, Outcome
from planners.posts.mclp import solve_mclp
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem

Floats = npt.NDArray[np.float64]
RESAMPLES = 2_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A share and its 95 % percentile interval over bootstrap weeks; without weeks the ends are None."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """The best plan of ``p`` posts.

    Attributes
    ----------
    share : covered share
    gain : share more than the point before, None at the first
    bound_share : no plan of as many posts covers a greater share
    """

    p: int
    share: Interval
    gain: Interval | None
    bound_share: float
    outcome: Outcome[PostPlan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One post closed or opened while the others stay: its site, the share it changes, and the share after it."""

    site: int
    change: Interval
    share_after: float


class Weeks:
    """Demand by week, and draws of weeks.

    Parameters
    ----------
    weekly
        float64[weeks, n]; None where there is none.
    weights
        float64[n], the demand of the problem.
    """

    def __init__(self, weekly: npt.ArrayLike | None, weights: Floats, *, seed: int, resamples: int = RESAMPLES) -> None:
        self.weights = weights
        self.weekly = None if weekly is None else np.asarray(weekly, np.float64)
        if self.weekly is None:
            return
        if self.weekly.ndim != 2 or self.weekly.shape[1] != len(weights) or len(self.weekly) < 2:
            raise InputError(
                f"Demand by week must have 2 weeks or more and {len(weights)} columns",
                f"分周需求至少要有 2 周，且每周 {len(weights)} 列",
            )
        draws = np.random.default_rng(seed).integers(0, len(self.weekly), (resamples, len(self.weekly)))
        self.counts = np.stack([np.bincount(draw, minlength=len(self.weekly)) for draw in draws]).astype(np.float64)
        self.totals = self.counts @ self.weekly.sum(axis=1)

    def interval(self, signed: Floats) -> Interval:
        """Return the share of demand with the sign of ``signed`` float64[n] (1 gained, -1 lost, 0 neither)."""
        value = math.fsum((self.weights * signed).tolist()) / math.fsum(self.weights.tolist())
        if self.weekly is None:
            return Interval(value=value, low=None, high=None)
        shares = (self.counts @ (self.weekly @ signed)) / np.where(self.totals > 0, self.totals, np.nan)
        low, high = np.nanquantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Interval(value=value, low=float(low), high=float(high))


def value_curve(
    problem: MclpProblem,
    *,
    posts: Sequence[int],
    budget: Budget,
    weekly: npt.ArrayLike | None = None,
    observe: Callable[[float], bool] = lambda _: True,
) -> tuple[CurvePoint, ...]:
    """Solve for each number of posts, all of them free to move but the fixed ones.

    ``budget.seconds`` is for the whole curve.
    """
    weeks = Weeks(weekly, problem.weights, seed=budget.seed)
    total = math.fsum(problem.weights.tolist())
    began, out = time.perf_counter(), list[CurvePoint]()
    before: Floats | None = None
    for done, p in enumerate(sorted(set(posts))):
        seconds = None
        if budget.seconds is not None:
            seconds = max(0.1, (budget.seconds - (time.perf_counter() - began)) / (len(set(posts)) - done))
        each = Budget(seconds=seconds, iterations=budget.iterations, seed=budget.seed)
        outcome = solve_mclp(replace(problem, p=p), each)
        covered = _covered(problem, outcome.plan.sites)
        gain = None if before is None else weeks.interval(covered - before)
        out.append(
            CurvePoint(
                p=p, share=weeks.interval(covered), gain=gain, outcome=outcome,
                bound_share=(outcome.objective if outcome.bound is None else outcome.bound) / total,
            )
        )  # fmt: skip
        before = covered
        if not observe((done + 1) / len(set(posts))):
            break
    return tuple(out)


def closing_order(
    problem: MclpProblem, plan: PostPlan, *, count: int, weekly: npt.ArrayLike | None = None, seed: int = 1
) -> tuple[Step, ...]:
    """Close one post after another, each time the one whose loss is least while the others stay; fixed ones stay.

    The first step is the best there is; later ones are greedy. Ties go to the lower site.
    """
    free = np.setdiff1d(plan.sites, problem.fixed)
    if not 0 <= count <= len(free):
        raise ParameterError(
            f"At most {len(free)} posts can be closed: the others are fixed", f"最多可撤 {len(free)} 个点，其余为固定点"
        )
    weeks = Weeks(weekly, problem.weights, seed=seed)
    opened = np.zeros(problem.sites, bool)
    opened[plan.sites] = True
    steps: list[Step] = []
    rows = problem.coverage.row_of_pair()
    for _ in range(count):
        once = problem.coverage.count_open(opened) == 1
        loss = np.bincount(
            problem.coverage.sites, weights=np.where(once, problem.weights, 0.0)[rows], minlength=problem.sites
        )
        candidates = np.flatnonzero(opened & np.isin(np.arange(problem.sites), free))
        steps.append(_stepped(problem, weeks, opened, int(candidates[np.argmin(loss[candidates])]), to=False))
    return tuple(steps)


def opening_order(
    problem: MclpProblem, plan: PostPlan, *, count: int, weekly: npt.ArrayLike | None = None, seed: int = 1
) -> tuple[Step, ...]:
    """Open one site after another, each time the one that gains most while the others stay."""
    opened = np.zeros(problem.sites, bool)
    opened[plan.sites] = True
    if not 0 <= count <= int((problem.usable & ~opened).sum()):
        raise ParameterError(
            f"Only {int((problem.usable & ~opened).sum())} more sites may be opened",
            f"最多还可增设 {int((problem.usable & ~opened).sum())} 个点",
        )
    weeks = Weeks(weekly, problem.weights, seed=seed)
    steps: list[Step] = []
    rows = problem.coverage.row_of_pair()
    for _ in range(count):
        missing = np.where(problem.coverage.count_open(opened) == 0, problem.weights, 0.0)
        gain = np.bincount(problem.coverage.sites, weights=missing[rows], minlength=problem.sites)
        candidates = np.flatnonzero(problem.usable & ~opened)
        steps.append(_stepped(problem, weeks, opened, int(candidates[np.argmax(gain[candidates])]), to=True))
    return tuple(steps)


def _stepped(problem: MclpProblem, weeks: Weeks, opened: npt.NDArray[np.bool_], site: int, *, to: bool) -> Step:
    """Open or close a site in place and say what that changes."""
    before = (problem.coverage.count_open(opened) > 0).astype(np.float64)
    opened[site] = to
    after = (problem.coverage.count_open(opened) > 0).astype(np.float64)
    share = math.fsum((problem.weights * after).tolist()) / math.fsum(problem.weights.tolist())
    return Step(site=site, change=weeks.interval(after - before), share_after=share)


def _covered(problem: MclpProblem, sites: npt.NDArray[np.int32]) -> Floats:
    opened = np.zeros(problem.sites, bool)
    opened[sites] = True
    return (problem.coverage.count_open(opened) > 0).astype(np.float64)
