"""Cut grids into faces along lines, with the vertices that the lines need on shared boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import GeometryError
from geo.grids.applied import Applied
from geo.grids.arcs import LATTICE, Int64s, twice_area
from geo.grids.attach import Attachments
from geo.grids.recut import Polygons, polygons_of
from geo.grids.topology import Coverage

STEPS_PER_METRE = LATTICE / 111_320.0
_NO_PLACE = np.zeros((0, 2), dtype=np.int64)
_INSIDE = ("1FFF0F***", "1FFFFF***")  # a line whose inside is inside the area and whose ends are on its boundary


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Divided:
    """Grids cut along lines, on the lattice.

    Attributes
    ----------
    coverage : with the vertices at which lines meet boundaries; no grid is cut yet
    steps : the edit that put those vertices in, if one was needed
    origin : int64[2], what the faces are relative to
    faces : by row, polygons in steps from ``origin``, the largest first; together they are the grid
    """

    coverage: Coverage
    steps: tuple[Applied, ...]
    origin: Int64s
    faces: Mapping[int, tuple[shapely.Polygon, ...]]


def divide(
    coverage: Coverage, rows: Sequence[int], lines: Sequence[Int64s], *, origin: Int64s, snap_m: float
) -> Divided:
    """Return the faces, in steps from ``origin``, into which lines (int64[k, 2] on the lattice) cut grids.

    Where a line meets a boundary within ``snap_m`` of one of its vertices, it takes that vertex; else a vertex is put in,
    half a step off the line at most. Pieces that run along a boundary within ``snap_m`` are left out, so that no
    slivers come to be. Lines of vertices and edges of the grid itself are taken as they are.

    Raises
    ------
    GeometryError
        If lines and boundaries are so near to each other that faces cannot be told apart.
    """
    snap = snap_m * STEPS_PER_METRE
    local = [shapely.LineString(line - origin) for line in lines if len(line) > 1]
    attachments = Attachments(coverage, snap)
    pieces = {row: _pieces(coverage, row, local, origin, snap, attachments) for row in rows}
    after, steps = attachments.made()
    faces = {row: _faces(after, row, pieces[row], origin) for row in rows}
    return Divided(coverage=after, steps=steps, origin=origin, faces=faces)


def local_shape(polygons: Polygons, origin: Int64s) -> shapely.MultiPolygon:
    """Return polygons on the lattice in steps from ``origin``."""
    return shapely.MultiPolygon(
        [shapely.Polygon(rings[0] - origin, [ring - origin for ring in rings[1:]]) for rings in polygons]
    )


def dissolved(faces: Sequence[BaseGeometry], origin: Int64s) -> Polygons:
    """Return the union of faces that share their edges, as rings on the lattice; vertices stay as they are."""
    whole = shapely.coverage_union_all(np.array(faces, dtype=object))
    return lattice_polygons(whole, origin)


def lattice_polygons(shape: BaseGeometry, origin: Int64s) -> Polygons:
    """Return the rings of a shape in whole steps from ``origin``."""
    return tuple(
        tuple(
            np.rint(shapely.get_coordinates(ring)).astype(np.int64) + origin
            for ring in (polygon.exterior, *polygon.interiors)
        )
        for polygon in shapely.get_parts(shape)
        if polygon.geom_type == "Polygon" and not polygon.is_empty
    )


def _pieces(
    coverage: Coverage,
    row: int,
    lines: Sequence[shapely.LineString],
    origin: Int64s,
    snap: float,
    attachments: Attachments,
) -> list[Int64s]:
    """Return the pieces of lines inside a grid, from boundary to boundary, on the lattice."""
    area = local_shape(polygons_of(coverage, row), origin)
    near = [line for line in lines if shapely.intersects(line, area)]
    if not near:
        return []
    chains = [chain for line in near for chain in _chains(line, area)]
    enters = [chain for chain in chains if shapely.relate_pattern(chain, area, "T********")]
    exact = [chain for chain in enters if any(shapely.relate_pattern(chain, area, how) for how in _INSIDE)]
    made = [_steps(chain, origin) for chain in exact]
    rough = [chain for chain in enters if chain not in exact]
    if not rough:
        return made
    boundary = shapely.boundary(area)
    inner = shapely.intersection(shapely.union_all(np.array(rough, dtype=object)), shapely.buffer(area, -snap))
    crossings = shapely.get_coordinates(shapely.intersection(shapely.union_all(np.array(rough)), boundary))
    for piece in shapely.get_parts(shapely.line_merge(inner) if inner.geom_type == "MultiLineString" else inner):
        if piece.geom_type != "LineString" or shapely.length(piece) < 1:
            continue
        line = _steps(piece, origin)
        if np.array_equal(line[0], line[-1]):
            made.append(line)
            continue
        ends = [
            attachments.place(row, end + origin, crossings + origin) for end in (line[0] - origin, line[-1] - origin)
        ]
        reached = [_NO_PLACE if end is None else end[None] for end in ends]  # where lines meet inside, none is near
        made.append(_without_repeats(np.concatenate([reached[0], line, reached[1]])))
    return made


def _chains(line: shapely.LineString, area: shapely.MultiPolygon) -> list[shapely.LineString]:
    """Return a line cut at those of its vertices that are vertices of the area."""
    xy = shapely.get_coordinates(line)
    corners = set(map(tuple, shapely.get_coordinates(area).tolist()))
    closed = bool((xy[0] == xy[-1]).all())
    stops = [i for i, place in enumerate(xy.tolist()) if tuple(place) in corners]
    if closed and stops:
        xy = np.vstack([xy[stops[0] : -1], xy[: stops[0] + 1]])
        stops = [i for i, place in enumerate(xy.tolist()) if tuple(place) in corners]
    cuts = sorted({0, *stops, len(xy) - 1})
    return [shapely.LineString(xy[a : b + 1]) for a, b in pairwise(cuts)]


def _steps(line: BaseGeometry, origin: Int64s) -> Int64s:
    return _without_repeats(np.rint(shapely.get_coordinates(line)).astype(np.int64) + origin)


def _without_repeats(line: Int64s) -> Int64s:
    return line[np.r_[True, (np.diff(line, axis=0) != 0).any(axis=1)]]


def _faces(coverage: Coverage, row: int, pieces: Sequence[Int64s], origin: Int64s) -> tuple[shapely.Polygon, ...]:
    """Return the faces between the rings of a grid and the pieces inside it."""
    polygons = polygons_of(coverage, row)
    area = local_shape(polygons, origin)
    if not pieces:
        return _by_size(area.geoms)
    noded = shapely.union_all(
        np.array([shapely.LineString(piece - origin) for piece in pieces if len(piece) > 1]), grid_size=1
    )
    lines = [np.rint(shapely.get_coordinates(part)) for part in shapely.get_parts(noded)]
    lines += [(ring - origin).astype(float) for polygon in polygons for ring in polygon]
    edges = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines])
    segments = np.asarray(shapely.linestrings(edges), dtype=object)
    found = np.asarray(shapely.get_parts(shapely.polygonize(segments)), dtype=object)
    faces = [face for face in found if shapely.intersects(area, shapely.point_on_surface(face))]
    total = sum(_twice_area(face) for face in area.geoms)
    if sum(_twice_area(face) for face in faces) != total or not shapely.coverage_is_valid(
        np.array(faces, dtype=object)
    ):
        code = coverage.codes[row]
        raise GeometryError(
            f"Grid {code}: the line runs so near to the boundary that they cannot be told apart; draw it further away, "
            "or along the boundary; nothing was changed",
            f"网格 {code}：所画的线与边界过近，无法区分，请离开边界或沿边界重画，未作任何改动",
            rows=[code],
        )
    return _by_size(faces)


def _twice_area(face: shapely.Polygon) -> int:
    rings = lattice_polygons(face, np.zeros(2, dtype=np.int64))[0]
    return abs(twice_area(rings[0])) - sum(abs(twice_area(ring)) for ring in rings[1:])


def _by_size(faces: Iterable[shapely.Polygon]) -> tuple[shapely.Polygon, ...]:
    """Return faces with the largest first; equal ones from west to east, south to north."""
    return tuple(sorted(faces, key=lambda face: (-_twice_area(face), *face.bounds)))
