"""Bytes to text without a guess: wrong bytes are named with their row, and the likely encoding is suggested."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from geo.errors import EncodingError

_ALIASES: Final = {
    "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "936": "gb18030", "gb-18030": "gb18030", "euc-cn": "gb18030",
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "65001": "utf-8-sig", "ascii": "utf-8-sig", "us-ascii": "utf-8-sig",
    "utf16": "utf-16", "iso-8859-1": "latin-1", "iso8859-1": "latin-1", "8859-1": "latin-1", "latin1": "latin-1",
    "windows-1252": "cp1252", "1252": "cp1252", "big-5": "big5", "950": "big5", "cp950": "big5",
}  # fmt: skip
_KNOWN: Final = frozenset({"utf-8-sig", "gb18030", "utf-16", "latin-1", "cp1252", "big5"})
_ENOUGH: Final = 3
_MOSTLY: Final = 0.6


def read_text(path: Path, encoding: str | None, *, first_row: int = 1) -> tuple[str, str]:
    """Return the text of a file and the encoding it was read in: the one stated, a byte order mark's, or UTF-8.

    Raises
    ------
    EncodingError
        When a byte does not fit, naming row and bytes; or when UTF-8 was stated to be something else.
    """
    return decode(path.read_bytes(), encoding, first_row=first_row)


def decode(data: bytes, encoding: str | None, *, first_row: int = 1) -> tuple[str, str]:
    """Return ``data`` as text, as ``read_text``."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(data, "utf-16", first_row), "UTF-16"
    name = known_encoding(encoding or "utf-8")
    text = _strict(data, name, first_row)
    if encoding is not None and name not in ("utf-8-sig", "utf-16") and looks_like_utf8(data):
        raise EncodingError(
            f"The file is UTF-8, not {encoding}; leave the encoding out",
            f"文件实际为 UTF-8 编码，而不是 {encoding}，请不要指定编码",
        )
    if "\x00" in text:
        row = text[: text.index("\x00")].count("\n") + first_row
        raise EncodingError(f"Row {row} holds a zero byte: this is not text", f"第 {row} 行含有零字节，不是文本文件")
    return text, "UTF-8" if name == "utf-8-sig" else name.upper()


def known_encoding(encoding: str) -> str:
    """Return the codec of an encoding by any of its names, with the Chinese ones read as GB18030."""
    plain = encoding.strip().lower().replace("_", "-")
    name = _ALIASES.get(plain, plain)
    if name not in _KNOWN:
        raise EncodingError(
            f"{encoding!r} is not an encoding that is read; use UTF-8 or GB18030",
            f"不支持编码 {encoding!r}，请用 UTF-8 或 GB18030",
        )
    return name


def looks_like_utf8(data: bytes) -> bool:
    """Whether bytes beyond ASCII form valid UTF-8, in more places than chance would."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum(ord(c) > 0x7F for c in text[:200_000]) >= _ENOUGH


def looks_like_chinese(data: bytes) -> bool:
    """Whether bytes are valid GB18030 whose characters beyond ASCII are mostly Chinese."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond = [c for c in text[:200_000] if ord(c) > 0x7F]
    chinese = sum("\u4e00" <= c <= "\u9fff" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uffef" for c in beyond)
    return bool(beyond) and chinese >= 0.7 * len(beyond)


def likely_encoding(data: bytes) -> str | None:
    """Return ``"utf-8"``, ``"gb18030"`` or ``"big5"``, whichever the bytes are most likely of, or None.

    What is not UTF-8 is told by the characters in daily use: the first level of GB 2312 (lead bytes B0 to D7) against
    that of Big5 (A4 to C6). Stray wrong bytes change nothing.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        shares = {
            "gb18030": _daily(data, "gb18030", "gb2312", 0xB0, 0xD7), "big5": _daily(data, "big5", "big5", 0xA4, 0xC6),
        }  # fmt: skip
        best = max(shares, key=lambda name: shares[name])
        return best if shares[best] >= _MOSTLY else None
    return "utf-8"


def _daily(data: bytes, codec: str, levels: str, first: int, last: int) -> float:
    text = data[: 1 << 20].decode(codec, "replace")[:200_000]
    beyond = [c for c in text if ord(c) > 0x7F]
    known = sum(first <= c.encode(levels, "replace")[0] <= last for c in beyond)
    return known / len(beyond) if beyond else 0.0


def wrong_bytes(row: str, data: bytes, encoding: str, *, whole: bytes) -> EncodingError:
    """Return the error that names a row, its bytes and, where it is likely, the right encoding."""
    shown = data[:8].hex(" ").upper()
    chinese = looks_like_chinese(whole)
    hint_en = "; the file looks like GB18030: state it (--encoding GB18030)" if chinese else "; state the encoding"
    hint_zh = "；文件像是 GB18030 编码，请用 --encoding GB18030 指明" if chinese else "；请指明编码"
    label = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
    return EncodingError(
        f"Row {row}: the bytes {shown} are not {label}{hint_en}",
        f"第 {row} 行：字节 {shown} 不是 {label} 编码{hint_zh}",
        rows=[row],
    )


def _strict(data: bytes, name: str, first_row: int) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as wrong:
        start = wrong.start
        row = data[:start].count(b"\n") + first_row
        raise wrong_bytes(str(row), data[start : start + 4], name, whole=data) from wrong
