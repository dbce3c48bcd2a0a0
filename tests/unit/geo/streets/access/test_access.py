from __future__ import annotations

import math

import pytest

from geo.streets.access import RULE_TAGS, WayRules, max_kph, way_rules
from geo.streets.graph import CAR, FOOT, MOTORCYCLE, RESPONSE, ROAD_CLASSES

ALL = CAR | MOTORCYCLE | FOOT | RESPONSE
VEHICLES = ALL & ~FOOT


def rules(**tags: str) -> WayRules | str:
    named = {key.replace("__", ":"): value for key, value in tags.items()}
    return way_rules(tuple(named.get(key) for key in RULE_TAGS))


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"highway": "residential"}, ALL, ALL),
        ({"highway": "residential", "oneway": "yes"}, ALL, FOOT),
        ({"highway": "residential", "oneway": "-1"}, FOOT, ALL),
        ({"highway": "residential", "oneway": "no"}, ALL, ALL),
        ({"highway": "primary", "junction": "roundabout"}, ALL, FOOT),
        ({"highway": "primary", "oneway": "reversible"}, FOOT, FOOT),
        ({"highway": "motorway"}, VEHICLES, 0),
        ({"highway": "motorway", "oneway": "no"}, VEHICLES, VEHICLES),
        ({"highway": "motorway_link"}, VEHICLES, VEHICLES),
        ({"highway": "trunk", "motorroad": "yes"}, VEHICLES, VEHICLES),
        ({"highway": "footway"}, FOOT, FOOT),
        ({"highway": "footway", "access": "yes"}, FOOT, FOOT),
        ({"highway": "pedestrian", "motor_vehicle": "yes"}, ALL, ALL),
        ({"highway": "pedestrian", "emergency": "yes"}, FOOT | RESPONSE, FOOT | RESPONSE),
        ({"highway": "steps", "foot": "yes", "access": "no"}, FOOT, FOOT),
        ({"highway": "service", "access": "private"}, RESPONSE, RESPONSE),
        ({"highway": "service", "access": "private", "foot": "yes"}, RESPONSE | FOOT, RESPONSE | FOOT),
        ({"highway": "service", "access": "destination"}, ALL, ALL),
        ({"highway": "service", "access": "no", "motor_vehicle": "permit"}, RESPONSE, RESPONSE),
        ({"highway": "service", "access": "no", "motor_vehicle": "yes"}, VEHICLES, VEHICLES),
        ({"highway": "service", "service": "emergency_access"}, RESPONSE | FOOT, RESPONSE | FOOT),
        ({"highway": "residential", "vehicle": "no"}, FOOT, FOOT),
        ({"highway": "residential", "motor_vehicle": "no"}, FOOT, FOOT),
        ({"highway": "residential", "motorcar": "no"}, MOTORCYCLE | FOOT, MOTORCYCLE | FOOT),
        ({"highway": "residential", "motorcycle": "no"}, ALL & ~MOTORCYCLE, ALL & ~MOTORCYCLE),
        ({"highway": "residential", "motor_vehicle": "no", "motorcycle": "yes"}, MOTORCYCLE | FOOT, MOTORCYCLE | FOOT),
        ({"highway": "residential", "foot": "no"}, VEHICLES, VEHICLES),
        ({"highway": "residential", "oneway": "yes", "oneway__foot": "yes"}, ALL, 0),
        ({"highway": "residential", "oneway": "yes", "oneway__emergency": "no"}, ALL, FOOT | RESPONSE),
        ({"highway": "busway"}, RESPONSE, RESPONSE),
        ({"highway": "bridleway"}, FOOT, FOOT),
    ],
)
def test_who_may_pass_which_way(tags: dict[str, str], forward: int, backward: int) -> None:
    found = rules(**tags)
    assert isinstance(found, WayRules)
    assert (found.forward, found.backward) == (forward, backward)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"highway": "construction"}, "not a street"),
        ({"highway": "elevator"}, "not a street"),
        ({"highway": "pedestrian", "area": "yes"}, "area"),
        ({"highway": "residential", "access": "no"}, "no access"),
        ({"highway": "trunk", "oneway": "reversible", "foot": "no"}, "direction changes by the hour"),
    ],
)
def test_why_a_way_is_no_street(tags: dict[str, str], reason: str) -> None:
    assert rules(**tags) == reason


def test_class_and_limits_of_both_directions() -> None:
    found = rules(highway="road", maxspeed="60", maxspeed__backward="40")
    assert isinstance(found, WayRules)
    assert ROAD_CLASSES[found.road_class] == "other"
    assert (found.forward_kph, found.backward_kph) == (60, 40)


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("50", 50), ("50 km/h", 50), ("30 mph", 48.28032), ("30mph", 48.28032), ("10 knots", 18.52), ("60;40", 40),
        ("80|60|60", 60), ("CN:urban", 50), ("CN:rural", 70), ("DE:rural", 80), ("DE:zone:30", 30), ("CN:30", 30),
        ("walk", 5), ("none", math.nan), ("signals", math.nan), ("", math.nan), (None, math.nan), ("0", math.nan),
        ("fast", math.nan), ("900", math.nan), ("none;70", 70),
    ],
)  # fmt: skip
def test_limits_in_km_per_hour(text: str | None, kph: float) -> None:
    assert max_kph(text) == pytest.approx(kph, nan_ok=True)
