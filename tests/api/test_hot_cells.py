"""Cells that stand out among their neighbours, against the plain statistics."""

from __future__ import annotations

import numpy as np
import pytest

from api.services.hot_cells import MORAN_RUNS, standing_by_gi_star, standing_by_local_moran
from geo.cells.contiguity import from_pairs
from geo.hotspots.local_moran import local_moran


def lattice(size: int) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(size * size).reshape(size, size)
    pairs = [(at[:, 1:], at[:, :-1]), (at[1:], at[:-1]), (at[1:, 1:], at[:-1, :-1]), (at[1:, :-1], at[:-1, 1:])]
    first, second = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    return from_pairs(first, second, count=size * size)


def test_only_cells_that_are_high_among_high_stand_out() -> None:
    counts = np.random.default_rng(1).poisson(4, (20, 20))
    counts[5:9, 5:9] += 20
    counts[15, 15] = 60  # high among low
    lists = lattice(20)
    made = standing_by_local_moran(counts.ravel(), lists)
    whole = local_moran(counts.ravel(), *lists, runs=MORAN_RUNS)
    tested = counts.ravel() > counts.mean()
    assert np.isnan(made.p[~tested]).all()
    assert (made.p[tested] == whole.p[tested]).all()
    assert made.score[tested] == pytest.approx(whole.value[tested])
    hot = (made.q <= 0.05) & (made.score > 0)
    assert (whole.kind[hot] == 1).all()
    assert hot.reshape(20, 20)[6:8, 6:8].all()
    assert not hot.reshape(20, 20)[15, 15]
    assert not hot.reshape(20, 20)[12:, :12].any()
    assert (standing_by_gi_star(counts.ravel(), lists).q <= 0.05).reshape(20, 20)[6:8, 6:8].all()
