"""Numbers of calls as they leave the cube: each with its exact interval and the calls without a place beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.incidents.poisson import poisson_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of calls on the map with its exact 95 % Poisson interval, and the calls without a place beside it."""

    n: int
    low: float
    high: float
    unplaced: int
    weeks: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """Numbers of calls on the map by something, each with its exact 95 % Poisson interval.

    Attributes
    ----------
    labels : tuple of k str
    n : int64[k]; low, high : float64[k]
    unplaced : int, calls that pass but have no place; they are in none of ``n``
    elsewhere : int, calls on the map that belong to none of the labels
    """

    labels: tuple[str, ...]
    n: npt.NDArray[np.int64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    unplaced: int
    elsewhere: int = 0

    @classmethod
    def of(cls, labels: tuple[str, ...], n: npt.NDArray[np.int64], *, unplaced: int, elsewhere: int = 0) -> Figures:
        """Return counts, int64[k], with their intervals."""
        low, high = poisson_interval(n)
        return cls(labels=labels, n=n, low=low, high=high, unplaced=unplaced, elsewhere=elsewhere)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellCounts:
    """Calls by cell and family.

    Attributes
    ----------
    level : cells are those of the Web Mercator square of ``2**level`` a side
    columns, rows : int64[m], in Morton order; row 0 is in the north
    families : tuple of f str
    counts : int32[m, f]
    """

    level: int
    columns: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    families: tuple[str, ...]
    counts: npt.NDArray[np.int32]

    def top(self, k: int) -> npt.NDArray[np.intp]:
        """Return the numbers of the ``k`` cells with most calls, most first; equal ones in Morton order."""
        total = self.counts.sum(axis=1)
        return np.argsort(-total, kind="stable")[:k]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """Calls that pass a filter, one by one, in Morton order and then by time; those without a place are last.

    Attributes
    ----------
    lonlat : float64[n, 2] degrees, NaN without a place
    minutes : int32[n], local clock, minutes since 1970-01-01
    families, areas : int32[n], numbers of ``family_names`` and ``area_codes``; area -1 is none
    """

    lonlat: npt.NDArray[np.float64]
    minutes: npt.NDArray[np.int32]
    families: npt.NDArray[np.int32]
    family_names: tuple[str, ...]
    areas: npt.NDArray[np.int32]
    area_codes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.minutes)

    def rows(self, rows: npt.NDArray[np.int64]) -> Chosen:
        """Return some of the calls, in the order of ``rows`` (int64[k])."""
        return Chosen(
            lonlat=self.lonlat[rows], minutes=self.minutes[rows], families=self.families[rows],
            family_names=self.family_names, areas=self.areas[rows], area_codes=self.area_codes,
        )  # fmt: skip
