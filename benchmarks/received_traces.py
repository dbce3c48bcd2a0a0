"""Traces of cars whose truth nobody told, matched: whether the drive is as long, near and in one piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.harness import Options, Row
from geo.crs import to_metric
from geo.streets.graph import StreetGraph
from geo.streets.lines import LineFields, read_lines
from geo.streets.matching.match import Matched, Matcher
from geo.streets.matching.track import Track
from geo.streets.parquet import read_parquet

FILES: Final = ("xian_cars_5s.csv", "xian_sparse.csv")
LEAST: Final = 10
"""Positions that a car must have sent."""
THIN_M: Final = 100.0
"""Steps in which a trace is measured: noise makes a trace of short steps longer than the drive was."""
LEAST_MATCHED: Final = 0.95
LENGTHS: Final = (0.9, 1.25)
NET: Final = LineFields(name="road_name", oneway="dir", oneways={"0": 0, "1": 1}, default_class="secondary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """What can be said of a match without the truth.

    Attributes
    ----------
    positions, matched : how many
    apart_m : of each position matched from its place
    trace_m, driven_m : length of the trace in steps of ``THIN_M`` where one drive is on it, and of the arcs driven
    breaks : places where one drive ends and another begins
    hours : between first and last position
    """

    positions: int
    matched: int
    apart_m: npt.NDArray[np.float64]
    trace_m: float
    driven_m: float
    breaks: int
    hours: float


def sense_of(graph: StreetGraph, matcher: Matcher, track: Track) -> Sense:
    """Match a track and measure the match."""
    found = matcher.match(track)
    xy = to_metric(track.lonlat, matcher.streets.crs)
    on = found.arc >= 0
    chains = int(found.chain.max(initial=-1)) + 1
    trace = sum(_thinned(xy[found.chain == number]) for number in range(chains))
    return Sense(
        positions=len(track), matched=int(on.sum()), apart_m=found.apart_m[on], trace_m=trace,
        driven_m=_driven(graph, found), breaks=max(0, chains - 1), hours=float(np.ptp(track.seconds)) / 3600.0,
    )  # fmt: skip


def _thinned(xy: npt.NDArray[np.float64]) -> float:
    whole, last = 0.0, xy[0]
    for spot in xy[1:]:
        step = float(np.hypot(*(spot - last)))
        if step >= THIN_M:
            whole, last = whole + step, spot
    return whole + float(np.hypot(*(xy[-1] - last)))


def _driven(graph: StreetGraph, found: Matched) -> float:
    """Return the metres of the arcs driven, without what lies before the first and after the last position."""
    metres = graph.metres[found.driven_arc].astype(np.float64)
    for number in np.unique(found.driven_chain).tolist():
        rows, on = np.flatnonzero(found.driven_chain == number), np.flatnonzero(found.chain == number)
        metres[rows[0]] -= found.share[on[0]] * graph.metres[found.driven_arc[rows[0]]]
        metres[rows[-1]] -= (1.0 - found.share[on[-1]]) * graph.metres[found.driven_arc[rows[-1]]]
    return float(metres.sum())


def rows(options: Options) -> Iterator[Row]:
    """Match the traces of Xi'an in the data folder on both of its networks."""
    folder = options.folder()
    if folder is None or not (folder / "gps" / "xian_changan_net.gpkg").exists():
        return
    for name, graph in _networks(folder):
        matcher = Matcher(graph)
        for file in FILES:
            made = [sense_of(graph, matcher, track) for track in tracks(folder / "gps" / file)]
            yield _row(f"{file} on {name}, {len(made)} cars", made)


def _networks(folder: Path) -> Iterator[tuple[str, StreetGraph]]:
    """Read the network on which the traces were made, of one-way links, and the streets of OSM."""
    net = gpd.read_file(folder / "gps" / "xian_changan_net.gpkg", layer="link")
    net["dir"] = net["dir"].astype(str)
    yield "the network of Chang'an", read_lines(net, NET)
    nodes, edges = (folder / "streets" / f"xian_osm2021_{part}.parquet" for part in ("nodes", "edges"))
    if nodes.exists():
        yield "xian_osm2021", read_parquet(nodes, edges)


def tracks(path: Path) -> Iterator[Track]:
    """Read the track of each car that sent enough positions; of several at one time the first counts."""
    for _, car in pd.read_csv(path).groupby("agent_id"):
        times = (pd.to_datetime(car["time"]) - pd.Timestamp("2022-01-01")).dt.total_seconds().to_numpy(np.float64)
        kept = np.r_[True, np.diff(times) > 0]
        if kept.sum() >= LEAST:
            yield Track(
                lonlat=car[["lng", "lat"]].to_numpy(np.float64)[kept], seconds=np.asarray(times, np.float64)[kept]
            )


def _row(what: str, made: list[Sense]) -> Row:
    positions = sum(s.positions for s in made)
    share = sum(s.matched for s in made) / positions
    length = sum(s.driven_m for s in made) / sum(s.trace_m for s in made)
    apart, breaks = np.concatenate([s.apart_m for s in made]), sum(s.breaks for s in made)
    return Row(
        what=f"{what}, {positions} positions in {sum(s.hours for s in made):.1f} h: matched; drive / trace; breaks; apart",
        ours=f"{share:.1%}; {length:.2f}; {breaks}; median {np.median(apart):.0f} m, 95 % within {np.quantile(apart, 0.95):.0f} m",
        goal=f">= {LEAST_MATCHED:.0%}; {LENGTHS[0]:g} to {LENGTHS[1]:g}",
        met=share >= LEAST_MATCHED and LENGTHS[0] <= length <= LENGTHS[1],
    )  # fmt: skip
