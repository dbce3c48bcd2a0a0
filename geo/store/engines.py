"""Connections to a store: one for writing and many for reading."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engines:
    """A writer and readers of one database; ``place`` names it in sentences, without a password."""

    writer: sa.Engine
    reader: sa.Engine
    place: str

    def dispose(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()
