"""Put other grids in the place of some, on the same land, and cut only there; all other arcs keep their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.arcs import CutRings, Int64s, Ring, ring_xy, to_degrees, twice_area
from geo.grids.reshape import named_refusal, refuse_crossings
from geo.grids.runs import Edge, Place, Runs, edges_of, places_of
from geo.grids.topology import Coverage, arc_bounds, parent_numbers

Polygons = tuple[tuple[Int64s, ...], ...]
"""Polygons of closed rings on the lattice, int64[k, 2], the outer ring first."""

_NOWHERE: Final = 4 * 10**9
"""A coordinate off the globe: there lie the nodes and the bounds of arcs that are gone."""
_NO_LINE: Final = np.zeros((0, 2), dtype=np.int64)
_NO_LINE.setflags(write=False)


def no_bounds() -> Int64s:
    """Return the bounds of an arc that is gone, int64[4]."""
    return np.array([_NOWHERE, _NOWHERE, -_NOWHERE, -_NOWHERE])


def polygons_of(coverage: Coverage, row: int) -> Polygons:
    """Return the rings of a grid on the lattice, vertex for vertex as in the table."""
    arcs = coverage.cut.arcs
    return tuple(tuple(ring_xy(ring, arcs) for ring in rings) for rings in coverage.cut.shapes[row])


def recut(
    coverage: Coverage,
    *,
    attributes: pd.DataFrame,
    source: npt.NDArray[np.intp],
    put: Mapping[int, Polygons],
    known: Mapping[int, Int64s],
) -> Coverage:
    """Return the coverage with other rows: row ``i`` is the old ``source[i]`` (-1 is a new one), with rings ``put[i]``.

    The changed and new grids together must have the outline of those that they replace, edge for edge: that and valid
    polygons prove that there is neither gap nor overlap (``docs/explanation/edit-operations.md``). Arcs that are still
    there keep their numbers; those of ``known`` (arcs that an undone edit took away) get theirs back; others are
    new, and a number is never used for two lines.

    Raises
    ------
    GeometryError
        If the outline differs, a polygon is broken, or lines touch; the sentence names the grids.
    """
    cut = coverage.cut
    codes = tuple(str(code) for code in attributes["code"])
    # The last entries of both serve user -1, the outside.
    target = np.full(len(coverage.codes) + 1, -1, dtype=np.intp)
    kept = np.flatnonzero(source >= 0)
    target[source[kept]] = kept
    inside = target < 0
    inside[-1] = False
    inside[[int(source[row]) for row in put if source[row] >= 0]] = True
    old_rows = np.flatnonzero(inside).tolist()
    named = sorted({coverage.codes[row] for row in old_rows} | {codes[row] for row in put})
    old = [polygon for row in old_rows for polygon in polygons_of(coverage, row)]
    _require_same_outline(old, [polygon for polygons in put.values() for polygon in polygons], named)
    dissolved = np.flatnonzero(inside[cut.users].any(axis=1))
    edges = _users_of_edges(put, _rim(coverage, dissolved, inside, target), named)
    lines = {number: line for number, line in known.items() if number < len(cut.arcs) and not len(cut.arcs[number])}
    lines |= {arc: cut.arcs[arc] for arc in dissolved.tolist()}
    runs = Runs(lines, fresh=len(cut.arcs), edges=edges, is_node=_nodes(cut, edges, dissolved))
    shapes: list[tuple[tuple[Ring, ...], ...]] = [cut.shapes[row] if row >= 0 else () for row in source.tolist()]
    for row, polygons in put.items():
        shapes[row] = tuple(tuple(runs.ring(places_of(ring[:-1])) for ring in polygon) for polygon in polygons)
    gone = sorted(set(dissolved.tolist()) - set(runs.made))
    beside = {int(user) for arc in gone for user in cut.users[arc] if user >= 0 and not inside[user]}
    for row in sorted(int(target[user]) for user in beside):
        shapes[row] = _rewritten(shapes[row], set(gone), cut, runs)
    after = _assembled(coverage, attributes, codes, runs, gone, target, tuple(shapes))
    held = coverage.shapes[source].copy()
    for row, polygons in put.items():
        held[row] = _whole(polygons, codes[row])
    held.setflags(write=False)
    after = replace(after, shapes=held)
    fresh = sorted(number for number in runs.made if number >= len(cut.arcs) or not len(cut.arcs[number]))
    refuse_crossings(after, fresh, after.cut.arcs, after.cut.node_xy)
    return after


def _directed(polygons: Iterable[tuple[Int64s, ...]]) -> tuple[Int64s, Int64s]:
    """Return starts and ends of all edges, int64[e, 2] each, with the land on the left."""
    starts, ends = [_NO_LINE], [_NO_LINE]
    for polygon in polygons:
        for number, ring in enumerate(polygon):
            line = ring if (twice_area(ring) > 0) == (number == 0) else ring[::-1]
            starts.append(line[:-1])
            ends.append(line[1:])
    return np.concatenate(starts), np.concatenate(ends)


def _require_same_outline(
    old: Sequence[tuple[Int64s, ...]], new: Sequence[tuple[Int64s, ...]], named: Sequence[str]
) -> None:
    """Refuse unless the edges of both, each with its direction, add up to the same outline."""
    (a, b), (c, d) = _directed(old), _directed(new)
    both = np.concatenate([a, c, b, d])
    _, vertex = np.unique(both[:, 0] * 2**32 + both[:, 1], return_inverse=True)
    first, second = vertex[: len(both) // 2], vertex[len(both) // 2 :]
    sign = np.where(np.arange(len(first)) < len(a), 1, -1) * np.where(first < second, 1, -1)
    edge_key = np.minimum(first, second) * len(both) + np.maximum(first, second)
    _, at, edge = np.unique(edge_key, return_index=True, return_inverse=True)
    left = np.zeros(len(at), dtype=np.int64)
    np.add.at(left, edge, sign)
    if left.any():
        place = both[at[np.flatnonzero(left)[0]]]
        raise named_refusal(
            named, place, "they would not cover the same land as before", "改动后覆盖的范围与原来不一致"
        )


def _rim(
    coverage: Coverage, dissolved: npt.NDArray[np.intp], inside: npt.NDArray[np.bool_], target: npt.NDArray[np.intp]
) -> dict[Edge, int]:
    """Return the row on the far side of each edge of the outline, -1 outside."""
    rim: dict[Edge, int] = {}
    for arc in dissolved.tolist():
        beyond = [user for user in coverage.cut.users[arc].tolist() if not inside[user]]
        if beyond:
            rim.update(dict.fromkeys(edges_of(places_of(coverage.cut.arcs[arc])), int(target[beyond[0]])))
    return rim


def _users_of_edges(
    put: Mapping[int, Polygons], rim: Mapping[Edge, int], named: Sequence[str]
) -> dict[Edge, tuple[int, int]]:
    """Return the two rows at each edge of the new rings, the lower first, -1 (outside) second."""
    found: dict[Edge, list[int]] = {}
    for row, polygons in put.items():
        for ring in (ring for polygon in polygons for ring in polygon):
            for edge in edges_of(places_of(ring)):
                found.setdefault(edge, []).append(row)
    users = {}
    for edge, rows in found.items():
        both = sorted([*rows, rim[edge]] if len(rows) == 1 and edge in rim else rows)
        if len(both) != 2 or both[0] == both[1]:
            raise named_refusal(named, np.array(edge[0]), "a line is used twice by one grid", "同一条边线被重复使用")
        users[edge] = (both[0], both[1]) if both[0] >= 0 else (both[1], both[0])
    return users


def _nodes(cut: CutRings, edges: Mapping[Edge, tuple[int, int]], dissolved: npt.NDArray[np.intp]) -> dict[Place, bool]:
    """Return for each vertex of the new rings whether it is a node."""
    degree: dict[Place, int] = {}
    rows: dict[Place, set[tuple[int, int]]] = {}
    for edge, pair in edges.items():
        for place in edge:
            degree[place] = degree.get(place, 0) + 1
            rows.setdefault(place, set()).add(pair)
    others = np.ones(len(cut.arcs), dtype=bool)
    others[dissolved] = False
    meeting = np.zeros(len(cut.node_xy) + 1, dtype=bool)  # the last entry serves arcs without nodes
    meeting[cut.ends[others]] = True
    touched = np.unique(cut.ends[dissolved])
    touched = touched[(touched >= 0) & meeting[touched]]
    fixed = set(places_of(cut.node_xy[touched]))
    return {place: count != 2 or len(rows[place]) != 1 or place in fixed for place, count in degree.items()}


def _rewritten(
    polygons: tuple[tuple[Ring, ...], ...], gone: set[int], cut: CutRings, runs: Runs
) -> tuple[tuple[Ring, ...], ...]:
    """Return the rings of a grid beside the touched ones: the same vertices, other arcs."""

    def again(ring: Ring) -> Ring:
        arcs = [ref if ref >= 0 else ~ref for ref in ring.refs]
        if gone.isdisjoint(arcs):
            return ring
        places = places_of(ring_xy(ring, cut.arcs)[:-1])
        is_node = {place: runs.is_node.get(place, False) for place in places}
        for arc in arcs:
            if arc not in gone and arc not in runs.made:
                runs.hold(arc, cut.arcs[arc])
                is_node.update(dict.fromkeys(places_of(cut.arcs[arc][[0, -1]]), True))
        return runs.ring(places, is_node)

    return tuple(tuple(again(ring) for ring in rings) for rings in polygons)


def _assembled(
    coverage: Coverage,
    attributes: pd.DataFrame,
    codes: tuple[str, ...],
    runs: Runs,
    gone: Sequence[int],
    target: npt.NDArray[np.intp],
    shapes: tuple[tuple[tuple[Ring, ...], ...], ...],
) -> Coverage:
    """Return the coverage after the change; its polygons are still the old ones."""
    cut = coverage.cut
    count = max(len(cut.arcs), max(runs.made, default=-1) + 1)
    arcs = [*cut.arcs, *[_NO_LINE] * (count - len(cut.arcs))]
    users = np.full((count, 2), -1, dtype=np.int32)
    rows = np.sort(target[cut.users], axis=1)
    users[: len(rows)] = np.where(rows[:, :1] < 0, rows[:, ::-1], rows)
    ends = np.full((count, 2), -1, dtype=np.int32)
    ends[: len(rows)] = cut.ends
    bounds = np.tile(no_bounds(), (count, 1))
    touched = np.unique(cut.ends[[*gone, *(number for number in runs.made if number < len(rows))]])
    numbers = {place: int(node) for node in touched if node >= 0 for place in places_of(cut.node_xy[[node]])}
    bounds[: len(rows)] = coverage.bounds
    for arc in gone:
        arcs[arc], users[arc], ends[arc], bounds[arc] = _NO_LINE, -1, -1, no_bounds()
    nodes = len(cut.node_xy)
    for number, run in runs.made.items():
        arcs[number] = np.array(run.line, dtype=np.int64)
        arcs[number].setflags(write=False)
        users[number] = run.rows
        for side, place in enumerate((run.line[0], run.line[-1])):
            if runs.is_node[place]:
                ends[number, side] = numbers.setdefault(place, nodes)
                nodes = max(nodes, numbers[place] + 1)
            else:
                ends[number, side] = -1
    if runs.made:
        made = list(runs.made)
        bounds[made] = arc_bounds([arcs[number] for number in made])
    node_xy = np.full((nodes, 2), -_NOWHERE, dtype=np.int64)
    node_xy[: len(cut.node_xy)] = cut.node_xy
    for place, node in numbers.items():
        node_xy[node] = place if runs.is_node.get(place, False) else (-_NOWHERE, -_NOWHERE)
    for array in (users, ends, node_xy, bounds):
        array.setflags(write=False)
    return Coverage(
        attributes=attributes,
        shapes=coverage.shapes,
        cut=CutRings(arcs=tuple(arcs), users=users, ends=ends, node_xy=node_xy, shapes=shapes),
        bounds=bounds,
        codes=codes,
        lock_of_arc=_locks(coverage, attributes, users, runs, gone),
    )


def _locks(
    coverage: Coverage, attributes: pd.DataFrame, users: npt.NDArray[np.int32], runs: Runs, gone: Sequence[int]
) -> npt.NDArray[np.int8]:
    """Return the locks of all arcs: all at changed grids were cut anew, so others have theirs already."""
    lock = np.full(len(users), 2, dtype=np.int8)
    lock[: len(coverage.lock_of_arc)] = coverage.lock_of_arc
    lock[gone] = 2
    made = list(runs.made)
    if made:
        rows, pairs = np.unique(users[made], return_inverse=True)
        parent = parent_numbers(attributes.iloc[np.maximum(rows, 0)])
        outside = rows[pairs.reshape(-1, 2)] < 0
        number = parent[pairs.reshape(-1, 2)]
        lock[made] = np.where(outside.any(axis=1), 2, number[:, 0] != number[:, 1])
    lock.setflags(write=False)
    return lock


def _whole(polygons: Polygons, code: str) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the polygon in degrees; a broken one is refused."""
    origin = polygons[0][0][0]
    local = [shapely.Polygon(p[0] - origin, [hole - origin for hole in p[1:]]) for p in polygons]
    shape = local[0] if len(local) == 1 else shapely.MultiPolygon(local)
    if not shapely.is_valid(shape):
        reason = shapely.is_valid_reason(shape).split("[")[0]
        raise named_refusal([code], origin, f"the grid would be broken ({reason})", f"网格图形将无效（{reason}）")
    parts = [shapely.Polygon(to_degrees(p[0]), [to_degrees(hole) for hole in p[1:]]) for p in polygons]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
