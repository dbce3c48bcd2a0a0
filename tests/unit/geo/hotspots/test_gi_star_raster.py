import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.cells.contiguity import with_self, within_steps
from geo.cells.hexagon import hexagons_within
from geo.cells.square import SquareCells
from geo.errors import InputError, ParameterError
from geo.hotspots.false_discovery import adjusted, chance_of_score, standing_out
from geo.hotspots.gi_star import gi_star, within_band
from geo.hotspots.gi_star_raster import gi_star_raster
from geo.hotspots.local_moran import KINDS, local_moran


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["queen", "rook", "circle"]), st.integers(1, 4), st.booleans())
def test_the_raster_equals_neighbour_lists(seed: int, kernel: str, reach: int, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 12, 2))
    y = rng.poisson(3, shape).astype(float)
    inside = rng.random(shape) < 0.7 if masked else np.ones(shape, bool)
    if inside.sum() < 2:
        return
    cells = SquareCells(west=0, south=0, size_m=1, inside=inside)
    middle = cells.centres()
    apart = np.abs(middle[:, None] - middle[None])
    gap = {"queen": apart.max(axis=2), "rook": apart.sum(axis=2), "circle": np.hypot(*apart.transpose(2, 0, 1))}[kernel]
    rows, columns = np.nonzero(gap <= reach + 1e-9)
    indptr = np.r_[0, np.cumsum(np.bincount(rows, minlength=len(cells)))]
    wanted = gi_star(y[inside], indptr, columns)
    got = gi_star_raster(y, inside=inside, reach=reach, kernel=kernel)  # type: ignore[arg-type]
    np.testing.assert_allclose(got[inside], wanted, atol=2e-15 * (1 + np.nanmax(np.abs(wanted), initial=0)), rtol=0)
    assert np.isnan(got[~inside]).all()


def test_published_scores_come_out_on_a_raster_too() -> None:
    # The six published points of PySAL's test lie on a lattice of 5; with a mask they are a masked city.
    points, y = np.array([[10, 10], [20, 10], [40, 10], [15, 20], [30, 20], [30, 30]]), [2, 3, 3.2, 5, 8, 7]
    wanted = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert gi_star(y, *within_band(points.astype(float), 15)) == pytest.approx(wanted, abs=1e-7)
    values, inside = np.zeros((7, 9)), np.zeros((7, 9), bool)
    values[points[:, 1] // 5, points[:, 0] // 5] = y
    inside[points[:, 1] // 5, points[:, 0] // 5] = True
    scores = gi_star_raster(values, inside=inside, reach=3, kernel="circle")
    assert scores[points[:, 1] // 5, points[:, 0] // 5] == pytest.approx(wanted, abs=1e-7)


def test_hexagons_by_lists() -> None:
    import shapely

    cells = hexagons_within(shapely.box(0, 0, 100, 90), across_m=10)
    y = np.random.default_rng(0).poisson(2, len(cells)).astype(float)
    two_steps = with_self(within_steps(cells.neighbours(), 2))
    middle = cells.centres()
    by_distance = within_band(middle, 20.0 + 1e-6)
    assert gi_star(y, *two_steps) == pytest.approx(gi_star(y, *by_distance), abs=1e-12)


def test_bad_rasters_are_refused() -> None:
    with pytest.raises(InputError, match="rows and columns"):
        gi_star_raster([1, 2])
    with pytest.raises(InputError, match="differ"):
        gi_star_raster(np.zeros((2, 2)), inside=np.zeros((3, 2), bool))
    with pytest.raises(InputError, match="at least 2"):
        gi_star_raster(np.full((2, 2), np.nan))
    with pytest.raises(ParameterError):
        gi_star_raster(np.zeros((2, 2)), reach=0)


def test_false_discoveries_by_the_published_example() -> None:
    # The fifteen p of Benjamini and Hochberg (1995), section 4: at 5 % the first four are rejected.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert standing_out(p).sum() == 4
    shuffled = np.random.default_rng(0).permutation(15)
    assert adjusted(np.array(p)[shuffled]) == pytest.approx(adjusted(p)[shuffled])
    assert adjusted(p)[3] == pytest.approx(0.0095 * 15 / 4)
    assert (adjusted(p, any_dependence=True) >= adjusted(p)).all()
    assert np.isnan(adjusted([np.nan, 0.5])[0])
    assert adjusted([np.nan, 0.5])[1] == 0.5
    assert chance_of_score([1.959963984540054, -1.959963984540054]) == pytest.approx([0.05, 0.05])
    with pytest.raises(InputError):
        adjusted([1.2])
    with pytest.raises(ParameterError):
        standing_out(p, rate=0)


def test_local_moran_by_its_definition_and_by_all_arrangements() -> None:
    y = np.array([9.0, 8.0, 1.0, 2.0, 3.0])
    neighbours = [[1, 2], [0], [0, 3], [2, 4], []]
    indptr = np.r_[0, np.cumsum([len(v) for v in neighbours])]
    indices = np.concatenate([np.array(v, int) for v in neighbours])
    made = local_moran(y, indptr, indices, runs=20_000, seed=3)
    z = y - y.mean()
    for i, near in enumerate(neighbours):
        if not near:
            assert np.isnan(made.value[i])
            assert np.isnan(made.p[i])
            assert KINDS[made.kind[i]] == ""
            continue
        assert made.value[i] == pytest.approx(z[i] * z[near].mean() * 4 / (z**2).sum())
        others = [j for j in range(5) if j != i]
        sums = [sum(pick) for pick in _subsets(z[others].tolist(), len(near))]
        low = np.mean([s <= z[near].sum() + 1e-9 for s in sums])
        high = np.mean([s >= z[near].sum() - 1e-9 for s in sums])
        assert made.p[i] == pytest.approx(min(1.0, 2 * min(low, high)), abs=0.02)
    assert [KINDS[k] for k in made.kind[:4]] == ["HL", "HH", "LH", "LL"]
    again = local_moran(y, indptr, indices, runs=20_000, seed=3)
    assert (again.p[:4] == made.p[:4]).all()


def _subsets(values: list[float], size: int) -> list[tuple[float, ...]]:
    from itertools import combinations

    return list(combinations(values, size))


def test_local_moran_of_nothing() -> None:
    indptr, indices = np.array([0, 1, 2, 2]), np.array([1, 0])
    assert np.isnan(local_moran([2, 2, 2], indptr, indices).value).all()
    with pytest.raises(InputError):
        local_moran([1, np.nan, 2], indptr, indices)
    with pytest.raises(ParameterError):
        local_moran([1, 2, 3], indptr, indices, runs=0)
