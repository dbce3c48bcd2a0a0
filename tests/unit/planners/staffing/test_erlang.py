"""Queues against hand-computed values, conservation, and a plain simulation."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest

from geo.errors import ParameterError
from planners.staffing.erlang import busy_shares, erlang_b, erlang_c, late_share, mean_wait, priority_waits


def test_known_values() -> None:
    # By hand: B(1, 1) = 1/2; C(2, 1) = 1/3; C(3, 2) = 4/9.
    assert erlang_b(1, 1.0) == pytest.approx(1 / 2)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(3, 2.0) == pytest.approx(4 / 9)
    # One unit: the wait is load / (1 - load) services.
    assert mean_wait(1, 0.8, 60.0) == pytest.approx(240.0)
    assert late_share(1, 0.5, 60.0, 60.0) == pytest.approx(0.5 * math.exp(-0.5))


@pytest.mark.parametrize(("units", "load"), [(1, 0.5), (3, 1.5), (8, 6.2)])
def test_both_formulas_equal_their_sums(units: int, load: float) -> None:
    terms = [load**n / math.factorial(n) for n in range(units + 1)]
    assert erlang_b(units, load) == pytest.approx(terms[-1] / sum(terms))
    last = terms[-1] * units / (units - load)
    assert erlang_c(units, load) == pytest.approx(last / (sum(terms[:-1]) + last))


def test_too_much_work_waits_for_ever() -> None:
    assert erlang_c(2, 2.0) == 1.0
    assert mean_wait(2, 2.5, 60.0) == math.inf
    assert late_share(2, 2.5, 60.0, 10.0) == 1.0
    waits = priority_waits(2, [1.0, 1.5], 60.0)
    assert np.isfinite(waits[0])
    assert waits[1] == math.inf


@pytest.mark.parametrize(("units", "loads"), [(1, (0.2, 0.5)), (4, (0.5, 1.0, 1.5)), (12, (3.0, 0.0, 7.5))])
def test_priorities_keep_the_waiting_of_all(units: int, loads: tuple[float, ...]) -> None:
    waits = priority_waits(units, loads, 600.0)
    load = sum(loads)
    assert np.dot(loads, waits) == pytest.approx(load * mean_wait(units, load, 600.0))
    assert (np.diff(waits) >= 0).all()


def test_shares_of_busy_units_add_up_with_those_of_all_busy() -> None:
    shares = busy_shares(5, 3.2)
    assert shares.sum() + erlang_c(5, 3.2) == pytest.approx(1.0)
    assert np.dot(np.arange(5), shares) + 5 * erlang_c(5, 3.2) == pytest.approx(3.2)
    assert busy_shares(3, 0.0).tolist() == [1.0, 0.0, 0.0]
    assert busy_shares(3, 4.0).sum() == 0.0


def test_priority_waits_agree_with_a_simulation() -> None:
    rng = np.random.default_rng(11)
    units, calls = 3, 200_000
    rates = np.array([0.8, 1.4])
    at = np.cumsum(rng.exponential(1 / rates.sum(), calls))
    kind = (rng.random(calls) > rates[0] / rates.sum()).astype(int)
    length = rng.exponential(1.0, calls)
    free = [0.0] * units
    waiting: list[tuple[int, int]] = []
    waited: list[list[float]] = [[], []]
    i = 0
    while i < calls or waiting:
        now = heapq.heappop(free)
        while i < calls and at[i] <= now:
            heapq.heappush(waiting, (int(kind[i]), i))
            i += 1
        if not waiting and i < calls:
            heapq.heappush(waiting, (int(kind[i]), i))
            now = max(now, at[i])
            i += 1
        if waiting:
            k, call = heapq.heappop(waiting)
            begin = max(now, at[call])
            waited[k].append(begin - at[call])
            heapq.heappush(free, begin + length[call])
    waits = priority_waits(units, rates.tolist(), 1.0)
    assert np.mean(waited[0]) == pytest.approx(waits[0], rel=0.05)
    assert np.mean(waited[1]) == pytest.approx(waits[1], rel=0.05)


def test_bad_input_has_a_sentence() -> None:
    with pytest.raises(ParameterError, match="at least one unit"):
        erlang_b(0, 1.0)
    with pytest.raises(ParameterError, match="load of 0 or more"):
        erlang_c(2, -1.0)
