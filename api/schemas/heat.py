"""Heat: counts with their intervals, legends, frames of the slider, values by grid."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.values import Value

Interval = tuple[float, float]
From = Annotated[datetime, Field(serialization_alias="from")]
To = Annotated[datetime, Field(serialization_alias="to")]


class LegendStep(Value):
    """A density and its colour."""

    value: float
    color: str


class Legend(Value):
    """What the colours mean; ``sigma_m`` is the width of the smoothing on the ground."""

    unit: str
    unit_en: str
    steps: list[LegendStep]
    sigma_m: float


class FamilyCount(Value):
    """Calls of one class."""

    id: str
    n: int
    interval: Interval


class DayCount(Value):
    """Calls of one local day."""

    day: str
    n: int


class Baseline(Value):
    """The period just before, of the same length."""

    label_zh: str
    label_en: str
    n: int
    start: From
    end: To


class HeatSummary(Value):
    """Counts behind a heat map: how many, of which period and basis, and what is missing.

    ``n_hour_left_out`` calls are in no hour, since their time is not believed; ``few_hidden`` figures rest on counts of an area
    that this account may not see.
    """

    n: int
    n_unplaced: int
    interval: Interval
    start: From
    end: To
    weeks: float
    days: int
    basis: str
    basis_zh: str
    basis_en: str
    by_hour: list[int]
    n_hour_left_out: int = 0
    by_weekday: list[int]
    by_family: list[FamilyCount]
    by_day: list[DayCount]
    few_hidden: int = 0
    legend: Legend
    baseline: Baseline | None


class HeatFrames(Value):
    """A density cube for the slider: ``data`` is base64 of uint8[bins, height, width], rows from the north.

    ``few_hidden`` bins, whose ``n`` is null and whose picture is empty, hold counts of an area that this account may not see.
    """

    by: str
    bounds: tuple[float, float, float, float]
    width: int
    height: int
    bins: list[str]
    scale: float
    n: list[int | None]
    few_hidden: int = 0
    data: str
    unit: str
    unit_en: str


class Break(Value):
    """One class of a choropleth, ``from`` included, ``to`` not (the last one has it)."""

    start: float = Field(serialization_alias="from")
    end: float = Field(serialization_alias="to")
    label: str
    color: str


class GridValue(Value):
    """A grid's figure with its n and interval; ``step`` is the index of its class."""

    n: int | None
    value: float | None
    low: float | None = Field(serialization_alias="lo")
    high: float | None = Field(serialization_alias="hi")
    step: int | None = Field(serialization_alias="class")


class GridValues(Value):
    """A figure for each grid, with the classes of its legend; ``few_hidden`` grids have counts that this account may not see."""

    measure: str
    label: str
    label_en: str
    unit: str
    unit_en: str
    n: int | None
    few_hidden: int = 0
    start: datetime | None = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to")
    edition: str
    breaks: list[Break]
    values: dict[str, GridValue]
