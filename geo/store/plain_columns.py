"""Columns as the few plain types that pass between processes and into files."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from geo.tables.cells import missing

GEOMETRY: Final = "geometry"
"""The column of well-known binary."""


def arrow_column(values: pd.Series) -> pa.Array:
    """Return a column as text, whole numbers, numbers, truth values or microseconds (aware ones in UTC)."""
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return pa.array(values, type=pa.bool_(), from_pandas=True)
    if pd.api.types.is_integer_dtype(dtype) and not pd.api.types.is_unsigned_integer_dtype(dtype):
        return pa.array(values, type=pa.int64(), from_pandas=True)
    if pd.api.types.is_numeric_dtype(dtype):
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        return pa.array(numbers, type=pa.float64(), from_pandas=True)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pa.array(values.dt.tz_convert("UTC"), type=pa.timestamp("us", tz="UTC"), from_pandas=True)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return pa.array(values, type=pa.timestamp("us"), from_pandas=True)
    inside = pd.api.types.infer_dtype(values, skipna=True)
    if inside == "boolean":
        return pa.array(values, type=pa.bool_(), from_pandas=True)
    if inside == "string":
        return pa.array(values, type=pa.large_string(), from_pandas=True)
    texts = [None if missing(v) else str(v) for v in values]
    return pa.array(texts, type=pa.large_string())
