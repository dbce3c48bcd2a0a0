"""Scan for the least likely cluster: circles of places, stretches of days, or cylinders of both, with a Monte-Carlo p."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.compiled import compiled
from geo.errors import InputError, LimitError, ParameterError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_MOST: Final = 60_000_000
_LIKE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cluster:
    """A window with more calls than expected.

    Attributes
    ----------
    places : int64[k], rows of the places in it, nearest to its centre first; ``radius_m`` reaches the last
    first_day, last_day : days of the window, both included
    n, expected, llr : calls, those expected, log likelihood ratio
    p : chance that the best window anywhere does as well while nothing clusters
    """

    places: Ints
    radius_m: float
    first_day: int
    last_day: int
    n: int
    expected: float
    llr: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Clusters that share no place and day, least likely first; ``runs`` simulations over ``total`` calls, ``tried`` windows."""

    clusters: tuple[Cluster, ...]
    total: int
    runs: int
    tried: int


def scan_space(
    xy: npt.ArrayLike,
    cases: npt.ArrayLike,
    expected: npt.ArrayLike,
    *,
    share: float = 0.5,
    runs: int = 999,
    seed: int = 0,
) -> Scan:
    """Scan circles around every place (float64[m, 2] in metres) that hold at most ``share`` of what is expected.

    ``cases`` is int64[m]; ``expected`` (population, calls of the years before) is float64[m] and is scaled to the sum of cases. Poisson
    model, given that sum. Kulldorff, M. (1997). A spatial scan statistic. Communications in Statistics 26, 1481-1496.
    """
    n = np.asarray(cases, np.int64).reshape(-1, 1)
    base = np.asarray(expected, np.float64).reshape(-1, 1)
    return _scan_poisson(xy, n, base, np.array([[0, 1]]), share, runs, seed)


def scan_time(
    cases: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    longest: int | None = None,
    runs: int = 999,
    seed: int = 0,
) -> Scan:
    """Scan all stretches of up to ``longest`` days (half of them where not given) of calls a day, int64[d].

    ``weights`` (float64[d]) are what share of calls each day usually has: equal where not given. Kulldorff (1997), in one dimension.
    """
    n = np.asarray(cases, np.int64).reshape(1, -1)
    base = np.ones(n.shape) if weights is None else np.asarray(weights, np.float64).reshape(1, -1)
    stretches = _stretches(n.shape[1], longest or max(1, n.shape[1] // 2), to_the_end=False)
    return _scan_poisson(np.zeros((1, 2)), n, base, stretches, 1.0, runs, seed)


def scan_space_time(
    xy: npt.ArrayLike,
    place: npt.ArrayLike,
    day: npt.ArrayLike,
    *,
    days: int,
    longest: int = 28,
    share: float = 0.5,
    still_on: bool = True,
    runs: int = 999,
    seed: int = 0,
) -> Scan:
    """Scan cylinders of places and days for calls beyond what their places and days alone explain: no population is needed.

    ``place`` (row of ``xy``) and ``day`` (0 to ``days - 1``) are those of each call, int64[n]. What is expected of a cylinder is the sum
    over its places and days of calls of the place times calls of the day over all calls; the simulations shuffle the days
    among the calls. ``still_on`` tries only stretches that end with the last day, for an alarm. Kulldorff, M. et al. (2005). A space-time
    permutation scan statistic for disease outbreak detection. PLoS Medicine 2, e59.
    """
    points = np.asarray(xy, np.float64).reshape(-1, 2)
    where, when = np.asarray(place, np.int64), np.asarray(day, np.int64)
    if where.shape != when.shape or not len(where) or where.min() < 0 or where.max() >= len(points):
        raise InputError("Each call needs a place among those given and a day", "每起警情需要有效的地点与日期")
    if days < 2 or when.min() < 0 or when.max() >= days or not 1 <= longest < days:
        raise ParameterError(
            f"Days go from 0 to {days - 1}, and stretches are shorter than all of them",
            f"日期应为 0 至 {days - 1}，窗口应短于研究期",
        )
    stretches = _stretches(days, longest, to_the_end=still_on)

    def table(of: Ints) -> Ints:
        return np.bincount(where * days + of, minlength=len(points) * days).reshape(len(points), days)

    cases = table(when)
    total = len(where)
    base = cases.sum(axis=1, keepdims=True) * cases.sum(axis=0, keepdims=True) / total
    return _scan(points, cases, base, stretches, share, runs, lambda rng: table(rng.permutation(when)), seed)


def _scan_poisson(
    xy: npt.ArrayLike, cases: Ints, base: Floats, stretches: Ints, share: float, runs: int, seed: int
) -> Scan:
    points = np.asarray(xy, np.float64).reshape(-1, 2)
    if cases.shape != base.shape or len(points) != len(cases) or (cases < 0).any():
        raise InputError(
            "Each place and day needs a count of 0 or more and what is expected", "每个地点（日期）需要非负计数与期望"
        )
    if not np.isfinite(base).all() or (base < 0).any() or not cases.any() or (cases[base == 0] > 0).any():
        raise InputError(
            "Calls must be above 0, and none where none are expected", "警情总数应大于 0，且期望为 0 处不应有警情"
        )
    chance = (base / base.sum()).ravel()
    total = int(cases.sum())
    return _scan(
        points, cases, base / base.sum() * total, stretches, share, runs,
        lambda rng: rng.multinomial(total, chance).reshape(cases.shape), seed,
    )  # fmt: skip


def _stretches(days: int, longest: int, *, to_the_end: bool) -> Ints:
    """Return first day and day after the last of each stretch, int64[w, 2]."""
    ends = np.array([days]) if to_the_end else np.arange(1, days + 1)
    count = np.minimum(ends, longest)
    _refuse_too_many(int(count.sum()))
    after = np.repeat(ends, count)
    size = np.arange(len(after)) - np.repeat(np.cumsum(count) - count, count) + 1
    return np.column_stack([after - size, after]).astype(np.int64)


def _refuse_too_many(tried: int) -> None:
    if tried > _MOST:
        raise LimitError(
            f"{tried:,} windows are too many: take fewer places, a smaller share or shorter stretches",
            f"窗口数 {tried} 过多：请减少地点、缩小比例或缩短时段",
        )


def _circles(points: Floats, weight: Floats, share: float) -> tuple[Ints, Ints]:
    """Return for each centre the places by distance, up to ``share`` of the weight, as compressed rows."""
    limit = share * weight.sum() * (1 + 1e-12)
    reach = max(1, min(len(points), 64))
    found: list[Ints] = [np.zeros(0, np.int64)] * len(points)
    open_ = np.arange(len(points))
    tree = cKDTree(points)
    while len(open_):
        _, near = tree.query(points[open_], k=reach)
        near = near.reshape(len(open_), -1)
        held = np.cumsum(weight[near], axis=1)
        size = (held <= limit).sum(axis=1)
        done = (size < near.shape[1]) | (reach == len(points))
        for centre, row, count in zip(open_[done], near[done], size[done], strict=True):
            found[centre] = row[: max(count, 1)].astype(np.int64)
        open_ = open_[~done]
        reach = min(len(points), reach * 2)
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in found])]).astype(np.int64)
    return indptr, np.concatenate(found)


