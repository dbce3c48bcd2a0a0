"""Patrols: what is asked of a plan, and what is done to it by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from api.schemas.patrol_asked import BreakRule, Lat, LinePatrol, Lon, OptionalStops, Text
from api.schemas.patrol_settings import DayKind, Level
from api.schemas.values import Seed, Value

Weight = Annotated[float, Field(ge=0, le=1)]


class Closure(Value):
    """Streets closed for an event: along or across a line, inside an area, or of a name; without times, all shift."""

    name: Annotated[str, StringConstraints(max_length=80)] | None = None
    line: list[tuple[Lon, Lat]] | None = Field(default=None, min_length=2, max_length=2000)
    area: list[tuple[Lon, Lat]] | None = Field(default=None, min_length=3, max_length=2000)
    street: Text | None = None
    start: AwareDatetime | None = Field(default=None, alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Closure:
        if sum(value is not None for value in (self.line, self.area, self.street)) != 1:
            raise ValueError("封闭范围须给出 line、area、street 之一 / a closure is a line, an area or a street")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("封闭结束早于开始 / a closure ends before it begins")
        return self


class Weights(Value):
    """What matters, 0 to 1 each: few units, short gaps, cover while moving, irregular times."""

    units: Weight = 1.0
    gaps: Weight = 0.5
    cover: Weight = 0.5
    irregular: Weight = 0.5


class ForbiddenStop(Value):
    """A point where a unit, or units of a kind, may not stop."""

    unit_id: Text | None = None
    kind: Literal["car", "motorcycle", "foot", "off_road"] | None = None
    point_id: Text

    @model_validator(mode="after")
    def _one_of_them(self) -> ForbiddenStop:
        if (self.unit_id is None) == (self.kind is None):
            raise ValueError("禁止停留须给出 unit_id、kind 之一 / a forbidden stop is for a unit_id or a kind")
        return self


class PinnedStop(Value):
    """A visit that a certain unit begins between two times."""

    unit_id: Text
    point_id: Text
    earliest: AwareDatetime
    latest: AwareDatetime


class PatrolQuestion(Value):
    """Routes of one shift over its points; without lists, all units of the shift and all points.

    ``day`` is the date on which the shift begins, without one the occurrence on duty or next. With ``handover`` each point is due by its
    last visit in the shift before. Without ``breaks`` those of the level hold; an empty list is none.
    """

    shift_id: str
    day: date | None = None
    unit_ids: list[str] | None = None
    point_ids: list[str] | None = None
    level: Level = 3
    day_kind: DayKind | None = None
    auxiliaries_alone: bool | None = None
    operators: int | None = Field(default=None, ge=0, le=500)
    handover: bool = True
    closures: list[Closure] = Field(default_factory=list, max_length=50)
    weights: Weights = Field(default_factory=Weights)
    forbidden: list[ForbiddenStop] = Field(default_factory=list, max_length=500)
    pinned: list[PinnedStop] = Field(default_factory=list, max_length=500)
    breaks: list[BreakRule] | None = Field(default=None, max_length=20)
    optional: OptionalStops | None = None
    lines: list[LinePatrol] = Field(default_factory=list, max_length=50)
    seconds: float = Field(default=20.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: Seed = 1

    @model_validator(mode="after")
    def _somebody_goes(self) -> PatrolQuestion:
        if self.unit_ids is not None and not self.unit_ids:
            raise ValueError("没有选中巡组，请至少选一组 / no unit is chosen; choose at least one")
        return self


class Edit(Value):
    """An edit of the version that was seen; ``preview`` tells whether it fits and writes nothing."""

    version: int = Field(ge=1)
    soft: bool = False
    preview: bool = False


class MoveStop(Edit):
    """A stop to another unit, to another time, or both."""

    unit_id: Text
    index: int = Field(ge=0)
    to_unit_id: Text | None = None
    begin: AwareDatetime | None = None


class RemoveStop(Edit):
    """A stop that is taken out."""

    unit_id: Text
    index: int = Field(ge=0)


class InsertStop(Edit):
    """One more visit of a point by a unit."""

    point_id: Text
    to_unit_id: Text
    begin: AwareDatetime | None = None


class StopRef(Value):
    """A stop of a unit by its number on the route; without one, all its stops."""

    unit_id: Text
    index: int | None = Field(default=None, ge=0)


class LockStops(Value):
    """Stops to be locked or unlocked."""

    version: int = Field(ge=1)
    stops: list[StopRef] = Field(min_length=1, max_length=5000)


class Restore(Value):
    """An older version whose content becomes the newest."""

    version: int = Field(ge=1)
    to: int = Field(ge=1)


class Event(Value):
    """What happened: a unit pulled away (脱岗处警) or back (归队), late, streets closed, or a closure (by ``name``) lifted."""

    kind: Literal["away", "back", "late", "closed", "reopened"]
    unit_id: Text | None = None
    name: Text | None = None
    at: AwareDatetime | None = None
    minutes: float | None = Field(default=None, gt=0, le=1440)
    closure: Closure | None = None

    @model_validator(mode="after")
    def _whole(self) -> Event:
        if self.kind == "closed" and self.closure is None:
            raise ValueError("封闭事件缺少范围 / a closed street has no closure")
        if self.kind == "reopened" and self.name is None:
            raise ValueError("解除封闭缺少名称 / a reopened closure has no name")
        if self.kind not in ("closed", "reopened") and self.unit_id is None:
            raise ValueError("事件缺少巡组 / an event of a unit has no unit_id")
        if self.kind == "late" and self.minutes is None:
            raise ValueError("晚点事件缺少分钟数 / a late unit has no minutes")
        return self


class Replan(Value):
    """Events at a moment, for which the plan is mended."""

    version: int = Field(ge=1)
    at: AwareDatetime | None = None
    events: list[Event] = Field(min_length=1, max_length=50)
    preview: bool = False


class Resolve(Value):
    """The plan solved again around its locked stops."""

    version: int = Field(ge=1)
    seconds: float = Field(default=20.0, gt=0, le=3600)
    iterations: int | None = Field(default=None, ge=1)
    seed: Seed = 1


class Issue(Value):
    """A version to be issued to the crews (下发)."""

    version: int = Field(ge=1)
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class Accept(Value):
    """A crew's task that was accepted (签收), by the number of its issue."""

    unit_id: Text
    number: int = Field(ge=1)


class PlanVersion(Value):
    """One version of a plan."""

    version: int
    at: datetime
    by: str
    action: str
    note_zh: str
    note_en: str
    units_used: int
    worst_gap_minutes: float | None
    n_broken: int


class PlanVersions(Value):
    """All versions of a plan, newest first."""

    plan_id: str
    versions: list[PlanVersion]
