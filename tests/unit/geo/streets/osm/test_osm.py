from __future__ import annotations

import socket
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx  # noqa: TID251
import pytest

from geo.errors import FileError, FrameError, UnavailableError
from geo.streets.graph import CAR, FOOT, RESPONSE, ROAD_CLASSES
from geo.streets.osm import from_multidigraph, read_graphml, read_osm, read_osm_reported, read_place

ALL = 15


def test_a_bridge_has_no_node_with_what_it_crosses(write_osm) -> None:
    nodes = {1: (99.99, 30.0), 2: (100.01, 30.0), 3: (100.0, 29.99), 4: (100.0, 30.01)}
    ways = [
        (10, [1, 2], {"highway": "primary"}),
        (20, [3, 4], {"highway": "secondary", "bridge": "yes", "layer": "1"}),
    ]
    graph = read_osm(write_osm(nodes, ways))
    assert (graph.nodes, graph.arcs) == (4, 4)
    assert all(int(graph.arc_ids[a]) == int(graph.arc_ids[graph.reverse[a]]) for a in range(graph.arcs))


def test_a_roundabout_is_driven_one_way_and_walked_both(write_osm) -> None:
    ring = {1: (100.0, 29.999), 2: (100.001, 30.0), 3: (100.0, 30.001), 4: (99.999, 30.0)}
    arms = {11: (100.0, 29.99), 12: (100.01, 30.0), 13: (100.0, 30.01)}
    ways = [
        (10, [1, 2, 3, 4, 1], {"highway": "tertiary", "junction": "roundabout"}),
        *[(20 + k, [k, 10 + k], {"highway": "tertiary"}) for k in (1, 2, 3)],
    ]
    graph = read_osm(write_osm(ring | arms, ways))
    # Three arms meet the ring, node 4 is an inner point; three arcs around by car, each walked back; three arms twice.
    assert graph.nodes == 6
    around = graph.arc_ids == 10
    tails = graph.node_ids[graph.tails()]
    heads = graph.node_ids[graph.heads]
    cars = around & ((graph.access & CAR) > 0)
    assert sorted(zip(tails[cars].tolist(), heads[cars].tolist(), strict=True)) == [(1, 2), (2, 3), (3, 1)]
    assert int(around.sum()) == 6
    assert (graph.access[around & ~cars] == FOOT).all()


def test_one_way_private_and_foot_streets(write_osm, arc_between) -> None:
    nodes = {k: (100 + k / 1000, 30.0) for k in range(1, 6)}
    ways = [
        (10, [1, 2], {"highway": "residential", "oneway": "yes", "name": "单行路"}),
        (20, [2, 3], {"highway": "service", "access": "private"}),
        (30, [3, 4], {"highway": "footway"}),
        (40, [4, 5], {"highway": "steps"}),
    ]
    graph, report = read_osm_reported(write_osm(nodes, ways))
    assert int(graph.access[arc_between(graph, 1, 2)]) == ALL
    assert int(graph.access[arc_between(graph, 2, 1)]) == FOOT
    assert int(graph.access[arc_between(graph, 2, 3)]) == RESPONSE
    assert int(graph.access[arc_between(graph, 4, 3)]) == FOOT
    assert graph.name(arc_between(graph, 1, 2)) == "单行路"
    assert ROAD_CLASSES[graph.road_class[arc_between(graph, 4, 5)]] == "steps"
    assert (report.nodes, report.arcs, report.ways_used) == (5, 8, 4)
    # The one-way street's two nodes are two parts of one node each.
    assert report.largest_component_share == 0.5
    drivable = read_osm(write_osm(nodes, ways), vehicles_only=True)
    assert sorted(drivable.node_ids.tolist()) == [1, 2, 3]


def test_limits_by_direction(write_osm, arc_between) -> None:
    nodes = {1: (100.0, 30.0), 2: (100.01, 30.0)}
    tags = {"highway": "primary", "maxspeed": "60", "maxspeed:backward": "40"}
    graph = read_osm(write_osm(nodes, [(10, [1, 2], tags)]))
    assert float(graph.speed_kph[arc_between(graph, 1, 2)]) == 60
    assert float(graph.speed_kph[arc_between(graph, 2, 1)]) == 40


