"""What a file really is: its ending and its first bytes must say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from geo.errors import FileError

FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "geojson": (".geojson", ".json"),
    "gpkg": (".gpkg",),
    "shp": (".shp",),
    "zip": (".zip",),
    "kml": (".kml",),
    "kmz": (".kmz",),
    "gpx": (".gpx",),
    "csv": (".csv", ".tsv", ".txt"),
    "xlsx": (".xlsx",),
    "parquet": (".parquet", ".geoparquet"),
}
"""Formats that are read, with their endings."""

SUFFIXES: Final = {suffix: name for name, suffixes in FORMATS.items() for suffix in suffixes}
_ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_HEAD: Final = 65_536


def format_of(path: Path) -> str:
    """Return the format of ``path`` by its ending, once its content agrees.

    Raises
    ------
    FileError
        For an unknown ending, an empty file, or content that is something else.
    """
    expected = SUFFIXES.get(path.suffix.lower())
    if expected is None:
        known = " ".join(SUFFIXES)
        raise FileError(
            f"Files ending in {path.suffix or 'nothing'!r} are not read; use one of {known}",
            f"不支持 {path.suffix or '无扩展名'} 文件，请使用以下格式之一：{known}",
        )
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n"):
        raise FileError("The file is empty", "文件是空的")
    found = _content(head)
    if found != expected and not (found == "zip" and expected in ("kmz", "xlsx")):
        raise FileError(
            f"The file ends in {path.suffix} but its content is {_said(found)[0]}; nothing in it was opened",
            f"文件扩展名为 {path.suffix}，内容却是{_said(found)[1]}，已拒绝打开",
        )
    return expected


def _content(head: bytes) -> str:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"SQLite format 3\x00"):
        return "gpkg"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x00\x00\x27\x0a"):
        return "shp"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _text(head.decode("utf-16", "replace").encode())
    if b"\x00" in head:
        return "binary"
    return _text(head.removeprefix(b"\xef\xbb\xbf"))


def _text(head: bytes) -> str:
    start = head.lstrip()
    if start[:1] in (b"{", b"["):
        return "geojson"
    if start[:1] != b"<":
        return "csv"
    body = re.sub(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(\[.*?\])?\s*>", b"", start, flags=re.DOTALL)
    root = _ROOT.search(body)
    name = root.group(1).decode("ascii", "replace") if root else "?"
    return name if name in ("kml", "gpx") else f"xml:{name}"


def _said(found: str) -> tuple[str, str]:
    if found in ("xml:OGRVRTDataSource", "xml:VRTDataset"):
        return "a GDAL virtual file that points at other files", "指向其他文件的 GDAL 虚拟文件"
    if found.startswith("xml:"):
        return f"XML of another kind (<{found[4:]}>)", f"其他类型的 XML（<{found[4:]}>）"
    names = {
        "binary": ("binary data of an unknown kind", "未知的二进制数据"),
        "zip": ("a ZIP archive", "ZIP 压缩包"),
        "gpkg": ("a SQLite or GeoPackage file", "SQLite 或 GeoPackage 文件"),
        "shp": ("a shapefile", "Shapefile"),
        "geojson": ("JSON", "JSON"),
        "csv": ("plain text", "纯文本"),
    }
    return names.get(found, (found.upper(), f" {found.upper()}"))
