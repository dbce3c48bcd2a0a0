"""Text tables: comma, semicolon or tab, UTF-8 unless stated, every row as long as the header."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

import pandas as pd

from geo.errors import FileError
from geo.store.limits import ReadLimits
from geo.store.readers.encoding import read_text
from geo.store.readers.places import place_rows, typed
from geo.store.readers.raw import RawLayer

_DELIMITERS: Final = (",", "\t", ";", "|", "，")
FIRST_ROW: Final = 2
"""The first record is row 2, as spreadsheets number it."""


def read_delimited(
    path: Path,
    *,
    encoding: str | None,
    lon: str | None,
    lat: str | None,
    wkt: str | None,
    limits: ReadLimits,
) -> RawLayer:
    """Read a text table with a header; see ``place_rows`` for how places are found."""
    text, found = read_text(path, encoding)
    header, rows = _rows(text, limits)
    columns = pd.DataFrame(
        {name: typed(pd.Series([row[i] for row in rows], dtype=object)) for i, name in enumerate(header)},
        index=range(len(rows)),
    )
    return place_rows(
        columns, kind="csv", lon=lon, lat=lat, wkt=wkt, first_row=FIRST_ROW, encoding=found, limits=limits
    )


def _rows(text: str, limits: ReadLimits) -> tuple[list[str], list[list[str]]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(limits.bytes_of(limits.file_mb))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        header = unique_names(next(reader, []))
        limits.check_columns(len(header))
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise FileError(
                    f"Row {len(rows) + FIRST_ROW} has {len(row)} fields, the header has {len(header)}: "
                    "the file is cut off or a field is not quoted",
                    f"第 {len(rows) + FIRST_ROW} 行有 {len(row)} 个字段，表头有 {len(header)} 个：文件不完整或字段未加引号",
                    rows=[str(len(rows) + FIRST_ROW)],
                )
            rows.append(row)
            if len(rows) > limits.rows:
                limits.check_rows(len(rows))
    except csv.Error as broken:
        raise FileError(
            f"Row {len(rows) + FIRST_ROW} cannot be read as a text table ({broken}): the file is cut off or damaged",
            f"第 {len(rows) + FIRST_ROW} 行无法按表格读取（{broken}）：文件不完整或已损坏",
            rows=[str(len(rows) + FIRST_ROW)],
        ) from broken
    return header, rows


def unique_names(names: list[str]) -> list[str]:
    """Return column names trimmed, filled and made unique by a number."""
    made: list[str] = []
    for i, name in enumerate(names):
        plain = name.strip().strip("\ufeff") or f"column {i + 1}"
        label, n = plain, 2
        while label in made:
            label, n = f"{plain} {n}", n + 1
        made.append(label)
    return made
