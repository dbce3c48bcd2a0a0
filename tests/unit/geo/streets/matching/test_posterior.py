"""Drawn drives say where a match is sure and where it is not."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from geo.streets.aequilibrae import read_coquimbo
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matcher, MatchModel
from geo.streets.matching.posterior import certainty
from geo.synthetic.drives import Drive, Signal, drive, sent


@pytest.fixture(scope="module")
def city() -> StreetGraph:
    return read_coquimbo()


@pytest.fixture(scope="module")
def truth(city: StreetGraph) -> Drive:
    return drive(city, seconds=900.0, seed=11)


def test_quiet_positions_leave_little_doubt_and_loud_ones_more(city: StreetGraph, truth: Drive) -> None:
    shares = []
    for noise in (3.0, 40.0):
        matcher = Matcher(city, model=MatchModel(noise_m=noise))
        track = sent(city, truth, Signal(every_seconds=15.0, noise_m=noise), seed=2)
        sure = certainty(matcher, track, draws=8)
        shares.append(sure.expected_right(Counter(matcher.match(track).driven_arc.tolist())))
        assert sure.best_expected() >= max(sure.expected_right(drawn) for drawn in sure.drives)
        assert set(sure.chance.values()) <= {k / 8 for k in range(1, 9)}
    assert shares[0] > 0.97
    assert shares[1] < shares[0]


def test_draws_are_seeded(city: StreetGraph, truth: Drive) -> None:
    matcher = Matcher(city, model=MatchModel(noise_m=20.0))
    track = sent(city, truth, Signal(every_seconds=20.0, noise_m=20.0), seed=2)
    one, again, other = (certainty(matcher, track, draws=6, seed=seed).drives for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_chances_are_honest(city: StreetGraph, truth: Drive) -> None:
    """Of the links that most draws drive nearly all were driven; of those that few draws drive few were."""
    matcher = Matcher(city, model=MatchModel(noise_m=20.0))
    track = sent(city, truth, Signal(every_seconds=10.0, noise_m=20.0), seed=3)
    sure = certainty(matcher, track, draws=20)
    driven = set(truth.arc.tolist())
    likely = [arc in driven for arc, chance in sure.chance.items() if chance >= 0.9]
    unlikely = [arc in driven for arc, chance in sure.chance.items() if chance <= 0.2]
    assert np.mean(likely) > 0.9
    assert np.mean(unlikely) < 0.3
