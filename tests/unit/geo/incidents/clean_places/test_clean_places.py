"""Places that cannot be, and piles of calls at one spot."""

from __future__ import annotations

import numpy as np

from geo.incidents.clean_places import Ground, flag_places, is_placeholder, pile_limit
from geo.incidents.flags import Findings

BOX = (113.0, 25.0, 113.2, 25.2)


def around(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform([113.01, 25.01], [113.19, 25.19], (n, 2))


def flagged(lonlat: np.ndarray, ground: Ground, addresses: list[str] | None = None) -> dict[str, list[int]]:
    found = Findings(rows=len(lonlat))
    told = None if addresses is None else np.array(addresses, dtype=object)
    flag_places(found, lonlat, np.isfinite(lonlat).all(axis=1), ground, addresses=told)
    return {code: np.flatnonzero(mask).tolist() for code, mask in found.masks.items()}


def test_placeholders_by_their_form() -> None:
    spots = np.array([[0, 0], [0.0001, 0], [113, 113], [113, 25], [113.1, 25.1], [113, 25.1], [np.nan, np.nan]])
    assert is_placeholder(spots).tolist() == [True, True, True, True, False, False, False]


def test_outside_the_area_near_and_far() -> None:
    spots = np.array([[113.1, 25.1], [113.25, 25.1], [114.5, 25.1], [200.0, 25.1], [0.0, 0.0]])
    assert flagged(spots, Ground(bounds=BOX)) == {"placeholder": [4], "off_map": [2, 3], "off_area": [1]}


def test_without_an_area_the_rest_of_the_calls_tells_what_is_far() -> None:
    spots = np.vstack([around(500), [[116.4, 39.9]]])
    assert flagged(spots, Ground()) == {"off_map": [500]}


def test_streets_tell_who_is_far_from_them() -> None:
    def street_m(lonlat: np.ndarray) -> np.ndarray:  # one street along 25.1 N
        return np.abs(lonlat[:, 1] - 25.1) * 111_320.0

    step = np.array([0.0, 100.0, 195.0, 205.0, 5_000.0]) / 111_320.0
    spots = np.column_stack([np.full(5, 113.1003), 25.1 + step])
    assert flagged(spots, Ground(bounds=BOX, street_m=street_m)) == {"far_from_street": [3, 4]}


def test_a_pile_with_many_addresses_is_no_real_place_and_one_with_one_address_is() -> None:
    fallback, mall = np.tile([[113.05, 25.05]], (60, 1)), np.tile([[113.15, 25.15]], (60, 1))
    spots = np.vstack([around(2_000), fallback, mall])
    addresses = [f"路{i}号" for i in range(2_000)] + [f"无此门牌{i}" for i in range(60)] + ["万达广场"] * 60
    assert flagged(spots, Ground(bounds=BOX), addresses) == {"pile_up": list(range(2_000, 2_060))}


def test_a_pile_at_a_station_is_told_as_one() -> None:
    spots = np.vstack([around(2_000), np.tile([[113.05, 25.05]], (60, 1))])
    ground = Ground(bounds=BOX, stations=np.array([[113.0501, 25.0501]]))
    assert flagged(spots, ground, ["同一地址"] * 2_060) == {"at_station": list(range(2_000, 2_060))}


def test_the_limit_of_a_pile_is_a_quantile_of_chance() -> None:
    assert pile_limit(np.ones(1000, dtype=int)) == 30
    assert 60 < pile_limit(np.full(1000, 30)) < 75  # mean 30, 1e-9: about 30 + 6.7 standard deviations
