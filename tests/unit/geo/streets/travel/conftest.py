"""Small street graphs by hand, and times by brute force over arcs that turn into arcs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest

from geo.streets.graph import StreetGraph
from geo.streets.snap import Places

UNREACHED = 2**30 - 1


@dataclass(frozen=True)
class Town:
    """A graph with its milliseconds, and reference answers that know nothing of the product's searches."""

    graph: StreetGraph
    milliseconds: npt.NDArray[np.int32]

    def closing(self, arcs: Sequence[int]) -> Town:
        milliseconds = self.milliseconds.copy()
        milliseconds[list(arcs)] = UNREACHED
        return replace(self, milliseconds=milliseconds)

    def banned(self) -> set[tuple[int, int]]:
        return {(int(a), int(b)) for a, b in self.graph.forbidden_turns}

    def arrivals(self, starts: dict[int, int], *, turns: bool = True) -> dict[int, int]:
        """Least milliseconds to the head of each arc; ``starts`` are arcs with the milliseconds until their head."""
        bans = self.banned() if turns else set()
        best: dict[int, int] = {}
        queue = [(taken, arc) for arc, taken in starts.items()]
        heapq.heapify(queue)
        while queue:
            taken, arc = heapq.heappop(queue)
            if arc in best:
                continue
            best[arc] = taken
            head = int(self.graph.heads[arc])
            for following in range(int(self.graph.indptr[head]), int(self.graph.indptr[head + 1])):
                spent = int(self.milliseconds[following])
                if spent < UNREACHED and (arc, following) not in bans and following not in best:
                    heapq.heappush(queue, (taken + spent, following))
        return best

    def from_node(self, node: int, *, turns: bool = True) -> npt.NDArray[np.int32]:
        first, last = int(self.graph.indptr[node]), int(self.graph.indptr[node + 1])
        starts = {a: int(self.milliseconds[a]) for a in range(first, last) if self.milliseconds[a] < UNREACHED}
        out = np.full(self.graph.nodes, UNREACHED, np.int32)
        for arc, taken in self.arrivals(starts, turns=turns).items():
            out[self.graph.heads[arc]] = min(out[self.graph.heads[arc]], taken)
        out[node] = 0
        return out

    def stands(self, places: Places, k: int) -> dict[int, tuple[float, int]]:
        """The arcs on which a place stands: share along the arc, milliseconds from its tail."""
        if not places.ok[k]:
            return {}
        arc = int(places.arc[k])
        share = float(places.metres_along[k]) / float(self.graph.metres[arc]) if self.graph.metres[arc] else 0.0
        found = {arc: min(share, 1.0)}
        if self.graph.reverse[arc] >= 0:
            found[int(self.graph.reverse[arc])] = 1.0 - min(share, 1.0)
        return {
            a: (s, int(np.rint(s * self.milliseconds[a]))) for a, s in found.items() if self.milliseconds[a] < UNREACHED
        }

    def between(self, origins: Places, i: int, destinations: Places, j: int) -> float:
        here, there = self.stands(origins, i), self.stands(destinations, j)
        arrivals = self.arrivals({arc: int(self.milliseconds[arc]) - elapsed for arc, (_, elapsed) in here.items()})
        tails = self.graph.tails()
        best = UNREACHED
        for arc, (share, elapsed) in there.items():
            if arc in here and here[arc][0] <= share:
                best = min(best, elapsed - here[arc][1])
            for before, taken in arrivals.items():
                if self.graph.heads[before] == tails[arc] and (before, arc) not in self.banned():
                    best = min(best, taken + elapsed)
        if best >= UNREACHED:
            return float(np.inf)
        return best / 1000.0 + (float(origins.offset_m[i]) / 1.2 + float(destinations.offset_m[j]) / 1.2)


BuildTown = Callable[..., Town]


