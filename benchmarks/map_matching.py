"""Links right: made-up drives with known truth over real streets, matched by ours and by a plain hidden Markov matcher."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.cities import City
from benchmarks.harness import Options, Row, absent
from benchmarks.peers import peer
from benchmarks.received_traces import rows as received
from geo.crs import pick_metric_crs, to_metric
from geo.streets.aequilibrae import read_coquimbo
from geo.streets.graph import StreetGraph
from geo.streets.matching.match import Matcher
from geo.streets.matching.posterior import certainty
from geo.streets.matching.track import Track
from geo.streets.osm import read_osm
from geo.streets.parquet import read_parquet
from geo.synthetic.drives import Drive, Signal, drive, sent

DRIVES: Final = 10
SECONDS: Final = 2400.0
GAPS_PER_HOUR: Final = 1.0
GOALS: Final = {5.0: 0.95, 15.0: 0.90, 60.0: 0.75}
NOISES: Final = (5.0, 20.0)
PACE: Final = 1000.0
DRIVERS: Final = {"quickest way": 0.0, "own views": 0.25}
"""Kinds of drivers by the deviation of what they think of each street's speed; all count a turn as 5 s."""
PEER: Final = "leuvenmapmatching"
PEER_DRIVER: Final = "own views"
PEER_SECONDS: Final = 900.0
PEER_DRIVES: Final = 4
SURE, DRAWS = 3, 16
"""Drives for which other likely ones are drawn, and how many."""
MARGIN_M: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A drive and what was sent of it."""

    truth: Drive
    track: Track

    def right(self, arcs: Counter[int]) -> float:
        """Return the share of the links driven, from the first to the last position, that are among ``arcs``.

        A parallel carriageway or the other direction is wrong; a link driven twice must be there twice.
        """
        true = self._driven()
        return sum((true & arcs).values()) / sum(true.values())

    def found(self, arcs: Counter[int]) -> float:
        """Return the share of ``arcs`` that were driven."""
        return sum((self._driven() & arcs).values()) / max(1, sum(arcs.values()))

    def _driven(self) -> Counter[int]:
        on = (self.truth.leave > self.track.seconds[0]) & (self.truth.enter < self.track.seconds[-1])
        return Counter(self.truth.arc[on].tolist())


def rows(options: Options) -> list[Row]:
    """Match drives of two kinds of drivers at 5, 15 and 60 s, with noise of 5 and 20 m and silences; then traces received.

    ``only`` is the begin of a city's name, or ``traces``.
    """
    found: list[Row] = []
    for city in _cities(options):
        if options.only is None or city.name.startswith(options.only):
            found += _of_city(city, options)
    if options.only in {None, "traces"}:
        found += received(options)
    return found


def _cities(options: Options) -> Iterator[City]:
    """Read Xi'an and Baltimore where the data folder has them, and the demo city."""
    folder = options.folder()
    if folder is not None:
        inside = folder / "streets" if (folder / "streets").is_dir() else folder
        nodes, edges = (inside / f"xian_osm2021_{part}.parquet" for part in ("nodes", "edges"))
        if nodes.exists():
            yield City.of("xian_osm2021", read_parquet(nodes, edges))
        if (inside / "baltimore.osm.pbf").exists():
            yield City.of("baltimore", read_osm(inside / "baltimore.osm.pbf"))
    yield City.of("Coquimbo (demo city)", read_coquimbo())


def _of_city(city: City, options: Options) -> Iterator[Row]:
    matcher = Matcher(city.graph)
    count = options.sample or DRIVES
    for kind, taste in DRIVERS.items():
        truths = [
            drive(city.graph, seconds=SECONDS, seed=1000 * options.seed + number, taste=taste)
            for number in range(count)
        ]
        # Compiled before it is timed.
        matcher.match(sent(city.graph, truths[0], Signal(every_seconds=30.0, noise_m=5.0), seed=options.seed))
        for every, goal in GOALS.items():
            for noise in NOISES:
                signal = Signal(every_seconds=every, noise_m=noise, gaps_per_hour=GAPS_PER_HOUR)
                traces = [
                    Trace(truth=truth, track=sent(city.graph, truth, signal, seed=1000 * options.seed + number + 500))
                    for number, truth in enumerate(truths)
                ]
                yield from _of_cell(city, kind, matcher, signal, traces, goal, options)


def _of_cell(
    city: City, kind: str, matcher: Matcher, signal: Signal, traces: list[Trace], goal: float, options: Options
) -> Iterator[Row]:
    begun = time.thread_time()
    matched = [matcher.match(trace.track) for trace in traces]
    pace = sum(len(trace.track) for trace in traces) / (time.thread_time() - begun)
    arcs = [Counter(found.driven_arc.tolist()) for found in matched]
    right = [trace.right(found) for trace, found in zip(traces, arcs, strict=True)]
    sure = [certainty(matcher, trace.track, draws=DRAWS, seed=options.seed) for trace in traces[:SURE]]
    what = f"{city.name}, {kind}, every {signal.every_seconds:g} s, noise {signal.noise_m:g} m, {len(traces)} drives"
    share = float(np.mean(right))
    found = np.mean([trace.found(made) for trace, made in zip(traces, arcs, strict=True)])
    yield Row(
        what=f"{what}: links right",
        ours=f"{share:.1%} {_interval(right)}; {found:.1%} of those matched were driven",
        peer=f"the most that these positions allow to expect ({len(sure)} drives)",
        peer_figure=f"{np.mean([s.best_expected() for s in sure]):.1%}; ours there {np.mean(right[: len(sure)]):.1%}",
        goal=f">= {goal:.0%}",
        met=share >= goal,
    )
    yield Row(
        what=f"{what}: positions a second of one processor",
        ours=f"{pace:,.0f}/s",
        goal=f">= {PACE:,.0f}/s",
        met=pace >= PACE,
    )
    if kind == PEER_DRIVER:
        yield _against_peer(city.graph, matcher, traces, signal, what)


