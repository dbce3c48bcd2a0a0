"""Travel times: cold and warm searches against SciPy, networkx and pyroutingkit, every answer compared."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.cities import City, cities, every_turn, lattice, with_forbidden_turns
from benchmarks.harness import Options, Row, absent, against, interleaved, timed, within
from geo.streets.contraction import Contraction
from geo.streets.expand import Expanded
from geo.streets.order import Order
from geo.streets.snap import Places
from geo.streets.travel import UNREACHED, Travel

SOURCES: Final = 200
MATRIX: Final = 500
PATHS: Final = 200
ROUNDS: Final = 3
_Ints = npt.NDArray[np.int32]


def rows(options: Options) -> list[Row]:
    """Measure every city; the cold and warm goals hold for cities, not for the first seconds of compiling."""
    found = [
        within("compiling all of it, once for a machine", ours=_compile_seconds()),
        within("first calls in a process, compiled before", ours=first_calls()),
    ]
    for city in cities(options):
        found += _city(city, options)
        if len(city.graph.forbidden_turns):
            found += _turns(city, options)
            found += _turns(with_forbidden_turns(city, share=0.02, seed=options.seed), options)
    return found


def _compile_seconds() -> float:
    """Return the seconds of the first calls in a process that finds nothing compiled."""
    code = "from benchmarks.streets import first_calls; print(first_calls())"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        root = Path(__file__).resolve().parent.parent
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True, check=True
        )
    return float(done.stdout)


def first_calls() -> float:
    """Return the seconds of one call of each kind on a graph of nine nodes."""
    graph = lattice(3)
    milliseconds = np.full(graph.arcs, 5, np.int32)

    def work() -> None:
        for travel in (Travel(graph, milliseconds, engine="cold"), Travel(graph, milliseconds, engine="warm")):
            places = _places(graph, np.random.default_rng(0), 3)
            travel.from_nodes([0])
            travel.matrix(places, places)
            travel.path(places, 0, places, 1)

    return timed(work)[0]


def _city(city: City, options: Options) -> list[Row]:
    graph, n = city.graph, city.graph.nodes
    rng = np.random.default_rng(options.seed)
    count = options.sample or SOURCES
    sources = rng.integers(0, n, count).astype(np.int32)
    size = f"{city.name} ({n:,} nodes, {graph.arcs:,} arcs)"
    order_seconds, order = timed(lambda: Order.of(graph))
    expanded = Expanded.of(graph)
    contract_seconds, contraction = timed(lambda: Contraction.of(expanded, order))
    cold, cold2 = (Travel(graph, city.milliseconds, engine="cold", threads=k) for k in (1, 2))
    warm, warm2 = (Travel(graph, city.milliseconds, order=order, threads=k) for k in (1, 2))
    scipy = _by_nodes(graph, city.milliseconds)
    expected = _whole(dijkstra(scipy, indices=sources))
    free = not len(graph.forbidden_turns)
    for travel in (cold, cold2, warm, warm2):
        answer = travel.from_nodes(sources)
        assert not free or np.array_equal(answer, expected), "an answer differs from SciPy's"
    what = f"{size}: {count} sources to all"
    scipy_s, cold_s, cold2_s, warm_s, warm2_s = interleaved(
        [
            lambda: dijkstra(scipy, indices=sources),
            lambda: cold.from_nodes(sources),
            lambda: cold2.from_nodes(sources),
            lambda: warm.from_nodes(sources),
            lambda: warm2.from_nodes(sources),
        ],
        rounds=ROUNDS,
        seconds=options.seconds,
    )
    found = [
        against(f"{what}, cold, 1 thread", ours=cold_s, peer="SciPy", theirs=scipy_s, at_least=2),
        against(f"{what}, cold, 2 threads", ours=cold2_s, peer="SciPy", theirs=scipy_s, at_least=4),
        against(f"{what}, warm, 1 thread", ours=warm_s, peer="SciPy", theirs=scipy_s, at_least=25),
        against(f"{what}, warm, 2 threads", ours=warm2_s, peer="SciPy", theirs=scipy_s, at_least=25),
        _networkx(what, city, sources, expected, cold_s),
    ]
    found += _matrices(size, city, warm, scipy, rng, options)
    customise_s = interleaved([lambda: contraction.customise(city.milliseconds[expanded.arcs])], rounds=5)[0]
    found += [
        within(f"{size}: order, once for a graph", ours=order_seconds),
        within(f"{size}: contraction, once when opened", ours=contract_seconds),
        within(f"{size}: weighting anew (hour, closure)", ours=customise_s),
    ]
    return found + _pyroutingkit(size, city, sources, expected, warm, warm_s, customise_s, options)


def _networkx(what: str, city: City, sources: _Ints, expected: _Ints, cold_s: float) -> Row:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(city.graph.nodes))
    weights = _by_nodes(city.graph, city.milliseconds).tocoo()
    graph.add_weighted_edges_from(
        zip(weights.row.tolist(), weights.col.tolist(), weights.data.astype(int).tolist(), strict=True)
    )
    few = sources[:3]
    seconds, answers = timed(lambda: [nx.single_source_dijkstra_path_length(graph, int(s)) for s in few])
    for answer, row in zip(answers, expected, strict=False):
        assert {k: int(v) for k, v in enumerate(row) if v < UNREACHED} == answer, "networkx differs from SciPy"
    theirs = seconds / len(few) * len(sources)
    return against(f"{what}, cold, 1 thread", ours=cold_s, peer="networkx", theirs=theirs, note="3 sources, scaled up")


def _matrices(
    size: str, city: City, warm: Travel, scipy: csr_array, rng: np.random.Generator, options: Options
) -> list[Row]:
    graph = city.graph
    nodes = rng.integers(0, graph.nodes, min(MATRIX, graph.nodes)).astype(np.int32)
    few = nodes[: min(len(nodes), options.sample or 50)]
    ours = _between(warm, nodes)
    if not len(graph.forbidden_turns):
        assert np.array_equal(ours()[: len(few)], _whole(dijkstra(scipy, indices=few))[:, nodes]), "differs from SciPy"
    places = _places(graph, rng, len(nodes)), _places(graph, rng, len(nodes))
    cold = Travel(graph, city.milliseconds, engine="cold", threads=2)
    matrix = warm.matrix(*places)
    assert np.array_equal(matrix, cold.matrix(*places)), "warm and cold differ"
    ours_s, places_s, scipy_s = interleaved(
        [ours, lambda: warm.matrix(*places), lambda: dijkstra(scipy, indices=few)], rounds=ROUNDS
    )
    reached = [k for k in range(len(nodes)) if np.isfinite(matrix[k, k])][: options.sample or PATHS]
    warm.path(places[0], reached[0], places[1], reached[0])

    def paths() -> None:
        for k in reached:
            path = warm.path(places[0], k, places[1], k)
            assert path.total_seconds == matrix[k, k], "a path does not add up to the matrix"

    path_s = interleaved([paths], rounds=ROUNDS)[0] / max(len(reached), 1)
    square = f"{len(nodes)} x {len(nodes)}"
    scaled = scipy_s / len(few) * len(nodes)
    return [
        against(
            f"{size}: {square} nodes, warm", ours=ours_s, peer="SciPy", theirs=scaled, note=f"{len(few)} scaled up"
        ),
        within(f"{size}: {square} places on arcs, walks counted, warm", ours=places_s),
        within(f"{size}: path with geometry, times and names, warm", ours=path_s, at_most=0.002),
    ]


def _pyroutingkit(
    size: str,
    city: City,
    sources: _Ints,
    expected: _Ints,
    warm: Travel,
    warm_s: float,
    customise_s: float,
    options: Options,
) -> list[Row]:
    what = f"{size}: {len(sources)} sources to all, warm, 1 thread"
    if importlib.util.find_spec("pyroutingkit") is None:
        return [absent(what, "pyroutingkit", goal=">= 1x")]
    if len(city.graph.forbidden_turns):
        return []
    import pyroutingkit

    graph, n = city.graph, city.graph.nodes
    lonlat = graph.node_lonlat.astype(np.float32)
    topology = pyroutingkit.CCHTopology()
    tails, heads = graph.tails().astype(np.uint32), graph.heads.astype(np.uint32)
    build_s, _ = timed(lambda: topology.build(tails, heads, lonlat[:, 1].copy(), lonlat[:, 0].copy(), n))
    metric: Any = pyroutingkit.CCHMetric(topology)
    weights = np.where(city.milliseconds < UNREACHED, city.milliseconds, pyroutingkit.INF_WEIGHT).astype(np.uint32)
    metric.customize(weights)
    every = np.arange(n, dtype=np.uint32)
    few = sources[:50].astype(np.uint32)
    rng = np.random.default_rng(options.seed + 1)
    nodes = rng.integers(0, n, min(MATRIX, n)).astype(np.int32)
    unsigned = nodes.astype(np.uint32)
    ours = _between(warm, nodes)
    theirs = np.minimum(metric.distances_many_to_many(unsigned, unsigned), UNREACHED)
    assert np.array_equal(ours(), theirs), "ours and pyroutingkit's differ"
    answer = np.minimum(metric.distances_many_to_many(few, every), UNREACHED)
    assert np.array_equal(answer, expected[: len(few)]), "pyroutingkit differs from SciPy"
    ours_s, square_s, all_s, again_s = interleaved(
        [
            ours,
            lambda: metric.distances_many_to_many(unsigned, unsigned),
            lambda: metric.distances_many_to_many(few, every),
            lambda: metric.customize(weights),
        ],
        rounds=ROUNDS,
    )
    scaled = all_s / len(few) * len(sources)
    square = f"{len(nodes)} x {len(nodes)}"
    return [
        against(what, ours=warm_s, peer="pyroutingkit", theirs=scaled, at_least=1, note="50 scaled up"),
        against(f"{size}: {square} nodes, warm", ours=ours_s, peer="pyroutingkit", theirs=square_s, at_least=1),
        against(f"{size}: weighting anew", ours=customise_s, peer="pyroutingkit", theirs=again_s),
        Row(what=f"{size}: order and contraction", ours=None, peer="pyroutingkit", peer_figure=f"{build_s:.3g} s"),
    ]


def _turns(city: City, options: Options) -> list[Row]:
    """Compare with SciPy on the graph of arcs, which knows forbidden turns and nothing of our expansion."""
    graph = city.graph
    rng = np.random.default_rng(options.seed)
    sources = rng.integers(0, graph.nodes, options.sample or SOURCES).astype(np.int32)
    line = _LineGraph.of(graph, city.milliseconds, sources)
    expected = line.times()
    careless = _whole(dijkstra(_by_nodes(graph, city.milliseconds), indices=sources))
    wrong = int((careless != expected).sum())
    cold = Travel(graph, city.milliseconds, engine="cold")
    warm = Travel(graph, city.milliseconds, engine="warm")
    ours = [int((travel.from_nodes(sources) != expected).sum()) for travel in (cold, warm)]
    line_s, cold_s, warm_s = interleaved(
        [line.times, lambda: cold.from_nodes(sources), lambda: warm.from_nodes(sources)],
        rounds=ROUNDS,
        seconds=options.seconds,
    )
    what = f"{city.name}, {len(graph.forbidden_turns):,} forbidden turns: {len(sources)} sources to all"
    return [
        Row(
            what=f"{what}, wrong answers",
            ours=f"{max(ours)} of {expected.size:,}",
            peer="SciPy over nodes",
            peer_figure=f"{wrong:,} wrong",
            goal="0 wrong",
            met=max(ours) == 0,
        ),
        against(f"{what}, cold, 1 thread", ours=cold_s, peer="SciPy over arcs", theirs=line_s, at_least=2),
        against(f"{what}, warm, 1 thread", ours=warm_s, peer="SciPy over arcs", theirs=line_s, at_least=25),
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _LineGraph:
    """Arcs as nodes, allowed turns as edges, and one more node for each source."""

    weights: csr_array
    heads: _Ints
    sources: _Ints
    nodes: int

    @classmethod
    def of(cls, graph: Any, milliseconds: _Ints, sources: _Ints) -> _LineGraph:
        turns = every_turn(graph).astype(np.int64)
        banned = graph.forbidden_turns.astype(np.int64)
        allowed = ~np.isin(turns[:, 0] * graph.arcs + turns[:, 1], banned[:, 0] * graph.arcs + banned[:, 1])
        turns = turns[allowed & (milliseconds[turns] < UNREACHED).all(axis=1)]
        starts = [np.arange(graph.indptr[s], graph.indptr[s + 1]) for s in sources]
        begin = np.repeat(np.arange(len(sources)), [len(arcs) for arcs in starts])
        first = np.concatenate(starts)
        usable = milliseconds[first] < UNREACHED
        tails = np.concatenate([turns[:, 0], graph.arcs + begin[usable]])
        heads = np.concatenate([turns[:, 1], first[usable]])
        size = graph.arcs + len(sources)
        weights = csr_array((milliseconds[heads].astype(float), (tails, heads)), shape=(size, size))
        return cls(weights=weights, heads=graph.heads, sources=sources, nodes=graph.nodes)

    def times(self) -> _Ints:
        arcs = len(self.heads)
        found = _whole(dijkstra(self.weights, indices=arcs + np.arange(len(self.sources))))[:, :arcs]
        out = np.full((len(self.sources), self.nodes), UNREACHED, np.int32)
        order = np.argsort(self.heads, kind="stable")
        entered, starts = np.unique(self.heads[order], return_index=True)
        out[:, entered] = np.minimum.reduceat(found[:, order], starts, axis=1)
        out[np.arange(len(self.sources)), self.sources] = 0
        return out


def _by_nodes(graph: Any, milliseconds: _Ints) -> csr_array:
    """SciPy adds parallel arcs up, so the fastest of each pair is kept; forbidden turns are not seen."""
    pairs = graph.tails().astype(np.int64) * graph.nodes + graph.heads
    order = np.lexsort((milliseconds, pairs))
    order = order[milliseconds[order] < UNREACHED]
    pairs, first = np.unique(pairs[order], return_index=True)
    held = milliseconds[order[first]].astype(float), (pairs // graph.nodes, pairs % graph.nodes)
    return csr_array(held, shape=(graph.nodes, graph.nodes))


def _whole(seconds: npt.NDArray[np.float64]) -> _Ints:
    whole: _Ints = np.where(np.isinf(seconds), UNREACHED, seconds).astype(np.int32)
    return whole


def _between(travel: Travel, nodes: _Ints) -> Callable[[], _Ints]:
    return lambda: travel.between_nodes(nodes, nodes)


def _places(graph: Any, rng: np.random.Generator, count: int) -> Places:
    arc = rng.integers(0, graph.arcs, count).astype(np.int32)
    return Places(
        arc=arc,
        metres_along=(graph.metres[arc] * rng.random(count)).astype(np.float32),
        offset_m=(30 * rng.random(count)).astype(np.float32),
        lonlat=graph.node_lonlat[graph.heads[arc]],
        ok=np.ones(count, np.bool_),
    )
