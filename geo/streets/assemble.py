"""From street pieces between two nodes to the arrays of ``StreetGraph``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.errors import CoordinateError, FileError, LimitError
from geo.streets.graph import CAR, StreetGraph

_WGS84_AXIS_M: Final = 6378137.0
_WGS84_E2: Final = 6.69437999014e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Street pieces, each from one node to another with its geometry; ``c`` pieces, ``n`` nodes.

    Attributes
    ----------
    tails, heads : int32[c], rows of the node arrays
    ids : int64[c], identity in the source
    offsets : int64[c + 1], rows of ``lonlat``, both ends included
    lonlat : float64[k, 2]
    metres : float64[c] or None = measured along the geometry
    road_class, name_ids, forward, backward, forward_kph, backward_kph : as in ``Ways``
    """

    node_ids: npt.NDArray[np.int64]
    node_lonlat: npt.NDArray[np.float64]
    tails: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    lonlat: npt.NDArray[np.float64]
    road_class: npt.NDArray[np.int8]
    name_ids: npt.NDArray[np.int32]
    names: tuple[str, ...]
    forward: npt.NDArray[np.uint8]
    backward: npt.NDArray[np.uint8]
    forward_kph: npt.NDArray[np.float32]
    backward_kph: npt.NDArray[np.float32]
    metres: npt.NDArray[np.float64] | None = None


class Assembled(NamedTuple):
    """A graph, and of each arc the piece that it came from and whether it runs along it."""

    graph: StreetGraph
    piece: npt.NDArray[np.int32]
    along: npt.NDArray[np.bool_]


def segment_metres(start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the lengths of short straight segments on WGS84, float64[s], from float64[s, 2] degrees.

    Radii of curvature at the middle latitude; against the geodesic the error is below 1e-6 up to 10 km.
    """
    middle = np.radians((start[:, 1] + end[:, 1]) / 2)
    w2 = 1.0 - _WGS84_E2 * np.sin(middle) ** 2
    prime = _WGS84_AXIS_M / np.sqrt(w2)
    meridian = prime * (1.0 - _WGS84_E2) / w2
    east = np.radians(end[:, 0] - start[:, 0]) * prime * np.cos(middle)
    north = np.radians(end[:, 1] - start[:, 1]) * meridian
    return np.asarray(np.hypot(east, north))


def runs(starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the row numbers ``starts[i], starts[i] + 1, ...`` of all runs, one after the other."""
    total = int(sizes.sum())
    before = np.cumsum(sizes) - sizes
    found: npt.NDArray[np.int64] = np.arange(total, dtype=np.int64) + np.repeat(starts - before, sizes)
    return found


def polyline_metres(lonlat: npt.NDArray[np.float64], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the length of each polyline, float64[c]; every polyline has at least one point."""
    steps = np.zeros(len(lonlat))
    if len(lonlat) > 1:
        steps[1:] = segment_metres(lonlat[:-1], lonlat[1:])
    steps[offsets[:-1]] = 0.0
    return np.add.reduceat(steps, offsets[:-1]) if len(offsets) > 1 else np.zeros(0)


def assemble(pieces: Pieces, *, source: str) -> Assembled:
    """Lay the passable directions of all pieces out as arcs by tail node; nodes without an arc are left out."""
    _check_lonlat(pieces.lonlat)
    goes, comes = np.flatnonzero(pieces.forward), np.flatnonzero(pieces.backward)
    if not len(goes) + len(comes):
        raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
    piece = np.concatenate([goes, comes])
    along = np.concatenate([np.ones(len(goes), bool), np.zeros(len(comes), bool)])
    tails = np.where(along, pieces.tails[piece], pieces.heads[piece])
    order = np.lexsort((~along, piece, tails))
    piece, along, tails = piece[order], along[order], tails[order]
    heads = np.where(along, pieces.heads[piece], pieces.tails[piece])
    used = np.zeros(len(pieces.node_ids), bool)
    used[tails] = used[heads] = True
    row = (np.cumsum(used) - 1).astype(np.int32)
    n, m = int(used.sum()), len(piece)
    sizes = np.diff(pieces.offsets)[piece]
    if sizes.sum() > np.iinfo(np.int32).max:
        raise LimitError("The street file is too large: over 2 thousand million points", "路网文件过大：超过二十亿个点")
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    place = runs(offsets[:-1], sizes)
    step = place - np.repeat(offsets[:-1], sizes)
    first, last = pieces.offsets[piece], pieces.offsets[piece + 1] - 1
    rows = np.where(np.repeat(along, sizes), np.repeat(first, sizes) + step, np.repeat(last, sizes) - step)
    measured = polyline_metres(pieces.lonlat, pieces.offsets) if pieces.metres is None else pieces.metres
    arc_of = np.full((2, len(pieces.tails)), -1, np.int32)
    arc_of[along.astype(np.int8), piece] = np.arange(m, dtype=np.int32)
    graph = StreetGraph(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(row[tails], minlength=n))]).astype(np.int32),
        heads=row[heads],
        metres=measured[piece].astype(np.float32),
        arc_ids=pieces.ids[piece],
        node_ids=pieces.node_ids[used],
        node_lonlat=np.ascontiguousarray(pieces.node_lonlat[used]),
        geometry_offsets=offsets.astype(np.int32),
        geometry_lonlat=np.ascontiguousarray(pieces.lonlat[rows]),
        road_class=pieces.road_class[piece],
        name_ids=pieces.name_ids[piece],
        names=pieces.names,
        access=np.where(along, pieces.forward[piece], pieces.backward[piece]).astype(np.uint8),
        speed_kph=np.where(along, pieces.forward_kph[piece], pieces.backward_kph[piece]).astype(np.float32),
        reverse=arc_of[(~along).astype(np.int8), piece],
        source=source,
    )
    return Assembled(graph, piece.astype(np.int32), along)


def largest_component_share(graph: StreetGraph, bit: int = CAR) -> float:
    """Return the share of nodes (of those with an arc of this access bit) in the largest strongly connected part."""
    parts = strong_parts(graph, (graph.access & bit) > 0)
    seen = parts >= 0
    return float(np.bincount(parts[seen]).max() / seen.sum()) if seen.any() else 0.0


def strong_parts(graph: StreetGraph, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the strongly connected part of each node over the usable arcs (bool[m]), -1 where none touches it."""
    tails, heads = graph.tails()[usable], graph.heads[usable]
    links = coo_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(graph.nodes, graph.nodes)).tocsr()
    _, found = connected_components(links, directed=True, connection="strong")
    parts = np.asarray(found, dtype=np.int32)
    touched = np.zeros(graph.nodes, bool)
    touched[tails] = touched[heads] = True
    parts[~touched] = -1
    return parts


def _check_lonlat(lonlat: npt.NDArray[np.float64]) -> None:
    wrong = ~np.isfinite(lonlat).all(axis=1)
    if wrong.any():
        raise CoordinateError(
            f"{int(wrong.sum())} street points have no finite coordinate", f"路网中有 {int(wrong.sum())} 个点坐标无效"
        )
    if (np.abs(lonlat[:, 1]) > 90).any() or (np.abs(lonlat[:, 0]) > 180).any():
        raise CoordinateError(
            "Street coordinates are outside longitude ±180 and latitude ±90; longitude and latitude look swapped",
            "道路坐标超出经度±180、纬度±90 的范围，经纬度可能颠倒",
        )
