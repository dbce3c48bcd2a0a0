"""Conversion between frames, the outline of China, detection by streets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from geo.errors import FrameError
from geo.frames import FRAMES, SHIFTED, detect_frame, from_wgs84, inside_china, parse_frame, to_wgs84
from geo.outline import COARSE_M, metres_from_outline

BORDER_TOWNS = {
    "丹东": (124.38, 40.13), "黑河": (127.50, 50.25), "满洲里": (117.43, 49.60), "二连浩特": (111.97, 43.65),
    "霍尔果斯": (80.41, 44.21), "喀什": (75.99, 39.47), "塔什库尔干": (75.23, 37.77), "瑞丽": (97.85, 24.01),
    "河口": (103.95, 22.50), "东兴": (107.97, 21.54), "凭祥": (106.75, 22.10), "深圳": (114.06, 22.54),
    "珠海": (113.55, 22.22), "三亚": (109.50, 18.25), "漠河": (122.53, 53.48), "抚远": (134.30, 48.36),
    "珲春": (130.37, 42.86), "日喀则": (88.88, 29.27), "亚东": (88.91, 27.48), "绥芬河": (131.15, 44.40),
    "阿拉山口": (82.57, 45.17), "图们": (129.84, 42.97), "永兴岛": (112.33, 16.83), "樟木": (85.98, 27.99),
    "Hong Kong": (114.17, 22.30), "Macau": (113.54, 22.20), "Taipei": (121.56, 25.04), "Kaohsiung": (120.30, 22.62),
}  # fmt: skip
ABROAD = {
    "Denver": (-104.99, 39.74), "Brisbane": (153.03, -27.47), "Rio de Janeiro": (-43.20, -22.90), "Tokyo": (139.69, 35.69),
    "Ulaanbaatar": (106.90, 47.90), "Hanoi": (105.85, 21.03), "Kathmandu": (85.32, 27.72), "Seoul": (126.98, 37.57),
    "Pyongyang": (125.75, 39.02), "Vladivostok": (131.89, 43.12), "Almaty": (76.90, 43.25), "Naha": (127.68, 26.20),
    "Khabarovsk": (135.07, 48.48), "Dhaka": (90.40, 23.80), "Thimphu": (89.64, 27.47), "Manila": (120.98, 14.60),
    "Leh": (77.58, 34.16), "Ho Chi Minh City": (106.70, 10.80), "Osh": (72.80, 40.50), "Fukuoka": (130.40, 33.60),
}  # fmt: skip
INLAND = {"西安": (108.95, 34.27), "上海": (121.47, 31.23), "成都": (104.07, 30.67), "拉萨": (91.11, 29.65)}


@pytest.mark.parametrize("town", BORDER_TOWNS)
def test_border_towns_of_china_lie_inside(town: str) -> None:
    assert inside_china(np.array([BORDER_TOWNS[town]]))[0]


@pytest.mark.parametrize("city", ABROAD)
@pytest.mark.parametrize("frame", sorted(SHIFTED))
def test_cities_abroad_are_not_moved(city: str, frame: str) -> None:
    there = np.array([ABROAD[city]])
    assert np.array_equal(from_wgs84(there, parse_frame(frame)).lonlat, there)
    assert np.array_equal(to_wgs84(there, parse_frame(frame)).lonlat, there)


@pytest.mark.parametrize("frame", sorted(SHIFTED))
def test_inland_cities_move_by_hundreds_of_metres_and_come_back(frame: str) -> None:
    here = np.array(list(INLAND.values()))
    there = from_wgs84(here, parse_frame(frame))
    metres = np.hypot(*((there.lonlat - here) * 111_320 * [0.85, 1]).T)
    assert (metres > 200).all()
    assert (metres < 1_600).all()
    assert np.abs(to_wgs84(there.lonlat, parse_frame(frame)).lonlat - here).max() < 1e-12
    assert not there.ambiguous.any()


def test_legal_frames_agree() -> None:
    here = np.array([[108.95, 34.27]])
    assert np.array_equal(to_wgs84(here, "CGCS2000").lonlat, here)
    assert np.array_equal(from_wgs84(here, "WGS84").lonlat, here)


def test_points_beside_the_outline_are_ambiguous_and_inland_ones_are_not() -> None:
    places = np.array(
        [BORDER_TOWNS["丹东"], BORDER_TOWNS["瑞丽"], INLAND["西安"], ABROAD["Hanoi"], ABROAD["Khabarovsk"]]
    )
    assert to_wgs84(places, "GCJ02").ambiguous.tolist() == [True, True, False, False, True]
    assert not to_wgs84(places, "WGS84").ambiguous.any()


def test_distance_to_the_outline_is_in_metres() -> None:
    # Khabarovsk lies about a tenth of a degree of longitude east of the nearest vertex (134.93, 48.5).
    metres = metres_from_outline(np.array([ABROAD["Khabarovsk"], INLAND["西安"]]))
    assert 9_000 < metres[0] < 12_000
    assert metres[1] == np.inf
    assert metres[0] < COARSE_M


def test_empty_input_stays_empty() -> None:
    assert to_wgs84(np.zeros((0, 2)), "BD09").lonlat.shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "frame"),
    [("gcj-02", "GCJ02"), ("BD_09", "BD09"), ("wgs 84", "WGS84"), ("EPSG:4490", "CGCS2000"), ("cgcs2000", "CGCS2000")],
)
def test_frames_are_parsed_leniently(text: str, frame: str) -> None:
    assert parse_frame(text) == frame


def test_an_unknown_frame_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FrameError, match="WGS84, CGCS2000, GCJ02, BD09") as refused:
        parse_frame("北京54")
    assert "坐标系" in refused.value.zh
    assert len(FRAMES) == 4


STEP = 0.004
CENTRE = np.array([108.95, 34.27])


def _streets(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return metres to a square grid of streets every 0.004 degrees around the centre."""
    off = np.abs((lonlat - CENTRE + STEP / 2) % STEP - STEP / 2) * 111_320 * [np.cos(np.radians(CENTRE[1])), 1]
    return np.asarray(off.min(axis=1))


def _near_streets(count: int, seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    points = CENTRE + rng.uniform(-0.05, 0.05, (count, 2))
    which = rng.integers(0, 2, count)
    points[np.arange(count), which] = (
        CENTRE[which] + np.round((points[np.arange(count), which] - CENTRE[which]) / STEP) * STEP
    )
    return points + rng.normal(0, 6 / 111_320, (count, 2))


@pytest.mark.parametrize("frame", ["WGS84", "GCJ02", "BD09"])
def test_the_streets_tell_the_frame(frame: str) -> None:
    points = from_wgs84(_near_streets(300, 1), parse_frame(frame)).lonlat
    verdict = detect_frame(points, _streets)
    assert verdict.frame == frame
    assert verdict.shares[verdict.frame] > 0.9
    assert verdict.score > 4
    assert verdict.points == 300


def test_points_anywhere_tell_nothing() -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(FrameError, match="within 15 m of a street: WGS84"):
        detect_frame(CENTRE + rng.uniform(-0.05, 0.05, (500, 2)), _streets)


def test_few_points_tell_nothing() -> None:
    with pytest.raises(FrameError, match="29 points are too few"):
        detect_frame(_near_streets(29, 3), _streets)
