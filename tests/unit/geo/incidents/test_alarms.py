import math

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from geo.incidents.cusum import cusum, design_cusum, run_length
from geo.incidents.spikes import latest_spike, weekday_weights


def test_run_length_where_one_call_is_an_alarm() -> None:
    # Reference 1 and limit 1: the first period with 2 calls or more.
    mean = 0.3
    assert run_length(mean, reference=1, limit=1, step=1.0) == pytest.approx(1 / (1 - math.exp(-mean) * (1 + mean)))


@pytest.mark.parametrize(("mean", "reference", "limit", "step"), [(2.0, 3.0, 4.0, 1.0), (1.5, 2.3, 3.1, 0.1)])
def test_run_length_agrees_with_a_simulation(mean: float, reference: float, limit: float, step: float) -> None:
    rng = np.random.default_rng(11)
    runs = 4000
    sums, length = np.zeros(runs), np.zeros(runs)
    alive = np.ones(runs, dtype=bool)
    while alive.any():
        length[alive] += 1
        sums[alive] = np.maximum(0.0, sums[alive] + rng.poisson(mean, alive.sum()) - reference)
        alive &= sums < limit - 1e-9
    error = length.std() / math.sqrt(runs)
    assert run_length(mean, reference=reference, limit=limit, step=step) == pytest.approx(length.mean(), abs=4 * error)


def test_design_keeps_its_promise_with_the_lowest_limit() -> None:
    design = design_cusum(4.0, raised=6.0, run_length=500)
    assert design.reference == pytest.approx(2 / math.log(1.5), abs=design.step)
    assert design.run_length_usual >= 500
    lower = run_length(4.0, reference=design.reference, limit=design.limit - design.step, step=design.step)
    assert lower < 500
    assert design.run_length_raised < 20
    for bad in ((0.0, None, 100.0), (4.0, 3.0, 100.0), (4.0, 4.0001, 1e6), (4.0, 5.0, 0.5)):
        with pytest.raises(ParameterError):
            design_cusum(bad[0], raised=bad[1], run_length=bad[2])


def test_chart_by_hand() -> None:
    design = design_cusum(4.0, raised=6.0, run_length=100)
    n = [4, 4, 2, 9, 9, 9, 0]
    chart = cusum(n, design)
    sum_, wanted = 0.0, []
    for count in n:
        sum_ = max(0.0, sum_ + count - design.reference)
        wanted.append(sum_)
        sum_ = 0.0 if sum_ >= design.limit - 1e-9 else sum_
    assert chart.sums == pytest.approx(wanted)
    assert chart.alarms.any()
    assert chart.since == 3
    with pytest.raises(ParameterError):
        cusum([-1], design)


def test_a_spike_is_found_with_its_length() -> None:
    rng = np.random.default_rng(2)
    n = rng.poisson(4.0, 90)
    n[-3:] += 8
    spike = latest_spike(n, longest=7, runs=999, seed=1)
    assert spike is not None
    assert (spike.days, spike.p) == (3, pytest.approx(0.001))
    assert spike.n == n[-3:].sum()
    inside, expected, total = spike.n, spike.expected, int(n.sum())
    assert expected == pytest.approx(total * 3 / 90)
    by_hand = inside * math.log(inside / expected) + (total - inside) * math.log((total - inside) / (total - expected))
    assert spike.llr == pytest.approx(by_hand)
    assert spike == latest_spike(n, longest=7, runs=999, seed=1)
    assert "最近 3 天" in spike.sentence()
    assert "once in 1000 days" in spike.sentence("en")


def test_false_alarms_come_as_often_as_said() -> None:
    rng = np.random.default_rng(4)
    p = [s.p if (s := latest_spike(rng.poisson(3.0, 60), runs=99, seed=k)) else 1.0 for k in range(300)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_weekends_are_no_spike() -> None:
    usual = np.tile([2, 2, 2, 2, 2, 20, 20], 10)
    weights = weekday_weights(0, usual)
    assert weights[5] == pytest.approx(20.05)
    spike = latest_spike(usual, weights=weights, longest=2, seed=0)
    assert spike is None or spike.p > 0.3
    bare = latest_spike(usual, longest=2, seed=0)
    assert bare is not None
    assert bare.p == pytest.approx(0.001)
    assert latest_spike(np.r_[np.full(30, 5), 0, 0], longest=2) is None
    with pytest.raises(ParameterError):
        latest_spike(usual, longest=70)
    with pytest.raises(InputError):
        latest_spike(usual, weights=np.zeros(70))
