"""Binned points are those of NumPy's histogram."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.hotspots.binning import bin_points

coordinates = st.floats(-0.5, 1.5, width=32) | st.sampled_from([0.0, 0.25, 0.5, 1.0, float("nan"), float("inf")])


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.tuples(coordinates, coordinates), max_size=40), rows=st.integers(1, 9), columns=st.integers(1, 9)
)
def test_points_fall_in_the_cell_whose_lower_edges_they_pass(
    points: list[tuple[float, float]], rows: int, columns: int
) -> None:
    expected = np.zeros((rows, columns), int)
    for x, y in points:
        if 0 <= x < 1 and 0 <= y < 1:
            expected[int(np.floor(y * rows)), int(np.floor(x * columns))] += 1
    x, y = np.array(points).reshape(-1, 2).T
    assert bin_points(x, y, bounds=(0, 0, 1, 1), shape=(rows, columns)).tolist() == expected.tolist()


def test_many_points_are_counted_as_numpy_counts_them() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(116.4, 0.2, 100_000), rng.normal(39.9, 0.2, 100_000)
    ours = bin_points(x, y, bounds=(116.0, 39.5, 116.5, 40.0), shape=(64, 128))
    theirs, _, _ = np.histogram2d(y, x, bins=(64, 128), range=((39.5, 40.0), (116.0, 116.5)))
    assert ours.tolist() == theirs.astype(int).tolist()


@pytest.mark.parametrize(("bounds", "shape"), [((0, 0, 0, 1), (4, 4)), ((0, 0, 1, 1), (0, 4))])
def test_an_empty_rectangle_is_refused(bounds: tuple[float, float, float, float], shape: tuple[int, int]) -> None:
    with pytest.raises(ParameterError):
        bin_points(np.zeros(1), np.zeros(1), bounds=bounds, shape=shape)
