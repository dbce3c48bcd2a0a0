"""The daily report: the same numbers as the screen, with what they rest on."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schemas.values import Value


class Period(Value):
    """From (included) to (not included)."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")


class Before(Value):
    """The same weekday a week before, and what may be said of the change."""

    n: int
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    p: float
    could_be_chance: bool
    ratio_text_zh: str
    ratio_text_en: str


class Rise(Value):
    """A class that rose or fell; ``p`` is the E-test's for two Poisson counts."""

    family: str
    label: str
    label_en: str
    n: int
    before: int
    p: float
    could_be_chance: bool


class TopGrid(Value):
    """A grid and its calls; places are listed, never people."""

    code: str
    name: str | None
    n: int
    interval: tuple[float, float]


class DailyReport(Value):
    """One statistical day."""

    title: str
    title_en: str
    day: str
    period: Period
    basis: str
    n: int
    n_received: int
    n_unplaced: int
    interval: tuple[float, float]
    same_weekday: Before | None
    rises: list[Rise]
    by_hour: list[int]
    hours_from: int
    top_grids: list[TopGrid]
    missing: dict[str, float | None]
    definitions: dict[str, str]
    definitions_en: dict[str, str]
    edition: str
