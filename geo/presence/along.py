"""Moves along streets instead of straight lines: positions matched to the network, tunnels and short silences bridged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.crs import to_metric
from geo.presence.legs import Legs
from geo.presence.positions import Positions
from geo.streets.assemble import segment_metres
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matched, Matcher
from geo.streets.matching.track import Track

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Driven:
    """Moves of all units along streets.

    Attributes
    ----------
    chain : int64[k], of each position the unbroken drive that it is on, -1 where it could not be matched
    legs : the drives in straight pieces
    """

    chain: npt.NDArray[np.int64]
    legs: Legs


def driven(matcher: Matcher, positions: Positions, crs: str) -> Driven:
    """Match the positions of each unit; the legs are in metres of ``crs``."""
    chain = np.full(len(positions), -1, np.int64)
    lonlat: list[Floats] = []
    seconds: list[Floats] = []
    told = 0
    edges = np.searchsorted(positions.unit, np.arange(len(positions.units) + 1))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        track = Track(lonlat=positions.lonlat[first:last], seconds=positions.seconds[first:last])
        matched = matcher.match(track)
        chain[first:last] = np.where(matched.chain >= 0, matched.chain + told, -1)
        told += int(matched.chain.max(initial=-1)) + 1
        for spots, times in _pieces(matcher.graph, track, matched):
            lonlat.append(np.stack([spots[:-1], spots[1:]], axis=1))
            seconds.append(np.stack([times[:-1], times[1:]], axis=1))
    ends = np.concatenate(lonlat) if lonlat else np.zeros((0, 2, 2))
    times = np.concatenate(seconds) if seconds else np.zeros((0, 2))
    start, end = (to_metric(ends[:, k], crs) if len(ends) else np.zeros((0, 2)) for k in (0, 1))
    return Driven(chain=chain, legs=Legs(start_xy=start, end_xy=end, begin=times[:, 0], until=times[:, 1]))


def _pieces(graph: StreetGraph, track: Track, matched: Matched) -> list[tuple[Floats, Floats]]:
    """Return each arc driven as degrees float64[n, 2] at rising seconds float64[n]."""
    out = []
    for row, (arc, number) in enumerate(zip(matched.driven_arc.tolist(), matched.driven_chain.tolist(), strict=True)):
        enter, leave = float(matched.enter_seconds[row]), float(matched.leave_seconds[row])
        on = np.flatnonzero(
            (matched.arc == arc) & (matched.chain == number) & (track.seconds >= enter) & (track.seconds <= leave)
        )
        first = row == 0 or matched.driven_chain[row - 1] != number
        last = row == len(matched.driven_arc) - 1 or matched.driven_chain[row + 1] != number
        at, share = track.seconds[on], np.maximum.accumulate(matched.share[on])
        low = share[0] if first and len(on) else 0.0
        high = share[-1] if last and len(on) else 1.0
        at, share = np.r_[enter, at, leave], np.r_[low, share, high]
        line = graph.arc_lonlat(arc)
        run = np.r_[0.0, np.cumsum(segment_metres(line[:-1], line[1:]))]
        run = run / run[-1] if run[-1] > 0 else np.linspace(0.0, 1.0, len(run))
        bends = run[(run > low) & (run < high)]
        shares = np.r_[share, bends]
        times = np.r_[at, np.interp(bends, share, at)]
        order = np.lexsort((shares, times))
        shares, times = np.maximum.accumulate(shares[order]), times[order]
        spots = np.column_stack([np.interp(shares, run, line[:, k]) for k in (0, 1)])
        out.append((spots, times))
    return out
