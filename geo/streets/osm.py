"""OpenStreetMap streets: files, and what OSMnx holds, saves and downloads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from geo.errors import CoordinateError, FileError, FrameError, NotFoundError, UnavailableError
from geo.streets.access import RULE_TAGS, way_rules
from geo.streets.assemble import assemble, largest_component_share, polyline_metres
from geo.streets.directed import Links, pieces_of
from geo.streets.graph import StreetGraph
from geo.streets.pbf import read_ways
from geo.streets.simplify import simplify
from geo.streets.turns import block, forbid
from geo.streets.ways import ReadReport

if TYPE_CHECKING:
    import networkx as nx

ATTRIBUTION: Final = "© OpenStreetMap contributors, ODbL 1.0"
_DIRECTION_TAGS: Final = frozenset({"oneway", "junction", "oneway:foot", "oneway:emergency"})
_NAME_TAGS: Final = ("name:zh", "name", "ref")


def read_osm(path: str | Path, *, vehicles_only: bool = False) -> StreetGraph:
    """Read ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2`` into a simplified graph with turn restrictions."""
    return read_osm_reported(path, vehicles_only=vehicles_only)[0]


def read_osm_reported(
    path: str | Path, *, vehicles_only: bool = False, changes: bool = True
) -> tuple[StreetGraph, ReadReport]:
    """Read as ``read_osm`` does and say what was left out and why.

    Parameters
    ----------
    vehicles_only
        Leaves out the ways that are only for walking.
    changes
        False keeps no node for a barrier or a change of class, name, limit or access alone, as OSMnx simplifies.
    """
    held = read_ways(Path(path), vehicles_only=vehicles_only)
    ways = held.ways
    vias = np.array([item.via_node for item in ways.restrictions], dtype=np.int32)
    barriers = held.barriers if changes else held.barriers[:0]
    pieces, first_way, last_way = simplify(ways, keep_nodes=np.concatenate([vias, barriers]), changes=changes)
    graph, piece, along = assemble(pieces, source=ATTRIBUTION)
    starts, ends = first_way[piece], last_way[piece]
    at = np.minimum(np.searchsorted(graph.node_ids, ways.node_ids), graph.nodes - 1)
    nodes = np.where(graph.node_ids[at] == ways.node_ids, at, -1).astype(np.int32)
    turns = forbid(
        graph,
        ways.restrictions,
        nodes=nodes,
        first_way=np.where(along, starts, ends),
        last_way=np.where(along, ends, starts),
    )
    blocked = block(graph, nodes[barriers][nodes[barriers] >= 0])
    graph = replace(graph, forbidden_turns=np.unique(np.concatenate([turns.pairs, blocked]), axis=0))
    dropped = dict(held.restrictions_dropped)
    for reason, count in turns.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + count
    report = ReadReport(
        ways_read=held.ways_read,
        ways_used=held.ways_read - sum(held.skipped.values()),
        ways_skipped=held.skipped,
        nodes_missing=held.nodes_missing,
        restrictions_kept=turns.kept,
        restrictions_dropped=dropped,
        barriers=len(np.unique(graph.heads[blocked[:, 0]])),
        conditional=held.conditional,
        nodes=graph.nodes,
        arcs=graph.arcs,
        largest_component_share=largest_component_share(graph),
    )
    return graph, report


def read_graphml(path: str | Path) -> StreetGraph:
    """Read a GraphML file that OSMnx saved; it holds no turn restrictions. A damaged file raises ``FileError``."""
    import networkx as nx

    place = Path(path)
    if not place.is_file() or place.stat().st_size == 0:
        raise FileError(f"The street file {place.name} is missing or empty", f"路网文件 {place.name} 不存在或为空")
    with place.open("rb") as stream:
        declared = stream.read(1 << 16).lower()
    if b"<!doctype" in declared or b"<!entity" in declared:
        raise FileError(f"{place.name} declares XML entities and is refused", f"{place.name} 含有 XML 实体声明，已拒绝")
    with _osmnx() as ox:
        try:
            held = ox.load_graphml(place)
        except (SyntaxError, ValueError, KeyError, AttributeError, nx.NetworkXError) as problem:
            raise FileError(
                f"{place.name} is not a GraphML file saved by OSMnx: {str(problem)[:120]}",
                f"{place.name} 不是 OSMnx 保存的 GraphML 文件",
            ) from problem
    return from_multidigraph(held)


def read_place(name: str, *, vehicles_only: bool = False) -> StreetGraph:
    """Download the streets of a named place through OSMnx; needs a network, else ``UnavailableError``."""
    with _osmnx() as ox:
        ox.settings.use_cache = False
        ox.settings.requests_timeout = 60
        ox.settings.useful_tags_way = [*ox.settings.useful_tags_way, *RULE_TAGS, *_NAME_TAGS]
        try:
            held = ox.graph_from_place(
                name, network_type="drive_service" if vehicles_only else "all", simplify=False, retain_all=True
            )
            held = ox.simplify_graph(held, edge_attrs_differ=["highway", "maxspeed", "name", *_DIRECTION_TAGS])
        except OSError as problem:
            raise UnavailableError(
                "OpenStreetMap cannot be reached; read the streets from a file instead",
                "无法连接 OpenStreetMap，请改用本地路网文件",
            ) from problem
        except (ValueError, TypeError) as problem:
            raise NotFoundError(
                f"OpenStreetMap knows no place {name!r} with streets", f"OpenStreetMap 中找不到地点“{name}”的道路"
            ) from problem
    return from_multidigraph(held)


def from_multidigraph(held: nx.MultiDiGraph[Any]) -> StreetGraph:
    """Turn an OSMnx graph (simplified or not) into arrays; node and edge order do not matter."""
    if held.graph.get("crs") is None:
        raise FrameError("The graph does not say its coordinate frame", "路网没有注明坐标系")
    if len(held) == 0 or held.number_of_edges() == 0:
        raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
    if str(held.graph["crs"]).lower() not in ("epsg:4326", "wgs84"):
        with _osmnx() as ox:
            held = ox.project_graph(held, to_crs="EPSG:4326")
    node_ids = np.array(sorted(held.nodes), dtype=np.int64)
    row = {int(node): at for at, node in enumerate(node_ids)}
    spots = [(held.nodes[node].get("x", np.nan), held.nodes[node].get("y", np.nan)) for node in node_ids.tolist()]
    node_lonlat = np.array(spots, dtype=np.float64)
    if not np.isfinite(node_lonlat).all():
        raise CoordinateError("The graph has nodes without a finite coordinate", "路网中有节点没有有效坐标")
    names: dict[str, int] = {"": 0}
    ends: list[tuple[int, int]] = []
    facts: list[tuple[int, int, int, float, int]] = []
    lines: list[npt.NDArray[np.float64]] = []
    for tail, head, _, data in sorted(held.edges(keys=True, data=True), key=lambda edge: edge[:3]):
        tags = {key: _one(data.get(key)) for key in (*RULE_TAGS, *_NAME_TAGS, "osmid")}
        rules = way_rules(tuple(None if key in _DIRECTION_TAGS else tags[key] for key in RULE_TAGS))
        if isinstance(rules, str):
            continue
        name = next((tags[key] for key in _NAME_TAGS if tags[key]), None) or ""
        ends.append((row[tail], row[head]))
        shape = data.get("geometry")
        lines.append(node_lonlat[[row[tail], row[head]]] if shape is None else np.asarray(shape.coords)[:, :2])
        number = names.setdefault(name, len(names))
        facts.append((int(tags["osmid"] or 0), rules.road_class, rules.forward, rules.forward_kph, number))
    if not ends:
        raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
    joined = np.array(ends, dtype=np.int32)
    table = np.array(facts, dtype=np.float64)
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    lonlat = np.concatenate(lines)
    links = Links(
        tails=joined[:, 0],
        heads=joined[:, 1],
        ids=np.array([fact[0] for fact in facts], dtype=np.int64),
        offsets=offsets,
        lonlat=lonlat,
        metres=polyline_metres(lonlat, offsets),
        road_class=table[:, 1].astype(np.int8),
        name_ids=table[:, 4].astype(np.int32),
        access=table[:, 2].astype(np.uint8),
        kph=table[:, 3].astype(np.float32),
    )
    pieces = pieces_of(links, node_ids=node_ids, node_lonlat=node_lonlat, names=tuple(names), foot_both_ways=True)
    return assemble(pieces, source=ATTRIBUTION).graph


def _one(value: object) -> str | None:
    """Return the first of the values that OSMnx lists where it merged ways, as text."""
    first = value[0] if isinstance(value, list) and value else value
    return None if first is None or isinstance(first, float | list) else str(first)


@contextmanager
def _osmnx() -> Iterator[Any]:
    """Lend OSMnx and put its global settings back afterwards."""
    import osmnx  # noqa: TID251

    before: Mapping[str, object] = {
        key: list(value) if isinstance(value, list) else value
        for key, value in vars(osmnx.settings).items()
        if not key.startswith("_")
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield osmnx
    finally:
        for key, value in before.items():
            setattr(osmnx.settings, key, value)