def _interval(right: list[float]) -> str:
    """Return the 95 % interval of the mean over drives, by Student's t."""
    if len(right) < 2:
        return "(one drive)"
    half = float(stats.t.ppf(0.975, len(right) - 1)) * float(np.std(right, ddof=1)) / len(right) ** 0.5
    return f"({np.mean(right) - half:.1%} to {min(1.0, np.mean(right) + half):.1%})"


def _against_peer(graph: StreetGraph, matcher: Matcher, traces: list[Trace], signal: Signal, what: str) -> Row:
    """Compare on the first minutes of the first drives: the peer takes seconds for each of them."""
    traces = traces[:PEER_DRIVES]
    what = f"{what}, {PEER_SECONDS / 60:g} minutes of {len(traces)} of them: links right"
    ours, theirs, paces = [], [], []
    for trace in traces:
        early = trace.track.seconds < trace.track.seconds[0] + PEER_SECONDS
        track = Track(lonlat=trace.track.lonlat[early], seconds=trace.track.seconds[early])
        short = Trace(truth=trace.truth, track=track)
        ours.append(short.right(Counter(matcher.match(track).driven_arc.tolist())))
        found = _peer_right(graph, short, signal)
        if found is None:
            return absent(what, PEER, ours=f"{ours[0]:.1%} (first drive)", goal="better")
        theirs.append(found[0])
        paces.append(found[1])
    mine, other = float(np.mean(ours)), float(np.mean(theirs))
    return Row(
        what=what, ours=f"{mine:.1%}", peer=f"{PEER}, told the noise",
        peer_figure=f"{other:.1%}, {np.mean(paces):,.0f} positions/s", ratio=mine / max(other, 1e-3), goal="better",
        met=mine > other,
    )  # fmt: skip


def _peer_right(graph: StreetGraph, trace: Trace, signal: Signal) -> tuple[float, float] | None:
    """Return the peer's share of links right and its positions a second, on the streets around the drive.

    Where it stops it begins anew with the position after: a silence is no reason to have the rest wrong.
    """
    inmem, distance = peer(f"{PEER}.map.inmem"), peer(f"{PEER}.matcher.distance")
    if inmem is None or distance is None:
        return None
    logging.getLogger("be.kuleuven.cs.dtai.mapmatching").setLevel(logging.ERROR)
    crs = pick_metric_crs(graph.bounds)
    spots, nodes = to_metric(trace.track.lonlat, crs), to_metric(graph.node_lonlat, crs)
    town, known = _map(inmem, graph, nodes, spots)
    path = [(float(y), float(x)) for x, y in spots]
    arcs: Counter[int] = Counter()
    begun, row = time.thread_time(), 0
    while row < len(path) - 1:
        model = distance.DistanceMatcher(
            town, max_dist=200.0, max_dist_init=max(40.0, 4.0 * signal.noise_m), obs_noise=signal.noise_m, dist_noise=50.0,
            non_emitting_states=True, max_lattice_width=16,
        )  # fmt: skip
        model.match(path[row:])
        arcs.update(known[pair] for pair in pairwise(model.path_pred_onlynodes or ()) if pair in known)
        if model.early_stop_idx is None:
            break
        row += max(1, model.early_stop_idx)
    return trace.right(arcs), len(path) / (time.thread_time() - begun)


def _map(
    inmem: Any, graph: StreetGraph, nodes: npt.NDArray[np.float64], spots: npt.NDArray[np.float64]
) -> tuple[Any, dict[tuple[int, int], int]]:
    """Return the peer's map of the arcs around the positions, straight between their nodes, and the arc of each pair."""
    low, high = spots.min(axis=0) - MARGIN_M, spots.max(axis=0) + MARGIN_M
    inside = ((nodes >= low) & (nodes <= high)).all(axis=1)
    tails = graph.tails()
    town = inmem.InMemMap("town", use_latlon=False, use_rtree=peer("rtree") is not None, index_edges=True)
    for node in np.flatnonzero(inside).tolist():
        town.add_node(node, (float(nodes[node, 1]), float(nodes[node, 0])))
    known: dict[tuple[int, int], int] = {}
    for arc in np.flatnonzero(inside[tails] & inside[graph.heads]).tolist():
        pair = int(tails[arc]), int(graph.heads[arc])
        if pair not in known and pair[0] != pair[1]:
            known[pair] = arc
            town.add_edge(*pair)
    return town, known
