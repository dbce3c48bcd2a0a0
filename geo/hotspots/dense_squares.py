"""DBSCAN of very many points: squares so small that all points of one are near each other, joined by union and find."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import CoordinateError, ParameterError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def clusters_in_squares(xy: npt.ArrayLike, *, reach_m: float, least: int) -> Ints:
    """Return the cluster of each point (float64[n, 2] metres), -1 for noise, int64[n]; see ``density_clusters``.

    Squares of side ``reach / sqrt 2``: one that holds ``least`` points has core points alone, all core points of a square are one
    cluster, and only squares at most two apart can touch. Gunawan, A. (2013). A faster algorithm for DBSCAN. Eindhoven.
    """
    points = np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise CoordinateError("A point has a coordinate that is not finite", "点位坐标无效")
    if not 0 < reach_m < np.inf:
        raise ParameterError("The distance must be above 0 m", "距离应大于 0 米")
    if not len(points):
        return np.zeros(0, np.int64)
    # A hair smaller: rounding must not put points that are further apart than the reach into one square.
    size = reach_m / np.sqrt(2) * (1 - 1e-9)
    at = np.floor((points - points.min(axis=0)) / size).astype(np.int64)
    columns = int(at[:, 0].max()) + 5
    key = at[:, 1] * columns + at[:, 0]
    order = np.argsort(key, kind="stable").astype(np.int64)
    squares, starts = np.unique(key[order], return_index=True)
    ends = np.append(starts, len(points)).astype(np.int64)
    label = _clusters(points[order], order, squares, ends, columns, float(reach_m), least)
    found = np.empty(len(points), np.int64)
    found[order] = label
    return found


@compiled()
def _root(parent: Ints, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled()
def _near(xy: Floats, i: int, j: int, reach: float) -> bool:
    dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
    return bool(np.sqrt(dx * dx + dy * dy) <= reach)


@compiled()
def _cores(xy: Floats, squares: Ints, ends: Ints, columns: int, reach: float, least: int) -> Bools:
    core = np.zeros(len(xy), np.bool_)
    for s in range(len(squares)):
        if ends[s + 1] - ends[s] >= least:
            core[ends[s] : ends[s + 1]] = True
            continue
        for i in range(ends[s], ends[s + 1]):
            found = 0
            for row in range(-2, 3):
                base = squares[s] + row * columns
                k = np.searchsorted(squares, base - 2)
                while k < len(squares) and squares[k] <= base + 2 and found < least:
                    for j in range(ends[k], ends[k + 1]):
                        found += _near(xy, i, j, reach)
                        if found >= least:
                            break
                    k += 1
            core[i] = found >= least
    return core


@compiled()
def _touch(xy: Floats, core: Bools, ends: Ints, a: int, b: int, reach: float) -> bool:
    """Tell whether a core point of one square lies near one of another."""
    west, east = np.inf, -np.inf
    south, north = np.inf, -np.inf
    for j in range(ends[b], ends[b + 1]):
        if core[j]:
            west, east = min(west, xy[j, 0]), max(east, xy[j, 0])
            south, north = min(south, xy[j, 1]), max(north, xy[j, 1])
    slack = reach * (1 + 1e-9)
    for i in range(ends[a], ends[a + 1]):
        if not core[i]:
            continue
        dx = max(west - xy[i, 0], xy[i, 0] - east, 0.0)
        dy = max(south - xy[i, 1], xy[i, 1] - north, 0.0)
        if dx * dx + dy * dy > slack * slack:
            continue
        for j in range(ends[b], ends[b + 1]):
            if core[j] and _near(xy, i, j, reach):
                return True
    return False


@compiled()
def _joined(xy: Floats, core: Bools, squares: Ints, ends: Ints, columns: int, reach: float) -> Ints:
    """Return the square that stands for the cluster of each square with core points, -1 for the others."""
    count = len(squares)
    parent = np.arange(count)
    for s in range(count):
        if not core[ends[s] : ends[s + 1]].any():
            parent[s] = -1
    # Squares side by side first: those two apart are then mostly joined already.
    for ring in range(1, 3):
        for s in range(count):
            for row in range(3):
                base = squares[s] + row * columns
                k = np.searchsorted(squares, base - 2 if row else base + 1)
                while parent[s] >= 0 and k < count and squares[k] <= base + 2:
                    if parent[k] >= 0 and max(row, abs(squares[k] - base)) == ring:
                        a, b = _root(parent, s), _root(parent, k)
                        if a != b and _touch(xy, core, ends, s, k, reach):
                            parent[max(a, b)] = min(a, b)
                    k += 1
    return np.array([_root(parent, s) if parent[s] >= 0 else -1 for s in range(count)])


@compiled()
def _clusters(xy: Floats, order: Ints, squares: Ints, ends: Ints, columns: int, reach: float, least: int) -> Ints:
    core = _cores(xy, squares, ends, columns, reach, least)
    root = _joined(xy, core, squares, ends, columns, reach)
    square = np.repeat(np.arange(len(squares)), np.diff(ends))
    place = np.argsort(order)
    # Clusters are numbered by their first core point in the input.
    number, label = np.full(len(squares), -1, np.int64), np.full(len(xy), -1, np.int64)
    clusters = 0
    for i in place:
        if core[i]:
            if number[root[square[i]]] < 0:
                number[root[square[i]]] = clusters
                clusters += 1
            label[i] = number[root[square[i]]]
    for i in range(len(xy)):
        if not core[i]:
            label[i] = _lowest(xy, core, squares, ends, columns, reach, root, number, i, squares[square[i]])
    return label


@compiled()
def _lowest(
    xy: Floats,
    core: Bools,
    squares: Ints,
    ends: Ints,
    columns: int,
    reach: float,
    root: Ints,
    number: Ints,
    i: int,
    square: int,
) -> int:
    """Return the lowest-numbered cluster with a core point near ``i``, or -1."""
    best = -1
    for row in range(-2, 3):
        base = square + row * columns
        k = np.searchsorted(squares, base - 2)
        while k < len(squares) and squares[k] <= base + 2:
            own = number[root[k]] if root[k] >= 0 else -1
            if own >= 0 and (best < 0 or own < best):
                for j in range(ends[k], ends[k + 1]):
                    if core[j] and _near(xy, i, j, reach):
                        best = own
                        break
            k += 1
    return best
