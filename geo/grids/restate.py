"""Restate figures of one edition on the grids of another, and compare them there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv

from geo.errors import FieldError, ParameterError
from geo.grids.crosswalk import GENERAL, Crosswalk, Placed
from geo.grids.locate import AreaIndex
from geo.incidents.e_test import e_test
from geo.incidents.poisson import poisson_interval
from geo.tables.grids import Grids

Method = Literal["points", "area", "population", "share"]
METHODS: Final[Mapping[Method, tuple[str, str]]] = {
    "points": ("counted again from the places themselves", "按点位重新统计"),
    "area": ("shared out by area", "按面积份额分摊"),
    "population": ("shared out by population", "按人口份额分摊"),
    "share": ("shared out by the share of other things", "按其他要素份额分摊"),
}
"""How figures came onto the new grids, in English and Chinese."""

_LARGEST: Final = 2**40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restated:
    """Figures on the grids of an edition.

    Attributes
    ----------
    codes : the grids, rising
    units : int64[n], figures in units of ``10 ** -decimals``
    outside : what lies in no grid of the edition, in the same units
    method, basis : how they came there; ``basis`` names the things whose shares were used
    edition : the edition on whose grids they are
    """

    codes: tuple[str, ...]
    units: npt.NDArray[np.int64]
    outside: int
    method: Method
    basis: str
    edition: str
    decimals: int = 0

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The figures, float64[n]."""
        return np.asarray(self.units / 10**self.decimals, dtype=np.float64)

    @property
    def total(self) -> float:
        """The sum over all grids and outside."""
        return float((int(self.units.sum()) + self.outside) / 10**self.decimals)

    def said(self, language: str = "zh") -> str:
        """Return the method and edition as words for a caption."""
        en, zh = METHODS[self.method]
        if language.startswith("zh"):
            named = f"（{self.basis}）" if self.method == "share" else ""
            return f"{zh}{named}，网格版本：{self.edition}"
        named = f" ({self.basis})" if self.method == "share" else ""
        return f"{en}{named}, on edition {self.edition}"

    def frame(self) -> pd.DataFrame:
        """Return a row per grid: code, value, method, edition; last the part outside all grids, code empty."""
        return pd.DataFrame(
            {
                "code": pd.Series([*self.codes, None], dtype=object),
                "value": [*self.values.tolist(), self.outside / 10**self.decimals],
                "method": self.method,
                "edition": self.edition,
            }
        )


def restate_places(things: Placed, grids: Grids, *, edition: str) -> Restated:
    """Count places (calls, addresses) on the general grids of an edition: exact, whatever the boundaries were."""
    index = AreaIndex.of(grids, kind=GENERAL)
    rows = index.rows(things.lonlat)
    units = np.zeros(len(index.codes), dtype=np.int64)
    weight = things.weights
    np.add.at(units, rows[rows >= 0], weight[rows >= 0])
    return Restated(
        codes=tuple(index.codes.tolist()),
        units=units,
        outside=int(weight[rows < 0].sum()),
        method="points",
        basis="points",
        edition=edition,
    )


def restate_figures(
    figures: Mapping[str, float],
    crosswalk: Crosswalk,
    *,
    edition: str,
    basis: str = "area",
    decimals: int = 0,
) -> Restated:
    """Share figures of old grids (by code) out on new ones; what each old grid had is given out to the last unit.

    Each figure is cut into units of ``10 ** -decimals``; its shares are rounded down and the units left go to the
    largest remainders (Hamilton's method; the lowest code of equals). ``decimals=0`` keeps counts whole; up to 6 keep
    fractions. A basis called ``population`` is named so, others as shares of what they are.

    Raises
    ------
    FieldError
        If a figure belongs to no grid of the old edition.
    ParameterError
        If a figure is negative, not finite, too large, or not a whole number of units.
    """
    if not 0 <= decimals <= 6:
        raise ParameterError(f"{decimals} decimals are not kept; 0 to 6 are", f"小数位数 {decimals} 应在 0 到 6 之间")
    units = _units(figures, crosswalk, decimals)
    shares = crosswalk.shares(basis)
    given = _hamilton(units, shares.indptr, shares.indices, shares.data)
    columns = np.zeros(len(crosswalk.target) + 1, dtype=np.int64)
    np.add.at(columns, shares.indices, given)
    known: dict[str, Method] = {"area": "area", "population": "population"}
    return Restated(
        codes=crosswalk.target,
        units=columns[:-1],
        outside=int(columns[-1]),
        method=known.get(basis, "share"),
        basis=basis,
        edition=edition,
        decimals=decimals,
    )