@pytest.fixture(scope="session")
def build_town() -> BuildTown:
    def build(
        nodes: int,
        streets: Sequence[tuple[int, int, int, bool]],
        *,
        bans: Sequence[tuple[int, int]] = (),
        names: Sequence[str] = (),
        seed: int = 0,
    ) -> Town:
        """``streets``: tail, head, milliseconds, two-way. ``bans``: pairs of arcs in the order of the result."""
        rng = np.random.default_rng(seed)
        lonlat = rng.uniform([108.9, 34.2], [109.0, 34.3], (nodes, 2))
        rows = [(u, v, w, k, False) for k, (u, v, w, _) in enumerate(streets)]
        rows += [(v, u, w, k, True) for k, (u, v, w, both) in enumerate(streets) if both]
        rows.sort(key=lambda row: (row[0], row[3], row[4]))
        where = {(k, back): arc for arc, (_, _, _, k, back) in enumerate(rows)}
        m = len(rows)
        geometry, offsets = [], [0]
        for u, v, _, k, _ in rows:
            middle = np.random.default_rng(1000 + k).uniform([108.9, 34.2], [109.0, 34.3])
            line = [lonlat[u], middle, lonlat[v]]
            geometry += line
            offsets.append(len(geometry))
        held = sorted(set(names) - {""})
        graph = StreetGraph(
            indptr=np.concatenate([[0], np.cumsum(np.bincount([r[0] for r in rows], minlength=nodes))]).astype(
                np.int32
            ),
            heads=np.array([r[1] for r in rows], np.int32),
            metres=np.array([r[2] / 10 for r in rows], np.float32),
            arc_ids=np.array([r[3] for r in rows], np.int64),
            node_ids=np.arange(nodes, dtype=np.int64),
            node_lonlat=lonlat,
            geometry_offsets=np.array(offsets, np.int32),
            geometry_lonlat=np.array(geometry, np.float64),
            road_class=np.zeros(m, np.int8),
            name_ids=np.array([(["", *held].index(names[r[3]]) if names else 0) for r in rows], np.int32),
            names=("", *held),
            access=np.full(m, 15, np.uint8),
            speed_kph=np.full(m, np.nan, np.float32),
            reverse=np.array([where.get((r[3], not r[4]), -1) for r in rows], np.int32),
            forbidden_turns=np.array(bans, np.int32).reshape(-1, 2),
        )
        return Town(graph=graph, milliseconds=np.array([r[2] for r in rows], np.int32))

    return build


@pytest.fixture(scope="session")
def town_of() -> type[Town]:
    return Town


@pytest.fixture(scope="session")
def build_places() -> Callable[..., Places]:
    def build(town: Town, count: int, *, seed: int, missing: bool = False) -> Places:
        rng = np.random.default_rng(seed)
        arc = rng.integers(0, town.graph.arcs, count).astype(np.int32)
        share = rng.choice([0.0, 0.25, 0.5, 1.0], count)
        ok = np.ones(count, np.bool_)
        if missing and count:
            ok[0] = False
        return Places(
            arc=np.where(ok, arc, -1).astype(np.int32),
            metres_along=(share * town.graph.metres[arc]).astype(np.float32),
            offset_m=np.where(ok, rng.integers(0, 60, count), np.inf).astype(np.float32),
            lonlat=rng.uniform([108.9, 34.2], [109.0, 34.3], (count, 2)),
            ok=ok,
        )

    return build


@pytest.fixture(scope="session")
def random_town(build_town: BuildTown) -> Callable[..., Town]:
    def build(nodes: int, *, seed: int, banned: float = 0.0) -> Town:
        """Near a grid city: neighbours joined, some one-way, loops, twins, parts cut off, some turns forbidden."""
        rng = np.random.default_rng(seed)
        side = int(np.ceil(np.sqrt(nodes)))
        pairs = [(k, k + 1) for k in range(nodes - 1) if (k + 1) % side] + [(k, k + side) for k in range(nodes - side)]
        pairs = [pair for pair in pairs if rng.random() > 0.12]
        pairs += [(int(a), int(b)) for a, b in rng.integers(0, nodes, (nodes // 10 + 1, 2))]
        pairs += pairs[: nodes // 20]
        pairs = [pair for pair in pairs if nodes - 1 not in pair]
        streets = [(u, v, int(rng.integers(1, 30_000)), bool(rng.random() > 0.3)) for u, v in pairs]
        streets.append((nodes - 1, 0, 1, False))
        town = build_town(nodes, streets)
        if not banned:
            return town
        graph = town.graph
        every = [
            (arc, following)
            for arc in range(graph.arcs)
            for following in range(int(graph.indptr[graph.heads[arc]]), int(graph.indptr[graph.heads[arc] + 1]))
        ]
        chosen = [pair for pair in every if rng.random() < banned]
        return build_town(nodes, streets, bans=chosen)

    return build
