"""Density tiles: the unit is true, the integral is the number of calls, colours mean what the legend says."""

import io

import numpy as np
import pytest
from PIL import Image

from geo.errors import CoordinateError, InputError, ParameterError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.tiles.heat import HeatMap
from geo.tiles.heat_kernel import SIGMA_PX
from geo.tiles.heat_scale import round_up, step_density, steps
from geo.tiles.mercator import cell_km2, column_longitude, row_latitude, to_cells

LON, LAT = -71.25, -29.9
MONDAY = np.datetime64("2025-03-03T00:00")


def drawn(*columns: object, **options: object) -> HeatMap:
    return HeatMap.of(Cube.of(*columns, **options))


def tile_of(z: int, lon: float = LON, lat: float = LAT) -> tuple[int, int]:
    column, row = to_cells(np.array([[lon, lat]]), z)
    return int(column[0]), int(row[0])


def centre(z: int, column: int, row: int) -> tuple[float, float]:
    """Lon, lat of the middle of a screen pixel of zoom z."""
    return float(column_longitude(np.array([column + 0.5]), z + 8)[0]), float(
        row_latitude(np.array([row + 0.5]), z + 8)[0]
    )


def one_week(n: int) -> np.ndarray:
    return MONDAY + (np.arange(n) % 7).astype("timedelta64[D]")


@pytest.fixture(scope="module")
def city() -> HeatMap:
    rng = np.random.default_rng(7)
    n = 4000
    lonlat = np.column_stack([rng.normal(LON, 0.01, n), rng.normal(LAT, 0.008, n)])
    at = MONDAY + rng.integers(0, 28 * 1440, n).astype("timedelta64[m]")
    families = np.array(["盗窃", "纠纷", "求助"], object)[rng.integers(0, 3, n)]
    return drawn(
        lonlat, at, families, placed=rng.uniform(size=n) < 0.9, period=(MONDAY, MONDAY + np.timedelta64(28, "D"))
    )


def around(z: int, reach: int = 1) -> list[tuple[int, int]]:
    x, y = tile_of(z)
    return [(x + i, y + j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)]


@pytest.mark.parametrize("z", [9, 11, 12, 13])
def test_density_times_area_times_weeks_adds_up_to_the_calls(city: HeatMap, z: int) -> None:
    total = 0.0
    for x, y in around(z, reach=2):
        density = city.density(z, x, y)
        if density is not None:
            area = cell_km2(y * 256 + np.arange(256) + 0.5, z + 8)
            total += float((density.sum(axis=1, dtype=np.float64) * area).sum())
    assert total * 4 == pytest.approx(city.cube.placed, rel=1e-4)


def test_evenly_spread_calls_give_calls_over_area_over_weeks() -> None:
    z = 13
    x, y = tile_of(z)
    pixels = [(x * 256 + i, y * 256 + j) for i in range(60, 200) for j in range(60, 200)]
    index = drawn(np.array([centre(z, *p) for p in pixels]), np.repeat(MONDAY, len(pixels)), ["a"] * len(pixels),
                         period=(MONDAY, MONDAY + np.timedelta64(14, "D")))  # fmt: skip
    density = index.density(z, x, y)
    assert density is not None
    by_hand = 1 / cell_km2(np.array([y * 256 + 130.5]), z + 8)[0] / 2
    assert density[130, 130] == pytest.approx(by_hand, rel=1e-4)


def test_one_call_peaks_within_a_pixel_with_the_height_of_a_gaussian() -> None:
    z = 12
    x, y = tile_of(z)
    at = (x * 256 + 100, y * 256 + 37)
    index = drawn(
        np.array([centre(z, *at)]), np.array([MONDAY]), ["a"], period=(MONDAY, MONDAY + np.timedelta64(7, "D"))
    )
    density = index.density(z, x, y)
    assert density is not None
    row, column = np.unravel_index(density.argmax(), density.shape)
    assert abs(row - 37) <= 1
    assert abs(column - 100) <= 1
    pixel_km2 = cell_km2(np.array([at[1] + 0.5]), z + 8)[0]
    # The kernel is cut at three standard deviations in each direction, which keeps 0.9973 of each.
    assert density.max() == pytest.approx(1 / (2 * np.pi * SIGMA_PX**2 * 0.9973**2) / pixel_km2, rel=2e-3)


def test_neighbouring_tiles_meet_without_a_seam(city: HeatMap) -> None:
    for z in (12, city.finest_zoom() + 2):
        x, y = tile_of(z)
        left, right = city.density(z, x - 1, y), city.density(z, x, y)
        assert left is not None
        assert right is not None
        step = np.abs(right[:, 0] - left[:, -1])
        within = np.abs(np.diff(np.hstack([left[:, -9:], right[:, :9]]), axis=1)).max(axis=1)
        assert (step <= within + 1e-6).all()
        assert step.max() < 0.1 * max(left.max(), right.max())


def test_closer_in_than_the_finest_kernel_the_picture_only_grows(city: HeatMap) -> None:
    z = city.finest_zoom()
    x, y = tile_of(z)
    coarse, fine = city.density(z, x, y), city.density(z + 1, 2 * x, 2 * y)
    assert coarse is not None
    assert fine is not None
    assert city.sigma_m(z + 3) == city.sigma_m(z)
    middle = fine[1:255, 1:255].reshape(127, 2, 127, 2).mean(axis=(1, 3))
    corner = (coarse[:128, :128][:-1, :-1] + coarse[1:128, :127] + coarse[:127, 1:128] + coarse[1:128, 1:128]) / 4
    # The mean of a pixel's four parts and that of its four neighbours differ by the bend of the kernel.
    np.testing.assert_allclose(middle, corner, rtol=5e-3, atol=1e-3)
    assert city.top(z + 1) == city.top(z)


