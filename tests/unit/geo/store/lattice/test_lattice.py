"""Cells: a box of degrees never loses a point that lies in it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.store.lattice import cell_x, cell_y

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@given(st.lists(LATITUDES, min_size=2, max_size=50))
def test_rows_of_cells_never_fall_as_the_latitude_grows(latitudes: list[float]) -> None:
    assert (np.diff(cell_y(np.sort(latitudes))) >= 0).all()


@given(st.lists(LONGITUDES, min_size=2, max_size=50))
def test_columns_of_cells_never_fall_as_the_longitude_grows(longitudes: list[float]) -> None:
    assert (np.diff(cell_x(np.sort(longitudes))) >= 0).all()


def test_cells_by_hand() -> None:
    assert cell_y(np.array([-90.0, -89.9951, -89.9949, 0.0, 90.0])).tolist() == [0, 0, 1, 18000, 36000]
    assert cell_x(np.array([-180.0, 0.0, 114.9326, 180.0])).tolist() == [0, 36000, 58986, 72000]
    assert int(cell_x(114.9326)) == 58986
