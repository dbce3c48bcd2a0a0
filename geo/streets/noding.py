"""Noding of drawn lines: nodes where lines of one level cross or touch, and where ends meet."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_SAME_SPOT_M: Final = 1e-3
_LEVEL_APART_M: Final = 1e7


class Noded(NamedTuple):
    """Lines over shared nodes: ``offsets`` int64[p + 1] of ``refs`` int32[k], rows of ``xy`` float64[n, 2]."""

    offsets: _Ints
    refs: npt.NDArray[np.int32]
    xy: _Floats


class _Touches(NamedTuple):
    """Spots ``xy`` float64[e, 2] that become nodes, at ``share`` float64[e] of segment ``segment`` int64[e]."""

    segment: _Ints
    share: _Floats
    xy: _Floats


def node_lines(xy: _Floats, offsets: _Ints, levels: _Ints, *, tolerance_m: float) -> Noded:
    """Join lines where they meet.

    Lines of one level get a node where they cross, and where an end comes within ``tolerance_m`` of another line.
    Ends within ``tolerance_m`` of each other are joined at any level, so a bridge is reached at its ends only.

    Parameters
    ----------
    xy
        Points of all lines, float64[k, 2] metres.
    offsets
        int64[p + 1], rows of ``xy`` of each line, at least two points a line.
    levels
        int64[p]; 0 is the ground.
    """
    count = len(offsets) - 1
    line = np.repeat(np.arange(count), np.diff(offsets))
    starts = np.flatnonzero(line[:-1] == line[1:])
    level = levels[line[starts]]
    one, two = xy[starts], xy[starts + 1]
    shapes = shapely.linestrings(cast("Any", np.stack([one, two], axis=1)))
    tree = shapely.STRtree(cast("Any", shapes))
    ends = np.unique(np.concatenate([offsets[:-1], offsets[1:] - 1]))
    crossings = _crossings(tree, shapes, one, two, starts, level)
    touches = _touches(tree, one, two, starts, level, xy[ends], ends, levels[line[ends]], tolerance_m)
    spots = _Touches(*(np.concatenate([a, b]) for a, b in zip(crossings, touches, strict=True)))
    at = np.concatenate([xy[ends], spots.xy])
    at_level = np.concatenate([levels[line[ends]], level[spots.segment]])
    cluster = _clusters(at, at_level, len(ends), tolerance_m)
    # A spot on a vertex makes that vertex the node; any other is put in between.
    start, end = starts[spots.segment], starts[spots.segment] + 1
    near_start = np.hypot(*(spots.xy - xy[start]).T) < _SAME_SPOT_M
    near_end = np.hypot(*(spots.xy - xy[end]).T) < _SAME_SPOT_M
    node = np.full(len(xy), -1, np.int64)
    mine = cluster[len(ends) :]
    node[start[near_start]] = mine[near_start]
    node[end[near_end]] = mine[near_end]
    node[ends] = cluster[: len(ends)]
    _, first = np.unique(cluster, return_index=True)
    free = np.flatnonzero(node < 0)
    node[free] = len(first) + np.arange(len(free))
    between = ~(near_start | near_end)
    vertex = np.concatenate([np.arange(len(xy)), start[between]])
    share = np.concatenate([np.zeros(len(xy)), spots.share[between]])
    refs = np.concatenate([node, mine[between]])
    order = np.lexsort((refs, share, vertex))
    sizes = np.bincount(line[vertex], minlength=count)
    return Noded(
        np.concatenate([[0], np.cumsum(sizes)]), refs[order].astype(np.int32), np.concatenate([at[first], xy[free]])
    )


def _crossings(tree: Any, shapes: Any, one: _Floats, two: _Floats, starts: _Ints, level: _Ints) -> _Touches:
    """Return where two segments of one level cross or touch, once on each of the two."""
    left, right = tree.query(shapes, predicate="intersects")
    # Neighbours on one line share a vertex already.
    apart = (left < right) & (level[left] == level[right]) & (starts[right] - starts[left] != 1)
    left, right = left[apart], right[apart]
    p, r = one[left], two[left] - one[left]
    q, s = one[right], two[right] - one[right]
    turn = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    scale = np.hypot(*r.T) * np.hypot(*s.T)
    askew = np.abs(turn) > 1e-9 * np.maximum(scale, 1e-300)
    gap = (q - p)[askew]
    along = np.clip((gap[:, 0] * s[askew, 1] - gap[:, 1] * s[askew, 0]) / turn[askew], 0, 1)
    other = np.clip((gap[:, 0] * r[askew, 1] - gap[:, 1] * r[askew, 0]) / turn[askew], 0, 1)
    spot = p[askew] + along[:, None] * r[askew]
    found = [_Touches(left[askew], along, spot), _Touches(right[askew], other, spot)]
    # Segments that lie on one another meet at the ends of both.
    left, right = left[~askew], right[~askew]
    for host, guest in ((left, right), (right, left)):
        for tip in (one[guest], two[guest]):
            share, distance = _project(tip, one[host], two[host])
            on = distance < _SAME_SPOT_M
            found.append(_Touches(host[on], share[on], tip[on]))
            found.append(_Touches(guest[on], np.where((tip[on] == one[guest[on]]).all(axis=1), 0.0, 1.0), tip[on]))
    return _Touches(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _touches(
    tree: Any,
    one: _Floats,
    two: _Floats,
    starts: _Ints,
    level: _Ints,
    tips: _Floats,
    tip_rows: _Ints,
    tip_level: _Ints,
    tolerance_m: float,
) -> _Touches:
    """Return where an end comes near a segment of its level."""
    tip, segment = tree.query(shapely.points(cast("Any", tips)), predicate="dwithin", distance=tolerance_m)
    own = (tip_rows[tip] == starts[segment]) | (tip_rows[tip] == starts[segment] + 1)
    keep = ~own & (tip_level[tip] == level[segment])
    tip, segment = tip[keep], segment[keep]
    share, _ = _project(tips[tip], one[segment], two[segment])
    spot = one[segment] + share[:, None] * (two[segment] - one[segment])
    return _Touches(segment, share, spot)


def _project(spots: _Floats, one: _Floats, two: _Floats) -> tuple[_Floats, _Floats]:
    """Return share along and distance from each segment to its spot."""
    step = two - one
    squared = np.maximum((step**2).sum(axis=1), 1e-300)
    share = np.clip(((spots - one) * step).sum(axis=1) / squared, 0.0, 1.0)
    return share, np.hypot(*(spots - one - share[:, None] * step).T)


def _clusters(at: _Floats, level: _Ints, ends: int, tolerance_m: float) -> _Ints:
    """Return a number for each spot, equal for spots that are one node."""
    meeting = cKDTree(at[:ends]).query_pairs(tolerance_m, output_type="ndarray")
    stacked = np.column_stack([at, level * _LEVEL_APART_M])
    touching = cKDTree(stacked).query_pairs(tolerance_m, output_type="ndarray")
    pairs = np.concatenate([meeting, touching])
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(at), len(at)))
    _, found = connected_components(links, directed=False)
    return np.asarray(found, dtype=np.int64)