def _scan(
    points: Floats,
    cases: Ints,
    base: Floats,
    stretches: Ints,
    share: float,
    runs: int,
    draw: Callable[[np.random.Generator], Ints],
    seed: int,
) -> Scan:
    if runs < 1 or not 0 < share <= 1:
        raise ParameterError(
            "Simulations are 1 or more, the share lies above 0 and up to 1", "模拟次数应不小于 1，比例应在 0 与 1 之间"
        )
    indptr, near = _circles(points, base.sum(axis=1), share)
    tried = len(near) * len(stretches)
    _refuse_too_many(tried)
    total = int(cases.sum())

    def within(table: npt.NDArray[np.float64] | Ints) -> Floats:
        upto = np.concatenate([np.zeros((len(table), 1)), np.cumsum(table, axis=1)], axis=1)
        return np.ascontiguousarray(upto[:, stretches[:, 1]] - upto[:, stretches[:, 0]])

    expected = within(base)
    best, size, stretch = _best_of_centres(indptr, near, within(cases), expected, float(total))
    rng = np.random.default_rng(seed)
    highest = np.array([_highest(indptr, near, within(draw(rng)), expected, float(total)) for _ in range(runs)])
    clusters: list[Cluster] = []
    taken = np.zeros(cases.shape, dtype=bool)
    for centre in np.argsort(-best, kind="stable"):
        if best[centre] <= 0:
            break
        places = near[indptr[centre] : indptr[centre] + size[centre]]
        first, after = stretches[stretch[centre]].tolist()
        if taken[places, first:after].any():
            continue
        taken[places, first:after] = True
        clusters.append(
            Cluster(
                places=places, radius_m=float(np.hypot(*(points[places] - points[centre]).T).max()), first_day=first,
                last_day=after - 1, n=int(cases[places, first:after].sum()),
                expected=float(base[places, first:after].sum()), llr=float(best[centre]),
                p=float(((highest >= best[centre] - _LIKE).sum() + 1) / (runs + 1)),
            )
        )  # fmt: skip
    return Scan(clusters=tuple(clusters), total=total, runs=runs, tried=tried)


@compiled()
def _ratio(c: float, e: float, total: float) -> float:
    inside = c * np.log(c / e)
    return float(inside + (total - c) * np.log((total - c) / (total - e))) if c < total else float(inside)


@compiled()
def _best_of_centres(
    indptr: Ints, near: Ints, cases: Floats, expected: Floats, total: float
) -> tuple[Floats, Ints, Ints]:
    """Return the highest ratio of each centre, how many places its circle has, and its stretch."""
    n, w = len(indptr) - 1, cases.shape[1]
    best, size, stretch = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    c, e = np.zeros(w), np.zeros(w)
    for centre in range(n):
        c[:] = 0
        e[:] = 0
        for at in range(indptr[centre], indptr[centre + 1]):
            for k in range(w):
                c[k] += cases[near[at], k]
                e[k] += expected[near[at], k]
                if c[k] > e[k] and e[k] < total:
                    ratio = _ratio(c[k], e[k], total)
                    if ratio > best[centre]:
                        best[centre], size[centre], stretch[centre] = ratio, at - indptr[centre] + 1, k
    return best, size, stretch


@compiled()
def _highest(indptr: Ints, near: Ints, cases: Floats, expected: Floats, total: float) -> float:
    """Return the highest ratio of all windows.

    The ratio is at most the chi-squared distance ``(c - e)^2 total / (e (total - e))``, which needs no logarithm: few windows get past it.
    """
    best = 0.0
    c, e = np.zeros(cases.shape[1]), np.zeros(cases.shape[1])
    for centre in range(len(indptr) - 1):
        c[:] = 0
        e[:] = 0
        for at in range(indptr[centre], indptr[centre + 1]):
            place = near[at]
            for k in range(cases.shape[1]):
                c[k] += cases[place, k]
                e[k] += expected[place, k]
                over = c[k] - e[k]
                if over > 0 and over * over * total > best * e[k] * (total - e[k]) and e[k] < total:
                    best = max(best, _ratio(c[k], e[k], total))
    return best
