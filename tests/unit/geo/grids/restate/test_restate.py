"""Figures on other boundaries: nothing lost to the last unit, places counted exactly, comparisons with their doubt."""

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from geo.errors import FieldError, ParameterError
from geo.grids.crosswalk import Placed, build_crosswalk
from geo.grids.restate import (
    compare_restated,
    rate_ratio_interval,
    restate_figures,
    restate_places,
    spread_population,
)
from geo.tables.grids import Grids


def row_of(**spans: tuple[float, float]) -> Grids:
    codes = list(spans)
    shapes = [shapely.box(100 + a / 100, 25.6, 100 + b / 100, 25.61) for a, b in spans.values()]
    return Grids.of(gpd.GeoDataFrame({"code": codes, "kind": "general"}, geometry=shapes, crs=4326))


OLD = row_of(A=(0, 1), B=(1, 2))
NEW = row_of(A=(0, 0.6), G=(0.6, 1.2), B=(1.2, 2))


def test_counts_are_shared_by_largest_remainders() -> None:
    made = restate_figures({"A": 7, "B": 3}, build_crosswalk(OLD, NEW), edition="第2版")
    # A: 4.2 and 2.8; B: 0.6 and 2.4. The unit left goes to the larger remainder.
    assert dict(zip(made.codes, made.units.tolist(), strict=True)) == {"A": 4, "B": 2, "G": 4}
    assert (made.total, made.outside, made.method) == (10, 0, "area")
    assert made.said("zh") == "按面积份额分摊，网格版本：第2版"
    assert "on edition 第2版" in made.said("en")
    fine = restate_figures({"A": 7, "B": 3}, build_crosswalk(OLD, NEW), edition="2", decimals=3)
    assert fine.values.tolist() == [4.2, 2.4, 3.4]
    assert fine.frame()["value"].tolist() == [4.2, 2.4, 3.4, 0]


def test_equal_remainders_go_to_the_lowest_code() -> None:
    halves = row_of(X=(0, 0.5), Y=(0.5, 1), B=(1, 2))
    made = restate_figures({"A": 1}, build_crosswalk(OLD, halves), edition="2")
    assert dict(zip(made.codes, made.units.tolist(), strict=True)) == {"B": 0, "X": 1, "Y": 0}


def test_what_no_new_grid_covers_stays_outside() -> None:
    made = restate_figures({"A": 10, "B": 10}, build_crosswalk(OLD, row_of(A=(0, 1), B=(1, 1.7))), edition="2")
    assert (made.units.tolist(), made.outside, made.total) == ([10, 7], 3, 20)
    assert made.frame()["code"].tolist()[:2] == ["A", "B"]


def test_population_shares_follow_the_people_of_the_new_grids() -> None:
    walk = spread_population(build_crosswalk(OLD, NEW), {"A": 300, "G": 600, "B": 100})
    made = restate_figures({"A": 7}, walk, edition="2", basis="population")
    # G has 600 people on 0.6 columns, of which 0.4 lie in A: 400; A has 300. 7 x 3/7 and 7 x 4/7.
    assert dict(zip(made.codes, made.units.tolist(), strict=True)) == {"A": 3, "B": 0, "G": 4}
    assert made.method == "population"
    assert made.said("en").startswith("shared out by population")
    with pytest.raises(ParameterError, match="Populations"):
        spread_population(walk, {"A": -1})


def test_shares_of_other_things_are_named() -> None:
    homes = Placed(lonlat=np.array([[100.001, 25.605], [100.009, 25.605]]), weight=np.array([30, 10]))
    walk = build_crosswalk(OLD, NEW, placed={"households": homes})
    made = restate_figures({"A": 8}, walk, edition="2", basis="households")
    assert dict(zip(made.codes, made.units.tolist(), strict=True)) == {"A": 6, "B": 0, "G": 2}
    assert (made.method, made.basis) == ("share", "households")
    assert "（households）" in made.said()


@pytest.mark.parametrize(
    ("figures", "error"),
    [({"Q": 1}, FieldError), ({"A": -1}, ParameterError), ({"A": 0.5}, ParameterError), ({"A": np.nan}, ParameterError),
     ({"A": np.inf}, ParameterError), ({"A": 1e300}, ParameterError)],
)  # fmt: skip
def test_figures_that_cannot_be_shared_are_refused(figures: dict[str, float], error: type[Exception]) -> None:
    with pytest.raises(error):
        restate_figures(figures, build_crosswalk(OLD, NEW), edition="2")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 6), st.integers(0, 6))
