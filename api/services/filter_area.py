"""The part of the map that a filter of calls is about, as addresses spell it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import ParameterError

MOST_CORNERS: Final = 2000
"""An address holds no more; a hand-drawn line is simplified by the page."""
Area = shapely.Polygon | shapely.MultiPolygon


def parse_within(text: str) -> Area:
    """Read ``lon,lat;lon,lat;…`` (WGS84 degrees): a ring that closes itself; several are parted by ``|``.

    What a line that crosses itself goes around once is inside, what it goes around twice is not.

    Raises
    ------
    ParameterError
        If a corner is not on the globe, there are too many, or nothing lies inside.
    """
    rings = [_ring(part) for part in text.split("|") if part.strip()]
    if sum(len(ring) for ring in rings) > MOST_CORNERS:
        raise ParameterError(
            f"within: an outline has at most {MOST_CORNERS} corners", f"within：范围最多 {MOST_CORNERS} 个顶点"
        )
    drawn = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings]
    area = shapely.union_all([part for shape in drawn for part in shapely.get_parts(shape) if part.area > 0])
    if not isinstance(area, Area) or area.is_empty:
        raise ParameterError("within: nothing lies inside the outline", "within：范围内没有面积")
    return area


def is_within(area: Area, lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which places (float64[n, 2] degrees) lie inside or on the edge, kept to 1e-7 degree as in the cube."""
    shapely.prepare(area)
    return np.asarray(shapely.intersects_xy(area, np.rint(lonlat * 1e7) / 1e7), dtype=np.bool_)


def _ring(text: str) -> list[tuple[float, float]]:
    corners = []
    for part in text.split(";"):
        numbers = part.split(",")
        try:
            lon, lat = (float(number) for number in numbers)
        except ValueError:
            raise _bad_corner(part) from None
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise _bad_corner(part)
        corners.append((lon, lat))
    if len(corners) < 3:
        raise ParameterError(
            f"within: an outline has three corners or more, not {len(corners)}",
            f"within：范围至少需要三个顶点，而不是 {len(corners)} 个",
        )
    return corners


def _bad_corner(part: str) -> ParameterError:
    return ParameterError(
        f"within: {part[:40]!r} is not a place; write lon,lat in degrees, corners parted by ';'",
        f"within：{part[:40]!r} 不是坐标，应写作 经度,纬度，顶点之间用“;”分隔",
    )
