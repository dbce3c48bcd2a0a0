"""Coordinate frames of Chinese data: WGS84, CGCS2000, GCJ-02 and BD-09, with exact inverses.

GCJ-02 is the frame of public Chinese web maps, shifted by 300 to 800 m; Baidu adds a second shift, BD-09.
CGCS2000 and WGS84 agree within centimetres and count as one. Nothing is stored in a shifted frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from geo.errors import FrameError
from geo.outline import COARSE_M, inside_china, metres_from_outline

Frame = Literal["WGS84", "CGCS2000", "GCJ02", "BD09"]
FRAMES: Final[tuple[Frame, ...]] = get_args(Frame)
"""Every frame, the legal ones first."""

SHIFTED: Final[frozenset[Frame]] = frozenset({"GCJ02", "BD09"})
"""Frames that no coordinate system code describes."""

GREATEST_SHIFT_M: Final = 2_000.0
"""More than any shift between two of the frames inside the outline."""

_A: Final = 6378245.0
_EE: Final = 0.00669342162296594323
_BAIDU: Final = np.pi * 3000.0 / 180.0
_STEPS: Final = 30

Lonlat = npt.NDArray[np.float64]

__all__ = [
    "FRAMES",
    "GREATEST_SHIFT_M",
    "SHIFTED",
    "Converted",
    "Frame",
    "FrameVerdict",
    "detect_frame",
    "from_wgs84",
    "inside_china",
    "parse_frame",
    "to_wgs84",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Converted:
    """Converted float64[n, 2] lon, lat degrees.

    ``ambiguous`` bool[n] marks points so near the coarse outline of China that it is not certain whether their frame
    is shifted there; their coordinates should be compared with the streets. It is all false between legal frames.
    """

    lonlat: Lonlat
    ambiguous: npt.NDArray[np.bool_]


def parse_frame(text: str) -> Frame:
    """Return the frame that ``text`` names, in any case and with or without hyphens; else raise ``FrameError``."""
    plain = text.strip().upper().replace("-", "").replace("_", "").replace(" ", "")
    plain = {"EPSG:4326": "WGS84", "EPSG:4490": "CGCS2000", "GCJ2": "GCJ02", "BD9": "BD09", "CRS84": "WGS84"}.get(
        plain, plain
    )
    if plain not in FRAMES:
        known = ", ".join(FRAMES)
        raise FrameError(
            f"{text!r} is not a coordinate frame; use one of {known}", f"坐标系 {text!r} 无法识别，请用 {known} 之一"
        )
    return plain


def to_wgs84(lonlat: npt.ArrayLike, frame: Frame) -> Converted:
    """Convert [n, 2] lon, lat degrees in ``frame`` to WGS84, exact to rounding (fixed-point iteration).

    A point is unshifted only if its preimage lies inside the outline of China. Beside the outline a shifted
    coordinate may have two preimages: the one inside is taken and the point is marked ambiguous.
    """
    given = _pairs(lonlat)
    if frame not in SHIFTED:
        return Converted(lonlat=given.copy(), ambiguous=np.zeros(len(given), dtype=np.bool_))
    gcj = _solve(given, _bd_of_gcj) if frame == "BD09" else given
    plain = _solve(gcj, _gcj_of_wgs)
    inside = inside_china(plain)
    return Converted(lonlat=np.where(inside[:, None], plain, given), ambiguous=_ambiguous(given))


def from_wgs84(lonlat: npt.ArrayLike, frame: Frame) -> Converted:
    """Convert [n, 2] lon, lat degrees in WGS84 to ``frame``; points outside the outline of China stay as they are."""
    given = _pairs(lonlat)
    if frame not in SHIFTED:
        return Converted(lonlat=given.copy(), ambiguous=np.zeros(len(given), dtype=np.bool_))
    shifted = _gcj_of_wgs(given)
    if frame == "BD09":
        shifted = _bd_of_gcj(shifted)
    return Converted(lonlat=np.where(inside_china(given)[:, None], shifted, given), ambiguous=_ambiguous(given))


def _pairs(lonlat: npt.ArrayLike) -> Lonlat:
    pairs = np.asarray(lonlat, dtype=np.float64)
    return pairs.reshape(0, 2) if pairs.size == 0 else pairs.reshape(-1, 2)


def _ambiguous(lonlat: Lonlat) -> npt.NDArray[np.bool_]:
    return np.asarray(metres_from_outline(lonlat) < COARSE_M + GREATEST_SHIFT_M, dtype=np.bool_)


def _solve(target: Lonlat, forward: Callable[[Lonlat], Lonlat]) -> Lonlat:
    # forward(p) - p changes by less than 3 % of a change of p, so the iteration gains a decimal and a half a step.
    guess = target.copy()
    for _ in range(_STEPS):
        step = target - forward(guess)
        guess += step
        if not np.any(np.abs(step) > 1e-13):
            break
    return guess


def _gcj_of_wgs(lonlat: Lonlat) -> Lonlat:
    """Apply the public shift (Krasovsky ellipsoid, waves in both directions) everywhere."""
    x, y = lonlat[:, 0] - 105.0, lonlat[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (common + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (common + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = np.radians(lonlat[:, 1])
    magic = 1.0 - _EE * np.sin(latitude) ** 2
    d_lat = north * 180.0 / (_A * (1.0 - _EE) / (magic * np.sqrt(magic)) * np.pi)
    d_lon = east * 180.0 / (_A / np.sqrt(magic) * np.cos(latitude) * np.pi)
    return np.column_stack([lonlat[:, 0] + d_lon, lonlat[:, 1] + d_lat])


def _bd_of_gcj(lonlat: Lonlat) -> Lonlat:
    x, y = lonlat[:, 0], lonlat[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


NEAR_STREET_M: Final = 15.0
"""A point this near to a street speaks for the frame in which it was read."""

_LEAST_POINTS: Final = 30
_LEAST_LEAD: Final = 0.1
_LEAST_SCORE: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameVerdict:
    """The frame in which points fit the streets best.

    ``shares`` holds, for WGS84, GCJ02 and BD09, the share of the points within 15 m of a street when they are read in
    that frame; ``score`` is the lead of the best over the second in standard errors.
    """

    frame: Frame
    shares: Mapping[Frame, float]
    score: float
    points: int


def detect_frame(lonlat: npt.ArrayLike, streets_distance: Callable[[Lonlat], npt.NDArray[np.float64]]) -> FrameVerdict:
    """Find the frame of unlabelled [n, 2] points by their distance to the streets under each hypothesis.

    Parameters
    ----------
    streets_distance
        Takes float64[n, 2] lon, lat in WGS84 and returns float64[n] metres to the nearest street.

    Raises
    ------
    FrameError
        With fewer than 30 points, or when no frame leads clearly (by 10 points of share and four standard errors).
    """
    given = _pairs(lonlat)
    given = given[np.isfinite(given).all(axis=1)]
    if len(given) < _LEAST_POINTS:
        raise FrameError(
            f"{len(given)} points are too few to tell the coordinate frame (at least {_LEAST_POINTS}); state it",
            f"只有 {len(given)} 个点，不足以判断坐标系（至少 {_LEAST_POINTS} 个），请指明坐标系",
        )
    shares: dict[Frame, float] = {}
    for frame in ("WGS84", "GCJ02", "BD09"):
        metres = streets_distance(to_wgs84(given, frame).lonlat)
        shares[frame] = float(np.mean(np.asarray(metres) <= NEAR_STREET_M))
    second, best = sorted(shares, key=lambda f: shares[f])[-2:]
    lead = shares[best] - shares[second]
    spread = sum(max(shares[f] * (1 - shares[f]), 1 / len(given)) for f in (best, second)) / len(given)
    score = lead / float(np.sqrt(spread))
    if lead < _LEAST_LEAD or score < _LEAST_SCORE:
        said = ", ".join(f"{frame} {share:.0%}" for frame, share in shares.items())
        raise FrameError(
            f"The points do not tell their coordinate frame (within {NEAR_STREET_M:g} m of a street: {said}); state it",
            f"无法由道路判断坐标系（距道路 {NEAR_STREET_M:g} 米以内的比例：{said}），请指明坐标系",
        )
    return FrameVerdict(frame=best, shares=shares, score=score, points=len(given))
