from __future__ import annotations

from geo.streets.osm import read_osm, read_osm_reported

E, N = 0.001, 0.001


def row(*places: int) -> dict[int, tuple[float, float]]:
    """Nodes on a line to the east, a thousandth of a degree apart."""
    return {at: (100 + at * E, 30.0) for at in places}


def test_inner_points_become_geometry(write_osm, arc_between) -> None:
    nodes = row(1, 2, 3, 4) | {3: (100.003, 30.002)}
    graph = read_osm(
        write_osm(nodes, [(10, [1, 2], {"highway": "tertiary"}), (11, [4, 3, 2], {"highway": "tertiary"})])
    )
    assert (graph.nodes, graph.arcs) == (2, 2)
    arc = arc_between(graph, 1, 4)
    assert graph.arc_lonlat(arc).tolist() == [list(nodes[at]) for at in (1, 2, 3, 4)]
    back = graph.reverse[arc]
    assert graph.reverse[back] == arc
    assert graph.arc_lonlat(back).tolist() == [list(nodes[at]) for at in (4, 3, 2, 1)]
    assert graph.metres[arc] == graph.metres[back]


def test_crossings_and_dead_ends_stay(write_osm) -> None:
    nodes = row(1, 2, 3) | {4: (100.002, 30.001)}
    ways = [(10, [1, 2, 3], {"highway": "tertiary"}), (11, [2, 4], {"highway": "tertiary"})]
    graph = read_osm(write_osm(nodes, ways))
    assert sorted(graph.node_ids.tolist()) == [1, 2, 3, 4]
    assert graph.arcs == 6


def test_changes_of_class_name_limit_and_direction_stay(write_osm) -> None:
    base = {"highway": "tertiary", "name": "甲路", "maxspeed": "50"}
    for change in ({"highway": "secondary"}, {"name": "乙路"}, {"maxspeed": "60"}, {"oneway": "yes"}, {"foot": "no"}):
        ways = [(10, [1, 2], base), (11, [2, 3], base | change)]
        assert read_osm(write_osm(row(1, 2, 3), ways)).nodes == 3, change
    same = [(10, [1, 2], base), (11, [2, 3], base | {"surface": "asphalt"})]
    assert read_osm(write_osm(row(1, 2, 3), same)).nodes == 2


def test_without_changes_only_the_direction_counts(write_osm) -> None:
    base = {"highway": "tertiary", "name": "甲路"}
    for change, nodes in (({"name": "乙路"}, 2), ({"oneway": "yes"}, 3)):
        path = write_osm(row(1, 2, 3), [(10, [1, 2], base), (11, [2, 3], base | change)])
        assert read_osm_reported(path, changes=False)[0].nodes == nodes, change


def test_one_way_pieces_join_head_to_tail_only(write_osm) -> None:
    one = {"highway": "tertiary", "oneway": "yes"}
    through = read_osm(write_osm(row(1, 2, 3), [(10, [1, 2], one), (11, [2, 3], one)]))
    assert (through.nodes, through.arcs) == (2, 2)  # forward for all, backward on foot
    turned = read_osm(write_osm(row(1, 2, 3), [(10, [1, 2], one), (11, [3, 2], {**one, "oneway": "-1"})]))
    assert (turned.nodes, turned.arcs) == (2, 2)
    meeting = read_osm(write_osm(row(1, 2, 3), [(10, [1, 2], one), (11, [3, 2], one)]))
    assert (meeting.nodes, meeting.arcs) == (3, 4)


def test_a_turning_loop_keeps_its_shape(write_osm, arc_between) -> None:
    nodes = row(1, 2) | {3: (100.003, 30.001), 4: (100.003, 29.999)}
    ways = [(10, [1, 2], {"highway": "service"}), (11, [2, 3, 4, 2], {"highway": "service"})]
    graph = read_osm(write_osm(nodes, ways))
    assert sorted(graph.node_ids.tolist()) == [1, 2]
    loops = [arc for arc in range(graph.arcs) if graph.heads[arc] == graph.tails()[arc]]
    assert len(loops) == 2
    assert graph.reverse[loops[0]] == loops[1]
    assert graph.arc_lonlat(loops[0])[[0, -1]].tolist() == [list(nodes[2])] * 2


def test_a_ring_that_meets_nothing_is_cut_at_one_node(write_osm) -> None:
    nodes = row(1, 2) | {3: (100.0015, 30.001)}
    graph = read_osm(write_osm(nodes, [(10, [1, 2, 3, 1], {"highway": "residential"})]))
    assert (graph.nodes, graph.arcs) == (1, 2)


def test_two_streets_between_the_same_nodes_stay_two(write_osm) -> None:
    nodes = row(1, 4) | {2: (100.002, 30.001), 3: (100.002, 29.999), 5: (100.000, 30.0), 6: (100.005, 30.0)}
    street = {"highway": "residential"}
    ways = [(10, [1, 2, 4], street), (11, [1, 3, 4], street), (12, [5, 1], street), (13, [4, 6], street)]
    graph = read_osm(write_osm(nodes, ways))
    assert (graph.nodes, graph.arcs) == (4, 8)
    assert sorted(graph.arc_ids.tolist()) == [10, 10, 11, 11, 12, 12, 13, 13]
