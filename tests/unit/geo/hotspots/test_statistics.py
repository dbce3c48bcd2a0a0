import math

import numpy as np
import pytest
from scipy.stats import poisson

from geo.errors import InputError, ParameterError
from geo.hotspots.accuracy import pai, pei
from geo.hotspots.gi_star import gi_star, within_band
from geo.hotspots.scan import poisson_llr, scan_probability


def test_gi_star_equals_its_definition_with_a_dense_matrix() -> None:
    rng = np.random.default_rng(1)
    points, values = rng.random((30, 2)) * 100, rng.random(30)
    near = np.hypot(*(points[:, None] - points[None, :]).transpose(2, 0, 1)) <= 25
    mean, spread = values.mean(), math.sqrt((values**2).mean() - values.mean() ** 2)
    wanted = [
        (values[w].sum() - mean * w.sum()) / (spread * math.sqrt((30 * w.sum() - w.sum() ** 2) / 29)) for w in near
    ]
    assert gi_star(values, *within_band(points, 25)) == pytest.approx(wanted)


def test_the_band_is_closed_and_everybody_near_is_no_score() -> None:
    points = np.array([[0.0, 0.0], [3.0, 4.0], [30.0, 0.0]])
    indptr, indices = within_band(points, 5.0)
    assert np.split(indices, indptr[1:-1])[0].tolist() == [0, 1]
    assert np.isnan(gi_star([1, 2, 3], *within_band(points, 100.0))).all()
    assert np.isnan(gi_star([2, 2, 2], indptr, indices)).all()
    with pytest.raises(InputError):
        gi_star([1, np.nan, 3], indptr, indices)
    with pytest.raises(ParameterError):
        within_band(points, -1)


def test_scan_ratio_by_hand() -> None:
    assert poisson_llr(10, 5, 20) == pytest.approx(10 * math.log(2) + 10 * math.log(10 / 15))
    assert poisson_llr(5, 5, 20) == poisson_llr(2, 5, 20) == 0.0
    assert poisson_llr(20, 5, 20) == pytest.approx(20 * math.log(4))
    with pytest.raises(ParameterError):
        poisson_llr(3, 0, 20)


@pytest.mark.parametrize("mean", [0.2, 0.6, 1.5])
def test_moving_window_is_exact_in_two_and_three_windows(mean: float) -> None:
    # No two of a Poisson process within one window: n points with all gaps above 1 in a time of T have the share
    # (T - (n - 1))^n / T^n of all n points.
    for time in (2, 3):
        none = sum(math.exp(-mean * time) * (mean * (time - n + 1)) ** n / math.factorial(n) for n in range(time + 1))
        assert scan_probability(2, mean=mean, windows=time) == pytest.approx(1 - none)


def test_moving_window_of_three_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(7)
    mean, time, wanted, runs = 2.0, 3.0, 3, 1_000_000
    hits = 0
    for count, times in enumerate(np.bincount(rng.poisson(mean * time, runs))):
        if count >= wanted:
            at = np.sort(rng.random((times, count)) * time, axis=1)
            hits += int(((at[:, wanted - 1 :] - at[:, : count - wanted + 1]) <= 1).any(axis=1).sum())
    share = hits / runs
    error = 5 * math.sqrt(share * (1 - share) / runs)
    assert scan_probability(wanted, mean=mean, windows=time) == pytest.approx(share, abs=error)
    # The sum that ends one term early is further away than that.
    assert abs(scan_probability(wanted, mean=mean, windows=time, last_term=False) - share) > error


def test_moving_window_is_more_likely_than_fixed_ones_and_refuses_nonsense() -> None:
    assert scan_probability(6, mean=1.0, windows=260) > 1 - poisson.cdf(5, 1.0) ** 260
    for bad in ({"mean": 0.0, "windows": 5}, {"mean": 1.0, "windows": 1}):
        with pytest.raises(ParameterError):
            scan_probability(3, **bad)


def test_pai_and_pei_by_hand() -> None:
    assert pai([3, 1]).tolist() == pytest.approx([1.5, 1.0])
    assert pai([3, 1], [1, 3]).tolist() == pytest.approx([3.0, 1.0])
    assert pei([1, 3]).tolist() == pytest.approx([1 / 3, 1.0])
    with pytest.raises(InputError):
        pai([0, 0])
    with pytest.raises(InputError):
        pai([1, 2], [1, 0])
