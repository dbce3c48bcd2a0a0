from __future__ import annotations

import pytest

from geo.streets.osm import read_osm_reported

# A crossing: 1 in the south, 2 in the west, 3 in the north, 4 in the east, 5 in the middle.
NODES = {1: (100.0, 29.99), 2: (99.99, 30.0), 3: (100.0, 30.01), 4: (100.01, 30.0), 5: (100.0, 30.0)}
STREET = {"highway": "secondary"}
WAYS = [(10, [1, 5], STREET), (20, [2, 5], STREET), (30, [5, 3], STREET), (40, [5, 4], STREET)]


def turn(source: int, target: int, kind: str, **more: str):
    members = [("way", source, "from"), ("node", 5, "via"), ("way", target, "to")]
    tags = {"type": "restriction", "restriction": kind} | {key.replace("__", ":"): v for key, v in more.items()}
    return 900, members, tags


def forbidden(graph) -> set[tuple[int, int]]:
    tails = graph.tails()
    assert (graph.heads[graph.forbidden_turns[:, 0]] == tails[graph.forbidden_turns[:, 1]]).all()
    return {
        (int(graph.node_ids[tails[a]]), int(graph.node_ids[graph.heads[b]])) for a, b in graph.forbidden_turns.tolist()
    }


def test_no_left_turn_forbids_one_pair(write_osm) -> None:
    graph, report = read_osm_reported(write_osm(NODES, WAYS, [turn(10, 20, "no_left_turn")]))
    assert (graph.nodes, graph.arcs) == (5, 8)
    assert forbidden(graph) == {(1, 2)}
    assert (report.restrictions_kept, report.restrictions_dropped) == (1, {})


def test_only_straight_on_forbids_all_else_the_u_turn_too(write_osm) -> None:
    graph, _ = read_osm_reported(write_osm(NODES, WAYS, [turn(10, 30, "only_straight_on")]))
    assert forbidden(graph) == {(1, 2), (1, 4), (1, 1)}


def test_no_u_turn_forbids_the_way_back(write_osm) -> None:
    graph, _ = read_osm_reported(write_osm(NODES, WAYS, [turn(10, 10, "no_u_turn")]))
    assert forbidden(graph) == {(1, 1)}


def test_a_via_node_stays_although_nothing_else_needs_it(write_osm) -> None:
    ways = [(10, [1, 5], STREET), (30, [5, 3], STREET)]
    assert read_osm_reported(write_osm(NODES, ways))[0].nodes == 2
    graph, _ = read_osm_reported(write_osm(NODES, ways, [turn(10, 10, "no_u_turn")]))
    assert graph.nodes == 3
    assert forbidden(graph) == {(1, 1)}


def test_no_entry_takes_many_ways_in(write_osm) -> None:
    members = [("way", 10, "from"), ("way", 20, "from"), ("node", 5, "via"), ("way", 40, "to")]
    relation = (900, members, {"type": "restriction", "restriction": "no_entry"})
    graph, _ = read_osm_reported(write_osm(NODES, WAYS, [relation]))
    assert forbidden(graph) == {(1, 4), (2, 4)}


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        (turn(10, 20, "no_left_turn", **{"except": "psv;motorcar"}), "does not bind cars"),
        (turn(10, 20, "no_left_turn", **{"except": "motor_vehicle"}), "does not bind cars"),
        (turn(10, 20, "no_left_turn", hour_on="07:00", hour_off="09:00"), "only at some hours"),
        (turn(10, 20, "no_parking"), "unknown kind"),
        (turn(10, 77, "no_left_turn"), "outside the file"),
        ((900, [("way", 10, "from"), ("way", 20, "via"), ("way", 40, "to")], turn(1, 2, "no_u_turn")[2]), "via a way"),
        ((900, [("way", 10, "from"), ("way", 40, "to")], turn(1, 2, "no_u_turn")[2]), "incomplete"),
        (
            (900, turn(10, 20, "x")[1], {"type": "restriction", "restriction:conditional": "no_left_turn @ (Mo-Fr)"}),
            "only at some hours",
        ),
        ((900, turn(10, 20, "x")[1], {"type": "restriction", "restriction:hgv": "no_left_turn"}), "for other vehicles"),
    ],
)
def test_what_cannot_be_kept_is_counted_by_reason(write_osm, relation, reason: str) -> None:
    graph, report = read_osm_reported(write_osm(NODES, WAYS, [relation]))
    assert len(graph.forbidden_turns) == 0
    assert report.restrictions_dropped == {reason: 1}
    assert report.restrictions_kept == 0