def town() -> nx.MultiDiGraph:
    held = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for node, (x, y) in {1: (108.90, 34.20), 2: (108.91, 34.20), 3: (108.91, 34.21)}.items():
        held.add_node(node, x=x, y=y)
    two_way = {"osmid": 10, "highway": "primary", "name": ["东大街", "East"], "oneway": False, "maxspeed": ["60", "50"]}
    held.add_edge(1, 2, **two_way, length=921.0)
    held.add_edge(2, 1, **two_way, length=921.0)
    held.add_edge(2, 3, osmid=[20, 21], highway=["residential", "service"], oneway=True, length=1109.0)
    return held


def check_town(graph, arc_between) -> None:
    # The one-way street gains a way back on foot.
    assert (graph.nodes, graph.arcs) == (3, 4)
    one, two = arc_between(graph, 1, 2), arc_between(graph, 2, 1)
    assert graph.reverse[one] == two
    assert graph.name(one) == "东大街"
    assert float(graph.speed_kph[one]) == 60
    assert int(graph.access[arc_between(graph, 3, 2)]) == FOOT
    assert int(graph.access[arc_between(graph, 2, 3)]) == ALL
    assert int(graph.arc_ids[arc_between(graph, 2, 3)]) == 20


def test_an_osmnx_graph_becomes_arrays(arc_between) -> None:
    check_town(from_multidigraph(town()), arc_between)


def test_a_graph_that_osmnx_saved_reads_as_it_was(tmp_path: Path, arc_between) -> None:
    osmnx.save_graphml(town(), tmp_path / "town.graphml")
    check_town(read_graphml(tmp_path / "town.graphml"), arc_between)


def test_a_projected_osmnx_graph_comes_back_to_degrees(arc_between) -> None:
    graph = from_multidigraph(osmnx.project_graph(town()))
    check_town(graph, arc_between)
    assert graph.node_lonlat == pytest.approx(from_multidigraph(town()).node_lonlat, abs=1e-9)


def test_a_graph_without_a_frame_or_streets_is_refused() -> None:
    held = town()
    del held.graph["crs"]
    with pytest.raises(FrameError, match="frame"):
        from_multidigraph(held)
    with pytest.raises(FileError, match="no street"):
        from_multidigraph(nx.MultiDiGraph(crs="epsg:4326"))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", "empty"),
        ("<graphml><graph>", "not a GraphML"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><graphml/>", "entities"),
        ("hello", "not a GraphML"),
    ],
)
def test_damaged_graphml_is_refused(tmp_path: Path, content: str, match: str) -> None:
    (tmp_path / "a.graphml").write_text(content)
    with pytest.raises(FileError, match=match):
        read_graphml(tmp_path / "a.graphml")


def test_a_place_needs_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no network in this room")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(socket, "gethostbyname", unreachable)
    monkeypatch.setattr(socket, "create_connection", unreachable)
    before = {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("_")}
    with pytest.raises(UnavailableError, match="cannot be reached"):
        read_place("Piedmont, California")
    after = {key: value for key, value in vars(osmnx.settings).items() if not key.startswith("_")}
    assert after == before


@pytest.mark.shared_data
def test_baltimore_keeps_its_turn_restrictions(shared: Path) -> None:
    graph, report = read_osm_reported(shared / "streets" / "baltimore.osm.pbf")
    # Counted with osmium: three relations type=restriction with a via node, each forbidding one turn; six bollards on
    # two-way streets, each forbidding two.
    assert (report.restrictions_kept, report.barriers) == (3, 6)
    assert len(graph.forbidden_turns) == 3 + 12
    assert (graph.heads[graph.forbidden_turns[:, 0]] == graph.tails()[graph.forbidden_turns[:, 1]]).all()
    assert np.isfinite(graph.speed_kph).any()