def test_every_old_figure_is_given_out_to_the_last_unit(seed: int, old: int, new: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)

    def cut(parts: int, name: str) -> Grids:
        at = np.r_[0, np.sort(rng.random(parts - 1)), 1] * 5
        spans = {f"{name}{i}": (float(a), float(b)) for i, (a, b) in enumerate(itertools.pairwise(at)) if b > a}
        return row_of(**spans)

    one, other = cut(old, "o"), cut(new, "n")
    walk = build_crosswalk(one, other)
    units = {code: int(rng.integers(0, 10 ** rng.integers(1, 9))) for code in one.keys}
    figures = {code: count / 10**decimals for code, count in units.items()}
    made = restate_figures(figures, walk, edition="2", decimals=decimals)
    assert int(made.units.sum()) + made.outside == sum(units.values())
    for code in one.keys:
        alone = restate_figures({code: figures[code]}, walk, edition="2", decimals=decimals)
        assert int(alone.units.sum()) + alone.outside == units[code]
        exact = walk.shares().toarray()[walk.source.index(code), :-1] * units[code]
        assert np.abs(alone.units - exact).max() < 1 + 1e-6


def test_places_are_counted_where_they_are() -> None:
    rng = np.random.default_rng(7)
    lonlat = np.column_stack([rng.uniform(99.999, 100.021, 500), rng.uniform(25.599, 25.611, 500)])
    made = restate_places(Placed(lonlat=lonlat), NEW, edition="2")
    spans = {"A": (100, 100.006), "B": (100.012, 100.02), "G": (100.006, 100.012)}
    inside = (lonlat[:, 1] > 25.6) & (lonlat[:, 1] < 25.61)
    wanted = [int((inside & (lonlat[:, 0] > a) & (lonlat[:, 0] < b)).sum()) for a, b in spans.values()]
    assert made.units.tolist() == wanted
    assert made.total == 500
    assert made.method == "points"


def test_the_rate_ratio_interval_is_that_of_clopper_and_pearson() -> None:
    # The help page of poisson.test in R: 11 in 800 against 21 in 3011 person-years.
    low, high = rate_ratio_interval(np.array([21]), np.array([11]), exposure=(3011, 800))
    assert (low[0], high[0]) == (pytest.approx(0.8584264, abs=1e-6), pytest.approx(4.2772659, abs=1e-6))
    for before, after in ((0, 3), (4, 0), (120, 80)):
        ends = binomtest(after, before + after).proportion_ci(0.95, method="exact")
        low, high = rate_ratio_interval(np.array([before]), np.array([after]))
        assert low[0] == pytest.approx(ends.low / (1 - ends.low), rel=1e-9)
        assert high[0] == pytest.approx(ends.high / (1 - ends.high) if ends.high < 1 else np.inf, rel=1e-9)
    low, high = rate_ratio_interval(np.array([0]), np.array([0]))
    assert (low[0], high[0]) == (0, np.inf)


def test_two_periods_side_by_side() -> None:
    def placed(*counts: int) -> Placed:
        at = [100.003] * counts[0] + [100.009] * counts[1] + [100.016] * counts[2] + [100.05] * counts[3]
        return Placed(lonlat=np.column_stack([at, np.full(len(at), 25.605)]))

    before = restate_places(placed(3, 40, 0, 2), NEW, edition="2")
    after = restate_places(placed(1, 20, 5, 2), NEW, edition="2")
    change = compare_restated(before, after)
    frame = change.frame().set_index(np.array(["A", "B", "G", "outside", "all"]))
    assert frame["n_before"].tolist() == [3, 0, 40, 2, 45]
    assert frame["n_after"].tolist() == [1, 5, 20, 2, 28]
    assert frame["change"]["A"] == pytest.approx(-2 / 3)
    assert np.isnan(frame["change"]["B"])
    assert frame["p"]["A"] == pytest.approx(0.4437647631538747)
    assert frame["p"]["G"] < 0.05 < frame["p"]["A"]
    assert frame["change_low"]["A"] < frame["change"]["A"] < 0 < frame["change_high"]["A"]
    assert (frame["before_low"]["G"], frame["before_high"]["G"]) == (
        pytest.approx(28.577, abs=1e-3),
        pytest.approx(54.469, abs=1e-3),
    )
    assert change.total_change == pytest.approx(28 / 45 - 1)
    assert change.agrees_with(-0.3778)
    assert not change.agrees_with(-0.3189)
    assert set(frame["edition"]) == {"2"}
    assert set(frame["method"]) == {"points"}
    longer = compare_restated(before, after, exposure=(365, 366))
    assert longer.total_change == pytest.approx(28 / 366 / (45 / 365) - 1)


def test_periods_on_different_boundaries_are_not_compared() -> None:
    places = Placed(lonlat=np.array([[100.003, 25.605]]))
    one, other = restate_places(places, OLD, edition="1"), restate_places(places, NEW, edition="2")
    with pytest.raises(ParameterError, match="restate both on one"):
        compare_restated(one, other)
    parts = restate_figures({"A": 1.5}, build_crosswalk(OLD, NEW), edition="2", decimals=1)
    with pytest.raises(ParameterError, match="decimals=0"):
        compare_restated(other, parts)
    with pytest.raises(ParameterError, match="above 0"):
        compare_restated(other, other, exposure=(0, 1))
