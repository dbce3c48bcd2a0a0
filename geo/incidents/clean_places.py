"""Places that cannot be: placeholders, off the map, away from streets, more calls at one spot than plausible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from geo.incidents.flags import Findings, Mask

Lonlat = npt.NDArray[np.float64]
FAR_KM: Final = 20.0
FAR_FROM_STREET_M: Final = 200.0
LEAST_PILE: Final = 30
LEVEL: Final = 1e-9
MOST_SAME_ADDRESS: Final = 0.5
LEAST_ADDRESSES: Final = 5
STATION_M: Final = 30.0
MOST_MEASURED: Final = 20_000
"""Places whose distance to the streets is measured for the report; the others are only told near or far."""

_CELL: Final = 2e-4
_CELL_REACH_M: Final = 16.0
_DEGREE_M: Final = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What is known of the area: its box (west, south, east, north), stations, and the metres to the nearest street.

    ``street_m`` takes float64[k, 2] and returns float64[k], inf beyond what it looks for.
    """

    bounds: tuple[float, float, float, float] | None = None
    stations: Lonlat | None = None
    street_m: Callable[[Lonlat], npt.NDArray[np.float64]] | None = None


def is_placeholder(lonlat: Lonlat) -> Mask:
    """Return bool[n]: 0, 0 and the like: equal coordinates, or both whole degrees."""
    x, y = lonlat[:, 0], lonlat[:, 1]
    with np.errstate(invalid="ignore"):
        near_zero = (np.abs(x) < 1e-3) & (np.abs(y) < 1e-3)
        return np.asarray(near_zero | (x == y) | ((x == np.round(x)) & (y == np.round(y))), dtype=bool)


def is_impossible(lonlat: Lonlat) -> Mask:
    """Return bool[n]: finite coordinates that are no longitude and latitude."""
    x, y = lonlat[:, 0], lonlat[:, 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(x) > 180) | (np.abs(y) > 90) | np.isinf(x) | np.isinf(y), dtype=bool)


