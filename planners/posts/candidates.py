"""Candidate sites made on the streets: about one a cell, where streets meet, near where demand is.

Cells are squares of the wanted spacing in a metric projection. In each cell that holds a node of the profile, the node
with the most streets stands for it; among equals the one with the most demand within a cell's width, then the lowest
number. With a limit on how many, cells are taken by the demand around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.crs import pick_metric_crs, to_metric
from geo.errors import InfeasibleError, ParameterError
from geo.streets.graph import StreetGraph
from geo.streets.speeds import arc_kph
from planners.arrays import read_only

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Nodes of a street graph as sites.

    Attributes
    ----------
    nodes : int32[k], rising
    lonlat : float64[k, 2], WGS84
    keys : ``"n"`` and the node's number
    demand_near : float64[k], weight within the spacing
    """

    nodes: npt.NDArray[np.int32]
    lonlat: Floats
    keys: tuple[str, ...]
    demand_near: Floats


def street_candidates(
    graph: StreetGraph,
    profile: str,
    *,
    spacing_m: float,
    demand_lonlat: Floats | None = None,
    weights: npt.ArrayLike | None = None,
    most: int | None = None,
    inside: npt.NDArray[np.bool_] | None = None,
) -> Candidates:
    """Return candidate sites.

    Parameters
    ----------
    profile
        Streets that it may use count; dead ends and cut-off nodes may still stand for a cell without better ones.
    demand_lonlat, weights
        float64[d, 2] and float64[d]: where demand is.
    most
        At most so many sites, those with the most demand near first.
    inside
        bool[nodes], nodes that may be sites, such as those within the city's outline.

    Raises
    ------
    InfeasibleError
        No street of the profile is there.
    """
    if not spacing_m > 0 or (most is not None and most < 1):
        raise ParameterError(
            "Spacing must be above 0 m and at least 1 site asked for", "间距应大于 0 米，且至少 1 个点位"
        )
    used = arc_kph(graph, profile) > 0
    tails = np.repeat(np.arange(graph.nodes), np.diff(graph.indptr))
    streets = np.bincount(tails[used], minlength=graph.nodes) + np.bincount(graph.heads[used], minlength=graph.nodes)
    may = streets > 0 if inside is None else (streets > 0) & inside
    nodes = np.flatnonzero(may)
    if not len(nodes):
        raise InfeasibleError(
            "No street that this profile may use lies here, so there is no site to choose",
            "该范围内没有此出行方式可用的道路，无法生成备选点位",
        )
    west, south = graph.node_lonlat[nodes].min(axis=0)
    east, north = graph.node_lonlat[nodes].max(axis=0)
    crs = pick_metric_crs((west, south, east, north))
    xy = to_metric(graph.node_lonlat[nodes], crs)
    near = _demand_near(xy, demand_lonlat, weights, crs, spacing_m)
    cells = np.floor((xy - xy.min(axis=0)) / spacing_m).astype(np.int64)
    cell = cells[:, 0] * (int(cells[:, 1].max()) + 1) + cells[:, 1]
    order = np.lexsort((nodes, -near, -streets[nodes], cell))
    first = np.ones(len(order), bool)
    first[1:] = np.diff(cell[order]) != 0
    chosen = order[first]
    if most is not None and len(chosen) > most:
        chosen = chosen[np.lexsort((nodes[chosen], -near[chosen]))[:most]]
    chosen = np.sort(chosen)
    return Candidates(
        nodes=read_only(nodes[chosen], np.int32),
        lonlat=read_only(graph.node_lonlat[nodes[chosen]], np.float64),
        keys=tuple(f"n{node}" for node in nodes[chosen].tolist()),
        demand_near=read_only(near[chosen], np.float64),
    )


def _demand_near(
    xy: Floats, demand_lonlat: Floats | None, weights: npt.ArrayLike | None, crs: str, reach_m: float
) -> Floats:
    if demand_lonlat is None or not len(demand_lonlat):
        return np.zeros(len(xy))
    held = np.ones(len(demand_lonlat)) if weights is None else np.asarray(weights, np.float64)
    found = cKDTree(to_metric(np.asarray(demand_lonlat, np.float64), crs)).query_ball_point(xy, reach_m)
    return np.array([held[rows].sum() if rows else 0.0 for rows in found])
