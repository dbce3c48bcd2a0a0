"""Whether grids keep to their communities: nothing outside, nothing of the community left over."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.grids.area import areas_m2, mean_widths_m
from geo.grids.faults import Fault, place_in, row_codes
from geo.grids.rough import Objects, lonlat_frame, read_rough
from geo.tables.spec import Table


def parent_shapes(parents: Table | gpd.GeoDataFrame) -> dict[str, BaseGeometry]:
    """Return the valid areas of communities on the lattice by code.

    A layer of several rows for a community may be given by ``geopandas.GeoDataFrame.dissolve`` first: codes are unique.
    """
    frame = lonlat_frame(parents)
    codes = [str(code) for code in frame["code"]]
    rough = read_rough(codes, np.asarray(frame.geometry.array, dtype=object))
    return {code: shape for code, shape in zip(codes, rough.shapes, strict=True) if shape is not None}


def check_parents(
    shapes: Objects,
    codes: Sequence[str],
    parent_codes: Sequence[object],
    parents: Table | gpd.GeoDataFrame,
    *,
    gaps: Sequence[Fault],
    noise_m: float,
) -> list[Fault]:
    """Return land of grids outside their community, land of communities in no grid of theirs, unknown communities.

    Land in one of ``gaps`` is told there already. Grids without a community are left out.
    """
    areas = parent_shapes(parents)
    told = [parent if isinstance(parent, str) else "" for parent in parent_codes]
    faults: list[Fault] = []
    rows: dict[str, list[int]] = {}
    for row, parent in enumerate(told):
        if parent:
            rows.setdefault(parent, []).append(row)
    for parent in sorted(set(rows) - set(areas)):
        mine = row_codes(codes, rows.pop(parent))
        first = codes.index(mine[0])
        faults.append(Fault(kind="unknown_parent", codes=mine, place=place_in(shapes[first]), parent=parent))
    if not rows:
        return faults
    known = np.array([row for mine in rows.values() for row in mine], dtype=np.intp)
    around = np.array([areas[told[row]] for row in known.tolist()], dtype=object)
    shapely.prepare(around)
    crossing = np.flatnonzero(~shapely.covers(around, shapes[known]))
    outside = _real(shapely.difference(shapes[known[crossing]], around[crossing]), noise_m)
    faults += [
        Fault(kind="outside_parent", codes=(codes[known[crossing[k]]],), place=place_in(shape), size=size, shape=shape,
              parent=told[known[crossing[k]]])
        for k, shape, size in outside
    ]  # fmt: skip
    names = list(rows)
    left = np.array([_left_over(areas[name], shapes[rows[name]]) for name in names], dtype=object)
    holes = shapely.STRtree([gap.shape for gap in gaps if gap.shape is not None])
    for k, shape, size in _real(left, noise_m):
        if not len(holes.query(shapely.point_on_surface(shape), predicate="intersects")):
            faults.append(
                Fault(
                    kind="gap", codes=row_codes(codes, rows[names[k]]), place=place_in(shape), size=size, shape=shape,
                    parent=names[k],
                )
            )  # fmt: skip
    return faults


def _left_over(area: BaseGeometry, shapes: Objects) -> BaseGeometry:
    """Return the land of a community that is in none of its grids."""
    total = float(shapely.area(shapes).sum())
    if abs(float(area.area) - total) <= 1e-12 * total and shapely.coverage_is_valid(shapes):
        union = shapely.coverage_union_all(shapes)
        if shapely.equals_identical(shapely.normalize(union), shapely.normalize(area)):
            return shapely.Polygon()
    return shapely.difference(area, shapely.union_all(shapes))


def _real(shapes: Objects, noise_m: float) -> list[tuple[int, BaseGeometry, float]]:
    """Return the parts that are wider than the noise, with the row of each and its area in m2."""
    held = np.array(shapes, dtype=object)
    parts, owner = shapely.get_parts(held, return_index=True)
    flat = shapely.get_dimensions(parts) == 2
    parts, owner = parts[flat], owner[flat]
    if not len(parts):
        return []
    size = areas_m2(parts)
    real = np.flatnonzero((mean_widths_m(parts) > noise_m) & (size > 1e-4))
    return [(int(owner[k]), parts[k], float(size[k])) for k in real.tolist()]
