"""Metric coordinate systems for work in metres, and the way back to degrees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import CRS, Transformer

from geo.errors import CoordinateError, FrameError

LONLAT = "EPSG:4326"


def pick_metric_crs(bounds: Sequence[float] | npt.NDArray[np.float64]) -> str:
    """Return the UTM zone (``"EPSG:326xx"`` or ``"EPSG:327xx"``) of the centre of west, south, east, north degrees."""
    west, south, east, north = (float(v) for v in bounds)
    if not np.isfinite([west, south, east, north]).all():
        raise CoordinateError(
            "The layer has no finite extent, so no metric zone can be chosen", "图层范围无效，无法选定投影带"
        )
    lon, lat = (west + east) / 2, (south + north) / 2
    zone = min(max(int((lon + 180) // 6) + 1, 1), 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def require_metric(crs: object) -> CRS:
    """Return ``crs`` if its unit is the metre, else raise ``FrameError``."""
    parsed = CRS.from_user_input(crs)
    if not parsed.is_projected or any(axis.unit_name != "metre" for axis in parsed.axis_info):
        raise FrameError(
            f"{parsed.name} is not in metres; reproject the layer first",
            f"坐标系 {parsed.name} 的单位不是米，请先投影",
        )
    return parsed


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def to_metric(lonlat: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    """Project float64[n, 2] lon, lat degrees to float64[n, 2] x, y metres."""
    x, y = _transformer(LONLAT, crs).transform(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([x, y])


def to_lonlat(xy: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    """Unproject float64[n, 2] x, y metres to float64[n, 2] lon, lat degrees."""
    lon, lat = _transformer(crs, LONLAT).transform(xy[:, 0], xy[:, 1])
    return np.column_stack([lon, lat])
