"""Places to watch for near repeats, each with its reason and the day on which it drops off the list by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.errors import InputError, ParameterError
from geo.hotspots.near_pairs import near_pairs
from geo.hotspots.near_repeat import NearRepeats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WatchRule:
    """How far and how long a call raises the chance of another, read off a near-repeat test.

    ``ratio`` is observed over mean of all pairs within ``reach_m`` and ``days``; ``p`` the highest of the bands that make it up.
    """

    reach_m: float
    days: float
    ratio: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WatchedPlace:
    """A place near which another call is more likely than usual.

    Attributes
    ----------
    xy : middle of the calls, metres
    radius_m : the reach of the rule beyond the call that is furthest from the middle
    calls : int64[k], rows of the calls that put it on the list
    since, until : first call, and when the last one no longer counts (expiry), days
    """

    xy: tuple[float, float]
    radius_m: float
    calls: npt.NDArray[np.int64]
    since: float
    until: float
    rule: WatchRule

    def sentence(self, language: str = "zh") -> str:
        """Return why it is watched."""
        n, rule = len(self.calls), self.rule
        if language.startswith("zh"):
            return f"近期同类警情 {n}起；{rule.reach_m:g} 米、{rule.days:g} 天内再发约为平时的 {rule.ratio:.1f} 倍（p={rule.p:.3f}）"
        return (
            f"{n} such calls lately; another within {rule.reach_m:g} m and {rule.days:g} days is about "
            f"{rule.ratio:.1f} times as likely as usual (p={rule.p:.3f})"
        )


def watch_rule(test: NearRepeats, *, level: float = 0.05, least_ratio: float = 1.2) -> WatchRule | None:
    """Return the widest stretch of bands from the nearest and soonest on that all stand out; None where the first does not.

    Bands are widened first in time, then in distance, while every band has p at most ``level`` and a ratio of at least
    ``least_ratio``.
    """
    if not (0 < level < 1 and least_ratio >= 1):
        raise ParameterError(
            "The level lies between 0 and 1, the ratio at 1 or above", "显著性水平应在 0 与 1 之间，倍数应不小于 1"
        )
    first = int(test.same_place)
    good = (test.p <= level) & (test.observed >= least_ratio * test.mean) & (test.observed > 0)
    good = good[first : first + len(test.space_m), : len(test.days)]
    if not good[0, 0]:
        return None
    columns = int(np.logical_and.accumulate(good[0]).sum())
    rows = int(np.logical_and.accumulate(good[:, :columns].all(axis=1)).sum())
    part = (slice(first, first + rows), slice(0, columns))
    mean = float(test.mean[part].sum())
    return WatchRule(
        reach_m=test.space_m[rows - 1], days=test.days[columns - 1],
        ratio=float(test.observed[part].sum()) / max(mean, 1 / test.runs), p=float(test.p[part].max()),
    )  # fmt: skip


def watch_list(xy: npt.ArrayLike, days: npt.ArrayLike, *, now: float, rule: WatchRule) -> tuple[WatchedPlace, ...]:
    """Return the places to watch at the time ``now``, the most calls and latest expiry first.

    ``xy`` (float64[n, 2] in metres) and ``days`` (float64[n]) are those of the calls; calls after ``now`` and those that are ``rule.days``
    old or older do not count. Calls within half the reach of each other, directly or through others, are one place.
    """
    places, when = np.asarray(xy, np.float64).reshape(-1, 2), np.asarray(days, np.float64)
    if len(places) != len(when) or not np.isfinite(when).all():
        raise InputError("Each call needs a place and a day", "每起警情需要地点和日期")
    live = np.flatnonzero((when <= now) & (when + rule.days > now))
    if not len(live):
        return ()
    pairs = near_pairs(places[live], rule.reach_m / 2)
    rows = np.repeat(pairs.order, np.diff(pairs.indptr))
    graph = csr_array((np.ones(len(rows)), (rows, pairs.order[pairs.other])), shape=(len(live), len(live)))
    count, group = connected_components(graph, directed=False)
    found = []
    for k in range(count):
        calls = live[group == k]
        middle = places[calls].mean(axis=0)
        spread = float(np.hypot(*(places[calls] - middle).T).max())
        found.append(
            WatchedPlace(
                xy=(float(middle[0]), float(middle[1])), radius_m=rule.reach_m + spread, calls=calls,
                since=float(when[calls].min()), until=float(when[calls].max()) + rule.days, rule=rule,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda place: (-len(place.calls), -place.until, place.xy)))
