"""Parts that the searches are made of."""

from __future__ import annotations

import numpy as np
import pytest

from geo.streets.buckets import bucket_search
from geo.streets.contraction import Contraction
from geo.streets.expand import Expanded
from geo.streets.lanes import LANES
from geo.streets.order import Order
from geo.streets.sweep import meet, spread

UNREACHED = 2**30 - 1


@pytest.fixture(scope="module")
def contracted(random_town):
    town = random_town(200, seed=6, banned=0.1)
    expanded = Expanded.of(town.graph)
    return town, expanded, Contraction.of(expanded, Order.of(town.graph))


def test_expanding_keeps_arcs_and_drops_only_forbidden_turns(random_town) -> None:
    town = random_town(150, seed=6, banned=0.1)
    graph, expanded, banned = town.graph, Expanded.of(town.graph), town.banned()
    assert np.array_equal(expanded.arcs[: graph.arcs], np.arange(graph.arcs))
    assert np.array_equal(expanded.node[expanded.heads], graph.heads[expanded.arcs])
    assert np.array_equal(expanded.node[expanded.tails], graph.tails()[expanded.arcs])
    for arc in range(graph.arcs):
        entered, head = int(expanded.entered[arc]), int(graph.heads[arc])
        offered = set(expanded.arcs[expanded.indptr[entered] : expanded.indptr[entered + 1]].tolist())
        every = set(range(int(graph.indptr[head]), int(graph.indptr[head + 1])))
        assert offered == {following for following in every if (arc, following) not in banned}
        rows = expanded.arc_rows[expanded.arc_indptr[arc] : expanded.arc_indptr[arc + 1]]
        assert set(expanded.arcs[rows].tolist()) == {arc}
    for node in range(graph.nodes):
        copies = expanded.copy_nodes[expanded.copy_indptr[node] : expanded.copy_indptr[node + 1]]
        assert np.array_equal(copies, np.flatnonzero(expanded.node[graph.nodes :] == node) + graph.nodes)
    assert Expanded.of(graph, turns=False).size == graph.nodes


def test_a_turn_between_arcs_that_do_not_meet_is_ignored(build_town) -> None:
    town = build_town(4, [(0, 1, 5, False), (2, 3, 5, False)], bans=[(0, 1)])
    assert Expanded.of(town.graph).size == 4


def test_the_supergraph_is_chordal_and_numbered_as_claimed(contracted) -> None:
    _, expanded, contraction = contracted
    up = [contraction.heads[a:b].tolist() for a, b in zip(contraction.indptr[:-1], contraction.indptr[1:], strict=True)]
    for node, heads in enumerate(up):
        assert heads == sorted(set(heads))
        assert all(head > node for head in heads)
        assert contraction.parent[node] == (heads[0] if heads else -1)
        # The upward neighbours of a node are all joined to each other.
        for low, high in [(a, b) for a in heads for b in heads if a < b]:
            assert high in up[low]
        above = []
        at = node
        while at >= 0:
            above.append(at)
            at = int(contraction.parent[at])
        assert set(heads) <= set(above)
        assert contraction.depth[node] == len(above) - 1
        assert all(contraction.lowest[other] <= node <= other for other in above)
    joined = set(
        zip(*np.sort([contraction.position[expanded.tails], contraction.position[expanded.heads]], axis=0), strict=True)
    )
    assert all(high in up[low] for low, high in joined if low != high)


def test_a_search_with_hardly_any_room_gives_the_same(random_town) -> None:
    town = random_town(300, seed=9)
    graph, size = town.graph, town.graph.nodes
    indptr, heads = graph.indptr.astype(np.uint32), graph.heads.astype(np.uint32)
    least = size + int(np.diff(graph.indptr).max()) + 1
    answers = []
    for room in (least, 10 * least):
        distance, scanned, bucket = np.empty(size, np.int32), np.empty(size, np.int32), np.zeros(1024, np.uint32)
        bucket_search(
            indptr, heads, town.milliseconds, 5, np.zeros(1, np.uint32), np.zeros(1, np.int32),
            np.zeros(size, np.uint8), distance, scanned, bucket,
            np.empty(room, np.uint32), np.empty(room, np.uint32),
        )  # fmt: skip
        assert not bucket.any()
        answers.append(distance)
    assert np.array_equal(answers[0], town.from_node(0))
    assert np.array_equal(answers[1], answers[0])


@pytest.mark.parametrize("lanes", [LANES, 5])
@pytest.mark.parametrize("nodes", [1, LANES, 3 * LANES + 7])
def test_lanes_are_spread_to_rows(nodes, lanes) -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 1000, (nodes + 2, LANES)).astype(np.int32)
    position = rng.permutation(nodes + 2).astype(np.int32)
    out = np.full((lanes + 2, nodes), -1, np.int32)
    copies = np.array([0, nodes - 1], np.int32)
    spread(table, position, copies, 1, 1 + lanes, out)
    expected = table[position[:nodes], :lanes].T.copy()
    for k, node in enumerate(copies):
        expected[:, node] = np.minimum(expected[:, node], table[position[nodes + k], :lanes])
    assert np.array_equal(out[1 : 1 + lanes], expected)
    assert (out[[0, -1]] == -1).all()


def test_climbs_meet_only_at_common_ancestors() -> None:
    # Root 4 over 2 (leaves 0, 1) and 3; 5 stands alone.
    parent = np.array([2, 2, 4, 4, -1, -1], np.int32)
    depth = np.array([2, 2, 1, 1, 0, 0], np.int32)
    lowest = np.array([0, 1, 0, 3, 0, 5], np.int32)
    leaves = np.array([0, 1, 3, 5], np.int32)
    labels = np.full((4, LANES), 7, np.int32)
    labels[:, :3] = [[50, 10, 0], [40, 20, 0], [30, 0, -99], [0, -99, -99]]
    out = np.full((4, 4), UNREACHED, np.int32)
    owner = np.arange(4, dtype=np.int32)
    flat = labels.reshape(-1)
    meet(depth, parent, lowest, owner, leaves, flat, owner, leaves, flat, np.arange(4), 0, 4, out)
    far = UNREACHED
    assert out.tolist() == [[0, 30, 80, far], [30, 0, 70, far], [80, 70, 0, far], [far, far, far, 0]]
