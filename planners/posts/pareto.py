"""Several aims at once: plans that nothing beats in coverage, mean time, worst time and equity together.

Every aim is a p-median with its own costs ``c_ij`` (``p_median``): coverage ``w_i [t_ij > R]``, mean ``w_i t_ij``, equity
``w_i exp(t_ij / s)``, whose mean on the scale of time, ``s ln(mean exp(t / s))``, is the Kolm-Pollak equally distributed
equivalent: it counts long waits more. Worst time is a limit on the pairs that may be used.

The front is walked by limits (epsilon constraints): least mean subject to *covered >= e* and to *worst <= e*, for levels
``e`` between the ends. A limit on the worst removes pairs, and the problem that is left is solved as it is. A limit on
uncovered weight ``U`` gets a price ``m >= 0``: for every price

    ``min (mean + m * (uncovered - U)) <= the least mean with uncovered <= U``

so that each solve gives a bound, and the price is halved towards the best one (Geoffrion 1974). Each point carries the
bound for its own question.

Cohon, J. (1978). Multiobjective Programming and Planning. Academic Press. Horton, D., Logan, T., Skipper, D. and Speakman,
E. (2024). A scalable approach to equitable facility location: Kolm-Pollak. Kolm, S. (1976). Unequal inequalities. Journal
of Economic Theory 12, 416-442.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, ParameterError
from planners.contract import Budget, Outcome
from planners.posts.allocation import AllocationProblem, allocate
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median
from planners.posts.plan import PostPlan

Floats = npt.NDArray[np.float64]

LEVELS: Final = 5
PRICES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """The four figures of a plan over all demand.

    Attributes
    ----------
    covered_share : share of weight within the limit, more is better
    mean_seconds, worst_seconds : weighted mean; greatest time to any demand point
    equal_seconds : the Kolm-Pollak equally distributed equivalent
    """

    covered_share: float
    mean_seconds: float
    worst_seconds: float
    equal_seconds: float

    def as_costs(self) -> tuple[float, float, float, float]:
        """Return all four so that less is better."""
        return (-self.covered_share, self.mean_seconds, self.worst_seconds, self.equal_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint:
    """A plan of the front and the question it answers.

    Attributes
    ----------
    question : ``"coverage"``, ``"mean"``, ``"worst"``, ``"equity"`` for the ends; ``"mean with coverage"`` and
        ``"mean with worst"`` for points between
    limit : the limit of the question, a share or seconds, None at the ends
    value, bound : of the question's own aim, in its unit; no plan that keeps the limit is better than the bound
    """

    plan: PostPlan
    aims: Aims
    question: str
    limit: float | None
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Relative gap of the question's own aim."""
        return abs(self.bound - self.value) / max(abs(self.value), 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The points that no other one beats, by falling coverage; ``complete`` says whether all questions were asked."""

    points: tuple[FrontPoint, ...]
    complete: bool


def aims_of(problem: AllocationProblem, plan: PostPlan, *, radius_seconds: float, scale_seconds: float) -> Aims:
    """Return the four figures of a plan; equality covers."""
    times = problem.seconds[:, plan.sites].min(axis=1)
    weights = problem.weights
    total = math.fsum(weights.tolist())
    far = float(times[weights > 0].max(initial=0.0))
    # Shifted by the longest time so that no power is too large to hold.
    powers = np.where(weights > 0, np.exp((times - far) / scale_seconds), 0.0)
    return Aims(
        covered_share=math.fsum(weights[times <= radius_seconds].tolist()) / total,
        mean_seconds=math.fsum((weights * np.where(weights > 0, times, 0.0)).tolist()) / total,
        worst_seconds=float(times.max()),
        equal_seconds=far + scale_seconds * math.log(math.fsum((weights * powers).tolist()) / total),
    )


def solve_front(
    problem: AllocationProblem,
    *,
    radius_seconds: float,
    scale_seconds: float | None = None,
    levels: int = LEVELS,
    budget: Budget,
    observe: Callable[[float, FrontPoint], bool] = lambda _share, _point: True,
) -> Front:
    """Walk the front.

    Parameters
    ----------
    scale_seconds
        ``s`` of equity: a wait longer by ``s`` counts e times; half the limit unless given.
    levels
        Points between the ends, for each of the two limits.
    budget
        Seconds and iterations; seconds are for the whole front, iterations for each solve.
    observe
        Told the share done and each point as it is found; False ends the walk with the points so far.
    """
    scale = radius_seconds / 2 if scale_seconds is None else scale_seconds
    if not scale > 0 or not radius_seconds > 0:
        raise ParameterError("The limit and the scale of equity must be above 0", "时限与公平尺度应大于 0")
    walk = _Walk(
        problem=problem, radius=radius_seconds, scale=scale, budget=budget, began=time.perf_counter(),
        solves=4 + levels * (PRICES + 1),
    )  # fmt: skip
    found: list[FrontPoint] = []
    complete = True
    for done, point in enumerate(walk.points(levels)):
        found.append(point)
        if not observe(min(1.0, (done + 1) / (4 + 2 * levels)), point) or walk.late:
            complete = False
            break
    return Front(points=_unbeaten(found), complete=complete)


def _unbeaten(points: list[FrontPoint]) -> tuple[FrontPoint, ...]:
    """Keep the points that no other one is as good as in every aim and better in one; of equal ones the first."""
    kept: list[FrontPoint] = []
    for at, point in enumerate(points):
        mine = np.array(point.aims.as_costs())
        beaten = False
        for other_at, other in enumerate(points):
            theirs = np.array(other.aims.as_costs())
            as_good = bool((theirs <= mine + 1e-12).all())
            beaten |= as_good and (bool((theirs < mine - 1e-12).any()) or other_at < at)
        if not beaten:
            kept.append(point)
    return tuple(sorted(kept, key=lambda point: (-point.aims.covered_share, point.aims.mean_seconds)))


class _Walk:
    def __init__(
        self, *, problem: AllocationProblem, radius: float, scale: float, budget: Budget, began: float, solves: int
    ) -> None:
        self.problem = problem
        self.radius = radius
        self.scale = scale
        self.budget = budget
        self.began = began
        self.left = solves
        self.late = False
        self.total = math.fsum(problem.weights.tolist())

    def points(self, levels: int) -> Iterator[FrontPoint]:
        """Yield the ends, then the points between."""
        problem, far = self.problem, (self.problem.seconds > self.radius).astype(np.float64)
        shape = np.exp((problem.seconds - self._longest()) / self.scale)
        mean = self._solve(problem.seconds)
        coverage = self._solve(np.where(np.isfinite(problem.seconds), far, np.inf))
        yield self._point(mean, "mean", None, mean.objective / self.total, _bound(mean) / self.total)
        covered = 1.0 - coverage.objective / self.total
        yield self._point(coverage, "coverage", None, covered, 1.0 - _bound(coverage) / self.total)
        equity = self._solve(np.where(np.isfinite(problem.seconds), shape, np.inf))
        yield self._point(equity, "equity", None, self._equal(equity.objective), self._equal(_bound(equity)))
        centre = solve_p_center(problem, self._share())
        yield self._point(centre, "worst", None, centre.objective, _bound(centre))
        at_mean = self._aims(mean.plan)
        for step in range(1, levels + 1):
            share = step / (levels + 1)
            limit = at_mean.worst_seconds + share * (centre.objective - at_mean.worst_seconds)
            if limit < at_mean.worst_seconds:
                yield from self._with_worst(limit)
        for step in range(1, levels + 1):
            limit = at_mean.covered_share + step / (levels + 1) * (covered - at_mean.covered_share)
            if limit > at_mean.covered_share:
                yield self._with_coverage(limit, far, mean, coverage)

    def _with_worst(self, limit: float) -> Iterator[FrontPoint]:
        times = np.where(self.problem.seconds <= limit, self.problem.seconds, np.inf)
        try:
            found = self._solve(times)
        except InfeasibleError:
            return
        yield self._point(found, "mean with worst", limit, found.objective / self.total, _bound(found) / self.total)

    def _with_coverage(
        self, limit: float, far: Floats, mean: Outcome[PostPlan], coverage: Outcome[PostPlan]
    ) -> FrontPoint:
        """Halve the price of a weight that is not covered until the limit is kept as cheaply as it can be."""
        allowed = (1.0 - limit) * self.total
        best, bound = coverage.plan, _bound(mean)
        value = self._aims(best).mean_seconds * self.total
        lost = mean.objective, self._uncovered(mean.plan)
        kept = value, self._uncovered(best)
        for _ in range(PRICES):
            if lost[1] <= kept[1] or self.late:
                break
            price = max(0.0, (kept[0] - lost[0]) / (lost[1] - kept[1]))
            found = self._solve(np.where(np.isfinite(self.problem.seconds), self.problem.seconds + price * far, np.inf))
            bound = max(bound, _bound(found) - price * allowed)
            uncovered = self._uncovered(found.plan)
            seconds = self._aims(found.plan).mean_seconds * self.total
            if uncovered <= allowed * (1 + 1e-12):
                if seconds < value:
                    best, value = found.plan, seconds
                if (seconds, uncovered) == kept:
                    break
                kept = seconds, uncovered
            else:
                if (seconds, uncovered) == lost:
                    break
                lost = seconds, uncovered
        return FrontPoint(
            plan=best, aims=self._aims(best), question="mean with coverage", limit=limit, value=value / self.total,
            bound=min(bound, value) / self.total,
        )  # fmt: skip

    def _solve(self, costs: Floats) -> Outcome[PostPlan]:
        changed = replace(self.problem, seconds=costs)
        found = solve_p_median(changed, self._share())
        return replace(found, plan=allocate(self.problem, found.plan.sites))

    def _share(self) -> Budget:
        self.left = max(1, self.left - 1)
        seconds = None
        if self.budget.seconds is not None:
            over = self.budget.seconds - (time.perf_counter() - self.began)
            self.late = over <= 0
            seconds = max(0.1, over / self.left)
        return Budget(seconds=seconds, iterations=self.budget.iterations, seed=self.budget.seed)

    def _point(
        self, found: Outcome[PostPlan], question: str, limit: float | None, value: float, bound: float
    ) -> FrontPoint:
        return FrontPoint(
            plan=found.plan, aims=self._aims(found.plan), question=question, limit=limit, value=value, bound=bound
        )

    def _aims(self, plan: PostPlan) -> Aims:
        return aims_of(self.problem, plan, radius_seconds=self.radius, scale_seconds=self.scale)

    def _uncovered(self, plan: PostPlan) -> float:
        times = self.problem.seconds[:, plan.sites].min(axis=1)
        return math.fsum(self.problem.weights[times > self.radius].tolist())

    def _equal(self, objective: float) -> float:
        return self._longest() + self.scale * math.log(max(objective, 1e-300) / self.total)

    def _longest(self) -> float:
        """Return the longest of the least times: no power of a good plan is above 1 by much."""
        return float(self.problem.seconds[:, self.problem.usable].min(axis=1).max())


def _bound(found: Outcome[PostPlan]) -> float:
    return 0.0 if found.bound is None else found.bound
