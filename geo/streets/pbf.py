"""OpenStreetMap files (.osm.pbf, .osm, .osm.gz, .osm.bz2) to ways, in one pass of pyosmium."""

from __future__ import annotations

import bz2
import gzip
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import FileError, LimitError
from geo.streets.access import RULE_TAGS, VEHICLES, WALKING, WayRules, lets_vehicles_pass, walking_rules, way_rules
from geo.streets.ways import Restriction, Ways

SUFFIXES: Final = (".osm.pbf", ".osm", ".osm.gz", ".osm.bz2")
_NOWHERE: Final = 2147483647
_PER_DEGREE: Final = 1e7
_MAX_INFLATION: Final = 120
_BARRIERS: Final = frozenset({"bollard", "block", "jersey_barrier", "chain", "log", "planter", "rising_bollard"})
_CARS: Final = frozenset({"motorcar", "motor_vehicle", "vehicle"})
_NO: Final = frozenset({"no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_entry", "no_exit"})
_ONLY: Final = frozenset({"only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn"})


class OsmWays(NamedTuple):
    """What an OpenStreetMap file held; counts by reason; ``barriers`` are node rows that no vehicle passes, int32."""

    ways: Ways
    ways_read: int
    skipped: dict[str, int]
    nodes_missing: int
    restrictions_dropped: dict[str, int]
    conditional: int
    barriers: npt.NDArray[np.int32]


@dataclass(slots=True)
class _Turn:
    from_ids: list[int]
    via_id: int
    to_ids: list[int]
    only: bool


