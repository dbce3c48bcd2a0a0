"""The end of the scale: a stated rule, near the same from a sample as from all calls."""

from __future__ import annotations

import numpy as np
import pytest

from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.tiles import heat_top
from geo.tiles.heat import HeatMap
from geo.tiles.heat_scale import round_up
from geo.tiles.mercator import cell_km2, to_cells

MONDAY = np.datetime64("2025-03-03T00:00")
N = 200_000


@pytest.fixture(scope="module")
def columns() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    hot = rng.normal((116.4, 34.0), 0.05, (60, 2))
    lonlat = hot[rng.integers(0, 60, N)] + rng.normal(size=(N, 2)) * 0.004
    at = MONDAY + rng.integers(0, 70 * 1440, N).astype("timedelta64[m]")
    return lonlat, at, np.array(["a", "b", "c", "d"], object)[rng.choice(4, N, p=[0.6, 0.3, 0.09, 0.01])]


@pytest.fixture
def heat(columns: tuple[np.ndarray, np.ndarray, np.ndarray]) -> HeatMap:
    return HeatMap.of(Cube.of(*columns, period=(MONDAY, MONDAY + np.timedelta64(70, "D"))))


def by_hand(lonlat: np.ndarray, z: int, *, weeks: float, most: int) -> float:
    """Return the density that one in 200 of the cells reaches, counted call by call."""
    cells: dict[tuple[int, int], int] = {}
    for key in zip(*(v.tolist() for v in to_cells(lonlat, z + 4)), strict=True):
        cells[key] = cells.get(key, 0) + 1
    found = sorted(
        (n / cell_km2(np.array([row + 0.5]), z + 4)[0] / weeks for (_, row), n in cells.items()), reverse=True
    )
    return float(found[max(round(0.005 * min(len(lonlat), most)), 1) - 1])


@pytest.mark.parametrize("z", [9, 12, 14])
@pytest.mark.parametrize("families", ["ab", "d"])
def test_the_end_is_reached_by_one_cell_in_200(
    heat: HeatMap, columns: tuple[np.ndarray, np.ndarray, np.ndarray], z: int, families: str
) -> None:
    lonlat, _, family = columns
    kept = np.isin(family.astype(str), list(families))
    cells = len(set(zip(*(v.tolist() for v in to_cells(lonlat, z + 4)), strict=True)))
    expected = by_hand(lonlat[kept], z, weeks=10.0, most=cells)
    assert heat.top(z, which=CubeFilter(families=frozenset(families))) == round_up(expected)


@pytest.mark.parametrize("z", [9, 12, 14])
@pytest.mark.parametrize("families", ["abcd", "c", "d"])
def test_a_sample_ends_the_scale_within_a_step_of_where_all_calls_do(
    heat: HeatMap, monkeypatch: pytest.MonkeyPatch, z: int, families: str
) -> None:
    which = CubeFilter(families=frozenset(families), hours=frozenset(range(6, 20)))
    whole = heat.top(z, which=which)
    monkeypatch.setattr(heat_top, "SAMPLES", (5_000, 40_000))
    fresh = HeatMap(cube=heat.cube, extent=heat.extent)
    sampled = fresh.top(z, which=which)
    assert whole / 1.7 < sampled < whole * 1.7
    assert sampled == HeatMap(cube=heat.cube, extent=heat.extent).top(z, which=which)


def test_nothing_ends_nowhere(heat: HeatMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heat_top, "SAMPLES", (5_000, 40_000))
    assert heat.top(11, which=CubeFilter(families=frozenset({"none"}))) == 0.0
