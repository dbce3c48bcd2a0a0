"""Who gets each face of an arrangement: overlaps, gaps, slivers and land outside its community handed out by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.grids.arrange import OUTSIDE, Faces, borders, face_areas_m2, grouped, to_steps, united
from geo.grids.faults import place_in
from geo.grids.gap_pieces import stretches
from geo.grids.mends import Change, MendKind
from geo.grids.rough import Objects

OverlapRule = Literal["border", "parent", "code"]
_METRE = 111_320.0 / 1e7
_KEPT_SHARE = 0.1
"""A grid of which less than this would be left keeps the land that others claim too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """The areas that faces are handed out to: codes, communities, shapes in steps from the origin of the faces."""

    codes: tuple[str, ...]
    parents: tuple[str, ...]
    shapes: Objects


class HandOut:
    """Faces and their owners; each step gives some away and notes it.

    Parameters
    ----------
    faces, layer
        The arrangement and the areas that it was made of.
    foreign
        Faces that belong to grids which are not looked at.
    parent_of_face
        The community in which each face lies, "" where that is not known.
    """

    def __init__(
        self,
        faces: Faces,
        layer: Layer,
        *,
        foreign: frozenset[int],
        parent_of_face: Sequence[str],
    ) -> None:
        self.layer = layer
        self.changes: list[Change] = []
        self.shapes = faces.shapes
        self.owners: list[tuple[int, ...]] = list(faces.cover)
        self._faces = faces
        self._foreign = set(foreign)
        self._parent = list(parent_of_face)
        self._near = faces.borders()
        self._m2 = faces.m2()

    def overlaps(self, rule: OverlapRule, most_m2: float) -> None:
        """Give each overlap to one of those that hold it; overlaps above ``most_m2`` stay as they are."""
        own = np.zeros(len(self.layer.codes))
        whole = np.zeros(len(self.layer.codes))
        for face, rows in enumerate(self.owners):
            for row in rows:
                whole[row] += self._m2[face]
                own[row] += self._m2[face] if len(rows) == 1 else 0
        shared = [face for face, rows in enumerate(self.owners) if len(rows) > 1]
        for group in grouped(shared, self.owners, self._near):
            rows = self.owners[group[0]]
            area = float(self._m2[group].sum())
            weak = [row for row in rows if own[row] < _KEPT_SHARE * whole[row]]
            if area > most_m2 or len(weak) > 1:
                continue
            winner = weak[0] if weak else self._winner(group, rows, rule)
            self._give(group, winner, "overlap_given", rows)

    def gaps(self, width_m: float) -> None:
        """Give gaps narrower than a width to a neighbour; one between several is cut into stretches first."""
        self._cut_gaps(width_m)
        empty = [face for face, rows in enumerate(self.owners) if not rows and face not in self._foreign]
        for face in sorted(empty, key=lambda f: (-self._m2[f], f)):
            host = self._host([face], self._parent[face])
            if host is not None and self._narrow(face, width_m):
                self._give([face], host, "gap_closed", ())

    def slivers(self, width_m: float) -> None:
        """Give parts narrower than a width, that are not a whole grid, to the neighbour with most common border."""
        for row, parts in enumerate(self._parts()):
            largest = max(parts, key=lambda part: float(self._m2[part].sum()), default=[])
            for part in parts:
                shape = united(self.shapes, part)
                if part is not largest and self._width(shape) < width_m:
                    at_home = [self._parent[face] for face in part if self._parent[face]]
                    host = self._host(part, at_home[0] if at_home else self.layer.parents[row], but=row)
                    if host is not None:
                        self._give(part, host, "sliver_merged", (row,))

    def parents(self, width_m: float) -> None:
        """Give land narrower than a width that lies in another community to a grid of that community."""
        astray = {
            face: (rows[0], self._parent[face])
            for face, rows in enumerate(self.owners)
            if len(rows) == 1 and self._parent[face] and self.layer.parents[rows[0]]
            and self.layer.parents[rows[0]] != self._parent[face]
        }  # fmt: skip
        for group in grouped(astray, astray, self._near):
            row, parent = astray[group[0]]
            host = self._host(group, parent, but=row, strict=True)
            if host is not None and self._width(united(self.shapes, group)) < width_m:
                self._give(group, host, "given_to_parent", (row,))

    def trim(self, width_m: float) -> None:
        """Cut off land narrower than a width that lies in no community."""
        astray = [
            face for face, rows in enumerate(self.owners)
            if len(rows) == 1 and not self._parent[face] and self.layer.parents[rows[0]]
        ]  # fmt: skip
        for group in grouped(astray, self.owners, self._near):
            if self._width(united(self.shapes, group)) < width_m:
                self._note(group, "", "cut_off", self.owners[group[0]])
                for face in group:
                    self.owners[face] = ()

    def areas(self) -> list[BaseGeometry | None]:
        """Return what each row owns now, in steps; None for nothing."""
        held: list[list[int]] = [[] for _ in self.layer.codes]
        for face, rows in enumerate(self.owners):
            for row in rows:
                held[row].append(face)
        return [united(self.shapes, mine) if mine else None for mine in held]

    def _parts(self) -> list[list[list[int]]]:
        """Return the connected parts of each row as lists of faces."""
        single = [face for face, rows in enumerate(self.owners) if len(rows) == 1]
        parts: list[list[list[int]]] = [[] for _ in self.layer.codes]
        for group in grouped(single, self.owners, self._near):
            parts[self.owners[group[0]][0]].append(group)
        return parts

    def _give(self, group: Sequence[int], winner: int, kind: MendKind, rows: Sequence[int]) -> None:
        self._note(group, self.layer.codes[winner], kind, rows)
        for face in group:
            self.owners[face] = (winner,)

    def _note(self, group: Sequence[int], to: str, kind: MendKind, rows: Sequence[int]) -> None:
        shape = self._faces.in_degrees(united(self.shapes, group))
        codes = tuple(sorted(self.layer.codes[row] for row in rows))
        area = float(self._m2[list(group)].sum())
        self.changes.append(Change(kind=kind, codes=codes, to=to, place=place_in(shape), area_m2=area))

    def _borders_of(self, group: Sequence[int]) -> dict[int, float]:
        """Return the metres that faces have in common with each row that owns something beside them alone."""
        mine = set(group)
        shared: dict[int, float] = {}
        for face in group:
            for other, metres in self._near[face].items():
                if other != OUTSIDE and other not in mine and len(self.owners[other]) == 1:
                    row = self.owners[other][0]
                    shared[row] = shared.get(row, 0.0) + metres
        return shared

    def _winner(self, group: Sequence[int], rows: Sequence[int], rule: OverlapRule) -> int:
        shared = self._borders_of(group)
        at_home = {self._parent[face] for face in group} - {""}

        def rank(row: int) -> tuple[float, float, str]:
            abroad = float(bool(at_home) and self.layer.parents[row] not in at_home)
            border = -round(shared.get(row, 0.0), 3)
            return {
                "border": (abroad, border, self.layer.codes[row]),
                "parent": (abroad, 0.0, self.layer.codes[row]),
                "code": (0.0, 0.0, self.layer.codes[row]),
            }[rule]

        return min(rows, key=rank)

    def _host(self, group: Sequence[int], parent: str, *, but: int = -1, strict: bool = False) -> int | None:
        """Return the row with most border to faces, of the community ``parent`` if that is known."""
        shared = {row: metres for row, metres in self._borders_of(group).items() if row != but}
        fit = {row: m for row, m in shared.items() if self.layer.parents[row] == parent}
        shared = fit if strict or (parent and fit) else {} if parent and any(self._parent) else shared
        return min(shared, key=lambda row: (-round(shared[row], 3), self.layer.codes[row]), default=None)

    def _cut_gaps(self, width_m: float) -> None:
        """Replace gaps beside three or more grids by their stretches."""
        tree = shapely.STRtree(self.layer.shapes)
        kept, cut = [], []
        for face, rows in enumerate(self.owners):
            beside = self._borders_of([face]) if not rows and face not in self._foreign else {}
            if len(beside) < 3 or self._width(self.shapes[face]) > width_m:
                kept.append(face)
                continue
            near = tree.query(self.shapes[face])
            pieces = stretches(self.shapes[face], self.layer.shapes[near], near.tolist())
            cut += [
                (united(np.array(piece.triangles, dtype=object), range(len(piece.triangles))), face) for piece in pieces
            ]
        if not cut:
            return
        self.shapes = np.array([*self.shapes[kept], *(shape for shape, _ in cut)], dtype=object)
        source = [*kept, *(face for _, face in cut)]
        self.owners = [self.owners[face] for face in source]
        self._parent = [self._parent[face] for face in source]
        self._foreign = {number for number, face in enumerate(source) if face in self._foreign}
        self._m2 = face_areas_m2(self.shapes, self._faces.origin)
        self._near = borders(self.shapes, float(self._faces.origin[1]))

    def _width(self, shape: BaseGeometry) -> float:
        """Return the mean width in metres: twice the area over the perimeter."""
        return float(2 * shape.area / shape.length) * _METRE if shape.length else 0.0

    def _narrow(self, face: int, width_m: float) -> bool:
        """Whether no circle as wide as ``width_m`` fits into a face."""
        shape = self.shapes[face]
        if self._width(shape) >= width_m:
            return False
        radius = shapely.length(shapely.maximum_inscribed_circle(shape, tolerance=1.0))
        return float(2 * radius) * _METRE < width_m


def layer_of(codes: Sequence[str], parents: Sequence[object], shapes: Objects, faces: Faces) -> Layer:
    """Return the areas of an arrangement in its own steps."""
    told = tuple(parent if isinstance(parent, str) else "" for parent in parents)
    return Layer(codes=tuple(codes), parents=told, shapes=to_steps(shapes, faces.origin))
