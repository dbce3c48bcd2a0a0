import math

import numpy as np
import pytest
from scipy.stats import binomtest

from geo.errors import ParameterError
from geo.incidents.comparison import compare_counts, compare_with_years, compound_rate
from geo.incidents.suppress import comparison_may_be_shown, suppress


def test_three_to_one_is_no_percentage() -> None:
    fall = compare_counts(1, 3, baseline="year_on_year")
    assert fall.change == pytest.approx(-2 / 3)
    assert (fall.verdict, fall.percentage_is_fair) == ("too_few", False)
    assert fall.sentence("zh") == "1起，同比基数 3起，基数小，不报百分比，数量太少，无法判断"
    assert "%" not in fall.sentence("en")


@pytest.mark.parametrize(("counts", "p"), [((6, 2), 0.1748748), ((0, 3), 0.088379)])
def test_the_published_e_test_decides(counts: tuple[int, int], p: float) -> None:
    assert compare_counts(*counts).p == pytest.approx(p, abs=1e-6)


def test_ratio_interval_is_the_exact_binomial_one() -> None:
    made = compare_counts(120, 80, days=7, baseline_days=14)
    exact = binomtest(120, 200).proportion_ci(0.95, method="exact")
    assert made.ratio == pytest.approx(3.0)
    assert made.expected == 40
    assert made.ratio_low == pytest.approx(exact.low / (1 - exact.low) * 2)
    assert made.ratio_high == pytest.approx(exact.high / (1 - exact.high) * 2)
    assert made.word("en") == "hardly chance"
    assert made.sentence("zh").startswith("120起，与所选时段比基数 40起，+200.0%（95% 区间 +")


def test_no_baseline_gives_no_change() -> None:
    made = compare_counts(12, 0)
    assert made.change is None
    assert (made.ratio_high, made.verdict) == (math.inf, "clear")
    assert compare_counts(0, 12).ratio_low == 0.0


def test_unsteady_years_widen_the_test() -> None:
    steady = compare_with_years(150, [100, 101, 99, 100, 100])
    assert steady.p == compare_counts(150, 500, baseline_days=5).p < 1e-3
    unsteady = compare_with_years(150, [60, 150, 90, 140, 60])
    rates = np.array([60, 150, 90, 140, 60])
    t = (150 - 100) / (rates.std(ddof=1) * math.sqrt(1.2))
    assert t == pytest.approx(1.06, abs=0.01)
    assert unsteady.p == pytest.approx(0.349, abs=0.005)  # two-sided t with 4 degrees, by table between 0.3 and 0.4
    assert unsteady.ratio_low < 1 < unsteady.ratio_high
    assert (unsteady.expected, unsteady.by_year[0]) == (100, 60)
    with pytest.raises(ParameterError, match="at least 2"):
        compare_with_years(1, [2])


def test_compound_rate_by_hand() -> None:
    rate = compound_rate(1000, 1331, years=3)
    assert rate.value == pytest.approx(0.1)
    assert rate.low < 0.1 < rate.high
    for bad in ((0, 5, 1.0), (5, 5, 0.0)):
        with pytest.raises(ParameterError):
            compound_rate(bad[0], bad[1], years=bad[2])


def test_what_cannot_be_compared_is_refused() -> None:
    for n, base, days in ((-1, 2, 1.0), (1, -2, 1.0), (1, 2, 0.0), (1, 2, math.inf)):
        with pytest.raises(ParameterError):
            compare_counts(n, base, days=days)


def test_hidden_counts_cannot_be_worked_out() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        counts = rng.poisson(rng.choice([0.5, 3, 8]), size=rng.integers(1, 8))
        kept = suppress(counts)
        hidden = ~kept.shown
        assert (hidden | (counts == 0) | (counts >= 5)).all()
        if kept.total is not None and hidden.any():
            # The reader knows the sum of what is hidden: it must be of two counts or more, and not itself small.
            assert hidden.sum() >= 2
            assert counts[hidden].sum() >= 5
        assert (kept.counts[kept.shown] == counts[kept.shown]).all()


def test_suppression_by_hand() -> None:
    kept = suppress([3, 20, 9, 0])
    assert kept.counts.tolist() == [-1, 20, -1, 0]
    assert (kept.small, kept.besides, kept.total) == (1, 1, 32)
    assert (kept.text(0), kept.text(1), kept.text(0, "en")) == ("未显示（数量少）", "20", "not shown (few)")
    assert suppress([3, 20], threshold=0).shown.all()
    assert suppress([2]).total is None
    assert not comparison_may_be_shown(compare_counts(3, 20))
    assert comparison_may_be_shown(compare_counts(0, 20))
    with pytest.raises(ParameterError):
        suppress([-1])
