import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.synthetic.borders import Borders, shared_segments
from geo.synthetic.parts import contiguous_parts


def mesh(side: int) -> tuple[Borders, np.ndarray]:
    boxes = np.array([shapely.box(x, y, x + 1, y + 1) for y in range(side) for x in range(side)], dtype=object)
    return shared_segments(boxes).borders(), shapely.get_coordinates(shapely.centroid(boxes))


def pieces(borders: Borders, part: np.ndarray) -> int:
    same = part[borders.left] == part[borders.right]
    matrix = csr_array((np.ones(same.sum()), (borders.left[same], borders.right[same])), shape=(len(part), len(part)))
    return connected_components(matrix, directed=False)[0]


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_parts_hang_together_and_weigh_alike(parts: int) -> None:
    borders, xy = mesh(14)
    weight = np.random.default_rng(1).gamma(3, 1, len(xy))
    part = contiguous_parts(borders=borders, weight=weight, xy=xy, parts=parts)
    assert set(part.tolist()) == set(range(parts))
    assert pieces(borders, part) == parts
    total = np.bincount(part, weights=weight)
    assert total.max() / total.mean() < 1.15


def test_parts_are_numbered_from_the_north() -> None:
    borders, xy = mesh(8)
    part = contiguous_parts(borders=borders, weight=np.ones(64), xy=xy, parts=4)
    north = [xy[part == k, 1].mean() for k in range(4)]
    assert north == sorted(north, reverse=True)


def test_more_parts_than_areas_gives_one_each() -> None:
    borders, xy = mesh(2)
    part = contiguous_parts(borders=borders, weight=np.ones(4), xy=xy, parts=9)
    assert sorted(part.tolist()) == [0, 1, 2, 3]


def test_an_area_that_touches_nothing_joins_the_nearest_part() -> None:
    borders, xy = mesh(4)
    xy = np.vstack([xy, [[30.0, 0.5]]])
    part = contiguous_parts(borders=borders, weight=np.append(np.ones(16), 0.01), xy=xy, parts=2)
    nearest = np.hypot(*(xy[:16] - xy[16]).T).argmin()
    assert part[16] == part[nearest]
