"""Needs by hour: fewest units, travel and load together, exact division."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.staffing.erlang import erlang_c
from planners.staffing.pcam import HourLoad, Standards, broken, divide, hour_service, one_more, units_needed
from planners.staffing.response import RIGHT_ANGLED, NetworkTravel, SquareRootTravel, network_travel

CITY = SquareRootTravel(area_m2=40e6, metres_per_second=8.0)
EVENING = HourLoad(key="21", calls=(3.0, 9.0, 4.0), on_scene_seconds=1800.0)


def test_travel_at_the_fixed_point_is_that_of_the_units_that_are_free() -> None:
    found = hour_service(EVENING, CITY, 12)
    assert found.load == pytest.approx(16 / 3600 * found.service_seconds)
    assert found.service_seconds == pytest.approx(1800.0 + found.travel_seconds)
    assert found.delayed_share == pytest.approx(erlang_c(12, found.load))
    # The mean lies between all free and one free.
    assert CITY.seconds(12) < found.travel_seconds < CITY.seconds(1)
    assert found.response_seconds == pytest.approx(found.wait_seconds + found.travel_seconds)


def test_constant_travel_leaves_a_plain_queue() -> None:
    flat = NetworkTravel(table=np.array([120.0]), error=np.array([0.0]), draws=1)
    found = hour_service(HourLoad(key="8", calls=(6.0,), on_scene_seconds=1080.0), flat, 4)
    assert found.load == pytest.approx(2.0)
    assert found.delayed_share == pytest.approx(erlang_c(4, 2.0))


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(st.floats(0.0, 12.0), min_size=1, max_size=3),
    scene=st.floats(300.0, 5400.0),
    away=st.floats(0.0, 0.4),
    limit=st.floats(0.2, 0.9),
)
def test_the_need_is_met_and_one_fewer_breaks_the_binding_standard(
    calls: list[float], scene: float, away: float, limit: float
) -> None:
    load = HourLoad(key="0", calls=tuple(calls), on_scene_seconds=scene, away_share=away)
    standards = Standards(utilisation=limit, delayed_share=0.1)
    need = units_needed(load, CITY, standards)
    assert broken(need.service, standards) == ()
    if need.service.units > 1:
        fewer = hour_service(load, CITY, need.service.units - 1)
        assert need.binding in broken(fewer, standards)


def test_more_units_never_serve_worse() -> None:
    curve = one_more(EVENING, CITY, range(11, 40))
    assert np.isfinite(curve[0].travel_seconds)
    for name in ("travel_seconds", "delayed_share", "utilisation"):
        values = np.array([getattr(s, name) for s in curve])
        assert (np.diff(values) <= 1e-9).all(), name


def test_units_that_are_away_take_no_calls() -> None:
    away = HourLoad(key="21", calls=(3.0, 9.0, 4.0), on_scene_seconds=1800.0, away_share=0.25)
    assert hour_service(away, CITY, 16).delayed_share == hour_service(EVENING, CITY, 12).delayed_share


def test_a_standard_that_no_number_meets_is_named() -> None:
    slow = SquareRootTravel(area_m2=40e6, metres_per_second=8.0, least_seconds=200.0)
    with pytest.raises(InfeasibleError, match="not even 500 units meet the standard of mean travel"):
        units_needed(EVENING, slow, Standards(travel_seconds=100.0))
    assert broken(hour_service(EVENING, CITY, 2), Standards()) == ("utilisation", "delayed_share")
    with pytest.raises(ParameterError, match="at least one standard"):
        Standards(utilisation=None, delayed_share=None)
    with pytest.raises(InputError, match="Hour 3"):
        HourLoad(key="3", calls=(-1.0,), on_scene_seconds=60.0)


def test_the_square_root_factor_is_what_random_units_give() -> None:
    rng = np.random.default_rng(5)
    units, side = 200, 1.0
    found = []
    for _ in range(40):
        held = rng.random((units, 2)) * side
        calls = 0.2 + 0.6 * rng.random((500, 2))
        found.append(np.abs(calls[:, None] - held[None]).sum(axis=2).min(axis=1).mean())
    assert np.mean(found) * math.sqrt(units) == pytest.approx(RIGHT_ANGLED, rel=0.03)


def test_travel_on_the_network_by_hand() -> None:
    # Two posts, two calls: with both units out each call is at its own post; with one, half the draws are far.
    seconds = np.array([[0.0, 100.0], [300.0, 0.0]])
    found = network_travel(seconds, np.array([1.0, 1.0]), most=3, draws=400, seed=2)
    assert found.table[1:] == pytest.approx([0.0, 0.0])
    assert found.table[0] == pytest.approx(100.0, abs=4 * found.error[0] + 1e-9)
    assert found.seconds([1, 2, 9]).tolist() == [found.table[0], 0.0, 0.0]
    with pytest.raises(InputError, match="No call is reached"):
        network_travel(np.full((2, 2), np.inf), np.ones(2), most=2)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_division_is_the_best_of_all_divisions(data: st.DataObject) -> None:
    areas, most, units = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4)), data.draw(st.integers(0, 6))
    row = st.lists(st.integers(0, 50), min_size=most + 1, max_size=most + 1)
    costs = np.array(data.draw(st.lists(row, min_size=areas, max_size=areas)), float)
    found, least = divide(costs, units)
    best = min(
        sum(costs[a, n] for a, n in enumerate(way))
        for way in itertools.product(range(most + 1), repeat=areas)
        if sum(way) <= units
    )
    assert least == best
    assert found.sum() <= units
    assert sum(costs[a, n] for a, n in enumerate(found)) == best


def test_too_few_units_to_divide_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="too few"):
        divide(np.array([[np.inf, 1.0], [np.inf, 1.0]]), 1)
