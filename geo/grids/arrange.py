"""All lines of a layer cut at each other: faces that belong to no, one or several areas, with their neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.grids.arcs import LATTICE, Int64s
from geo.grids.area import areas_m2
from geo.grids.gap_pieces import mouths
from geo.grids.rough import Objects

OUTSIDE: Final = -1
_ROUNDING: Final = 1.5
"""Faces thinner than this many steps are the work of snap rounding."""
_METRE: Final = 111_320.0 / LATTICE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faces:
    """Faces on the lattice that tile what the areas cover and what they enclose.

    Attributes
    ----------
    origin : int64[2], what coordinates are relative to
    shapes : object[f], polygons in whole steps from ``origin``
    cover : for each face the rows of the areas that it lies in, rising
    """

    origin: Int64s
    shapes: Objects
    cover: tuple[tuple[int, ...], ...]

    def m2(self) -> npt.NDArray[np.float64]:
        """Return the areas of the faces, float64[f], m2; those of the faces of a shape add up to it."""
        return face_areas_m2(self.shapes, self.origin)

    def borders(self) -> list[dict[int, float]]:
        """Return for each face its neighbours with the metres of common border; ``OUTSIDE`` is one of them."""
        return borders(self.shapes, float(self.origin[1]))

    def in_degrees(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape in lon/lat."""
        return cast("BaseGeometry", to_lonlat(np.array([shape], dtype=object), self.origin)[0])

    def spots(self) -> Objects:
        """Return a place inside each face in lon/lat; not on the lattice, since a face may be thinner than a step."""
        inside = np.asarray(shapely.point_on_surface(self.shapes), dtype=object)
        return np.asarray(shapely.transform(inside, lambda xy: (xy + self.origin) / LATTICE), dtype=object)


def arrange(shapes: Objects, *, lines: Objects | None = None, crack_m: float = 0.0) -> Faces:
    """Return the faces of areas in degrees on the lattice, with the edges of ``lines`` cut in as well.

    Cracks that open to the outside are closed at their mouth, where that is at most ``crack_m`` wide: they are faces too.

    Lines that cross are cut by snap rounding (Hobby 1999): vertices move to the lattice, and edges by at most
    0.71 of a step onto vertices that are nearer than that.
    """
    origin = np.rint(shapely.get_coordinates(shapes[:1])[0] * LATTICE).astype(np.int64)
    local = to_steps(shapes, origin)
    drawn = [shapely.boundary(local)]
    if lines is not None and len(lines):
        drawn.append(to_steps(lines, origin))
    if crack_m > 0:
        drawn.append(mouths(local, crack_m / _METRE))
    noded = shapely.union_all(np.concatenate(drawn), grid_size=1)
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    faces = np.array(found, dtype=object)
    return Faces(origin=origin, shapes=faces, cover=_settled(faces, _cover(faces, local), float(origin[1])))


def to_steps(shapes: Objects, origin: Int64s) -> Objects:
    """Return shapes in degrees in whole steps from ``origin``."""
    made = shapely.transform(shapes, lambda xy: np.rint(xy * LATTICE) - origin)
    return np.asarray(made, dtype=object)


def to_lonlat(shapes: Objects, origin: Int64s) -> Objects:
    """Return shapes in whole steps from ``origin`` in degrees, each coordinate the nearest to its seven decimals."""
    return np.asarray(shapely.transform(shapes, lambda xy: (np.rint(xy) + origin) / LATTICE), dtype=object)


def face_areas_m2(faces: Objects, origin: Int64s) -> npt.NDArray[np.float64]:
    """Return the areas of faces in steps from ``origin``, float64[f], m2."""
    return areas_m2(to_lonlat(faces, origin)) if len(faces) else np.zeros(0)


def _cover(faces: Objects, areas: Objects) -> tuple[tuple[int, ...], ...]:
    rows: list[list[int]] = [[] for _ in faces]
    if len(faces):
        held = areas.copy()
        shapely.prepare(held)
        area, face = shapely.STRtree(shapely.point_on_surface(faces)).query(held, predicate="intersects")
        for a, f in zip(area.tolist(), face.tolist(), strict=True):
            rows[f].append(a)
    return tuple(tuple(sorted(held)) for held in rows)


def _settled(faces: Objects, cover: tuple[tuple[int, ...], ...], south: float) -> tuple[tuple[int, ...], ...]:
    """Give faces in no area that are thinner than the rounding to the neighbour with most common border.

    They come from lines that were moved onto a vertex: no place inside them was in an area before.
    """
    width = 2 * shapely.area(faces) / np.maximum(shapely.length(faces), 1e-9)
    thin = [face for face in np.flatnonzero(width < _ROUNDING).tolist() if not cover[face]]
    if not thin:
        return cover
    near = borders(faces, south)
    made = list(cover)
    for face in sorted(thin, key=lambda f: -float(width[f])):
        beside = {other: m for other, m in near[face].items() if other != OUTSIDE and made[other]}
        if beside:
            made[face] = made[max(beside, key=lambda other: (round(beside[other], 3), -other))]
    return tuple(made)


def borders(faces: Objects, south: float) -> list[dict[int, float]]:
    """Return for each face its neighbours with the metres of common border, edge for edge."""
    near: list[dict[int, float]] = [{} for _ in faces]
    if not len(faces):
        return near
    rings, owner = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    steps = np.rint(xy).astype(np.int64)
    _, vertex = np.unique(steps[:, 0] * 2**32 + steps[:, 1], return_inverse=True)
    inner = ring[:-1] == ring[1:]
    start, end, face = vertex[:-1][inner], vertex[1:][inner], owner[ring[:-1][inner]]
    along = (steps[1:] - steps[:-1])[inner] * np.array([np.cos(np.radians(south / LATTICE)), 1.0]) * _METRE
    metres = np.hypot(along[:, 0], along[:, 1])
    key = np.minimum(start, end) * (int(vertex.max()) + 1) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    paired = np.flatnonzero(np.diff(key[order]) == 0)
    one, other = face[order[paired]], face[order[paired + 1]]
    alone = np.ones(len(order), dtype=bool)
    alone[paired] = alone[paired + 1] = False
    for a, b, m in zip(one.tolist(), other.tolist(), metres[order[paired]].tolist(), strict=True):
        if a != b:
            near[a][b] = near[a].get(b, 0.0) + m
            near[b][a] = near[b].get(a, 0.0) + m
    for a, m in zip(face[order[alone]].tolist(), metres[order[alone]].tolist(), strict=True):
        near[a][OUTSIDE] = near[a].get(OUTSIDE, 0.0) + m
    return near


def grouped(
    faces: Iterable[int], key: Mapping[int, object] | Sequence[object], near: Sequence[Mapping[int, float]]
) -> list[list[int]]:
    """Return connected groups of those faces that have the same key, each rising, in order of their first face."""
    left = sorted(faces)
    asked = set(left)
    done: set[int] = set()
    groups = []
    for face in left:
        if face in done:
            continue
        group, stack = [], [face]
        done.add(face)
        while stack:
            now = stack.pop()
            group.append(now)
            for other in near[now]:
                if other in asked and other not in done and key[other] == key[now]:
                    done.add(other)
                    stack.append(other)
        groups.append(sorted(group))
    return groups


def united(faces: Objects, group: Iterable[int]) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the union of faces along their common edges, vertex for vertex."""
    held = faces[list(group)]
    whole = held[0] if len(held) == 1 else shapely.coverage_union_all(held)
    parts = shapely.get_parts(whole)
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts.tolist())
