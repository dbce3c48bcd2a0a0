"""Street graphs to measure on: real cities from a folder or a wheel, else a made-up lattice that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Options
from geo.errors import XungeError
from geo.streets.graph import StreetGraph
from geo.streets.speeds import arc_milliseconds

USUAL = ("xian_osm2021", "baltimore")
"""What of the data folder beside the checkout is measured; of a folder that is named, everything."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class City:
    """A graph with milliseconds int32[m] of the patrol car."""

    name: str
    graph: StreetGraph
    milliseconds: npt.NDArray[np.int32]

    @classmethod
    def of(cls, name: str, graph: StreetGraph) -> City:
        """Weight a graph for the patrol car."""
        return cls(name=name, graph=graph, milliseconds=arc_milliseconds(graph, "patrol_car"))


def cities(options: Options) -> Iterator[City]:
    """Read pairs ``*_nodes.parquet`` and ``*_edges.parquet``, and ``*.osm.pbf``, ``*.osm.gz``, ``*.osm``; then Coquimbo."""
    folder = options.folder()
    found = 0
    for path in _files(folder) if folder else []:
        name = path.name.split(".")[0].removesuffix("_nodes")
        if options.data is None and name not in USUAL:
            continue
        found += 1
        yield City.of(name, _read(path))
    if options.data is None:
        try:
            from geo.streets.aequilibrae import read_coquimbo

            yield City.of("Coquimbo (demo city)", read_coquimbo())
            found += 1
        except XungeError:
            pass
    if not found:
        yield City.of("made-up lattice", lattice(120))


def _files(folder: Path) -> list[Path]:
    inside = folder / "streets" if (folder / "streets").is_dir() else folder
    patterns = ("*_nodes.parquet", "*.osm.pbf", "*.osm.gz", "*.osm")
    return sorted({path for pattern in patterns for path in inside.glob(pattern)}, reverse=True)


def _read(path: Path) -> StreetGraph:
    if path.name.endswith("_nodes.parquet"):
        from geo.streets.parquet import read_parquet

        return read_parquet(path, path.with_name(path.name.replace("_nodes.", "_edges.")))
    from geo.streets.osm import read_osm

    return read_osm(path)


def lattice(side: int) -> StreetGraph:
    """Return a square lattice of two-way streets of 100 m."""
    node = np.arange(side * side).reshape(side, side)
    across = np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    along = np.column_stack([node[:-1].ravel(), node[1:].ravel()])
    one = np.concatenate([across, along])
    pairs = np.concatenate([one, one[:, ::-1]])
    order = np.argsort(pairs[:, 0], kind="stable")
    m = len(pairs)
    back = np.empty(m, np.int32)
    place = np.argsort(order)
    back[place] = place[(np.arange(m) + len(one)) % m]
    tails, heads = pairs[order].T
    lonlat = np.column_stack([108.9 + 0.0011 * (node.ravel() % side), 34.2 + 0.0009 * (node.ravel() // side)])
    return StreetGraph(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=node.size))]).astype(np.int32),
        heads=heads.astype(np.int32),
        metres=np.full(m, 100, np.float32),
        arc_ids=np.arange(m, dtype=np.int64),
        node_ids=np.arange(node.size, dtype=np.int64),
        node_lonlat=lonlat,
        geometry_offsets=np.arange(0, 2 * m + 1, 2, dtype=np.int32),
        geometry_lonlat=lonlat[np.column_stack([tails, heads]).ravel()],
        road_class=np.full(m, 11, np.int8),
        name_ids=np.zeros(m, np.int32),
        names=("",),
        access=np.full(m, 15, np.uint8),
        speed_kph=np.full(m, np.nan, np.float32),
        reverse=back,
        source="made up",
    )


def with_forbidden_turns(city: City, *, share: float, seed: int) -> City:
    """Forbid a share of all turns at random, on top of those that the city has."""
    graph = city.graph
    turns = every_turn(graph)
    chosen = turns[np.random.default_rng(seed).random(len(turns)) < share]
    bans = np.unique(np.concatenate([graph.forbidden_turns, chosen]), axis=0)
    return replace(
        city, name=f"{city.name}, {share:.0%} of turns forbidden at random", graph=replace(graph, forbidden_turns=bans)
    )


def every_turn(graph: StreetGraph) -> npt.NDArray[np.int32]:
    """Return all pairs of arcs that follow each other, int32[t, 2]."""
    first, last = graph.indptr[graph.heads].astype(np.int64), graph.indptr[graph.heads + 1].astype(np.int64)
    into = np.repeat(np.arange(graph.arcs), last - first)
    begin = np.cumsum(last - first) - (last - first)
    out = np.arange(len(into)) + np.repeat(first - begin, last - first)
    turns: npt.NDArray[np.int32] = np.column_stack([into, out]).astype(np.int32)
    return turns
