"""Positions one by one give what the whole track gives, once enough have followed."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from geo.streets.aequilibrae import read_coquimbo
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matched, Matcher, MatchModel
from geo.streets.matching.stream import Placed, Stream
from geo.streets.matching.track import Track
from geo.synthetic.drives import Signal, drive, sent


@pytest.fixture(scope="module")
def city() -> StreetGraph:
    return read_coquimbo()


@pytest.fixture(scope="module")
def matcher(city: StreetGraph) -> Matcher:
    return Matcher(city, model=MatchModel(noise_m=8.0))


@pytest.fixture(scope="module")
def track(city: StreetGraph) -> Track:
    truth = drive(city, seconds=1800.0, seed=5)
    return sent(city, truth, Signal(every_seconds=10.0, noise_m=8.0, gaps_per_hour=2.0), seed=6)


def streamed(matcher: Matcher, track: Track, *, lag: float) -> tuple[list[Placed], list[float]]:
    """Return what was placed, and how long each position waited before the end."""
    stream = Stream(matcher, lag_seconds=lag)
    out: list[Placed] = []
    waits: list[float] = []
    for at, (lon, lat) in zip(track.seconds.tolist(), track.lonlat.tolist(), strict=True):
        placed = stream.add(at, lon, lat)
        waits += [at - p.seconds for p in placed]
        out += placed
    return out + stream.finish(), waits


def same(placed: list[Placed], whole: Matched) -> float:
    return float(np.mean([p.arc == arc for p, arc in zip(placed, whole.arc.tolist(), strict=True)]))


def test_without_haste_the_stream_is_the_whole_track(matcher: Matcher, track: Track) -> None:
    placed, _ = streamed(matcher, track, lag=1e6)
    whole = matcher.match(track)
    assert [p.seconds for p in placed] == track.seconds.tolist()
    assert [p.arc for p in placed] == whole.arc.tolist()
    assert [p.chain for p in placed] == whole.chain.tolist()
    assert np.allclose([p.share for p in placed], whole.share, equal_nan=True)


def test_with_a_lag_nearly_all_are_and_none_waits_longer_than_its_stop_and_the_lag(
    matcher: Matcher, track: Track
) -> None:
    placed, waits = streamed(matcher, track, lag=60.0)
    assert [p.seconds for p in placed] == track.seconds.tolist()
    assert same(placed, matcher.match(track)) > 0.95
    assert np.median(waits) <= 60.0


def test_a_wild_position_in_a_stream_is_left_out(matcher: Matcher, track: Track) -> None:
    spots = track.lonlat.copy()
    spots[20] += 0.02
    wild = Track(lonlat=spots, seconds=track.seconds)
    placed, _ = streamed(matcher, wild, lag=1e6)
    assert placed[20].arc == -1
    assert [p.arc for p in placed] == matcher.match(wild).arc.tolist()


def test_streams_refuse_what_they_cannot_do(city: StreetGraph, matcher: Matcher) -> None:
    with pytest.raises(ParameterError, match="stated noise"):
        Stream(Matcher(city))
    with pytest.raises(ParameterError, match="lag"):
        Stream(matcher, lag_seconds=0.0)
    stream = Stream(matcher)
    stream.add(10.0, *track_spot(city))
    with pytest.raises(InputError, match="not after"):
        stream.add(10.0, *track_spot(city))


def track_spot(city: StreetGraph) -> tuple[float, float]:
    lon, lat = city.node_lonlat[0].tolist()
    return lon, lat
