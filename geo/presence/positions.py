"""Positions of many units in time, in one order and without what cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.errors import InputError

EARTH_M: Final = 6_371_008.8
FASTEST_M_PER_S: Final = 70.0
"""A position that asks for more than 250 km/h both ways is no position of this unit."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Positions:
    """Positions by unit and time, strictly rising within a unit; read-only.

    Attributes
    ----------
    units : tuple of str, names, sorted
    unit : int32[k], index into ``units``
    seconds : float64[k], since 1970-01-01 UTC
    lonlat : float64[k, 2], WGS84 degrees
    """

    units: tuple[str, ...]
    unit: npt.NDArray[np.int32]
    seconds: Floats
    lonlat: Floats

    def __post_init__(self) -> None:
        for array in (self.unit, self.seconds, self.lonlat):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.unit)

    @classmethod
    def of(cls, names: npt.NDArray[np.object_], seconds: Floats, lonlat: Floats) -> Self:
        """Sort positions; of several at one time of one unit the first counts.

        Parameters
        ----------
        names, seconds, lonlat
            object[k] texts, float64[k] and float64[k, 2], in any order.

        Raises
        ------
        InputError
            A time or coordinate that is not finite or out of range; the rows are named.
        """
        times = np.asarray(seconds, np.float64)
        spots = np.asarray(lonlat, np.float64).reshape(-1, 2)
        if not len(names) == len(times) == len(spots):
            raise InputError(
                "Units, times and coordinates of positions differ in number", "定位的单位、时间与坐标数量不一致"
            )
        bad = np.flatnonzero(~np.isfinite(times) | ~sound(spots))
        if len(bad):
            raise InputError(
                f"{len(bad)} positions have no valid time or coordinate, the first in row {bad[0] + 1}",
                f"{len(bad)} 个定位的时间或坐标无效，首个在第 {bad[0] + 1} 行",
                rows=[str(row + 1) for row in bad[:10]],
            )
        known, unit = np.unique(np.asarray(names, dtype=str), return_inverse=True)
        return cls.of_codes(known.astype(object), unit, times, spots)

    @classmethod
    def of_codes(
        cls, known: npt.NDArray[np.object_], code: npt.NDArray[np.integer], times: Floats, spots: Floats
    ) -> Self:
        """Sort positions whose values are sound and whose units are ``code`` int[k] into the names ``known``, each once."""
        rank = np.argsort(np.argsort(known.astype(str), kind="stable"))
        unit, known = rank[code], known[np.argsort(known.astype(str), kind="stable")]
        # Histories come in order of time: then sorting the units, whose numbers are small, is all there is to do.
        order = np.argsort(unit.astype(np.uint16) if len(known) < 1 << 16 else unit, kind="stable")
        if ((np.diff(times[order]) < 0) & (np.diff(unit[order]) == 0)).any():
            order = np.lexsort((times, unit))
        unit, times, spots = unit[order], times[order], spots[order]
        kept = np.ones(len(times), bool)
        kept[1:] = (unit[1:] != unit[:-1]) | (times[1:] > times[:-1])
        return cls(
            units=tuple(str(name) for name in known),
            unit=unit[kept].astype(np.int32),
            seconds=times[kept],
            lonlat=spots[kept].copy(),
        )

    @classmethod
    def none(cls) -> Self:
        """Return no positions."""
        return cls.of(np.zeros(0, object), np.zeros(0), np.zeros((0, 2)))

    def between(self, start: float, end: float) -> Positions:
        """Return the positions with ``start <= seconds < end``."""
        return self.where((self.seconds >= start) & (self.seconds < end))

    def where(self, kept: npt.NDArray[np.bool_]) -> Positions:
        """Return the positions that ``kept`` bool[k] marks, with the units that they name."""
        used, unit = np.unique(self.unit[kept], return_inverse=True)
        return Positions(
            units=tuple(self.units[u] for u in used.tolist()), unit=unit.astype(np.int32),
            seconds=self.seconds[kept].copy(), lonlat=self.lonlat[kept].copy(),
        )  # fmt: skip

    def plausible(self) -> npt.NDArray[np.bool_]:
        """Tell which positions a vehicle could have sent, bool[k]: a jump there and back again is a fault of the receiver."""
        k = len(self)
        if k < 2:
            return np.ones(k, bool)
        a, b = self.lonlat[:-1], self.lonlat[1:]
        north = np.radians(b[:, 1] - a[:, 1]) * EARTH_M
        east = np.radians(b[:, 0] - a[:, 0]) * EARTH_M * np.cos(np.radians(0.5 * (a[:, 1] + b[:, 1])))
        same = self.unit[1:] == self.unit[:-1]
        # Noise of two positions a second apart is no speed.
        apart = np.maximum(np.hypot(north, east) - 100.0, 0.0)
        wild = same & (apart > FASTEST_M_PER_S * np.diff(self.seconds))
        into, out = np.r_[False, wild], np.r_[wild, False]
        first, last = np.r_[True, ~same], np.r_[~same, True]
        return np.asarray(~((into & out) | (into & last) | (out & first)))


def sound(lonlat: Floats) -> npt.NDArray[np.bool_]:
    """Tell which rows of float64[k, 2] are degrees on the earth; 0, 0 is what a receiver says when it knows nothing."""
    ok = np.isfinite(lonlat).all(axis=1)
    with np.errstate(invalid="ignore"):
        ok &= (np.abs(lonlat[:, 0]) <= 180) & (np.abs(lonlat[:, 1]) <= 90)
    return np.asarray(ok & ~(lonlat == 0.0).all(axis=1))
