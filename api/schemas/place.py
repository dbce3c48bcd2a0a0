"""Places: what is here, where is that, how far is it."""

from __future__ import annotations

from api.schemas.values import Value


class GridHere(Value):
    """The grid (网格) at a place."""

    code: str
    name: str | None
    parent_name: str | None


class PoliceGridHere(Value):
    """The police grid (警格) at a place."""

    code: str
    name: str | None
    area_name: str | None


class StationHere(Value):
    """The station (派出所) that answers for a place."""

    code: str | None
    name: str | None


class Soonest(Value):
    """A post or unit and its street time to the place."""

    kind: str
    id: str
    name: str
    seconds: float
    metres: float
    state: str


class SnappedHere(Value):
    """Where the place meets the street."""

    lon: float
    lat: float
    offset_m: float


class Located(Value):
    """Everything about one place on the map."""

    lon: float
    lat: float
    grid: GridHere | None
    police_grid: PoliceGridHere | None
    station: StationHere | None
    soonest: list[Soonest]
    profile: str
    snapped: SnappedHere | None


class Found(Value):
    """One result of the search box."""

    kind: str
    id: str
    title: str
    subtitle: str
    lon: float
    lat: float
    bounds: tuple[float, float, float, float] | None = None


class Search(Value):
    """Results of the search box, best first."""

    q: str
    results: list[Found]


class Route(Value):
    """A way along the streets; ``cumulative_seconds`` goes with ``coordinates``."""

    seconds: float
    metres: float
    profile: str
    coordinates: list[tuple[float, float]]
    cumulative_seconds: list[float]
    names: list[str]
