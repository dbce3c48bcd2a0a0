"""Coverage: which site reaches which demand point within the limit, in compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from planners.arrays import read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """The pairs (demand point, site) with ``seconds <= radius_seconds``: equality covers.

    ``n`` demand points, ``m`` sites. The sites that cover demand point ``i`` are ``sites[indptr[i]:indptr[i + 1]]``,
    rising, and ``seconds`` runs beside them. All arrays are read-only.

    Attributes
    ----------
    indptr : int64[n + 1]
    sites : int32[pairs]
    seconds : float64[pairs], travel time from the site to the demand point
    nearest_seconds : float64[n], travel time from the nearest site that may be open, inf where none reaches it
    count : int, m
    radius_seconds : float
    """

    indptr: npt.NDArray[np.int64]
    sites: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]
    nearest_seconds: npt.NDArray[np.float64]
    count: int
    radius_seconds: float

    def __post_init__(self) -> None:
        if not self.radius_seconds >= 0:
            raise ParameterError("The limit must be at least 0 seconds", "到达时限不得小于 0 秒")
        object.__setattr__(self, "indptr", read_only(self.indptr, np.int64))
        object.__setattr__(self, "sites", read_only(self.sites, np.int32))
        object.__setattr__(self, "seconds", read_only(self.seconds, np.float64))
        object.__setattr__(self, "nearest_seconds", read_only(self.nearest_seconds, np.float64))
        pairs = len(self.sites)
        if len(self.indptr) != len(self.nearest_seconds) + 1 or len(self.seconds) != pairs:
            raise ParameterError("The coverage arrays do not fit each other", "覆盖数组长度不一致")
        if self.indptr[0] != 0 or self.indptr[-1] != pairs or (np.diff(self.indptr) < 0).any():
            raise ParameterError("The row starts of the coverage do not rise", "覆盖数组的行起点未递增")
        if pairs and (self.sites.min() < 0 or self.sites.max() >= self.count):
            raise ParameterError("The coverage names a site that does not exist", "覆盖数组引用了不存在的点位")
        inside = np.ones(max(pairs - 1, 0), bool)
        starts = self.indptr[1:-1]
        inside[starts[(starts > 0) & (starts < pairs)] - 1] = False
        if (np.diff(self.sites)[inside] <= 0).any():
            raise ParameterError("The sites of a coverage row do not rise", "覆盖数组行内点位未递增")

    @property
    def rows(self) -> int:
        """Number of demand points."""
        return len(self.nearest_seconds)

    def row_of_pair(self) -> npt.NDArray[np.int32]:
        """Return the demand point of each pair, int32[pairs]."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.indptr))

    def count_open(self, is_open: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return how many open sites cover each demand point, int64[n]; ``is_open`` is bool[m]."""
        return np.bincount(self.row_of_pair()[is_open[self.sites]], minlength=self.rows)

    def nearest_open(self, is_open: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        """Return the nearest open covering site of each demand point, -1 where none; ties go to the lower index."""
        chosen = is_open[self.sites]
        rows, sites, seconds = self.row_of_pair()[chosen], self.sites[chosen], self.seconds[chosen]
        order = np.lexsort((sites, seconds, rows))
        first = np.ones(len(order), bool)
        first[1:] = np.diff(rows[order]) != 0
        out = np.full(self.rows, -1, np.int32)
        out[rows[order][first]] = sites[order][first]
        return out
