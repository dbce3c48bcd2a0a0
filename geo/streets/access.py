"""What the tags of an OpenStreetMap way say: class, who may pass which way, and the speed limit."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, NamedTuple

from geo.streets.graph import CAR, FOOT, MOTORCYCLE, RESPONSE, ROAD_CLASSES

RULE_TAGS: Final = (
    "highway", "oneway", "junction", "access", "vehicle", "motor_vehicle", "motorcar", "motorcycle", "foot",
    "emergency", "service", "motorroad", "area", "maxspeed", "maxspeed:forward", "maxspeed:backward",
    "oneway:foot", "oneway:emergency",
)  # fmt: skip
"""The tags that are read, in the order that ``way_rules`` takes their values."""

VEHICLES: Final = CAR | MOTORCYCLE | RESPONSE
WALKING: Final = frozenset({"pedestrian", "footway", "path", "steps", "cycleway"})
"""Classes that are for walking unless a tag opens them to vehicles."""

_ALL: Final = VEHICLES | FOOT

_CLASS_ACCESS: Final = {
    **dict.fromkeys(ROAD_CLASSES, _ALL),
    "motorway": VEHICLES, "motorway_link": VEHICLES,
    **dict.fromkeys(WALKING, FOOT),
}  # fmt: skip
_OTHER_NAMES: Final = {
    "road": ("other", _ALL), "bridleway": ("path", FOOT), "crossing": ("footway", FOOT),
    "busway": ("other", RESPONSE), "bus_guideway": ("other", 0), "emergency_access": ("service", RESPONSE | FOOT),
}  # fmt: skip
_OPEN: Final = frozenset({
    "yes", "permissive", "designated", "official", "destination", "customers", "public", "allowed", "limited",
    "discouraged",
})  # fmt: skip
_ON_DUTY: Final = frozenset({
    "private", "permit", "residents", "resident", "delivery", "agricultural", "forestry", "employees", "emergency",
    "psv", "bus", "restricted", "staff", "service", "license", "school", "university",
})  # fmt: skip
_SHUT: Final = frozenset({"no", "military", "impassable", "none", "closed"})
_FORWARD: Final = frozenset({"yes", "true", "1"})
_BACKWARD: Final = frozenset({"-1", "reverse"})
_MILE_KM: Final = 1.609344
_KNOT_KM: Final = 1.852
_ZONE_KPH: Final = {
    "urban": 50.0, "rural": 80.0, "trunk": 100.0, "motorway": 120.0, "living_street": 20.0, "pedestrian_zone": 10.0,
    "bicycle_road": 30.0, "school": 30.0,
}  # fmt: skip
# Law of the People's Republic on road traffic, implementing rules, articles 45 and 78.
_CHINA_KPH: Final = {**_ZONE_KPH, "rural": 70.0, "urban_no_centre_line": 30.0, "rural_no_centre_line": 40.0}
_NUMBER: Final = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/?h|kph|kmph|mph|knots)?$")


class WayRules(NamedTuple):
    """Class, access bits along and against the way, and its limits in km/h (NaN where it says nothing)."""

    road_class: int
    forward: int
    backward: int
    forward_kph: float
    backward_kph: float


@lru_cache(maxsize=1 << 16)
def way_rules(values: tuple[str | None, ...]) -> WayRules | str:
    """Return the rules of the values of ``RULE_TAGS``, or the reason why the way is no street."""
    tags = {key: value for key, value in zip(RULE_TAGS, values, strict=True) if value is not None}
    kind = tags.get("highway", "")
    name, bits = _OTHER_NAMES.get(kind, (kind, _CLASS_ACCESS.get(kind, 0)))
    if name not in ROAD_CLASSES:
        return "not a street"
    if tags.get("area") == "yes":
        return "area"
    bits = _access(tags, bits)
    if not bits:
        return "no access"
    forward, backward = _directions(tags, name, bits)
    if not forward | backward:
        return "direction changes by the hour" if "oneway" in tags else "no access"
    both = max_kph(tags.get("maxspeed"))
    along, against = max_kph(tags.get("maxspeed:forward")), max_kph(tags.get("maxspeed:backward"))
    return WayRules(
        ROAD_CLASSES.index(name),
        forward,
        backward,
        both if math.isnan(along) else along,
        both if math.isnan(against) else against,
    )


@lru_cache(maxsize=4096)
def walking_rules(
    kind: str, access: str | None, foot: str | None, area: str | None, oneway_foot: str | None
) -> WayRules | str:
    """Return ``way_rules`` of a way of a ``WALKING`` class that no tag opens to vehicles."""
    tags = {"highway": kind, "access": access, "foot": foot, "area": area, "oneway:foot": oneway_foot}
    return way_rules(tuple(tags.get(key) for key in RULE_TAGS))


def lets_vehicles_pass(tags: dict[str, str]) -> bool:
    """Return whether the tags of a barrier open it to vehicles."""
    return any(tags.get(key) in _OPEN for key in ("access", "vehicle", "motor_vehicle", "motorcar", "emergency"))


def _access(tags: dict[str, str], bits: int) -> int:
    """Return the access bits after the tags, the more special key over the more general one."""
    motor = ("access", "vehicle", "motor_vehicle")
    given = {
        CAR: _last(tags, (*motor, "motorcar")),
        MOTORCYCLE: _last(tags, (*motor, "motorcycle")),
        FOOT: _last(tags, ("access", "foot")),
        RESPONSE: _last(tags, (*motor, "motorcar")),
    }
    if tags.get("motorroad") == "yes":
        bits &= ~FOOT
    if tags.get("service") == "emergency_access":
        bits &= RESPONSE | FOOT
    for bit, value in given.items():
        # A key that opens says so for its own traffic: access=yes on a footway lets no car in.
        if value in _SHUT:
            bits &= ~bit
        elif value in _ON_DUTY:
            bits = bits if bit == RESPONSE else bits & ~bit
        elif value in _OPEN and _opens(tags, bit):
            bits |= bit
    if tags.get("emergency") in ("yes", "designated", "official"):
        bits |= RESPONSE
    elif tags.get("emergency") == "no":
        bits &= ~RESPONSE
    return bits


def _opens(tags: dict[str, str], bit: int) -> bool:
    keys = {CAR: ("motorcar", "motor_vehicle"), RESPONSE: ("motorcar", "motor_vehicle"), FOOT: ("foot",)}
    return any(tags.get(key) in _OPEN for key in keys.get(bit, ("motorcycle", "motor_vehicle")))


def _last(tags: dict[str, str], keys: tuple[str, ...]) -> str:
    found = ""
    for key in keys:
        found = tags.get(key, found)
    return found.split(";")[0].strip()


def _directions(tags: dict[str, str], name: str, bits: int) -> tuple[int, int]:
    """Return the bits along and against the way; whoever walks may walk both ways."""
    oneway = tags.get("oneway", "")
    implied = name == "motorway" or tags.get("junction") in ("roundabout", "circular")
    vehicles = bits & VEHICLES
    forward = backward = vehicles
    if oneway == "reversible":
        forward = backward = 0
    elif oneway in _BACKWARD:
        forward = 0
    elif oneway in _FORWARD or (implied and oneway != "no"):
        backward = 0
    if tags.get("oneway:emergency") == "no":
        forward |= bits & RESPONSE
        backward |= bits & RESPONSE
    foot = bits & FOOT
    one_foot = tags.get("oneway:foot", "")
    return (
        forward | (0 if one_foot in _BACKWARD else foot),
        backward | (0 if one_foot in _FORWARD else foot),
    )


@lru_cache(maxsize=4096)
def max_kph(value: str | None) -> float:
    """Return a ``maxspeed`` in km/h, the lowest of a list, NaN where it is no fixed number."""
    if not value:
        return math.nan
    found = [_one_kph(part.strip().lower()) for part in re.split(r"[;|,]", value)]
    known = [kph for kph in found if not math.isnan(kph) and 0 < kph <= 200]
    return min(known) if known else math.nan


def _one_kph(text: str) -> float:
    number = _NUMBER.match(text)
    if number:
        unit = number.group(2) or ""
        return float(number.group(1)) * {"mph": _MILE_KM, "knots": _KNOT_KM}.get(unit, 1.0)
    if text == "walk":
        return 5.0
    country, colon, zone = text.partition(":")
    if colon:
        limit = (_CHINA_KPH if country == "cn" else _ZONE_KPH).get(zone, math.nan)
        digits = re.fullmatch(r"(?:zone:?)?(\d+)", zone)
        return float(digits.group(1)) if digits else limit
    return math.nan
