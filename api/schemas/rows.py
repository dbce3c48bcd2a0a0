"""The calls behind a figure, and how figures are computed: places and times, never persons."""

from __future__ import annotations

from datetime import datetime

from api.schemas.values import Value


class RowShown(Value):
    """A call as it is listed; no column about a person is kept, so none can be shown."""

    call_id: str
    occurred_at: datetime
    family: str
    intake: str | None
    priority: int | None
    placed: bool
    grid_code: str | None
    address: str | None
    answered_at: datetime | None
    arrived_at: datetime | None
    closed_at: datetime | None
    lon: float | None
    lat: float | None


class RowsBehind(Value):
    """How many calls a figure counts, how many of them have no place, and the newest of them."""

    n: int
    n_unplaced: int
    basis: str
    basis_en: str
    rows: list[RowShown]


class Formula(Value):
    """How a figure is computed."""

    zh: str
    en: str
