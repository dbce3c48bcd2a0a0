"""A report block by block, as the page shows it."""

from __future__ import annotations

from typing import Any

from api.schemas.values import Value


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
    """A report for the page, block by block; ``rows`` of a table are parameters of ``GET /api/rows``."""

    kind: str
    title: str
    subtitle: str
    footer: str
    first: str
    last: str
    open: bool
    blocks: list[ReportBlock]
