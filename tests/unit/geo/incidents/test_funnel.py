import numpy as np
import pytest
from scipy.stats import poisson

from geo.errors import InputError, ParameterError
from geo.incidents.funnel import funnel, funnel_limits, share_limits


def test_limits_sit_between_the_exact_whole_counts() -> None:
    for mean in (0.7, 4.0, 31.0, 250.0):
        low, high = funnel_limits([mean])
        for row, tail in enumerate((0.025, 0.001)):
            k = next(k for k in range(2000) if poisson.cdf(k, mean) > 1 - tail)
            assert k - 1 - 1e-9 <= high[row, 0] * mean <= k + 1e-9
            k = next(k for k in range(2000) if poisson.cdf(k, mean) > tail)
            assert max(k - 1, 0) - 1e-9 <= low[row, 0] * mean <= k + 1e-9


def test_chance_alone_stands_out_as_often_as_said() -> None:
    rng = np.random.default_rng(5)
    size = rng.uniform(20, 200, 20_000)
    made = funnel(rng.poisson(size), size)
    assert np.mean(made.place != 0) == pytest.approx(0.05, abs=0.01)
    assert np.mean(np.abs(made.place) == 2) == pytest.approx(0.002, abs=0.002)
    assert made.expected.sum() == pytest.approx(made.n.sum())


def test_unequal_areas_widen_the_funnel() -> None:
    rng = np.random.default_rng(6)
    size = rng.uniform(20, 200, 400)
    n = rng.poisson(size * rng.gamma(10, 0.1, 400))
    plain, wide = funnel(n, size), funnel(n, size, overdispersed=True)
    assert plain.dispersion == 1.0
    assert wide.dispersion > 2
    assert (wide.place != 0).sum() < (plain.place != 0).sum() / 2


def test_shares_and_their_limits() -> None:
    low, high = share_limits(0.9, [10, 1000])
    assert (low[1] <= low[0]).all()
    assert (high[1] >= high[0]).all()
    assert 0.88 < low[0, 1] < 0.9 < high[0, 1] < 0.92
    with pytest.raises(ParameterError):
        share_limits(1.0, [5])


@pytest.mark.parametrize(("n", "size"), [([1, 2], [1.0]), ([1], [0.0]), ([-1], [1.0]), ([0, 0], [1.0, 1.0]), ([], [])])
def test_bad_areas_are_refused(n: list[int], size: list[float]) -> None:
    with pytest.raises(InputError):
        funnel(n, size)
