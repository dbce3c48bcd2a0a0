"""Travel times and paths on a street graph under one weighting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from geo.streets.contraction import Contraction
from geo.streets.dijkstra import ColdSearch
from geo.streets.ends import UNREACHED, Ends, Stands
from geo.streets.expand import Expanded
from geo.streets.graph import StreetGraph
from geo.streets.order import Order
from geo.streets.path import Path
from geo.streets.snap import Places
from geo.streets.speeds import WALK_M_PER_S, SpeedTable, arc_milliseconds
from geo.streets.warm import WarmSearch
from geo.streets.within import Within

__all__ = ["UNREACHED", "Order", "Path", "Travel"]

ORDER_PAYS_AFTER: Final = 800
"""Sources after which finding an order costs less than searching cold; both grow alike with the size of a city."""

_MOST_CELLS: Final = 16_000_000


class Search(Protocol):
    """What answers: cold or warm, with equal answers."""

    def to_all(self, ends: Ends, *, backward: bool = False, threads: int = 1) -> npt.NDArray[np.int32]:
        """Return milliseconds between each end and every street node, int32[k, nodes]."""
        ...

    def between(self, origins: Ends, destinations: Ends, *, threads: int = 1) -> npt.NDArray[np.int32]:
        """Return milliseconds from each origin to each destination, int32[o, d]."""
        ...

    def way(self, origin: Ends, destination: Ends) -> tuple[int, int, int, npt.NDArray[np.int32]]:
        """Return milliseconds, the entry of each end and the rows of the expanded graph between."""
        ...


class Network:
    """What stays the same under every weighting: forbidden turns, order, contraction; each made when first used."""

    def __init__(self, graph: StreetGraph, *, turns: bool, order: Order | None) -> None:
        if order is not None:
            order.require(graph)
        self.graph = graph
        self.turns = turns
        self.order = order

    @cached_property
    def expanded(self) -> Expanded:
        """The graph with forbidden turns."""
        return Expanded.of(self.graph, turns=self.turns)

    @cached_property
    def contraction(self) -> Contraction:
        """The hierarchy; finds an order where none is at hand."""
        if self.order is None:
            self.order = Order.of(self.graph)
        return Contraction.of(self.expanded, self.order)


class Travel:
    """Least travel times under one weighting of a street graph; every engine gives the same answers.

    Parameters
    ----------
    milliseconds
        int32[m] of each arc, 1 or more; ``UNREACHED`` where it may not be passed (``geo.streets.speeds``).
    engine
        ``"cold"`` prepares nothing; ``"warm"`` contracts the graph first; ``"auto"`` is warm where an order is at hand
        or so many sources are asked for that finding one pays.
    order
        Kept order of this graph (``Order.beside``).
    turns
        Whether forbidden turns hold; false on foot.
    threads
        How many threads share the sources.
    """

    def __init__(
        self,
        graph: StreetGraph,
        milliseconds: npt.NDArray[np.int32],
        *,
        engine: Literal["auto", "cold", "warm"] = "auto",
        order: Order | None = None,
        turns: bool = True,
        threads: int = 1,
    ) -> None:
        if engine not in ("auto", "cold", "warm"):
            raise ParameterError(f"Unknown engine {engine!r}; known are auto, cold, warm", f"未知的计算方式 {engine!r}")
        self._network = Network(graph, turns=turns, order=order)
        self._engine: Literal["auto", "cold", "warm"] = engine
        self._threads = threads
        self._asked = 0
        self.milliseconds = _checked(graph, milliseconds)

    @classmethod
    def by(
        cls,
        profile: str,
        graph: StreetGraph,
        *,
        speeds: SpeedTable | None = None,
        hour: int | None = None,
        closed: Sequence[int] = (),
        engine: Literal["auto", "cold", "warm"] = "auto",
        order: Order | None = None,
        threads: int = 1,
    ) -> Self:
        """Weight a graph for a profile; on foot forbidden turns do not hold."""
        milliseconds = arc_milliseconds(graph, profile, speeds=speeds, hour=hour, closed=closed)
        return cls(graph, milliseconds, engine=engine, order=order, turns=profile != "foot", threads=threads)

    def reweighted(self, milliseconds: npt.NDArray[np.int32]) -> Self:
        """Return travel on the same streets with other milliseconds (hour, closure); the hierarchy is shared."""
        other = object.__new__(type(self))
        other._network = self._network
        other._engine = self._engine
        other._threads = self._threads
        other._asked = self._asked
        other.milliseconds = _checked(self.graph, milliseconds)
        return other

    @property
    def graph(self) -> StreetGraph:
        """The street graph."""
        return self._network.graph

    @property
    def order(self) -> Order | None:
        """The order at hand or found since; worth keeping beside the graph."""
        return self._network.order

    @property
    def engine(self) -> Literal["cold", "warm"]:
        """Which search answers one more source."""
        return self._pick(1)

    def from_nodes(self, nodes: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return milliseconds from each node to every node, int32[s, n]; ``UNREACHED`` where there is no way."""
        wanted = self._nodes(nodes)
        return self._search(wanted).to_all(Ends.leaving_nodes(wanted), threads=self._threads)

    def to_nodes(self, nodes: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return milliseconds from every node to each of these, int32[s, n]; ``UNREACHED`` where there is no way."""
        wanted = self._nodes(nodes)
        ends = Ends.reaching_nodes(self._network.expanded, wanted)
        return self._search(wanted).to_all(ends, backward=True, threads=self._threads)

    def between_nodes(self, origins: npt.ArrayLike, destinations: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return milliseconds from each node to each, int32[o, d]; ``UNREACHED`` where there is no way."""
        here, there = self._nodes(origins), self._nodes(destinations)
        search = self._search(here if len(here) <= len(there) else there)
        reaching = Ends.reaching_nodes(self._network.expanded, there)
        return search.between(Ends.leaving_nodes(here), reaching, threads=self._threads)

    def node_seconds(self, origins: Places) -> npt.NDArray[np.float64]:
        """Return seconds from each place to every node, the walk to the kerb counted; float64[o, n], inf = no way."""
        out = np.empty((len(origins), self.graph.nodes))
        step = max(_MOST_CELLS // self.graph.nodes, 1)
        for first in range(0, len(origins), step):
            part = _rows(origins, slice(first, first + step))
            ends = Stands.of(self.graph, self.milliseconds, part).leaving(self._network.expanded)
            found = self._search(part.arc).to_all(ends, threads=self._threads)
            out[first : first + step] = _seconds(found, _walk(part)[:, None])
        return out

    def matrix(self, origins: Places, destinations: Places) -> npt.NDArray[np.float64]:
        """Return seconds from each place to each, walks at both kerbs counted; float64[o, d], inf = no way."""
        expanded = self._network.expanded
        to = Stands.of(self.graph, self.milliseconds, destinations)
        reaching, walk_after = to.reaching(expanded), _walk(destinations)
        search = self._search(origins.arc if len(origins) <= len(destinations) else destinations.arc)
        out = np.empty((len(origins), len(destinations)))
        step = max(_MOST_CELLS // max(len(destinations), 1), 1)
        for first in range(0, len(origins), step):
            part = _rows(origins, slice(first, first + step))
            stands = Stands.of(self.graph, self.milliseconds, part)
            found = search.between(stands.leaving(expanded), reaching, threads=self._threads)
            mine, theirs, taken = stands.ahead(to)
            np.minimum.at(found, (stands.owner[mine], to.owner[theirs]), taken)
            out[first : first + step] = _seconds(found, _walk(part)[:, None] + walk_after[None, :])
        return out

    def within(self, origins: Places, destinations: Places, *, limit_seconds: float) -> Within:
        """Return the pairs within a time of each other, the same seconds as ``matrix`` gives them; equality counts."""
        expanded = self._network.expanded
        stands = Stands.of(self.graph, self.milliseconds, origins)
        to = Stands.of(self.graph, self.milliseconds, destinations)
        mine, theirs, taken = stands.ahead(to)
        return self._cold.within(
            stands.leaving(expanded), to.reaching(expanded),
            direct=(stands.owner[mine].astype(np.int64), to.owner[theirs].astype(np.int64), taken),
            walk_before=_walk(origins), walk_after=_walk(destinations),
            limit_seconds=float(limit_seconds), threads=self._threads,
        )  # fmt: skip

    def nearest(self, origins: Places, destinations: Places) -> npt.NDArray[np.float64]:
        """Return seconds from the nearest origin to each destination, to a millisecond; float64[d], inf = no way."""
        expanded = self._network.expanded
        stands = Stands.of(self.graph, self.milliseconds, origins)
        to = Stands.of(self.graph, self.milliseconds, destinations)
        leaving, walk = stands.leaving(expanded), np.rint(_walk(origins) * 1000.0)
        owner = np.repeat(np.arange(len(origins)), np.diff(leaving.indptr))
        spent = leaving.milliseconds + walk[owner]
        all_of_them = Ends.grouped(1, np.zeros(len(owner), np.int64), leaving.nodes, spent, leaving.arcs)
        found = self._cold.between(all_of_them, to.reaching(expanded))[0]
        mine, theirs, taken = stands.ahead(to)
        np.minimum.at(found, to.owner[theirs], (taken + walk[stands.owner[mine]]).astype(np.int32))
        return _seconds(found, _walk(destinations))

    def path(self, origins: Places, i: int, destinations: Places, j: int) -> Path:
        """Return the path from place ``i`` of the origins to place ``j`` of the destinations.

        Raises ``InfeasibleError`` where there is no way.
        """
        here, there = _rows(origins, slice(i, i + 1)), _rows(destinations, slice(j, j + 1))
        stands = Stands.of(self.graph, self.milliseconds, here)
        to = Stands.of(self.graph, self.milliseconds, there)
        leaving, reaching = stands.leaving(self._network.expanded), to.reaching(self._network.expanded)
        mine, theirs, taken = stands.ahead(to)
        direct = int(taken.min(initial=UNREACHED))
        total, source, target, rows = self._search(here.arc).way(leaving, reaching)
        if min(direct, total) >= UNREACHED:
            raise InfeasibleError("No street leads from the one place to the other", "两地之间没有可通行的道路")
        if direct <= total:
            best = int(np.argmin(taken))
            first, last = int(mine[best]), int(theirs[best])
            arcs = stands.arcs[first : first + 1]
            spent = taken[best : best + 1]
        else:
            first = int(np.flatnonzero(stands.arcs == leaving.arcs[source])[0])
            last = int(np.flatnonzero(to.arcs == reaching.arcs[target])[0])
            between = self._network.expanded.arcs[rows]
            arcs = np.concatenate([stands.arcs[first : first + 1], between, to.arcs[last : last + 1]])
            spent = np.concatenate(
                [stands.remaining[first : first + 1], self.milliseconds[between], to.elapsed[last : last + 1]]
            )
        return Path.along(
            self.graph,
            arcs.astype(np.int32),
            spent,
            start_share=float(stands.share[first]),
            end_share=float(to.share[last]),
            walk_before_seconds=float(_walk(here)[0]),
            walk_after_seconds=float(_walk(there)[0]),
        )

    @cached_property
    def _cold(self) -> ColdSearch:
        return ColdSearch(self._network.expanded, self.graph.node_lonlat, self.milliseconds)

    @cached_property
    def _warm(self) -> WarmSearch:
        return WarmSearch(self._network.expanded, self._network.contraction, self.milliseconds)

    def _pick(self, sources: int) -> Literal["cold", "warm"]:
        if self._engine != "auto":
            return self._engine
        return "warm" if self.order is not None or self._asked + sources >= ORDER_PAYS_AFTER else "cold"

    def _search(self, sources: npt.NDArray[np.int32]) -> Search:
        picked = self._pick(len(sources))
        self._asked += len(sources)
        return self._warm if picked == "warm" else self._cold

    def _nodes(self, nodes: npt.ArrayLike) -> npt.NDArray[np.int32]:
        wanted = np.asarray(nodes)
        if wanted.ndim != 1 or (len(wanted) and not np.issubdtype(wanted.dtype, np.integer)):
            raise ParameterError("Nodes must be a list of node numbers", "节点须为节点编号的列表")
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= self.graph.nodes):
            raise ParameterError(
                f"A node is not within 0 to {self.graph.nodes - 1}", f"节点编号不在 0 至 {self.graph.nodes - 1} 之间"
            )
        return wanted.astype(np.int32)


def _checked(graph: StreetGraph, milliseconds: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    held = np.asarray(milliseconds)
    if held.dtype != np.int32 or held.shape != (graph.arcs,):
        raise InputError("Milliseconds must be int32, one for each arc", "毫秒数组须为 int32 且与路段数一致")
    if held.min() < 1 or held.max() > UNREACHED:
        raise InputError(
            f"Milliseconds of an arc must be within 1 and {UNREACHED}", f"路段毫秒数须在 1 至 {UNREACHED} 之间"
        )
    held = held.copy()
    held.setflags(write=False)
    return held


def _rows(places: Places, rows: slice) -> Places:
    return Places(
        arc=places.arc[rows],
        metres_along=places.metres_along[rows],
        offset_m=places.offset_m[rows],
        lonlat=places.lonlat[rows],
        ok=places.ok[rows],
    )


def _walk(places: Places) -> npt.NDArray[np.float64]:
    seconds: npt.NDArray[np.float64] = places.offset_m.astype(np.float64) / WALK_M_PER_S
    return seconds


def _seconds(milliseconds: npt.NDArray[np.int32], walk: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found = milliseconds / 1000.0 + walk
    found[milliseconds >= UNREACHED] = np.inf
    return found
