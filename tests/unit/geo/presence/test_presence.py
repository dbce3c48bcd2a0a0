"""Presence by hand: a unit that drives past places at known speed, falls silent, and is off duty."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from geo.presence.legs import Duties, Sight
from geo.presence.positions import EARTH_M, Positions
from geo.presence.rates import NOT_SEEN, SEEN, UNKNOWN, Demand, control_states, hours_between, place_hours, rate_of
from geo.presence.seen import Presence, presence, together

HERE = np.array([108.94, 34.26])
SIGHT = Sight(radius_m=100.0, joined_seconds=60.0, fastest_m_per_s=10.0)


def at(east_m: float, north_m: float = 0.0) -> np.ndarray:
    """Return degrees so many metres from the origin."""
    lat = HERE[1] + np.degrees(north_m / EARTH_M)
    return np.array([HERE[0] + np.degrees(east_m / (EARTH_M * np.cos(np.radians(HERE[1])))), lat])


def sent(unit: str, rows: list[tuple[float, float]]) -> tuple[list[str], list[float], list[np.ndarray]]:
    """Return positions of a unit: seconds and metres east."""
    return [unit] * len(rows), [t for t, _ in rows], [at(x) for _, x in rows]


def positions(*units: tuple[list[str], list[float], list[np.ndarray]]) -> Positions:
    names = [n for u in units for n in u[0]]
    return Positions.of(
        np.array(names, dtype=object),
        np.array([t for u in units for t in u[1]]),
        np.array([p for u in units for p in u[2]]),
    )


def drive(begin: float, until: float, *, start: float, speed: float, every: float = 10.0) -> list[tuple[float, float]]:
    return [(t, start + speed * (t - begin)) for t in np.arange(begin, until + 1, every).tolist()]


def test_seconds_in_sight_are_those_of_the_chord_at_the_speed_driven() -> None:
    moved = positions(sent("a", drive(0, 400, start=-2000, speed=10)))
    # 60 m beside the way a circle of 100 m is crossed over 160 m: 16 s at 10 m/s.
    made = presence(moved, np.array([at(0), at(0, 60), at(0, 101)]), start=0, end=400, sight=SIGHT)
    edges = np.array([0.0, 400.0])
    assert made.seen_seconds(edges)[:, 0] == pytest.approx([20.0, 16.0, 0.0], abs=0.2)
    assert made.unknown_seconds(edges).sum() == 0


def test_a_lost_unit_may_have_been_wherever_it_could_get_to_and_back_from() -> None:
    rows = [(0.0, 0.0), (10.0, 0.0), (610.0, 0.0), (620.0, 0.0)]
    # 600 s at 10 m/s: 3,000 m out and back. A place 2,100 m away can be reached 200 s after, left 200 s before.
    made = presence(positions(sent("a", rows)), np.array([at(2100), at(3200), at(0)]), start=0, end=620, sight=SIGHT)
    unknown = made.unknown_seconds(np.array([0.0, 620.0]))[:, 0]
    assert unknown == pytest.approx([200.0, 0.0, 600.0], abs=1.0)
    assert made.seen_seconds(np.array([0.0, 620.0]))[:, 0] == pytest.approx([0.0, 0.0, 20.0], abs=0.1)


def test_another_unit_in_sight_makes_it_known() -> None:
    lost = sent("a", [(0.0, 0.0), (10.0, 0.0), (610.0, 0.0), (620.0, 0.0)])
    there = sent("b", drive(0, 620, start=0, speed=0))
    made = presence(positions(lost, there), np.array([at(0)]), start=0, end=620, sight=SIGHT)
    assert made.seen_seconds(np.array([0.0, 620.0]))[0, 0] == pytest.approx(620.0)
    assert made.unknown_seconds(np.array([0.0, 620.0]))[0, 0] == 0


def test_where_nobody_was_heard_nothing_is_known() -> None:
    made = presence(
        positions(sent("a", drive(3600, 7200, start=5000, speed=0))), np.array([at(0)]), start=0, end=14400, sight=SIGHT
    )
    states = place_hours(made, hours_between(0, 14400))
    assert states.tolist() == [[UNKNOWN, NOT_SEEN, UNKNOWN, UNKNOWN]]
    empty = presence(Positions.none(), np.array([at(0)]), start=0, end=7200)
    assert empty.unknown_seconds(np.array([0.0, 7200.0]))[0, 0] == 7200.0
    assert rate_of(place_hours(empty, hours_between(0, 7200))).value is None


def test_a_long_silence_is_off_duty_unless_the_roster_says_otherwise() -> None:
    rows = drive(0, 600, start=0, speed=0) + drive(40_000, 40_600, start=0, speed=0)
    other = sent("b", drive(0, 40_600, start=90_000, speed=0))
    heard = positions(sent("a", rows), other)
    spot = np.array([at(0)])
    free = presence(heard, spot, start=0, end=40_600, sight=SIGHT)
    assert free.unknown_seconds(np.array([0.0, 40_600.0]))[0, 0] == 0
    roster = Duties(unit=np.array([0, 1]), begin=np.zeros(2), until=np.full(2, 40_600.0))
    told = presence(heard, spot, start=0, end=40_600, duties=roster, sight=SIGHT)
    assert told.unknown_seconds(np.array([0.0, 40_600.0]))[0, 0] == pytest.approx(40_000 - 600, abs=1.0)


def test_a_duty_without_any_position_is_counted_and_hides_nothing() -> None:
    roster = Duties(unit=np.array([0, 1]), begin=np.zeros(2), until=np.full(2, 600.0))
    made = presence(
        positions(sent("a", drive(0, 600, start=0, speed=0))), np.array([at(0)]), start=0, end=600, duties=roster
    )
    assert (made.duties, made.silent) == (2, 1)
    assert made.unknown_seconds(np.array([0.0, 600.0]))[0, 0] == 0


def test_a_unit_that_goes_silent_before_its_duty_ends_may_be_anywhere_in_reach() -> None:
    roster = Duties(unit=np.array([0]), begin=np.zeros(1), until=np.full(1, 1000.0))
    made = presence(
        positions(sent("a", drive(0, 500, start=0, speed=0))), np.array([at(1100), at(9000)]), start=0, end=1000,
        duties=roster, sight=SIGHT,
    )  # fmt: skip
    assert made.unknown_seconds(np.array([0.0, 1000.0]))[:, 0] == pytest.approx([400.0, 0.0], abs=1.0)


def test_hours_without_a_sighting_are_unknown_where_too_much_is() -> None:
    rows = drive(0, 1200, start=0, speed=0) + drive(2100, 3600, start=0, speed=0)
    made = presence(positions(sent("a", rows)), np.array([at(0), at(300), at(8000)]), start=0, end=3600, sight=SIGHT)
    assert place_hours(made, hours_between(0, 3600))[:, 0].tolist() == [SEEN, NOT_SEEN, NOT_SEEN]
    strict = presence(
        positions(sent("a", rows)), np.array([at(300)]), start=0, end=3600, sight=dataclasses.replace(SIGHT, least_known_share=0.9)
    )  # fmt: skip
    assert place_hours(strict, hours_between(0, 3600))[0, 0] == UNKNOWN


def test_rates_have_bounds_and_an_interval_that_widens_where_cases_hang_together() -> None:
    table = np.array([[SEEN] * 20, [NOT_SEEN] * 20, [UNKNOWN] * 20, [SEEN] * 20], np.int8)
    rate = rate_of(table)
    assert (rate.yes, rate.no, rate.unknown, rate.n) == (40, 20, 20, 60)
    assert rate.bounds == pytest.approx((0.5, 0.75))
    alone = rate_of(table.reshape(1, -1))
    assert rate.interval is not None
    assert alone.interval is not None
    assert rate.interval[0] < alone.interval[0] < 2 / 3 < alone.interval[1] < rate.interval[1]
    assert rate_of(np.full((2, 3), UNKNOWN, np.int8)).interval is None


def test_demanded_visits_are_made_missing_or_unknown() -> None:
    rows = [*drive(0, 3600, start=0, speed=0), (4200.0, 0.0), *drive(4260, 7200, start=5000, speed=0)]
    made = presence(positions(sent("a", rows)), np.array([at(0), at(5000), at(20_000)]), start=0, end=7200, sight=SIGHT)
    demand = Demand(
        edges=np.array([[0.0, 3600.0], [3600.0, 7200.0]]),
        visits=np.array([1, 2, 1]),
        least_seconds=np.array([300.0, 300.0, 300.0]),
    )
    states = control_states(made, demand).reshape(3, 2, 2)
    assert states[0, 0].tolist() == [SEEN, -2]
    assert states[1].tolist() == [[NOT_SEEN, NOT_SEEN], [SEEN, NOT_SEEN]]
    assert states[2].tolist() == [[NOT_SEEN, -2], [NOT_SEEN, -2]]


def test_a_wild_position_is_not_believed() -> None:
    rows = drive(0, 300, start=0, speed=0)
    rows[10] = (100.0, 40_000.0)
    heard = positions(sent("a", rows))
    assert heard.plausible().sum() == len(heard) - 1
    made = presence(heard, np.array([at(40_000)]), start=0, end=300, sight=SIGHT)
    assert made.seen_seconds(np.array([0.0, 300.0]))[0, 0] == 0


def test_the_order_of_positions_and_repeated_ones_change_nothing() -> None:
    names, times, spots = sent("a", drive(0, 400, start=-2000, speed=10))
    order = np.random.default_rng(0).permutation(len(times))
    one = positions((names, times, spots))
    other = Positions.of(
        np.array([*(names[i] for i in order), names[0]], dtype=object), np.array([*(times[i] for i in order), times[0]]),
        np.array([*(spots[i] for i in order), spots[0]]),
    )  # fmt: skip
    assert one.units == other.units
    assert np.array_equal(one.seconds, other.seconds)
    assert np.array_equal(one.lonlat, other.lonlat)


def test_nothing_of_presence_is_about_a_unit() -> None:
    assert {f.name for f in dataclasses.fields(Presence)} == {"seen", "unknown", "places", "duties", "silent", "sight"}


def test_bad_questions_are_refused_in_one_sentence() -> None:
    with pytest.raises(ParameterError, match="must end after"):
        presence(Positions.none(), np.zeros((0, 2)), start=5, end=5)
    with pytest.raises(ParameterError, match="radius from 0"):
        Sight(radius_m=0.0)
    with pytest.raises(InputError, match="the first in row 2"):
        Positions.of(np.array(["a", "a"], dtype=object), np.array([0.0, np.nan]), np.array([HERE, HERE]))


def test_pieces_of_a_period_together_are_the_whole() -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.choice([20.0, 30.0, 200.0, 900.0], 400, p=[0.5, 0.4, 0.07, 0.03]))
    east = np.cumsum(rng.normal(0, 150, 400))
    heard = positions(sent("a", list(zip(times.tolist(), east.tolist(), strict=True))))
    places = np.array([at(x) for x in (-1000, 0, 500, 3000)])
    end = float(np.floor(times[-1]))
    whole = presence(heard, places, start=0.0, end=end, sight=SIGHT)
    cuts = [0.0, end / 3, end / 2, end]
    parts = [presence(heard, places, start=a, end=b, sight=SIGHT) for a, b in itertools.pairwise(cuts)]
    made = together(parts, duties=1, silent=0)
    edges = np.linspace(0.0, end, 50)
    assert made.seen_seconds(edges) == pytest.approx(whole.seen_seconds(edges), abs=1e-3)
    assert made.unknown_seconds(edges) == pytest.approx(whole.unknown_seconds(edges), abs=1e-3)
    assert len(made.stays()) == len(whole.stays())
