"""Covering over the week: demand by hour, posts that stand only at some hours, travel that differs by hour.

Hours ``h``, ``w_ih`` weight, ``a_ijh = 1`` when site ``j`` reaches demand point ``i`` within the limit at hour ``h`` and is
open then (a school post, 护学岗, at bell times)::

    maximise    sum_ih w_ih z_ih
    subject to  sum_j a_ijh x_j >= z_ih   for every i, h
                sum_j x_j = p,  x_j in {0, 1},  0 <= z_ih <= 1

That is maximal covering with a row for each point and hour (``mclp``). Hours at which the same sites are open under the
same travel times are one row with the sum of the weights, so a week of 168 hours stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from planners.arrays import read_only
from planners.posts.coverage import Coverage
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem
from planners.posts.reduce import without

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimedCover:
    """A covering problem whose rows are demand points at groups of hours.

    Attributes
    ----------
    problem : row ``g * n + i`` is demand point ``i`` at the hours of group ``g``
    group_of_hour : int32[h]
    weights : float64[n, h]
    """

    problem: MclpProblem
    group_of_hour: npt.NDArray[np.int32]
    weights: Floats

    def share_by_hour(self, plan: PostPlan) -> Floats:
        """Return the covered share of each hour's weight, float64[h]; NaN where an hour has none."""
        n = len(self.weights)
        is_open = np.zeros(self.problem.sites, bool)
        is_open[plan.sites] = True
        covered = (self.problem.coverage.count_open(is_open) > 0).reshape(-1, n)
        total = self.weights.sum(axis=0)
        held = np.einsum("ih,hi->h", self.weights, covered[self.group_of_hour])
        with np.errstate(invalid="ignore"):
            return np.asarray(held / np.where(total > 0, total, np.nan), np.float64)


def build_timed_cover(
    coverages: Sequence[Coverage],
    *,
    weights: npt.ArrayLike,
    site_keys: Sequence[str],
    p: int,
    coverage_of_hour: npt.ArrayLike | None = None,
    open_hours: npt.ArrayLike | None = None,
    demand_keys: Sequence[str] = (),
    fixed: Sequence[int] = (),
    closed: Sequence[int] = (),
) -> TimedCover:
    """Build the problem.

    Parameters
    ----------
    coverages
        One for each travel weighting (peak, night, ...), over the same demand points and sites.
    weights
        float64[n, h], demand of each point at each hour.
    coverage_of_hour
        int[h], which coverage holds at each hour; the first one where nothing is said.
    open_hours
        bool[m, h], hours at which a post at the site would stand; always where nothing is said.
    """
    by_hour = np.asarray(weights, np.float64)
    n, m = coverages[0].rows, coverages[0].count
    if by_hour.ndim != 2 or len(by_hour) != n:
        raise InputError(f"Demand by hour must have {n} rows", f"分时需求应有 {n} 行")
    hours = by_hour.shape[1]
    which = np.zeros(hours, np.int64) if coverage_of_hour is None else np.asarray(coverage_of_hour, np.int64)
    stands = np.ones((m, hours), bool) if open_hours is None else np.asarray(open_hours, bool)
    if which.shape != (hours,) or stands.shape != (m, hours) or which.min() < 0 or which.max() >= len(coverages):
        raise InputError(
            f"Opening hours must be {m} sites by {hours} hours, with a known coverage for each hour",
            f"开放时段应为 {m} 个点位 × {hours} 小时，且每小时对应一个已知的覆盖",
        )
    if any((c.rows, c.count, c.radius_seconds) != (n, m, coverages[0].radius_seconds) for c in coverages):
        raise InputError(
            "The coverages are not of the same demand points, sites and limit", "各时段覆盖的需求点、点位与时限应一致"
        )
    _, first, inverse = np.unique(np.vstack([which, stands]), axis=1, return_index=True, return_inverse=True)
    group = np.asarray(inverse, np.int32).reshape(-1)
    parts = [_opened(coverages[int(which[hour])], stands[:, hour]) for hour in first.tolist()]
    summed = np.stack([by_hour[:, group == g].sum(axis=1) for g in range(len(parts))])
    names = [str(i + 1) for i in range(n)] if not demand_keys else list(demand_keys)
    keys = [f"{name} @ {g + 1}" for g in range(len(parts)) for name in names]
    problem = MclpProblem(
        coverage=_stacked(parts),
        weights=summed.reshape(-1),
        site_keys=tuple(site_keys),
        demand_keys=tuple(keys),
        p=p,
        fixed=np.asarray(list(fixed), np.int32),
        closed=np.asarray(list(closed), np.int32),
    )
    return TimedCover(problem=problem, group_of_hour=read_only(group, np.int32), weights=read_only(by_hour, np.float64))


def beside(coverages: Sequence[Coverage]) -> Coverage:
    """Put the sites of several profiles (car, motorcycle, foot) side by side, for the same demand points and limit.

    Site ``j`` of the second coverage becomes ``m_1 + j``, and so on.
    """
    n, radius = coverages[0].rows, coverages[0].radius_seconds
    if any(c.rows != n or c.radius_seconds != radius for c in coverages):
        raise InputError("The coverages are not of the same demand points and limit", "各方式覆盖的需求点与时限应一致")
    offsets = np.cumsum([0, *(c.count for c in coverages)])
    rows = np.concatenate([c.row_of_pair() for c in coverages])
    sites = np.concatenate([c.sites + offset for c, offset in zip(coverages, offsets[:-1], strict=True)])
    seconds = np.concatenate([c.seconds for c in coverages])
    order = np.lexsort((sites, rows))
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n), out=indptr[1:])
    return Coverage(
        indptr=indptr,
        sites=sites[order].astype(np.int32),
        seconds=seconds[order],
        nearest_seconds=np.min([c.nearest_seconds for c in coverages], axis=0),
        count=int(offsets[-1]),
        radius_seconds=radius,
    )


def _opened(coverage: Coverage, stands: npt.NDArray[np.bool_]) -> Coverage:
    """Return the coverage of the sites that stand."""
    if stands.all():
        return coverage
    starts, sites = without(coverage.indptr, coverage.sites, stands, np.ones(coverage.rows, bool))
    return Coverage(
        indptr=starts,
        sites=sites,
        seconds=coverage.seconds[stands[coverage.sites]],
        nearest_seconds=coverage.nearest_seconds,
        count=coverage.count,
        radius_seconds=coverage.radius_seconds,
    )


def _stacked(parts: Sequence[Coverage]) -> Coverage:
    ends = np.cumsum([0, *(len(c.sites) for c in parts)])
    return Coverage(
        indptr=np.concatenate([[0], *(c.indptr[1:] + end for c, end in zip(parts, ends[:-1], strict=True))]),
        sites=np.concatenate([c.sites for c in parts]),
        seconds=np.concatenate([c.seconds for c in parts]),
        nearest_seconds=np.concatenate([c.nearest_seconds for c in parts]),
        count=parts[0].count,
        radius_seconds=parts[0].radius_seconds,
    )
