import numpy as np
import shapely

from geo.synthetic.borders import shared_segments


def squares() -> np.ndarray:
    return np.array([shapely.box(0, 0, 2, 3), shapely.box(2, 0, 5, 3), shapely.box(0, 3, 2, 4)], dtype=object)


def test_shared_length_of_three_boxes() -> None:
    # The middle box ends at (2, 3), where the upper one begins: they meet in a point, which is no border.
    borders = shared_segments(squares()).borders()
    assert list(zip(borders.left.tolist(), borders.right.tolist(), strict=True)) == [(0, 1), (0, 2)]
    assert borders.length.tolist() == [3.0, 2.0]


def test_weights_scale_segments_and_groups_add_up() -> None:
    segments = shared_segments(squares())
    doubled = segments.borders(weight=np.full(len(segments.left), 2.0))
    assert doubled.length.tolist() == [6.0, 4.0]
    grouped = doubled.grouped(np.array([0, 1, 1]))
    assert (grouped.left.tolist(), grouped.right.tolist(), grouped.length.tolist()) == ([0], [1], [10.0])


def test_neighbours_are_mutual() -> None:
    near = shared_segments(squares()).borders().neighbours(3)
    assert near == [{1: 3.0, 2: 2.0}, {0: 3.0}, {0: 2.0}]


def test_areas_that_do_not_touch_have_no_border() -> None:
    apart = np.array([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)], dtype=object)
    assert len(shared_segments(apart).borders().left) == 0
