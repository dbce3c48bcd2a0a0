"""What became of an imported file."""

from __future__ import annotations

from api.schemas.values import Value


class DroppedPersons(Value):
    """A column that held persons and was not read further."""

    column: str
    reason: str


class ImportAnswer(Value):
    """Rows read and kept, where each column came from, what was left out; ``version`` is None for a trial run."""

    collection: str
    read: int
    kept: int
    fields: dict[str, str]
    dropped_columns: list[str]
    persons: list[DroppedPersons]
    assumed: dict[str, str]
    flags: dict[str, int]
    notes_zh: list[str]
    notes_en: list[str]
    source_frame: str | None
    version: int | None
    inserted: int | None = None
    updated: int | None = None
    preview: list[dict[str, str | int | float | bool | None]]
