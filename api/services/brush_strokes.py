"""A stroke of the brush or the eraser: freely drawn, and yet meeting the boundaries where they are."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas import drafts as asked
from geo.errors import GeometryError, ParameterError
from geo.grids.applied import row_named
from geo.grids.arcs import LATTICE, Int64s, to_degrees, to_lattice
from geo.grids.divide import STEPS_PER_METRE
from geo.grids.split import SNAP_M
from geo.grids.topology import Coverage
from geo.grids.transfer import AssignUnits, UnitShape

SPECK_STEPS2: Final = 20_000.0
"""Pieces of a stroke below this area, about 2 m² in lattice steps, are its rough edge."""
CRUMB_M2: Final = 50.0
"""Land that a stroke would cut off from the rest of a grid goes along below this area; more of it is a tear."""


def brushed(coverage: Coverage, edit: asked.Transfer) -> AssignUnits:
    """Return the edit that a stroke means: land of the same community that is not locked goes to ``edit.to``.

    The stroke takes the vertices of the boundaries that it passes within the snapping distance, so that rubbing out
    what was painted gives the land back.

    Raises
    ------
    GeometryError
        If no such land lies under the stroke.
    """
    steps = to_lattice(np.array([*edit.ring, edit.ring[0]]))
    origin = steps[0]
    stroke = _valid(shapely.Polygon(steps - origin))
    target = row_named(coverage, edit.to)
    donors = _donors(coverage, edit, target, stroke.bounds, origin)
    stroke = _on_vertices(stroke, _local(coverage, np.append(donors, target), origin))
    land = _local(coverage, donors, origin)
    under = shapely.area(shapely.intersection(stroke, land)) if len(donors) else np.zeros(0)
    donors, land = donors[under > SPECK_STEPS2], land[under > SPECK_STEPS2]
    if not len(donors):
        raise GeometryError(
            f"The stroke covers no land that may go to grid {edit.to}: it lies in another community, in a locked grid, or in "
            f"grid {edit.to} already; nothing was changed",
            f"画笔范围内没有可划入网格 {edit.to} 的土地（属于其他村（社区）、已锁定，或本来就在该网格内），未作任何改动",
            rows=[edit.to],
        )
    stroke = _with_crumbs(stroke, land, scale=float(np.cos(np.radians(origin[1] / LATTICE))))
    degrees = shapely.transform(stroke, lambda xy: to_degrees(np.rint(xy).astype(np.int64) + origin))
    return AssignUnits(
        to=edit.to, units=(UnitShape.of("stroke", degrees),), only=tuple(coverage.codes[row] for row in donors.tolist())
    )


def _valid(shape: shapely.Geometry) -> shapely.MultiPolygon:
    whole = shapely.make_valid(shapely.set_precision(shape, 1.0, mode="pointwise"), method="structure")
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        raise ParameterError("The stroke has no area", "画笔范围没有面积")
    return shapely.MultiPolygon(parts)


def _on_vertices(stroke: shapely.MultiPolygon, land: npt.NDArray[np.object_]) -> shapely.MultiPolygon:
    """Return the stroke, led through the vertices of the land that it passes within the snapping distance."""
    reach = SNAP_M * STEPS_PER_METRE
    corners = np.unique(shapely.get_coordinates(land), axis=0)
    near = corners[shapely.dwithin(shapely.points(corners), shapely.boundary(stroke), reach)]
    return (
        stroke
        if not len(near)
        else _valid(cast("shapely.Geometry", shapely.snap(stroke, shapely.multipoints(near), reach)))
    )


def _with_crumbs(stroke: shapely.MultiPolygon, land: npt.NDArray[np.object_], *, scale: float) -> shapely.MultiPolygon:
    """Return the stroke with the crumbs that it would leave; ``scale`` is a step east over a step north in metres."""
    limit = CRUMB_M2 * STEPS_PER_METRE**2 / scale
    crumbs = []
    for area in land.tolist():
        left = sorted(shapely.get_parts(shapely.difference(area, stroke)), key=shapely.area)
        crumbs += [part for part in left[:-1] if SPECK_STEPS2 / 4 < part.area < limit]
    return _valid(shapely.union_all([stroke, *crumbs])) if crumbs else stroke


def _donors(
    coverage: Coverage, edit: asked.Transfer, target: int, bounds_of: tuple[float, float, float, float], origin: Int64s
) -> npt.NDArray[np.intp]:
    """Return the rows whose land the stroke may take: of the same community, not locked, under its box."""
    parents = coverage.attributes["parent_code"]
    same = (parents == parents.iloc[target]).to_numpy(dtype=bool) | (parents.isna() & (parents.iloc[target] is None))
    mine = np.array(same, dtype=bool)
    mine[target] = False
    for code in edit.locked:
        if code in coverage.row_of:
            mine[coverage.row_of[code]] = False
    if edit.source is not None:
        only = row_named(coverage, edit.source)
        mine[:only] = mine[only + 1 :] = False
    west, south, east, north = (np.array(bounds_of) + np.tile(origin, 2)) / 1e7
    bounds = shapely.bounds(coverage.shapes)
    mine &= (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    return np.flatnonzero(mine)


def _local(coverage: Coverage, rows: npt.NDArray[np.intp], origin: Int64s) -> npt.NDArray[np.object_]:
    return np.asarray(
        shapely.transform(coverage.shapes[rows], lambda xy: (to_lattice(xy) - origin).astype(np.float64)), dtype=object
    )
