"""Speeds by road class and profile, and the milliseconds that each arc takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, cast

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError, TableError
from geo.streets.graph import CAR, FOOT, MOTORCYCLE, RESPONSE, ROAD_CLASSES, StreetGraph

PROFILES: Final = ("response_car", "patrol_car", "motorcycle", "foot", "off_road")
"""Who travels: a car that answers a call, a car on patrol, a motorcycle, an officer on foot, an off-road vehicle."""

ACCESS_BIT: Final[Mapping[str, int]] = {
    "response_car": RESPONSE, "patrol_car": CAR, "motorcycle": MOTORCYCLE, "foot": FOOT, "off_road": CAR,
}  # fmt: skip
"""The bit that opens an arc to a profile; rough arcs are open to an off-road vehicle beyond it."""

ROUGH: Final = ("track", "path", "other")
"""Classes that an off-road vehicle also uses where they are open on foot."""

NO_WAY: Final = 2**30 - 1
"""Milliseconds of an arc that the profile may not pass."""

WALK_M_PER_S: Final = 1.2
"""Speed of the walk between the kerb and a place, and of the foot profile."""

FASTEST_KPH: Final = 200.0

# Door-to-door averages on Chinese city streets, lights and junctions included, below the limits of the road traffic
# law (30 km/h without a centre line, 50 km/h with one lane each way). They are a starting point to be edited, not a
# measurement. 0 = the profile does not use the class even where access tags would let it.
_DEFAULT_KPH: Final[Mapping[str, tuple[float, float, float, float]]] = {
    "motorway": (100, 80, 0, 80), "motorway_link": (50, 40, 0, 40),
    "trunk": (65, 48, 45, 48), "trunk_link": (45, 35, 35, 35),
    "primary": (52, 36, 38, 36), "primary_link": (40, 30, 32, 30),
    "secondary": (45, 30, 34, 30), "secondary_link": (36, 26, 30, 26),
    "tertiary": (38, 25, 30, 25), "tertiary_link": (32, 22, 26, 22),
    "unclassified": (32, 22, 26, 22), "residential": (26, 16, 22, 16),
    "living_street": (18, 10, 15, 10), "service": (18, 10, 15, 10), "track": (15, 10, 15, 20),
    "pedestrian": (10, 8, 8, 0), "footway": (6, 5, 6, 0), "path": (6, 5, 8, 10), "steps": (0, 0, 0, 0),
    "cycleway": (10, 8, 10, 0), "other": (30, 20, 24, 22),
}  # fmt: skip
_WALK_KPH: Final = 3.6 * WALK_M_PER_S
_STEPS_KPH: Final = 0.6 * _WALK_KPH


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTable:
    """Kilometres per hour by profile and road class; equal tables compare and hash as equal.

    Attributes
    ----------
    kph : rows in the order of ``PROFILES``, columns in the order of ``ROAD_CLASSES``; 0 = does not use the class
    limit_factor : by profile, the multiple of the file's speed that a vehicle keeps to at most
    hour_factor : 24 multipliers of vehicle speed, one an hour of the day; foot is not affected
    """

    kph: tuple[tuple[float, ...], ...]
    limit_factor: tuple[float, ...] = (1.3, 1.0, 1.0, 1.0, 1.0)
    hour_factor: tuple[float, ...] = (1.0,) * 24

    def __post_init__(self) -> None:
        breaches = [*_wrong_rows(self.kph)]
        breaches += _wrong_numbers("limit_factor", self.limit_factor, len(PROFILES), 0.1, 3.0)
        breaches += _wrong_numbers("hour_factor", self.hour_factor, 24, 0.05, 3.0)
        _refuse(breaches)

    @classmethod
    def default(cls) -> Self:
        """Return the table that is used until the user edits it."""
        vehicles = [tuple(float(_DEFAULT_KPH[name][k]) for name in ROAD_CLASSES) for k in range(4)]
        foot = tuple(_STEPS_KPH if name == "steps" else _WALK_KPH for name in ROAD_CLASSES)
        return cls(kph=(*vehicles[:3], foot, vehicles[3]))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` writes; classes and profiles left out keep the default. Raises ``TableError``."""
        try:
            held: object = json.loads(text)
        except ValueError as problem:
            raise TableError(
                f"The speed table is not valid JSON ({problem})", f"速度表不是有效的 JSON（{problem}）"
            ) from problem
        breaches: list[str] = []
        known = _mapping(held, "speed table", ("kph", "limit_factor", "hour_factor"), breaches)
        start = cls.default()
        rows = {p: dict(zip(ROAD_CLASSES, start.kph[i], strict=True)) for i, p in enumerate(PROFILES)}
        for profile, row in _mapping(known.get("kph", {}), "kph", PROFILES, breaches).items():
            for name, value in _mapping(row, f"kph.{profile}", ROAD_CLASSES, breaches).items():
                rows[profile][name] = _number(value, f"kph.{profile}.{name}", breaches)
        limits = dict(zip(PROFILES, start.limit_factor, strict=True))
        for profile, value in _mapping(known.get("limit_factor", {}), "limit_factor", PROFILES, breaches).items():
            limits[profile] = _number(value, f"limit_factor.{profile}", breaches)
        hours = known.get("hour_factor", list(start.hour_factor))
        if not isinstance(hours, list):
            breaches.append("hour_factor is not a list of 24 numbers")
            hours = list(start.hour_factor)
        hourly = tuple(_number(value, f"hour_factor[{i}]", breaches) for i, value in enumerate(hours))
        _refuse(breaches)
        return cls(
            kph=tuple(tuple(rows[p][name] for name in ROAD_CLASSES) for p in PROFILES),
            limit_factor=tuple(limits[p] for p in PROFILES),
            hour_factor=hourly,
        )

    def to_json(self) -> str:
        """Return the table as JSON text with names of profiles and classes."""
        return json.dumps(
            {
                "kph": {p: dict(zip(ROAD_CLASSES, self.kph[i], strict=True)) for i, p in enumerate(PROFILES)},
                "limit_factor": dict(zip(PROFILES, self.limit_factor, strict=True)),
                "hour_factor": list(self.hour_factor),
            },
            indent=1,
        )

    def edited(self, *, profile: str, road_class: str, kph: float) -> Self:
        """Return a table with one speed changed."""
        if road_class not in ROAD_CLASSES:
            raise ParameterError(f"Unknown road class {road_class!r}", f"未知的道路等级 {road_class!r}")
        row = _row(profile)
        column = ROAD_CLASSES.index(road_class)
        cells = [list(line) for line in self.kph]
        cells[row][column] = float(kph)
        return replace(self, kph=tuple(tuple(line) for line in cells))


