"""Every frame is found again from places on streets, or refused with the reason."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest

from geo.errors import FrameError
from geo.frames import from_wgs84
from geo.incidents.frame_hypotheses import detect, in_wgs84, known_frame

BOX = (114.85, 25.75, 115.05, 25.95)
STEP = 0.002


def street_m(lonlat: np.ndarray) -> np.ndarray:
    """Streets every 0.002 degrees: some 200 m apart."""
    off = np.abs(lonlat / STEP - np.round(lonlat / STEP)) * STEP * [100_000.0, 111_320.0]
    return off.min(axis=1)


def on_streets(n: int = 2_000) -> np.ndarray:
    rng = np.random.default_rng(3)
    lonlat = rng.uniform([114.86, 25.76], [115.04, 25.94], (n, 2))
    axis = rng.integers(0, 2, n)
    rows = np.arange(n)
    lonlat[rows, axis] = np.round(lonlat[rows, axis] / STEP) * STEP
    return lonlat


PLACES = on_streets()


@pytest.mark.parametrize("frame", ["WGS84", "GCJ02", "BD09"])
@pytest.mark.parametrize("swap", [False, True])
def test_degrees_in_any_frame_and_order(frame: str, swap: bool) -> None:
    given = from_wgs84(PLACES, frame).lonlat  # type: ignore[arg-type]
    verdict = detect(given[:, ::-1] if swap else given, BOX, street_m)
    assert verdict.frame == (f"swapped {frame}" if swap else frame)
    assert verdict.sure == "certain"
    back, _ = in_wgs84(given[:, ::-1] if swap else given, verdict.frame)
    assert np.abs(back - PLACES).max() < 1e-9


@pytest.mark.parametrize("code", ["EPSG:4547", "EPSG:4526", "EPSG:4498", "EPSG:32650", "EPSG:3857"])
def test_projected_coordinates(code: str) -> None:
    change = pyproj.Transformer.from_crs("EPSG:4326", code, always_xy=True)
    given = np.column_stack(change.transform(PLACES[:, 0], PLACES[:, 1]))
    verdict = detect(given, BOX, street_m)
    back, _ = in_wgs84(given, verdict.frame)
    # UTM 50 and a Gauss zone may both fall inside; what counts is that the places come back.
    assert np.abs(back - PLACES).max() < 1e-6


def test_what_falls_nowhere_or_does_not_tell_is_refused() -> None:
    with pytest.raises(FrameError, match="fall outside the area"):
        detect(np.random.default_rng(0).uniform(10, 20, (100, 2)), BOX, street_m)
    with pytest.raises(FrameError, match="too few"):
        detect(PLACES[:20], BOX, street_m)
    scattered = np.random.default_rng(0).uniform([114.86, 25.76], [115.04, 25.94], (500, 2))
    with pytest.raises(FrameError, match="do not tell their frame"):
        detect(scattered, BOX, street_m)


@pytest.mark.parametrize(
    ("cell", "frame"),
    [
        ("高德坐标", "GCJ02"),
        ("百度", "BD09"),
        ("gcj-02", "GCJ02"),
        ("国家2000", "CGCS2000"),
        ("epsg:4547", "EPSG:4547"),
        ("甲", None),
    ],
)
def test_cells_that_name_a_frame(cell: str, frame: str | None) -> None:
    assert known_frame(cell) == frame
