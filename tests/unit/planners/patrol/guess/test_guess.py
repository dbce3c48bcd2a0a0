from itertools import pairwise

import numpy as np
import pytest

from geo.errors import InfeasibleError, ParameterError
from planners.patrol.guess.drawn import bits_of, cost_of_bits, drawn, even_bits, mixture_bits
from planners.patrol.guess.entropy import measured
from planners.patrol.guess.predictor import fitted, frequency, guess, logistic, onlooker


def coins(nights: int, *, share: float = 0.25, seed: int = 1) -> np.ndarray:
    """Presence that nobody can guess: every point and slot on its own."""
    return np.random.default_rng(seed).random((nights, 30, 40)) < share


def test_the_same_night_again_is_guessed_whole() -> None:
    seen = np.tile(coins(1), (8, 1, 1))
    for score in (frequency, logistic):
        found = guess(seen, score, nights=5)
        assert found.hit_rate > 0.95
        assert found.ratio > 3.5
        assert found.nights == 3


def test_coins_are_guessed_no_better_than_by_chance() -> None:
    seen = coins(60)
    for score in (frequency, logistic, onlooker):
        found = guess(seen, score, nights=10)
        assert found.interval is not None
        assert found.interval[0] < 1.02
        assert abs(found.ratio - 1.0) < 0.03
        # Naming as many slots as are right: a share of m / slots of them by chance, weighted by m.
        counts = seen[10:].sum(axis=2)
        assert found.chance == pytest.approx((counts**2).sum() / 40 / counts.sum())


def test_a_pattern_that_comes_back_every_other_night_is_learnt() -> None:
    two = coins(2)
    seen = two[np.arange(40) % 2]
    assert guess(seen, logistic, nights=14).ratio > 3.0
    assert guess(seen, frequency, nights=14).ratio < guess(seen, logistic, nights=14).ratio


def test_the_onlooker_learns_the_gap_between_visits() -> None:
    # One visit every 10 slots from a random first slot: the first is luck, the others follow.
    rng = np.random.default_rng(3)
    first = rng.integers(0, 10, (30, 20))
    seen = (np.arange(40)[None, None, :] - first[:, :, None]) % 10 == 0
    assert guess(seen, frequency, nights=10).ratio < 1.3
    assert guess(seen, onlooker, nights=10).hit_rate > 0.7


def test_logistic_regression_finds_its_own_weights() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(20000), rng.normal(size=(20000, 2))])
    true = np.array([-1.0, 0.8, -0.4])
    y = (rng.random(20000) < 1 / (1 + np.exp(-x @ true))).astype(float)
    assert fitted(x, y) == pytest.approx(true, abs=0.06)


def test_too_few_nights_are_refused() -> None:
    with pytest.raises(ParameterError, match="14 nights"):
        guess(coins(14), frequency)
    with pytest.raises(ParameterError, match="14 nights"):
        measured(coins(14))


def test_the_entropy_of_coins_lies_between_its_estimates() -> None:
    found = measured(coins(80), nights=14)
    true = float(bits_of(np.array(0.25)))
    assert found.least_bits <= true <= found.bits
    assert found.bits - found.least_bits < 0.08
    assert found.interval is not None
    assert found.interval[0] < found.bits < found.interval[1]


def test_a_fixed_timetable_has_almost_no_entropy() -> None:
    assert measured(np.tile(coins(1), (20, 1, 1))).bits < 0.1


def test_two_plans_that_never_meet_are_drawn_alike() -> None:
    # By hand: weights w and 1 - w over two slots each seen in one plan: H = 2 h(w) / 4 slots, most at w = 1/2.
    seen = np.zeros((2, 1, 4), bool)
    seen[0, 0, 0] = seen[1, 0, 1] = True
    found = drawn(seen, [0.0, 1.0])
    assert found.weights == pytest.approx([0.5, 0.5], abs=0.01)
    assert found.bits == pytest.approx(0.5, abs=1e-3)
    assert found.even_bits == pytest.approx(float(bits_of(np.array(0.25))))
    # Half of it at least cost: h(w) = 1/2 at w = 0.11.
    floor = drawn(seen, [0.0, 1.0], floor_bits=0.25)
    assert floor.bits >= 0.25 - 1e-9
    assert floor.cost == pytest.approx(0.110, abs=0.01)
    assert floor.bound <= 0.1101
    assert floor.bound == pytest.approx(0.110, abs=0.01)


def test_the_floor_is_kept_at_a_cost_between_bound_and_highest() -> None:
    seen = coins(12)
    cost = np.linspace(0, 1, 12)
    top = drawn(seen, cost)
    assert top.bits == pytest.approx(mixture_bits(seen, np.asarray(top.weights)), abs=1e-6)
    assert top.bits <= even_bits(seen, np.asarray(top.weights)) + 1e-9
    found = drawn(seen, cost, floor_bits=0.9 * top.bits)
    assert found.bits >= 0.9 * top.bits - 1e-9
    assert found.bound - 1e-9 <= found.cost < top.cost
    assert found.cost - found.bound < 0.05
    curve = cost_of_bits(seen, cost)
    assert all(a.bits <= b.bits + 1e-6 and a.cost <= b.cost + 1e-6 for a, b in pairwise(curve))


def test_a_floor_out_of_reach_names_the_highest() -> None:
    seen = np.tile(coins(1), (3, 1, 1))
    with pytest.raises(InfeasibleError, match="at most"):
        drawn(seen, np.zeros(3), floor_bits=0.1)
