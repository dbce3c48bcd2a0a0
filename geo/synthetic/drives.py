"""Made-up drives with known truth: which arcs a unit drove when, and the noisy positions that it sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError
from geo.streets.assemble import segment_metres
from geo.streets.graph import StreetGraph
from geo.streets.matching.reach import ArcGraph, Workspace, spread
from geo.streets.matching.track import Track
from geo.streets.speeds import NO_WAY, arc_milliseconds

EARTH_M: Final = 6_371_008.8
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """How positions are sent: every ``every_seconds``, with normal noise each way, and silent for ``gap_seconds`` at times."""

    every_seconds: float
    noise_m: float
    gaps_per_hour: float = 0.0
    gap_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drive:
    """The truth: arcs in order, with the seconds at which each is entered and left."""

    arc: npt.NDArray[np.int32]
    enter: Floats
    leave: Floats


def drive(
    graph: StreetGraph,
    *,
    seconds: float,
    seed: int,
    profile: str = "response_car",
    reach_seconds: float = 900.0,
    taste: float = 0.25,
    turn_seconds: float = 5.0,
) -> Drive:
    """Return a drive from place to place for ``seconds``: quick ways, not always the quickest, with stops between them.

    Every leg has its own view of how fast each street is (log-normal, of deviation ``taste``), a turn counts as much as
    ``turn_seconds`` when the way is chosen, streets are driven at 0.7 to 1.2 times their speed, and a unit stands for one to
    five minutes where a leg ends.
    """
    rng = np.random.default_rng(seed)
    milliseconds = arc_milliseconds(graph, profile)
    usual = np.where(milliseconds < NO_WAY, milliseconds / 1000.0, np.inf)
    plain = ArcGraph.of(graph, usual, turn_back_seconds=120.0, turn_seconds=turn_seconds)
    starts = np.flatnonzero(np.isfinite(usual) & (np.diff(plain.indptr) > 0))
    here = _well_joined(plain, starts, rng)
    clock, arcs, enter, leave = 0.0, [here], [0.0], [float(usual[here])]
    clock = leave[0]
    while clock < seconds:
        felt = np.where(np.isfinite(usual), usual * np.exp(rng.normal(0.0, taste, len(usual))), np.inf)
        seen = replace(plain, seconds=felt)
        way = _leg(seen, here, reach_seconds, rng)
        if len(way) < 2:
            raise InfeasibleError("A made-up drive found no way on", "模拟行车无路可走")
        pace = np.exp(rng.normal(0.0, 0.15, len(way) - 1)) / rng.uniform(0.7, 1.2)
        for a, slow in zip(way[1:], pace.tolist(), strict=True):
            arcs.append(a)
            enter.append(clock)
            clock += float(usual[a]) * slow
            leave.append(clock)
        here = way[-1]
        stand = float(rng.uniform(60.0, 300.0))
        leave[-1] += stand
        clock += stand
    return Drive(arc=np.array(arcs, np.int32), enter=np.array(enter), leave=np.array(leave))


def sent(graph: StreetGraph, truth: Drive, signal: Signal, *, seed: int) -> Track:
    """Return the positions that a unit on this drive sends."""
    rng = np.random.default_rng(seed)
    times = np.arange(truth.enter[0] + rng.uniform(0, signal.every_seconds), truth.leave[-1], signal.every_seconds)
    hours = (truth.leave[-1] - truth.enter[0]) / 3600.0
    kept = np.ones(len(times), bool)
    for start in rng.uniform(truth.enter[0], truth.leave[-1], rng.poisson(signal.gaps_per_hour * hours)).tolist():
        kept &= (times < start) | (times >= start + signal.gap_seconds)
    times = times[kept]
    row = np.searchsorted(truth.enter, times, side="right") - 1
    share = (times - truth.enter[row]) / np.maximum(truth.leave[row] - truth.enter[row], 1e-9)
    spots = np.array([_at(graph, int(truth.arc[r]), float(s)) for r, s in zip(row, share, strict=True)]).reshape(-1, 2)
    shift = rng.normal(0.0, signal.noise_m, (len(times), 2)) / EARTH_M
    east = np.degrees(shift[:, 0] / np.cos(np.radians(spots[:, 1])))
    return Track(lonlat=spots + np.column_stack([east, np.degrees(shift[:, 1])]), seconds=times)


def _at(graph: StreetGraph, arc: int, share: float) -> list[float]:
    line = graph.arc_lonlat(arc)
    run = np.r_[0.0, np.cumsum(segment_metres(line[:-1], line[1:]))]
    at = min(1.0, share) * run[-1]
    return [float(np.interp(at, run, line[:, 0])), float(np.interp(at, run, line[:, 1]))]


def _leg(arcs: ArcGraph, here: int, reach_seconds: float, rng: np.random.Generator) -> list[int]:
    room = Workspace.of(arcs)
    reached = np.sort(room.touched[: _reach(arcs, here, reach_seconds, room)])
    # Where one cannot leave again one does not go; near ends make a drive of many turns.
    reached = reached[(np.diff(arcs.indptr)[reached] > 0) & (room.entry[reached] > 0.25 * reach_seconds)]
    if not len(reached):
        return []
    way = [int(rng.choice(reached))]
    while way[-1] != here or len(way) == 1:
        way.append(int(room.parent[way[-1]]))
    return way[::-1]


def _reach(arcs: ArcGraph, here: int, seconds: float, room: Workspace) -> int:
    """Find the quickest ways from the end of an arc to all arcs within ``seconds``; return how many."""
    nowhere = np.zeros(0, np.int32)
    *_, marks = spread(
        arcs.indptr, arcs.out, arcs.extra, arcs.seconds, arcs.metres, np.array([here], np.int32), np.ones(1), np.zeros(1),
        nowhere, np.zeros(0), 0.0, 1.0, seconds, np.inf, *room.arrays,
    )  # fmt: skip
    return marks


def _well_joined(arcs: ArcGraph, starts: npt.NDArray[np.int64], rng: np.random.Generator) -> int:
    """Return an arc from which much of the town is reached."""
    room = Workspace.of(arcs)
    for choice in rng.permutation(starts)[:50].tolist():
        marks = _reach(arcs, choice, 600.0, room)
        room.clear(marks)
        if marks > min(300, len(starts) // 4):
            return int(choice)
    raise InfeasibleError("The streets hang together too little to drive on", "路网连通性不足，无法模拟行车")
