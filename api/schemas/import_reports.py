"""What is kept of an import: refused or not, what was wrong, where."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from api.schemas.grid_reports import GridFault
from api.schemas.values import Value


class ImportReport(Value):
    """The report of one file: ``rows`` names rows or keys that are wrong, ``faults`` what is wrong with a layer of grids.

    A refused file left nothing behind. ``faults`` holds the first 500 of ``n_faults``.
    """

    report_id: str
    collection: str
    file: str
    at: datetime
    by: str
    outcome: Literal["imported", "trial", "refused"]
    code: str | None
    sentence_zh: str
    sentence_en: str
    rows: list[str]
    read: int | None
    kept: int | None
    source_frame: str | None
    notes_zh: list[str]
    notes_en: list[str]
    dropped_columns: list[str]
    n_faults: int | None
    faults: list[GridFault]
