"""The cube of densities for the time slider."""

import numpy as np
import pytest

from geo.errors import ParameterError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.tiles.heat import HeatMap
from geo.tiles.heat_frames import MAX_BYTES, frames
from geo.tiles.mercator import cell_km2, to_cells

START = np.datetime64("2025-03-03T00:00")


@pytest.fixture(scope="module")
def index() -> HeatMap:
    rng = np.random.default_rng(11)
    n = 20_000
    lonlat = np.column_stack([rng.normal(116.4, 0.03, n), rng.normal(39.9, 0.02, n)])
    at = START + rng.integers(0, 70 * 1440, n).astype("timedelta64[m]")
    return HeatMap.of(Cube.of(lonlat, at, np.full(n, "a", object), placed=rng.uniform(size=n) < 0.95))


@pytest.mark.parametrize(("by", "k"), [("hour_of_day", 24), ("hour_of_week", 168), ("day", 70), ("week", 10)])
def test_frames_fit_and_each_holds_its_own_calls(index: HeatMap, by: str, k: int) -> None:
    made = frames(index, by=by)
    assert made.cube.shape[0] == k == len(made.labels) == len(made.n)
    assert made.cube.nbytes <= MAX_BYTES
    assert int(made.n.sum()) == index.cube.placed
    assert (made.outside, made.unplaced) == (0, len(index.cube) - index.cube.placed)
    assert made.cube.max() == 255
    if by == "hour_of_day":
        assert made.n.tolist() == index.cube.by_hour().n.tolist()
    if by == "day":
        assert made.n.tolist() == index.cube.by_day().n.tolist()
        assert made.labels[0] == "2025-03-03"


def test_the_densities_add_up_to_the_calls(index: HeatMap) -> None:
    made = frames(index, by="hour_of_day", max_bytes=24 * 60 * 60)
    _, height, _ = made.cube.shape
    west, south, east, north = made.bounds
    # Each frame's integral over its bounds is its calls, up to the 1/255 steps of the root and what the scale cuts off.
    columns, rows = to_cells(np.array([[west, north], [east, south]]), 24)
    cell = (rows[1] - rows[0]) / height
    area = cell_km2(rows[0] + (np.arange(height) + 0.5) * cell, 24) * cell**2
    density = made.top * (made.cube.astype(np.float64) / 255) ** 2
    calls = (density.sum(axis=2) * area).sum(axis=1) * made.weeks
    np.testing.assert_allclose(calls, made.n, rtol=0.05)
    assert columns[0] < columns[1]


def test_a_frame_by_day_is_a_rate_over_that_day(index: HeatMap) -> None:
    some = CubeFilter(start=START + np.timedelta64(12, "h"), end=START + np.timedelta64(60, "h"))
    made = frames(index, by="day", which=some)
    np.testing.assert_allclose(made.weeks * 7, [0.5, 1.0, 0.5])


def test_the_legend_ends_at_the_top_of_the_scale(index: HeatMap) -> None:
    made = frames(index)
    assert made.legend("dark")[-1][0] == made.top


def test_bounds_cut_out_a_part_and_the_rest_is_counted(index: HeatMap) -> None:
    made = frames(index, bounds=(116.4, 39.9, 116.5, 40.0))
    assert 0 < made.n.sum() < index.cube.placed
    assert made.n.sum() + made.outside == index.cube.placed
    np.testing.assert_allclose(made.bounds[:2], (116.4, 39.9), atol=2e-3)


def test_frames_that_make_no_sense_are_refused(index: HeatMap) -> None:
    with pytest.raises(ParameterError, match="no frames"):
        frames(index, by="year")
    with pytest.raises(ParameterError, match="empty"):
        frames(index, bounds=(1, 1, 0, 0))
    with pytest.raises(ParameterError, match="do not fit"):
        frames(index, by="day", max_bytes=1000)


def test_no_calls_give_clear_frames() -> None:
    made = frames(HeatMap.of(Cube.of(np.zeros((0, 2)), np.array([], "datetime64[m]"), [])))
    assert made.cube.max() == 0
    assert made.legend("light") == ()
