"""Areas that are reached within given minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.compiled import compiled
from geo.crs import LONLAT, pick_metric_crs, to_lonlat, to_metric
from geo.errors import ParameterError
from geo.streets.assemble import runs
from geo.streets.contour import below
from geo.streets.graph import StreetGraph
from geo.streets.snap import Places
from geo.streets.speeds import NO_WAY, WALK_M_PER_S

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_MOST_LATTICE_POINTS: Final = 3_000_000
_SIMPLIFY_M: Final = 3.0


def isochrones(
    graph: StreetGraph,
    node_seconds: npt.NDArray[np.float64],
    minutes: Sequence[float],
    *,
    milliseconds: npt.NDArray[np.int32] | None = None,
    origins: Places | None = None,
    buffer_m: float = 60.0,
    fill_m2: float = 40_000.0,
) -> gpd.GeoDataFrame:
    """Return the area around the streets that are reached, one row a limit in rising order, EPSG:4326.

    A street that is reached in part counts up to the point where the time runs out. Every area contains those of
    shorter limits. Columns: ``minutes``, ``geometry`` (Polygon or MultiPolygon, empty where nothing is reached).

    Parameters
    ----------
    node_seconds
        float64[n] to each node, inf where unreachable; of several sources the soonest.
    minutes
        Limits, each over 0 and at most 600.
    milliseconds
        Weights of the arcs that ``node_seconds`` was made with. Without them the time on a street is taken from its
        two ends, which lets a street that is entered from both ends count a little too far.
    origins
        The places that times are counted from; adds what is reached on their own streets before the first node.
    buffer_m
        Distance from the street that counts as reached.
    fill_m2
        Holes smaller than this (city blocks) are filled.
    """
    limits = sorted({float(value) for value in minutes})
    if not limits or not all(0 < value <= 600 for value in limits):
        raise ParameterError(
            "Limits of an area must be over 0 and at most 600 minutes", "时限须大于 0 且不超过 600 分钟"
        )
    if len(node_seconds) != graph.nodes:
        raise ParameterError(f"Times are not one for each of {graph.nodes} nodes", f"时间数组应有 {graph.nodes} 个节点")
    if not 5 <= buffer_m <= 1000:
        raise ParameterError("The distance from the street must be 5 to 1000 metres", "离街距离应为 5 至 1000 米")
    crs = pick_metric_crs(graph.bounds)
    arc, start, end = _stretches(graph, node_seconds, 60.0 * limits[-1], milliseconds, origins)
    areas: list[shapely.Geometry] = [shapely.Polygon()] * len(limits)
    if len(arc):
        used = np.unique(arc)
        xy, offsets = _metric(graph, used, crs)
        west, south = xy.min(axis=0) - 1.6 * buffer_m
        spread = np.ptp(xy, axis=0) + 3.2 * buffer_m
        cell = max(buffer_m / 3.0, float(np.sqrt(spread.prod() / _MOST_LATTICE_POINTS)), 5.0)
        # A corner next to the outline is exact when it lies within the buffer and one diagonal.
        radius = buffer_m + 1.5 * cell
        west, south = west - radius, south - radius
        columns, rows = (int(value) for value in np.ceil((spread + 2 * radius) / cell) + 2)
        squared = np.full((rows, columns), radius * radius)
        before: shapely.Geometry = shapely.Polygon()
        for at, limit in enumerate(limits):
            arc, start, end = _stretches(graph, node_seconds, 60.0 * limit, milliseconds, origins)
            _nearest(squared, west, south, cell, radius, xy, offsets, np.searchsorted(used, arc), start, end)
            area = below(np.sqrt(squared), buffer_m, west=float(west), south=float(south), cell_m=cell)
            area = shapely.simplify(_filled(area, fill_m2), _SIMPLIFY_M)
            before = shapely.union(area, before)
            areas[at] = before
    placed = shapely.transform(
        np.array(areas, dtype=object), lambda spots: to_lonlat(spots, crs) if len(spots) else spots
    )
    return gpd.GeoDataFrame({"minutes": limits}, geometry=gpd.GeoSeries(cast("Any", placed)), crs=LONLAT)


def _stretches(
    graph: StreetGraph,
    node_seconds: _Floats,
    limit: float,
    milliseconds: npt.NDArray[np.int32] | None,
    origins: Places | None,
) -> tuple[_Ints, _Floats, _Floats]:
    """Return arcs and the shares from and up to which they are reached within ``limit`` seconds."""
    tails = graph.tails()
    left = limit - node_seconds[tails]
    if milliseconds is None:
        taken = np.maximum(
            node_seconds[graph.heads] - node_seconds[tails], 1e-3, where=left > 0, out=np.ones(len(tails))
        )
        passable = np.isfinite(node_seconds[graph.heads])
    else:
        taken = milliseconds / 1000.0
        passable = milliseconds < NO_WAY
    arc = np.flatnonzero((left > 0) & passable)
    end = np.minimum(left[arc] / taken[arc], 1.0)
    start = np.zeros(len(arc))
    if origins is None or milliseconds is None:
        return arc, start, end
    here = np.flatnonzero(origins.ok)
    here = here[limit - origins.offset_m[here] / WALK_M_PER_S > 0]
    left = limit - origins.offset_m[here].astype(np.float64) / WALK_M_PER_S
    own = origins.arc[here].astype(np.int64)
    share = origins.metres_along[here].astype(np.float64) / np.maximum(graph.metres[own], 1e-9)
    back = graph.reverse[own].astype(np.int64)
    for street, begin in ((own, share), (back, 1.0 - share)):
        goes = (street >= 0) & passable[street]
        arc = np.concatenate([arc, street[goes]])
        start = np.concatenate([start, begin[goes]])
        end = np.concatenate([end, np.minimum(begin[goes] + left[goes] / taken[street[goes]], 1.0)])
    return arc, start, end


def _metric(graph: StreetGraph, arcs: _Ints, crs: str) -> tuple[_Floats, _Ints]:
    sizes = np.diff(graph.geometry_offsets).astype(np.int64)[arcs]
    rows = runs(graph.geometry_offsets[:-1].astype(np.int64)[arcs], sizes)
    return to_metric(graph.geometry_lonlat[rows], crs), np.concatenate([[0], np.cumsum(sizes)])


@compiled()
def _nearest(
    squared: _Floats,
    west: float,
    south: float,
    cell: float,
    radius: float,
    xy: _Floats,
    offsets: _Ints,
    lines: _Ints,
    start: _Floats,
    end: _Floats,
) -> None:
    """Lower each lattice value to the squared distance to the stretches, where that is within the radius."""
    rows, columns = squared.shape
    for k in range(lines.shape[0]):
        first, last = offsets[lines[k]], offsets[lines[k] + 1] - 1
        length = 0.0
        for i in range(first, last):
            length += np.hypot(xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1])
        begin, stop = start[k] * length, end[k] * length
        passed = 0.0
        for i in range(first, last):
            dx, dy = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            step = np.hypot(dx, dy)
            enter, leave = max(begin - passed, 0.0), min(stop - passed, step)
            passed += step
            if leave < enter or step == 0.0:
                continue
            ax, ay = xy[i, 0] + dx * enter / step, xy[i, 1] + dy * enter / step
            bx, by = xy[i, 0] + dx * leave / step, xy[i, 1] + dy * leave / step
            sx, sy = bx - ax, by - ay
            norm = max(sx * sx + sy * sy, 1e-12)
            r0 = max(int(np.ceil((min(ay, by) - radius - south) / cell)), 0)
            r1 = min(int((max(ay, by) + radius - south) / cell), rows - 1)
            c0 = max(int(np.ceil((min(ax, bx) - radius - west) / cell)), 0)
            c1 = min(int((max(ax, bx) + radius - west) / cell), columns - 1)
            for r in range(r0, r1 + 1):
                py = south + r * cell - ay
                for c in range(c0, c1 + 1):
                    px = west + c * cell - ax
                    t = min(max((px * sx + py * sy) / norm, 0.0), 1.0)
                    ex, ey = px - t * sx, py - t * sy
                    apart = ex * ex + ey * ey
                    squared[r, c] = min(squared[r, c], apart)


def _filled(area: shapely.Geometry, fill_m2: float) -> shapely.Geometry:
    """Return the area without holes smaller than ``fill_m2``."""
    polygons = shapely.get_parts(area)
    whole = []
    for polygon in polygons:
        holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= fill_m2]
        whole.append(shapely.Polygon(polygon.exterior, holes))
    return shapely.union_all(whole)
