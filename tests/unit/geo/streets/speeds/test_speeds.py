from __future__ import annotations

import json

import numpy as np
import pytest

from geo.errors import ParameterError, TableError
from geo.streets.graph import FOOT, ROAD_CLASSES
from geo.streets.osm import read_osm
from geo.streets.snap import Snapper
from geo.streets.speeds import NO_WAY, PROFILES, SpeedTable, arc_kph, arc_milliseconds


@pytest.fixture
def street(write_osm):
    def make(**tags: str):
        return read_osm(write_osm({1: (100.0, 30.0), 2: (100.01, 30.0)}, [(10, [1, 2], tags)]))

    return make


def test_milliseconds_are_metres_over_the_class_speed(street) -> None:
    graph = street(highway="primary")
    table = SpeedTable.default().edited(profile="patrol_car", road_class="primary", kph=36.0)
    taken = arc_milliseconds(graph, "patrol_car", speeds=table)
    # 36 km/h are 10 m/s: a hundred milliseconds a metre.
    assert taken.tolist() == np.rint(graph.metres.astype(float) * 100).astype(int).tolist()
    assert taken.dtype == np.int32


def test_the_answering_car_is_faster_than_the_patrol() -> None:
    table = SpeedTable.default()
    response, patrol = np.array(table.kph[0]), np.array(table.kph[1])
    assert (response >= patrol).all()
    assert (response[patrol > 0] > patrol[patrol > 0]).all()


def test_a_limit_in_the_file_binds_all_but_the_answering_car(street) -> None:
    graph = street(highway="primary", maxspeed="20")
    assert arc_kph(graph, "patrol_car").tolist() == [20, 20]
    assert arc_kph(graph, "response_car") == pytest.approx(26.0)
    assert arc_kph(graph, "foot") == pytest.approx(4.32)
    faster = street(highway="residential", maxspeed="120")
    table = SpeedTable.default()
    assert arc_kph(faster, "patrol_car")[0] == table.kph[1][ROAD_CLASSES.index("residential")]


def test_without_a_class_the_file_s_speed_alone_counts(street) -> None:
    graph = street(highway="road", maxspeed="80")
    assert arc_kph(graph, "patrol_car").tolist() == [80, 80]


def test_who_may_not_pass_has_no_way(street) -> None:
    graph = street(highway="footway")
    assert arc_milliseconds(graph, "patrol_car").tolist() == [NO_WAY] * 2
    assert (arc_milliseconds(graph, "foot") < NO_WAY).all()
    barred = SpeedTable.default().edited(profile="foot", road_class="footway", kph=0)
    assert arc_milliseconds(graph, "foot", speeds=barred).tolist() == [NO_WAY] * 2


@pytest.mark.parametrize("kind", ["track", "path", "road"])
def test_an_off_road_vehicle_takes_rough_ways_that_are_open_on_foot_alone(street, kind: str) -> None:
    graph = street(highway=kind, motor_vehicle="no")
    assert set(graph.access.tolist()) == {FOOT}
    assert arc_milliseconds(graph, "patrol_car").tolist() == [NO_WAY] * 2
    assert (arc_milliseconds(graph, "off_road") < NO_WAY).all()
    assert len(Snapper(graph, "off_road").arcs) == 1
    assert len(Snapper(graph, "patrol_car").arcs) == 0


@pytest.mark.parametrize("kind", ["steps", "footway", "cycleway", "pedestrian"])
def test_an_off_road_vehicle_keeps_off_ways_for_walking(street, kind: str) -> None:
    assert arc_milliseconds(street(highway=kind), "off_road").tolist() == [NO_WAY] * 2
    assert arc_milliseconds(street(highway=kind, motor_vehicle="yes"), "off_road").tolist() == [NO_WAY] * 2


def test_an_off_road_vehicle_passes_where_a_patrol_car_does_and_is_faster_on_tracks(street) -> None:
    assert (
        arc_kph(street(highway="primary"), "off_road").tolist()
        == arc_kph(street(highway="primary"), "patrol_car").tolist()
    )
    track = street(highway="track")
    assert (arc_kph(track, "off_road") > arc_kph(track, "patrol_car")).all()
    assert arc_milliseconds(street(highway="track", access="private"), "off_road").tolist() == [NO_WAY] * 2


def test_an_off_road_vehicle_does_not_drive_against_a_one_way_track(street) -> None:
    graph = street(highway="track", oneway="yes")
    assert (arc_milliseconds(graph, "foot") < NO_WAY).all()
    assert (arc_milliseconds(graph, "off_road") < NO_WAY).tolist() == (
        arc_milliseconds(graph, "patrol_car") < NO_WAY
    ).tolist()
    assert np.count_nonzero(arc_milliseconds(graph, "off_road") < NO_WAY) == 1


