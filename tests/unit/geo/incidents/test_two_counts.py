import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from geo.errors import ParameterError
from geo.incidents.displacement import weighted_displacement_difference
from geo.incidents.e_test import e_test
from geo.incidents.rates import Share

COUNT = st.integers(0, 12)


def test_displacement_by_hand() -> None:
    ours = weighted_displacement_difference((20, 10), (20, 20))
    assert ours.difference == -10
    assert ours.standard_error == pytest.approx(math.sqrt(70))
    assert ours.interval(1.0) == pytest.approx((-10 - math.sqrt(70), -10 + math.sqrt(70)))


def test_displacement_refuses_nothing_and_less() -> None:
    for pair in ((0, 0), (-1, 3)):
        with pytest.raises(ParameterError):
            weighted_displacement_difference(pair, (0, 0))


@settings(max_examples=25, deadline=None)
@given(COUNT, COUNT, st.sampled_from([(1.0, 1.0), (2.0, 1.0), (1.0, 3.0)]))
def test_e_test_equals_the_plain_double_sum(first: int, second: int, exposure: tuple[float, float]) -> None:
    m, n = exposure
    rate = (first + second) / (m + n)

    def statistic(x: int, y: int) -> float:
        spread = x / m**2 + y / n**2
        return abs(x / m - y / n) / math.sqrt(spread) if spread else 0.0

    chance_x, chance_y = poisson.pmf(range(90), m * rate), poisson.pmf(range(90), n * rate)
    total = 0.0
    for x in range(90):
        for y in range(90):
            if statistic(x, y) >= statistic(first, second) - 1e-12:
                total += chance_x[x] * chance_y[y]
    wanted = 1.0 if first + second == 0 else min(1.0, total)
    assert e_test(first, second, first_exposure=m, second_exposure=n) == pytest.approx(wanted, abs=1e-9)
    assert e_test(second, first, first_exposure=n, second_exposure=m) == pytest.approx(wanted, abs=1e-9)


def test_e_test_refuses_negative_counts() -> None:
    with pytest.raises(ParameterError):
        e_test(-1, 2)


def test_a_printed_rate_that_does_not_follow_is_told_apart() -> None:
    share = Share(part=7762, n=7792)
    assert share.value == pytest.approx(0.99615, abs=5e-6)
    assert share.agrees_with(0.9961)
    assert share.agrees_with(0.9962)
    assert not share.agrees_with(0.9712)
    low, high = share.interval
    assert low < share.value < high <= 1.0
    assert Share(part=0, n=5).interval[0] == 0.0
    with pytest.raises(ParameterError, match="not a part"):
        Share(part=3, n=2)


def test_e_test_of_large_counts_is_that_of_the_normal_distribution() -> None:
    for first, second in ((50_000, 49_200), (1_000_000, 999_000)):
        z = abs(first - second) / math.sqrt(first + second)
        assert e_test(first, second) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-4)
    assert e_test(7762, 11397) < 1e-100
