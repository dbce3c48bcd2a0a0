"""Patrols: breaks, optional stops at hot places, and roads to be driven along, as they are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from api.schemas.values import Value

Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
StreetKind = Literal["car", "motorcycle", "foot", "off_road"]


def _vehicles() -> list[StreetKind]:
    return ["car", "motorcycle", "off_road"]


Chainage = (
    Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
    | Annotated[str, StringConstraints(min_length=1, max_length=20)]
)


class BreakRule(Value):
    """A rest of each crew that begins between two hours of the shift: at the nearest post, or where the crew stands.

    ``who`` are units or kinds of units, all crews on the streets unless given.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=40)] = "休息"
    minutes: float = Field(default=40, ge=5, le=240)
    after_hours: float = Field(default=3, ge=0, le=24)
    before_hours: float = Field(default=5, ge=0, le=24)
    at: Literal["post", "here"] = "post"
    who: list[Text] | None = Field(default=None, min_length=1, max_length=500)

    @model_validator(mode="after")
    def _runs_forward(self) -> BreakRule:
        if self.before_hours < self.after_hours:
            raise ValueError(
                f"{self.name} 的最晚开始早于最早开始 / break {self.name}: its latest begin is before its earliest"
            )
        return self


class OfferedStop(Value):
    """A stop worth ``prize`` where it begins between two times; ``place`` ties the hours of one place together."""

    name: Text | None = None
    place: Text | None = None
    lon: Lon
    lat: Lat
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    prize: float = Field(gt=0, le=1_000_000, allow_inf_nan=False)
    dwell_minutes: float | None = Field(default=None, ge=1, le=240)
    kinds: list[StreetKind] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _runs_forward(self) -> OfferedStop:
        if self.end < self.start:
            raise ValueError("可选停留的时间窗结束早于开始 / an optional stop's window ends before it begins")
        return self


class OptionalStops(Value):
    """Stops that are made where time is left: those given, else the ``places`` with most calls of the last year, hour by hour."""

    places: int = Field(default=12, ge=1, le=60)
    dwell_minutes: float = Field(default=12, ge=1, le=240)
    kinds: list[StreetKind] = Field(default_factory=_vehicles, min_length=1)
    stops: list[OfferedStop] = Field(default_factory=list, max_length=2000)
    source: Literal["calls", "list"] = "list"


class LinePatrol(Value):
    """A road driven from one chainage to another every so many minutes (线性巡逻).

    The road is a linear grid by its ``code``, a drawn ``line``, or a ``street`` by name. ``start_m`` is the chainage where a line or a street
    begins; ``start`` and ``end`` are chainages such as ``K12+300`` or metres, the whole road unless given. ``way``: as the chainage runs,
    against it, or the one that takes less time.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None
    code: Text | None = None
    line: list[tuple[Lon, Lat]] | None = Field(default=None, min_length=2, max_length=5000)
    street: Text | None = None
    start_m: float = Field(default=0, ge=0, le=10_000_000, allow_inf_nan=False)
    start: Chainage | None = Field(default=None, alias="from")
    end: Chainage | None = Field(default=None, alias="to")
    every_minutes: float = Field(default=120, ge=5, le=1440)
    least_gap_minutes: float | None = Field(default=None, ge=0, le=1440)
    kph: float = Field(default=30, ge=2, le=120)
    way: Literal["forward", "backward", "either"] = "forward"
    priority: int = Field(default=3, ge=1, le=5)
    kinds: list[StreetKind] = Field(default_factory=_vehicles, min_length=1)

    @model_validator(mode="after")
    def _one_road(self) -> LinePatrol:
        if sum(value is not None for value in (self.code, self.line, self.street)) != 1:
            raise ValueError("线性巡逻须给出 code、line、street 之一 / a road is a linear grid, a line or a street")
        return self
