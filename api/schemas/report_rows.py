"""The calls behind a figure: places and times, never persons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


class RowsBehind(Value):
    """How many calls a figure counts, and the first of them."""

    n: int
    basis: str
    basis_en: str
    rows: list[RowShown]


class ReportBlock(Value):
    """A heading, paragraph, table or picture as the page shows it; cells are the printed texts of the files."""

    kind: str
    text: str = ""
    level: int = 1
    small: bool = False
    title: str = ""
    note: str = ""
    formula: str = ""
    alt: str = ""
    number: int = 0
    columns: tuple[dict[str, Any], ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    rows: tuple[dict[str, str] | None, ...] = ()


class ReportSheet(Value):
    """A report for the page, block by block; ``rows`` of a table are parameters of ``GET /api/reports/rows``."""

    kind: str
    title: str
    subtitle: str
    footer: str
    first: str
    last: str
    open: bool
    blocks: list[ReportBlock]
