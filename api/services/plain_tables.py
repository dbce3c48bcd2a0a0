"""Tables without places (posts in grids) out of CSV files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from geo.errors import EncodingError, FileError, LimitError, NotFoundError
from geo.store.limits import ReadLimits


def read_plain(path: Path, *, encoding: str | None, limits: ReadLimits) -> pd.DataFrame:
    """Read a CSV file as text columns; UTF-8 unless another encoding is stated.

    Raises
    ------
    FileError
        If it is no CSV file, has no header, or a row has more cells than the header.
    EncodingError
        With the first line whose bytes are not of the encoding.
    """
    if path.suffix.lower() != ".csv":
        raise FileError(
            f"Tables without places are read from CSV; save {path.name} as CSV",
            f"不含位置的表请用 CSV 格式，请将 {path.name} 另存为 CSV",
        )
    if not path.is_file():
        raise NotFoundError(f"There is no file {path.name}", f"文件不存在：{path.name}")
    if path.stat().st_size > limits.bytes_of(limits.file_mb):
        raise LimitError(f"The file is larger than {limits.file_mb:g} MB", f"文件超过 {limits.file_mb:g} MB")
    rows = list(csv.reader(io.StringIO(_decoded(path.read_bytes(), encoding or "UTF-8"), newline="")))
    if not rows or not any(rows[0]):
        raise FileError(f"{path.name} has no header", f"{path.name} 没有表头")
    header, body = rows[0], [row for row in rows[1:] if any(cell.strip() for cell in row)]
    wide = [str(i) for i, row in enumerate(rows, start=1) if len(row) > len(header)]
    if wide:
        raise FileError(
            f"Row {wide[0]} of {path.name} has more cells than the header",
            f"{path.name} 第 {wide[0]} 行的列数多于表头",
            rows=wide,
        )
    cells = [[*row, *[""] * (len(header) - len(row))] for row in body]
    return pd.DataFrame(cells, columns=[name.strip() for name in header], dtype=object).replace("", None)


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode("utf-8-sig" if encoding.upper().replace("-", "") == "UTF8" else encoding)
    except LookupError:
        raise EncodingError(f"The encoding {encoding!r} is not known", f"编码 {encoding!r} 无法识别") from None
    except UnicodeDecodeError as damaged:
        line = data[: damaged.start].count(b"\n") + 1
        raise EncodingError(
            f"Line {line} is not {encoding} (byte {damaged.start}); state the encoding, such as GB18030",
            f"第 {line} 行不是 {encoding} 编码（第 {damaged.start} 字节），请指明编码，例如 GB18030",
            rows=[str(line)],
        ) from None
