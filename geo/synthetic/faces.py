"""Street faces: the blocks between streets inside each zone, with the people who live along their edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import to_lonlat
from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.synthetic.lattice import Shapes, as_points, steps
from geo.synthetic.positions import MAIN, RESIDENTS, StreetPositions, arc_lines
from geo.synthetic.shares import totals
from geo.synthetic.zones import Zones, centres_of

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

SIDE_M: Final = 12.0
"""How far from the middle of the street people live, in metres."""
SIMPLIFY_STEPS: Final = 200.0
"""Bends of a street smaller than this (about 2 m) do not become bends of a border."""


LEAST_STREET_M: Final = 2_000.0
"""A zone with less residential street than this (both sides counted) has its people spread over its land."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Where the people of the zones live.

    Attributes
    ----------
    xy : float64[p, 2] lattice steps
    count : float64[p], people at each; sums to the population of every zone
    zone : int64[p]
    """

    xy: Float
    count: Float
    zone: Int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Blocks that tile the zones, each inside one.

    Attributes
    ----------
    shapes : Polygon[f] in lattice steps, a valid coverage
    zone : int64[f]
    people : float64[f]
    """

    shapes: Shapes
    zone: Int
    people: Float


def settle(zones: Zones, positions: StreetPositions) -> People:
    """Place the people of each zone along both sides of its streets, in proportion to residential length."""
    left = np.column_stack([-positions.along[:, 1], positions.along[:, 0]]) * SIDE_M
    xy = steps(to_lonlat(np.concatenate([positions.xy + left, positions.xy - left]), positions.crs))
    weight = np.tile(positions.class_weight(RESIDENTS), 2)
    zone_of = which(zones.shapes, xy)
    kept = (zone_of >= 0) & (weight > 0)
    xy, weight, zone = xy[kept], weight[kept], zone_of[kept]
    along = totals(zone, weight, len(zones))
    for bare in np.flatnonzero(along < LEAST_STREET_M).tolist():
        spread = _spread(zones.shapes[bare])
        others = zone != bare
        xy = np.vstack([xy[others], spread])
        weight = np.append(weight[others], np.ones(len(spread)))
        zone = np.append(zone[others], np.full(len(spread), bare))
    total = totals(zone, weight, len(zones))
    return People(xy=xy, count=weight / total[zone] * zones.people[zone], zone=zone)


def _spread(shape: shapely.Geometry) -> Float:
    """Return an even mesh of some hundred points inside one zone."""
    west, south, east, north = shapely.bounds(shape)
    size = np.sqrt((east - west) * (north - south) / 400.0)
    x, y = np.meshgrid(np.arange(west + size / 2, east, size), np.arange(south + size / 2, north, size))
    mesh = np.column_stack([x.ravel(), y.ravel()])
    inside = mesh[shapely.contains_xy(shape, mesh)]
    return inside if len(inside) else np.asarray(shapely.get_coordinates(shapely.point_on_surface(shape)))


def which(shapes: Shapes, xy: Float) -> Int:
    """Return the lowest index of the areas that hold each point, -1 where none does."""
    out = np.full(len(xy), -1, dtype=np.int64)
    area, point = shapely.STRtree(as_points(xy)).query(shapes, predicate="intersects")
    order = np.argsort(-area, kind="stable")
    out[point[order]] = area[order]
    return out


def street_lines(graph: StreetGraph, *, main_only: bool = False) -> Shapes:
    """Return the streets that may bound a grid as lines in lattice steps, once for both directions."""
    names = MAIN if main_only else tuple(name for name, weight in RESIDENTS.items() if weight > 0) + MAIN
    wanted = np.isin(graph.road_class, [ROAD_CLASSES.index(name) for name in names])
    arcs = np.arange(graph.arcs, dtype=np.int32)
    arcs = arcs[((graph.reverse < 0) | (arcs < graph.reverse)) & wanted]
    lines = arc_lines(graph, arcs, np.rint(steps(graph.geometry_lonlat)))
    lines = np.asarray(shapely.simplify(lines, SIMPLIFY_STEPS), dtype=object)
    return np.asarray(lines[shapely.length(lines) > 0], dtype=object)


def street_faces(zones: Zones, streets: Shapes, people: People, *, most_people: float) -> Faces:
    """Cut the zones along the streets; a block with more than ``most_people`` is cut again between centres of people.

    All borders are noded together by snap rounding on the lattice (Hobby 1999, as in GEOS OverlayNG), so that
    neighbours share every vertex.
    """
    lines = np.concatenate([streets, np.asarray(shapely.boundary(zones.shapes), dtype=object)])
    faces = _faces(zones, lines, people)
    cuts = _cuts(faces, people, most_people)
    return _faces(zones, np.concatenate([lines, cuts]), people) if len(cuts) else faces


def _faces(zones: Zones, lines: Shapes, people: People) -> Faces:
    noded = shapely.union_all(lines, grid_size=1)
    shapes = np.asarray(shapely.get_parts(shapely.polygonize([noded])), dtype=object)
    zone = which(zones.shapes, shapely.get_coordinates(shapely.point_on_surface(shapes)))
    shapes, zone = shapes[zone >= 0], zone[zone >= 0]
    # Sorted, so that nothing downstream depends on the order in which GEOS finds the faces.
    low = shapely.bounds(shapes)
    order = np.lexsort((shapely.area(shapes), low[:, 0], low[:, 1], zone))
    shapes, zone = shapes[order], zone[order]
    home = which(shapes, people.xy)
    lost = (home < 0) | (zone[home] != people.zone)
    if lost.any():
        home[lost] = _nearest_of_zone(shapes, zone, people, np.flatnonzero(lost))
    return Faces(shapes=shapes, zone=zone, people=totals(home, people.count, len(shapes)))


def _nearest_of_zone(shapes: Shapes, zone: Int, people: People, rows: Int) -> Int:
    """Find the face of the same zone that is nearest, for people whom rounding put on the other side."""
    out = np.empty(len(rows), dtype=np.int64)
    for index in np.unique(people.zone[rows]):
        own, mine = np.flatnonzero(zone == index), people.zone[rows] == index
        out[mine] = own[shapely.STRtree(shapes[own]).nearest(shapely.points(people.xy[rows[mine]]))]
    return out


def _cuts(faces: Faces, people: People, most_people: float) -> Shapes:
    """Return cell edges between centres of people inside blocks that hold too many."""
    home = which(faces.shapes, people.xy)
    cuts: list[shapely.Geometry] = []
    for face in np.flatnonzero(faces.people > most_people).tolist():
        mine = np.flatnonzero(home == face)
        wanted = int(np.ceil(faces.people[face] / (0.75 * most_people)))
        places = np.unique(np.rint(people.xy[mine]), axis=0)
        if len(places) < wanted:
            continue
        centres = centres_of(people.xy[mine], people.count[mine], wanted, rounds=8)
        cells = shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=faces.shapes[face], only_edges=True)
        cut = shapely.intersection(cells, faces.shapes[face], grid_size=1)
        cuts.extend(line for line in shapely.get_parts(cut) if line.geom_type == "LineString" and line.length > 0)
    return np.array(cuts, dtype=object)
