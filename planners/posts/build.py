"""From travel times to the covering problem, in blocks of sites so that a city fits in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from planners.posts.coverage import Coverage
from planners.posts.problem import MclpProblem, require_seconds

Floats = npt.NDArray[np.float64]
Blocks = Callable[[int, int], Floats]
"""``blocks(first, last)`` gives the seconds from sites ``first <= j < last`` as float64[demand, last - first]."""

BLOCK_SITES = 128


def build_coverage(
    seconds: Floats | Blocks,
    *,
    demand: int,
    sites: int,
    radius_seconds: float,
    closed: Sequence[int] = (),
    demand_keys: Sequence[str] = (),
    block_sites: int = BLOCK_SITES,
) -> Coverage:
    """Keep the pairs within the limit (equality covers) of travel seconds float64[demand, sites], inf = unreachable.

    Raises
    ------
    InputError
        Travel times of another shape, negative or NaN; the demand points are named.
    """
    usable = np.ones(sites, bool)
    usable[list(closed)] = False
    nearest = np.full(demand, np.inf)
    rows: list[npt.NDArray[np.int64]] = []
    columns: list[npt.NDArray[np.int64]] = []
    times: list[Floats] = []
    for first in range(0, sites, block_sites):
        last = min(sites, first + block_sites)
        block = np.asarray(seconds(first, last) if callable(seconds) else seconds[:, first:last], np.float64)
        if block.shape != (demand, last - first):
            raise InputError(
                f"Travel times of sites {first + 1} to {last} have shape {block.shape}, not {(demand, last - first)}",
                f"第 {first + 1} 至 {last} 个点位的行程时间矩阵应为 {demand} 行 {last - first} 列",
            )
        require_seconds(block, demand_keys)
        open_columns = usable[first:last]
        if open_columns.any():
            np.minimum(nearest, block[:, open_columns].min(axis=1), out=nearest)
        row, column = np.nonzero(block <= radius_seconds)
        rows.append(row)
        columns.append(column + first)
        times.append(block[row, column])
    all_rows = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    all_columns = np.concatenate(columns) if columns else np.zeros(0, np.int64)
    all_times = np.concatenate(times) if times else np.zeros(0)
    order = np.lexsort((all_columns, all_rows))
    indptr = np.zeros(demand + 1, np.int64)
    np.cumsum(np.bincount(all_rows, minlength=demand), out=indptr[1:])
    return Coverage(
        indptr=indptr,
        sites=all_columns[order].astype(np.int32),
        seconds=all_times[order],
        nearest_seconds=nearest,
        count=sites,
        radius_seconds=radius_seconds,
    )


def build_mclp(
    seconds: Floats | Blocks,
    *,
    weights: npt.ArrayLike,
    site_keys: Sequence[str],
    p: int,
    radius_seconds: float,
    demand_keys: Sequence[str] = (),
    fixed: Sequence[int] = (),
    closed: Sequence[int] = (),
    block_sites: int = BLOCK_SITES,
) -> MclpProblem:
    """Build the covering problem from travel seconds site to demand point, float64[demand, sites] or in blocks.

    Equality covers. ``inf`` is unreachable. Demand points keep their rows; solvers merge those with the same sites.
    """
    demand_weights = np.asarray(weights, np.float64)
    coverage = build_coverage(
        seconds,
        demand=len(demand_weights),
        sites=len(site_keys),
        radius_seconds=radius_seconds,
        closed=[c for c in closed if 0 <= c < len(site_keys)],
        demand_keys=demand_keys,
        block_sites=block_sites,
    )
    return MclpProblem(
        coverage=coverage,
        weights=demand_weights,
        site_keys=tuple(site_keys),
        demand_keys=tuple(demand_keys),
        p=p,
        fixed=np.asarray(list(fixed), np.int32),
        closed=np.asarray(list(closed), np.int32),
    )
