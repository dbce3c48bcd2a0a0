"""Moves along streets instead of straight lines: positions matched to the network, tunnels and short silences bridged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.crs import to_metric
from geo.presence.legs import Legs
from geo.presence.positions import Positions
from geo.streets.assemble import segment_metres
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matcher
from geo.streets.matching.track import Track

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


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
    lonlat, seconds = [np.zeros((0, 2, 2))], [np.zeros((0, 2))]
    graph, told = matcher.graph, 0
    runs = _runs(graph)
    edges = np.searchsorted(positions.unit, np.arange(len(positions.units) + 1))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        track = Track(lonlat=positions.lonlat[first:last], seconds=positions.seconds[first:last])
        found = matcher.match(track)
        chain[first:last] = np.where(found.chain >= 0, found.chain + told, -1)
        told += int(found.chain.max(initial=-1)) + 1
        spots, times, row = _bent(
            found.driven_arc, found.driven_chain, found.enter_seconds, found.leave_seconds, track.seconds, found.arc,
            found.chain, found.share, graph.geometry_offsets, graph.geometry_lonlat, runs,
        )  # fmt: skip
        same = row[1:] == row[:-1]
        lonlat.append(np.stack([spots[:-1][same], spots[1:][same]], axis=1))
        seconds.append(np.stack([times[:-1][same], times[1:][same]], axis=1))
    ends, times = np.concatenate(lonlat), np.concatenate(seconds)
    start, end = (to_metric(ends[:, k], crs) if len(ends) else np.zeros((0, 2)) for k in (0, 1))
    return Driven(chain=chain, legs=Legs(start_xy=start, end_xy=end, begin=times[:, 0], until=times[:, 1]))


def _runs(graph: StreetGraph) -> Floats:
    """Return for each point of the geometry how far along its arc it lies, float64[g], 0 to 1."""
    first, last = graph.geometry_offsets[:-1].astype(np.int64), graph.geometry_offsets[1:].astype(np.int64)
    step = np.r_[0.0, segment_metres(graph.geometry_lonlat[:-1], graph.geometry_lonlat[1:])]
    step[first] = 0.0
    run = np.cumsum(step)
    run -= np.repeat(run[first], last - first)
    whole = run[last - 1]
    return np.asarray(run / np.repeat(np.where(whole > 0, whole, 1.0), last - first))


@compiled()
def _bent(
    driven_arc: Ints, driven_chain: Ints, enter: Floats, leave: Floats, seconds: Floats, arc: Ints, chain: Ints,
    share: Floats, offsets: Ints, lonlat: Floats, runs: Floats,
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:  # fmt: skip
    """Return each arc driven in straight pieces: degrees float64[n, 2] at seconds float64[n], with the row of the arc.

    A piece ends where a position is known, at bends, and at the ends of the arc; at the first and the last arc of a drive
    where the first and last position are.
    """
    spots, times, row = np.empty((1024, 2)), np.empty(1024), np.empty(1024, np.int64)
    n, at, rows = 0, 0, len(driven_arc)
    for r in range(rows):
        while at < len(seconds) and seconds[at] < enter[r]:
            at += 1
        until = at
        while until < len(seconds) and seconds[until] <= leave[r]:
            until += 1
        known, when = np.empty(until - at + 2), np.empty(until - at + 2)
        k, high = 1, 0.0
        for i in range(at, until):
            if arc[i] == driven_arc[r] and chain[i] == driven_chain[r]:
                high = max(high, share[i])
                known[k], when[k] = high, seconds[i]
                k += 1
        begins = r == 0 or driven_chain[r - 1] != driven_chain[r]
        ends = r == rows - 1 or driven_chain[r + 1] != driven_chain[r]
        known[0], when[0] = known[1] if begins and k > 1 else 0.0, enter[r]
        known[k], when[k] = high if ends and k > 1 else 1.0, leave[r]
        k += 1
        first, last = offsets[driven_arc[r]], offsets[driven_arc[r] + 1]
        bend = first
        while bend < last and runs[bend] <= known[0]:
            bend += 1
        i, line = 0, first
        while i < k:
            # Bends before the next known place; while a unit stands none is passed.
            if i > 0 and bend < last and runs[bend] < known[i]:
                part = (runs[bend] - known[i - 1]) / (known[i] - known[i - 1])
                along, moment = runs[bend], when[i - 1] + part * (when[i] - when[i - 1])
                bend += 1
            else:
                along, moment = known[i], when[i]
                i += 1
            while line < last - 2 and runs[line + 1] < along:
                line += 1
            wide = runs[line + 1] - runs[line]
            over = min(1.0, max(0.0, (along - runs[line]) / wide)) if wide > 0.0 else 0.0
            if n == len(times):
                more, later, other = np.empty((2 * n, 2)), np.empty(2 * n), np.empty(2 * n, np.int64)
                more[:n], later[:n], other[:n] = spots, times, row
                spots, times, row = more, later, other
            spots[n, 0] = lonlat[line, 0] + over * (lonlat[line + 1, 0] - lonlat[line, 0])
            spots[n, 1] = lonlat[line, 1] + over * (lonlat[line + 1, 1] - lonlat[line, 1])
            times[n], row[n] = moment, r
            n += 1
    return spots[:n].copy(), times[:n].copy(), row[:n].copy()
