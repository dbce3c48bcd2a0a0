"""Where a profile can stop and go on: the street nearest to the place leads there from everywhere, and away again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.streets.expand import Expanded
from geo.streets.graph import StreetGraph
from geo.streets.snap import Snapper
from geo.streets.speeds import arc_kph

Bool = npt.NDArray[np.bool_]
WITHIN_M = 30.0


def can_stand(graph: StreetGraph, profile: str, lonlat: npt.NDArray[np.float64]) -> Bool:
    """Tell which places float64[k, 2] are within 30 m of a street of the main network of ``profile``, bool[k].

    The main network is the largest part of the streets in which every place reaches every other with forbidden turns
    obeyed (on foot they do not hold).
    """
    usable = arc_kph(graph, profile) > 0
    expanded = Expanded.of(graph, turns=profile != "foot")
    rows = usable[expanded.arcs]
    links = csr_array(
        (np.ones(int(rows.sum()), np.int8), (expanded.tails[rows], expanded.heads[rows])),
        shape=(expanded.size, expanded.size),
    )
    _, part = connected_components(links, directed=True, connection="strong")
    inside = part == np.bincount(part).argmax()
    leaves = usable & inside[expanded.entered]
    arrives = np.zeros(graph.arcs, dtype=bool)
    arrives[expanded.arcs[rows & inside[expanded.tails]]] = True
    places = Snapper(graph, profile).snap(lonlat, max_m=WITHIN_M)
    arc = np.where(places.ok, places.arc, 0)
    back = graph.reverse[arc]
    either = [way[arc] | ((back >= 0) & way[back]) for way in (leaves, arrives)]
    return np.asarray(places.ok & either[0] & either[1])
