"""How a call is packed: its cell, its place in the cell, its hour, family and source, each in a few bits."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.errors import CoordinateError, InputError
from geo.hotspots.when import MINUTES_PER_DAY

Ints = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]

CELL_LEVEL: Final = 20
"""Calls are grouped by cells of the Web Mercator square of 2**20 a side (38 m at the equator), in Morton order."""
NOWHERE: Final = 1 << 40
"""The cell of calls without a place: it comes after all others."""
EPOCH: Final = -3 * MINUTES_PER_DAY
"""Monday 1969-12-29 00:00, where week 0 starts, in minutes since 1970-01-01."""
WEEKS: Final = 1 << 12
FAMILIES: Final = 1 << 9
KINDS: Final = 1 << 12
"""A kind is family and source together: the low bits of a code."""
VALID: Final = 1
CASE: Final = 2
CITIZEN: Final = 4

_SIDE: Final = 1 << CELL_LEVEL
_LON_UNITS: Final = 3_600_000_000
_TOP_LATITUDE: Final = 85.05112
CELL_LON_UNITS: Final = _LON_UNITS / _SIDE


def hour_codes(hours: Ints) -> Ints:
    """Return week, weekday and hour of hours since ``EPOCH`` in 12, 3 and 5 bits; the order of time is kept."""
    week, rest = np.divmod(hours, 168)
    return np.asarray((week << 8) | ((rest // 24) << 5) | (rest % 24), dtype=np.int64)


def code_hours(codes: npt.NDArray[np.integer]) -> Ints:
    """Return hours since ``EPOCH`` of hour codes: the inverse of ``hour_codes``."""
    wide = codes.astype(np.int64)
    return np.asarray((wide >> 8) * 168 + ((wide >> 5) & 7) * 24 + (wide & 31), dtype=np.int64)


def pack(minutes: npt.NDArray[np.int32], families: npt.NDArray[np.integer], sources: npt.NDArray[np.uint8]) -> UInt32s:
    """Return the codes, uint32[n], of local minutes since 1970-01-01, family numbers and source bits.

    Raises
    ------
    InputError
        If a time lies outside 1970 to 2048, or there are more than 512 families.
    """
    since = minutes.astype(np.int64) - EPOCH
    hours = since // 60
    bad = (since < 0) | (hours >= WEEKS * 168)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        moment = np.int64(minutes[row]).astype("datetime64[m]")
        raise InputError(
            f"Call {row + 1} is of {moment}; times from 1970 to 2048 are counted, correct or drop it",
            f"第 {row + 1} 条警情的时间为 {moment}，只统计 1970 至 2048 年，请更正或剔除",
            rows=[str(row)],
        )
    if len(families) and int(families.max()) >= FAMILIES:
        raise InputError(f"There are more than {FAMILIES} families of calls", f"警情类别超过 {FAMILIES} 个")
    kinds = (families.astype(np.int64) << 3) | sources.astype(np.int64)
    return np.asarray((hour_codes(hours) << 12) | kinds, dtype=np.uint32)


def unpack_minutes(codes: UInt32s, where: UInt32s) -> npt.NDArray[np.int32]:
    """Return local minutes since 1970-01-01 of packed calls, int32[n]."""
    return np.asarray(code_hours(codes >> np.uint32(12)) * 60 + EPOCH + (where & np.uint32(63)), dtype=np.int32)


def locate(
    lonlat: npt.NDArray[np.float64], placed: npt.NDArray[np.bool_], minutes: npt.NDArray[np.int32]
) -> tuple[UInt64s, UInt32s]:
    """Return cells, uint64[n], and what is kept of the place in the cell and of the minute, uint32[n].

    Places are rounded to 1e-7 degree (11 mm), on which the lattice is exact.

    Raises
    ------
    CoordinateError
        If a placed call has a coordinate that is not finite.
    """
    points = np.ascontiguousarray(lonlat, dtype=np.float64)
    here = np.ascontiguousarray(placed, dtype=np.bool_)
    bad = here & ~np.isfinite(points).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise CoordinateError(
            f"Point {row + 1} has a coordinate that is not a finite number",
            f"第 {row + 1} 个点的坐标无效",
            rows=[str(row)],
        )
    cells, where = np.empty(len(points), np.uint64), np.empty(len(points), np.uint32)
    _locate(points, here, np.ascontiguousarray(minutes, dtype=np.int32), cells, where)
    return cells, where


@compiled()
def spread(value: int) -> int:
    """Put a zero bit before each of the low 20 bits."""
    v = value & 0xFFFFF
    v = (v | (v << 16)) & 0x0000FFFF0000FFFF
    v = (v | (v << 8)) & 0x00FF00FF00FF00FF
    v = (v | (v << 4)) & 0x0F0F0F0F0F0F0F0F
    v = (v | (v << 2)) & 0x3333333333333333
    return (v | (v << 1)) & 0x5555555555555555


@compiled()
def gather(value: int) -> int:
    """Take every second bit: the inverse of ``spread``."""
    v = value & 0x5555555555555555
    v = (v | (v >> 1)) & 0x3333333333333333
    v = (v | (v >> 2)) & 0x0F0F0F0F0F0F0F0F
    v = (v | (v >> 4)) & 0x00FF00FF00FF00FF
    v = (v | (v >> 8)) & 0x0000FFFF0000FFFF
    return (v | (v >> 16)) & 0xFFFFFFFF


@compiled()
def row_edge(row: int) -> float:
    """Return the latitude of the northern edge of a row of cells in units of 1e-7 degree."""
    north = np.pi * (1.0 - 2.0 * row / 1048576.0)
    return float(np.degrees(np.arctan(np.sinh(north))) * 1e7)


@compiled()
def column_base(column: int) -> int:
    """Return the first longitude of a column of cells in units of 1e-7 degree."""
    return -((-column * 3600000000) >> 20) - 1800000000


@compiled()
def row_base(row: int) -> int:
    """Return a latitude just south of a row of cells in units of 1e-7 degree."""
    return int(np.floor(row_edge(row + 1))) - 1


@compiled()
def _locate(
    lonlat: npt.NDArray[np.float64],
    placed: npt.NDArray[np.bool_],
    minutes: npt.NDArray[np.int32],
    cells: UInt64s,
    where: UInt32s,
) -> None:
    for i in range(len(placed)):
        minute = (int(minutes[i]) + 4320) % 60
        if not placed[i]:
            cells[i] = 1 << 40
            where[i] = minute
            continue
        lon = min(max(lonlat[i, 0], -180.0), 180.0)
        lat = min(max(lonlat[i, 1], -85.05112), 85.05112)
        x, y = int(np.rint(lon * 1e7)), int(np.rint(lat * 1e7))
        column = int(min(((x + 1800000000) << 20) // 3600000000, 1048575))
        turned = np.arcsinh(np.tan(np.radians(y * 1e-7))) / (2 * np.pi)
        row = int(min(max(np.floor((0.5 - turned) * 1048576.0), 0.0), 1048575.0))
        cells[i] = spread(column) | (spread(row) << 1)
        where[i] = ((x - column_base(column)) << 20) | ((y - row_base(row)) << 8) | minute


@compiled()
def _lonlat(cells: UInt64s, where: UInt32s, out: npt.NDArray[np.float64]) -> None:
    for i in range(len(cells)):
        cell = int(cells[i])
        here = int(where[i])
        out[i, 0] = (column_base(gather(cell)) + (here >> 20)) / 1e7
        out[i, 1] = (row_base(gather(cell >> 1)) + ((here >> 8) & 4095)) / 1e7


def places(cells: UInt64s, where: UInt32s) -> npt.NDArray[np.float64]:
    """Return lon, lat in degrees, float64[n, 2], of cells and places in them; NaN where there is no place."""
    out = np.empty((len(cells), 2))
    _lonlat(np.ascontiguousarray(cells), np.ascontiguousarray(where), out)
    out[cells >= np.uint64(NOWHERE)] = np.nan
    return out


def cell_columns_rows(cells: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return columns and rows of Morton codes, int64[n] each."""
    return _gathered(cells.astype(np.int64)), _gathered(cells.astype(np.int64) >> 1)


def morton(columns: npt.NDArray[np.integer], rows: npt.NDArray[np.integer]) -> UInt64s:
    """Interleave the bits of columns and rows (below 2**20): cells of a tile then follow each other."""
    return _woven(columns.astype(np.int64), rows.astype(np.int64))


@compiled()
def _gathered(codes: Ints) -> Ints:
    out = np.empty(len(codes), np.int64)
    for i in range(len(codes)):
        out[i] = gather(codes[i])
    return out


@compiled()
def _woven(columns: Ints, rows: Ints) -> UInt64s:
    out = np.empty(len(columns), np.uint64)
    for i in range(len(columns)):
        out[i] = spread(columns[i]) | (spread(rows[i]) << 1)
    return out
