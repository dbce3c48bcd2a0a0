"""DBSCAN and ST-DBSCAN: dense groups of calls in space, or in space and time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import InputError, ParameterError
from geo.hotspots.dense_squares import clusters_in_squares
from geo.hotspots.near_pairs import hashed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def density_clusters(
    xy: npt.ArrayLike,
    *,
    reach_m: float,
    least: int,
    days: npt.ArrayLike | None = None,
    reach_days: float | None = None,
) -> Ints:
    """Return the cluster of each point, -1 for noise, int64[n]; clusters are numbered by their first core point.

    A core point has ``least`` points or more within ``reach_m`` (equality and the point itself count), and within ``reach_days`` too
    where ``days`` are given. Core points within reach are one cluster; a border point joins the lowest-numbered cluster that it
    touches. In space alone the work grows with the points, not with their pairs (``dense_squares``). Ester, M. et al. (1996). A
    density-based algorithm for discovering clusters. KDD-96; Birant, D. and Kut, A. (2007). ST-DBSCAN. Data & Knowledge Engineering
    60, 208-221.
    """
    if least < 1 or (days is None) != (reach_days is None) or (reach_days is not None and not reach_days >= 0):
        raise ParameterError(
            "A cluster needs 1 point or more; days and their reach belong together and are 0 or more",
            "最少点数应不小于 1；时间与时间半径须同时给出且不小于 0",
        )
    if days is None:
        return clusters_in_squares(xy, reach_m=reach_m, least=least)
    table = hashed(xy, reach_m)
    times = np.asarray(days, np.float64)
    if len(times) != len(table.order) or not np.isfinite(times).all():
        raise InputError("Each point needs a finite time", "每个点需要有效时间")
    label = _clusters(
        table.xy, times[table.order], table.column, table.row, table.starts, table.columns, table.rows,
        reach_m, float(reach_days or 0.0), least, table.order,
    )  # fmt: skip
    found = np.empty(len(label), np.int64)
    found[table.order] = label
    return found


@compiled()
def _root(parent: Ints, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled()
def _apart(xy: Floats, times: Floats, i: int, j: int, reach: float, reach_days: float) -> bool:
    if abs(times[i] - times[j]) > reach_days:
        return True
    dx, dy = xy[i, 0] - xy[j, 0], xy[i, 1] - xy[j, 1]
    return bool(np.sqrt(dx * dx + dy * dy) > reach)


@compiled()
def _clusters(
    xy: Floats,
    times: Floats,
    column: Ints,
    row: Ints,
    starts: Ints,
    columns: int,
    rows: int,
    reach: float,
    reach_days: float,
    least: int,
    order: Ints,
) -> Ints:
    n = len(xy)
    count = np.ones(n, np.int64)
    parent, label = np.arange(n), np.full(n, -1, np.int64)
    # Three rounds over all near pairs: count neighbours, join core points, let border points choose.
    for stage in range(3):
        if stage == 2:
            _number(parent, label, count, least, order)
        for i in range(n):
            left, right = max(column[i] - 1, 0), min(column[i] + 1, columns - 1)
            for r in range(max(row[i] - 1, 0), min(row[i] + 2, rows)):
                for j in range(max(starts[r * columns + left], i + 1), starts[r * columns + right + 1]):
                    if _apart(xy, times, i, j, reach, reach_days):
                        continue
                    if stage == 0:
                        count[i] += 1
                        count[j] += 1
                    elif stage == 1:
                        _join(parent, count, least, order, i, j)
                    else:
                        _touch(label, count, least, i, j)
    return label


@compiled()
def _join(parent: Ints, count: Ints, least: int, order: Ints, i: int, j: int) -> None:
    if count[i] >= least and count[j] >= least:
        a, b = _root(parent, i), _root(parent, j)
        # The root is the point that comes first in the input.
        if order[a] < order[b]:
            parent[b] = a
        else:
            parent[a] = b


@compiled()
def _touch(label: Ints, count: Ints, least: int, i: int, j: int) -> None:
    if (count[i] >= least) == (count[j] >= least):
        return
    core, border = (i, j) if count[i] >= least else (j, i)
    if label[border] < 0 or label[core] < label[border]:
        label[border] = label[core]


@compiled()
def _number(parent: Ints, label: Ints, count: Ints, least: int, order: Ints) -> None:
    place = np.empty(len(order), np.int64)
    for i in range(len(order)):
        place[order[i]] = i
    clusters = 0
    for given in range(len(order)):
        i = int(place[given])
        if count[i] >= least:
            root = _root(parent, i)
            if label[root] < 0:
                label[root] = clusters
                clusters += 1
            label[i] = label[root]
