"""Frames: the inverse is exact inside China, the conversion is continuous there, and nothing moves abroad."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.frames import from_wgs84, inside_china, parse_frame, to_wgs84

LON, LAT = st.floats(73.0, 135.5), st.floats(3.5, 54.0)
SHIFTED = st.sampled_from(["GCJ02", "BD09"])


@settings(max_examples=300, deadline=None)
@given(lon=LON, lat=LAT, frame=SHIFTED)
def test_round_trip_inside_china(lon: float, lat: float, frame: str) -> None:
    here = np.array([[lon, lat]])
    assume(bool(inside_china(here)[0]))
    there = from_wgs84(here, parse_frame(frame)).lonlat
    assert np.abs(to_wgs84(there, parse_frame(frame)).lonlat - here).max() < 1e-9


@settings(max_examples=200, deadline=None)
@given(lon=LON, lat=LAT, frame=SHIFTED, east=st.floats(-1e-3, 1e-3), north=st.floats(-1e-3, 1e-3))
def test_neighbours_stay_neighbours(lon: float, lat: float, frame: str, east: float, north: float) -> None:
    pair = np.array([[lon, lat], [lon + east, lat + north]])
    assume(bool(inside_china(pair).all()))
    # The shift changes by less than 4 % of a step, in either direction of the conversion.
    for convert in (from_wgs84, to_wgs84):
        moved = convert(pair, parse_frame(frame)).lonlat
        assume(bool(inside_china(moved).all()))
        stretch = (moved[1] - moved[0]) - (pair[1] - pair[0])
        assert np.abs(stretch).max() <= 0.04 * np.hypot(east, north) + 1e-12


@settings(max_examples=200, deadline=None)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), frame=SHIFTED)
def test_nothing_moves_abroad(lon: float, lat: float, frame: str) -> None:
    there = np.array([[lon, lat]])
    assume(not inside_china(there)[0])
    assert np.array_equal(from_wgs84(there, parse_frame(frame)).lonlat, there)


@pytest.mark.parametrize("frame", ["GCJ02", "BD09"])
def test_a_hundred_thousand_points_round_trip(frame: str) -> None:
    rng = np.random.default_rng(7)
    points = np.column_stack([rng.uniform(73, 135, 100_000), rng.uniform(18, 54, 100_000)])
    points = points[inside_china(points)]
    there = from_wgs84(points, parse_frame(frame)).lonlat
    assert np.abs(to_wgs84(there, parse_frame(frame)).lonlat - points).max() < 1e-9
