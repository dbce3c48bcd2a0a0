"""Made-up tracks: seeded, on their rounds, silent now and then, none after the present."""

from __future__ import annotations

import numpy as np

from geo.synthetic.tracks import EVERY_SECONDS, Round, Turn, draw_tracks, rounds_of, share_out

A, B = np.array([108.90, 34.20]), np.array([108.91, 34.20])
ROUND = Round(
    unit_id="a",
    ways=[(np.array([A, B]), np.array([0.0, 120.0])), (np.array([B, A]), np.array([0.0, 120.0]))],
    dwell=np.array([600.0, 600.0]),
)
TURNS = [Turn(unit_id="a", begin=0.0, until=28_800.0), Turn(unit_id="a", begin=86_400.0, until=115_200.0)]


def test_tracks_are_seeded_and_end_at_the_present() -> None:
    one, again = (draw_tracks({"a": ROUND}, TURNS, {}, until=100_000.0, seed=4) for _ in range(2))
    other = draw_tracks({"a": ROUND}, TURNS, {}, until=100_000.0, seed=5)
    assert np.array_equal(one.lonlat, again.lonlat)
    assert not np.array_equal(one.lonlat, other.lonlat)
    assert one.seconds.max() <= 100_000.0
    assert one.units == ("a",)


def test_a_unit_stays_on_its_round_and_falls_silent_at_times() -> None:
    made = draw_tracks({"a": ROUND}, TURNS[:1], {}, until=1e6, seed=4)
    assert (made.lonlat[:, 0] > A[0] - 0.001).all()
    assert (made.lonlat[:, 0] < B[0] + 0.001).all()
    steps = np.diff(made.seconds)
    assert np.median(steps) == EVERY_SECONDS
    assert steps.max() > 2 * EVERY_SECONDS


def test_a_planned_line_is_followed_on_the_turn_of_now_and_units_without_a_round_send_nothing() -> None:
    line = np.array([[108.5, 34.0, 86_400.0], [108.6, 34.0, 115_200.0]])
    made = draw_tracks({}, TURNS, {"a": line}, until=100_000.0, seed=4)
    assert made.seconds.min() >= 86_400.0
    assert made.lonlat[:, 0].max() < 108.56
    assert len(draw_tracks({}, TURNS, {}, until=1e6, seed=4)) == 0


def test_points_are_shared_out_once_each_and_to_near_units() -> None:
    rng = np.random.default_rng(0)
    units, points = rng.uniform(0, 1000, (4, 2)), rng.uniform(0, 1000, (30, 2))
    shared = share_out(units, points)
    assert sorted(point for mine in shared for point in mine) == list(range(30))
    assert max(len(mine) for mine in shared) <= 10
    assert share_out(units, np.zeros((0, 2))) == [[], [], [], []]


def test_stops_without_a_way_are_left_out_of_a_round() -> None:
    def way(start: int, end: int) -> tuple[np.ndarray, np.ndarray] | None:
        return None if 2 in (start, end) else (np.array([A, B]), np.array([0.0, 60.0]))

    made = rounds_of("a", [0, 2, 1], np.array([100.0, 200.0, 300.0]), way)
    assert made is not None
    assert made.dwell.tolist() == [100.0, 200.0]
    assert rounds_of("a", [0, 2], np.array([100.0, 200.0, 300.0]), way) is None
    assert rounds_of("a", [], np.zeros(0), way) is None
