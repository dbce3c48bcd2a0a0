"""Repeats against a comparison of every pair."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.incidents.clean_repeats import repeats

METRE = 1 / 111_320.0


def by_all_pairs(lonlat: np.ndarray, seconds: np.ndarray, families: np.ndarray) -> list[bool]:
    scale = np.array([np.cos(np.radians(np.median(lonlat[:, 1]))), 1.0]) * 111_320.0
    return [
        any(
            families[i] == families[j]
            and (seconds[j], j) < (seconds[i], i)
            and seconds[i] - seconds[j] <= 600
            and np.hypot(*((lonlat[i] - lonlat[j]) * scale)) <= 50.0
            for j in range(len(seconds))
        )
        for i in range(len(seconds))
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_the_same_as_comparing_every_pair(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    lonlat = np.column_stack([113 + rng.uniform(0, 150, n) * METRE, 25 + rng.uniform(0, 150, n) * METRE])
    seconds, families = rng.integers(0, 3_000, n), rng.integers(0, 2, n)
    found = repeats(lonlat, seconds, families, usable=np.ones(n, dtype=bool))
    assert (found >= 0).tolist() == by_all_pairs(lonlat, seconds, families)


def test_the_first_of_a_chain_is_named_and_unusable_calls_take_no_part() -> None:
    lonlat = np.tile([[113.0, 25.0]], (4, 1))
    seconds, families = np.array([0, 300, 800, 850]), np.zeros(4, dtype=np.int64)
    assert repeats(lonlat, seconds, families, usable=np.ones(4, dtype=bool)).tolist() == [-1, 0, 0, 0]
    assert repeats(lonlat, seconds, families, usable=np.array([True, False, True, False])).tolist() == [-1, -1, -1, -1]
