"""The frame of a file that states none, found by how its places lie on the streets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from api.services.workspace import Workspace
from geo.frames import detect_frame, inside_china
from geo.store.exchange import read_layer
from geo.store.limits import ReadLimits

AUTO: Final = "auto"
MOST_PLACES: Final = 20_000
_FAR_M: Final = 60.0
"""Streets further away than this are not looked for: what counts is whether one is within 15 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """A frame, and how sure that is, in English and Chinese."""

    frame: str
    en: str
    zh: str


def detected_frame(
    workspace: Workspace, path: Path, *, layer: str | None, encoding: str | None, limits: ReadLimits
) -> Detected:
    """Return the frame in which the corners of areas, or the points, of a file lie on the streets.

    Raises
    ------
    FrameError
        With the shares of each frame, when none leads clearly or there are too few places.
    """
    graph = workspace.graph()
    west, south, east, north = graph.bounds
    corners = np.array([[west, south], [east, south], [west, north], [east, north]])
    if not inside_china(corners).any():
        return Detected(
            frame="WGS84",
            en="The streets lie outside China, where no map is shifted: the coordinates are taken as WGS84",
            zh="路网位于中国境外，坐标无偏移，按 WGS84 读取",
        )
    given = read_layer(path, frame="WGS84", layer=layer, encoding=encoding, limits=limits)
    snapper = workspace.snapper("foot")

    def metres(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return snapper.snap(lonlat, max_m=_FAR_M).offset_m.astype(np.float64)

    verdict = detect_frame(_places(given), metres)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in verdict.shares.items())
    return Detected(
        frame=verdict.frame,
        en=f"Frame found by the streets: {verdict.frame} ({verdict.points:,} places; within 15 m of a street: {shares}; "
        f"lead of {verdict.score:.1f} standard errors)",
        zh=f"按路网判断坐标系为 {verdict.frame}（{verdict.points:,} 个点；距道路 15 米内：{shares}；"
        f"领先 {verdict.score:.1f} 个标准误）",
    )


def _places(layer: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return vertices of a layer, evenly thinned to what is needed."""
    shapes = np.asarray(layer.geometry.array, dtype=object)
    xy = shapely.get_coordinates(shapes[~shapely.is_missing(shapes)])
    xy = np.unique(xy, axis=0)
    step = max(1, -(-len(xy) // MOST_PLACES))
    return xy[::step]