@dataclass(slots=True)
class _Collector:
    """Growing columns while the file is read."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("q"))
    y: array[int] = field(default_factory=lambda: array("q"))
    rules: list[WayRules] = field(default_factory=list)
    name_ids: array[int] = field(default_factory=lambda: array("q"))
    names: dict[str, int] = field(default_factory=lambda: {"": 0})
    turns: list[_Turn] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    ways_read: int = 0
    conditional: int = 0
    barriers: list[int] = field(default_factory=list)


def read_ways(path: Path, *, vehicles_only: bool = False) -> OsmWays:
    """Read all ways that somebody may pass; ``vehicles_only`` leaves out those that are only for walking.

    A file that is missing, empty, truncated, of another format, or that swells when unpacked raises ``FileError`` or
    ``LimitError``.
    """
    check_osm_file(path)
    import osmium

    held = _Collector()
    try:
        _collect(path, held, vehicles_only=vehicles_only)
    except (osmium.InvalidLocationError, RuntimeError, OSError, ValueError, EOFError) as problem:
        why = " ".join(str(problem).split())[:160]
        raise FileError(
            f"{path.name} cannot be read as an OpenStreetMap file (damaged, cut off or another format): {why}",
            f"{path.name} 无法作为 OpenStreetMap 文件读取（损坏、不完整或格式不符）：{why}",
        ) from problem
    return _finish(held)


def check_osm_file(path: Path) -> None:
    """Raise ``FileError`` for a missing, empty or unknown file, ``LimitError`` for one that swells when unpacked."""
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        known = ", ".join(SUFFIXES)
        raise FileError(
            f"{path.name} is not one of the street formats {known}", f"{path.name} 不是可读取的路网格式（{known}）"
        )
    if not path.is_file():
        raise FileError(f"The street file {path.name} does not exist", f"路网文件 {path.name} 不存在")
    size = path.stat().st_size
    if size == 0:
        raise FileError(f"The street file {path.name} is empty", f"路网文件 {path.name} 为空")
    if name.endswith((".gz", ".bz2")):
        _refuse_bomb(path, allowed=size * _MAX_INFLATION + (1 << 24))


def _refuse_bomb(path: Path, *, allowed: int) -> None:
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else bz2.open
    seen = 0
    try:
        with opener(path, "rb") as stream:
            while block := stream.read(1 << 20):
                seen += len(block)
                if seen > allowed:
                    raise LimitError(
                        f"{path.name} swells to over {_MAX_INFLATION} times its size when unpacked and is refused",
                        f"{path.name} 解压后超过原大小的 {_MAX_INFLATION} 倍，已拒绝",
                    )
    except (OSError, EOFError, ValueError) as problem:
        raise FileError(
            f"{path.name} is cut off or not packed as its name says: {problem}",
            f"{path.name} 不完整，或压缩格式与扩展名不符",
        ) from problem


def _collect(path: Path, held: _Collector, *, vehicles_only: bool) -> None:
    import osmium
    from osmium.filter import KeyFilter, TagFilter
    from osmium.osm import NODE, RELATION, WAY

    barriers, streets, restrictions = KeyFilter("barrier"), KeyFilter("highway"), TagFilter(("type", "restriction"))
    barriers.enable_for(NODE)
    streets.enable_for(WAY)
    restrictions.enable_for(RELATION)
    reader = osmium.FileProcessor(str(path), NODE | WAY | RELATION).with_locations()
    for one in (barriers, streets, restrictions):
        reader = reader.with_filter(one)
    item: Any
    for item in reader:
        if item.is_way():
            _add_way(item, held, vehicles_only=vehicles_only)
        elif item.is_relation():
            _add_restriction(item, held)
        elif item.tags["barrier"] in _BARRIERS and not lets_vehicles_pass(dict(item.tags)):
            held.barriers.append(item.id)


def _add_way(way: Any, held: _Collector, *, vehicles_only: bool) -> None:
    held.ways_read += 1
    get = way.tags.get
    kind = get("highway")
    if kind in WALKING and not (get("motor_vehicle") or get("motorcar") or get("motorcycle") or get("emergency")):
        # Most ways of a city are of this kind, and few tags bear on them.
        if vehicles_only:
            held.skipped["only for walking"] += 1
            return
        rules = walking_rules(kind, get("access"), get("foot"), get("area"), get("oneway:foot"))
    else:
        rules = way_rules(tuple([get(key) for key in RULE_TAGS]))
    if isinstance(rules, str):
        held.skipped[rules] += 1
        return
    if vehicles_only and not (rules.forward | rules.backward) & VEHICLES:
        held.skipped["only for walking"] += 1
        return
    size = 0
    refs, x, y = held.refs, held.x, held.y
    for node in way.nodes:
        spot = node.location
        refs.append(node.ref)
        x.append(spot.x)
        y.append(spot.y)
        size += 1
    held.ids.append(way.id)
    held.sizes.append(size)
    held.rules.append(rules)
    name = get("name:zh") or get("name") or get("ref") or ""
    held.name_ids.append(held.names.setdefault(name, len(held.names)))


def _add_restriction(relation: Any, held: _Collector) -> None:
    tags = dict(relation.tags)
    if any(key.startswith("restriction") and key.endswith(":conditional") for key in tags) or "day_on" in tags:
        held.conditional += 1
    kinds = [tags[key] for key in ("restriction", *(f"restriction:{name}" for name in sorted(_CARS))) if key in tags]
    if not kinds:
        other = any(key.startswith("restriction:") and not key.endswith(":conditional") for key in tags)
        held.dropped["for other vehicles" if other else "only at some hours"] += 1
        return
    kind = kinds[0]
    if "day_on" in tags or "hour_on" in tags:
        held.dropped["only at some hours"] += 1
        return
    if _CARS & {part.strip() for part in tags.get("except", "").split(";")}:
        held.dropped["does not bind cars"] += 1
        return
    if kind not in _NO | _ONLY:
        held.dropped["unknown kind"] += 1
        return
    members = [(member.type, member.ref, member.role) for member in relation.members]
    via = [(form, ref) for form, ref, role in members if role == "via"]
    goes = [ref for form, ref, role in members if role == "from" and form == "w"]
    ends = [ref for form, ref, role in members if role == "to" and form == "w"]
    if any(form == "w" for form, _ in via):
        held.dropped["via a way"] += 1
    elif len(via) != 1 or via[0][0] != "n" or not goes or not ends or (kind in _ONLY and len(goes) + len(ends) > 2):
        held.dropped["incomplete"] += 1
    else:
        held.turns.append(_Turn(goes, via[0][1], ends, kind in _ONLY))


def _finish(held: _Collector) -> OsmWays:
    if not held.ids:
        raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
    ids = np.frombuffer(held.ids, np.int64)
    sizes = np.frombuffer(held.sizes, np.int64)
    refs, x, y = (np.frombuffer(column, np.int64) for column in (held.refs, held.x, held.y))
    way = np.repeat(np.arange(len(ids)), sizes)
    known = x != _NOWHERE
    # A way with missing nodes is cut into the runs between them, so no street jumps over the gap.
    fresh = np.ones(len(refs), bool)
    fresh[1:] = (way[1:] != way[:-1]) | ~known[:-1]
    run = (np.cumsum(fresh) - 1)[known]
    _, first, counts = np.unique(run, return_index=True, return_counts=True)
    origin = way[known][first]
    node_ids, node_at, rows = np.unique(refs[known], return_index=True, return_inverse=True)
    lonlat = np.column_stack([x[known][node_at], y[known][node_at]]) / _PER_DEGREE
    table = np.array(held.rules, dtype=np.float64).reshape(-1, 5)[origin]
    ways = Ways(
        ids=ids[origin],
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        refs=rows.astype(np.int32),
        node_ids=node_ids,
        node_lonlat=lonlat,
        road_class=table[:, 0].astype(np.int8),
        name_ids=np.frombuffer(held.name_ids, np.int64)[origin].astype(np.int32),
        names=tuple(held.names),
        forward=table[:, 1].astype(np.uint8),
        backward=table[:, 2].astype(np.uint8),
        forward_kph=table[:, 3].astype(np.float32),
        backward_kph=table[:, 4].astype(np.float32),
        restrictions=tuple(_restrictions(held, ids[origin], node_ids)),
    )
    missing = int((~known).sum())
    barriers = np.flatnonzero(np.isin(node_ids, held.barriers)).astype(np.int32)
    return OsmWays(ways, held.ways_read, dict(held.skipped), missing, dict(held.dropped), held.conditional, barriers)


def _restrictions(
    held: _Collector, way_ids: npt.NDArray[np.int64], node_ids: npt.NDArray[np.int64]
) -> list[Restriction]:
    wanted = {ref for turn in held.turns for ref in (*turn.from_ids, *turn.to_ids)}
    ways_of: dict[int, list[int]] = {ref: [] for ref in wanted}
    for row in np.flatnonzero(np.isin(way_ids, list(wanted))) if wanted else ():
        ways_of[int(way_ids[row])].append(int(row))
    found = []
    for turn in held.turns:
        node = int(np.searchsorted(node_ids, turn.via_id))
        goes = tuple(row for ref in turn.from_ids for row in ways_of[ref])
        ends = tuple(row for ref in turn.to_ids for row in ways_of[ref])
        if node == len(node_ids) or node_ids[node] != turn.via_id or not goes or not ends:
            held.dropped["outside the file"] += 1
            continue
        found.append(Restriction(goes, node, ends, turn.only))
    return found