def test_a_table_kept_before_there_were_off_road_vehicles_is_read() -> None:
    kept = json.loads(SpeedTable.default().edited(profile="foot", road_class="path", kph=3).to_json())
    del kept["kph"]["off_road"], kept["limit_factor"]["off_road"]
    read = SpeedTable.from_json(json.dumps(kept))
    assert read == SpeedTable.default().edited(profile="foot", road_class="path", kph=3)


def test_closed_arcs_have_no_way(street) -> None:
    graph = street(highway="primary")
    taken = arc_milliseconds(graph, "response_car", closed=[1])
    assert taken[0] < NO_WAY
    assert taken[1] == NO_WAY
    with pytest.raises(ParameterError, match="not in the street network"):
        arc_milliseconds(graph, "response_car", closed=[2])


def test_no_arc_takes_less_than_a_millisecond(write_osm) -> None:
    graph = read_osm(write_osm({1: (100.0, 30.0), 2: (100.0, 30.0)}, [(10, [1, 2], {"highway": "primary"})]))
    assert graph.metres.tolist() == [0, 0]
    assert arc_milliseconds(graph, "response_car").tolist() == [1, 1]


def test_the_hour_slows_vehicles_and_not_walkers(street) -> None:
    graph = street(highway="primary")
    plain = SpeedTable.default()
    rush = SpeedTable(kph=plain.kph, hour_factor=tuple(0.5 if hour == 8 else 1.0 for hour in range(24)))
    assert arc_kph(graph, "patrol_car", speeds=rush, hour=8) == pytest.approx(arc_kph(graph, "patrol_car") / 2)
    assert arc_kph(graph, "patrol_car", speeds=rush, hour=9) == pytest.approx(arc_kph(graph, "patrol_car"))
    assert arc_kph(graph, "foot", speeds=rush, hour=8) == pytest.approx(arc_kph(graph, "foot"))
    assert plain.hour_factor == (1.0,) * 24
    with pytest.raises(ParameterError, match="Hour 24"):
        arc_kph(graph, "patrol_car", hour=24)


def test_json_round_trip() -> None:
    table = SpeedTable.default().edited(profile="foot", road_class="steps", kph=1.5)
    assert SpeedTable.from_json(table.to_json()) == table
    assert hash(SpeedTable.from_json(table.to_json())) == hash(table)


def test_json_may_name_only_what_differs() -> None:
    table = SpeedTable.from_json('{"kph": {"patrol_car": {"primary": 33}}}')
    assert table == SpeedTable.default().edited(profile="patrol_car", road_class="primary", kph=33)


@pytest.mark.parametrize(
    ("content", "breach"),
    [
        ({"kph": {"tram": {}}}, "unknown entry 'tram'"),
        ({"kph": {"foot": {"lane": 4}}}, "unknown entry 'lane'"),
        ({"kph": {"foot": {"path": "fast"}}}, "kph.foot.path is not a number"),
        ({"kph": {"foot": {"path": True}}}, "kph.foot.path is not a number"),
        ({"kph": {"foot": {"path": -1}}}, "not within 0 to 200"),
        ({"kph": {"foot": {"path": float("nan")}}}, "not within 0 to 200"),
        ({"limit_factor": {"patrol_car": 9}}, "limit_factor"),
        ({"hour_factor": [1.0] * 23}, "holds 23 numbers"),
        ({"hour_factor": [0.0] + [1.0] * 23}, "hour_factor[0]"),
        ({"hour_factor": "all"}, "not a list"),
        ({"speed": 3}, "unknown entry 'speed'"),
        ([], "not a mapping"),
    ],
)
def test_a_wrong_table_is_refused(content: object, breach: str) -> None:
    with pytest.raises(TableError) as problem:
        SpeedTable.from_json(json.dumps(content))
    assert breach in problem.value.en
    assert problem.value.breaches


def test_all_breaches_are_listed_together() -> None:
    with pytest.raises(TableError) as problem:
        SpeedTable.from_json('{"kph": {"foot": {"lane": 4}, "tram": {}}, "speed": 1}')
    assert len(problem.value.breaches) == 3


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(TableError, match="not valid JSON"):
        SpeedTable.from_json("{")


@pytest.mark.parametrize(("profile", "road_class"), [("tram", "primary"), ("foot", "lane")])
def test_unknown_names_are_refused(profile: str, road_class: str) -> None:
    with pytest.raises(ParameterError, match="Unknown"):
        SpeedTable.default().edited(profile=profile, road_class=road_class, kph=5)


def test_every_profile_has_a_row() -> None:
    assert len(SpeedTable.default().kph) == len(PROFILES) == 5
