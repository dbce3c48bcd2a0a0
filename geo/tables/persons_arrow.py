"""Person data in columns of text, found at the speed of columns: a coarse search first, the exact one where it hits."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.tables.persons import DroppedColumn, names_person, without_persons

_COARSE: Final = r"1[3-9]\d[- ]?\d{4}[- ]?\d{4}|[1-9]\d{16}[\dXx]"
"""Whatever the exact search finds holds this; the other way round it is not so."""


def table_without_persons(table: pa.Table) -> tuple[pa.Table, list[DroppedColumn]]:
    """Return an Arrow table without person data, by the rules of ``without_persons``, and what was dropped."""
    kept: dict[str, pa.ChunkedArray] = {}
    dropped: list[DroppedColumn] = []
    for name in table.column_names:
        column = table.column(name)
        if not names_person(name) and not _suspect(column):
            kept[name] = column
            continue
        column = _blank_as_null(column)
        safe, found = without_persons(pd.DataFrame({name: column.to_pandas()}))
        dropped += found
        if name in safe.columns:
            changed = any(d.why == "masked" for d in found)
            kept[name] = pa.chunked_array([pa.array(safe[name], type=column.type)]) if changed else column
    return pa.table(kept), dropped


def _blank_as_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not _is_text(column.type):
        return column
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), pa.scalar(None, column.type), column)


def _suspect(column: pa.ChunkedArray) -> bool:
    if _is_text(column.type):
        return bool(pc.any(pc.match_substring_regex(column, _COARSE)).as_py())
    if pa.types.is_int64(column.type) or pa.types.is_float64(column.type):
        most = pc.max(pc.abs(column)).as_py()
        return most is not None and most >= 1e10
    return False


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_string(kind))
