"""A chosen area, and two periods side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.schemas.heat import DayCount, FamilyCount, From, Interval, LegendStep, To
from api.schemas.values import Value


class Compared(Value):
    """A count against a baseline, with the words that its test allows."""

    label_zh: str
    label_en: str
    n: int
    before_n: int
    before_from: datetime
    before_to: datetime
    expected: float
    ratio: float | None
    ratio_interval: tuple[float, float | None] | None
    p: float
    verdict: str
    percentage_is_fair: bool
    sentence_zh: str
    sentence_en: str


class Spread(Value):
    """Calls spread evenly over the window in which each happened; ``weights`` is [7][24], Monday first."""

    weights: list[list[float]]
    n: int
    with_window: int
    wide: int
    reversed: int


class TrendBin(DayCount):
    """Calls of a day or a week within the period; ``from`` and ``to`` list them."""

    start: From
    end: To


class AreaFigures(Value):
    """What happens in a drawn area or a grid; ``few_hidden`` figures rest on counts that this account may not see."""

    grid: str | None
    n: int
    interval: Interval
    area_km2: float
    per_km2_week: float
    share: float
    n_city: int
    n_unplaced: int
    start: From
    end: To
    step: str
    trend: list[TrendBin]
    hour_by_weekday: list[list[int]]
    families: list[FamilyCount]
    near_repeats: int
    near_expected: float | None
    near_reach_m: float
    near_days: float
    comparisons: list[Compared]
    missing: list[str]
    spread: Spread | None
    few_hidden: int = 0
    geometry: dict[str, Any]


class GridChange(Value):
    """A grid that changed; ``q`` is the false discovery rate at which it stands out among all grids."""

    code: str
    name: str
    lon: float
    lat: float
    n: int
    before_n: int
    ratio: float | None
    p: float
    q: float
    word_zh: str
    word_en: str


class Difference(Value):
    """Two periods on one map."""

    start: From
    end: To
    before_from: datetime
    before_to: datetime
    label_zh: str
    label_en: str
    n: int
    before_n: int
    n_unplaced: int
    before_unplaced: int
    comparison: Compared
    unit: str
    unit_en: str
    legend: list[LegendStep]
    tested: int
    up: list[GridChange]
    down: list[GridChange]