def arc_kph(
    graph: StreetGraph, profile: str, *, speeds: SpeedTable | None = None, hour: int | None = None
) -> npt.NDArray[np.float64]:
    """Return the speed of a profile on each arc, float64[m] km/h; 0 where it may not pass.

    A vehicle keeps to the lower of the class speed and the file's speed times ``limit_factor``. Where the class says
    nothing (``other``) the file's speed alone counts.
    """
    row = _row(profile)
    table = SpeedTable.default() if speeds is None else speeds
    kph = np.asarray(table.kph[row])[graph.road_class]
    if profile != "foot":
        limit = graph.speed_kph.astype(np.float64) * table.limit_factor[row]
        known = np.isfinite(limit) & (limit > 0) & (kph > 0)
        unclassed = graph.road_class == ROAD_CLASSES.index("other")
        kph = np.where(known & unclassed, limit, np.where(known, np.minimum(kph, limit), kph))
        if hour is not None:
            if not 0 <= hour < 24:
                raise ParameterError(f"Hour {hour} is not within 0 to 23", f"小时 {hour} 不在 0 至 23 之间")
            kph = kph * table.hour_factor[hour]
    return np.where(may_pass(graph, profile), kph, 0.0)


def may_pass(graph: StreetGraph, profile: str) -> npt.NDArray[np.bool_]:
    """Return bool[m], the arcs that are open to a profile, whatever its speed there."""
    open_ = (graph.access & ACCESS_BIT[profile]) > 0
    if profile != "off_road":
        return open_
    rough = np.isin(graph.road_class, [ROAD_CLASSES.index(name) for name in ROUGH]) & ((graph.access & FOOT) > 0)
    # Whoever walks may walk both ways, so "open on foot" alone would let a vehicle drive against a one-way street.
    facing = np.where(graph.reverse >= 0, graph.access[graph.reverse], 0)
    one_way = (facing & ~graph.access & (CAR | MOTORCYCLE | RESPONSE)) > 0
    return open_ | (rough & ~one_way)


