"""A coarse outline of where public Chinese maps shift coordinates; it is never drawn and says nothing about borders.

The vertices were written by hand from general knowledge. On land they stay a few kilometres to some tens of kilometres
outside the area, so that every border town lies inside; at sea they stay well off the coast. Hong Kong, Macau and
Taiwan are inside, as in the public algorithms, whose box covers them too.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

_MAIN: Final = (
    # the Yalu and the Tumen, upstream and down
    (124.1, 39.4), (124.7, 40.0), (125.3, 40.4), (126.1, 40.7), (126.6, 41.2), (127.2, 41.3), (128.4, 41.2),
    (128.6, 41.8), (129.2, 41.95), (129.8, 42.2), (130.1, 42.7), (130.4, 42.4), (130.8, 42.2),
    # the Ussuri to the Amur
    (131.2, 42.7), (131.5, 43.4), (131.5, 44.0), (131.3, 44.7), (132.0, 45.1), (133.1, 44.9), (133.5, 45.4),
    (134.1, 46.2), (134.4, 46.9), (135.0, 47.6), (134.85, 48.1), (134.93, 48.5), (134.3, 48.6), (133.3, 48.3),
    (132.5, 47.9), (131.2, 47.9), (131.1, 48.5), (130.8, 49.0), (129.5, 49.6), (128.2, 49.8), (127.8, 50.3),
    (127.5, 50.9), (127.1, 51.4), (126.8, 52.0), (126.4, 52.6), (125.8, 53.2), (124.5, 53.4), (123.4, 53.75),
    (122.2, 53.65), (120.8, 53.45), (119.8, 52.8), (120.3, 52.2), (119.6, 51.4), (118.9, 50.4), (117.9, 49.75),
    # the Mongolian side
    (116.7, 50.05), (115.25, 48.2), (115.6, 47.5), (117.3, 47.5), (118.5, 47.75), (119.5, 46.9), (118.3, 46.9),
    (117.3, 46.75), (116.4, 46.45), (115.95, 45.85), (114.4, 45.6), (113.6, 44.95), (112.0, 45.3), (111.1, 44.5),
    (111.6, 43.8), (110.3, 42.95), (109.2, 42.65), (107.4, 42.65), (105.0, 41.8), (103.3, 42.1), (102.1, 42.4),
    (101.7, 42.8), (100.3, 42.85), (97.2, 42.97), (96.5, 42.95), (96.1, 43.4), (95.6, 44.3), (94.7, 44.6),
    (93.5, 45.2), (91.6, 45.3), (91.0, 45.4), (91.2, 46.6), (91.1, 47.1), (90.5, 47.8), (89.1, 48.2), (88.2, 48.8),
    (87.9, 49.35),
    # Altai, Tarbagatai, Ili
    (87.2, 49.3), (85.6, 48.6), (85.4, 47.3), (83.0, 47.45), (82.0, 45.6), (82.1, 45.5), (79.7, 45.1), (80.0, 44.2),
    (80.5, 43.3), (79.9, 42.7), (79.9, 42.2),
    # Tian Shan and Pamir
    (78.9, 41.9), (78.1, 41.6), (76.8, 41.2), (76.2, 40.6), (75.5, 40.8), (74.7, 40.6), (73.6, 39.95), (73.4, 39.5),
    (73.6, 38.5), (74.6, 38.2), (74.75, 37.45), (74.2, 37.15),
    # Karakoram and Himalaya
    (75.0, 36.8), (75.8, 36.4), (75.8, 35.9), (76.5, 35.7), (77.8, 35.3), (77.9, 34.7), (78.6, 34.2), (78.5, 33.4),
    (78.6, 32.7), (78.2, 32.5), (78.5, 31.3), (79.5, 30.7), (81.0, 30.0), (82.2, 29.9), (83.5, 29.0), (84.2, 28.6),
    (85.1, 28.1), (85.8, 27.8), (87.0, 27.65), (88.1, 27.7), (88.6, 27.6), (88.85, 27.1), (89.1, 27.2), (89.5, 27.9),
    (90.5, 27.9), (91.45, 27.7), (91.9, 27.2), (92.0, 26.75), (93.5, 26.7), (94.5, 27.3), (95.6, 27.7), (97.0, 27.5),
    # Yunnan and Guangxi
    (98.2, 27.4), (98.4, 26.0), (97.6, 25.2), (97.3, 24.7), (97.3, 23.8), (98.5, 23.8), (98.7, 23.2), (99.2, 22.9),
    (98.9, 22.1), (99.9, 21.5), (100.3, 21.3), (101.0, 21.5), (101.1, 21.0), (101.9, 20.95), (102.0, 22.2),
    (102.5, 22.5), (103.0, 22.3), (104.0, 22.3), (104.8, 22.6), (105.3, 23.1), (105.8, 22.8), (106.4, 22.7), (106.5, 21.9),
    (107.4, 21.4),
    # the sea, well off the coast
    (108.1, 21.2), (107.9, 20.0), (107.8, 18.8), (108.4, 17.8), (110.5, 17.6), (112.5, 19.2), (114.5, 20.6),
    (116.5, 20.1), (118.2, 21.5), (120.3, 21.2), (122.2, 21.4), (122.7, 24.2), (123.3, 25.3), (124.0, 25.6),
    (124.0, 26.3), (123.2, 27.5), (123.8, 30.7), (123.0, 33.0), (122.3, 35.2), (123.8, 36.8), (123.8, 38.5),
)  # fmt: skip
_XISHA: Final = ((110.9, 15.4), (113.2, 15.4), (115.3, 15.4), (115.3, 17.5), (113.0, 17.4), (110.9, 17.4))
_NANSHA: Final = ((112.0, 7.8), (114.0, 7.8), (116.5, 9.4), (116.5, 11.6), (114.0, 11.8), (112.0, 10.5))

CHINA: Final = shapely.MultiPolygon([shapely.Polygon(ring) for ring in (_MAIN, _XISHA, _NANSHA)])
"""The outline in lon, lat degrees, counted as WGS84."""

COARSE_M: Final = 40_000.0
"""How far the outline may lie outside the true line on land."""

_BAND_DEGREES: Final = 0.7
_EARTH_M: Final = 6_371_008.8

shapely.prepare(CHINA)
_BAND: Final = CHINA.boundary.buffer(_BAND_DEGREES)
shapely.prepare(_BAND)


def inside_china(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return bool[n]: whether float64[n, 2] lon, lat degrees (WGS84) lie inside the outline; NaN lies outside."""
    return np.asarray(shapely.contains_xy(CHINA, lonlat[:, 0], lonlat[:, 1]), dtype=np.bool_)


