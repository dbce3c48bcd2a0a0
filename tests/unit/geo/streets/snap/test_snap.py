from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from geo.errors import CoordinateError, InputError, ParameterError
from geo.streets.osm import read_osm
from geo.streets.snap import Places, Snapper
from geo.streets.speeds import SpeedTable

GEOD = Geod(ellps="WGS84")


def metres(one: tuple[float, float], two: tuple[float, float]) -> float:
    return float(GEOD.inv(*one, *two)[2])


@pytest.fixture
def graph(write_osm):
    # An east-west street of two legs, a footway north of it, a one-way street south of it.
    nodes = {1: (108.90, 34.200), 2: (108.91, 34.200), 3: (108.92, 34.200), 4: (108.90, 34.201), 5: (108.92, 34.201)}
    nodes |= {6: (108.90, 34.198), 7: (108.92, 34.198)}
    ways = [
        (10, [1, 2, 3], {"highway": "primary"}),
        (20, [4, 5], {"highway": "footway"}),
        (30, [6, 7], {"highway": "residential", "oneway": "yes"}),
    ]
    return read_osm(write_osm(nodes, ways))


def test_the_place_is_on_the_arc_and_not_at_a_node(graph) -> None:
    spot = (108.913, 34.2003)
    places = Snapper(graph, "patrol_car").snap(np.array([spot]))
    arc = int(places.arc[0])
    assert int(graph.arc_ids[arc]) == 10
    assert places.ok.tolist() == [True]
    foot = (108.913, 34.2)
    assert places.offset_m[0] == pytest.approx(metres(spot, foot), rel=1e-3)
    start = tuple(graph.arc_lonlat(arc)[0])
    along = metres(start, (108.91, 34.2)) + metres((108.91, 34.2), foot)
    along = metres(start, foot) if start[0] < 108.91 else graph.metres[arc] - along
    assert places.metres_along[0] == pytest.approx(metres(start, foot), rel=1e-3)
    assert along == pytest.approx(float(places.metres_along[0]), rel=1e-3)


def test_a_profile_sees_only_its_own_streets(graph) -> None:
    spot = np.array([[108.905, 34.2009]])
    assert int(graph.arc_ids[Snapper(graph, "foot").snap(spot).arc[0]]) == 20
    assert int(graph.arc_ids[Snapper(graph, "patrol_car").snap(spot).arc[0]]) == 10


def test_closed_streets_and_classes_of_no_speed_are_left_out(graph) -> None:
    spot = np.array([[108.905, 34.2001]])
    closed = np.flatnonzero(graph.arc_ids == 10)
    assert int(graph.arc_ids[Snapper(graph, "patrol_car", closed=closed).snap(spot).arc[0]]) == 30
    barred = SpeedTable.default().edited(profile="patrol_car", road_class="primary", kph=0)
    assert int(graph.arc_ids[Snapper(graph, "patrol_car", speeds=barred).snap(spot).arc[0]]) == 30


def test_a_one_way_street_is_snapped_in_its_direction(graph) -> None:
    places = Snapper(graph, "patrol_car").snap(np.array([[108.905, 34.1979]]))
    arc = int(places.arc[0])
    assert int(graph.node_ids[graph.heads[arc]]) == 7
    assert places.metres_along[0] == pytest.approx(metres((108.90, 34.198), (108.905, 34.198)), rel=1e-3)


def test_far_places_are_not_ok_and_not_moved(graph) -> None:
    spots = np.array([[108.91, 34.21], [108.91, 34.2001], [0.0, 0.0], [-71.0, -30.0]])
    places = Snapper(graph, "patrol_car").snap(spots)
    assert places.ok.tolist() == [False, True, False, False]
    assert places.arc.tolist()[0] == -1
    assert np.isinf(places.offset_m[[0, 2, 3]]).all()
    assert places.lonlat.tolist() == spots.tolist()
    assert Snapper(graph, "patrol_car").snap(spots[:1], max_m=1200.0).ok.tolist() == [True]


def test_equal_distances_go_to_the_lowest_arc(write_osm) -> None:
    nodes = {1: (108.90, 34.2), 2: (108.91, 34.2), 3: (108.92, 34.2)}
    ways = [(10, [1, 2], {"highway": "primary"}), (20, [2, 3], {"highway": "secondary"})]
    snapper = Snapper(read_osm(write_osm(nodes, ways)), "patrol_car")
    spots = np.array([[108.91, 34.2]] * 3)
    found = snapper.snap(spots).arc
    assert found.tolist() == [int(snapper.arcs.min())] * 3


def test_streets_that_are_cut_off_can_be_left_out(write_osm) -> None:
    nodes = {1: (108.90, 34.2), 2: (108.91, 34.2), 3: (108.91, 34.21), 8: (108.90, 34.201), 9: (108.91, 34.201)}
    ways = [(10, [1, 2, 3, 1], {"highway": "primary"}), (11, [1, 2], {"highway": "service"})]
    ways += [(20, [8, 9], {"highway": "service"})]
    graph = read_osm(write_osm(nodes, ways))
    spot = np.array([[108.905, 34.201]])
    assert int(graph.arc_ids[Snapper(graph, "patrol_car").snap(spot).arc[0]]) == 20
    assert int(graph.arc_ids[Snapper(graph, "patrol_car", connected=True).snap(spot).arc[0]]) in (10, 11)


def test_a_profile_without_streets_finds_nothing(write_osm) -> None:
    graph = read_osm(write_osm({1: (100.0, 30.0), 2: (100.01, 30.0)}, [(10, [1, 2], {"highway": "footway"})]))
    for connected in (False, True):
        places = Snapper(graph, "patrol_car", connected=connected).snap(np.array([[100.0, 30.0]]))
        assert places.ok.tolist() == [False]


def test_no_places_are_no_places(graph) -> None:
    assert len(Snapper(graph, "foot").snap(np.zeros((0, 2)))) == 0


def test_wrong_coordinates_and_limits_are_refused(graph) -> None:
    snapper = Snapper(graph, "foot")
    with pytest.raises(CoordinateError, match="1 places") as problem:
        snapper.snap(np.array([[100.0, 30.0], [np.nan, 30.0]]))
    assert problem.value.rows == ("1",)
    with pytest.raises(ParameterError, match="largest walk"):
        snapper.snap(np.array([[100.0, 30.0]]), max_m=0)
    with pytest.raises(ParameterError, match="profile"):
        Snapper(graph, "tram")


def test_places_are_read_only_and_of_one_length(graph) -> None:
    places = Snapper(graph, "foot").snap(np.array([[108.905, 34.2]]))
    with pytest.raises(ValueError, match="read-only"):
        places.arc[0] = 3
    with pytest.raises(InputError, match="length"):
        Places(
            arc=np.zeros(2, np.int32), metres_along=np.zeros(1, np.float32), offset_m=np.zeros(2, np.float32),
            lonlat=np.zeros((2, 2)), ok=np.ones(2, bool),
        )  # fmt: skip
