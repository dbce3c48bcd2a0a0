"""Places on arcs: the nearest position on a street that a profile may use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import pick_metric_crs, to_metric
from geo.errors import CoordinateError, InputError, ParameterError
from geo.streets.assemble import runs, strong_parts
from geo.streets.graph import StreetGraph
from geo.streets.speeds import SpeedTable, arc_kph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Positions on arcs, read-only; ``k`` places.

    A place stands on one arc. Where that arc has a ``reverse`` that the profile may use, the street is two-way and
    travel may leave and arrive in both directions: the same spot lies ``metres[arc] - metres_along`` along the reverse.

    Attributes
    ----------
    arc : int32[k], -1 where ``ok`` is false
    metres_along : float32[k], from the tail of the arc, within 0 and its length
    offset_m : float32[k], walk between the place and the kerb, counted at 1.2 m/s; inf where ``ok`` is false
    lonlat : float64[k, 2], where it was asked for, WGS84 degrees
    ok : bool[k], false = no street of this profile near enough; such a place is unreachable, never moved
    """

    arc: npt.NDArray[np.int32]
    metres_along: npt.NDArray[np.float32]
    offset_m: npt.NDArray[np.float32]
    lonlat: npt.NDArray[np.float64]
    ok: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        k = len(self.arc)
        for item in fields(self):
            value = getattr(self, item.name)
            if len(value) != k:
                raise InputError(f"Places array {item.name} is not of length {k}", f"位置数组 {item.name} 长度应为 {k}")
            value.setflags(write=False)

    def __len__(self) -> int:
        return len(self.arc)


class Snapper:
    """Finds the nearest position on the streets that a profile may use.

    Parameters
    ----------
    graph, profile
        The network and one of ``PROFILES``.
    speeds
        Classes with 0 km/h in this table are not used either; ``SpeedTable.default()`` unless given.
    closed
        Arc numbers that nobody may pass.
    connected
        True leaves out streets that are cut off from the largest part in which every node reaches every other.
    """

    def __init__(
        self,
        graph: StreetGraph,
        profile: str,
        *,
        speeds: SpeedTable | None = None,
        closed: Sequence[int] | npt.NDArray[np.integer] = (),
        connected: bool = False,
    ) -> None:
        usable = arc_kph(graph, profile, speeds=speeds) > 0
        usable[np.asarray(closed, dtype=np.int64)] = False
        if connected and usable.any():
            parts = strong_parts(graph, usable)
            largest = np.bincount(parts[parts >= 0]).argmax()
            usable &= (parts[graph.tails()] == largest) & (parts[graph.heads] == largest)
        # One of the two arcs of a two-way street is enough: a place counts for both.
        arcs = np.arange(graph.arcs, dtype=np.int32)
        twin = (graph.reverse >= 0) & usable[graph.reverse] & (graph.reverse < arcs)
        self.graph = graph
        self.profile = profile
        self.crs = pick_metric_crs(graph.bounds)
        self.arcs = np.flatnonzero(usable & ~twin).astype(np.int32)
        starts = graph.geometry_offsets[:-1].astype(np.int64)[self.arcs]
        sizes = np.diff(graph.geometry_offsets).astype(np.int64)[self.arcs]
        metric = to_metric(graph.geometry_lonlat[runs(starts, sizes)], self.crs) if len(self.arcs) else np.zeros((0, 2))
        owner = np.repeat(np.arange(len(self.arcs)), sizes)
        self._lines = cast("npt.NDArray[np.object_]", shapely.linestrings(cast("Any", metric), indices=owner))
        self._lengths = shapely.length(self._lines)
        self._tree = shapely.STRtree(cast("Any", self._lines))

    def snap(self, lonlat: npt.NDArray[np.float64], max_m: float = 500.0) -> Places:
        """Return the nearest places for float64[k, 2] WGS84 degrees; ``ok`` is false beyond ``max_m`` metres.

        Among streets at the same distance the lowest arc number wins. Coordinates that are not finite raise
        ``CoordinateError``.
        """
        spots = np.array(lonlat, dtype=np.float64).reshape(-1, 2)
        wrong = np.flatnonzero(~np.isfinite(spots).all(axis=1))
        if wrong.size:
            raise CoordinateError(
                f"{wrong.size} places have no finite coordinate",
                f"{wrong.size} 个位置坐标无效",
                rows=[str(row) for row in wrong[:10]],
            )
        if not (np.isfinite(max_m) and max_m > 0):
            raise ParameterError("The largest walk to a street must be over 0 metres", "到道路的最大距离必须大于 0 米")
        k = len(spots)
        arc = np.full(k, -1, np.int32)
        along = np.zeros(k, np.float32)
        offset = np.full(k, np.inf, np.float32)
        if k and len(self.arcs):
            metric = to_metric(spots, self.crs)
            # Far outside the zone the projection has no finite answer; such a place is off the network.
            near = np.flatnonzero(np.isfinite(metric).all(axis=1))
            points = cast("npt.NDArray[np.object_]", shapely.points(cast("Any", metric[near])))
            (place, line), apart = self._tree.query_nearest(
                cast("Any", points), max_distance=max_m, return_distance=True, all_matches=True
            )
            order = np.lexsort((line, place))
            place, first = np.unique(place[order], return_index=True)
            line, apart = line[order][first], apart[order][first]
            reached = shapely.line_locate_point(self._lines[line], points[place])
            length = self._lengths[line]
            share = np.divide(reached, length, out=np.zeros(len(line)), where=length > 0)
            at = near[place]
            arc[at] = self.arcs[line]
            # The share carries over to the length in the file, which may count bends that are not drawn.
            along[at] = np.clip(share, 0.0, 1.0) * self.graph.metres[self.arcs[line]]
            offset[at] = apart
        return Places(arc=arc, metres_along=along, offset_m=offset, lonlat=spots, ok=arc >= 0)