def spread_population(crosswalk: Crosswalk, population: Mapping[str, float]) -> Crosswalk:
    """Return the crosswalk with a basis ``population`` from the people that each new grid has.

    Inside a new grid people are taken as evenly spread, so a pair gets the population of the new grid times the share
    of its land that the pair is, in thousandths of a person; land outside all new grids gets none.
    """
    held = np.array([float(population.get(code) or 0.0) for code in crosswalk.target])
    if not np.isfinite(held).all() or (held < 0).any():
        raise ParameterError("Populations must be numbers of 0 or more", "人口数应为非负数")
    people = held[crosswalk.column] * crosswalk.area_m2 / crosswalk.target_m2[crosswalk.column]
    n = len(crosswalk.source)
    return Crosswalk(
        source=crosswalk.source,
        target=crosswalk.target,
        row=crosswalk.row,
        column=crosswalk.column,
        area_m2=crosswalk.area_m2,
        counts={**crosswalk.counts, "population": np.rint(people * 1000).astype(np.int64)},
        source_m2=crosswalk.source_m2,
        target_m2=crosswalk.target_m2,
        outside_m2=crosswalk.outside_m2,
        outside={**crosswalk.outside, "population": np.zeros(n, dtype=np.int64)},
        unplaced={**crosswalk.unplaced, "population": 0},
    )


def _units(figures: Mapping[str, float], crosswalk: Crosswalk, decimals: int) -> npt.NDArray[np.int64]:
    place = {code: i for i, code in enumerate(crosswalk.source)}
    unknown = sorted(code for code in figures if code not in place)
    if unknown:
        raise FieldError(
            f"There are figures of grids {', '.join(unknown[:5])}, which the old edition does not have; "
            "name the edition that the table was made on",
            f"表中网格 {'、'.join(unknown[:5])} 不在原版本中，请指明该表所依据的版本",
            rows=unknown,
        )
    units = np.zeros(len(place), dtype=np.int64)
    for code, value in figures.items():
        scaled = value * 10**decimals
        if not (np.isfinite(scaled) and 0 <= scaled <= _LARGEST) or abs(scaled - round(scaled)) > 1e-6 * max(1, scaled):
            raise ParameterError(
                f"The figure {value} of grid {code} is not a number of 0 or more with at most {decimals} decimals",
                f"网格 {code} 的数值 {value} 应为非负数，且小数不超过 {decimals} 位",
                rows=[code],
            )
        units[place[code]] = round(scaled)
    return units


