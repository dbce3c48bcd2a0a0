import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from geo.hotspots.aoristic import aoristic
from geo.hotspots.concentration import concentration, gini
from geo.hotspots.when import hour_by_weekday
from geo.hotspots.why_here import why_here


def test_gini_of_few_calls() -> None:
    # Three calls on ten places: one each is even, all at one is as uneven as three calls can be.
    assert gini([1, 1, 1] + [0] * 7) == pytest.approx(0)
    assert gini([3] + [0] * 9) == pytest.approx(1 - 1 / 3)
    # More calls than places: the textbook coefficient, half the mean absolute difference over the mean.
    n = np.array([1, 4, 0, 9, 2])
    textbook = np.abs(n[:, None] - n[None]).sum() / (2 * len(n) ** 2 * n.mean())
    assert gini(n) == pytest.approx(textbook)
    with pytest.raises(InputError):
        gini([0, 0])


def test_the_curve_and_what_chance_does() -> None:
    made = concentration([50, 30, 10, 10] + [0] * 16)
    assert made.needed == (1 / 20, 2 / 20)
    assert made.places[:3].tolist() == [0, 0.05, 0.1]
    assert made.calls[:3].tolist() == [0, 0.5, 0.8]
    assert all(
        low <= mean <= high for low, mean, high in zip(made.chance_low, made.by_chance, made.chance_high, strict=True)
    )
    # With one call on each of two places out of many, half of the calls need one place whatever happens.
    few = concentration([1, 1] + [0] * 98)
    assert few.by_chance[0] == pytest.approx(0.01)
    with pytest.raises(ParameterError):
        concentration([1], shares=(0.0,))
    with pytest.raises(InputError):
        concentration([-1, 3])


def test_windows_are_spread_by_the_minute() -> None:
    start = np.array(["2026-11-22T23:30", "2026-11-18T10:00", "2026-11-18T10:00", "2026-11-18T10:00"], "M8[m]")
    end = np.array(["2026-11-23T01:00", "NaT", "2026-11-18T09:00", "2026-12-18T10:00"], "M8[m]")
    made = aoristic(start, end)
    assert (made.n, made.reversed, made.wide) == (2, 1, 1)
    assert made.weights[6, 23] == pytest.approx(1 / 3)  # Sunday
    assert made.weights[0, 0] == pytest.approx(2 / 3)  # Monday
    assert made.weights[2, 10] == 1
    assert made.weights.sum() == pytest.approx(made.n)


def test_known_times_are_counted_as_they_are_elsewhere() -> None:
    at = np.datetime64("2026-01-01T00:00") + np.random.default_rng(0).integers(0, 500_000, 400).astype("m8[m]")
    assert aoristic(at, at).weights.tolist() == hour_by_weekday(at).counts.tolist()
    brute = np.zeros(168)
    end = at + np.random.default_rng(1).integers(1, 3000, 400).astype("m8[m]")
    for a, b in zip(at.astype(int), end.astype(int), strict=True):
        minutes = np.arange(a, b)
        np.add.at(brute, (minutes // 60 + 72) % 168, 1 / (b - a))
    assert aoristic(at, end).weights.ravel() == pytest.approx(brute)
    with pytest.raises(InputError):
        aoristic(at, end[:3])


def test_why_here_tells_what_stands_out() -> None:
    table = np.zeros((7, 24), int)
    table[4, 22:] = 9
    table[4, :2] = 3
    table[:, 12] += 1
    made = why_here(
        table,
        period_zh="近 28 天",
        period_en="in 28 days",
        classes={"盗窃": 20, "殴打": 11},
        usual=4.25,
        near_repeats=3,
    )
    assert made.n == 31
    assert made.peak == (22, 2, 24)
    assert made.weekday == (4, 25)
    assert made.sentence("zh") == (
        "近 28 天 31起（95% 区间 21–44），同类地点平均 4.2起；22–02 时最多，24起（77%）；周五偏多，25起；以盗窃为主，20起（65%）；其中 3起为近重复。"
    )
    assert made.sentence("en").startswith(
        "31 calls in 28 days (95% interval 21–44), where such places have 4.2; most from 22 to 02"
    )


def test_why_here_keeps_quiet_about_accidents() -> None:
    table = np.zeros(168, int)
    table[5] = 9
    few = why_here(table, period_zh="近 7 天", period_en="in 7 days", classes={"a": 1, "b": 2})
    assert (few.peak, few.weekday, few.leading) == (None, None, None)
    even = why_here(np.full(168, 3), period_zh="x", period_en="x")
    assert (even.peak, even.weekday) == (None, None)
    with pytest.raises(InputError):
        why_here([1, 2], period_zh="x", period_en="x")
