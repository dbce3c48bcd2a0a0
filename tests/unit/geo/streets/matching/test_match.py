"""Made-up drives are found again on the streets, and what cannot be known is said to be unknown."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from geo.streets.aequilibrae import read_coquimbo
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matcher, MatchModel
from geo.streets.matching.reach import ArcGraph
from geo.streets.matching.track import Track
from geo.streets.matching.trellis import Layer
from geo.synthetic.drives import Drive, Signal, drive, sent


@pytest.fixture(scope="module")
def city() -> StreetGraph:
    return read_coquimbo()


@pytest.fixture(scope="module")
def matcher(city: StreetGraph) -> Matcher:
    return Matcher(city, model=MatchModel(noise_m=5.0))


@pytest.fixture(scope="module")
def truth(city: StreetGraph) -> Drive:
    return drive(city, seconds=2400.0, seed=3)


def found_again(truth: Drive, track: Track, driven: np.ndarray[tuple[int], np.dtype[np.int32]]) -> float:
    on = (truth.leave > track.seconds[0]) & (truth.enter < track.seconds[-1])
    true = Counter(truth.arc[on].tolist())
    return sum((true & Counter(driven.tolist())).values()) / sum(true.values())


@pytest.mark.parametrize(("every", "least"), [(5.0, 0.95), (15.0, 0.90), (60.0, 0.75)])
def test_the_arcs_of_a_drive_are_found_again(
    city: StreetGraph, matcher: Matcher, truth: Drive, every: float, least: float
) -> None:
    track = sent(city, truth, Signal(every_seconds=every, noise_m=5.0), seed=8)
    assert found_again(truth, track, matcher.match(track).driven_arc) >= least


def test_loud_drives_are_found_from_end_to_end(city: StreetGraph) -> None:
    """At 20 m of noise places a little back are nearly as likely; drives drawn too short lose their first and last streets."""
    matcher = Matcher(city, model=MatchModel(noise_m=20.0))
    signal = Signal(every_seconds=15.0, noise_m=20.0)
    right = []
    for seed in range(4):
        driven = drive(city, seconds=1200.0, seed=seed)
        track = sent(city, driven, signal, seed=seed)
        right.append(found_again(driven, track, matcher.match(track).driven_arc))
    assert np.mean(right) > 0.96


def steps(*places: tuple[float, float, float], noise_m: float) -> list[Layer]:
    """Return fixes at x, y and seconds, each with candidates at the place itself and 30 m east of it."""
    return [
        Layer(
            row=row, begin=at, end=at, spot=np.array([x, y]), noise_m=noise_m, arc=np.zeros(2, np.int32),
            share=np.zeros(2), apart=np.zeros(2), xy=np.array([[x, y], [x + 30.0, y]]), cost=np.zeros(2),
        )
        for row, (x, y, at) in enumerate(places)
    ]  # fmt: skip


def test_straight_on_at_the_usual_speed_is_free_and_standing_earns_nothing(matcher: Matcher) -> None:
    last, fresh, same = steps((0.0, 0.0, 0.0), (180.0, 0.0, 15.0), (0.0, 0.0, 15.0), noise_m=1e-3)
    per_metre, per_second, _ = matcher.prices(last, fresh)
    left, ahead = matcher.progress(last, fresh, per_metre, per_second)
    assert ahead[0] - left[0] == pytest.approx(180.0 * per_metre + 15.0 * per_second)
    assert ahead[1] - ahead[0] == pytest.approx(left[1] - left[0])
    assert left[1] > 0
    for price in matcher.progress(last, same, per_metre, per_second):
        assert (price == 0.0).all()


def test_a_short_step_in_noise_has_no_direction(matcher: Matcher) -> None:
    quiet, loud = (
        matcher.progress(*steps((0.0, 0.0, 0.0), (40.0, 0.0, 5.0), noise_m=noise), 0.03, 0.3)[1][0]
        for noise in (1.0, 40.0)
    )
    assert loud == pytest.approx(quiet / 3.0, rel=0.01)


def test_detours_are_cheaper_where_there_was_time_for_them(matcher: Matcher) -> None:
    last, far, near = steps((0.0, 0.0, 0.0), (180.0, 0.0, 15.0), (0.0, 0.0, 15.0), noise_m=5.0)
    assert matcher.prices(last, far)[1] == pytest.approx(1.0 / matcher.model.patience_seconds)
    assert matcher.prices(last, near)[1] == pytest.approx(0.25 / matcher.model.patience_seconds)


def test_driven_arcs_follow_each_other_in_space_and_time(city: StreetGraph, matcher: Matcher, truth: Drive) -> None:
    track = sent(city, truth, Signal(every_seconds=15.0, noise_m=5.0), seed=1)
    matched = matcher.match(track)
    same = matched.driven_chain[1:] == matched.driven_chain[:-1]
    tails, heads = city.tails()[matched.driven_arc], city.heads[matched.driven_arc]
    assert (heads[:-1][same] == tails[1:][same]).all()
    assert (matched.leave_seconds >= matched.enter_seconds).all()
    assert np.allclose(matched.leave_seconds[:-1][same], matched.enter_seconds[1:][same])


def test_a_long_silence_ends_a_chain_and_the_way_in_it_is_unknown(
    city: StreetGraph, matcher: Matcher, truth: Drive
) -> None:
    track = sent(city, truth, Signal(every_seconds=10.0, noise_m=5.0), seed=2)
    kept = (track.seconds < 600.0) | (track.seconds > 1300.0)
    cut = Track(lonlat=track.lonlat[kept], seconds=track.seconds[kept])
    matched = matcher.match(cut)
    assert set(matched.chain.tolist()) >= {0, 1}
    inside = (matched.enter_seconds > 620.0) & (matched.leave_seconds < 1280.0)
    assert not inside.any()


def test_a_wild_position_does_not_cut_a_drive_and_is_not_matched(
    city: StreetGraph, matcher: Matcher, truth: Drive
) -> None:
    track = sent(city, truth, Signal(every_seconds=10.0, noise_m=3.0), seed=4)
    spots = track.lonlat.copy()
    spots[20] += 0.02
    matched = matcher.match(Track(lonlat=spots, seconds=track.seconds))
    assert matched.chain.max() == 0
    assert matched.arc[20] == -1


def test_positions_far_from_every_street_are_not_matched(city: StreetGraph, matcher: Matcher) -> None:
    far = np.array(city.bounds[:2]) - 1.0
    matched = matcher.match(Track(lonlat=far + np.zeros((3, 2)), seconds=np.arange(3.0)))
    assert (matched.arc == -1).all()
    assert len(matched.driven_arc) == 0


def test_a_standing_unit_drives_nowhere(city: StreetGraph, matcher: Matcher) -> None:
    place = city.arc_lonlat(int(np.argmax(city.metres))).mean(axis=0)
    shift = np.random.default_rng(0).normal(0, 5.0, (60, 2)) / 111_000
    matched = matcher.match(Track(lonlat=place + shift, seconds=np.arange(0.0, 600.0, 10.0)))
    assert len(np.unique(matched.driven_arc)) <= 2


def test_the_noise_is_estimated_where_it_is_not_given(city: StreetGraph, truth: Drive) -> None:
    quiet = sent(city, truth, Signal(every_seconds=5.0, noise_m=2.0), seed=5)
    loud = sent(city, truth, Signal(every_seconds=5.0, noise_m=20.0), seed=5)
    matcher = Matcher(city)
    assert matcher.noise_of(quiet) == pytest.approx(3.0, abs=1.0)
    assert matcher.noise_of(loud) == pytest.approx(20.0, abs=5.0)


def test_a_turn_is_charged_and_going_straight_on_is_not(city: StreetGraph) -> None:
    seconds = np.ones(city.arcs)
    charged = ArcGraph.of(city, seconds, turn_back_seconds=40.0, turn_seconds=5.0)
    into = np.repeat(np.arange(city.arcs), np.diff(charged.indptr))
    back = city.reverse[into] == charged.out
    assert charged.extra[~back].max() == pytest.approx(5.0, abs=0.01)
    assert charged.extra[~back].min() == 0.0
    assert set(charged.extra[back].tolist()) <= {
        40.0,
        *charged.extra[back & (np.diff(charged.indptr)[into] == 1)].tolist(),
    }


def test_a_track_is_matched_the_same_wherever_its_clock_begins(
    city: StreetGraph, matcher: Matcher, truth: Drive
) -> None:
    track = sent(city, truth, Signal(every_seconds=15.0, noise_m=5.0), seed=8)
    later = Track(lonlat=track.lonlat, seconds=track.seconds + 3600.0)
    assert np.array_equal(matcher.match(track).driven_arc, matcher.match(later).driven_arc)


def test_bad_tracks_and_models_are_refused(city: StreetGraph) -> None:
    spots = np.zeros((3, 2))
    with pytest.raises(InputError, match="Times do not rise at row 3"):
        Track(lonlat=spots, seconds=np.array([0.0, 2.0, 2.0]))
    with pytest.raises(InputError, match="the first in row 2"):
        Track(lonlat=np.array([[0, 0], [np.nan, 0], [0, 0]]), seconds=np.arange(3.0))
    with pytest.raises(InputError, match="3 positions but 2 times"):
        Track(lonlat=spots, seconds=np.arange(2.0))
    with pytest.raises(ParameterError, match="Noise must be"):
        Matcher(city, model=MatchModel(noise_m=0.0))
    with pytest.raises(ParameterError, match="at least 0"):
        MatchModel(detour_m=-1.0)
