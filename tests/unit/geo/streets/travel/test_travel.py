"""Places, paths and the choice of a search."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import InfeasibleError, InputError, ParameterError
from geo.streets.order import Order
from geo.streets.snap import Places
from geo.streets.travel import ORDER_PAYS_AFTER, UNREACHED, Travel

ENGINES = ("cold", "warm")


def at(town, *spots) -> Places:
    """``spots``: arc, share along it, walk in metres."""
    arc = np.array([spot[0] for spot in spots], np.int32)
    share = np.array([spot[1] for spot in spots])
    return Places(
        arc=arc,
        metres_along=(share * town.graph.metres[arc]).astype(np.float32),
        offset_m=np.array([spot[2] for spot in spots], np.float32),
        lonlat=np.zeros((len(spots), 2)),
        ok=np.ones(len(spots), np.bool_),
    )


def arcs_of(town) -> dict[tuple[int, int], int]:
    pairs = zip(town.graph.tails().tolist(), town.graph.heads.tolist(), strict=True)
    return {pair: arc for arc, pair in enumerate(pairs)}


@pytest.mark.parametrize("engine", ENGINES)
class TestOneStreet:
    """0 and 1 joined by a street of 1000 ms."""

    def test_two_way_is_driven_either_way(self, build_town, engine) -> None:
        town = build_town(2, [(0, 1, 1000, True)])
        arc = arcs_of(town)[0, 1]
        places = at(town, (arc, 0.25, 0), (arc, 0.75, 0))
        matrix = Travel(town.graph, town.milliseconds, engine=engine).matrix(places, places)
        assert matrix.tolist() == [[0.0, 0.5], [0.5, 0.0]]

    def test_one_way_is_not_driven_backward(self, build_town, engine) -> None:
        town = build_town(2, [(0, 1, 1000, False)])
        places = at(town, (0, 0.25, 0), (0, 0.75, 0))
        matrix = Travel(town.graph, town.milliseconds, engine=engine).matrix(places, places)
        assert matrix.tolist() == [[0.0, 0.5], [np.inf, 0.0]]

    def test_one_way_is_driven_around(self, build_town, engine) -> None:
        town = build_town(2, [(0, 1, 1000, False), (1, 0, 300, False)])
        arc = arcs_of(town)[0, 1]
        places = at(town, (arc, 0.25, 0), (arc, 0.75, 0))
        matrix = Travel(town.graph, town.milliseconds, engine=engine).matrix(places, places)
        assert matrix.tolist() == [[0.0, 0.5], [0.25 + 0.3 + 0.25, 0.0]]

    def test_a_shorter_way_around_beats_the_street_itself(self, build_town, engine) -> None:
        town = build_town(2, [(0, 1, 1000, True), (0, 1, 10, True)])
        slow = int(np.flatnonzero(town.milliseconds == 1000)[0])
        places = at(town, (slow, 0.1, 0), (slow, 0.9, 0))
        matrix = Travel(town.graph, town.milliseconds, engine=engine).matrix(places, places)
        assert matrix[0, 1] == pytest.approx(0.1 + 0.01 + 0.1)

    def test_walks_count_at_both_kerbs(self, build_town, engine) -> None:
        town = build_town(2, [(0, 1, 1000, True)])
        arc = arcs_of(town)[0, 1]
        travel = Travel(town.graph, town.milliseconds, engine=engine)
        matrix = travel.matrix(at(town, (arc, 0.0, 12)), at(town, (arc, 1.0, 24)))
        assert matrix[0, 0] == pytest.approx(10 + 1 + 20)
        seconds = travel.node_seconds(at(town, (arc, 0.25, 12)))
        assert seconds[0] == pytest.approx([10 + 0.25, 10 + 0.75])

    def test_a_closed_street_is_not_left(self, build_town, engine) -> None:
        town = build_town(3, [(0, 1, 1000, True), (1, 2, 500, True)])
        arcs = arcs_of(town)
        shut = town.closing([arcs[0, 1]])
        travel = Travel(shut.graph, shut.milliseconds, engine=engine)
        found = travel.matrix(at(shut, (arcs[0, 1], 0.5, 0)), at(shut, (arcs[1, 2], 0.5, 0)))
        assert np.isinf(found).all()
        shut = shut.closing([arcs[1, 0]])
        travel = travel.reweighted(shut.milliseconds)
        assert np.isinf(travel.node_seconds(at(shut, (arcs[0, 1], 0.5, 0)))).all()

    def test_off_the_network_is_infinitely_far(self, build_town, build_places, engine) -> None:
        town = build_town(2, [(0, 1, 1000, True)])
        travel = Travel(town.graph, town.milliseconds, engine=engine)
        places = build_places(town, 3, seed=0, missing=True)
        matrix = travel.matrix(places, places)
        assert np.isinf(matrix[0]).all()
        assert np.isinf(matrix[:, 0]).all()
        assert np.isfinite(matrix[1:, 1:]).all()
        with pytest.raises(InfeasibleError):
            travel.path(places, 0, places, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_paths_add_up_to_the_matrix(random_town, build_places, engine) -> None:
    town = random_town(300, seed=21, banned=0.1)
    travel = Travel(town.graph, town.milliseconds, engine=engine)
    origins, destinations = build_places(town, 12, seed=1), build_places(town, 12, seed=2)
    matrix = travel.matrix(origins, destinations)
    banned, tails, driven = town.banned(), town.graph.tails(), 0
    for i in range(12):
        for j in range(12):
            if np.isinf(matrix[i, j]):
                with pytest.raises(InfeasibleError):
                    travel.path(origins, i, destinations, j)
                continue
            path = travel.path(origins, i, destinations, j)
            driven += 1
            assert path.total_seconds == matrix[i, j]
            assert path.seconds[0] == pytest.approx(origins.offset_m[i] / 1.2)
            assert path.seconds[-1] + destinations.offset_m[j] / 1.2 == pytest.approx(matrix[i, j])
            assert (np.diff(path.seconds) >= 0).all()
            assert len(path.lonlat) == len(path.seconds)
            for before, after in zip(path.arcs[:-1].tolist(), path.arcs[1:].tolist(), strict=True):
                assert town.graph.heads[before] == tails[after]
                assert (before, after) not in banned
            stood, stands = town.stands(origins, i), town.stands(destinations, j)
            first, last = int(path.arcs[0]), int(path.arcs[-1])
            spent = int(town.milliseconds[path.arcs].sum()) - stood[first][1]
            spent -= int(town.milliseconds[last]) - stands[last][1]
            walks = origins.offset_m[i] / 1.2 + destinations.offset_m[j] / 1.2
            assert spent / 1000 + walks == pytest.approx(matrix[i, j])
            metres = town.graph.metres[path.arcs].sum() - stood[first][0] * town.graph.metres[first]
            metres -= (1 - stands[last][0]) * town.graph.metres[last]
            assert path.metres == pytest.approx(metres, rel=1e-4, abs=1e-3)
    assert driven > 30


def test_a_path_follows_the_line_of_each_street(build_town) -> None:
    town = build_town(3, [(0, 1, 400, True), (1, 2, 600, True)], names=["East Street", "North Street"])
    arcs = arcs_of(town)
    first, second = arcs[0, 1], arcs[1, 2]
    path = Travel(town.graph, town.milliseconds).path(at(town, (first, 0.0, 0)), 0, at(town, (second, 1.0, 0)), 0)
    line = np.concatenate([town.graph.arc_lonlat(first), town.graph.arc_lonlat(second)[1:]])
    assert np.allclose(path.lonlat, line, rtol=0, atol=1e-12)
    assert path.seconds[[0, 2, 4]].tolist() == [0.0, 0.4, 1.0]
    assert 0 < path.seconds[1] < 0.4 < path.seconds[3] < 1.0
    assert path.names == ("East Street", "North Street")
    assert path.arcs.tolist() == [first, second]
    assert path.metres == pytest.approx(100)
    back = Travel(town.graph, town.milliseconds).path(at(town, (second, 1.0, 0)), 0, at(town, (first, 0.0, 0)), 0)
    assert np.allclose(back.lonlat, line[::-1], rtol=0, atol=1e-12)
    assert back.names == ("North Street", "East Street")


def test_a_path_is_cut_where_the_places_stand(build_town) -> None:
    town = build_town(2, [(0, 1, 1000, True)])
    arc = arcs_of(town)[0, 1]
    path = Travel(town.graph, town.milliseconds).path(at(town, (arc, 0.9, 0)), 0, at(town, (arc, 0.1, 12)), 0)
    assert path.arcs.tolist() == [arcs_of(town)[1, 0]]
    assert path.seconds[0] == 0
    assert path.seconds[-1] == pytest.approx(0.8)
    assert path.total_seconds == pytest.approx(10.8)
    assert path.metres == pytest.approx(80)
    ends = town.graph.arc_lonlat(arc)[[0, -1]]
    assert not np.allclose(path.lonlat[0], ends[1])
    assert not np.allclose(path.lonlat[-1], ends[0])


def test_a_path_to_where_one_stands_takes_no_time(build_town) -> None:
    town = build_town(2, [(0, 1, 1000, True)])
    spot = at(town, (0, 0.5, 0))
    path = Travel(town.graph, town.milliseconds).path(spot, 0, spot, 0)
    assert path.total_seconds == 0
    assert path.metres == 0
    assert np.ptp(path.lonlat, axis=0).tolist() == [0, 0]


def test_auto_is_warm_with_an_order_or_for_many_sources(random_town) -> None:
    town = random_town(60, seed=2)
    assert Travel(town.graph, town.milliseconds, order=Order.of(town.graph)).engine == "warm"
    travel = Travel(town.graph, town.milliseconds)
    assert travel.engine == "cold"
    assert travel.order is None
    first = travel.from_nodes([5])
    travel.from_nodes(np.zeros(ORDER_PAYS_AFTER, np.int32))
    assert travel.engine == "warm"
    assert travel.order is not None
    assert np.array_equal(travel.from_nodes([5]), first)


@pytest.mark.parametrize("wrong", [0, -3, UNREACHED + 1])
def test_milliseconds_out_of_range_are_refused(build_town, wrong) -> None:
    town = build_town(2, [(0, 1, 1000, True)])
    with pytest.raises(InputError):
        Travel(town.graph, np.array([wrong, 5], np.int32))


def test_wrong_arguments_are_refused(build_town) -> None:
    town = build_town(2, [(0, 1, 1000, True)])
    with pytest.raises(InputError):
        Travel(town.graph, np.array([5], np.int32))
    with pytest.raises(InputError):
        Travel(town.graph, town.milliseconds.astype(np.float64))
    with pytest.raises(ParameterError):
        Travel(town.graph, town.milliseconds, engine="lukewarm")
    with pytest.raises(ParameterError):
        Travel(town.graph, town.milliseconds, threads=0).from_nodes([0])
    for nodes in ([2], [-1], [[0]], [0.5]):
        with pytest.raises(ParameterError):
            Travel(town.graph, town.milliseconds).from_nodes(nodes)


def test_a_profile_weights_the_graph(build_town) -> None:
    town = build_town(3, [(0, 1, 1000, True), (1, 2, 500, True)], bans=[(0, 2)])
    car, foot = Travel.by("patrol_car", town.graph), Travel.by("foot", town.graph)
    assert car.from_nodes([0])[0, 2] == UNREACHED
    # 150 m on foot at 1.2 m/s, each arc rounded to a millisecond; forbidden turns are for vehicles.
    assert foot.from_nodes([0])[0, 2] == pytest.approx(125_000, abs=1)
