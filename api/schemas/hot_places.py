"""Hot places, places to watch, concentration and forecast as they leave the house."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.schemas.heat import From, Interval, To
from api.schemas.values import Value


class HotPlace(Value):
    """A place where calls gather by more than chance; ``q`` is the false discovery rate at which it stands out."""

    id: str
    rank: int
    name: str
    grid_code: str | None
    lon: float
    lat: float
    radius_m: float
    n: int
    interval: Interval
    usual: float | None
    score: float
    p: float | None
    q: float | None
    chance_zh: str
    chance_en: str
    why_zh: str
    why_en: str
    geometry: dict[str, Any]


class HotPlaces(Value):
    """The list, most calls first, and what was asked."""

    method: str
    cells: str
    size_m: float
    label_zh: str
    label_en: str
    note_zh: str
    note_en: str
    n: int
    n_unplaced: int
    n_cells: int
    start: From
    end: To
    basis: str
    places: list[HotPlace]


class WatchedFamily(Value):
    """What the near-repeat test of one class says; without a rule nothing is watched."""

    family: str
    n: int
    tested: int
    reach_m: float | None
    days: float | None
    ratio: float | None
    p: float | None


class WatchedSpot(Value):
    """A place to watch until it drops off by itself."""

    family: str
    lon: float
    lat: float
    radius_m: float
    n: int
    since: datetime
    until: datetime
    name: str
    grid_code: str | None
    why_zh: str
    why_en: str


class WatchList(Value):
    """Places where another call of the class is more likely than usual."""

    now: datetime
    start: From
    end: To
    runs: int
    families: list[WatchedFamily]
    places: list[WatchedSpot]
    note_zh: str
    note_en: str


class Concentrated(Value):
    """The 80-20 curve: the worst ``places`` (shares) have ``calls``; ``by_chance`` is what chance alone would need."""

    cells: str
    size_m: float
    n: int
    of: int
    gini: float
    shares: list[float]
    needed: list[float]
    by_chance: list[float]
    chance_low: list[float]
    chance_high: list[float]
    places: list[float]
    calls: list[float]
    start: From
    end: To


class ForecastMethod(Value):
    """One method over the held-out weeks."""

    method: str
    label_zh: str
    label_en: str
    log_likelihood: float | None
    pai: float | None
    pei: float | None
    rri: float | None
    better: float | None
    better_interval: tuple[float | None, float | None]


class ForecastCell(Value):
    """A cell put first, with the calls expected in the coming week by the winner and by the plain baseline."""

    rank: int
    lon: float
    lat: float
    expected: float
    baseline: float
    last_week: int
    ring: list[tuple[float, float]]


class Forecast(Value):
    """The coming week, by the method that won the trial on held-out weeks."""

    forecast_id: str
    start: From
    end: To
    history_from: datetime
    n_history: int
    n: int
    weeks: int
    area_share: float
    by: str
    winner: str
    winner_zh: str
    winner_en: str
    size_m: float
    cells: int
    left_out: list[str]
    expected: float
    sentence_zh: str
    sentence_en: str
    table: list[ForecastMethod]
    first: list[ForecastCell]
