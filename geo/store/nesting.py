"""How deep a geometry nests, found by scanning its bytes: the parsers of geometry recurse and would crash."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

import numpy as np
import shapely

from geo.errors import GeometryError

_CURVES = {8: "CIRCULARSTRING", 9: "COMPOUNDCURVE", 10: "CURVEPOLYGON", 11: "MULTICURVE", 12: "MULTISURFACE"}
_CURVE_WORD = re.compile(r"\b(CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE)", re.IGNORECASE)
_SOLID_WORD = re.compile(r"\b(POLYHEDRALSURFACE|TIN|TRIANGLE)\b", re.IGNORECASE)


def geometries_of_wkb(blobs: Sequence[bytes | None], *, depth: int, first_row: int = 1) -> np.ndarray:
    """Return object[n] geometries of well-known binary; None stays None.

    Raises
    ------
    GeometryError
        For curves, surfaces, collections nested deeper than ``depth`` and broken bytes, naming the row.
    """
    for row, blob in enumerate(blobs):
        if blob is not None:
            _scan(bytes(blob), depth, row + first_row)
    made = shapely.from_wkb(np.array(blobs, dtype=object), on_invalid="ignore")
    return _all_read(made, [b is not None for b in blobs], first_row)


def geometries_of_wkt(texts: Sequence[str | None], *, depth: int, first_row: int = 1) -> np.ndarray:
    """Return object[n] geometries of well-known text; None and blanks are None. Errors as ``geometries_of_wkb``."""
    plain: list[str | None] = []
    for row, text in enumerate(texts):
        if text is None or not text.strip():
            plain.append(None)
            continue
        if text.count("(") > depth and _text_depth(text) > depth + 3:
            raise _too_deep(row + first_row, depth)
        found = _CURVE_WORD.search(text) or _SOLID_WORD.search(text)
        if found:
            raise _curve(row + first_row, found.group(1).upper())
        # GEOS does not know the prefix with which PostGIS states a frame.
        plain.append(re.sub(r"^\s*SRID=\d+;", "", text, flags=re.IGNORECASE))
    made = shapely.from_wkt(np.array(plain, dtype=object), on_invalid="ignore")
    return _all_read(made, [t is not None for t in plain], first_row)


def _all_read(made: np.ndarray, given: Sequence[bool], first_row: int) -> np.ndarray:
    lost = np.flatnonzero(np.asarray(given, dtype=bool) & shapely.is_missing(made))
    if len(lost):
        raise unreadable(lost + first_row)
    return made


def unreadable(rows: Sequence[int] | np.ndarray) -> GeometryError:
    """Return the error for rows whose geometry cannot be read."""
    named = ", ".join(str(int(r)) for r in rows[:5]) + (" …" if len(rows) > 5 else "")
    return GeometryError(
        f"The geometry of row {named} is damaged or incomplete",
        f"第 {named} 行的几何已损坏或不完整",
        rows=[str(int(r)) for r in rows[:100]],
    )


def too_deep(row: int, depth: int) -> GeometryError:
    """Return the error for a collection nested too deep."""
    return _too_deep(row, depth)


def _too_deep(row: int, depth: int) -> GeometryError:
    return GeometryError(
        f"The geometry of row {row} nests collections more than {depth} deep; it was not read",
        f"第 {row} 行的几何集合嵌套超过 {depth} 层，已拒绝读取",
        rows=[str(row)],
    )


def _curve(row: int, kind: str) -> GeometryError:
    return GeometryError(
        f"The geometry of row {row} is a {kind}; convert curves and surfaces to lines and polygons first",
        f"第 {row} 行的几何是 {kind}（曲线或曲面），请先转为折线或多边形",
        rows=[str(row)],
    )


def _text_depth(text: str) -> int:
    codes = np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    steps = (codes == ord("(")).astype(np.int32) - (codes == ord(")")).astype(np.int32)
    return int(np.cumsum(steps).max(initial=0))


def _scan(blob: bytes, depth: int, row: int) -> None:
    if len(blob) < 5:
        raise unreadable([row])
    kind = _kind(blob, 0)[1]
    if kind in (1, 2, 3):
        return
    try:
        _walk(blob, depth, row)
    except struct.error as broken:
        raise unreadable([row]) from broken


def _kind(blob: bytes, at: int) -> tuple[str, int, int, int]:
    """Return byte order, kind, ordinates a vertex and bytes of the head at ``at``."""
    order = "<" if blob[at] == 1 else ">"
    (code,) = struct.unpack_from(f"{order}I", blob, at + 1)
    head = 5
    ordinates = 2
    if code & 0xE0000000:  # the extended form of PostGIS
        ordinates += bool(code & 0x80000000) + bool(code & 0x40000000)
        head += 4 if code & 0x20000000 else 0
        code &= 0x1FFFFFFF
    ordinates += (0, 1, 1, 2)[code // 1000] if code < 4000 else 0
    return order, code % 1000, ordinates, head


def _walk(blob: bytes, depth: int, row: int) -> None:
    # An own stack of "parts still to come": recursion is what is to be kept out.
    stack = [1]
    at = 0
    while stack:
        if stack[-1] == 0:
            stack.pop()
            continue
        stack[-1] -= 1
        if at + 5 > len(blob):
            raise unreadable([row])
        order, kind, ordinates, head = _kind(blob, at)
        at += head
        if kind == 1:
            at += 8 * ordinates
            continue
        if kind in _CURVES or not 1 <= kind <= 7:
            raise _curve(row, _CURVES.get(kind, f"geometry of kind {kind}"))
        (count,) = struct.unpack_from(f"{order}I", blob, at)
        at += 4
        if kind == 2:
            at += 8 * ordinates * count
        elif kind == 3:
            for _ in range(count):
                (size,) = struct.unpack_from(f"{order}I", blob, at)
                at += 4 + 8 * ordinates * size
        else:
            if len(stack) > depth:
                raise _too_deep(row, depth)
            stack.append(count)
