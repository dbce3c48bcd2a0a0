"""Times over the arrays equal networkx's over the same streets."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.streets.assemble import assemble
from geo.streets.graph import CAR, FOOT, ROAD_CLASSES
from geo.streets.simplify import simplify
from geo.streets.speeds import ACCESS_BIT, NO_WAY, SpeedTable, arc_milliseconds
from geo.streets.ways import Ways

CLASSES = ("primary", "residential", "footway")
SPEED = {"patrol_car": {"primary": 36.0, "residential": 18.0}, "foot": dict.fromkeys(CLASSES, 4.32)}
ONE_WAY = st.sampled_from(["both", "along", "against"])


@st.composite
def towns(draw: st.DrawFn) -> tuple[Ways, list[tuple[list[int], str, str]]]:
    """Random polylines over a few shared nodes, with class and direction."""
    count = draw(st.integers(3, 12))
    spots = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=count, max_size=count))
    drawn = draw(
        st.lists(
            st.tuples(st.lists(st.integers(0, count - 1), min_size=2, max_size=6), st.sampled_from(CLASSES), ONE_WAY),
            min_size=1,
            max_size=9,
        )
    )
    lines = [(refs, kind, way) for refs, kind, way in drawn if any(a != b for a, b in itertools.pairwise(refs))]
    if not lines:
        lines = [([0, 1], "primary", "both")]
    bits = {"primary": CAR | FOOT, "residential": CAR | FOOT, "footway": FOOT}
    forward = [bits[kind] if way != "against" else FOOT for _, kind, way in lines]
    backward = [bits[kind] if way != "along" else FOOT for _, kind, way in lines]
    nan = np.full(len(lines), np.nan, np.float32)
    ways = Ways(
        ids=np.arange(len(lines)),
        offsets=np.concatenate([[0], np.cumsum([len(refs) for refs, *_ in lines])]),
        refs=np.array([ref for refs, *_ in lines for ref in refs], np.int32),
        node_ids=np.arange(count),
        node_lonlat=np.array(spots, float) * 0.001 + [108.9, 34.2],
        road_class=np.array([ROAD_CLASSES.index(kind) for _, kind, _ in lines], np.int8),
        name_ids=np.zeros(len(lines), np.int32),
        names=("",),
        forward=np.array(forward, np.uint8),
        backward=np.array(backward, np.uint8),
        forward_kph=nan,
        backward_kph=nan,
    )
    return ways, lines


@given(town=towns(), profile=st.sampled_from(["patrol_car", "foot"]))
@settings(max_examples=120, deadline=None)
def test_simplified_arrays_keep_every_time(town: tuple[Ways, list[tuple[list[int], str, str]]], profile: str) -> None:
    ways, lines = town
    table = SpeedTable.default()
    for kind, kph in SPEED[profile].items():
        table = table.edited(profile=profile, road_class=kind, kph=kph)
    graph = assemble(simplify(ways).pieces, source="").graph
    taken = arc_milliseconds(graph, profile, speeds=table)
    # The peer: every straight segment an edge of its own, lengths from first principles on a plane.
    peer = nx.MultiDiGraph()
    peer.add_nodes_from(range(len(ways.node_ids)))
    for refs, kind, way in lines:
        if kind not in SPEED[profile]:
            continue
        for one, two in itertools.pairwise(refs):
            metres = plane_metres(ways.node_lonlat[one], ways.node_lonlat[two])
            seconds = metres / (SPEED[profile][kind] / 3.6)
            if way != "against" or profile == "foot":
                peer.add_edge(one, two, weight=seconds)
            if way != "along" or profile == "foot":
                peer.add_edge(two, one, weight=seconds)
    usable = taken < NO_WAY
    assert (usable == ((graph.access & ACCESS_BIT[profile]) > 0)).all()
    times = shortest(graph, taken, usable)
    for row, node in enumerate(graph.node_ids.tolist()):
        reached = nx.single_source_dijkstra_path_length(peer, node)
        for column, other in enumerate(graph.node_ids.tolist()):
            if other in reached:
                # Each arc rounds to a whole millisecond, and takes at least one.
                assert times[row, column] / 1000 == pytest.approx(reached[other], rel=2e-3, abs=0.03)
            else:
                assert np.isinf(times[row, column])


def plane_metres(one: np.ndarray, two: np.ndarray) -> float:
    """Lengths at 34.2 degrees north: 111.0 and 92.2 km a degree (WGS84 tables), good to a part in a thousand."""
    return float(np.hypot((two[0] - one[0]) * 92_188.0, (two[1] - one[1]) * 110_920.0))


def shortest(graph, taken: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Dijkstra of SciPy; parallel arcs reduce to the soonest."""
    tails, heads = graph.tails()[usable], graph.heads[usable]
    order = np.lexsort((taken[usable], heads, tails))
    pairs = np.column_stack([tails, heads])[order]
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    links = csr_array(
        (taken[usable][order][first].astype(float), (pairs[first, 0], pairs[first, 1])), shape=(graph.nodes,) * 2
    )
    return np.asarray(dijkstra(links))
