"""The heat map of calls: density tiles with an honest unit, and the legend that goes with them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from geo.errors import ParameterError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import EVERYTHING, CubeFilter
from geo.hotspots.cube.layout import CELL_LEVEL, cell_columns_rows
from geo.tiles.heat_kernel import BIN_LEVELS, SIGMA_PX, Spread, smoothed
from geo.tiles.heat_scale import HeatLegend, legend_entries, steps
from geo.tiles.heat_top import top_density
from geo.tiles.mercator import HALF_M, TILE_PX, cell_km2, check_tile, row_latitude
from geo.tiles.palette import Theme, heat_colors

FINEST_LEVEL: Final = 24
_FINEST_SIGMA_M: Final = 45.0  # closer in, the map grows but claims no more detail
_SCALES_KEPT: Final = 1024
_EXTENT_CELLS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extent:
    """Cells of level 20 around all calls with a place: first and last column and row, and the middle row."""

    left: int
    right: int
    top: int
    bottom: int
    middle: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatMap:
    """Density tiles drawn from a cube of calls; safe to use from many threads.

    The density is a Gaussian kernel of 7 screen pixels, in calls per km² per week; from the zoom where that is about
    50 m on the ground it is kept in metres.
    """

    cube: Cube
    extent: Extent
    _tops: dict[tuple[int, CubeFilter], float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, cube: Cube) -> Self:
        """Draw from a cube."""
        return cls(cube=cube, extent=extent_of(cube))

    def finest_zoom(self) -> int:
        """Return the last zoom that has a finer kernel than the one before it."""
        return int(np.clip(np.floor(np.log2(SIGMA_PX * self._pixel_m(0) / _FINEST_SIGMA_M)), 0, FINEST_LEVEL - 8))

    def sigma_m(self, z: int) -> float:
        """Return the kernel's standard deviation in metres at the middle of the data."""
        return SIGMA_PX * self._pixel_m(min(z, self.finest_zoom()))

    def density(self, z: int, x: int, y: int, *, which: CubeFilter = EVERYTHING) -> npt.NDArray[np.float32] | None:
        """Return calls per km² per week in a tile, float32[256, 256] row 0 in the north; None where no call is near."""
        check_tile(z, x, y)
        weeks = self.cube.weeks(which)
        drawn = min(z, self.finest_zoom())
        across, down = Spread.of(x, zoomed=z - drawn), Spread.of(y, zoomed=z - drawn)
        window = (drawn + BIN_LEVELS, across.first, down.first, across.count, down.count)
        cells, inside = self.cube.scan(which).narrowed(*window).grid(*window)
        if inside == 0 or weeks <= 0:
            return None
        rows = (y * TILE_PX + np.arange(TILE_PX) + 0.5) / (1 << (z - drawn))
        return smoothed(down, cells, across) / (cell_km2(rows, drawn + 8) * weeks).astype(np.float32)[:, None]

    def top(self, z: int, *, which: CubeFilter = EVERYTHING) -> float:
        """Return the density at the end of the colour scale: one for the whole city, for a zoom and a filter.

        See ``heat_top`` for the rule.
        """
        key = (min(z, self.finest_zoom()), which)
        with self._lock:
            known = self._tops.get(key)
        if known is None:
            extent = self.extent
            known = top_density(self.cube, (extent.left, extent.right, extent.top, extent.bottom), *key)
            with self._lock:
                if len(self._tops) >= _SCALES_KEPT:
                    self._tops.clear()
                self._tops[key] = known
        return known

    def tile_png(self, z: int, x: int, y: int, *, which: CubeFilter = EVERYTHING, theme: Theme = "light") -> bytes:
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
        density = self.density(z, x, y, which=which)
        pixels = np.zeros((TILE_PX, TILE_PX), np.uint8) if density is None else steps(density, self.top(z, which=which))
        colors = heat_colors(theme)
        image = Image.fromarray(pixels)
        image.putpalette(colors[:, :3].tobytes())
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1, transparency=colors[:, 3].tobytes())
        return out.getvalue()

    def legend(self, z: int, *, which: CubeFilter = EVERYTHING, theme: Theme = "light") -> HeatLegend:
        """Return what the colours of the tiles of zoom ``z`` mean."""
        total = self.cube.total(which)
        return HeatLegend(
            entries=legend_entries(self.top(z, which=which), theme) if total.n else (),
            n=total.n,
            unplaced=total.unplaced,
            weeks=total.weeks,
            sigma_m=self.sigma_m(z),
        )

    def _pixel_m(self, z: int) -> float:
        """Return the ground size of a screen pixel at the middle of the data, metres."""
        latitude = row_latitude(np.array([self.extent.middle + 0.5]), CELL_LEVEL)[0]
        return float(2 * HALF_M / (1 << (z + 8)) * np.cos(np.radians(latitude)))


def extent_of(cube: Cube) -> Extent:
    """Return where the calls of a cube are; the whole world where there is none."""
    held = [s for s in cube.segments if s.places]
    if not held:
        last = (1 << CELL_LEVEL) - 1
        return Extent(left=0, right=last, top=0, bottom=last, middle=last / 2)
    # Where there are millions of cells their blocks of 300 m say enough.
    level = CELL_LEVEL if sum(len(s.cells) for s in held) <= _EXTENT_CELLS else CELL_LEVEL - 3
    found = [s.coarser(level) for s in held]
    columns, rows = cell_columns_rows(np.concatenate([cells for cells, _ in found]))
    calls = np.concatenate([np.diff(starts) for _, starts in found])
    order = np.argsort(rows, kind="stable")
    half = int(np.searchsorted(np.cumsum(calls[order]), calls.sum() / 2))
    up = CELL_LEVEL - level
    return Extent(
        left=int(columns.min()) << up, right=((int(columns.max()) + 1) << up) - 1,
        top=int(rows.min()) << up, bottom=((int(rows.max()) + 1) << up) - 1,
        middle=float(int(rows[order[min(half, len(order) - 1)]]) << up),
    )  # fmt: skip
