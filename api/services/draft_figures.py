"""Grids of a draft in figures: area, people, calls, compactness; only what an edit touches is measured again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.drafts import Basis, Figures
from geo.grids.area import areas_m2
from geo.grids.comparison import polsby_popper
from geo.grids.locate import AreaIndex
from geo.grids.topology import Coverage

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountedCalls:
    """The calls that grids are measured by: float64[n, 2] degrees, and the period."""

    lonlat: Float64s
    start: datetime
    end: datetime

    @property
    def basis(self) -> Basis:
        """What was counted, for people to read."""
        return Basis(calls_from=self.start, calls_to=self.end, n=len(self.lonlat))

    def within(self, box: npt.NDArray[np.float64]) -> Float64s:
        """Return those in west, south, east, north degrees, a step of the lattice wider on all sides."""
        lon, lat = self.lonlat.T
        near = (lon >= box[0] - 1e-7) & (lat >= box[1] - 1e-7) & (lon <= box[2] + 1e-7) & (lat <= box[3] + 1e-7)
        return np.asarray(self.lonlat[near])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridFigures:
    """Figures of all grids of a coverage by code; never changed in place.

    Attributes
    ----------
    area_m2, compactness, calls : by code
    """

    counted: CountedCalls
    area_m2: Mapping[str, float]
    compactness: Mapping[str, float]
    calls: Mapping[str, int]

    @classmethod
    def of(cls, coverage: Coverage, counted: CountedCalls) -> Self:
        """Measure all grids."""
        rows = range(len(coverage.codes))
        return cls(
            counted=counted,
            area_m2=dict(zip(coverage.codes, areas_m2(coverage.shapes).tolist(), strict=True)),
            compactness=dict(zip(coverage.codes, polsby_popper(coverage.shapes).tolist(), strict=True)),
            calls=_count(coverage, rows, counted.lonlat),
        )

    def after(self, coverage: Coverage, touched: Iterable[str]) -> Self:
        """Measure the touched grids again, and count the calls of their neighbours, who may share a line with them."""
        there = [code for code in touched if code in coverage.row_of]
        gone = [code for code in touched if code not in coverage.row_of]
        rows = np.array([coverage.row_of[code] for code in there], dtype=np.intp)
        shapes = coverage.shapes[rows]
        area, compact, calls = dict(self.area_m2), dict(self.compactness), dict(self.calls)
        for held in (area, compact, calls):
            for code in gone:
                held.pop(code, None)
        area.update(zip(there, areas_m2(shapes).tolist(), strict=True))
        compact.update(zip(there, polsby_popper(shapes).tolist(), strict=True))
        if len(rows):
            calls.update(self._counted_near(coverage, rows))
        return replace(self, area_m2=area, compactness=compact, calls=calls)

    def _counted_near(self, coverage: Coverage, rows: npt.NDArray[np.intp]) -> dict[str, int]:
        users = coverage.cut.users
        beside = np.unique(users[np.isin(users, rows).any(axis=1)])
        ring = np.union1d(rows, beside[beside >= 0])
        bounds = shapely.bounds(coverage.shapes)
        part = bounds[ring]
        box = np.concatenate([part[:, :2].min(axis=0), part[:, 2:].max(axis=0)])
        west, south, east, north = box
        near = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        found = _count(coverage, np.flatnonzero(near), self.counted.within(box))
        return {code: found[code] for code in (coverage.codes[row] for row in ring.tolist())}

    def balance(self) -> float:
        """Return the coefficient of variation of the workload of all grids."""
        load = np.fromiter(self.calls.values(), dtype=np.float64)
        return float(load.std() / load.mean()) if len(load) and load.mean() > 0 else 0.0

    def shown(self, coverage: Coverage, codes: Iterable[str], *, changed: frozenset[str]) -> dict[str, Figures]:
        """Return the figures of grids as they are answered; codes that are not there are left out."""
        there = [code for code in codes if code in coverage.row_of]
        part = coverage.attributes.iloc[[coverage.row_of[code] for code in there]]
        people = dict(zip(there, part["population"].tolist(), strict=True))
        homes = dict(zip(there, part["households"].tolist(), strict=True))
        return {
            code: Figures(
                area_m2=round(self.area_m2[code], 2), population=_known(people[code]), households=_known(homes[code]),
                calls=self.calls[code], workload=float(self.calls[code]), compactness=round(self.compactness[code], 4),
                changed=code in changed,
            )
            for code in there
        }  # fmt: skip


def _known(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def _count(coverage: Coverage, rows: Iterable[int], lonlat: Float64s) -> dict[str, int]:
    """Return the calls in each of some grids; one on a common line is the lowest code's."""
    wanted = list(rows)
    if not wanted:
        return {}
    index = AreaIndex.of(coverage.rows_as_grids(wanted))
    found = index.rows(lonlat)
    n = np.bincount(found[found >= 0], minlength=len(index.codes))
    return {str(code): int(count) for code, count in zip(index.codes, n, strict=True)}
