"""Look for everything that can be wrong with a layer of grids, up to the size of a province."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import ParameterError
from geo.grids.arcs import to_lattice
from geo.grids.area import area_m2, areas_m2, mean_widths_m
from geo.grids.faults import Fault, FaultKind, place_in, row_codes, sorted_faults, totals
from geo.grids.parents import check_parents
from geo.grids.ring_arrays import ring_arrays
from geo.grids.rough import Objects, Rough, lonlat_frame, read_rough
from geo.tables.spec import Table

NOISE_M: Final = 0.015
"""Gaps and overlaps narrower than this are the rounding to the lattice, and told as lines that do not match."""
_DEGREE_M: Final = 111_320.0
_SPECK_M2: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerReport:
    """What is wrong with a layer, and how large it is.

    Attributes
    ----------
    faults : by kind, the largest first
    area_m2 : area of the union on the ellipsoid
    parts : separate pieces of the union
    grids : how many were looked at
    unmatched : codes of all grids with a line that does not match a neighbour's, those that overlap among them
    """

    faults: tuple[Fault, ...]
    area_m2: float
    parts: int
    grids: int
    unmatched: frozenset[str] = frozenset()

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def of(self, kind: FaultKind) -> tuple[Fault, ...]:
        """Return the faults of one kind."""
        return tuple(fault for fault in self.faults if fault.kind == kind)

    @property
    def totals(self) -> dict[FaultKind, tuple[int, float]]:
        """How many faults there are of each kind, and their sizes together."""
        return totals(self.faults)


def check_layer(
    layer: Table | gpd.GeoDataFrame,
    *,
    parents: Table | gpd.GeoDataFrame | None = None,
    gap_width_m: float = 1.0,
    sliver_width_m: float = 1.0,
) -> LayerReport:
    """Return all faults of the general grids of a layer; broken shapes are looked at as well as they can be.

    ``gap_width_m`` is how wide a crack between neighbours may be to be told as a boundary that does not match;
    ``sliver_width_m`` how narrow a part may be on average. ``parents`` are communities with a column ``code``; without
    them crossings of the parent are not looked for.

    Raises
    ------
    FrameError, FieldError
        A layer without a frame, or without unique codes.
    ParameterError
        A width that is not 0 to 100 m.
    """
    for width in (gap_width_m, sliver_width_m):
        if not 0 <= width <= 100:
            raise ParameterError(
                f"A width of {width:g} m is not between 0 and 100 m", f"宽度 {width:g} 米不在 0 至 100 米之间"
            )
    frame = general_rows(lonlat_frame(layer))
    codes = [str(code) for code in frame["code"]]
    rough = read_rough(codes, np.asarray(frame.geometry.array, dtype=object))
    parent_codes = frame["parent_code"].tolist() if "parent_code" in frame.columns else [None] * len(codes)
    return check_shapes(rough, parent_codes, parents=parents, gap_width_m=gap_width_m, sliver_width_m=sliver_width_m)


def general_rows(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the general grids of a layer; special ones lie on top and may overlap."""
    kept = frame[frame["kind"] == "general"] if "kind" in frame.columns else frame
    return kept.reset_index(drop=True)


def check_shapes(
    rough: Rough,
    parent_codes: Sequence[object],
    *,
    parents: Table | gpd.GeoDataFrame | None,
    gap_width_m: float,
    sliver_width_m: float,
) -> LayerReport:
    """Do the work of ``check_layer`` on shapes that were read."""
    rows = np.flatnonzero(~shapely.is_missing(rough.shapes))
    shapes = np.asarray(rough.shapes[rows], dtype=object)
    codes = [rough.codes[row] for row in rows.tolist()]
    faults = list(rough.faults)
    if not len(shapes):
        return LayerReport(faults=sorted_faults(faults), area_m2=0.0, parts=0, grids=len(rough.codes))
    union = _whole_union(shapes)
    loose = unmatched_rows(shapes)
    if union is None:
        overlaps, union = _untangled(shapes, codes, loose)
        faults += overlaps
    unmatched = _mismatches(shapes, codes, loose, gap_width_m)
    told = {code for fault in faults if fault.kind == "overlap" for code in fault.codes}
    faults += [fault for fault in unmatched if told.isdisjoint(fault.codes)]
    pieces = np.array([p for p in shapely.get_parts(union) if p.geom_type == "Polygon"], dtype=object)
    gaps = _gaps(pieces, shapes, codes)
    faults += gaps
    faults += _slivers(shapes, codes, sliver_width_m)
    if parents is not None:
        faults += check_parents(
            shapes, codes, [parent_codes[row] for row in rows.tolist()], parents, gaps=gaps, noise_m=NOISE_M
        )
    return LayerReport(
        faults=sorted_faults(faults),
        area_m2=float(sum(area_m2(piece) for piece in pieces)),
        parts=len(pieces),
        grids=len(rough.codes),
        unmatched=frozenset(code for fault in unmatched for code in fault.codes),
    )


def _whole_union(shapes: Objects) -> BaseGeometry | None:
    """Return the union if it proves by itself that nothing overlaps, else None.

    Edges that two grids share in opposite directions cancel. If what is left is the boundary of a valid shape, each place
    inside is covered as often as the boundary winds around it: once.
    """
    try:
        union = shapely.coverage_union_all(shapes)
    except shapely.errors.GEOSException:
        return None
    total = float(shapely.area(shapes).sum())
    if not shapely.is_valid(union) or abs(float(union.area) - total) > 1e-9 * total:
        return None
    return union