def arc_milliseconds(
    graph: StreetGraph,
    profile: str,
    *,
    speeds: SpeedTable | None = None,
    hour: int | None = None,
    closed: Sequence[int] | npt.NDArray[np.integer] = (),
) -> npt.NDArray[np.int32]:
    """Return the whole milliseconds of each arc, int32[m]: ``NO_WAY`` where the profile may not pass, else at least 1.

    Parameters
    ----------
    speeds
        ``SpeedTable.default()`` unless given.
    hour
        Hour of the day whose factor applies; none = no factor.
    closed
        Arc numbers that nobody may pass.
    """
    kph = arc_kph(graph, profile, speeds=speeds, hour=hour)
    shut = np.asarray(closed, dtype=np.int64)
    if shut.size and (shut.min() < 0 or shut.max() >= graph.arcs):
        raise ParameterError("A closed arc is not in the street network", "封闭的路段不在路网中")
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = graph.metres.astype(np.float64) * 3600.0 / kph
    taken = np.clip(np.rint(exact), 1, NO_WAY - 1)
    taken[kph <= 0] = NO_WAY
    taken[shut] = NO_WAY
    return taken.astype(np.int32)


def _row(profile: str) -> int:
    if profile not in PROFILES:
        raise ParameterError(
            f"Unknown profile {profile!r}; known are {', '.join(PROFILES)}",
            f"未知的出行方式 {profile!r}，可用：{'、'.join(PROFILES)}",
        )
    return PROFILES.index(profile)


def _refuse(breaches: list[str]) -> None:
    if breaches:
        listed = "; ".join(breaches[:5])
        raise TableError(f"The speed table is wrong: {listed}", f"速度表有误：{listed}", breaches=breaches)


def _wrong_rows(kph: tuple[tuple[float, ...], ...]) -> list[str]:
    if len(kph) != len(PROFILES):
        return [f"kph holds {len(kph)} rows, not {len(PROFILES)}"]
    return [
        breach
        for profile, row in zip(PROFILES, kph, strict=True)
        for breach in _wrong_numbers(f"kph.{profile}", row, len(ROAD_CLASSES), 0.0, FASTEST_KPH)
    ]


def _wrong_numbers(what: str, values: Sequence[float], size: int, low: float, high: float) -> list[str]:
    if len(values) != size:
        return [f"{what} holds {len(values)} numbers, not {size}"]
    return [
        f"{what}[{i}] = {value} is not within {low:g} to {high:g}"
        for i, value in enumerate(values)
        if not (math.isfinite(value) and low <= value <= high)
    ]


def _mapping(held: object, what: str, known: Sequence[str], breaches: list[str]) -> dict[str, object]:
    if not isinstance(held, dict):
        breaches.append(f"{what} is not a mapping")
        return {}
    entries = cast("dict[str, object]", held)
    breaches.extend(f"{what} has the unknown entry {key!r}" for key in entries if key not in known)
    return {key: value for key, value in entries.items() if key in known}


def _number(value: object, what: str, breaches: list[str]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        breaches.append(f"{what} is not a number")
        return 1.0
    return float(value)
