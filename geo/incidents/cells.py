"""Columns of an export as typed values, at the speed of columns; what cannot be read is counted, not guessed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.tables.headers import NO, YES

NOTHING: Final = ("", "null", "none", "nan", "\\n", "无", "-", "/", "—", "n/a")
_NONE: Final = np.array(None, dtype=object)
_ENTITY: Final = re.compile(r"&(?:[a-zA-Z]+|#\d+|#x[0-9a-fA-F]+);")
_PAIR: Final = re.compile(r"\(?\s*(-?\d{1,3}\.\d{2,})\s*[,，\s]\s*(-?\d{1,3}\.\d{2,})\s*\)?")


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as trimmed text; blanks and words for nothing are null, HTML entities are undone."""
    if pa.types.is_floating(column.type):
        numbers = column.to_numpy()
        plain = [None if np.isnan(v) else (str(int(v)) if v == int(v) else repr(float(v))) for v in numbers]
        return pa.chunked_array([pa.array(plain, type=pa.large_string())])
    out = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
    empty = pc.is_in(pc.utf8_lower(out), value_set=pa.array(NOTHING, type=pa.large_string()))
    out = pc.if_else(empty, pa.scalar(None, pa.large_string()), out)
    if bool(pc.any(pc.match_substring(out, "&")).as_py()):
        out = _mapped(out, lambda text: html.unescape(text) if _ENTITY.search(text) else text)
    return out


def blank(values: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Return bool[n]: where an array of objects holds None."""
    return np.asarray(values == _NONE, dtype=bool)


def entities(column: pa.ChunkedArray) -> int:
    """Return how many cells hold HTML entities."""
    if not pa.types.is_large_string(column.type):
        return 0
    return int(pc.sum(pc.match_substring_regex(column, _ENTITY.pattern)).as_py() or 0)


def objects(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Return a column of text as object[n]; None where it is empty."""
    out = column.to_pandas().to_numpy(dtype=object)
    gone = np.asarray(column.is_null())
    if gone.any():
        out = out.copy()
        out[gone] = None
    return np.asarray(out, dtype=object)


def words(column: pa.ChunkedArray, values: Mapping[str, str]) -> npt.NDArray[np.object_]:
    """Return texts with those that ``values`` names put in place."""
    return _by_word(texts(column), lambda text: values.get(text, text))


def chosen(
    column: pa.ChunkedArray, choices: tuple[str, ...], values: Mapping[str, str]
) -> tuple[npt.NDArray[np.object_], int]:
    """Return texts that are one of ``choices`` after ``values``, None else, and how many were not understood."""
    plain = texts(column)

    def choice(text: str) -> str | None:
        word = values.get(text, text)
        return word if word in choices else None

    found = _by_word(plain, choice)
    return found, int(np.count_nonzero(np.asarray(plain.is_valid()) & blank(found)))


def truths(column: pa.ChunkedArray, values: Mapping[str, str]) -> tuple[npt.NDArray[np.object_], int]:
    """Return True, False or None, and how many cells were neither."""
    if pa.types.is_boolean(column.type):
        return np.array(column.to_pylist(), dtype=object), 0

    def truth(text: str) -> bool | None:
        word = values.get(text, text).lower()
        return True if word in YES else False if word in NO else None

    plain = texts(column)
    found = _by_word(plain, truth)
    return found, int(np.count_nonzero(np.asarray(plain.is_valid()) & blank(found)))


def numbers(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.float64], int]:
    """Return float64[n], NaN where there is no number, and how many cells hold something else."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.cast(pa.float64()).to_numpy(), 0
    plain = texts(column)
    try:
        return plain.cast(pa.float64()).to_numpy(), 0
    except pa.ArrowInvalid:
        found = _by_word(plain, _number)
        values = np.array([np.nan if v is None else v for v in found], dtype=np.float64)
        return values, int(np.count_nonzero(np.asarray(plain.is_valid()) & np.isnan(values)))


def pairs(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return float64[n, 2] of the first pair of decimal numbers in each text, as it stands; NaN without one."""
    found = _by_word(texts(column), _pair)
    return np.array([(np.nan, np.nan) if p is None else p for p in found], dtype=np.float64).reshape(-1, 2)


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip("°").replace("，", "."))
    except ValueError:
        return None


def _pair(text: str) -> tuple[float, float] | None:
    found = _PAIR.search(text)
    return None if found is None else (float(found[1]), float(found[2]))


def _by_word(column: pa.ChunkedArray, change: Callable[[str], object]) -> npt.NDArray[np.object_]:
    """Return object[n] of what ``change`` makes of each text, asked once for each."""
    if not len(column):
        return np.zeros(0, dtype=object)
    encoded = column.combine_chunks().dictionary_encode()
    known = np.empty(len(encoded.dictionary) + 1, dtype=object)
    for i, text in enumerate(encoded.dictionary.to_pylist()):
        known[i] = change(str(text))  # one by one: a pair must stay one value
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(known[codes], dtype=object)


def _mapped(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(_by_word(column, change), type=pa.large_string())])
