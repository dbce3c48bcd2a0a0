"""Editions of the grids, and what became of each grid between them."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from api.schemas.values import Value


class Edition(Value):
    """An edition: from which day it holds, since when that is known, and what it changed."""

    edition_id: str
    version: int
    title: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    by: str
    note: str
    grids: int
    changed: int
    gone: int
    operations: int
    draft_id: str | None
    in_force: bool


class Editions(Value):
    """All editions, newest first."""

    editions: list[Edition]


class LineageEvent(Value):
    """What happened to some grids; shares are by code before, then by code after."""

    kind: str
    before: list[str] = Field(serialization_alias="from")
    after: list[str] = Field(serialization_alias="to")
    source: str
    share_area: dict[str, dict[str, float]]
    share_points: dict[str, dict[str, float]]
    sentence_zh: str
    sentence_en: str


class Lineage(Value):
    """What became of the grids from the edition before."""

    edition_id: str
    base_id: str | None
    events: list[LineageEvent]
