"""Cells of a polygon: those wholly inside by range, those on its edge call by call."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from geo.hotspots.cube.layout import CELL_LEVEL, cell_columns_rows, morton, places
from geo.hotspots.cube.segment import Ranges, Segment, joined
from geo.tiles.mercator import column_longitude, row_latitude, to_cells

Polygons = shapely.Polygon | shapely.MultiPolygon


def cell_ranges(area: Polygons) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return ranges of cells wholly inside a polygon in degrees (low, high), and the cells on its edge, all rising.

    A quadtree is walked from the cell that holds the polygon; only cells on the edge are split.
    """
    shapely.prepare(area)
    west, south, east, north = area.bounds
    columns, rows = to_cells(np.array([[west, north], [east, south]]), CELL_LEVEL)
    level = CELL_LEVEL - max(int(columns[0] ^ columns[1]), int(rows[0] ^ rows[1])).bit_length()
    open_cells = morton(columns[:1], rows[:1]).astype(np.int64) >> (2 * (CELL_LEVEL - level))
    low: list[npt.NDArray[np.int64]] = []
    while True:
        boxes = _boxes(open_cells, level)
        met = shapely.intersects(area, boxes)
        open_cells, boxes = open_cells[met], boxes[met]
        whole = shapely.contains_properly(area, boxes)
        up = 2 * (CELL_LEVEL - level)
        low.append(np.column_stack([open_cells[whole] << up, (open_cells[whole] + 1) << up]))
        open_cells = open_cells[~whole]
        if level == CELL_LEVEL or not len(open_cells):
            break
        open_cells = ((open_cells << 2)[:, None] + np.arange(4)).ravel()
        level += 1
    ends = np.concatenate(low)
    ends = ends[np.argsort(ends[:, 0])]
    return ends[:, 0], ends[:, 1], np.sort(open_cells)


def parts_within(segment: Segment, area: Polygons) -> list[tuple[Segment, Ranges]]:
    """Return the calls of a segment with a place inside a polygon or on its edge."""
    low, high, edge = cell_ranges(area)
    found: list[tuple[Segment, Ranges]] = []
    inside = segment.between(low, high)
    if inside:
        found.append((segment, inside))
    on_edge = [segment.rows(a, b) for a, b in segment.between(edge, edge + 1)]
    if on_edge:
        rows = joined(on_edge)
        lonlat = places(rows.cells, rows.where)
        small = Segment.of(rows.take(shapely.intersects_xy(area, lonlat)), weight=segment.weight, is_sorted=True)
        if len(small):
            found.append((small, small.everywhere()))
    return found


def _boxes(cells: npt.NDArray[np.int64], level: int) -> npt.NDArray[np.object_]:
    """Return the boxes of cells in degrees, a little larger than they are: a place is kept to 1e-7 degree."""
    columns, rows = cell_columns_rows(cells)
    slack = 2e-7
    return np.asarray(
        shapely.box(
            column_longitude(columns, level) - slack, row_latitude(rows + 1, level) - slack,
            column_longitude(columns + 1, level) + slack, row_latitude(rows, level) + slack,
        )
    )  # fmt: skip
