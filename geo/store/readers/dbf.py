"""The encoding of a shapefile's text, and the proof that every cell is in it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np

from geo.errors import FileError
from geo.store.readers.encoding import known_encoding, wrong_bytes

_LANGUAGE: Final = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5", 0x78: "big5"}
_HEADER: Final = 32
_FIELD: Final = 32
_END: Final = 0x0D


def dbf_encoding(path: Path, stated: str | None) -> str:
    """Return the name, for GDAL, of the encoding of all text in a .dbf file.

    It is the one stated, that of the .cpg file, that of the language byte, or UTF-8, in this order.

    Raises
    ------
    EncodingError
        When a cell or a field name does not fit, naming row and bytes.
    FileError
        When the file is shorter than its header says.
    """
    data = path.read_bytes()
    if len(data) < _HEADER:
        raise FileError("The .dbf file is empty or cut off", ".dbf 文件为空或不完整")
    rows, head, width = struct.unpack_from("<IHH", data, 4)
    if len(data) < head + rows * width:
        raise FileError(
            f"The .dbf file is cut off: {len(data):,} of {head + rows * width:,} bytes",
            f".dbf 文件不完整：应有 {head + rows * width:,} 字节，实有 {len(data):,} 字节",
        )
    codec = known_encoding(stated) if stated else _declared(path, data[29])
    fields = _text_fields(data, head)
    _check(
        data[_HEADER:head],
        "header",
        codec,
        whole=b"".join(name for name, _, _ in fields),
        cells=[n for n, _, _ in fields],
    )
    table = np.frombuffer(data, dtype=np.uint8, count=rows * width, offset=head).reshape(rows, width)
    high = np.flatnonzero((table > 0x7F).any(axis=1)) if rows else np.zeros(0, dtype=np.int64)
    whole = table[high[:2000]].tobytes()
    for row in high:
        record = table[row].tobytes()
        cells = [record[start : start + size] for _, start, size in fields]
        _check(record, str(int(row) + 1), codec, whole=whole, cells=cells)
    return "UTF-8" if codec == "utf-8-sig" else codec


def _check(record: bytes, row: str, codec: str, *, whole: bytes, cells: list[bytes]) -> None:
    if not any(b > 0x7F for b in record):
        return
    for cell in cells:
        try:
            cell.rstrip(b" \x00").decode(codec)
        except UnicodeDecodeError as wrong:
            raise wrong_bytes(row, cell[wrong.start : wrong.start + 4], codec, whole=whole) from wrong


def _declared(path: Path, language: int) -> str:
    beside = path.with_suffix(".cpg")
    if beside.exists():
        name = beside.read_bytes()[:40].decode("ascii", "replace").strip().lower().removeprefix("ansi").strip()
        if name and name not in ("system", "oem"):
            return known_encoding(name)
    return _LANGUAGE.get(language, "utf-8-sig")


def _text_fields(data: bytes, head: int) -> list[tuple[bytes, int, int]]:
    """Return name, offset in a record and width of each text field."""
    fields = []
    at, offset = _HEADER, 1
    while at + _FIELD <= head and data[at] != _END:
        name = data[at : at + 11].split(b"\x00")[0]
        kind, size = data[at + 11 : at + 12], data[at + 16]
        if kind == b"C":
            size += data[at + 17] << 8
            fields.append((name, offset, size))
        offset += size
        at += _FIELD
    return fields
