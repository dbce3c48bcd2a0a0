"""Connected faces of one owner, and small ones that join a neighbour."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.grids.arrange import OUTSIDE, Faces, grouped


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A grid of one of the layers: number and name of the layer, code, shape in lon/lat, other columns."""

    layer: int
    layer_name: str
    code: str
    shape: BaseGeometry
    columns: Mapping[str, object]

    @property
    def parent(self) -> str:
        """The code of its community, "" where it names none."""
        told = self.columns.get("parent_code")
        return told if isinstance(told, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Faces in one: the source that owns it, its faces rising, its area in m2, its western and southern end."""

    owner: int
    faces: tuple[int, ...]
    area: float
    place: tuple[float, float]


@dataclass(slots=True, kw_only=True, eq=False)
class Pieces:
    """Pieces of an arrangement.

    Attributes
    ----------
    held : pieces in order of their first face
    """

    held: list[Piece]
    _faces: Faces
    _m2: npt.NDArray[np.float64]
    _near: list[dict[int, float]]
    _sources: Sequence[Source]
    _parents: Sequence[str]

    @classmethod
    def of(cls, faces: Faces, owner: Sequence[int], sources: Sequence[Source], parents: Sequence[str]) -> Self:
        """Gather faces of one owner that touch; those of a source of several parts stay together."""
        near, m2 = faces.borders(), faces.m2()
        owned = [face for face, row in enumerate(owner) if row >= 0]
        groups: dict[object, list[int]] = {}
        for group in grouped(owned, owner, near):
            row = owner[group[0]]
            several = shapely.get_num_geometries(sources[row].shape) > 1
            groups.setdefault(("parts", row) if several else ("piece", group[0]), []).extend(group)
        made = [_piece(owner[group[0]], group, faces, m2) for group in groups.values()]
        return cls(held=made, _faces=faces, _m2=m2, _near=near, _sources=sources, _parents=parents)

    def absorb(self, least_m2: float) -> None:
        """Join pieces below an area to the neighbour with most common border, the smallest first.

        A neighbour of the same community is taken before any other; a piece without neighbours stays.
        """
        faces = [set(piece.faces) for piece in self.held]
        area = [piece.area for piece in self.held]
        at = {face: number for number, piece in enumerate(self.held) for face in piece.faces}
        queue = [(size, number) for number, size in enumerate(area) if size < least_m2]
        heapq.heapify(queue)
        while queue:
            size, number = heapq.heappop(queue)
            if size != area[number] or not faces[number]:
                continue
            host = self._host(number, faces[number], at)
            if host is None:
                continue
            faces[host] |= faces[number]
            area[host] += area[number]
            at.update(dict.fromkeys(faces[number], host))
            faces[number], area[number] = set(), 0.0
            if area[host] < least_m2:
                heapq.heappush(queue, (area[host], host))
        self.held = [
            _piece(piece.owner, sorted(mine), self._faces, self._m2)
            for piece, mine in zip(self.held, faces, strict=True)
            if mine
        ]

    def _host(self, number: int, faces: set[int], at: Mapping[int, int]) -> int | None:
        shared: dict[int, float] = {}
        for face in faces:
            for other, metres in self._near[face].items():
                if other != OUTSIDE and other in at and at[other] != number:
                    shared[at[other]] = shared.get(at[other], 0.0) + metres
        own = self._community(self.held[number])

        def rank(host: int) -> tuple[bool, float, int, str]:
            source = self._sources[self.held[host].owner]
            return self._community(self.held[host]) != own, -round(shared[host], 3), source.layer, source.code

        return min(shared, key=rank, default=None)

    def _community(self, piece: Piece) -> str:
        """Return the community in which most of a piece lies, else the one that its source names."""
        if not any(self._parents):
            return self._sources[piece.owner].parent
        return self._parents[piece.faces[int(self._m2[list(piece.faces)].argmax())]]


def _piece(owner: int, group: Sequence[int], faces: Faces, m2: npt.NDArray[np.float64]) -> Piece:
    bounds = shapely.bounds(faces.shapes[list(group)])
    west, south = bounds[:, :2].min(axis=0).tolist()
    return Piece(owner=owner, faces=tuple(sorted(group)), area=float(m2[list(group)].sum()), place=(west, south))
