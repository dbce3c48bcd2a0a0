"""The one search box: codes, names, crossings, coordinates; all offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from api.schemas.place import Found, Search
from api.services.workspace import Workspace
from geo.store.port import Principal
from geo.streets.graph import StreetGraph
from geo.tables.estates import Estates
from geo.tables.linear_grids import LinearGrids
from geo.tables.spec import Table

LIMIT = 20
MOST_CROSSINGS = 5
SAME_CROSSING = 6e-4  # degrees, some 60 m
SAME_STREET = 1e-2  # degrees, some 1 km
_PAIR = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)\s*$")
_CROSSING = re.compile(r"\s*(?:[/&×＆/]|与|和| and | y )\s*", re.IGNORECASE)


def search(workspace: Workspace, principal: Principal, text: str) -> Search:
    """Return up to 20 results, best first: exact codes, then names that begin so, then names that hold it."""
    q = text.strip()
    if not q:
        return Search(q=q, results=[])
    found = [*_coordinates(workspace, q), *_crossings(workspace, q), *_rows(workspace, principal, q)]
    found += _streets(workspace, principal, q)
    return Search(q=q, results=found[:LIMIT])


def _coordinates(workspace: Workspace, q: str) -> Iterator[Found]:
    match = _PAIR.match(q)
    if not match:
        return
    first, second = float(match[1]), float(match[2])
    bounds = workspace.bounds()
    # Either order is accepted: the one that lies in the city wins, lon before lat when both or neither do.
    lon, lat = first, second
    swapped_fits = bounds is not None and not _inside(bounds, first, second) and _inside(bounds, second, first)
    if swapped_fits or abs(second) > 90:
        lon, lat = second, first
    if abs(lon) <= 180 and abs(lat) <= 90:
        yield Found(
            kind="coordinate", id=f"{lon:.6f},{lat:.6f}", title=f"{lon:.6f}, {lat:.6f}",
            subtitle="坐标（经度, 纬度）WGS84", lon=lon, lat=lat,
        )  # fmt: skip


def _inside(bounds: tuple[float, float, float, float], lon: float, lat: float) -> bool:
    return bounds[0] <= lon <= bounds[2] and bounds[1] <= lat <= bounds[3]


def _rows(workspace: Workspace, principal: Principal, q: str) -> list[Found]:
    estates, segments = _kept(workspace, principal)
    tables: list[tuple[str, Table, str | None]] = [
        ("grid", workspace.grids(principal), "parent_name"),
        ("police_grid", workspace.police_grids(principal), "station_name"),
        ("post", workspace.posts(principal), None),
        ("point", workspace.points(principal), None),
        ("estate", estates, None),
        ("linear_grid", segments, "line"),
    ]
    ranked: list[tuple[int, Found]] = []
    for kind, table, context in tables:
        ranked += _matches(kind, table, context, q)
    return [found for _, found in sorted(ranked, key=lambda pair: pair[0])[:LIMIT]]


def _kept(workspace: Workspace, principal: Principal) -> tuple[Estates, LinearGrids]:
    store = workspace.store
    version = (store.version("estates"), store.version("linear_grids"), principal.scopes)
    return workspace.derived.get(
        "search:tables", version, lambda: (store.table(principal, Estates), store.table(principal, LinearGrids))
    )


def _matches(kind: str, table: Table, context: str | None, q: str) -> Iterator[tuple[int, Found]]:
    frame = table.frame
    if frame.empty:
        return
    needle = q.lower()
    keys = frame[table.SPEC.key].str.lower()
    names = frame["name"].fillna("").str.lower()
    above = frame[context].fillna("").str.lower() if context else names
    rank = np.full(len(frame), 9)
    rank[above.str.contains(needle, regex=False).to_numpy()] = 4
    rank[names.str.contains(needle, regex=False).to_numpy()] = 3
    rank[(names.str.startswith(needle) | keys.str.startswith(needle)).to_numpy()] = 2
    rank[((keys == needle) | (names == needle)).to_numpy()] = 1
    hits = np.argsort(rank, kind="stable")[:LIMIT]
    for i in hits[rank[hits] < 9]:
        row = frame.iloc[int(i)]
        shape = row.geometry
        point = shape if shape.geom_type == "Point" else shape.representative_point()
        bounds = None if shape.geom_type == "Point" else shape.bounds
        key = str(row[table.SPEC.key])
        subtitle = " · ".join(part for part in (key, row[context] if context else None) if part)
        yield (
            int(rank[i]),
            Found(
                kind=kind, id=key, title=row["name"] or key, subtitle=subtitle,
                lon=float(point.x), lat=float(point.y), bounds=bounds,
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class StreetNames:
    """Street names folded for search, with the arcs that bear each."""

    names: tuple[str, ...]
    folded: tuple[str, ...]
    arcs: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, graph: StreetGraph) -> StreetNames:
        """Collect the arcs of every named street."""
        order = np.argsort(graph.name_ids, kind="stable")
        cuts = np.searchsorted(graph.name_ids[order], np.arange(1, len(graph.names) + 1))
        arcs = tuple(order[a:b] for a, b in pairwise(cuts))
        names = graph.names[1:]
        return cls(names, tuple(name.lower() for name in names), arcs)

    def matching(self, q: str, limit: int) -> list[int]:
        """Return indices of names that hold ``q``, those that begin with it first."""
        needle = q.lower().strip()
        hits = [i for i, name in enumerate(self.folded) if needle in name]
        return sorted(hits, key=lambda i: (self.folded[i] != needle, not self.folded[i].startswith(needle), i))[:limit]


def street_names(workspace: Workspace) -> StreetNames:
    """Return the street names of the workspace, collected once for each street file."""
    graph = workspace.graph()
    return workspace.derived.get("street_names", id(graph), lambda: StreetNames.of(graph))


def _streets(workspace: Workspace, principal: Principal, q: str) -> Iterator[Found]:
    if not workspace.settings.streets.exists():
        return
    graph = workspace.graph()
    held = street_names(workspace)
    for i in held.matching(q, LIMIT):
        for k, lines in enumerate(_apart([graph.arc_lonlat(int(a)) for a in held.arcs[i]])):
            lonlat = np.concatenate(lines)
            low, high = lonlat.min(axis=0), lonlat.max(axis=0)
            middle = lines[len(lines) // 2]
            lon, lat = middle[len(middle) // 2]
            code = workspace.grid_index(principal).at(np.array([[lon, lat]]))[0]
            place = None if code is None else workspace.grids(principal).frame.set_index("code").at[code, "parent_name"]
            yield Found(
                kind="street", id=f"{held.names[i]}#{k}", title=held.names[i], subtitle=place or "",
                lon=float(lon), lat=float(lat), bounds=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            )  # fmt: skip


def _apart(lines: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Return the streets that share a name, each as its lines, the longest first; a gap of 1 km parts them."""
    points = np.array([shapely.multipoints(line) for line in lines], dtype=object)
    left, right = shapely.STRtree(points).query(points, predicate="dwithin", distance=SAME_STREET)
    _, group = connected_components(coo_array((np.ones(len(left)), (left, right)), shape=(len(lines), len(lines))))
    parts = [[line for line, g in zip(lines, group, strict=True) if g == one] for one in np.unique(group)]
    return sorted(parts, key=len, reverse=True)


