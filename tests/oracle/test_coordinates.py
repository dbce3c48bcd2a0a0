"""Published vectors of the frames: the file of oracles, the answers of Baidu's own service, and an independent formula."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely

from geo.crs import to_metric
from geo.frames import Frame, detect_frame, from_wgs84, to_wgs84

ORACLES = json.loads((Path(__file__).parents[2] / "data/oracles/coordinates.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ORACLES["wgs84_to_gcj02"])
def test_public_vectors_of_gcj02(row: dict[str, list[float]]) -> None:
    there = from_wgs84([row["lat_lon"][::-1]], "GCJ02").lonlat[0]
    assert np.abs(there[::-1] - row["expected"]).max() < 1e-12
    back = to_wgs84([row["expected"][::-1]], "GCJ02").lonlat[0]
    assert np.abs(back[::-1] - row["lat_lon"]).max() < 1e-12


def test_baidu_itself_agrees_within_a_metre() -> None:
    # Answer of Baidu's conversion service (from=1, to=5) printed in its documentation and in many clients.
    there = from_wgs84([(114.21892734521, 29.575429778924)], "BD09").lonlat[0]
    metres = (there - (114.2307519546763, 29.57908428837437)) * 111_320 * [math.cos(math.radians(29.6)), 1]
    assert np.hypot(*metres) < 1.0


def test_the_vector_of_many_implementations_for_bd09() -> None:
    # GCJ-02 116.404, 39.915 is BD-09 116.41036949371029, 39.92133699351021 (coordtransform and its ports).
    wgs = to_wgs84([(116.404, 39.915)], "GCJ02").lonlat
    assert np.abs(from_wgs84(wgs, "BD09").lonlat[0] - (116.41036949371029, 39.92133699351021)).max() < 1e-9


@pytest.mark.parametrize("row", ORACLES["bd09_to_wgs84"])
def test_the_bd09_oracle_comes_from_another_constant_and_a_first_order_inverse(row: dict[str, list[float]]) -> None:
    """The oracle's number is reproduced to the last digit by taking pi where Baidu has pi * 3000 / 180, and by
    subtracting the shift at the shifted place. With Baidu's constant the place is 10 m away; see the page on frames.
    """
    lat, lon = row["lat_lon"]
    x, y = lon - 0.0065, lat - 0.006
    z = math.hypot(x, y) - 2e-5 * math.sin(y * math.pi)
    theta = math.atan2(y, x) - 3e-6 * math.cos(x * math.pi)
    gcj = np.array([[z * math.cos(theta), z * math.sin(theta)]])
    first_order = 2 * gcj - from_wgs84(gcj, "GCJ02").lonlat
    assert np.abs(first_order[0][::-1] - row["expected"]).max() < 1e-12
    ours = to_wgs84([(lon, lat)], "BD09").lonlat
    assert np.abs(from_wgs84(ours, "BD09").lonlat[0] - (lon, lat)).max() < 1e-12
    metres = (ours[0][::-1] - row["expected"]) * 111_320
    assert 5 < np.hypot(*metres) < 15


def test_the_oracle_names_the_cities_that_do_not_move() -> None:
    from_file = set(ORACLES["unchanged_outside_china"])
    cities = {
        "Denver": (-104.99, 39.74),
        "Brisbane": (153.03, -27.47),
        "Rio de Janeiro": (-43.20, -22.90),
        "Tokyo": (139.69, 35.69),
        "Ulaanbaatar": (106.90, 47.90),
        "Hanoi": (105.85, 21.03),
        "Kathmandu": (85.32, 27.72),
        "Seoul": (126.98, 37.57),
    }
    assert from_file == set(cities)
    there = np.array(list(cities.values()))
    for frame in ("GCJ02", "BD09"):
        assert np.array_equal(from_wgs84(there, frame).lonlat, there)


STREETS = Path(__file__).parents[3] / "shared/data/streets"


@pytest.mark.shared_data
@pytest.mark.parametrize("frame", ["WGS84", "GCJ02", "BD09"])
def test_the_streets_of_xian_tell_the_frame_of_points_thirty_metres_off(frame: Frame) -> None:
    if not (STREETS / "xian_osm2021_nodes.parquet").exists():
        pytest.skip("the shared data folder is not beside the checkout")
    nodes = pd.read_parquet(STREETS / "xian_osm2021_nodes.parquet")
    edges = pd.read_parquet(STREETS / "xian_osm2021_edges.parquet")
    place = pd.Series(range(len(nodes)), index=nodes["node"])
    lonlat = nodes[["lon", "lat"]].to_numpy()
    ends = np.stack([lonlat[place[edges["u"]]], lonlat[place[edges["v"]]]], axis=1)
    metric = to_metric(ends.reshape(-1, 2), "EPSG:32649").reshape(ends.shape)
    tree = shapely.STRtree(shapely.linestrings(metric))

    def to_street(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        there = shapely.points(to_metric(points, "EPSG:32649"))
        return np.asarray(tree.query_nearest(there, return_distance=True, all_matches=False)[1])

    rng = np.random.default_rng(0)
    arc, share = rng.integers(0, len(edges), 500), rng.random((500, 1))
    points = ends[arc, 0] * (1 - share) + ends[arc, 1] * share + rng.normal(0, 30 / 111_320, (500, 2))
    verdict = detect_frame(from_wgs84(points, frame).lonlat, to_street)
    assert verdict.frame == frame
    assert verdict.score > 8
    assert sorted(verdict.shares.values())[-2] < 0.25
