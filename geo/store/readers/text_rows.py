"""Text tables as columns of text, at the speed of columns: every row as long as the header, damage named by row."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pacsv

from geo.errors import EncodingError, FileError
from geo.store.limits import ReadLimits
from geo.store.readers.delimited import unique_names
from geo.store.readers.encoding import known_encoding, likely_encoding, looks_like_chinese, looks_like_utf8, wrong_bytes

DELIMITERS: Final = (",", "\t", ";", "|", "，")
FIRST_ROW: Final = 2
AUTO: Final = "auto"
_BLOCK: Final = 1 << 24
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRows:
    """Columns of text as they stand in the file, its encoding, and lines whose bytes were not of it."""

    table: pa.Table
    encoding: str
    damaged: tuple[int, ...] = ()


def read_text_rows(path: Path, *, encoding: str | None, damaged: str, limits: ReadLimits) -> TextRows:
    """Read a text table with a header; ``damaged`` is ``"refuse"`` or ``"mark"`` (U+FFFD stands for wrong bytes).

    With ``encoding`` ``"auto"`` it is found out, for a user who sees the text before anything is kept.

    Raises
    ------
    EncodingError
        For bytes that are not of the encoding, with row, bytes and how many rows in all.
    FileError
        For a row that is not as long as the header.
    """
    data = path.read_bytes()
    whole, name, rows = _utf8(data, encoding, damaged)
    del data
    first = whole[: 1 << 20].lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8", "replace")
    delimiter = max(DELIMITERS, key=first.count)
    if delimiter == "，":  # of more than one byte: told apart only as text
        whole = whole.replace("，".encode(), b",")
        first, delimiter = first.replace("，", ","), ","
    header = unique_names(next(csv.reader(io.StringIO(first.strip("\r\n")), delimiter=delimiter), []))
    limits.check_columns(len(header))
    table = _parsed(whole, header, delimiter)
    limits.check_rows(table.num_rows)
    return TextRows(table=table, encoding=name, damaged=rows)


def _utf8(data: bytes, encoding: str | None, damaged: str) -> tuple[bytes, str, tuple[int, ...]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _text(data, "utf-16", damaged)
    if encoding == AUTO:
        encoding = likely_encoding(data)
        encoding = None if encoding == "utf-8" else encoding
    name = known_encoding(encoding or "utf-8")
    if encoding is not None and name not in ("utf-8-sig", "utf-16") and looks_like_utf8(data):
        raise EncodingError(
            f"The file is UTF-8, not {encoding}; leave the encoding out",
            f"文件实际为 UTF-8 编码，而不是 {encoding}，请不要指定编码",
        )
    if encoding is None and damaged == "mark" and not _is_utf8(data) and looks_like_chinese(data):
        name = "gb18030"
    return _text(data, name, damaged)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text(data: bytes, name: str, damaged: str) -> tuple[bytes, str, tuple[int, ...]]:
    label = "UTF-8" if name == "utf-8-sig" else name.upper()
    rows: tuple[int, ...] = ()
    try:
        text = data.decode(name)
    except UnicodeDecodeError as wrong:
        places = _wrong_places(data, name)
        rows = tuple(sorted({data[:start].count(b"\n") + 1 for start in places}))
        if damaged != "mark":
            error = wrong_bytes(str(rows[0]), data[wrong.start : wrong.start + 4], name, whole=data)
            more_en = f" (damaged rows: {len(rows)}; --damaged mark reads them all the same)"
            more_zh = f"（共 {len(rows)} 行损坏；可用 --damaged mark 标记后继续）"
            told = [str(row) for row in rows[:_SHOWN]]
            raise EncodingError(error.en + more_en, error.zh + more_zh, rows=told) from wrong
        text = data.decode(name, "replace")
    if "\x00" in text:
        row = text[: text.index("\x00")].count("\n") + 1
        raise EncodingError(f"Row {row} holds a zero byte: this is not text", f"第 {row} 行含有零字节，不是文本文件")
    return (data.removeprefix(codecs.BOM_UTF8) if name == "utf-8-sig" and not rows else text.encode()), label, rows


def _wrong_places(data: bytes, name: str) -> list[int]:
    places: list[int] = []

    def note(wrong: UnicodeError) -> tuple[str, int]:
        if not isinstance(wrong, UnicodeDecodeError):
            raise wrong
        places.append(wrong.start)
        return "\ufffd", wrong.end

    codecs.register_error("xunge-note", note)
    data.decode(name, "xunge-note")
    return places


def _parsed(data: bytes, header: list[str], delimiter: str) -> pa.Table:
    wrong: list[tuple[int, int]] = []

    def refuse(row: pacsv.InvalidRow) -> str:
        wrong.append((-1 if row.number is None else int(row.number), int(row.actual_columns)))
        return "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(
                use_threads=False, column_names=header, skip_rows_after_names=1, block_size=_BLOCK
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse, ignore_empty_lines=True
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as broken:
        said = " ".join(str(broken).split())[:120]
        raise FileError(
            f"The file cannot be read as a text table ({said}): it is cut off or damaged",
            f"文件无法按表格读取（{said}）：文件不完整或已损坏",
        ) from broken
    if data.count(b'"') % 2 and not data.endswith(b"\n"):
        raise FileError(
            f"The last row ({table.num_rows + 1}) opens a quotation mark that nothing closes: the file is cut off",
            f"最后一行（第 {table.num_rows + 1} 行）的引号没有闭合：文件不完整",
            rows=[str(table.num_rows + 1)],
        )
    if wrong:
        row, fields = wrong[0]
        more = f" ({len(wrong)} such rows)" if len(wrong) > 1 else ""
        more_zh = f"（共 {len(wrong)} 行）" if len(wrong) > 1 else ""
        raise FileError(
            f"Row {row} has {fields} fields, the header has {len(header)}{more}: "
            "the file is cut off or a field is not quoted",
            f"第 {row} 行有 {fields} 个字段，表头有 {len(header)} 个{more_zh}：文件不完整或字段未加引号",
            rows=[str(number) for number, _ in wrong[:_SHOWN]],
        )
    return table
