"""What a table breaches, collected so that the user hears of everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo.errors import TableError

NAMED = 5
REPORTED = 100


@dataclass(slots=True)
class Breaches:
    """Breaches of one table in both languages, and the keys of the rows concerned."""

    keys: Sequence[str]
    en: list[str] = field(default_factory=list)
    zh: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, frame: pd.DataFrame, key: str) -> Breaches:
        """Begin with the keys of ``frame``, or row numbers from 1 where it has none."""
        if key in frame.columns:
            return cls([str(value) for value in frame[key]])
        return cls([f"row {i + 1}" for i in range(len(frame))])

    def note(self, en: str, zh: str) -> None:
        """Note a breach of the whole table."""
        self.en.append(en)
        self.zh.append(zh)

    def rows_where(self, mask: np.ndarray, en: str, zh: str) -> None:
        """Note a breach of the rows in ``mask``, bool[n], if there are any; the first five are named."""
        hits = np.flatnonzero(mask)
        if not len(hits):
            return
        named = ", ".join(self.keys[int(i)] for i in hits[:NAMED])
        more = len(hits) - NAMED
        self.note(
            f"{en} ({named}{f' and {more} more' if more > 0 else ''})",
            f"{zh}（{named}{f' 等 {len(hits)} 行' if more > 0 else ''}）",
        )
        self.rows.extend(self.keys[int(i)] for i in hits)

    def refuse(self, table: str, table_zh: str) -> None:
        """Raise ``TableError`` with all breaches, if there are any."""
        if self.en:
            raise TableError(
                f"{table}: {'; '.join(self.en)}",
                f"{table_zh or table}：{'；'.join(self.zh)}",
                rows=self.rows[:REPORTED],
                breaches=self.en,
            )
