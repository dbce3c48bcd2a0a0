"""Covering that counts more than once: each further unit within the limit is worth something, by a common list.

``u_j`` units stand at site ``j``, at most ``c`` and ``p`` in all; ``a_ij = 1`` when site ``j`` reaches demand point ``i``
within the limit (equality covers), ``w_i`` weight, ``v_k >= 0`` what the ``k``-th unit within the limit adds to a weight
of 1, ``V(t) = v_1 + ... + v_t``::

    maximise    sum_i w_i V(sum_j a_ij u_j)
    subject to  sum_j u_j = p
                u_j >= 1 for fixed sites, u_j = 0 for closed ones
                u_j in {0, ..., c}

With falling ``v`` this is the linear program of ``z_ik`` with ``sum_k z_ik <= sum_j a_ij u_j``, which the relaxation bounds
(``cover_dual``); otherwise its concave hull is bounded. Backup covering (``backup``) and expected covering with busy units
(``busy``) are such lists.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError, InfeasibleError, ParameterError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, silent
from planners.posts.check import require_open
from planners.posts.coverage import Coverage
from planners.posts.covering import CoverSearch
from planners.posts.plan import PostPlan
from planners.posts.problem import require_reach, require_sites, require_weights
from planners.posts.reduce import Reduced, merge_alike
from planners.posts.tree import Tree
from planners.posts.watch import Watch

SOLVER = "posts.multi_cover.exact"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultiCoverProblem:
    """Place ``p`` units at the sites so that what they cover is worth most.

    Attributes
    ----------
    coverage : which site covers which demand point
    weights : float64[n], at least 0
    worth : float64[k], what the first, second, ... unit within the limit adds to a weight of 1; at least 0
    site_keys, demand_keys : keys, the second possibly empty
    p : units, those at fixed sites included
    most_at_a_site : how many units one site may hold
    fixed, closed : int32, sites with at least one unit and with none
    """

    coverage: Coverage
    weights: Floats
    worth: Floats
    site_keys: tuple[str, ...]
    p: int
    demand_keys: tuple[str, ...] = ()
    most_at_a_site: int = 1
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("weights", "worth"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.float64))
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        require_weights(self.weights, self.demand_keys, self.coverage.rows)
        if self.most_at_a_site < 1:
            raise ParameterError("A site must be allowed at least 1 unit", "每个点位至少允许 1 个单元")
        if not len(self.worth) or not np.isfinite(self.worth).all() or (self.worth < 0).any() or not self.worth.any():
            raise ParameterError(
                "The worth of further units must be 0 or more, and not all 0", "各单元的价值应不小于 0，且不全为 0"
            )
        posts = -(-self.p // self.most_at_a_site) if self.p > 0 else self.p
        require_sites(
            self.site_keys, self.coverage.count, p=max(posts, min(self.p, len(self.fixed))),
            fixed=self.fixed, closed=self.closed,
        )  # fmt: skip
        if self.p < len(self.fixed):
            raise InfeasibleError(
                f"{self.p} units cannot stand at {len(self.fixed)} fixed sites; ask for at least {len(self.fixed)}",
                f"{self.p} 个单元不足以布设 {len(self.fixed)} 个固定点，请至少设 {len(self.fixed)} 个",
            )
        if not self.coverage.count_open(self.usable).any():
            require_reach(self.coverage)

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.coverage.count, bool)
        out[self.closed] = False
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitPlan:
    """Open sites, rising, with the units at each, and the nearest open site of each demand point within the limit."""

    posts: PostPlan
    units: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", read_only(self.units, np.int32))


def solve_multi_cover(problem: MultiCoverProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[UnitPlan]:
    """Find the plan that is worth most and prove it, or the best one found and a bound when the budget ends."""
    began = time.perf_counter()
    reduced, fixed = _reduced(problem)
    search = CoverSearch(reduced, problem.p, problem.worth, fixed)
    value, opened, low = search.first_plan()
    watch = Watch(began=began, budget=budget, observe=observe, sign=-1.0)
    watch.on(value, low, force=True)
    whole = bool((reduced.weights == np.floor(reduced.weights)).all() and (problem.worth % 1 == 0).all())
    tree = Tree(
        search, opened, value, fixed=fixed, closed=np.zeros(len(fixed), bool), step=1.0 if whole else 0.0,
        watch=watch, low=low,
    )  # fmt: skip
    found = tree.run()
    units = np.bincount(reduced.sites[found.sites] // problem.most_at_a_site, minlength=problem.coverage.count)
    plan = plan_of_units(problem, units)
    objective = check_multi_cover(problem, plan)
    return Outcome(
        plan=plan,
        objective=objective,
        bound=max(objective, -found.bound),
        sense=1,
        termination=found.termination,
        seconds=time.perf_counter() - began,
        seed=budget.seed,
        solver=SOLVER,
    )


def plan_of_units(problem: MultiCoverProblem, units: npt.ArrayLike) -> UnitPlan:
    """Return the plan of units at each site, int[m]."""
    counts = np.asarray(units, np.int64)
    sites = np.flatnonzero(counts)
    posts = PostPlan(sites=sites.astype(np.int32), assignment=problem.coverage.nearest_open(counts > 0))
    return UnitPlan(posts=posts, units=counts[sites].astype(np.int32))


def check_multi_cover(problem: MultiCoverProblem, plan: UnitPlan) -> float:
    """Return the worth of a plan, recomputed demand point by demand point, or raise ``CheckError``."""
    posts, coverage = plan.posts, problem.coverage
    require_open(
        posts, sites=coverage.count, p=None, fixed=problem.fixed, closed=problem.closed, keys=problem.site_keys
    )
    if len(plan.units) != len(posts.sites) or (plan.units < 1).any() or (plan.units > problem.most_at_a_site).any():
        raise CheckError(
            f"A site of the plan holds no unit or more than {problem.most_at_a_site}",
            f"方案中有点位未设单元或超过 {problem.most_at_a_site} 个",
        )
    if int(plan.units.sum()) != problem.p:
        raise CheckError(
            f"The plan places {int(plan.units.sum())} units instead of {problem.p}",
            f"方案布设 {int(plan.units.sum())} 个单元，应为 {problem.p} 个",
        )
    at = dict(zip(posts.sites.tolist(), plan.units.tolist(), strict=True))
    summed = [0.0, *np.cumsum(problem.worth).tolist()]
    total: list[float] = []
    for row, weight in enumerate(problem.weights.tolist()):
        reach = coverage.sites[coverage.indptr[row] : coverage.indptr[row + 1]].tolist()
        times = sum(at.get(site, 0) for site in reach)
        total.append(weight * summed[min(times, len(summed) - 1)])
    return math.fsum(total)


def covered_times(problem: MultiCoverProblem, plan: UnitPlan) -> npt.NDArray[np.int64]:
    """Return how many units reach each demand point within the limit, int64[n]."""
    units = np.zeros(problem.coverage.count)
    units[plan.posts.sites] = plan.units
    rows = problem.coverage.row_of_pair()
    times = np.bincount(rows, weights=units[problem.coverage.sites], minlength=problem.coverage.rows)
    return np.asarray(times, np.int64)


def shares_covered(problem: MultiCoverProblem, plan: UnitPlan, *, up_to: int = 3) -> tuple[float, ...]:
    """Return the share of weight that at least 1, 2, ... units reach within the limit."""
    times, total = covered_times(problem, plan), float(problem.weights.sum())
    return tuple(float(problem.weights[times >= k].sum()) / total for k in range(1, up_to + 1))


def build_multi_cover(
    coverage: Coverage,
    *,
    weights: npt.ArrayLike,
    worth: npt.ArrayLike,
    site_keys: Sequence[str],
    p: int,
    demand_keys: Sequence[str] = (),
    most_at_a_site: int = 1,
    fixed: Sequence[int] = (),
    closed: Sequence[int] = (),
) -> MultiCoverProblem:
    """Build the problem from a coverage and the worth of further units."""
    return MultiCoverProblem(
        coverage=coverage,
        weights=np.asarray(weights, np.float64),
        worth=np.asarray(worth, np.float64),
        site_keys=tuple(site_keys),
        demand_keys=tuple(demand_keys),
        p=p,
        most_at_a_site=most_at_a_site,
        fixed=np.asarray(list(fixed), np.int32),
        closed=np.asarray(list(closed), np.int32),
    )


def _reduced(problem: MultiCoverProblem) -> tuple[Reduced, npt.NDArray[np.bool_]]:
    """Return the rows over places for units, ``most_at_a_site`` a site, and which places are fixed."""
    coverage, most = problem.coverage, problem.most_at_a_site
    columns = (coverage.sites[:, None] * most + np.arange(most, dtype=np.int32)[None, :]).reshape(-1)
    keep = np.repeat(problem.usable, most)
    reduced = merge_alike(coverage.indptr * most, columns.astype(np.int32), problem.weights, keep, q=problem.p)
    must = np.zeros(coverage.count * most, bool)
    must[problem.fixed.astype(np.int64) * most] = True
    return reduced, must[keep]
