"""Published conversions between coordinate frames."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from geo.frames import Frame, from_wgs84, parse_frame, to_wgs84
from planners.verify.document import Document, Node
from planners.verify.verdict import Verdict, compared, not_computed

_PAIR = re.compile(r"^(wgs84|cgcs2000|gcj02|bd09)_to_(wgs84|cgcs2000|gcj02|bd09)$")
_DEGREES = 1e-9

CITIES: dict[str, tuple[float, float]] = {
    "Denver": (-104.9903, 39.7392),
    "Brisbane": (153.0251, -27.4698),
    "Rio de Janeiro": (-43.1729, -22.9068),
    "Tokyo": (139.6917, 35.6895),
    "Ulaanbaatar": (106.9057, 47.8864),
    "Hanoi": (105.8342, 21.0278),
    "Kathmandu": (85.3240, 27.7172),
    "Seoul": (126.9780, 37.5665),
}
"""Lon, lat of cities that files name without coordinates."""


def claims(key: str) -> bool:
    """Tell whether a section is about frames."""
    return bool(_PAIR.match(key)) or key == "unchanged_outside_china"


def verdicts(document: Document, key: str) -> Iterator[Verdict]:
    """Compare each published conversion, latitude and longitude apart."""
    section = document.body[key]
    match = _PAIR.match(key)
    if match is None:
        yield from _unchanged(document, section)
        return
    origin, target = (parse_frame(name) for name in match.groups())
    for row in section.items():
        lat, lon = row["lat_lon"].numbers()
        expected = row["expected"].numbers()
        tolerance = row.number_or("tolerance_deg", _DEGREES)
        ours = _converted(lon, lat, origin, target)
        note = _slip(lon, lat, (expected[1], expected[0])) if (origin, target) == ("BD09", "WGS84") else ""
        for name, published, value in zip(("lat", "lon"), expected, (ours[1], ours[0]), strict=True):
            what = f"{origin} → {target} of {lat:.9g}, {lon:.9g}: {name}"
            yield compared(document.source, what, published, value, tolerance=tolerance, note=note)


def _converted(lon: float, lat: float, origin: Frame, target: Frame) -> tuple[float, float]:
    lonlat = to_wgs84(np.array([[lon, lat]]), origin).lonlat
    out = from_wgs84(lonlat, target).lonlat
    return float(out[0, 0]), float(out[0, 1])


def _slip(lon: float, lat: float, published: tuple[float, float]) -> str:
    """Say so where a published BD-09 conversion is that of a known slip in public code.

    That code has waves of pi where the formula has 3000 pi / 180, and one step of the inverse instead of the inverse.
    """
    x, y = lon - 0.0065, lat - 0.006
    radius = math.hypot(x, y) - 0.00002 * math.sin(y * math.pi)
    angle = math.atan2(y, x) - 0.000003 * math.cos(x * math.pi)
    shifted = np.array([[radius * math.cos(angle), radius * math.sin(angle)]])
    once = 2.0 * shifted - from_wgs84(shifted, "GCJ02").lonlat
    if float(np.abs(once[0] - published).max()) > _DEGREES:
        return ""
    return (
        "the published value is reproduced to 1e-9 by code with waves of pi instead of 3000 pi / 180 and one step of the "
        "inverse; ours is the exact inverse of the public formula"
    )


def _unchanged(document: Document, section: Node) -> Iterator[Verdict]:
    for item in section.items():
        if isinstance(item.value, str):
            name = item.value
            place = CITIES.get(name)
        else:
            numbers = item.numbers()
            place = (numbers[1], numbers[0]) if len(numbers) == 2 else None
            name = ", ".join(f"{value:g}" for value in numbers)
        what = f"shift outside China, degrees: {name}"
        if place is None:
            yield not_computed(document.source, what, 0.0, "its coordinates are not in the file")
            continue
        there = np.array([place])
        shift = float(np.abs(from_wgs84(there, "GCJ02").lonlat - there).max())
        yield compared(document.source, what, 0.0, shift, tolerance=0.0)
