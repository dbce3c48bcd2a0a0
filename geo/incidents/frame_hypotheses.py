"""The frame of coordinates that state none: every hypothesis is tried against the streets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import ProjError

from geo.errors import FrameError
from geo.frames import FRAMES, NEAR_STREET_M, Frame, inside_china, parse_frame, to_wgs84

Lonlat = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]
SWAPPED: Final = "swapped"
LEAST_POINTS: Final = 30
LEAST_LEAD: Final = 0.1
LEAST_SCORE: Final = 4.0
MOST_POINTS: Final = 20_000
_INSIDE: Final = 0.5
_MARGIN: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The frame that fits, such as ``GCJ02``, ``EPSG:4547`` or ``swapped GCJ02``, and how sure that is.

    ``shares`` are the shares of points within 15 m of a street under each hypothesis that puts most of them inside the
    area; ``score`` is the lead over the second in standard errors (inf where there is no second). ``sure`` is ``certain``
    (ten standard errors), ``likely``, or ``assumed`` where streets cannot tell.
    """

    frame: str
    sure: str
    shares: Mapping[str, float]
    score: float
    points: int

    @property
    def sentence_en(self) -> str:
        """What was found, in English."""
        shares = ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items())
        return (
            f"Coordinates: {self.frame}, {self.sure} ({self.points:,} places; within 15 m of a street: {shares or 'not tested'}; "
            f"lead of {self.score:.1f} standard errors)"
        )

    @property
    def sentence_zh(self) -> str:
        """What was found, in Chinese."""
        shares = "，".join(f"{name} {share:.0%}" for name, share in self.shares.items())
        sure = {"certain": "确定", "likely": "较有把握", "assumed": "按惯例假定"}[self.sure]
        return f"坐标系：{self.frame}，{sure}（{self.points:,} 个点；距道路 15 米内：{shares or '未检验'}；领先 {self.score:.1f} 个标准误）"


def in_wgs84(xy: Lonlat, frame: str) -> tuple[Lonlat, npt.NDArray[np.bool_]]:
    """Return float64[n, 2] in WGS84 and bool[n] where the shift is uncertain.

    ``frame`` is a name of ``geo.frames``, ``EPSG:n``, or one of these after ``swapped``. NaN stays NaN.
    """
    plain = frame.strip()
    if plain.lower().startswith(SWAPPED):
        return in_wgs84(xy[:, ::-1], plain[len(SWAPPED) :].strip() or "WGS84")
    if plain.upper().startswith("EPSG:") and plain.upper() not in ("EPSG:4326", "EPSG:4490"):
        try:
            change = pyproj.Transformer.from_crs(plain.upper(), "EPSG:4326", always_xy=True)
        except ProjError as wrong:
            raise FrameError(
                f"The coordinate system {plain[:40]!r} is not known", f"坐标系 {plain[:40]!r} 无法识别"
            ) from wrong
        lon, lat = change.transform(xy[:, 0], xy[:, 1])
        out = np.column_stack([lon, lat])
        out[~np.isfinite(out).all(axis=1)] = np.nan
        return out, np.zeros(len(xy), dtype=bool)
    named = parse_frame(plain)
    out = np.full(xy.shape, np.nan)
    unsure = np.zeros(len(xy), dtype=bool)
    with np.errstate(invalid="ignore"):
        known = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90)
    finite = np.isfinite(xy).all(axis=1)
    out[finite] = xy[finite]  # what is no longitude and latitude stays as it stands, to be told
    made = to_wgs84(xy[known], named)
    out[known], unsure[known] = made.lonlat, made.ambiguous
    return out, unsure


