"""Exact Poisson intervals, against their definition and chi-squared quantiles."""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from geo.errors import ParameterError
from geo.incidents.poisson import poisson_interval


def test_limits_of_none_and_one_have_closed_forms() -> None:
    low, high = poisson_interval([0, 1])
    assert low.tolist() == pytest.approx([0, -math.log(0.975)])
    assert high[0] == pytest.approx(-math.log(0.025))
    assert math.exp(-high[1]) * (1 + high[1]) == pytest.approx(0.025)


@pytest.mark.parametrize("n", [2, 5, 10, 40])
def test_each_limit_leaves_its_tail(n: int) -> None:
    low, high = (float(v[0]) for v in poisson_interval([n]))

    def at_most(k: int, mean: float) -> float:
        return sum(math.exp(-mean) * mean**i / math.factorial(i) for i in range(k + 1))

    assert 1 - at_most(n - 1, low) == pytest.approx(0.025)
    assert at_most(n, high) == pytest.approx(0.025)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_limits_are_chi_squared_quantiles(level: float) -> None:
    n = np.arange(1, 2000, 7)
    low, high = poisson_interval(n, level=level)
    np.testing.assert_allclose(low, chi2.ppf((1 - level) / 2, 2 * n) / 2)
    np.testing.assert_allclose(high, chi2.ppf((1 + level) / 2, 2 * n + 2) / 2)


@pytest.mark.parametrize("bad", [-1, 1.5, float("nan")])
def test_what_is_not_a_count_is_refused(bad: float) -> None:
    with pytest.raises(ParameterError):
        poisson_interval([3, bad])


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_outside_zero_and_one_is_refused(level: float) -> None:
    with pytest.raises(ParameterError):
        poisson_interval([3], level=level)