def _crossings(workspace: Workspace, q: str) -> Iterator[Found]:
    parts = [part for part in _CROSSING.split(q) if part.strip()]
    if len(parts) != 2 or not workspace.settings.streets.exists():
        return
    graph = workspace.graph()
    held = street_names(workspace)
    tails = graph.tails()
    nodes = []
    for part in parts:
        arcs = [held.arcs[i] for i in held.matching(part, 5)]
        if not arcs:
            return
        joined = np.concatenate(arcs)
        nodes.append(np.unique(np.concatenate([tails[joined], graph.heads[joined]])))
    shown: list[tuple[float, float]] = []
    for node in np.intersect1d(nodes[0], nodes[1]):
        lon, lat = graph.node_lonlat[node]
        # The carriageways of a divided street cross side by side: one crossing to whoever searches.
        if any(abs(lon - x) < SAME_CROSSING and abs(lat - y) < SAME_CROSSING for x, y in shown):
            continue
        shown.append((lon, lat))
        if len(shown) > MOST_CROSSINGS:
            return
        yield Found(
            kind="crossing", id=f"node-{graph.node_ids[node]}", title=f"{parts[0].strip()} × {parts[1].strip()}",
            subtitle="路口", lon=float(lon), lat=float(lat),
        )  # fmt: skip