def _hamilton(
    units: npt.NDArray[np.int64],
    indptr: npt.NDArray[np.integer],
    indices: npt.NDArray[np.integer],
    data: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """Return the whole units of each share, int64[k]; those of a row sum to the row's units."""
    sizes = np.diff(indptr)
    row = np.repeat(np.arange(len(units)), sizes)
    quota = units[row] * data
    # Shares are floats: a quota that is a whole number but for rounding is that number.
    near = np.rint(quota)
    quota = np.where(np.abs(quota - near) <= 1e-9 + 1e-15 * quota, near, quota)
    given = np.floor(quota).astype(np.int64)
    left = units - np.bincount(row, weights=given, minlength=len(units)).astype(np.int64)
    order = np.lexsort((indices, np.round(given - quota, 9), row))
    rank = np.empty(len(row), dtype=np.int64)
    rank[order] = np.arange(len(row)) - np.repeat(indptr[:-1], sizes)
    given += rank < left[row]
    for over in np.flatnonzero(left < 0):  # rounding gave a unit too many: the largest share has it least missed
        mine = np.flatnonzero(row == over)
        given[mine[np.argmax(given[mine])]] += left[over]
    return given


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RestatedChange:
    """Two periods on the grids of one edition.

    Attributes
    ----------
    before, after : the figures
    exposure : days (or any measure of time) of each period
    """

    before: Restated
    after: Restated
    exposure: tuple[float, float]
    level: float = 0.95

    @property
    def total_change(self) -> float | None:
        """The change of the sum of rates as a share, -0.3189 for a fall of 31.89 %; None when there was nothing before."""
        return _change(self.before.total / self.exposure[0], self.after.total / self.exposure[1])

    def agrees_with(self, printed: float, *, decimals: int = 4) -> bool:
        """Tell whether a printed change of the total is this one, rounded or cut to ``decimals``."""
        change = self.total_change
        return change is not None and abs(printed - change) < 10.0**-decimals

    def frame(self) -> pd.DataFrame:
        """Return a row per grid, then outside all grids (code empty) and the whole (``*``).

        Columns: n_before, n_after, exact intervals of each (Garwood 1936), change of the rate as a share with its exact
        interval (given the sum of both counts the later one is binomial; Clopper and Pearson 1934), p of the E-test
        (Krishnamoorthy and Thomson 2004), method and edition.
        """
        codes: list[str | None] = [*self.before.codes, None, "*"]
        n0 = np.r_[self.before.units, self.before.outside, round(self.before.total)].astype(np.int64)
        n1 = np.r_[self.after.units, self.after.outside, round(self.after.total)].astype(np.int64)
        m0, m1 = self.exposure
        low0, high0 = poisson_interval(n0, level=self.level)
        low1, high1 = poisson_interval(n1, level=self.level)
        low, high = rate_ratio_interval(n0, n1, exposure=self.exposure, level=self.level)
        known: dict[tuple[int, int], float] = {}
        for pair in zip(n0.tolist(), n1.tolist(), strict=True):
            if pair not in known:
                known[pair] = e_test(*pair, first_exposure=m0, second_exposure=m1)
        return pd.DataFrame(
            {
                "code": pd.Series(codes, dtype=object),
                "n_before": n0,
                "before_low": low0,
                "before_high": high0,
                "n_after": n1,
                "after_low": low1,
                "after_high": high1,
                "change": [
                    np.nan if (c := _change(a / m0, b / m1)) is None else c
                    for a, b in zip(n0.tolist(), n1.tolist(), strict=True)
                ],
                "change_low": low - 1,
                "change_high": high - 1,
                "p": [known[pair] for pair in zip(n0.tolist(), n1.tolist(), strict=True)],
                "method": self.before.method if self.before.method == self.after.method else "mixed",
                "edition": self.before.edition,
            }
        )


def compare_restated(
    before: Restated, after: Restated, *, exposure: tuple[float, float] = (1.0, 1.0), level: float = 0.95
) -> RestatedChange:
    """Put two periods side by side on one edition (同比, 环比).

    Raises
    ------
    ParameterError
        If the editions or grids differ, counts are not whole, or an exposure is not above 0.
    """
    if before.codes != after.codes or before.edition != after.edition:
        raise ParameterError(
            f"The periods are on different editions ({before.edition}; {after.edition}); restate both on one",
            f"两期数据所用网格版本不同（{before.edition}；{after.edition}），请先统一到同一版本",
        )
    if before.decimals or after.decimals:
        raise ParameterError(
            "Intervals and tests are for counts; restate with decimals=0", "区间与检验只适用于计数，请以整数重述"
        )
    if min(exposure) <= 0:
        raise ParameterError(f"The exposures {exposure} must be above 0", f"时长 {exposure} 应大于 0")
    return RestatedChange(before=before, after=after, exposure=exposure, level=level)


def rate_ratio_interval(
    before: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    *,
    exposure: tuple[float, float] = (1.0, 1.0),
    level: float = 0.95,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the exact interval of later over earlier rate, (low, high) of the same shape; 0 to infinity for 0 and 0.

    Given both counts' sum, the later is binomial with p = r m1 / (m0 + r m1); the Clopper-Pearson ends of p are turned
    into ends of the ratio r.
    """
    tail = (1 - level) / 2
    n0, n1 = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    low = np.where(n1 > 0, betaincinv(np.maximum(n1, 1), n0 + 1, tail), 0.0)
    high = np.where(n0 > 0, betaincinv(n1 + 1, np.maximum(n0, 1), 1 - tail), 1.0)
    odds = exposure[0] / exposure[1]
    with np.errstate(divide="ignore"):
        return odds * low / (1 - low), odds * high / (1 - high)


def _change(before: float, after: float) -> float | None:
    return None if before == 0 else after / before - 1
