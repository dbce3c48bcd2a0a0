"""Patrols: levels of duty, the calendar, and what holds for every plan."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from api.schemas.patrol_asked import BreakRule
from api.schemas.values import Value

Factor = Annotated[float, Field(gt=0, le=10)]
Level = Literal[1, 2, 3]
LevelKey = Literal["1", "2", "3"]
DayKind = Literal["workday", "rest"]


class Scaling(Value):
    """How a level or a day changes what points ask for: stated gaps, visits a shift, dwell."""

    gap_factor: Factor = 1.0
    visits_factor: Factor = 1.0
    dwell_factor: Factor = 1.0


class LevelRule(Scaling):
    """What a level of duty changes; ``breaks`` are the rests of every crew."""

    breaks: list[BreakRule] = Field(default_factory=list, max_length=20)


class DayRule(Scaling):
    """What a workday or a day of rest changes; ``school``: whether school posts are manned in term."""

    school: bool = True


class Term(Value):
    """A school term, both ends part of it; days outside every term are holidays (寒暑假)."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")
    name: Annotated[str, StringConstraints(max_length=40)] = ""

    @model_validator(mode="after")
    def _runs_forward(self) -> Term:
        if self.end < self.start:
            raise ValueError(f"学期 {self.name} 的结束早于开始 / term {self.name} ends before it begins")
        return self


class Calendar(Value):
    """School terms and days that are not what their weekday says; nothing is known beyond weekends unless entered."""

    terms: list[Term] = Field(default_factory=list, max_length=40)
    rest_days: list[date] = Field(default_factory=list, max_length=1000)
    work_days: list[date] = Field(default_factory=list, max_length=1000)

    @model_validator(mode="after")
    def _not_both(self) -> Calendar:
        both = sorted(set(self.rest_days) & set(self.work_days))
        if both:
            raise ValueError(
                f"{both[0]} 既是放假又是调休上班，请只保留一处 / {both[0]} is both a day of rest and a workday; keep one"
            )
        return self


def _levels() -> dict[LevelKey, LevelRule]:
    return {
        "1": LevelRule(gap_factor=0.5, visits_factor=2.0),
        "2": LevelRule(gap_factor=0.75, visits_factor=1.5),
        "3": LevelRule(),
    }


def _days() -> dict[DayKind, DayRule]:
    return {"workday": DayRule(), "rest": DayRule(school=False)}


class PatrolSettings(Value):
    """What holds for all patrol plans of an installation.

    ``operators`` is how many people watch the video points (none: as many as these need), ``reach_m`` how far from a street a point may lie;
    ``crew_page`` allows the read-only page for phones, ``cover_minutes`` is the response standard of cover while moving.
    """

    levels: dict[LevelKey, LevelRule] = Field(default_factory=_levels)
    days: dict[DayKind, DayRule] = Field(default_factory=_days)
    calendar: Calendar = Field(default_factory=Calendar)
    auxiliaries_alone: bool = False
    operators: int | None = Field(default=None, ge=0, le=500)
    switch_seconds: int = Field(default=10, ge=0, le=600)
    reach_m: float = Field(default=500.0, gt=0, le=5_000)
    crew_page: bool = False
    cover_minutes: float = Field(default=5.0, gt=0, le=60)

    @model_validator(mode="after")
    def _whole(self) -> PatrolSettings:
        if set(self.levels) != {"1", "2", "3"} or set(self.days) != {"workday", "rest"}:
            raise ValueError(
                "勤务等级须为 1、2、3，日期类型须为 workday、rest / levels are 1, 2, 3; days workday, rest"
            )
        return self


class PatrolSettingsEdit(Value):
    """Settings as they shall be, and the version that was seen."""

    seen_version: int = Field(ge=0)
    settings: PatrolSettings


class PatrolSettingsAnswer(Value):
    """Settings as they are."""

    version: int
    settings: PatrolSettings


class DayAnswer(Value):
    """What kind of day it is, whether school is on, and why."""

    day: date
    kind: DayKind
    school: bool
    why_zh: str
    why_en: str
