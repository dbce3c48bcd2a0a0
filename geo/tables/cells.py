"""One cell of a foreign table: is it empty, and what text is it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd


def missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, NaT or pandas' NA."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return isinstance(value, np.datetime64 | np.timedelta64) and bool(np.isnat(value))


def cell_text(value: object) -> str | None:
    """Return a cell as trimmed text: a whole number written as 12.0 is "12", empty cells and blanks are None."""
    if missing(value):
        return None
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    text = str(value).strip()
    return text or None
