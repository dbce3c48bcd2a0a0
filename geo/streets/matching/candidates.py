"""The streets on which a position may truly have been: all within reach of its noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import pick_metric_crs, to_metric
from geo.streets.graph import StreetGraph

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Places on arcs for each position, nearest first.

    Attributes
    ----------
    indptr : int64[k + 1], rows of each position
    arc : int32[c]
    share : float64[c], how far along the arc, 0 to 1
    apart : float64[c], metres between the position and the place
    xy : float64[c, 2], the place in metres
    """

    indptr: npt.NDArray[np.int64]
    arc: npt.NDArray[np.int32]
    share: Floats
    apart: Floats
    xy: Floats


class Streets:
    """Segments of the arcs that a profile may use, indexed in metres; ``usable`` is bool[m]."""

    def __init__(self, graph: StreetGraph, usable: npt.NDArray[np.bool_]) -> None:
        self.crs = pick_metric_crs(graph.bounds)
        metric = to_metric(graph.geometry_lonlat, self.crs)
        sizes = np.diff(graph.geometry_offsets).astype(np.int64)
        # A two-way street is searched once: what lies on an arc lies on its reverse too.
        twin = (graph.reverse >= 0) & usable[graph.reverse] & (graph.reverse < np.arange(graph.arcs))
        kept = usable & ~twin
        last = np.zeros(len(metric), bool)
        last[graph.geometry_offsets[1:] - 1] = True
        owner = np.repeat(np.arange(graph.arcs, dtype=np.int32), sizes)
        start = np.flatnonzero(~last & kept[owner])
        self._from, self._to = metric[start], metric[start + 1]
        self._arc = owner[start]
        step = np.hypot(*(self._to - self._from).T)
        run = np.zeros(len(metric))
        run[start + 1] = step
        run = np.cumsum(run)
        self._before = run[start] - run[graph.geometry_offsets[self._arc]]
        self._length = np.maximum(step, 1e-9)
        whole = np.bincount(self._arc, weights=step, minlength=graph.arcs)
        self._whole = np.maximum(whole[self._arc], 1e-9)
        self._reverse = np.where((graph.reverse >= 0) & usable[graph.reverse], graph.reverse, -1)
        lines = shapely.linestrings(cast("Any", np.stack([self._from, self._to], axis=1)))
        self._tree = shapely.STRtree(cast("Any", np.atleast_1d(lines)))

    def near(self, lonlat: Floats, *, within_m: float, most: int) -> Candidates:
        """Return up to ``most`` places within ``within_m`` metres of float64[k, 2] degrees, both ways of a street."""
        spots = to_metric(lonlat, self.crs)
        points = shapely.points(cast("Any", spots))
        place, row = self._tree.query(cast("Any", np.atleast_1d(points)), predicate="dwithin", distance=within_m)
        ahead = self._to[row] - self._from[row]
        over = np.einsum("ij,ij->i", spots[place] - self._from[row], ahead) / self._length[row] ** 2
        over = np.clip(over, 0.0, 1.0)
        xy = self._from[row] + over[:, None] * ahead
        apart = np.hypot(*(xy - spots[place]).T)
        share = np.clip((self._before[row] + over * self._length[row]) / self._whole[row], 0.0, 1.0)
        arc = self._arc[row]
        # Of the segments of one arc the nearest counts.
        order = np.lexsort((row, apart, arc, place))
        place, arc, share, apart, xy = place[order], arc[order], share[order], apart[order], xy[order]
        first = np.ones(len(place), bool)
        first[1:] = (place[1:] != place[:-1]) | (arc[1:] != arc[:-1])
        place, arc, share, apart, xy = place[first], arc[first], share[first], apart[first], xy[first]
        both = np.flatnonzero(self._reverse[arc] >= 0)
        place = np.concatenate([place, place[both]])
        share = np.concatenate([share, 1.0 - share[both]])
        apart = np.concatenate([apart, apart[both]])
        xy = np.concatenate([xy, xy[both]])
        arc = np.concatenate([arc, self._reverse[arc[both]]]).astype(np.int32)
        order = np.lexsort((arc, apart, place))
        place, arc, share, apart, xy = place[order], arc[order], share[order], apart[order], xy[order]
        indptr = np.searchsorted(place, np.arange(len(spots) + 1))
        kept = np.arange(len(place)) - indptr[place] < most
        return Candidates(
            indptr=np.searchsorted(place[kept], np.arange(len(spots) + 1)).astype(np.int64),
            arc=arc[kept], share=share[kept], apart=apart[kept], xy=xy[kept],
        )  # fmt: skip
