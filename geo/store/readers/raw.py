"""A layer as its file has it: columns, shapes and what the file says about its frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(slots=True, kw_only=True, eq=False)
class RawLayer:
    """Columns, object[n] shapes in the file's own coordinates (None where there is no place), and the stated frame.

    ``crs`` is what the file itself states, in any form that PROJ reads, or None. ``named_frame`` is a frame that a
    column of the file names. ``first_row`` is the number that a user would give the first record.
    """

    columns: pd.DataFrame
    shapes: np.ndarray
    format: str
    crs: str | None = None
    named_frame: str | None = None
    encoding: str | None = None
    first_row: int = 1
    notes: list[tuple[str, str]] = field(default_factory=list)


def column(values: list[object]) -> pd.Series:
    """Return loose values as a column: all true/false, all whole, all numbers, or else text (None stays None)."""
    known = [v for v in values if v is not None]
    if known and all(isinstance(v, bool) for v in known):
        return pd.Series(values, dtype=object if len(known) < len(values) else bool)
    if known and all(isinstance(v, int) and not isinstance(v, bool) and abs(v) < 2**63 for v in known):
        return pd.Series(values, dtype="Int64")
    if known and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
        return pd.Series(values, dtype="Float64")
    return pd.Series([None if v is None else str(v) for v in values], dtype=object)


def table(records: list[dict[str, object]]) -> pd.DataFrame:
    """Return records with differing fields as one table, fields in order of first appearance."""
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    return pd.DataFrame({n: column([r.get(n) for r in records]) for n in names}, index=range(len(records)))