def _untangled(shapes: Objects, codes: Sequence[str], loose: npt.NDArray[np.intp]) -> tuple[list[Fault], BaseGeometry]:
    """Return the overlaps and the union of shapes of which some have ``loose`` edges."""
    tight = np.setdiff1d(np.arange(len(shapes)), loose)
    inner = _whole_union(shapes[tight]) if len(tight) else None
    # Where those whose edges all match are proved not to overlap, only pairs with another are looked at.
    overlaps = _overlaps(shapes, codes, loose if inner is not None else np.arange(len(shapes)))
    rest = shapes if inner is None else np.array([inner, *shapes[loose]], dtype=object)
    return overlaps, shapely.union_all(rest)


def unmatched_rows(shapes: Objects) -> npt.NDArray[np.intp]:
    """Return the rows of valid shapes with an edge that no neighbour has in the opposite direction, rising."""
    read = ring_arrays(shapes)
    steps = to_lattice(read.degrees)
    ring = np.repeat(np.arange(len(read.lengths)), read.lengths)
    _, vertex = np.unique(steps[:, 0] * 2**32 + steps[:, 1], return_inverse=True)
    inner = ring[:-1] == ring[1:]
    start, end, of = vertex[:-1][inner], vertex[1:][inner], ring[:-1][inner]
    x, y = (steps - steps[(np.cumsum(read.lengths) - read.lengths)[ring]]).T
    twice = np.bincount(of, weights=(x[:-1] * y[1:] - x[1:] * y[:-1])[inner], minlength=len(read.lengths))
    outer = np.diff(read.polygon, prepend=-1) > 0
    # As if every ring had the land on its left.
    onward = np.where((twice > 0) == outer, 1, -1)[of]
    low, high = np.minimum(start, end), np.maximum(start, end)
    _, edge = np.unique(low * (int(vertex.max()) + 1) + high, return_inverse=True)
    count = np.bincount(edge)
    turn = np.zeros(len(count), dtype=np.int64)
    np.add.at(turn, edge, np.where(start < end, onward, -onward))
    loose = (count[edge] != 2) | (turn[edge] != 0)
    return np.unique(read.owner[read.polygon[of[loose]]])


def _overlaps(shapes: Objects, codes: Sequence[str], suspects: npt.NDArray[np.intp]) -> list[Fault]:
    one, other = shapely.STRtree(shapes).query(shapes[suspects])
    one = suspects[one]
    suspect = np.zeros(len(shapes), dtype=bool)
    suspect[suspects] = True
    once = (one < other) | ~suspect[other]
    one, other = one[once], other[once]
    hit = shapely.relate_pattern(shapes[one], shapes[other], "T********")
    one, other = one[hit], other[hit]
    common = _areas_only(shapely.intersection(shapes[one], shapes[other]))
    size, width = areas_m2(common), mean_widths_m(common)
    real = np.flatnonzero((size > _SPECK_M2) & (width > NOISE_M))
    return [
        Fault(kind="overlap", codes=row_codes(codes, (one[k], other[k])), place=place_in(common[k]), size=float(size[k]),
              shape=common[k])
        for k in real.tolist()
    ]  # fmt: skip


def _areas_only(shapes: Objects) -> Objects:
    """Return shapes without their points and lines."""
    held = np.array(shapes, dtype=object)
    for k in np.flatnonzero(shapely.get_type_id(held) == 7).tolist():
        parts = shapely.get_parts(held[k])
        held[k] = shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])
    return held


def _mismatches(shapes: Objects, codes: Sequence[str], loose: npt.NDArray[np.intp], gap_width_m: float) -> list[Fault]:
    """Return grids that share a line with a neighbour but not its vertices, or leave a narrow crack."""
    if not len(loose):
        return []
    # Only grids with loose edges can fail to match; their neighbours are needed to see against what.
    tree = shapely.STRtree(shapes)
    near = np.unique(
        np.r_[loose, tree.query(shapes[loose], predicate="dwithin", distance=2 * gap_width_m / _DEGREE_M)[1]]
    )
    wrong = shapely.coverage_invalid_edges(shapes[near], gap_width=gap_width_m / _DEGREE_M)
    found = []
    # A row that was taken along as a neighbour lacks neighbours of its own here: nothing is told of it.
    own = np.isin(near, loose) & ~shapely.is_empty(wrong)
    for row, lines, told in zip(near.tolist(), wrong, own.tolist(), strict=True):
        if told:
            x, y = shapely.get_coordinates(lines)[0].tolist()
            found.append(Fault(kind="mismatch", codes=(codes[row],), place=(x, y), shape=lines))
    return found


def _gaps(pieces: Objects, shapes: Objects, codes: Sequence[str]) -> list[Fault]:
    holes = np.array([shapely.Polygon(hole) for piece in pieces for hole in piece.interiors], dtype=object)
    if not len(holes):
        return []
    size, width = areas_m2(holes), mean_widths_m(holes)
    real = (size > _SPECK_M2) & (width > NOISE_M)
    holes, size = holes[real], size[real]
    hole, beside = shapely.STRtree(shapes).query(holes, predicate="intersects")
    around: list[list[int]] = [[] for _ in holes]
    for k, row in zip(hole.tolist(), beside.tolist(), strict=True):
        around[k].append(row)
    return [
        Fault(kind="gap", codes=row_codes(codes, rows), place=place_in(shape), size=float(m2), shape=shape)
        for shape, m2, rows in zip(holes, size.tolist(), around, strict=True)
    ]


def _slivers(shapes: Objects, codes: Sequence[str], width_m: float) -> list[Fault]:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    width = mean_widths_m(parts)
    return [
        Fault(
            kind="sliver", codes=(codes[int(owner[k])],), place=place_in(parts[k]), size=float(width[k]), shape=parts[k]
        )
        for k in np.flatnonzero(width < width_m).tolist()
    ]
