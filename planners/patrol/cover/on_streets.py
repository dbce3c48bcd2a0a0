"""Cover on real streets: crossings as spots, ways as the streets give them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.streets.snap import Places
from geo.streets.travel import Travel
from planners.patrol.cover.problem import CoverProblem, Leg

Ints = npt.NDArray[np.int64]


def cover_on_streets(
    travel: Travel,
    places: Places,
    demand: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    standard_seconds: float,
    response: Travel | None = None,
    period_seconds: int = 3600,
) -> CoverProblem:
    """Build the cover problem of posts, then points, on streets that all kinds drive alike.

    Parameters
    ----------
    travel, response
        How units drive on patrol, and how when they are called; the same unless given.
    demand
        Int[demand], nodes of the graph; calls are counted at the node nearest to them.
    weights
        Float[demand] or [periods, demand], calls expected.
    """
    nodes = np.asarray(demand, np.int32)
    milliseconds = (response or travel).to_nodes(nodes)
    spot = _nodes_of(travel, places)
    known: dict[tuple[int, int], Leg] = {}

    def way(_kind: int, here: int, there: int) -> Leg:
        if (here, there) not in known:
            known[here, there] = _way(travel, places, spot, here, there)
        return known[here, there]

    return CoverProblem(
        reach=np.ascontiguousarray((milliseconds <= standard_seconds * 1000).T),
        weights=np.atleast_2d(np.asarray(weights, np.float64)), period_seconds=period_seconds, spot_of_place=spot,
        ways=way,
    )  # fmt: skip


def _nodes_of(travel: Travel, places: Places) -> Ints:
    """Return the nearer end of the arc that each place lies on."""
    graph = travel.graph
    arc = np.maximum(places.arc, 0)
    near_head = places.metres_along > graph.metres[arc] / 2
    return np.where(near_head, graph.heads[arc], graph.tails()[arc]).astype(np.int64)


def _way(travel: Travel, places: Places, spot: Ints, here: int, there: int) -> Leg:
    if here == there:
        return Leg(spots=spot[[here]], seconds=np.zeros(1), whole_seconds=1.0)
    path = travel.path(places, here, places, there)
    arcs = np.asarray(path.arcs, np.int64)
    spent = np.cumsum(travel.milliseconds[arcs].astype(np.float64)) / 1000.0
    # A crossing counts from halfway along the street that leads to it.
    middle = spent - travel.milliseconds[arcs] / 2000.0
    return Leg(
        spots=np.concatenate([spot[[here]], travel.graph.heads[arcs].astype(np.int64)]),
        seconds=np.concatenate([[0.0], middle]),
        whole_seconds=float(spent[-1]),
    )
