"""A raster over areas: most cells lie in one area alone and answer at once, the others name the few to be asked.

Two grids of cells lie one over the other. The coarse one is even; each of its cells that areas come near is cut again, the
finer the more edges it may hold, so that a city inside a wide county costs no more than its own edges. Sides are powers
of two of lattice steps. A cell that no edge of an area touches lies inside or outside of it as a whole.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from geo.compiled import compiled
from geo.grids.outlines import Floats, Int8s, Int32s, Int64s, Outlines, contains, even_parts, in_threads

EDGES_A_CELL: Final = 1024
"""About so many edges for each coarse cell, and a fine cell for every fourth of them."""
FINEST: Final = 10
NOBODY: Final = 2**31 - 1


class AreaCells(NamedTuple):
    """Cells over the box of all areas.

    Attributes
    ----------
    west, south : lattice coordinates of the corner
    side : a coarse cell is ``2 ** side`` steps wide
    columns, rows : coarse cells
    first : int64[c], where the fine cells of a coarse one begin in ``fine``, row by row; -1 where no area is near
    cut : int8[c], ``2 ** cut`` fine cells to a side
    fine : int32[f], an area, -1 for none, or ``-2 - k``: ask the areas listed at ``k``
    lists : int32[l], at ``k`` the number of areas to ask, the area that holds the cell as a whole (or ``NOBODY``), and the
        areas to ask before it, rising
    """

    west: int
    south: int
    side: int
    columns: int
    rows: int
    first: Int64s
    cut: Int8s
    fine: Int32s
    lists: Int32s


def area_cells(o: Outlines, *, threads: int = 1) -> AreaCells:
    """Lay cells over areas; the lower row wins where areas overlap."""
    if len(o.box) == 0:
        none = np.zeros(0, np.int32)
        return AreaCells(0, 0, 0, 0, 0, np.zeros(0, np.int64), np.zeros(0, np.int8), none, none)
    west, south = int(o.box[:, 0].min()), int(o.box[:, 1].min())
    width, height = int(o.box[:, 2].max()) - west, int(o.box[:, 3].max()) - south
    wanted = max(1, len(o.edge) // EDGES_A_CELL)
    side = 4
    while ((width >> side) + 1) * ((height >> side) + 1) > wanted:
        side += 1
    columns, rows = (width >> side) + 1, (height >> side) + 1
    begin, near, edges = _areas_near(o.box, o.slab, o.first, west, south, side, columns, rows)
    held = np.diff(begin) > 0
    cut = np.minimum(np.ceil(np.log2(np.maximum(edges / 4.0, 1.0)) / 2), min(side, FINEST)).astype(np.int8)
    sizes = np.where(held, 4 ** cut.astype(np.int64), 0)
    first = np.where(held, np.cumsum(sizes) - sizes, -1)
    fine = np.full(int(sizes.sum()), NOBODY, np.int32)
    parts = even_parts(edges + 1, threads)
    most = int(cut.max())
    listed = in_threads(
        lambda k: _refine(*o, west, south, side, columns, begin, near, first, cut, most, *parts[k], fine), len(parts)
    )
    ends = np.cumsum(sizes)
    before = 0
    for (a, b), lists in zip(parts, listed, strict=True):
        mine = fine[ends[a] - sizes[a] : ends[b - 1]]
        mine[mine < -1] -= before
        before += len(lists)
    return AreaCells(west, south, side, columns, rows, first, cut, fine, np.concatenate(listed))


@compiled()
def _areas_near(
    box: Int32s, slab: Int64s, first: Int64s, west: int, south: int, side: int, columns: int, rows: int
) -> tuple[Int64s, Int32s, Floats]:
    """Return for each coarse cell the areas whose boxes meet it, rising, and about how many edges they have in it."""
    free = np.zeros(columns * rows + 1, np.int64)
    edges = np.zeros(columns * rows)
    near = np.empty(0, np.int32)
    for fill in range(2):
        for a in range(len(box)):
            left, bottom = (box[a, 0] - west) >> side, (box[a, 1] - south) >> side
            right, top = (box[a, 2] - west) >> side, (box[a, 3] - south) >> side
            share = (first[slab[a + 1]] - first[slab[a]]) / ((right - left + 1) * (top - bottom + 1))
            for row in range(bottom, top + 1):
                for at in range(row * columns + left, row * columns + right + 1):
                    if fill:
                        near[free[at]] = a
                    else:
                        edges[at] += share
                    free[at] += 1
        if fill == 0:
            total = 0
            for k in range(len(free)):
                held = free[k]
                free[k] = total
                total += held
            near = np.empty(total, np.int32)
    for k in range(len(free) - 1, 0, -1):
        free[k] = free[k - 1]
    free[0] = 0
    return free, near, edges


@compiled()
def _span(x1: int, y1: int, x2: int, y2: int, row: int, side: int) -> tuple[int, int]:
    """Return the first and last column of cells that an edge meets in a row, one step more on both sides."""
    low, high = min(x1, x2), max(x1, x2)
    if y1 >> side != y2 >> side:
        bottom, top = max(min(y1, y2), row << side), min(max(y1, y2), (row + 1) << side)
        slope = (x2 - x1) / (y2 - y1)
        a, b = x1 + (bottom - y1) * slope, x1 + (top - y1) * slope
        low = max(low, int(np.floor(min(a, b))) - 1)
        high = min(high, int(np.ceil(max(a, b))) + 1)
    return low >> side, high >> side


@compiled()
def _refine(
    box: Int32s,
    slab: Int64s,
    shift: Int8s,
    first_edge: Int64s,
    edge: Int32s,
    west: int,
    south: int,
    side: int,
    columns: int,
    begin: Int64s,
    near: Int32s,
    first: Int64s,
    cut: Int8s,
    finest: int,
    c_from: int,
    c_to: int,
    fine: Int32s,
) -> Int32s:
    """Fill the fine cells of some coarse ones, and return their lists of areas to ask."""
    lists = np.empty(1 << 16, np.int32)
    listed = 0
    most = 1 << (2 * finest)
    touched, inside = np.full(most, -1, np.int64), np.full(most, -1, np.int64)
    count = np.zeros(most, np.int32)
    pair_cell, pair_area = np.empty(most, np.int32), np.empty(most, np.int32)
    tag = -1
    for c in range(c_from, c_to):
        if first[c] < 0:
            continue
        finer = side - int(cut[c])
        many = 1 << int(cut[c])
        cells = fine[first[c] : first[c] + many * many]
        x0, y0 = west + ((c % columns) << side), south + ((c // columns) << side)
        pairs = 0
        for k in range(begin[c], begin[c + 1]):
            a = near[k]
            tag += 1
            if pairs + len(cells) > len(pair_cell):
                pair_cell = np.concatenate((pair_cell, np.empty(pairs + most, np.int32)))
                pair_area = np.concatenate((pair_area, np.empty(pairs + most, np.int32)))
            had = pairs
            pairs = _touch(box, slab, shift, first_edge, edge, a, x0, y0, finer, many, tag, touched, pair_cell, pairs)
            pair_area[had:pairs] = a
            _fill_inside(box, slab, shift, first_edge, edge, a, x0, y0, finer, many, tag, touched, inside, cells)
        listed, lists = _list(pair_cell[:pairs], pair_area[:pairs], cells, count, listed, lists)
    return lists[:listed].copy()


@compiled()
def _touch(
    box: Int32s,
    slab: Int64s,
    shift: Int8s,
    first_edge: Int64s,
    edge: Int32s,
    a: int,
    x0: int,
    y0: int,
    finer: int,
    many: int,
    tag: int,
    touched: Int64s,
    pair_cell: Int32s,
    pairs: int,
) -> int:
    """Mark the fine cells that edges of area ``a`` touch, and add them to ``pair_cell``."""
    reach = (many << finer) - 1
    low = slab[a] + (max(y0 - box[a, 1], 0) >> shift[a])
    high = slab[a] + (min(y0 + reach - box[a, 1], int(box[a, 3]) - box[a, 1]) >> shift[a])
    for i in range(first_edge[low], first_edge[high + 1]):
        x1, y1, x2, y2 = edge[i, 0] - x0, edge[i, 1] - y0, edge[i, 2] - x0, edge[i, 3] - y0
        if max(x1, x2) < 0 or max(y1, y2) < 0 or min(x1, x2) > reach or min(y1, y2) > reach:
            continue
        for row in range(max(min(y1, y2), 0) >> finer, (min(max(y1, y2), reach) >> finer) + 1):
            left, right = _span(x1, y1, x2, y2, row, finer)
            for at in range(row * many + max(left, 0), row * many + min(right, many - 1) + 1):
                if touched[at] != tag:
                    touched[at] = tag
                    pair_cell[pairs] = at
                    pairs += 1
    return pairs


@compiled()
def _fill_inside(
    box: Int32s,
    slab: Int64s,
    shift: Int8s,
    first_edge: Int64s,
    edge: Int32s,
    a: int,
    x0: int,
    y0: int,
    finer: int,
    many: int,
    tag: int,
    touched: Int64s,
    inside: Int64s,
    cells: Int32s,
) -> None:
    """Give area ``a`` the cells that it holds as a whole; cells next to each other without an edge go together."""
    c1, r1 = max((box[a, 0] - x0) >> finer, 0), max((box[a, 1] - y0) >> finer, 0)
    c2, r2 = min((box[a, 2] - x0) >> finer, many - 1), min((box[a, 3] - y0) >> finer, many - 1)
    for row in range(r1, r2 + 1):
        column = c1
        while column <= c2:
            if touched[row * many + column] == tag:
                column += 1
                continue
            end = column
            above = -1
            while end <= c2 and touched[row * many + end] != tag:
                if row > r1 and touched[(row - 1) * many + end] != tag:
                    above = (row - 1) * many + end
                end += 1
            if above >= 0:
                holds = inside[above] == tag
            else:
                px, py = x0 + (column << finer), y0 + (row << finer)
                holds = contains(a, px, py, box, slab, shift, first_edge, edge)
            if holds:
                for at in range(row * many + column, row * many + end):
                    inside[at] = tag
                    cells[at] = min(cells[at], a)
            column = end


@compiled()
def _list(
    pair_cell: Int32s, pair_area: Int32s, cells: Int32s, count: Int32s, listed: int, lists: Int32s
) -> tuple[int, Int32s]:
    """Write the areas to ask for each fine cell, those above the area that holds it as a whole left out."""
    for k in range(len(pair_cell)):
        if pair_area[k] < cells[pair_cell[k]]:
            count[pair_cell[k]] += 1
    needed = listed + 3 * len(pair_cell)
    if needed > len(lists):
        lists = np.concatenate((lists, np.empty(max(needed - len(lists), len(lists)), np.int32)))
    for at in range(len(cells)):
        if count[at]:
            lists[listed], lists[listed + 1] = 0, cells[at]
            cells[at] = -2 - listed
            listed += 2 + count[at]
            count[at] = 0
        elif cells[at] == NOBODY:
            cells[at] = -1
    for k in range(len(pair_cell)):
        at = -2 - cells[pair_cell[k]]
        if at >= 0 and pair_area[k] < lists[at + 1]:
            lists[at + 2 + lists[at]] = pair_area[k]
            lists[at] += 1
    return listed, lists
