"""Turn restrictions, from ways and a node of the source to pairs of arcs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.streets.access import VEHICLES
from geo.streets.graph import StreetGraph
from geo.streets.ways import Restriction


class Forbidden(NamedTuple):
    """Pairs (arc in, arc out) int32[t, 2], sorted; restrictions kept; restrictions dropped by reason."""

    pairs: npt.NDArray[np.int32]
    kept: int
    dropped: dict[str, int]


NO_ARC: Final = "no such turn on the graph"
AMBIGUOUS: Final = "a way passes the node without ending there"


def forbid(
    graph: StreetGraph,
    restrictions: Sequence[Restriction],
    *,
    nodes: npt.NDArray[np.int32],
    first_way: npt.NDArray[np.int32],
    last_way: npt.NDArray[np.int32],
) -> Forbidden:
    """Return the turns that the restrictions forbid to vehicles.

    Parameters
    ----------
    nodes
        Graph node of each source node row, -1 where it is not in the graph, int32.
    first_way, last_way
        Source way row of the first and last segment of each arc, int32[m].
    """
    vehicle = (graph.access & VEHICLES) > 0
    vias = {int(nodes[item.via_node]) for item in restrictions} - {-1}
    arcs_in: dict[int, list[int]] = {via: [] for via in vias}
    for arc in np.flatnonzero(np.isin(graph.heads, list(vias)) & vehicle):
        arcs_in[int(graph.heads[arc])].append(int(arc))
    pairs: set[tuple[int, int]] = set()
    dropped: Counter[str] = Counter()
    kept = 0
    for item in restrictions:
        via = int(nodes[item.via_node])
        if via < 0:
            dropped[NO_ARC] += 1
            continue
        leaving = [a for a in range(int(graph.indptr[via]), int(graph.indptr[via + 1])) if vehicle[a]]
        found, reason = _pairs(item, arcs_in[via], leaving, first_way, last_way)
        if found:
            pairs |= found
            kept += 1
        else:
            dropped[reason] += 1
    table = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
    return Forbidden(table, kept, dict(dropped))


def block(graph: StreetGraph, nodes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the turns int32[t, 2] that barriers at these graph nodes forbid: vehicles may only turn back.

    A node where more than two streets for vehicles meet is left open, since the barrier stands beside one of them.
    """
    vehicle = (graph.access & VEHICLES) > 0
    entering: dict[int, list[int]] = {int(node): [] for node in nodes}
    for arc in np.flatnonzero(np.isin(graph.heads, nodes) & vehicle):
        entering[int(graph.heads[arc])].append(int(arc))
    pairs = []
    for node, into in entering.items():
        out = [arc for arc in range(int(graph.indptr[node]), int(graph.indptr[node + 1])) if vehicle[arc]]
        streets = {min(arc, int(graph.reverse[arc])) if graph.reverse[arc] >= 0 else arc for arc in (*into, *out)}
        if len(streets) == 2:
            pairs += [(one, two) for one in into for two in out if graph.reverse[one] != two]
    return np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)


def _pairs(
    item: Restriction,
    entering: list[int],
    leaving: list[int],
    first_way: npt.NDArray[np.int32],
    last_way: npt.NDArray[np.int32],
) -> tuple[set[tuple[int, int]], str]:
    found: set[tuple[int, int]] = set()
    reason = NO_ARC
    for source in item.from_ways:
        into = [a for a in entering if last_way[a] == source]
        for target in item.to_ways:
            out = [a for a in leaving if first_way[a] == target]
            if len(into) > 1 or len(out) > 1:
                # Which of the two arms is meant would be a guess.
                reason = AMBIGUOUS
                continue
            if into and out:
                found |= {(into[0], a) for a in leaving if (a != out[0]) == item.only}
    return found, reason
