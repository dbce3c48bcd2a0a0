"""From density to colour and back: the scale of a heat map, and the legend that tells the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.tiles.palette import Theme, heat_colors

UNIT_ZH: Final = "起/平方公里·周"
UNIT_EN: Final = "calls per km² per week"
_SHARES: Final = (0.02, 0.1, 0.25, 0.5, 1.0)
_NICE: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatLegend:
    """What the colours of a heat map mean.

    Attributes
    ----------
    entries : pairs of density (calls per km² per week) and (red, green, blue, alpha); the last stands for "and more"
    n, unplaced : calls on the map, and calls without a place that are not
    weeks : length of the period
    sigma_m : standard deviation of the smoothing on the ground, metres
    """

    entries: tuple[tuple[float, tuple[int, int, int, int]], ...]
    n: int
    unplaced: int
    weeks: float
    sigma_m: float
    unit_zh: str = UNIT_ZH
    unit_en: str = UNIT_EN


def round_up(value: float) -> float:
    """Return the next number of the kind 1, 1.5, 2, 3, 5, 7 times a power of ten; 0 stays 0."""
    if value <= 0:
        return 0.0
    power = float(10.0 ** np.floor(np.log10(value)))
    return next(power * nice for nice in _NICE if value <= power * nice * (1 + 1e-9))


def steps(density: npt.NDArray[np.float32], top: float) -> npt.NDArray[np.uint8]:
    """Return colour steps 0 to 255: the square root of density over ``top``, so that middling places show."""
    if top <= 0:
        return np.zeros(density.shape, dtype=np.uint8)
    root = np.sqrt(np.clip(density * np.float32(1.0 / top), 0, 1))
    return np.asarray(np.rint(root * 255), dtype=np.uint8)


def step_density(step: int, top: float) -> float:
    """Return the density in the middle of a colour step."""
    return top * (step / 255) ** 2


def legend_entries(top: float, theme: Theme) -> tuple[tuple[float, tuple[int, int, int, int]], ...]:
    """Return round densities up to ``top`` with their colours; none when there is nothing to show."""
    if top <= 0:
        return ()
    colors = heat_colors(theme)
    values = np.array(_SHARES) * top
    chosen = colors[steps(values.astype(np.float32), top)]
    return tuple(
        (round(float(v), 6), (int(c[0]), int(c[1]), int(c[2]), int(c[3]))) for v, c in zip(values, chosen, strict=True)
    )
