"""Areas coloured by what happened in them: counts or rates, their uncertainty, classes and a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from geo.incidents.poisson import poisson_interval
from geo.tiles.palette import Theme, ramp_hex

Measure = Literal["count", "per_km2_week", "per_1000_week"]
Breaks = Literal["quantile", "pretty"]
_UNITS: Final[dict[Measure, tuple[str, str]]] = {
    "count": ("起", "calls"),
    "per_km2_week": ("起/平方公里·周", "calls per km² per week"),
    "per_1000_week": ("起/千人·周", "calls per 1,000 people per week"),
}
_STEPS: Final = np.array([1.0, 2.0, 2.5, 5.0, 10.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choropleth:
    """A value, its exact 95 % Poisson interval and its class for each area.

    Class ``i`` holds ``breaks[i] <= value < breaks[i + 1]``; the last class holds its upper end too.

    Attributes
    ----------
    codes : tuple of k str
    n : int64[k], calls; their sum is ``total``
    value, low, high : float64[k] in the unit; NaN where the area has no population (or none is known)
    classes : int8[k], -1 where there is no value
    breaks : float64[c + 1], rising
    labels : tuple of c str for the legend
    weeks : length of the period
    """

    measure: Measure
    codes: tuple[str, ...]
    n: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int8]
    breaks: npt.NDArray[np.float64]
    labels: tuple[str, ...]
    weeks: float
    unit_zh: str
    unit_en: str

    @property
    def total(self) -> int:
        """All calls in the areas."""
        return int(self.n.sum())

    def colors(self, theme: Theme) -> list[str]:
        """Return one ``#rrggbb`` a class, low to high."""
        return ramp_hex(theme, len(self.labels))


def choropleth(
    codes: Sequence[str],
    counts: npt.NDArray[np.int64],
    *,
    weeks: float,
    measure: Measure = "per_km2_week",
    km2: npt.NDArray[np.float64] | None = None,
    population: npt.NDArray[np.float64] | None = None,
    breaks: Breaks | Sequence[float] = "quantile",
    classes: int = 6,
) -> Choropleth:
    """Return counts or rates of areas with classes: of about equal membership (``quantile``), of equal round width, or given.

    Breaks are rounded to be read, and areas are classed by the rounded ones. Given breaks must cover all values.

    Raises
    ------
    InputError
        If lengths differ, or the area or population that the measure needs is not there.
    ParameterError
        If ``weeks``, ``classes``, ``measure`` or the breaks make no sense.
    """
    n = np.asarray(counts, dtype=np.int64)
    per = _divisor(measure, n, codes, weeks=weeks, km2=km2, population=population)
    if not 2 <= classes <= 9:
        raise ParameterError(f"A map has 2 to 9 classes, not {classes}", f"分级数应为 2 至 9，而不是 {classes}")
    low, high = poisson_interval(n)
    value = n / per
    known = value[np.isfinite(value)]
    edges = _edges(known, breaks, classes)
    if measure == "count":
        edges = np.unique(np.r_[np.floor(edges[:-1]), np.ceil(edges[-1])])
        edges = edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1])
    inside = np.searchsorted(edges, value, side="right") - 1
    placed = np.where(np.isfinite(value), np.minimum(inside, len(edges) - 2), -1).astype(np.int8)
    unit_zh, unit_en = _UNITS[measure]
    return Choropleth(
        measure=measure, codes=tuple(str(code) for code in codes), n=n, value=value, low=low / per, high=high / per,
        classes=placed, breaks=edges, labels=_labels(edges, whole=measure == "count"), weeks=weeks,
        unit_zh=unit_zh, unit_en=unit_en,
    )  # fmt: skip


