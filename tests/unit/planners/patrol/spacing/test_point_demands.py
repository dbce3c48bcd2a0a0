"""What points ask of a shift, worked out by hand."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from geo.tables.points import Points
from planners.patrol.spacing.point_demands import Demand, Refused, SetTime, Template, demands_of

HOUR = 3600
NIGHT = {"start_minute": 22 * 60, "shift_seconds": 8 * HOUR}
DAY = {"start_minute": 7 * 60, "shift_seconds": 8 * HOUR}


def points(**columns: object) -> Points:
    row = {
        "point_id": "B1", "name": "东关市场", "kind": "must_visit", "mode": "car", "dwell_seconds": 900, "visits": 1, **columns,
    }  # fmt: skip
    return Points.of(gpd.GeoDataFrame([row], geometry=[shapely.Point(109, 34)], crs=4326))


def asked(shift: dict[str, int], template: Template | None = None, **columns: object) -> Demand:
    found, refused = demands_of(points(**columns), **shift, template=template)
    assert refused == []
    return found[0]


def refusal(shift: dict[str, int], template: Template | None = None, **columns: object) -> Refused:
    found, refused = demands_of(points(**columns), **shift, template=template)
    assert found == []
    assert refused[0].point_id == "B1"
    assert "东关市场" in refused[0].zh
    assert refused[0].en
    return refused[0]


def test_a_gap_follows_from_the_visits_where_none_is_stated() -> None:
    demand = asked(DAY, visits=4)
    assert (demand.gap, demand.least_gap, demand.dwell) == (2 * HOUR, HOUR, 900)
    assert demand.kinds == ("car", "motorcycle", "off_road")
    assert demand.priority == 3


def test_a_stated_gap_goes_before_the_visits_and_never_past_the_shift() -> None:
    demand = asked(DAY, visits=4, gap_minutes=90, least_gap_minutes=40, priority=1)
    assert (demand.gap, demand.least_gap, demand.priority) == (5400, 2400, 5)
    assert asked(DAY, gap_minutes=1000).gap == 8 * HOUR


def test_a_level_scales_gaps_visits_and_dwell() -> None:
    high = Template(gap_factor=0.5, visits_factor=2.0, dwell_factor=2.0)
    assert asked(DAY, high, gap_minutes=120).gap == HOUR
    assert asked(DAY, high, visits=2).gap == 2 * HOUR
    assert asked(DAY, high).dwell == 1800


def test_a_school_post_is_a_visit_in_its_window_and_gone_when_there_is_no_school() -> None:
    school = {"kind": "school", "window_start": 7 * 60 + 10, "window_end": 8 * 60, "dwell_seconds": 1800}
    demand = asked(DAY, **school)
    assert demand.set_times == (SetTime(earliest=600, latest=1800),)
    assert refusal(DAY, Template(schools=False), **school).code == "no_school"
    assert refusal(NIGHT, **school).code == "other_shift"
    assert refusal(DAY, kind="school").code == "window_missing"


def test_a_window_over_midnight_lies_in_the_night_shift() -> None:
    # 23:30 to 00:30, shift 22:00 to 06:00: from 1.5 h on, and 15 min of dwell before 2.5 h.
    assert asked(NIGHT, window_start=1410, window_end=1470).set_times == (SetTime(earliest=5400, latest=8100),)
    assert asked(NIGHT, window_start=1410, window_end=30).set_times == (SetTime(earliest=5400, latest=8100),)
    # 00:30 to 01:00 is after midnight.
    assert asked(NIGHT, window_start=30, window_end=60).set_times == (SetTime(earliest=9000, latest=9900),)


def test_a_window_that_began_before_the_shift_counts_from_its_start() -> None:
    assert asked(NIGHT, window_start=21 * 60, window_end=23 * 60).set_times == (SetTime(earliest=0, latest=2700),)


def test_units_together_come_once_in_each_equal_part_of_the_shift() -> None:
    demand = asked(DAY, visits=2, units_together=2)
    assert demand.together == 2
    assert demand.set_times == (
        SetTime(earliest=0, latest=4 * HOUR - 900),
        SetTime(earliest=4 * HOUR, latest=8 * HOUR - 900),
    )


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"window_start": 480, "window_end": 490}, "window_short"),
        ({"gap_minutes": 15}, "too_often"),
        ({"visits": 24, "dwell_seconds": 1200}, "too_often"),
        ({"gap_minutes": 60, "least_gap_minutes": 90}, "least_gap"),
        ({"kinds": "骑马"}, "kinds"),
    ],
)
def test_what_cannot_be_asked_is_named_in_a_sentence(columns: dict[str, object], code: str) -> None:
    assert refusal(DAY, **columns).code == code


def test_kinds_that_a_point_names_go_before_its_way_of_patrol() -> None:
    assert asked(DAY, kinds="车巡、步巡").kinds == ("car", "foot")
    assert asked(DAY, kinds="motorcycle car").kinds == ("motorcycle", "car")


def test_an_off_road_point_takes_off_road_units_alone() -> None:
    assert asked(DAY, mode="off_road").kinds == ("off_road",)
    assert asked(DAY, mode="motorcycle").kinds == ("motorcycle", "foot")
    assert asked(DAY, kinds="越野巡、车巡").kinds == ("off_road", "car")
