"""One journey along the streets: its line, the time at each vertex, its streets' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.streets.assemble import runs, segment_metres
from geo.streets.graph import StreetGraph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """A journey between two places; arrays are read-only.

    Attributes
    ----------
    lonlat : float64[k, 2], vertices on the streets from kerb to kerb, WGS84 degrees
    seconds : float64[k], since leaving the origin; begins with the walk to the kerb
    total_seconds : float, with the walk from the last kerb; equals the entry of the matrix
    metres : float, along the streets, walks not counted
    arcs : int32[a], street arcs in order, the first and the last possibly driven in part
    names : tuple of str, street names in order; neighbours that are equal are one, nameless streets are left out
    """

    lonlat: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    total_seconds: float
    metres: float
    arcs: npt.NDArray[np.int32]
    names: tuple[str, ...]

    @classmethod
    def along(
        cls,
        graph: StreetGraph,
        arcs: npt.NDArray[np.int32],
        milliseconds: npt.NDArray[np.int32],
        *,
        start_share: float,
        end_share: float,
        walk_before_seconds: float,
        walk_after_seconds: float,
    ) -> Self:
        """Join arcs into a line, from a share of the first to a share of the last.

        ``milliseconds`` int32[a] are those spent on each arc, part arcs counted in part.
        """
        first = graph.geometry_offsets[arcs].astype(np.int64)
        counts = graph.geometry_offsets[arcs + 1] - first
        vertices = graph.geometry_lonlat[runs(first, counts)]
        share = _shares(vertices, counts)
        low, high = np.zeros(len(arcs)), np.ones(len(arcs))
        low[0], high[-1] = start_share, end_share
        lonlat, share, owner = _cut(vertices, share, np.repeat(np.arange(len(arcs)), counts), low, high)
        before = np.cumsum(milliseconds) - milliseconds
        span = high - low
        driven = np.divide(share - low[owner], span[owner], out=np.zeros(len(share)), where=span[owner] > 0)
        seconds = (before[owner] + driven * milliseconds[owner]) / 1000.0 + walk_before_seconds
        # An arc begins where the one before it ended: keep one of the two vertices.
        kept = np.ones(len(lonlat), np.bool_)
        kept[1:] = (lonlat[1:] != lonlat[:-1]).any(axis=1) | (seconds[1:] != seconds[:-1])
        named = graph.name_ids[arcs]
        named = named[named > 0]
        named = named[np.diff(named, prepend=0) != 0]
        lonlat, seconds = lonlat[kept], seconds[kept]
        for array in (lonlat, seconds, arcs):
            array.setflags(write=False)
        return cls(
            lonlat=lonlat,
            seconds=seconds,
            total_seconds=int(milliseconds.sum()) / 1000.0 + (walk_before_seconds + walk_after_seconds),
            metres=float((graph.metres[arcs] * span).sum()),
            arcs=arcs,
            names=tuple(graph.names[k] for k in named),
        )


def _shares(vertices: npt.NDArray[np.float64], counts: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return the position of each vertex along its own arc, 0 to 1."""
    step = np.zeros(len(vertices))
    step[1:] = segment_metres(vertices[:-1], vertices[1:])
    ends = np.cumsum(counts)
    starts = ends - counts
    step[starts] = 0.0
    along = np.cumsum(step)
    along -= np.repeat(along[starts], counts)
    length = np.repeat(along[ends - 1], counts)
    share: npt.NDArray[np.float64] = np.divide(along, length, out=np.zeros(len(vertices)), where=length > 0)
    share[ends - 1] = 1.0
    return share


def _cut(
    vertices: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    owner: npt.NDArray[np.int64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Keep what lies within ``low`` of the first arc and ``high`` of the last, with a vertex at each cut."""
    inside = (share >= low[owner]) & (share <= high[owner])
    last = len(low) - 1
    start, end = _at(vertices, share, owner == 0, low[0]), _at(vertices, share, owner == last, high[last])
    lonlat = np.concatenate([start[None], vertices[inside], end[None]])
    shares = np.concatenate([[low[0]], share[inside], [high[last]]])
    owners = np.concatenate([[0], owner[inside], [last]])
    return lonlat, shares, owners


def _at(
    vertices: npt.NDArray[np.float64], share: npt.NDArray[np.float64], rows: npt.NDArray[np.bool_], where: float
) -> npt.NDArray[np.float64]:
    """Return the point at a share along one arc."""
    along, line = share[rows], vertices[rows]
    return np.array([np.interp(where, along, line[:, 0]), np.interp(where, along, line[:, 1])])