def _divisor(
    measure: Measure,
    n: npt.NDArray[np.int64],
    codes: Sequence[str],
    *,
    weeks: float,
    km2: npt.NDArray[np.float64] | None,
    population: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64]:
    """Return what each count is divided by; NaN where that is unknown or nothing."""
    if measure not in _UNITS:
        raise ParameterError(f"There is no measure {measure}", f"没有指标 {measure}")
    if len(n) != len(codes):
        raise InputError(f"{len(codes)} areas but {len(n)} counts", f"区域 {len(codes)} 个，计数却有 {len(n)} 个")
    if measure == "count":
        return np.ones(len(n))
    if not weeks > 0:
        raise ParameterError("A rate needs a period longer than nothing", "计算比率时时段长度必须大于零")
    size, en, zh = (km2, "area", "面积") if measure == "per_km2_week" else (population, "population", "人口")
    if size is None or len(size) != len(n):
        raise InputError(f"This rate needs the {en} of each area", f"计算该比率需要每个区域的{zh}")
    base = np.asarray(size, dtype=np.float64) * (weeks if measure == "per_km2_week" else weeks / 1000)
    return np.where(base > 0, base, np.nan)


def _edges(known: npt.NDArray[np.float64], breaks: Breaks | Sequence[float], classes: int) -> npt.NDArray[np.float64]:
    if not isinstance(breaks, str):
        return _given(known, breaks)
    if breaks == "quantile":
        return _quantile(known, classes)
    if breaks == "pretty":
        return _pretty(known, classes)
    raise ParameterError(
        f"There are no breaks {breaks}; use quantile or pretty", f"没有分级方法 {breaks}，可用 quantile 或 pretty"
    )


def _significant(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round to two significant digits."""
    power = 10.0 ** (np.floor(np.log10(np.where(values > 0, values, 1.0))) - 1)
    return np.where(values > 0, np.round(values / power) * power, 0.0)


def _quantile(known: npt.NDArray[np.float64], classes: int) -> npt.NDArray[np.float64]:
    if not len(known):
        return np.array([0.0, 1.0])
    inner = _significant(np.quantile(known, np.linspace(0, 1, classes + 1)[1:-1]))
    least, most = float(known.min()), float(known.max())
    inner = np.unique(inner[(inner > least) & (inner < most)])
    ends = _outward(least, most)
    return np.unique(np.r_[ends[0], inner, ends[1]])


def _outward(least: float, most: float) -> tuple[float, float]:
    """Return round ends below and above all values."""
    power = 10.0 ** (np.floor(np.log10(most)) - 1) if most > 0 else 1.0
    low = float(np.floor(least / power) * power)
    high = float(np.ceil(most / power) * power)
    return low, high if high > low else low + float(power)


def _pretty(known: npt.NDArray[np.float64], classes: int) -> npt.NDArray[np.float64]:
    most = float(known.max()) if len(known) else 0.0
    if most <= 0:
        return np.array([0.0, 1.0])
    raw = most / classes
    power = 10.0 ** np.floor(np.log10(raw))
    step = float(power * _STEPS[np.searchsorted(_STEPS, raw / power * (1 - 1e-9))])
    return np.asarray(np.arange(int(np.ceil(most / step - 1e-9)) + 1) * step, dtype=np.float64)


def _given(known: npt.NDArray[np.float64], breaks: Sequence[float]) -> npt.NDArray[np.float64]:
    edges = np.asarray(breaks, dtype=np.float64)
    if len(edges) < 2 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise ParameterError("Breaks must be two or more rising numbers", "分级断点应为两个以上递增的数")
    if len(known) and (known.min() < edges[0] or known.max() > edges[-1]):
        raise ParameterError(
            f"Breaks from {edges[0]:g} to {edges[-1]:g} leave out values from {known.min():g} to {known.max():g}",
            f"断点 {edges[0]:g} 至 {edges[-1]:g} 未覆盖取值 {known.min():g} 至 {known.max():g}",
        )
    return edges


def _labels(edges: npt.NDArray[np.float64], *, whole: bool) -> tuple[str, ...]:
    texts = []
    for i in range(len(edges) - 1):
        low, high = edges[i], edges[i + 1]
        if whole:
            top = int(high) if i == len(edges) - 2 else int(high) - 1
            texts.append(f"{int(low)}" if top == int(low) else f"{int(low)}–{top}")
        else:
            texts.append(f"{low:.4g}–{high:.4g}")
    return tuple(texts)
