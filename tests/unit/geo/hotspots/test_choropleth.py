"""Areas coloured by counts and rates."""

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from geo.hotspots.choropleth import choropleth
from geo.incidents.poisson import poisson_interval

CODES = ("a", "b", "c", "d")


def test_rates_are_counts_over_area_and_weeks() -> None:
    made = choropleth(CODES, np.array([0, 10, 40, 3]), weeks=2.0, km2=np.array([1.0, 0.5, 2.0, 3.0]))
    assert made.value.tolist() == [0, 10, 10, 0.5]
    low, high = poisson_interval([10])
    assert (made.low[1], made.high[1]) == pytest.approx((low[0] / 1.0, high[0] / 1.0))
    assert (made.unit_zh, made.total) == ("起/平方公里·周", 53)


def test_rates_by_people_leave_out_areas_without_people() -> None:
    made = choropleth(CODES, np.array([1, 10, 40, 3]), weeks=1.0, measure="per_1000_week",
                      population=np.array([0.0, 2000.0, 1000.0, np.nan]))  # fmt: skip
    assert made.value[1:3].tolist() == [5.0, 40.0]
    assert np.isnan(made.value[[0, 3]]).all()
    assert made.classes[[0, 3]].tolist() == [-1, -1]


@pytest.mark.parametrize("breaks", ["quantile", "pretty"])
@pytest.mark.parametrize("measure", ["count", "per_km2_week"])
def test_every_value_lies_in_its_class(breaks: str, measure: str) -> None:
    rng = np.random.default_rng(1)
    counts = rng.negative_binomial(1, 0.02, 300)
    made = choropleth(
        [str(i) for i in range(300)], counts, weeks=52.0, measure=measure, km2=rng.uniform(0.1, 2, 300), breaks=breaks
    )
    below, above = made.breaks[made.classes], made.breaks[made.classes + 1]
    last = made.classes == len(made.labels) - 1
    assert ((made.value >= below) & ((made.value < above) | (last & (made.value <= above)))).all()
    assert len(made.labels) == len(made.breaks) - 1 == len(made.colors("light"))
    assert len(made.labels) <= 7


def test_quantile_classes_are_about_equal_in_membership() -> None:
    values = np.arange(1, 601)
    made = choropleth([str(i) for i in values], values, weeks=1.0, measure="count", classes=6)
    assert np.bincount(made.classes).tolist() == pytest.approx([100] * 6, abs=12)


def test_whole_numbers_have_whole_labels() -> None:
    made = choropleth(CODES, np.array([0, 1, 4, 9]), weeks=1.0, measure="count", breaks=[0, 1, 5, 10])
    assert made.labels == ("0", "1–4", "5–10")
    assert made.classes.tolist() == [0, 1, 1, 2]


def test_pretty_breaks_are_round_and_equal() -> None:
    made = choropleth(CODES, np.array([3, 20, 77, 96]), weeks=1.0, measure="count", breaks="pretty", classes=5)
    assert made.breaks.tolist() == [0, 20, 40, 60, 80, 100]


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [7, 7, 7, 7]])
def test_equal_values_are_one_class(counts: list[int]) -> None:
    for breaks in ("quantile", "pretty"):
        made = choropleth(CODES, np.array(counts), weeks=1.0, km2=np.ones(4), breaks=breaks)
        assert len(set(made.classes.tolist())) == 1


def test_what_makes_no_sense_is_refused() -> None:
    counts = np.array([1, 2, 3, 4])
    with pytest.raises(InputError, match="area"):
        choropleth(CODES, counts, weeks=1.0)
    with pytest.raises(InputError, match="population"):
        choropleth(CODES, counts, weeks=1.0, measure="per_1000_week")
    with pytest.raises(InputError, match="4 areas"):
        choropleth(CODES, counts[:2], weeks=1.0, measure="count")
    with pytest.raises(ParameterError, match="period"):
        choropleth(CODES, counts, weeks=0.0, km2=np.ones(4))
    with pytest.raises(ParameterError, match="leave out"):
        choropleth(CODES, counts, weeks=1.0, measure="count", breaks=[2, 3])
    with pytest.raises(ParameterError, match="rising"):
        choropleth(CODES, counts, weeks=1.0, measure="count", breaks=[5, 3])
    with pytest.raises(ParameterError, match="classes"):
        choropleth(CODES, counts, weeks=1.0, measure="count", classes=1)
    with pytest.raises(ParameterError, match="no measure"):
        choropleth(CODES, counts, weeks=1.0, measure="danger")
    with pytest.raises(ParameterError, match="no breaks"):
        choropleth(CODES, counts, weeks=1.0, measure="count", breaks="jenks")
