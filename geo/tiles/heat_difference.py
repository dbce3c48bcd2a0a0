"""Two periods on one map: where there are more calls than before and where fewer, and where that could be chance."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from geo.hotspots.cube.filter import CubeFilter
from geo.tiles.heat import HeatMap
from geo.tiles.heat_scale import round_up
from geo.tiles.mercator import TILE_PX
from geo.tiles.palette import Theme

DIVERGING: Final[dict[Theme, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "light": (("#c6dcee", "#5a9bd0", "#1b5a9e", "#0a2f5c"), ("#fbd3c0", "#ec7f5c", "#b8241f", "#6b0714")),
    "dark": (("#1f3b57", "#3b7db8", "#7fbcf0", "#d6ecff"), ("#4f2320", "#c2523f", "#ff9a80", "#ffe1d4")),
}
"""Fewer and more, each from a slight to a strong difference; both read apart for colour-blind eyes."""

CHANCE_Z: Final = 1.96
_STEPS: Final = 63
_HIDDEN: Final = 0.12  # share of the scale's root below which nothing is drawn
_ALPHA: Final = (120.0, 225.0)
_FAINT: Final = 0.30


def top(drawn: HeatMap, z: int, *, after: CubeFilter, before: CubeFilter) -> float:
    """Return the difference at the end of the scale: half of the higher density of both periods, rounded up."""
    return round_up(max(drawn.top(z, which=after), drawn.top(z, which=before)) / 2)


def difference(
    drawn: HeatMap, z: int, x: int, y: int, *, after: CubeFilter, before: CubeFilter
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None:
    """Return the difference of densities (calls per km² per week) and its standard score, float32[256, 256] each.

    A Gaussian kernel of standard deviation s sees the calls of about ``4 pi s²``: that is the area over which the Poisson
    variance of each density is taken. None where neither period has a call nearby.
    """
    new, old = drawn.density(z, x, y, which=after), drawn.density(z, x, y, which=before)
    if new is None and old is None:
        return None
    empty = np.zeros((TILE_PX, TILE_PX), np.float32)
    new, old = empty if new is None else new, empty if old is None else old
    seen_km2 = 4 * np.pi * (drawn.sigma_m(z) / 1000) ** 2
    weeks_new, weeks_old = max(drawn.cube.weeks(after), 1e-9), max(drawn.cube.weeks(before), 1e-9)
    spread = np.sqrt(new / (seen_km2 * weeks_new) + old / (seen_km2 * weeks_old))
    gap = new - old
    score = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
    return gap, score


def difference_png(
    drawn: HeatMap, z: int, x: int, y: int, *, after: CubeFilter, before: CubeFilter, theme: Theme
) -> bytes:
    """Return a tile of the difference as a PNG with a palette; what could be chance is drawn faintly."""
    made = difference(drawn, z, x, y, after=after, before=before)
    pixels = np.zeros((TILE_PX, TILE_PX), np.uint8)
    end = top(drawn, z, after=after, before=before)
    if made is not None and end > 0:
        gap, score = made
        root = np.sqrt(np.clip(np.abs(gap) / np.float32(end), 0, 1))
        step = np.rint(root * _STEPS).astype(np.int16)
        number = np.where(gap > 0, _STEPS + step, step)
        number = np.where(np.abs(score) < CHANCE_Z, number + 2 * _STEPS, number)
        pixels = np.where(root >= _HIDDEN, number, 0).astype(np.uint8)
    table = colors(theme)
    image = Image.fromarray(pixels)
    image.putpalette(table[:, :3].tobytes())
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1, transparency=table[:, 3].tobytes())
    return out.getvalue()


def colors(theme: Theme) -> npt.NDArray[np.uint8]:
    """Return the palette: nothing, fewer, more, then both faintly; uint8[256, 4]."""
    table = np.zeros((256, 4))
    for half, stops in enumerate(DIVERGING[theme]):
        parts = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops], np.float64)
        at = np.linspace(0, len(stops) - 1, _STEPS)
        rgb = np.column_stack([np.interp(at, np.arange(len(stops)), parts[:, k]) for k in range(3)])
        alpha = np.linspace(*_ALPHA, _STEPS)
        for faint in (0, 1):
            rows = slice(1 + half * _STEPS + faint * 2 * _STEPS, 1 + (half + 1) * _STEPS + faint * 2 * _STEPS)
            table[rows, :3] = rgb
            table[rows, 3] = alpha * (_FAINT if faint else 1)
    return np.asarray(np.rint(table), np.uint8)


def legend(end: float, theme: Theme) -> list[tuple[float, str]]:
    """Return differences from the most fewer to the most more, with their colours."""
    if end <= 0:
        return []
    fewer, more = DIVERGING[theme]
    shares = [0.1, 0.4, 1.0]

    def of(stops: tuple[str, ...], share: float) -> str:
        return stops[min(len(stops) - 1, round(float(np.sqrt(share)) * (len(stops) - 1)))]

    return [
        *((-share * end, of(fewer, share)) for share in reversed(shares)),
        (0.0, "transparent"),
        *((share * end, of(more, share)) for share in shares),
    ]
