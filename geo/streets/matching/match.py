"""Positions matched to streets by a hidden Markov model over arcs.

States are places on arcs near a position. A position is ``apart`` metres from its true place with normal noise; between two
positions the drive along the streets is about as long as the straight line, and not faster than streets allow. The most
likely chain is found by Viterbi's recursion, position by position, so that it works on a stream too.

Newson, P. and Krumm, J. (2009). Hidden Markov map matching through noise and sparseness. ACM SIGSPATIAL GIS, 336-343.
Ours differs in that the way between two candidates is the fastest one (not the shortest), obeys forbidden turns, pays for
turning back, and is charged when it asks for more speed than the streets give; that what is driven straight on has no price,
so that drives are not drawn too short; and that a detour is cheaper where there was time for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.crs import to_metric
from geo.errors import ParameterError
from geo.streets.graph import StreetGraph
from geo.streets.matching.candidates import Candidates, Streets
from geo.streets.matching.reach import ArcGraph, Workspace, spread
from geo.streets.matching.standing import Fixes, fixes_of
from geo.streets.matching.track import Track
from geo.streets.matching.trellis import Layer, Trellis, chain_of, layer_of
from geo.streets.speeds import NO_WAY, SpeedTable, arc_milliseconds

WIDER: Final = 12.0
"""How much costlier than the way to the cheapest candidate a way is still looked for."""
WORSE: Final = 12.0
"""Chains so much worse than the best (minus log-likelihood) never win any more."""
STEADY_M_PER_S: Final = 12.0
"""The speed at which who drives straight on is taken to get ahead."""
MIDDLING_M: Final = 13.0
"""A noise with which drives of quiet and of loud positions are both found well enough to measure it."""
SAMPLE: Final = 400
"""Positions from which the noise is estimated."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchModel:
    """What is assumed of positions and drivers.

    Attributes
    ----------
    noise_m : standard deviation of a position, None to estimate it from the track
    patience_seconds : drivers prefer quick ways: seconds of travel that make a way e times less likely
    detour_m : mean of the difference between drive and straight line that noise does not explain
    detour_share : the same as a share of the straight line
    fastest : how many times the street's speed is impossible
    turn_seconds : charge of a turn by 90 degrees or more: who may go straight on does not change sides without need
    turn_back_seconds : charge of a U-turn where another way leads on
    slack : how much cheaper a detour is, in times less one, for who did not get ahead at all: somewhere the time was spent
    most_candidates : places on streets that are weighed for each position
    most_held : places of the position before that are weighed again
    most_gap_seconds : after a longer silence nothing is known of the way
    """

    noise_m: float | None = None
    patience_seconds: float = 3.0
    detour_m: float = 8.0
    detour_share: float = 0.08
    fastest: float = 2.5
    turn_seconds: float = 4.0
    slack: float = 3.0
    turn_back_seconds: float = 40.0
    most_candidates: int = 64
    most_held: int = 6
    most_gap_seconds: float = 300.0

    def __post_init__(self) -> None:
        if self.noise_m is not None and not 0 < self.noise_m < 1000:
            raise ParameterError("Noise must be over 0 and under 1,000 metres", "定位误差应在 0 至 1000 米之间")
        if (
            min(self.detour_m, self.detour_share, self.turn_seconds, self.turn_back_seconds, self.slack) < 0
            or self.patience_seconds <= 0
        ):
            raise ParameterError(
                "Detour, slack and turns must be at least 0, patience over 0",
                "绕行、富余与转弯参数不得为负，时间权重应大于 0",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """Where each position was on the streets, and the drive between them; arrays of k positions and r arcs driven.

    Attributes
    ----------
    arc : int32[k], -1 where the position could not be matched
    share : float64[k], how far along the arc, 0 to 1
    apart_m : float64[k], metres between the position and its place, nan where not matched
    chain : int32[k], unbroken drives from 0; -1 where not matched. Between two chains nothing is known: lost is unknown
    driven_arc : int32[r], arcs in the order in which they were driven
    driven_chain : int32[r]
    enter_seconds, leave_seconds : float64[r], times at the arc's ends by the share of travel time, in the track's clock
    noise_m : the noise that was assumed
    """

    arc: npt.NDArray[np.int32]
    share: Floats
    apart_m: Floats
    chain: npt.NDArray[np.int32]
    driven_arc: npt.NDArray[np.int32]
    driven_chain: npt.NDArray[np.int32]
    enter_seconds: Floats
    leave_seconds: Floats
    noise_m: float


class Matcher:
    """Matches tracks of one profile to one street graph.

    Parameters
    ----------
    graph, profile
        The network and one of ``PROFILES``; what the profile may not use is no candidate.
    speeds
        Speeds by class; ``SpeedTable.default()`` unless given.
    model
        What is assumed; the same for every track.
    """

    def __init__(
        self, graph: StreetGraph, profile: str = "response_car", *, speeds: SpeedTable | None = None,
        model: MatchModel | None = None,
    ) -> None:  # fmt: skip
        milliseconds = arc_milliseconds(graph, profile, speeds=speeds)
        seconds = np.where(milliseconds < NO_WAY, milliseconds / 1000.0, np.inf)
        self.model = MatchModel() if model is None else model
        self.graph = graph
        self._rooms = threading.local()
        self.streets = Streets(graph, np.isfinite(seconds))
        self.arcs = ArcGraph.of(
            graph, seconds, turn_back_seconds=self.model.turn_back_seconds, turn_seconds=self.model.turn_seconds
        )

    def match(self, track: Track) -> Matched:
        """Return the most likely drive of a whole track."""
        room = self.room()
        noise = self.model.noise_m or self.noise_of(track, room)
        fixes = fixes_of(track, to_metric(track.lonlat, self.streets.crs), noise)
        chains = [chain_of(end) for end in self._ends(fixes, noise, room)]
        return self._drawn(fixes, chains, noise, room)

    def room(self) -> Workspace:
        """Return the arrays of this thread's searches: they are as large as the network, and clean between searches."""
        if not hasattr(self._rooms, "held"):
            self._rooms.held = Workspace.of(self.arcs)
        held: Workspace = self._rooms.held
        return held

    def noise_of(self, track: Track, room: Workspace | None = None) -> float:
        """Estimate the noise of positions: how far they lie from the drive that a middling noise makes the likeliest."""
        room = self.room() if room is None else room
        some = Track(lonlat=track.lonlat[:SAMPLE], seconds=track.seconds[:SAMPLE])
        fixes = fixes_of(some, to_metric(some.lonlat, self.streets.crs), MIDDLING_M)
        picked = [pair for end in self._ends(fixes, MIDDLING_M, room) for pair in chain_of(end)]
        if not picked:
            return MIDDLING_M
        # The mean of a stop lies nearer than one position does.
        apart = np.array([layer.apart[c] / layer.noise_m * MIDDLING_M for layer, c in picked])
        return float(np.clip(1.4826 * np.median(apart), 3.0, 40.0))

    def ends_of(self, track: Track, room: Workspace) -> list[Layer]:
        """Return the last layers of all chains of a track."""
        noise = self.model.noise_m or self.noise_of(track, room)
        return self._ends(fixes_of(track, to_metric(track.lonlat, self.streets.crs), noise), noise, room)

    def arcs_of(self, picked: list[tuple[Layer, int]], room: Workspace) -> list[int]:
        """Return the arcs driven along a chain of layers with the candidate of each."""
        return [arc for arc, *_ in self._drive(0, picked, room)]

    def _ends(self, fixes: Fixes, noise_m: float, room: Workspace) -> list[Layer]:
        near = self.candidates(fixes.lonlat, noise_m)
        trellis = Trellis(lambda last, fresh: self.join(last, fresh, room))
        for row in range(len(fixes)):
            trellis.step(row, lambda at: layer_of(near, at, fixes), known=len(fixes))
        return trellis.finished()

    def candidates(self, lonlat: Floats, noise_m: float) -> Candidates:
        """Return the places that the noise allows."""
        return self.streets.near(lonlat, within_m=max(35.0, 3.5 * noise_m), most=self.model.most_candidates)

    def join(self, last: Layer, fresh: Layer, room: Workspace) -> bool:
        """Add the best chains from ``last`` to ``fresh``; False where none is possible."""
        model = self.model
        if fresh.begin - last.end > model.most_gap_seconds:
            return False
        self._hold(last, fresh)
        per_metre, per_second, most_seconds = self.prices(last, fresh)
        left, ahead = self.progress(last, fresh, per_metre, per_second)
        # Chains far worse than the best one never win any more.
        alive = np.where(last.cost < last.cost.min() + WORSE, last.cost + left, np.inf)
        a = self.arcs
        cost, came, _, marks = spread(
            a.indptr, a.out, a.extra, a.seconds, a.metres, last.arc, last.share, alive, fresh.arc, fresh.share,
            per_metre, per_second, most_seconds, WIDER, *room.arrays,
        )  # fmt: skip
        room.clear(marks)
        if not np.isfinite(cost).any():
            return False
        fresh.cost = fresh.cost + cost - ahead
        fresh.came = came
        fresh.before = last
        return True

    def prices(self, last: Layer, fresh: Layer) -> tuple[float, float, float]:
        """Return the cost of a metre and of a second between two fixes, and the seconds at the streets' speed that are too many.

        Who got less far than the time allows stood, or was on a way that the straight line does not show: the less far, the
        less is held against a detour.
        """
        model, noise = self.model, max(last.noise_m, fresh.noise_m)
        straight, elapsed = float(np.hypot(*(fresh.spot - last.spot))), fresh.begin - last.end
        over = max(0.0, 1.0 - straight / (STEADY_M_PER_S * elapsed))
        plain = 1.0 / (1.0 + model.slack * over)
        per_metre = plain / (model.detour_m + noise + model.detour_share * straight)
        return per_metre, plain / model.patience_seconds, model.fastest * elapsed + 0.6 * noise

    def progress(self, last: Layer, fresh: Layer, per_metre: float, per_second: float) -> tuple[Floats, Floats]:
        """Return the price of the way that each candidate of two fixes is ahead of the first one, in the direction of the second.

        What is driven straight on is no detour. If it had a price, drives that begin late, end early and do not go to the end of
        a street would be the likelier ones. Of a short step the noise knows the direction badly: less of it counts.
        """
        step = fresh.spot - last.spot
        size = float(np.hypot(*step))
        known = max(size**2 + last.noise_m**2 + fresh.noise_m**2, 1e-9)
        price = (per_metre + per_second / STEADY_M_PER_S) * size / known
        return price * ((last.xy - last.spot) @ step), price * ((fresh.xy - last.spot) @ step)

    def _hold(self, last: Layer, fresh: Layer) -> None:
        """Add the likeliest places of the last position: noise may throw a position back, a unit does not drive back."""
        held = np.argsort(last.cost, kind="stable")[: self.model.most_held]
        held = held[last.cost[held] < last.cost.min() + WORSE]
        apart = np.hypot(*(last.xy[held] - fresh.spot).T)
        held, apart = held[apart < 4.0 * fresh.noise_m], apart[apart < 4.0 * fresh.noise_m]
        fresh.arc = np.concatenate([fresh.arc, last.arc[held]])
        fresh.share = np.concatenate([fresh.share, last.share[held]])
        fresh.apart = np.concatenate([fresh.apart, apart])
        fresh.xy = np.concatenate([fresh.xy, last.xy[held]])
        fresh.cost = np.concatenate([fresh.cost, 0.5 * (apart / fresh.noise_m) ** 2])

    def _drawn(self, fixes: Fixes, chains: list[list[tuple[Layer, int]]], noise_m: float, room: Workspace) -> Matched:
        k = int(fixes.first[-1])
        arc, share = np.full(k, -1, np.int32), np.full(k, np.nan)
        apart, chain = np.full(k, np.nan), np.full(k, -1, np.int32)
        driven: list[tuple[int, int, float, float]] = []
        for number, picked in enumerate(chains):
            for layer, c in picked:
                rows = slice(int(fixes.first[layer.row]), int(fixes.first[layer.row + 1]))
                arc[rows], share[rows], apart[rows], chain[rows] = layer.arc[c], layer.share[c], layer.apart[c], number
            driven += self._drive(number, picked, room)
        table = np.array(driven, np.float64).reshape(-1, 4)
        return Matched(
            arc=arc, share=share, apart_m=apart, chain=chain,
            driven_arc=table[:, 0].astype(np.int32), driven_chain=table[:, 1].astype(np.int32),
            enter_seconds=table[:, 2], leave_seconds=table[:, 3], noise_m=noise_m,
        )  # fmt: skip

    def _drive(
        self, number: int, picked: list[tuple[Layer, int]], room: Workspace
    ) -> Iterator[tuple[int, int, float, float]]:
        """Yield arc, chain, time in and time out of each arc of one chain."""
        first, c = picked[0]
        current, entered = int(first.arc[c]), first.begin
        for (layer, i), (after, j) in pairwise(picked):
            way = self._way(int(layer.arc[i]), float(layer.share[i]), int(after.arc[j]), float(after.share[j]),
                            self.prices(layer, after), room)  # fmt: skip
            if not way:
                continue
            seconds = self.arcs.seconds
            parts = [(1.0 - float(layer.share[i])) * seconds[way[0]], *(float(seconds[a]) for a in way[1:-1])]
            parts.append(float(after.share[j]) * float(seconds[way[-1]]))
            whole = max(sum(parts), 1e-9)
            at = layer.end
            for part, following in zip(parts[:-1], way[1:], strict=True):
                at += part / whole * (after.begin - layer.end)
                yield current, number, entered, at
                current, entered = following, at
        yield current, number, entered, picked[-1][0].end

    def _way(
        self,
        source: int,
        share: float,
        target: int,
        target_share: float,
        prices: tuple[float, float, float],
        room: Workspace,
    ) -> list[int]:
        """Return the arcs of the fastest way, both ends included; nothing where both are the same place."""
        if source == target and target_share >= share:
            return []
        a = self.arcs
        one = np.ones(1)
        per_metre, per_second, most_seconds = prices
        # The same prices as in the recursion, so that the way drawn is the way that was weighed.
        *_, marks = spread(
            a.indptr, a.out, a.extra, a.seconds, a.metres, np.array([source], np.int32), share * one, 0.0 * one,
            np.array([target], np.int32), target_share * one, per_metre, per_second, most_seconds, WIDER, *room.arrays,
        )  # fmt: skip
        way = [target]
        while room.parent[way[-1]] >= 0 and (len(way) == 1 or way[-1] != source):
            way.append(int(room.parent[way[-1]]))
        room.clear(marks)
        return way[::-1]
