"""Find gaps and overlaps in a coverage of grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.grids.area import area_m2
from geo.grids.topology import Coverage

_SPECK_M2 = 1e-4
_DEGREE_M = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A gap or an overlap: its shape in lon/lat, its area, and the grids around or in it."""

    codes: tuple[str, ...]
    area_m2: float
    shape: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """What is wrong with a coverage, and how large it is.

    Attributes
    ----------
    gaps : holes in the union; a lake that belongs to no grid is one too
    overlaps : places that belong to two grids
    mismatched : codes of grids that share a line with a neighbour but not its vertices, or leave a narrow crack
    broken : codes of grids that cross themselves on the lattice of 1e-7 degrees; they cannot be edited
    area_m2 : area of the union on the ellipsoid
    parts : separate pieces of the union
    """

    gaps: tuple[Fault, ...]
    overlaps: tuple[Fault, ...]
    mismatched: tuple[str, ...]
    broken: tuple[str, ...]
    area_m2: float
    parts: int

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.gaps or self.overlaps or self.mismatched or self.broken)


def check_coverage(coverage: Coverage, *, gap_width_m: float = 1.0) -> CoverageReport:
    """Look for gaps (holes in the union), overlaps, and lines that are shared without sharing vertices."""
    shapes = np.asarray(coverage.grids.frame.geometry.array, dtype=object)
    codes = coverage.codes
    if not len(shapes):
        return CoverageReport(gaps=(), overlaps=(), mismatched=(), broken=(), area_m2=0.0, parts=0)
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes = shapely.make_valid(shapes)
    bad = broken | ~shapely.is_empty(shapely.coverage_invalid_edges(shapes, gap_width=gap_width_m / _DEGREE_M))
    overlaps = _overlaps(shapes, np.flatnonzero(bad), codes)
    union = shapely.union_all(shapes) if bad.any() else shapely.coverage_union_all(shapes)
    pieces = shapely.get_parts(union)
    pieces = pieces[shapely.get_dimensions(pieces) == 2]
    tree = shapely.STRtree(shapes)
    gaps = []
    for piece in pieces:
        for hole in piece.interiors:
            gap = shapely.Polygon(hole)
            around = tree.query(gap, predicate="intersects")
            gaps.append(Fault(codes=tuple(sorted(codes[i] for i in around)), area_m2=area_m2(gap), shape=gap))
    named = {code for fault in overlaps for code in fault.codes}
    return CoverageReport(
        gaps=tuple(sorted(gaps, key=lambda gap: -gap.area_m2)),
        overlaps=tuple(sorted(overlaps, key=lambda fault: -fault.area_m2)),
        mismatched=tuple(sorted(codes[i] for i in np.flatnonzero(bad) if codes[i] not in named and not broken[i])),
        broken=tuple(sorted(codes[i] for i in np.flatnonzero(broken))),
        area_m2=sum(area_m2(piece) for piece in pieces),
        parts=len(pieces),
    )


def _overlaps(shapes: npt.NDArray[np.object_], suspects: npt.NDArray[np.intp], codes: Sequence[str]) -> list[Fault]:
    tree = shapely.STRtree(shapes[suspects])
    one, other = tree.query(shapes[suspects], predicate="intersects")
    found = []
    for a, b in zip(suspects[one].tolist(), suspects[other].tolist(), strict=True):
        if a < b:
            parts = shapely.get_parts(shapely.intersection(shapes[a], shapes[b]))
            parts = parts[shapely.get_dimensions(parts) == 2]
            if len(parts):
                shape = shapely.union_all(parts)
                size = area_m2(shape)
                if size > _SPECK_M2:
                    found.append(Fault(codes=tuple(sorted((codes[a], codes[b]))), area_m2=size, shape=shape))
    return found
