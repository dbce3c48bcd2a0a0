"""The heat map in motion: a small cube of densities that the page paints by itself, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from geo.errors import ParameterError
from geo.hotspots.when import MINUTES_PER_DAY, MINUTES_PER_WEEK
from geo.tiles.heat import TOP_PERCENTILE, HeatIndex
from geo.tiles.heat_calls import LEVEL, clock_labels
from geo.tiles.heat_filter import EVERYTHING, HeatFilter
from geo.tiles.heat_kernels import add_to_cube
from geo.tiles.heat_scale import UNIT_EN, UNIT_ZH, legend_entries, round_up, steps
from geo.tiles.mercator import HALF_M, cell_km2, column_longitude, row_latitude, to_cells
from geo.tiles.palette import Theme

FrameBy = Literal["hour_of_day", "hour_of_week", "day", "week"]
MAX_BYTES: Final = 1_400_000
_SIGMA_CELLS: Final = 1.6
_MARGIN_CELLS: Final = 6
_SMALLEST_CELL: Final = 8.0  # in units of the index, about 20 m
_WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatFrames:
    """Densities in time, to be laid over a Web Mercator map between ``bounds``.

    Attributes
    ----------
    cube : uint8[frames, height, width], rows from the north; density is ``top * (value / 255) ** 2``
    top : calls per km² per week at 255
    labels : one text a frame
    n : int64[frames], calls inside the bounds; outside : int, calls with a place beyond them; unplaced : int
    weeks : float64[frames], time that each frame stands for
    bounds : west, south, east, north in degrees
    sigma_m : standard deviation of the smoothing, metres
    """

    cube: npt.NDArray[np.uint8]
    top: float
    labels: tuple[str, ...]
    n: npt.NDArray[np.int64]
    outside: int
    unplaced: int
    weeks: npt.NDArray[np.float64]
    bounds: tuple[float, float, float, float]
    sigma_m: float
    unit_zh: str = UNIT_ZH
    unit_en: str = UNIT_EN

    def legend(self, theme: Theme) -> tuple[tuple[float, tuple[int, int, int, int]], ...]:
        """Return densities with their colours (red, green, blue, alpha)."""
        return legend_entries(self.top, theme)


def frames(
    index: HeatIndex,
    *,
    by: FrameBy = "hour_of_day",
    filter: HeatFilter = EVERYTHING,  # noqa: A002
    bounds: tuple[float, float, float, float] | None = None,
    max_bytes: int = MAX_BYTES,
) -> HeatFrames:
    """Return the density of each hour of day or of week, or of each day or week of the filter's period.

    A frame's density is that of a week in which only its hours count (hours), or of its own days alone (day, week).
    The picture is as fine as ``max_bytes`` allow. ``bounds`` (west, south, east, north) cut out a part.

    Raises
    ------
    ParameterError
        If ``by`` is unknown, ``bounds`` are empty, or there are too many frames for ``max_bytes``.
    """
    bins, labels, weeks = _bins(index, by, filter)
    k = len(labels)
    if k * 16 * 16 > max_bytes:
        raise ParameterError(
            f"{k} frames do not fit in {max_bytes} bytes; choose a shorter period or longer steps",
            f"{k} 帧放不进 {max_bytes} 字节，请缩短时段或加大步长",
        )
    left, top, cell, width, height = _window(index, bounds, max_cells=max_bytes // max(k, 1))
    cube = np.zeros((k, height, width), np.float32)
    n = np.zeros(k, np.int64)
    add_to_cube(index.columns, index.rows, bins[: index.placed], left, top, cell, cell, cube, n)
    rows = top + (np.arange(height) + 0.5) * cell
    area = cell_km2(rows, LEVEL) * cell**2
    held = cube > 0
    for frame in range(k):
        gaussian_filter(cube[frame], _SIGMA_CELLS, truncate=3.0, mode="constant", output=cube[frame])
        cube[frame] /= (area * max(weeks[frame], 1e-9)).astype(np.float32)[:, None]
    scale = round_up(float(np.percentile(cube[held], TOP_PERCENTILE))) if held.any() else 0.0
    edges = column_longitude(np.array([left, left + width * cell]), LEVEL)
    ends = row_latitude(np.array([top + height * cell, top]), LEVEL)
    metres = 2 * HALF_M / (1 << LEVEL) * cell * float(np.cos(np.radians(ends.mean())))
    total = int((bins[: index.placed] >= 0).sum())
    return HeatFrames(
        cube=steps(cube, scale), top=scale, labels=labels, n=n, outside=total - int(n.sum()),
        unplaced=int((bins[index.placed :] >= 0).sum()), weeks=weeks,
        bounds=(float(edges[0]), float(ends[0]), float(edges[1]), float(ends[1])), sigma_m=_SIGMA_CELLS * metres,
    )  # fmt: skip


def _bins(
    index: HeatIndex, by: FrameBy, which: HeatFilter
) -> tuple[npt.NDArray[np.int32], tuple[str, ...], npt.NDArray[np.float64]]:
    """Return the frame of each call (-1 for none), the frames' labels and the weeks that each stands for."""
    first, last = index.span(which)
    labels: tuple[str, ...]
    if by == "hour_of_day":
        bins, labels = index.hours.astype(np.int32) % 24, tuple(f"{h:02d}:00" for h in range(24))
        weeks = np.full(24, (last - first) / MINUTES_PER_WEEK)
    elif by == "hour_of_week":
        bins, labels = index.hours.astype(np.int32), tuple(f"{d} {h:02d}:00" for d in _WEEKDAYS for h in range(24))
        weeks = np.full(168, (last - first) / MINUTES_PER_WEEK)
    elif by in ("day", "week"):
        step = MINUTES_PER_DAY if by == "day" else MINUTES_PER_WEEK
        begin = first // MINUTES_PER_DAY * MINUTES_PER_DAY
        k = -(-(last - begin) // step) if last > first else 0
        starts = begin + np.arange(k, dtype=np.int64) * step
        bins = ((index.minutes.astype(np.int64) - begin) // step).astype(np.int32)
        labels = clock_labels(starts, days=True)
        weeks = (np.minimum(starts + step, last) - np.maximum(starts, first)) / MINUTES_PER_WEEK
    else:
        raise ParameterError(
            f"There are no frames by {by}; use hour_of_day, hour_of_week, day or week",
            f"不支持按 {by} 分帧，可用 hour_of_day、hour_of_week、day、week",
        )
    return np.where(index.mask(which), bins, -1).astype(np.int32), labels, weeks


def _window(
    index: HeatIndex, bounds: tuple[float, float, float, float] | None, *, max_cells: int
) -> tuple[float, float, float, int, int]:
    """Return left, top and size of cells (in units of the index), and how many columns and rows there are."""
    margin = 0
    if bounds is not None:
        west, south, east, north = bounds
        if not (west < east and south < north):
            raise ParameterError(
                "The bounds are empty; give west, south, east, north", "范围为空，应依次为西、南、东、北"
            )
        columns, rows = to_cells(np.array([[west, north], [east, south]]), LEVEL)
    elif index.placed:
        columns = np.array([index.columns.min(), index.columns.max() + 1])
        rows = np.array([index.rows.min(), index.rows.max() + 1])
        margin = _MARGIN_CELLS
    else:
        columns = rows = np.array([0, 1 << LEVEL])
    wide, tall = float(columns[1] - columns[0]), float(rows[1] - rows[0])
    cell = max(_SMALLEST_CELL, float(np.sqrt(wide * tall / max_cells)))
    while (np.ceil(wide / cell) + 2 * margin) * (np.ceil(tall / cell) + 2 * margin) > max_cells:
        cell *= 1.01
    width, height = int(np.ceil(wide / cell)) + 2 * margin, int(np.ceil(tall / cell)) + 2 * margin
    return float(columns[0]) - margin * cell, float(rows[0]) - margin * cell, cell, width, height