def flag_places(
    found: Findings, lonlat: Lonlat, placed: Mask, ground: Ground, *, addresses: npt.NDArray[np.object_] | None = None
) -> npt.NDArray[np.float64]:
    """Flag places of n calls; return float64[n] metres to the nearest street of an even sample (NaN else).

    ``placed`` are those with coordinates in degrees. Without a known area, far means twice as far from the middle as 99
    of 100 calls lie, and at least 20 km.
    """
    holder = placed & is_placeholder(lonlat)
    found.add("placeholder", holder)
    impossible = placed & is_impossible(lonlat)
    found.add("off_map", impossible)
    real = placed & ~holder & ~impossible
    if ground.bounds is not None:
        outside_m = _metres_outside(lonlat, ground.bounds)
        found.add("off_map", real & (outside_m > FAR_KM * 1000))
        found.add("off_area", real & (outside_m > 0) & (outside_m <= FAR_KM * 1000))
        real &= outside_m <= 0
    else:
        off = real & _far_from_the_rest(lonlat, real)
        found.add("off_map", off)
        real &= ~off
    metres = np.full(len(lonlat), np.nan)
    rows = np.flatnonzero(real)
    if not rows.size:
        return metres
    spots, spot_of, counts = _spots(lonlat[rows])
    if ground.street_m is not None:
        found.add("far_from_street", _far_from_streets(lonlat, rows, ground.street_m))
        sample = rows[:: max(1, -(-len(rows) // MOST_MEASURED))]
        metres[sample] = ground.street_m(lonlat[sample])
    _flag_piles(found, rows, spots, spot_of, counts, ground, addresses)
    return metres


def _far_from_streets(
    lonlat: Lonlat, rows: npt.NDArray[np.int64], street_m: Callable[[Lonlat], npt.NDArray[np.float64]]
) -> Mask:
    """Return bool[n]: first by cells of some 20 m, then exactly where the cell leaves it open."""
    cells = np.round(lonlat[rows] / _CELL).astype(np.int64)
    key = cells[:, 0] * 4_000_000 + cells[:, 1]
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    centre = np.asarray(cells[first] * _CELL, dtype=np.float64)
    near = street_m(centre) <= FAR_FROM_STREET_M - _CELL_REACH_M
    out = np.zeros(len(lonlat), dtype=bool)
    open_ = rows[~near[inverse]]
    if open_.size:
        out[open_] = ~(street_m(lonlat[open_]) <= FAR_FROM_STREET_M)
    return out


def _spots(lonlat: Lonlat) -> tuple[Lonlat, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return distinct places on a lattice of a tenth of a metre, which of them each row is at, and how many rows are."""
    cells = np.round(lonlat * 1e6).astype(np.int64)
    key = cells[:, 0] * 400_000_001 + cells[:, 1]
    _, first, inverse, counts = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return lonlat[first], inverse, counts


def pile_limit(counts: npt.NDArray[np.integer]) -> int:
    """Return the most calls at one place that are plausible: the 1 - 1e-9 quantile of a Poisson count.

    Its mean is what 99 of 100 places do not exceed; never less than 30.
    """
    usual = float(np.quantile(counts, 0.99)) if len(counts) else 1.0
    return max(LEAST_PILE, int(poisson.isf(LEVEL, max(usual, 1.0))))


def _flag_piles(
    found: Findings,
    rows: npt.NDArray[np.int64],
    spots: Lonlat,
    spot_of: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    ground: Ground,
    addresses: npt.NDArray[np.object_] | None,
) -> None:
    high = np.flatnonzero(counts > pile_limit(counts))
    if not high.size:
        return
    n = found.rows
    order = np.argsort(spot_of, kind="stable")
    ends = np.cumsum(counts)
    stations = ground.stations if ground.stations is not None else np.zeros((0, 2))
    piled, stationed = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for spot in high:
        members = rows[order[ends[spot] - counts[spot] : ends[spot]]]
        if len(stations) and float(_metres(stations, spots[spot]).min()) <= STATION_M:
            stationed[members] = True
        elif _many_addresses(members, addresses):
            piled[members] = True
    found.add("at_station", stationed)
    found.add("pile_up", piled)


def _many_addresses(members: npt.NDArray[np.int64], addresses: npt.NDArray[np.object_] | None) -> bool:
    """Whether a pile has many addresses; one real place has one. Without addresses the number of calls decides."""
    if addresses is None:
        return True
    texts = [str(a) for a in addresses[members] if isinstance(a, str)]
    if not texts:
        return True
    different, sizes = np.unique(texts, return_counts=True)
    return len(different) >= LEAST_ADDRESSES and bool(sizes.max() <= MOST_SAME_ADDRESS * len(texts))


def _metres_outside(lonlat: Lonlat, bounds: tuple[float, float, float, float]) -> npt.NDArray[np.float64]:
    west, south, east, north = bounds
    dx = np.maximum(np.maximum(west - lonlat[:, 0], lonlat[:, 0] - east), 0) * np.cos(np.radians((south + north) / 2))
    dy = np.maximum(np.maximum(south - lonlat[:, 1], lonlat[:, 1] - north), 0)
    return np.asarray(np.hypot(dx, dy) * _DEGREE_M)


def _far_from_the_rest(lonlat: Lonlat, real: Mask) -> Mask:
    if not real.any():
        return np.zeros(len(lonlat), dtype=bool)
    middle = np.median(lonlat[real], axis=0)
    metres = _metres(lonlat, middle)
    usual = float(np.quantile(metres[real], 0.99))
    with np.errstate(invalid="ignore"):
        return np.asarray(metres > max(2 * usual, FAR_KM * 1000), dtype=bool)


def _metres(lonlat: Lonlat, spot: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    step = (lonlat - spot) * [np.cos(np.radians(spot[1])), 1.0]
    return np.asarray(np.hypot(step[:, 0], step[:, 1]) * _DEGREE_M)
