"""From places on streets to coverage, by searches that stop at the limit: no table of all times is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import InputError
from geo.streets.snap import Places
from geo.streets.travel import Travel
from geo.streets.within import Within
from planners.posts.coverage import Coverage
from planners.posts.problem import brief, named
from planners.posts.reduce import Floats, Indices, Starts


def coverage_on_streets(
    travel: Travel, sites: Places, demand: Places, *, radius_seconds: float, closed: Sequence[int] = ()
) -> Coverage:
    """Return which site reaches which demand point in time, from the site to the point; equality covers.

    The same pairs and seconds as ``build_coverage`` makes of ``travel.matrix``; ``nearest_seconds`` beyond the limit is
    to a millisecond.
    """
    usable = np.ones(len(sites), bool)
    usable[list(closed)] = False
    found = travel.within(sites, demand, limit_seconds=radius_seconds)
    starts, columns, seconds = _by_destination(found.indptr, found.destinations, found.seconds, len(demand))
    return Coverage(
        indptr=starts,
        sites=columns,
        seconds=seconds,
        nearest_seconds=_nearest(travel, sites, demand, usable, found),
        count=len(sites),
        radius_seconds=radius_seconds,
    )


def require_on_streets(sites: Places, keys: Sequence[str]) -> None:
    """Raise ``InputError`` that names the sites that stand on no street."""
    off = np.flatnonzero(~sites.ok)
    if len(off):
        names = named(keys, off)
        raise InputError(
            f"Sites {brief(names)} are too far from any street; move them to a street or leave them out",
            f"点位 {brief(names)} 距任何道路过远，请移到道路上或不纳入候选",
            rows=names,
        )


def _nearest(
    travel: Travel, sites: Places, demand: Places, usable: npt.NDArray[np.bool_], found: Within
) -> npt.NDArray[np.float64]:
    nearest = np.full(len(demand), np.inf)
    rows = np.flatnonzero(usable)
    if len(rows):
        several = Places(
            arc=sites.arc[rows], metres_along=sites.metres_along[rows], offset_m=sites.offset_m[rows],
            lonlat=sites.lonlat[rows], ok=sites.ok[rows],
        )  # fmt: skip
        nearest = travel.nearest(several, demand)
    owner = np.repeat(np.arange(len(sites)), np.diff(found.indptr))
    kept = usable[owner]
    reached = np.full(len(demand), np.inf)
    np.minimum.at(reached, found.destinations[kept], found.seconds[kept])
    return np.where(np.isfinite(reached), reached, nearest)


@compiled()
def _by_destination(starts: Starts, columns: Indices, values: Floats, count: int) -> tuple[Starts, Indices, Floats]:
    """Return the pairs by destination, origins rising."""
    out_starts = np.zeros(count + 1, np.int64)
    for e in range(len(columns)):
        out_starts[columns[e] + 1] += 1
    for j in range(count):
        out_starts[j + 1] += out_starts[j]
    place = out_starts[:-1].copy()
    out, out_values = np.empty(len(columns), np.int32), np.empty(len(columns))
    for i in range(len(starts) - 1):
        for e in range(starts[i], starts[i + 1]):
            j = columns[e]
            out[place[j]] = i
            out_values[place[j]] = values[e]
            place[j] += 1
    return out_starts, out, out_values
