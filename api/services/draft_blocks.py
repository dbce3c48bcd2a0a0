"""Blocks under the brush: which grid of a draft each is in, what it holds, and the edit that gives them away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from api.schemas import drafts as asked
from api.services.counted_calls import counted_calls
from api.services.features import plain
from api.services.workspace import Workspace
from geo.errors import GeometryError, LimitError, NotFoundError
from geo.grids.applied import row_named
from geo.grids.locate import AreaIndex
from geo.grids.topology import Coverage
from geo.grids.transfer import AssignUnits, UnitShape
from geo.store.port import Principal, Query
from geo.tables.blocks import Blocks

MAX_BLOCKS: Final = 4_000
Bounds = tuple[float, float, float, float]


def shown(workspace: Workspace, principal: Principal, coverage: Coverage, bounds: Bounds) -> dict[str, object]:
    """Return blocks as a GeoJSON FeatureCollection with code, name, grid, population, households and calls.

    Raises
    ------
    LimitError
        If more than 4,000 blocks meet the box.
    """
    page = workspace.store.query(principal, Blocks.SPEC.name, Query(bbox=bounds, limit=MAX_BLOCKS))
    if page.matched > MAX_BLOCKS:
        raise LimitError(
            f"{page.matched:,} blocks are in view; zoom in until there are at most {MAX_BLOCKS:,}",
            f"当前范围有 {page.matched:,} 个街区，请放大到 {MAX_BLOCKS:,} 个以内",
        )
    frame = page.frame
    shapes = np.asarray(frame.geometry.array, dtype=object)
    grids = _grids_under(coverage, shapes)
    calls = _calls(workspace, principal)
    geometry = shapely.to_geojson(shapes)
    columns = zip(frame["code"], frame["name"], frame["population"], frame["households"], strict=True)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature", "id": str(code), "geometry": orjson.Fragment(geometry[i]),
                "properties": {
                    "code": str(code), "name": name, "grid": grids[i], "population": plain(people),
                    "households": plain(homes), "calls": calls.get(str(code), 0),
                },
            }
            for i, (code, name, people, homes) in enumerate(columns)
        ],
    }  # fmt: skip


def assigned(workspace: Workspace, principal: Principal, coverage: Coverage, edit: asked.AssignBlocks) -> AssignUnits:
    """Return the edit that gives blocks to a grid.

    Blocks in another community, in a locked grid, or in the grid already are left out, as of a stroke of the brush.

    Raises
    ------
    NotFoundError
        If a block is not known.
    GeometryError
        If no block is left.
    """
    table = _blocks(workspace, principal)
    rows = {code: row for row, code in enumerate(table.keys)}
    unknown = [code for code in edit.units if code not in rows]
    if unknown:
        raise NotFoundError(
            f"There are no blocks {', '.join(unknown[:5])}; load the blocks again",
            f"没有编号为 {'、'.join(unknown[:5])} 的街区，请重新载入",
            rows=unknown,
        )
    target = row_named(coverage, edit.to)
    codes = list(dict.fromkeys(edit.units))
    shapes = np.asarray(table.frame.geometry.array, dtype=object)[[rows[code] for code in codes]]
    parents = coverage.attributes["parent_code"]
    own = parents.iloc[target]
    kept = []
    for code, shape, grid in zip(codes, shapes, _grids_under(coverage, shapes), strict=True):
        if grid is None or grid == edit.to or grid in edit.locked:
            continue
        theirs = parents.iloc[coverage.row_of[grid]]
        if theirs == own or not (isinstance(theirs, str) or isinstance(own, str)):
            kept.append(UnitShape.of(code, shape))
    if not kept:
        raise GeometryError(
            f"None of the blocks may go to grid {edit.to}: they lie in another community, in a locked grid, or in grid "
            f"{edit.to} already; nothing was changed",
            f"所选街区不能划入网格 {edit.to}（属于其他村（社区）、已锁定，或本来就在该网格内），未作任何改动",
            rows=[edit.to],
        )
    return AssignUnits(to=edit.to, units=tuple(kept), locked=tuple(edit.locked))


def _blocks(workspace: Workspace, principal: Principal) -> Blocks:
    version = (workspace.store.version(Blocks.SPEC.name), principal.scopes)
    return workspace.derived.get("table:blocks", version, lambda: workspace.store.table(principal, Blocks))


def _grids_under(coverage: Coverage, shapes: npt.NDArray[np.object_]) -> list[str | None]:
    """Return the grid in which an inner point of each block lies."""
    if not len(shapes):
        return []
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    bounds = shapely.bounds(coverage.shapes)
    near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    rows = np.flatnonzero(near).tolist()
    if not rows:
        return [None] * len(shapes)
    return [None if code is None else str(code) for code in AreaIndex.of(coverage.rows_as_grids(rows)).at(points)]


def _calls(workspace: Workspace, principal: Principal) -> Mapping[str, int]:
    """Return the calls of a year in each block that has any; on a common line the lowest code counts."""
    counted = counted_calls(workspace, principal)
    store = workspace.store
    version = (store.version("calls"), store.version(Blocks.SPEC.name), counted.start, principal.scopes)

    def build() -> Mapping[str, int]:
        index = AreaIndex.of(_blocks(workspace, principal))
        rows = index.rows(counted.lonlat)
        n = np.bincount(rows[rows >= 0], minlength=len(index.codes))
        return {str(code): int(count) for code, count in zip(index.codes, n, strict=True) if count}

    return workspace.derived.get("block_calls", version, build)
