"""The heat map in motion: a small cube of densities that the page paints by itself, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from geo.errors import ParameterError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import EVERYTHING, CubeFilter
from geo.hotspots.cube.layout import CELL_LEVEL, EPOCH, hour_codes
from geo.hotspots.cube.profile import clock_labels
from geo.hotspots.when import MINUTES_PER_DAY, MINUTES_PER_WEEK
from geo.tiles.heat import HeatMap
from geo.tiles.heat_scale import UNIT_EN, UNIT_ZH, legend_entries, round_up, steps
from geo.tiles.mercator import HALF_M, cell_km2, column_longitude, row_latitude, to_cells
from geo.tiles.palette import Theme

FrameBy = Literal["hour_of_day", "hour_of_week", "day", "week"]
MAX_BYTES: Final = 1_400_000
TOP_PERCENTILE: Final = 99.5
_SIGMA_CELLS: Final = 1.6
_MARGIN_CELLS: Final = 6
_SMALLEST_CELL: Final = 0.5  # in cells of the cube, about 20 m
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
    heat: HeatMap,
    *,
    by: FrameBy = "hour_of_day",
    which: CubeFilter = EVERYTHING,
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
    cube = heat.cube
    labels, weeks, frame_of_hour = _bins(cube, by, which)
    k = len(labels)
    if k * 16 * 16 > max_bytes:
        raise ParameterError(
            f"{k} frames do not fit in {max_bytes} bytes; choose a shorter period or longer steps",
            f"{k} 帧放不进 {max_bytes} 字节，请缩短时段或加大步长",
        )
    left, top, cell, width, height = _window(heat, bounds, max_cells=max_bytes // max(k, 1))
    scan = cube.scan(which)
    sheet, n, total = scan.frames(
        frame_of_hour(_hours_of(scan.tables.base, len(scan.tables.hours))), k, left, top, cell, width, height
    )
    rows = top + (np.arange(height) + 0.5) * cell
    area = cell_km2(rows, CELL_LEVEL) * cell**2
    held = sheet > 0
    for frame in range(k):
        gaussian_filter(sheet[frame], _SIGMA_CELLS, truncate=3.0, mode="constant", output=sheet[frame])
        sheet[frame] /= (area * max(weeks[frame], 1e-9)).astype(np.float32)[:, None]
    scale = round_up(float(np.percentile(sheet[held], TOP_PERCENTILE))) if held.any() else 0.0
    edges = column_longitude(np.array([left, left + width * cell]), CELL_LEVEL)
    ends = row_latitude(np.array([top + height * cell, top]), CELL_LEVEL)
    metres = 2 * HALF_M / (1 << CELL_LEVEL) * cell * float(np.cos(np.radians(ends.mean())))
    return HeatFrames(
        cube=steps(sheet, scale), top=scale, labels=labels, n=n, outside=total - int(n.sum()),
        unplaced=cube.profile(which).unplaced, weeks=weeks,
        bounds=(float(edges[0]), float(ends[0]), float(edges[1]), float(ends[1])), sigma_m=_SIGMA_CELLS * metres,
    )  # fmt: skip


def _hours_of(base: int, length: int) -> npt.NDArray[np.int64]:
    """Return the hour since ``EPOCH`` of hour codes from ``base`` on; -1 where a code is of no hour."""
    hours = np.full(length, -1, np.int64)
    first = (base >> 8) * 168
    known = np.arange(first, first + (length // 256 + 1) * 168)
    at = hour_codes(known) - base
    inside = at < length
    hours[at[inside]] = known[inside]
    return hours


def _bins(
    cube: Cube, by: FrameBy, which: CubeFilter
) -> tuple[tuple[str, ...], npt.NDArray[np.float64], Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int32]]]:
    """Return the frames' labels, the weeks that each stands for, and what names the frame of an hour (-1 for none)."""
    first, last = cube.span(which)
    if by in ("hour_of_day", "hour_of_week"):
        k = 24 if by == "hour_of_day" else 168
        labels = tuple(f"{h:02d}:00" for h in range(24))
        if by == "hour_of_week":
            labels = tuple(f"{d} {h}" for d in _WEEKDAYS for h in labels)
        return labels, np.full(k, (last - first) / MINUTES_PER_WEEK), _turning(k)
    if by not in ("day", "week"):
        raise ParameterError(
            f"There are no frames by {by}; use hour_of_day, hour_of_week, day or week",
            f"不支持按 {by} 分帧，可用 hour_of_day、hour_of_week、day、week",
        )
    step = MINUTES_PER_DAY if by == "day" else MINUTES_PER_WEEK
    begin = first // MINUTES_PER_DAY * MINUTES_PER_DAY
    k = -(-(last - begin) // step) if last > first else 0
    starts = begin + np.arange(k, dtype=np.int64) * step
    weeks = (np.minimum(starts + step, last) - np.maximum(starts, first)) / MINUTES_PER_WEEK
    return clock_labels(starts, days=True), weeks, _running(begin, step, k)


def _turning(k: int) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int32]]:
    return lambda hours: np.where(hours < 0, -1, hours % k).astype(np.int32)


def _running(begin: int, step: int, k: int) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int32]]:
    def frame_of(hours: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        at = (hours * 60 + EPOCH - begin) // step
        return np.where((hours < 0) | (at < 0) | (at >= k), -1, at).astype(np.int32)

    return frame_of


def _window(
    heat: HeatMap, bounds: tuple[float, float, float, float] | None, *, max_cells: int
) -> tuple[float, float, float, int, int]:
    """Return left, top and size of pixels (in cells of the cube), and how many columns and rows there are."""
    margin = 0
    if bounds is not None:
        west, south, east, north = bounds
        if not (west < east and south < north):
            raise ParameterError(
                "The bounds are empty; give west, south, east, north", "范围为空，应依次为西、南、东、北"
            )
        columns, rows = (v / 16 for v in to_cells(np.array([[west, north], [east, south]]), CELL_LEVEL + 4))
    else:
        columns = np.array([heat.extent.left, heat.extent.right + 1])
        rows = np.array([heat.extent.top, heat.extent.bottom + 1])
        margin = _MARGIN_CELLS if heat.cube.placed else 0
    wide, tall = float(columns[1] - columns[0]), float(rows[1] - rows[0])
    cell = max(_SMALLEST_CELL, float(np.sqrt(wide * tall / max_cells)))
    while (np.ceil(wide / cell) + 2 * margin) * (np.ceil(tall / cell) + 2 * margin) > max_cells:
        cell *= 1.01
    width, height = int(np.ceil(wide / cell)) + 2 * margin, int(np.ceil(tall / cell)) + 2 * margin
    return float(columns[0]) - margin * cell, float(rows[0]) - margin * cell, cell, width, height
