"""The question of maximal covering: which p posts reach the most demand within the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.arrays import read_only
from planners.posts.coverage import Coverage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MclpProblem:
    """Open exactly ``p`` of ``m`` sites so that the weight of covered demand is largest.

    A demand point is covered by a site that reaches it in ``coverage.radius_seconds`` or less; arrays are read-only.

    Attributes
    ----------
    coverage : which site covers which demand point
    weights : float64[n], at least 0, such as calls a year
    demand_keys : n keys, empty for row numbers
    site_keys : m keys, unique
    fixed : int32, rising; sites that must be open
    closed : int32, rising; sites that may not be open
    p : posts to open, the fixed ones included

    Raises
    ------
    InputError
        Negative or infinite weights, duplicate sites, keys that do not fit; the rows are named.
    InfeasibleError
        More posts than sites, fewer posts than fixed ones, a site both fixed and closed, or no demand in reach.
    """

    coverage: Coverage
    weights: npt.NDArray[np.float64]
    site_keys: tuple[str, ...]
    p: int
    demand_keys: tuple[str, ...] = ()
    fixed: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))
        for name in ("fixed", "closed"):
            object.__setattr__(self, name, read_only(np.unique(np.asarray(getattr(self, name), np.int32)), np.int32))
        require_weights(self.weights, self.demand_keys, self.coverage.rows)
        require_sites(self.site_keys, self.coverage.count, p=self.p, fixed=self.fixed, closed=self.closed)
        if not len(self.coverage.sites) or not self.usable[self.coverage.sites].any():
            require_reach(self.coverage)

    @property
    def sites(self) -> int:
        """Number of sites, m."""
        return self.coverage.count

    @property
    def demand(self) -> int:
        """Number of demand points, n."""
        return self.coverage.rows

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Sites that may be open, bool[m]."""
        out = np.ones(self.coverage.count, bool)
        out[self.closed] = False
        return out

    @property
    def beyond(self) -> npt.NDArray[np.int64]:
        """Demand points that no usable site covers within the limit, rising."""
        return np.flatnonzero(self.coverage.count_open(self.usable) == 0)

    @property
    def unreachable(self) -> npt.NDArray[np.int64]:
        """Demand points that no usable site reaches at all, rising."""
        return np.flatnonzero(~np.isfinite(self.coverage.nearest_seconds))

    def demand_key(self, row: int) -> str:
        """Return the key of a demand point, or its row number from 1."""
        return self.demand_keys[row] if self.demand_keys else str(row + 1)


def named(keys: Sequence[str], rows: npt.NDArray[np.int64]) -> list[str]:
    """Return the keys of ``rows``, or their numbers from 1 where there are no keys."""
    return [keys[i] if keys else str(i + 1) for i in rows.tolist()]


def brief(names: Sequence[str]) -> str:
    """Return up to five names for a sentence."""
    return ", ".join(names[:5]) + (f" … ({len(names)})" if len(names) > 5 else "")


def require_weights(weights: npt.NDArray[np.float64], keys: Sequence[str], rows: int) -> None:
    """Refuse weights that are negative, not finite or not one a demand point."""
    if len(weights) != rows or (keys and len(keys) != rows):
        raise InputError(
            f"There are {rows} demand points but {len(weights)} weights and {len(keys)} keys; give one of each",
            f"需求点共 {rows} 个，权重 {len(weights)} 个、编号 {len(keys)} 个，应一一对应",
        )
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(bad):
        names = named(keys, bad)
        raise InputError(
            f"Demand is negative or not a number at {brief(names)}; weights must be 0 or more",
            f"需求点 {brief(names)} 的需求量为负数或无效，应不小于 0",
            rows=names,
        )
    if rows == 0 or not weights.any():
        raise InfeasibleError(
            "There is no demand to cover; load calls or choose a longer period",
            "没有可覆盖的需求，请导入警情或延长时段",
        )


