"""The heat map of calls: density tiles with an honest unit, and the legend that goes with them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from geo.errors import ParameterError
from geo.tiles.heat_calls import LEVEL, CallIndex, morton_code
from geo.tiles.heat_filter import EVERYTHING, HeatFilter
from geo.tiles.heat_kernels import add_to_cells
from geo.tiles.heat_scale import HeatLegend, legend_entries, round_up, steps
from geo.tiles.mercator import HALF_M, TILE_PX, cell_km2, check_tile, row_latitude
from geo.tiles.palette import Theme, heat_colors

__all__ = ["EVERYTHING", "HeatFilter", "HeatIndex"]

SIGMA_PX: Final = 7.0
PAD_PX: Final = 24
TOP_PERCENTILE: Final = 99.5
_TRUNCATE: Final = 3.0
_FINEST_SIGMA_M: Final = 45.0  # closer in, the map grows but claims no more detail
_SCALE_CELLS: Final = 1_500_000
_SCALES_KEPT: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatIndex(CallIndex):
    """An index of calls that draws density tiles; safe to use from many threads.

    The density is a Gaussian kernel of 7 screen pixels, in calls per km² per week; from the zoom where that is about
    50 m on the ground it is kept in metres.
    """

    _tops: dict[tuple[int, HeatFilter], float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def finest_zoom(self) -> int:
        """Return the last zoom that has a finer kernel than the one before it."""
        return int(np.clip(np.floor(np.log2(SIGMA_PX * self._pixel_m(0) / _FINEST_SIGMA_M)), 0, LEVEL - 8))

    def sigma_m(self, z: int) -> float:
        """Return the kernel's standard deviation in metres at the middle of the data."""
        return SIGMA_PX * self._pixel_m(min(z, self.finest_zoom()))

    def density(self, z: int, x: int, y: int, *, filter: HeatFilter = EVERYTHING) -> npt.NDArray[np.float32] | None:  # noqa: A002
        """Return calls per km² per week in a tile, float32[256, 256] row 0 in the north; None where no call is near."""
        check_tile(z, x, y)
        weeks = self.weeks(filter)
        finest = self.finest_zoom()
        if z <= finest:
            smooth = self._smoothed(z, x * TILE_PX, y * TILE_PX, TILE_PX, TILE_PX, filter)
            if smooth is None or weeks <= 0:
                return None
            area = cell_km2(y * TILE_PX + np.arange(TILE_PX) + 0.5, z + 8)
            return smooth / (area * weeks).astype(np.float32)[:, None]
        columns, across, left = _between(x, z - finest)
        rows, down, top = _between(y, z - finest)
        height, width = int(rows[-1]) + 2, int(columns[-1]) + 2
        smooth = self._smoothed(finest, left, top, width, height, filter)
        if smooth is None or weeks <= 0:
            return None
        area = cell_km2(top + np.arange(height) + 0.5, finest + 8)
        coarse = smooth / (area * weeks).astype(np.float32)[:, None]
        tall = coarse[rows] + (coarse[rows + 1] - coarse[rows]) * down[:, None]
        return np.asarray(tall[:, columns] + (tall[:, columns + 1] - tall[:, columns]) * across, dtype=np.float32)

    def top(self, z: int, *, filter: HeatFilter = EVERYTHING) -> float:  # noqa: A002
        """Return the density at the end of the colour scale: one for the whole city, for a zoom and a filter.

        It is the 99.5th percentile over cells that hold a call, of a kernel as wide as that of the tiles, rounded up.
        """
        key = (min(z, self.finest_zoom()), filter)
        with self._lock:
            known = self._tops.get(key)
        if known is None:
            known = self._find_top(*key)
            with self._lock:
                if len(self._tops) >= _SCALES_KEPT:
                    self._tops.clear()
                self._tops[key] = known
        return known

    def tile_png(self, z: int, x: int, y: int, *, filter: HeatFilter = EVERYTHING, theme: Theme = "light") -> bytes:  # noqa: A002
        """Return a tile of 256 pixels as a PNG with a palette; without calls it is wholly transparent.

        Raises
        ------
        ParameterError
            If there is no such tile or theme.
        """
        if theme not in ("light", "dark"):
            raise ParameterError(
                f"There is no theme {theme}; use light or dark", f"没有主题 {theme}，可用 light 或 dark"
            )
        density = self.density(z, x, y, filter=filter)
        pixels = (
            np.zeros((TILE_PX, TILE_PX), np.uint8) if density is None else steps(density, self.top(z, filter=filter))
        )
        colors = heat_colors(theme)
        image = Image.fromarray(pixels)
        image.putpalette(colors[:, :3].tobytes())
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1, transparency=colors[:, 3].tobytes())
        return out.getvalue()

    def legend(self, z: int, *, filter: HeatFilter = EVERYTHING, theme: Theme = "light") -> HeatLegend:  # noqa: A002
        """Return what the colours of the tiles of zoom ``z`` mean."""
        passed = self.mask(filter)
        n = int(passed[: self.placed].sum())
        return HeatLegend(
            entries=legend_entries(self.top(z, filter=filter), theme) if n else (),
            n=n,
            unplaced=int(passed.sum()) - n,
            weeks=self.weeks(filter),
            sigma_m=self.sigma_m(z),
        )

    def _pixel_m(self, z: int) -> float:
        """Return the ground size of a screen pixel at the middle of the data, metres."""
        middle = float(np.median(self.rows)) if self.placed else float(1 << (LEVEL - 1))
        latitude = row_latitude(np.array([middle + 0.5]), LEVEL)[0]
        return float(2 * HALF_M / (1 << (z + 8)) * np.cos(np.radians(latitude)))

    def _slice(self, z: int, x: int, y: int) -> slice:
        """Return the calls of one tile: they lie together in Morton order."""
        shift = np.uint64(2 * (LEVEL - z))
        code = morton_code(np.array([x], np.int32), np.array([y], np.int32))[0]
        a, b = np.searchsorted(self.morton, np.array([code << shift, (code + np.uint64(1)) << shift]))
        return slice(int(a), int(b))

    def _smoothed(
        self, z: int, left: int, top: int, width: int, height: int, which: HeatFilter
    ) -> npt.NDArray[np.float32] | None:
        """Return smoothed counts of a window of pixels of zoom ``z``; None where nothing is near."""
        cells = np.zeros((height + 2 * PAD_PX, width + 2 * PAD_PX), np.float32)
        x0, y0 = left - PAD_PX, top - PAD_PX
        terms = self._terms(which)
        side, inside = 1 << z, 0
        for ty in range(max(y0 >> 8, 0), min((y0 + cells.shape[0] - 1) >> 8, side - 1) + 1):
            for tx in range(max(x0 >> 8, 0), min((x0 + cells.shape[1] - 1) >> 8, side - 1) + 1):
                part = self._slice(z, tx, ty)
                if part.start < part.stop:
                    inside += self._count(part, terms, LEVEL - 8 - z, x0, y0, cells)
        if inside == 0:
            return None
        smooth = gaussian_filter(cells, SIGMA_PX, truncate=_TRUNCATE, mode="constant")
        return np.asarray(smooth[PAD_PX:-PAD_PX, PAD_PX:-PAD_PX], dtype=np.float32)

    def _count(
        self,
        part: slice,
        terms: tuple[int, int, npt.NDArray[np.bool_], npt.NDArray[np.bool_]],
        shift: int,
        left: int,
        top: int,
        cells: npt.NDArray[np.float32],
    ) -> int:
        return add_to_cells(
            self.columns[part], self.rows[part], self.minutes[part], self.hours[part], self.families[part],
            *terms, shift, left, top, cells,
        )  # fmt: skip

    def _find_top(self, z: int, which: HeatFilter) -> float:
        weeks = self.weeks(which)
        if not self.placed or weeks <= 0:
            return 0.0
        coarser = 2
        while True:
            shift = LEVEL - 8 - z + coarser
            low = np.array([self.columns.min() >> shift, self.rows.min() >> shift]) - 8
            high = np.array([self.columns.max() >> shift, self.rows.max() >> shift]) + 8
            width, height = (int(v) for v in high - low + 1)
            if width * height <= _SCALE_CELLS:
                break
            coarser += 1
        cells = np.zeros((height, width), np.float32)
        if not self._count(slice(0, self.placed), self._terms(which), shift, int(low[0]), int(low[1]), cells):
            return 0.0
        smooth = gaussian_filter(cells, SIGMA_PX / (1 << coarser), truncate=_TRUNCATE, mode="constant")
        held_rows, held_columns = np.nonzero(cells)
        area = cell_km2(low[1] + held_rows + 0.5, LEVEL - shift)
        return round_up(float(np.percentile(smooth[held_rows, held_columns] / (area * weeks), TOP_PERCENTILE)))


def _between(tile: int, zoomed: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32], int]:
    """Place a tile's pixels between those ``zoomed`` zooms out: the one before, the share of the next, the first."""
    at = (tile * TILE_PX + np.arange(TILE_PX) + 0.5) / (1 << zoomed) - 0.5
    before = np.floor(at).astype(np.intp)
    return before - before[0], (at - before).astype(np.float32), int(before[0])
