"""Traces of cars whose truth nobody told: the match must at least be sensible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import received_traces
from benchmarks.harness import Options
from benchmarks.received_traces import sense_of
from geo.crs import to_metric
from geo.streets.aequilibrae import read_coquimbo
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matcher
from geo.streets.matching.track import Track
from geo.streets.parquet import read_parquet
from geo.synthetic.drives import Signal, drive, sent


def judged(graph: StreetGraph, matcher: Matcher, track: Track) -> tuple[float, float, float]:
    """Return the share of positions matched, metres driven over metres between positions, and the noise."""
    matched = matcher.match(track)
    spots = to_metric(track.lonlat, matcher.streets.crs)
    straight = float(np.hypot(*np.diff(spots, axis=0).T).sum())
    same = matched.driven_chain[1:] == matched.driven_chain[:-1]
    tails, heads = graph.tails()[matched.driven_arc], graph.heads[matched.driven_arc]
    assert (heads[:-1][same] == tails[1:][same]).all(), "arcs that follow each other meet"
    driven = float(graph.metres[matched.driven_arc].sum())
    return float((matched.arc >= 0).mean()), driven / straight, matched.noise_m


@pytest.mark.shared_data
def test_cars_of_xian_are_matched_to_its_streets(shared: Path) -> None:
    streets = shared / "streets"
    graph = read_parquet(streets / "xian_osm2021_nodes.parquet", streets / "xian_osm2021_edges.parquet")
    matcher = Matcher(graph)
    table = pd.read_csv(shared / "gps" / "xian_cars_5s.csv")
    for _, rows in table.groupby("agent_id"):
        seconds = (pd.to_datetime(rows["time"]) - pd.Timestamp("2022-05-12")).dt.total_seconds().to_numpy(np.float64)
        if len(rows) < 80:
            continue
        kept = np.r_[True, np.diff(seconds) > 0]
        spots = rows[["lng", "lat"]].to_numpy(np.float64)
        track = Track(lonlat=spots[kept], seconds=np.asarray(seconds, np.float64)[kept])
        share, ratio, noise = judged(graph, matcher, track)
        assert share > 0.95
        # Positions zigzag by their noise, drives do not.
        assert 0.6 < ratio < 1.1
        assert 15.0 < noise < 40.0


def test_a_made_up_drive_of_the_same_kind_is_matched_alike() -> None:
    graph = read_coquimbo()
    track = sent(graph, drive(graph, seconds=1500.0, seed=21), Signal(every_seconds=5.0, noise_m=27.0), seed=3)
    share, ratio, noise = judged(graph, Matcher(graph), track)
    assert share > 0.95
    assert 0.4 < ratio < 1.1
    assert 15.0 < noise < 40.0


def test_a_match_without_known_truth_is_judged_by_its_length_and_its_breaks() -> None:
    graph = read_coquimbo()
    track = sent(graph, drive(graph, seconds=1500.0, seed=21), Signal(every_seconds=10.0, noise_m=10.0), seed=3)
    gap = (track.seconds < 500.0) | (track.seconds > 900.0)
    for kept, breaks in ((np.ones(len(track), bool), 0), (gap, 1)):
        made = sense_of(graph, Matcher(graph), Track(lonlat=track.lonlat[kept], seconds=track.seconds[kept]))
        assert made.matched / made.positions > 0.95
        assert made.driven_m / made.trace_m == pytest.approx(1.0, abs=0.15)
        assert made.breaks == breaks


@pytest.mark.shared_data
def test_the_benchmark_matches_the_traces_of_xian_on_both_networks(shared: Path) -> None:
    made = list(received_traces.rows(Options(data=shared)))
    assert len(made) == 4
    assert [row.met for row in made[:3]] == [True, True, True]