@pytest.mark.parametrize("exempt", ["bus", "bicycle;psv"])
def test_an_exception_for_others_leaves_cars_bound(write_osm, exempt: str) -> None:
    graph, _ = read_osm_reported(write_osm(NODES, WAYS, [turn(10, 20, "no_left_turn", **{"except": exempt})]))
    assert forbidden(graph) == {(1, 2)}


def test_a_restriction_for_cars_alone_is_kept(write_osm) -> None:
    relation = (900, turn(10, 20, "x")[1], {"type": "restriction", "restriction:motorcar": "no_left_turn"})
    graph, _ = read_osm_reported(write_osm(NODES, WAYS, [relation]))
    assert forbidden(graph) == {(1, 2)}


def test_against_a_one_way_street_nothing_needs_forbidding(write_osm) -> None:
    ways = [(10, [1, 5], STREET | {"oneway": "-1"}), *WAYS[1:]]
    graph, report = read_osm_reported(write_osm(NODES, ways, [turn(10, 20, "no_left_turn")]))
    assert len(graph.forbidden_turns) == 0
    assert report.restrictions_dropped == {"no such turn on the graph": 1}


def test_a_way_that_runs_on_past_the_node_is_no_guess(write_osm) -> None:
    ways = [(10, [1, 5, 3], STREET), *WAYS[1:2], *WAYS[3:]]
    graph, report = read_osm_reported(write_osm(NODES, ways, [turn(10, 20, "no_left_turn")]))
    assert len(graph.forbidden_turns) == 0
    assert report.restrictions_dropped == {"a way passes the node without ending there": 1}


def test_a_one_way_that_runs_on_past_the_node_is_clear(write_osm) -> None:
    ways = [(10, [1, 5, 3], STREET | {"oneway": "yes"}), *WAYS[1:2], *WAYS[3:]]
    graph, _ = read_osm_reported(write_osm(NODES, ways, [turn(10, 20, "no_left_turn")]))
    assert forbidden(graph) == {(1, 2)}


def test_walkers_are_not_counted_among_the_ways_out(write_osm) -> None:
    ways = [*WAYS[:3], (40, [5, 4], {"highway": "footway"})]
    graph, _ = read_osm_reported(write_osm(NODES, ways, [turn(10, 30, "only_straight_on")]))
    assert forbidden(graph) == {(1, 2), (1, 1)}


def with_barrier(path, node: int, **tags: str):
    inner = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    text = path.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith(f'<node id="{node}"'))
    path.write_text(text.replace(line, line.replace("/>", f">{inner}</node>")), encoding="utf-8")
    return path


def test_a_bollard_lets_no_vehicle_through(write_osm) -> None:
    ways = [(10, [1, 5, 3], STREET)]
    graph, report = read_osm_reported(with_barrier(write_osm(NODES, ways), 5, barrier="bollard"))
    assert graph.nodes == 3
    assert forbidden(graph) == {(1, 3), (3, 1)}
    assert report.barriers == 1


@pytest.mark.parametrize(
    "tags", [{"barrier": "gate"}, {"barrier": "bollard", "motor_vehicle": "yes"}, {"barrier": "block", "access": "yes"}]
)
def test_gates_and_opened_barriers_let_vehicles_through(write_osm, tags: dict[str, str]) -> None:
    graph, report = read_osm_reported(with_barrier(write_osm(NODES, [(10, [1, 5, 3], STREET)]), 5, **tags))
    assert (graph.nodes, len(graph.forbidden_turns), report.barriers) == (2, 0, 0)


def test_a_bollard_on_a_crossing_closes_none_of_its_streets(write_osm) -> None:
    graph, report = read_osm_reported(with_barrier(write_osm(NODES, WAYS), 5, barrier="bollard"))
    assert (len(graph.forbidden_turns), report.barriers) == (0, 0)
