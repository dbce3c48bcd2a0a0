"""Indicators, their readings, and response limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.values import Value

Short = Annotated[str, Field(min_length=1, max_length=60)]


class IndicatorBody(Value):
    """An indicator; its owner is an office, never a person."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\W\d]\w*$")]
    formula: Annotated[str, Field(min_length=1, max_length=500)]
    owner: Short
    every: Literal["day", "week", "month", "quarter", "year"] = "month"
    better: Literal["higher", "lower"] = "higher"
    target: float
    orange: float
    red: float
    fewest: Annotated[int, Field(ge=0)] = 0
    title_en: str = ""
    unit: Annotated[str, Field(max_length=20)] = ""
    definition: Annotated[str, Field(max_length=2000)] = ""


class ReadingShown(Value):
    """What an indicator read: value, colour and why."""

    name: str
    period: str
    value: float | None
    colour: Literal["green", "yellow", "orange", "red", "none"]
    colour_zh: str
    colour_en: str
    why_zh: str
    why_en: str
    n: int | None


class IndicatorShown(IndicatorBody):
    """An indicator and its history, oldest first."""

    history: list[ReadingShown]


class NameShown(Value):
    """A name that formulas may use."""

    name: str
    zh: str
    en: str


class IndicatorsAnswer(Value):
    """The register; ``version`` is sent back with a change."""

    version: int
    indicators: list[IndicatorShown]
    names: list[NameShown]


class ReadAnswer(Value):
    """The readings of a period and the values that formulas named."""

    first: str
    last: str
    kept: bool
    readings: list[ReadingShown]
    values: dict[str, float]


class Limit(Value):
    """Seconds allowed from 接警 to 到达现场; ``*`` stands for any."""

    area: Short
    priority: Annotated[str, Field(min_length=1, max_length=3)]
    seconds: Annotated[float, Field(gt=0, le=86_400)]


class LimitsBody(Value):
    """Response limits; one for any area and priority is needed."""

    limits: Annotated[list[Limit], Field(min_length=1, max_length=2000)]
