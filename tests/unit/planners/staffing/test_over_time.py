"""The queue through the day: constant load gives the formula, a peak is felt after it."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import InputError
from planners.staffing.erlang import erlang_c
from planners.staffing.over_time import delayed_over_time


def test_constant_load_is_the_stationary_queue() -> None:
    found = delayed_over_time([6.0] * 4, [4] * 4, [1800.0] * 4)
    assert found == pytest.approx([erlang_c(4, 3.0)] * 4, abs=1e-5)


def test_the_hour_after_a_peak_waits_longer_than_its_own_formula_says() -> None:
    calls = np.array([1.0, 1.0, 9.0, 1.0, 1.0, 1.0])
    found = delayed_over_time(calls, [4] * 6, [1800.0] * 6)
    assert found[3] > erlang_c(4, 0.5)
    assert found[2] == found.max()
    assert found[1] == pytest.approx(erlang_c(4, 0.5), abs=2e-3)


def test_a_peak_above_the_units_is_borne_where_it_is_short() -> None:
    calls = np.array([2.0, 2.0, 12.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    found = delayed_over_time(calls, [4] * 8, [1800.0] * 8)
    # By its own formula everyone would wait in the peak, for ever; within an hour not all do.
    assert erlang_c(4, 6.0) == 1.0
    assert 0.3 < found[2] < 1.0


def test_nobody_on_duty_lets_every_call_wait_and_no_call_waits_nowhere() -> None:
    found = delayed_over_time([1.0, 0.0], [0, 2], [600.0, 600.0])
    assert found[0] == pytest.approx(1.0)
    assert delayed_over_time([0.0], [1], [600.0]).tolist() == [0.0]
    with pytest.raises(InputError, match="same hours"):
        delayed_over_time([1.0], [1, 2], [600.0])