def hypotheses(bounds: Bounds) -> list[str]:
    """Return every frame that coordinates of this area may be in, the plain ones first."""
    west, south, east, north = bounds
    corners = np.array([[west, south], [east, south], [west, north], [east, north]])
    degrees: list[str] = ["WGS84"]
    if inside_china(corners).any():
        degrees += ["GCJ02", "BD09"]
    named = [*degrees, *(f"{SWAPPED} {frame}" for frame in degrees)]
    middle = (west + east) / 2
    zone = int((middle + 180) // 6) + 1
    projected = [f"EPSG:{(32600 if (south + north) / 2 >= 0 else 32700) + zone}", "EPSG:3857"]
    if inside_china(corners).any():
        six, three = int(middle // 6) + 1, round(middle / 3)
        projected += [f"EPSG:{4491 + six - 13}"] if 13 <= six <= 23 else []
        projected += [f"EPSG:{4502 + six - 13}"] if 13 <= six <= 23 else []
        projected += [f"EPSG:{4513 + three - 25}", f"EPSG:{4534 + three - 25}"] if 25 <= three <= 45 else []
    return [*named, *projected, *(f"{SWAPPED} {frame}" for frame in projected)]


def detect(xy: Lonlat, bounds: Bounds, street_m: Callable[[Lonlat], npt.NDArray[np.float64]] | None) -> Verdict:
    """Find the frame of unlabelled float64[n, 2] pairs by where they fall under each hypothesis.

    A hypothesis is tried on the streets when it puts at least half of the points into the area (with a margin of a
    quarter). ``street_m`` takes WGS84 and returns metres to the nearest street.

    Raises
    ------
    FrameError
        When none does, when several do and none leads clearly (10 points of share and four standard errors), or when
        there are fewer than 30 places to tell shifted frames apart.
    """
    given = np.unique(xy[np.isfinite(xy).all(axis=1) & ~(np.abs(xy) < 1e-3).all(axis=1)], axis=0)
    given = given[:: max(1, -(-len(given) // MOST_POINTS))]
    fitting = {}
    for frame in hypotheses(bounds):
        lonlat, _ = in_wgs84(given, frame)
        if len(given) and _share_inside(lonlat, bounds) >= _INSIDE:
            fitting[frame] = lonlat
    if not fitting:
        raise FrameError(
            "The coordinates fall outside the area in every known frame; state the frame (--frame)",
            "在所有已知坐标系下，坐标都不在辖区范围内，请用 --frame 指明坐标系",
        )
    if len(fitting) == 1:
        only = next(iter(fitting))
        return Verdict(frame=only, sure="certain", shares={}, score=float("inf"), points=len(given))
    if len(given) < LEAST_POINTS or street_m is None:
        told = ", ".join(fitting)
        raise FrameError(
            f"{len(given)} places are too few, or there are no streets, to tell {told} apart; state the frame (--frame)",
            f"只有 {len(given)} 个点或没有路网，无法区分 {told}，请用 --frame 指明坐标系",
        )
    return _judged(fitting, street_m, len(given))


def _judged(
    fitting: Mapping[str, Lonlat], street_m: Callable[[Lonlat], npt.NDArray[np.float64]], points: int
) -> Verdict:
    shares: dict[str, float] = {}
    for frame, lonlat in fitting.items():
        known = np.isfinite(lonlat).all(axis=1)
        near = np.zeros(len(lonlat), dtype=bool)
        near[known] = np.asarray(street_m(lonlat[known])) <= NEAR_STREET_M
        shares[frame] = float(near.mean())
    second, best = sorted(shares, key=lambda f: shares[f])[-2:]
    lead = shares[best] - shares[second]
    spread = sum(max(shares[f] * (1 - shares[f]), 1 / points) for f in (best, second)) / points
    score = lead / float(np.sqrt(spread))
    if lead < LEAST_LEAD or score < LEAST_SCORE:
        said = ", ".join(f"{frame} {share:.0%}" for frame, share in shares.items())
        raise FrameError(
            f"The places do not tell their frame (within {NEAR_STREET_M:g} m of a street: {said}); state it (--frame)",
            f"无法由道路判断坐标系（距道路 {NEAR_STREET_M:g} 米以内的比例：{said}），请用 --frame 指明",
        )
    return Verdict(frame=best, sure="certain" if score >= 10 else "likely", shares=shares, score=score, points=points)


def _share_inside(lonlat: Lonlat, bounds: Bounds) -> float:
    west, south, east, north = bounds
    dx, dy = (east - west) * _MARGIN, (north - south) * _MARGIN
    x, y = lonlat[:, 0], lonlat[:, 1]
    with np.errstate(invalid="ignore"):
        return float(((x >= west - dx) & (x <= east + dx) & (y >= south - dy) & (y <= north + dy)).mean())


def known_frame(text: str) -> str | None:
    """Return the frame that a cell names, or None where it names none."""
    plain = text.strip()
    if not plain:
        return None
    words = {
        "火星": "GCJ02",
        "高德": "GCJ02",
        "腾讯": "GCJ02",
        "百度": "BD09",
        "大地2000": "CGCS2000",
        "国家2000": "CGCS2000",
    }
    for word, frame in words.items():
        if word in plain:
            return frame
    try:
        named: Frame = parse_frame(plain)
    except FrameError:
        return plain.upper() if plain.upper().startswith("EPSG:") else None
    return named if named in FRAMES else None
