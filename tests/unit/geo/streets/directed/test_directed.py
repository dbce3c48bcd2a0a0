from __future__ import annotations

import numpy as np

from geo.streets.directed import Links, opposite


def links(rows: list[tuple[int, int, float, int]]) -> Links:
    count = len(rows)
    columns = list(zip(*rows, strict=True))
    return Links(
        tails=np.array(columns[0], np.int32),
        heads=np.array(columns[1], np.int32),
        ids=np.arange(count),
        offsets=np.arange(count + 1) * 2,
        lonlat=np.zeros((2 * count, 2)),
        metres=np.array(columns[2], float),
        road_class=np.zeros(count, np.int8),
        name_ids=np.array(columns[3], np.int32),
        access=np.full(count, 15, np.uint8),
        kph=np.full(count, np.nan, np.float32),
    )


def test_opposite_links_are_paired() -> None:
    assert opposite(links([(0, 1, 10, 0), (2, 1, 5, 0), (1, 0, 10, 0)])).tolist() == [2, -1, 0]


def test_parallel_streets_pair_by_length() -> None:
    found = opposite(links([(0, 1, 10, 0), (0, 1, 90, 0), (1, 0, 90.3, 0), (1, 0, 10, 0)]))
    assert found.tolist() == [3, 2, 1, 0]


def test_another_name_or_length_is_another_street() -> None:
    assert opposite(links([(0, 1, 10, 0), (1, 0, 10, 7)])).tolist() == [-1, -1]
    assert opposite(links([(0, 1, 10, 0), (1, 0, 40, 0)])).tolist() == [-1, -1]


def test_more_links_one_way_leave_one_over() -> None:
    assert opposite(links([(0, 1, 10, 0), (0, 1, 20, 0), (1, 0, 10, 0)])).tolist() == [2, -1, 0]


def test_loops_have_no_opposite() -> None:
    assert opposite(links([(3, 3, 10, 0), (3, 3, 10, 0)])).tolist() == [-1, -1]