def metres_from_outline(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return float64[n] metres to the outline, exact to a per cent up to 45 km and infinite further away."""
    metres = np.full(len(lonlat), np.inf)
    near = np.flatnonzero(shapely.contains_xy(_BAND, lonlat[:, 0], lonlat[:, 1]))
    starts, ends = _segments()
    for part in np.array_split(near, max(1, len(near) // 5_000)):
        metres[part] = _to_segments(lonlat[part], starts, ends)
    return metres


def _segments() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rings = [np.asarray(polygon.exterior.coords, dtype=np.float64) for polygon in CHINA.geoms]
    return np.concatenate([r[:-1] for r in rings]), np.concatenate([r[1:] for r in rings])


def _to_segments(
    lonlat: npt.NDArray[np.float64], starts: npt.NDArray[np.float64], ends: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    # A plane tangent at each point: good enough over the width of the band.
    scale = np.stack([np.cos(np.radians(lonlat[:, 1])), np.ones(len(lonlat))], axis=1)[:, None, :]
    a = (starts[None] - lonlat[:, None]) * scale
    along = (ends - starts)[None] * scale
    share = np.clip(-(a * along).sum(axis=2) / (along**2).sum(axis=2), 0.0, 1.0)
    degrees = np.linalg.norm(a + share[..., None] * along, axis=2).min(axis=1)
    return np.asarray(np.radians(degrees) * _EARTH_M)