def require_seconds(seconds: npt.NDArray[np.float64], keys: Sequence[str]) -> None:
    """Refuse travel times that are negative or not a number; rows are demand points."""
    bad = np.flatnonzero(~(seconds >= 0).all(axis=1))
    if len(bad):
        names = named(keys, bad)
        raise InputError(
            f"Travel times to {brief(names)} are negative or not a number; unreachable is written as infinite",
            f"到需求点 {brief(names)} 的行程时间为负数或无效；不可达应记为无穷大",
            rows=names,
        )


def require_sites(
    keys: Sequence[str],
    count: int,
    *,
    p: int | None,
    fixed: npt.NDArray[np.int32],
    closed: npt.NDArray[np.int32],
) -> None:
    """Refuse duplicate sites and a number of posts that the fixed and the closed ones do not allow."""
    if len(keys) != count:
        raise InputError(
            f"There are {count} sites but {len(keys)} keys", f"点位 {count} 个，编号 {len(keys)} 个，不一致"
        )
    if len(set(keys)) != count:
        first: dict[str, int] = {}
        for key in keys:
            first[key] = first.get(key, 0) + 1
        double = sorted(key for key, times in first.items() if times > 1)
        raise InputError(
            f"Sites are listed twice: {brief(double)}; keep one row each",
            f"点位重复：{brief(double)}，请各保留一行",
            rows=double,
        )
    for rows in (fixed, closed):
        if len(rows) and (rows.min() < 0 or rows.max() >= count):
            raise ParameterError("A fixed or closed site does not exist", "固定或停用的点位不存在")
    both = np.intersect1d(fixed, closed).astype(np.int64)
    if len(both):
        names = named(keys, both)
        raise InfeasibleError(
            f"Sites are both fixed and closed: {brief(names)}; release one of the two",
            f"点位同时被设为固定和停用：{brief(names)}，请取消其一",
            rows=names,
        )
    if p is None:
        return
    if p < 1:
        raise ParameterError("At least 1 post must be asked for", "至少需要 1 个屯警点")
    if p > count - len(closed):
        usable = count - len(closed)
        raise InfeasibleError(
            f"{p} posts are asked for but only {usable} sites may be open; ask for at most {usable}",
            f"要求 {p} 个屯警点，可用点位只有 {usable} 个，请改为至多 {usable} 个",
        )
    if p < len(fixed):
        names = named(keys, fixed.astype(np.int64))
        raise InfeasibleError(
            f"{p} posts are asked for but {len(fixed)} are fixed ({brief(names)}); ask for at least {len(fixed)}",
            f"要求 {p} 个屯警点，而固定点已有 {len(fixed)} 个（{brief(names)}），请改为至少 {len(fixed)} 个",
            rows=names,
        )


def require_costs(costs: npt.NDArray[np.float64], keys: Sequence[str]) -> None:
    """Refuse site costs that are not above 0 or not one a site."""
    if len(costs) != len(keys):
        raise InputError(
            f"There are {len(keys)} sites but {len(costs)} costs", f"点位 {len(keys)} 个，费用 {len(costs)} 个，不一致"
        )
    bad = np.flatnonzero(~np.isfinite(costs) | (costs <= 0))
    if len(bad):
        names = named(keys, bad)
        raise InputError(
            f"The cost of sites {brief(names)} is not above 0",
            f"点位 {brief(names)} 的费用应大于 0",
            rows=names,
        )


def require_reach(coverage: Coverage) -> None:
    """Raise the error of a coverage in which no usable site covers any demand point."""
    nearest = float(coverage.nearest_seconds.min()) if coverage.rows else float("inf")
    limit = coverage.radius_seconds
    if np.isfinite(nearest) and nearest > limit:
        raise InfeasibleError(
            f"No site reaches any demand point within {limit:g} s; the nearest needs {nearest:.1f} s: widen the limit",
            f"没有点位能在 {limit:g} 秒内到达任何需求点，最近的一对需 {nearest:.1f} 秒，请放宽时限",
        )
    raise InfeasibleError(
        "No site that may be open reaches any demand point: sites and demand lie on streets that do not meet",
        "可用点位到不了任何需求点：两者所在道路互不连通",
    )
