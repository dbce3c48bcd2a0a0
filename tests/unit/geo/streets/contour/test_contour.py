from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.streets.contour import below


def lattice(size: int, cell: float) -> tuple[np.ndarray, np.ndarray]:
    side = np.arange(size) * cell
    return np.meshgrid(side, side)


def test_a_disc_has_its_area() -> None:
    x, y = lattice(101, 2.0)
    area = below(np.hypot(x - 100, y - 100), 60.0, west=0, south=0, cell_m=2.0)
    assert area.is_valid
    assert area.area == pytest.approx(np.pi * 60**2, rel=2e-3)
    assert area.hausdorff_distance(shapely.Point(100, 100).buffer(60, 64)) < 0.2


def test_a_ring_keeps_its_hole_and_an_island_in_it() -> None:
    x, y = lattice(201, 1.0)
    away = np.hypot(x - 100, y - 100)
    values = np.minimum(np.abs(away - 60), away)
    area = below(values, 10.0, west=5, south=7, cell_m=1.0)
    assert area.area == pytest.approx(np.pi * (70**2 - 50**2 + 10**2), rel=2e-3)
    assert len(shapely.get_parts(area)) == 2
    assert area.contains(shapely.Point(105, 107))
    assert not area.contains(shapely.Point(105 + 30, 107))


def test_smaller_values_contain_larger_ones() -> None:
    rng = np.random.default_rng(5)
    high = rng.random((40, 40))
    high[[0, -1]] = high[:, [0, -1]] = 2.0
    low = high - 0.2 * rng.random(high.shape)
    low[[0, -1]] = low[:, [0, -1]] = 2.0
    small = below(high, 0.5, west=0, south=0, cell_m=1.0)
    large = below(low, 0.5, west=0, south=0, cell_m=1.0)
    assert shapely.difference(small, large).area < 1e-9


def test_nothing_below_is_an_empty_area() -> None:
    assert below(np.ones((5, 5)), 0.5, west=0, south=0, cell_m=1.0).is_empty
