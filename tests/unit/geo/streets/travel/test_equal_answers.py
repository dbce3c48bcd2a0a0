"""Cold and warm answers against SciPy, networkx and brute force."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.streets.order import Order
from geo.streets.speeds import arc_milliseconds
from geo.streets.travel import UNREACHED, Travel

ENGINES = ("cold", "warm")


def by_scipy(graph, milliseconds, nodes, *, backward=False):
    """SciPy adds up parallel arcs, so the least of each pair is taken first."""
    tails, heads = graph.tails().astype(np.int64), graph.heads.astype(np.int64)
    if backward:
        tails, heads = heads, tails
    order = np.lexsort((milliseconds, heads, tails))
    order = order[milliseconds[order] < UNREACHED]
    pairs = tails[order] * graph.nodes + heads[order]
    order = order[np.unique(pairs, return_index=True)[1]]
    shape = (graph.nodes, graph.nodes)
    weights = csr_array((milliseconds[order].astype(float), (tails[order], heads[order])), shape=shape)
    found = dijkstra(weights, indices=nodes)
    return np.where(np.isinf(found), UNREACHED, found).astype(np.int32)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("nodes", "seed"), [(40, 0), (300, 1), (1500, 2)])
def test_every_pair_equals_scipy(random_town, engine, nodes, seed) -> None:
    town = random_town(nodes, seed=seed)
    travel = Travel(town.graph, town.milliseconds, engine=engine)
    sources = np.random.default_rng(seed).integers(0, nodes, 37)
    expected = by_scipy(town.graph, town.milliseconds, sources)
    assert (expected >= UNREACHED).any()
    assert (expected < UNREACHED).mean() > 0.3
    assert np.array_equal(travel.from_nodes(sources), expected)
    expected = by_scipy(town.graph, town.milliseconds, sources, backward=True)
    assert np.array_equal(travel.to_nodes(sources), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_equals_networkx(random_town, engine) -> None:
    town = random_town(120, seed=5)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(town.graph.nodes))
    for tail, head, spent in zip(town.graph.tails(), town.graph.heads, town.milliseconds, strict=True):
        graph.add_edge(int(tail), int(head), weight=int(spent))
    found = Travel(town.graph, town.milliseconds, engine=engine).from_nodes([7, 90])
    for row, source in zip(found, (7, 90), strict=True):
        expected = nx.single_source_dijkstra_path_length(graph, source)
        assert {k: int(v) for k, v in enumerate(row) if v < UNREACHED} == expected


@st.composite
def towns(draw):
    nodes = draw(st.integers(1, 9))
    node = st.integers(0, nodes - 1)
    weight = st.one_of(st.just(1), st.integers(1, 40), st.sampled_from([UNREACHED - 1, 5_000_000]))
    streets = draw(st.lists(st.tuples(node, node, weight, st.booleans()), min_size=1, max_size=16))
    return nodes, streets, draw(st.randoms(use_true_random=False)), draw(st.floats(0, 0.6))


@settings(max_examples=150, deadline=None)
@given(drawn=towns())
def test_small_towns_with_forbidden_turns_equal_brute_force(build_town, build_places, drawn) -> None:
    nodes, streets, chooser, share = drawn
    free = build_town(nodes, streets)
    graph = free.graph
    follows = [
        (arc, after)
        for arc in range(graph.arcs)
        for after in range(int(graph.indptr[graph.heads[arc]]), int(graph.indptr[graph.heads[arc] + 1]))
    ]
    bans = [pair for pair in follows if chooser.random() < share]
    town = build_town(nodes, streets, bans=bans)
    if chooser.random() < 0.3:
        town = town.closing([chooser.randrange(graph.arcs)])
    expected = np.array([town.from_node(k) for k in range(nodes)])
    origins, destinations = build_places(town, 4, seed=1, missing=True), build_places(town, 5, seed=2)
    pairs = [[town.between(origins, i, destinations, j) for j in range(5)] for i in range(4)]
    for engine in ENGINES:
        travel = Travel(town.graph, town.milliseconds, engine=engine)
        assert np.array_equal(travel.from_nodes(np.arange(nodes)), expected)
        assert np.array_equal(travel.to_nodes(np.arange(nodes)), expected.T)
        assert np.array_equal(travel.between_nodes(np.arange(nodes), [nodes - 1, 0]), expected[:, [nodes - 1, 0]])
        assert np.array_equal(travel.matrix(origins, destinations), np.array(pairs))
        on_foot = Travel(town.graph, town.milliseconds, engine=engine, turns=False)
        assert np.array_equal(on_foot.from_nodes([0])[0], town.from_node(0, turns=False))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_town_with_forbidden_turns_equals_brute_force(random_town, engine) -> None:
    town = random_town(200, seed=8, banned=0.15)
    travel = Travel(town.graph, town.milliseconds, engine=engine)
    sources = np.arange(0, 200, 9)
    expected = np.array([town.from_node(int(k)) for k in sources])
    assert np.array_equal(travel.from_nodes(sources), expected)
    # A search over plain nodes drives forbidden turns, and so arrives too soon.
    careless = by_scipy(town.graph, town.milliseconds, sources)
    assert (careless <= expected).all()
    assert (careless < expected).mean() > 0.1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_forbidden_turn_is_driven_around(build_town, engine) -> None:
    # 0 - 1 - 2 in a row, 1 - 3 a dead end. The turn 0 -> 1 -> 2 is forbidden: into the dead end, turn there, go on.
    streets = [(0, 1, 10, True), (1, 2, 20, True), (1, 3, 5, True)]
    arcs = {
        (int(u), int(v)): k
        for g in [build_town(4, streets).graph]
        for k, (u, v) in enumerate(zip(g.tails(), g.heads, strict=True))
    }
    town = build_town(4, streets, bans=[(arcs[0, 1], arcs[1, 2])])
    travel = Travel(town.graph, town.milliseconds, engine=engine)
    assert travel.from_nodes([0]).tolist() == [[0, 10, 10 + 5 + 5 + 20, 15]]
    assert travel.to_nodes([2]).tolist() == [[40, 20, 0, 25]]


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("engine", ENGINES)
def test_threads_change_nothing(random_town, build_places, engine, threads) -> None:
    town = random_town(400, seed=3, banned=0.05)
    one = Travel(town.graph, town.milliseconds, engine=engine)
    many = Travel(town.graph, town.milliseconds, engine=engine, threads=threads)
    nodes = np.arange(0, 400, 7)
    origins, destinations = build_places(town, 40, seed=1), build_places(town, 70, seed=2)
    for _ in range(2):
        assert np.array_equal(one.from_nodes(nodes), many.from_nodes(nodes))
        assert np.array_equal(one.to_nodes(nodes), many.to_nodes(nodes))
        assert np.array_equal(one.matrix(origins, destinations), many.matrix(origins, destinations))
        assert np.array_equal(one.matrix(destinations, origins), many.matrix(destinations, origins))


@pytest.mark.parametrize("engine", ENGINES)
def test_closing_streets_equals_a_fresh_search(random_town, engine) -> None:
    town = random_town(250, seed=11, banned=0.05)
    travel = Travel(town.graph, town.milliseconds, engine=engine)
    before = travel.from_nodes([3, 60])
    shut = town.closing(range(0, town.graph.arcs, 6))
    closed = travel.reweighted(shut.milliseconds)
    assert np.array_equal(closed.from_nodes([3, 60]), [shut.from_node(3), shut.from_node(60)])
    assert not np.array_equal(closed.from_nodes([3, 60]), before)
    assert np.array_equal(travel.from_nodes([3, 60]), before)
    slow = np.minimum(town.milliseconds.astype(np.int64) * 3, UNREACHED).astype(np.int32)
    expected = np.where(before < UNREACHED, before * 3, UNREACHED)
    assert np.array_equal(travel.reweighted(slow).from_nodes([3, 60]), expected)


def test_large_matrices_by_sweeps_equal_those_by_meetings(random_town, build_places) -> None:
    town = random_town(400, seed=4, banned=0.05)
    warm = Travel(town.graph, town.milliseconds, engine="warm")
    cold = Travel(town.graph, town.milliseconds, engine="cold")
    few, many = build_places(town, 20, seed=1), build_places(town, 2000, seed=2)
    assert np.array_equal(warm.matrix(few, many), cold.matrix(few, many))
    assert np.array_equal(warm.matrix(many, few), cold.matrix(many, few))
    assert np.array_equal(warm.matrix(few, few), cold.matrix(few, few))


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_beyond_the_largest_time_are_unreached_and_never_wrap(build_town, engine) -> None:
    long = UNREACHED // 2 + 1
    town = build_town(4, [(0, 1, long, False), (1, 2, long, False), (2, 3, 1, False)])
    found = Travel(town.graph, town.milliseconds, engine=engine).from_nodes([0])
    assert found.tolist() == [[0, long, UNREACHED, UNREACHED]]


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_asked_is_nothing_answered(random_town, build_places, engine) -> None:
    town = random_town(30, seed=1)
    travel = Travel(town.graph, town.milliseconds, engine=engine)
    none, some = build_places(town, 0, seed=1), build_places(town, 3, seed=1)
    assert travel.from_nodes([]).shape == (0, 30)
    assert travel.matrix(none, some).shape == (0, 3)
    assert travel.matrix(some, none).shape == (3, 0)
    assert travel.node_seconds(none).shape == (0, 30)


@pytest.mark.shared_data
def test_xian_equals_scipy(shared: Path) -> None:
    from geo.streets.parquet import read_parquet

    graph = read_parquet(
        shared / "streets" / "xian_osm2021_nodes.parquet", shared / "streets" / "xian_osm2021_edges.parquet"
    )
    milliseconds = arc_milliseconds(graph, "response_car")
    sources = np.random.default_rng(0).integers(0, graph.nodes, 4)
    expected = by_scipy(graph, milliseconds, sources)
    order = Order.of(graph)
    for engine in ENGINES:
        travel = Travel(graph, milliseconds, engine=engine, order=order)
        assert np.array_equal(travel.from_nodes(sources), expected)


@pytest.mark.shared_data
def test_baltimore_with_its_forbidden_turns_equals_brute_force(shared: Path, town_of) -> None:
    from geo.streets.osm import read_osm

    graph = read_osm(shared / "streets" / "baltimore.osm.pbf")
    assert len(graph.forbidden_turns)
    town = town_of(graph, arc_milliseconds(graph, "patrol_car"))
    tails = graph.tails()
    sources = sorted({int(tails[before]) for before, _ in graph.forbidden_turns})
    expected = np.array([town.from_node(source) for source in sources])
    for engine in ENGINES:
        assert np.array_equal(Travel(graph, town.milliseconds, engine=engine).from_nodes(sources), expected)
    # From where they are entered, the turns matter: a search that ignores them is too soon somewhere.
    assert (by_scipy(graph, town.milliseconds, sources) < expected).any()