def test_the_legend_names_the_density_of_its_colour(city: HeatMap) -> None:
    z = 13
    x, y = tile_of(z)
    density = city.density(z, x, y)
    assert density is not None
    image = Image.open(io.BytesIO(city.tile_png(z, x, y)))
    pixels, colors = np.asarray(image), np.asarray(image.convert("RGBA"))
    legend = city.legend(z)
    assert len(legend.entries) == 5
    found = 0
    for value, rgba in legend.entries[:-1]:
        step = int(np.rint(np.sqrt(value / legend.entries[-1][0]) * 255))
        here = pixels == step
        found += int(here.sum())
        assert (colors[here] == np.array(rgba)).all()
        # a step of colour is 1/255 of the root of the density
        assert (np.abs(np.sqrt(density[here] / value) - 1) < 1.0 / step).all()
    assert found > 100
    assert (colors[density >= legend.entries[-1][0]] == np.array(legend.entries[-1][1])).all()
    assert (legend.n, legend.unplaced, legend.weeks) == (city.cube.placed, len(city.cube) - city.cube.placed, 4.0)


def test_the_scale_covers_all_but_the_hottest_places(city: HeatMap) -> None:
    for z in (11, 13, 14):
        tiles = [d for x, y in around(z, reach=3) if (d := city.density(z, x, y)) is not None]
        highest = max(float(d.max()) for d in tiles)
        assert 0.6 * highest < city.top(z) < 2 * highest


def test_tiles_are_palette_pngs_of_256_pixels_and_the_same_each_time(city: HeatMap) -> None:
    z = 13
    x, y = tile_of(z)
    for theme in ("light", "dark"):
        data = city.tile_png(z, x, y, theme=theme)
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.mode, image.size) == ("PNG", "P", (256, 256))
        assert data == city.tile_png(z, x, y, theme=theme)


def test_where_no_call_is_near_the_tile_is_clear(city: HeatMap) -> None:
    assert city.density(13, 0, 0) is None
    image = Image.open(io.BytesIO(city.tile_png(13, 0, 0))).convert("RGBA")
    assert np.asarray(image)[:, :, 3].max() == 0


def test_a_filter_thins_the_map_and_the_rate_is_over_its_own_period(city: HeatMap) -> None:
    first_week = CubeFilter(start=MONDAY, end=MONDAY + np.timedelta64(7, "D"))
    z = 12
    parts = [
        city.density(
            z,
            *tile_of(z),
            which=CubeFilter(start=MONDAY + np.timedelta64(7 * k, "D"), end=MONDAY + np.timedelta64(7 * k + 7, "D")),
        )
        for k in range(4)
    ]
    whole = city.density(z, *tile_of(z))
    assert whole is not None
    assert city.cube.weeks(first_week) == 1.0
    np.testing.assert_allclose(sum(p for p in parts if p is not None) / 4, whole, atol=1e-3)


def test_no_calls_at_all() -> None:
    index = drawn(np.zeros((0, 2)), np.array([], "datetime64[m]"), [])
    assert index.legend(10).entries == ()
    assert index.density(3, 1, 1) is None
    assert index.cube.total().n == 0


def test_a_period_without_calls_has_an_empty_legend(city: HeatMap) -> None:
    later = CubeFilter(start=MONDAY + np.timedelta64(100, "D"))
    assert city.cube.weeks(later) == 0
    assert city.legend(12, which=later).entries == ()
    assert city.density(12, *tile_of(12), which=later) is None


def test_bad_requests_are_refused(city: HeatMap) -> None:
    with pytest.raises(ParameterError):
        city.tile_png(5, 99, 0)
    with pytest.raises(ParameterError, match="theme"):
        city.tile_png(5, 0, 0, theme="sepia")
    with pytest.raises(CoordinateError):
        drawn(np.array([[np.inf, 0.0]]), np.array([MONDAY]), ["a"])
    with pytest.raises(InputError, match="one length"):
        drawn(np.zeros((2, 2)), np.array([MONDAY]), ["a"])
    with pytest.raises(ParameterError, match="no time"):
        drawn(np.zeros((1, 2)), np.array(["NaT"], "datetime64[m]"), ["a"])
    with pytest.raises(ParameterError, match="period"):
        drawn(np.zeros((1, 2)), np.array([MONDAY]), ["a"], period=(MONDAY - np.timedelta64(2, "D"), MONDAY))


@pytest.mark.parametrize(
    ("value", "up"), [(0.0, 0.0), (0.012, 0.015), (1.0, 1.0), (1.01, 1.5), (73.0, 100.0), (6.2, 7.0)]
)
def test_the_end_of_a_scale_is_a_round_number_above(value: float, up: float) -> None:
    assert round_up(value) == pytest.approx(up)


def test_steps_and_densities_are_inverse() -> None:
    values = np.array([step_density(step, 40.0) for step in range(256)], np.float32)
    assert steps(values, 40.0).tolist() == list(range(256))
    assert steps(np.array([99.0], np.float32), 40.0).tolist() == [255]
    assert steps(values, 0.0).max() == 0
