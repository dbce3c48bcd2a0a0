"""Presence along the streets: a corner that straight lines cut, a silence that the drive bridges."""

from __future__ import annotations

import numpy as np
import pytest

from geo.presence.along import driven
from geo.presence.legs import Sight
from geo.presence.positions import Positions
from geo.presence.seen import presence
from geo.streets.aequilibrae import read_coquimbo
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matcher, MatchModel
from geo.synthetic.drives import Drive, Signal, drive, sent


@pytest.fixture(scope="module")
def city() -> StreetGraph:
    return read_coquimbo()


@pytest.fixture(scope="module")
def truth(city: StreetGraph) -> Drive:
    return drive(city, seconds=1500.0, seed=7)


def positions(city: StreetGraph, truth: Drive, signal: Signal) -> Positions:
    track = sent(city, truth, signal, seed=1)
    return Positions.of(np.full(len(track), "a", dtype=object), track.seconds, track.lonlat)


def middles(city: StreetGraph, truth: Drive) -> tuple[np.ndarray, np.ndarray]:
    """Return places on long arcs of the drive, and seconds within 30 m of each by the truth, driven evenly."""
    long = [
        i for i, a in enumerate(truth.arc.tolist()) if city.metres[a] > 150 and truth.leave[i] - truth.enter[i] < 60
    ]
    places = np.array([city.arc_lonlat(int(truth.arc[i])).mean(axis=0) for i in long])
    return places, np.array([(truth.leave[i] - truth.enter[i]) * 60.0 / city.metres[truth.arc[i]] for i in long])


def test_sparse_positions_see_more_of_the_true_way_along_streets(city: StreetGraph, truth: Drive) -> None:
    heard = positions(city, truth, Signal(every_seconds=60.0, noise_m=3.0))
    places, _ = middles(city, truth)
    sight = Sight(radius_m=30.0)
    end = float(heard.seconds.max())
    matcher = Matcher(city, model=MatchModel(noise_m=5.0))
    share = [
        float(
            presence(heard, places, start=0.0, end=end, sight=sight, matcher=m)
            .seen.touches(len(places), np.array([0.0, end]))
            .mean()
        )
        for m in (None, matcher)
    ]
    assert share[1] > 0.95
    assert share[1] > share[0]


def test_a_drive_is_in_time_order_and_as_long_as_its_positions(city: StreetGraph, truth: Drive) -> None:
    heard = positions(city, truth, Signal(every_seconds=10.0, noise_m=3.0))
    made = driven(Matcher(city, model=MatchModel(noise_m=5.0)), heard, "EPSG:32719")
    legs = made.legs
    assert (made.chain == 0).all()
    assert (legs.until >= legs.begin).all()
    assert np.allclose(legs.end_xy[:-1], legs.start_xy[1:], atol=1.0)
    assert legs.begin[0] == pytest.approx(heard.seconds[0])
    assert legs.until[-1] == pytest.approx(heard.seconds[-1])


def test_a_silence_that_the_drive_bridges_is_known(city: StreetGraph, truth: Drive) -> None:
    heard = positions(city, truth, Signal(every_seconds=10.0, noise_m=3.0))
    quiet = heard.where((heard.seconds < 300) | (heard.seconds > 480))
    places, _ = middles(city, truth)
    ends = np.array([0.0, float(heard.seconds.max())])
    unknown = [
        presence(quiet, places, start=ends[0], end=ends[1], matcher=m).unknown_seconds(ends).sum()
        for m in (None, Matcher(city, model=MatchModel(noise_m=5.0)))
    ]
    assert unknown[0] > unknown[1]


def test_nothing_matched_leaves_straight_lines(city: StreetGraph) -> None:
    far = np.column_stack([np.full(5, city.bounds[0] - 1.0), np.full(5, city.bounds[1])])
    heard = Positions.of(np.full(5, "a", dtype=object), np.arange(0.0, 50.0, 10.0), far)
    made = presence(heard, far[:1], start=0.0, end=40.0, matcher=Matcher(city, model=MatchModel(noise_m=5.0)))
    assert made.seen_seconds(np.array([0.0, 40.0]))[0, 0] == pytest.approx(40.0)
