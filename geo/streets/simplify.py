"""Topological simplification: nodes stay where streets meet, end or change."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.assemble import Pieces
from geo.streets.graph import FOOT
from geo.streets.ways import Ways


class Simplified(NamedTuple):
    """Pieces between kept nodes, with the way row of the first and last segment of each, int32[c]."""

    pieces: Pieces
    first_way: npt.NDArray[np.int32]
    last_way: npt.NDArray[np.int32]


def simplify(ways: Ways, *, keep_nodes: npt.NDArray[np.int32] | None = None, changes: bool = True) -> Simplified:
    """Merge the segments of ways into pieces; inner points stay as geometry.

    A node is left out where exactly two segments of the same direction rules meet and go to two different
    neighbours (the rule of OSMnx), and class, name, limit and access are the same on both.

    Parameters
    ----------
    keep_nodes
        Node rows that stay in any case (turn restrictions, barriers).
    changes
        False keeps no node for a change of class, name, limit or access alone, as OSMnx does by default; a piece
        then has the attributes of its first segment.
    """
    tail, head, way = ways.segments()
    keys = _direction_keys(ways, changes=changes)
    ends = np.empty(2 * len(tail), np.int32)
    ends[0::2], ends[1::2] = tail, head
    outward = np.empty(2 * len(tail), np.int64)
    outward[0::2], outward[1::2] = keys[0][way], keys[1][way]
    mate = _mates(ends, outward, len(ways.node_ids), keep_nodes)
    halves, sizes = _walk(mate)
    starts = np.cumsum(sizes) - sizes
    first, last = halves[starts], halves[starts + sizes - 1]
    # Geometry: the node at the start of the first half, then the far node of every half.
    offsets = np.concatenate([[0], np.cumsum(sizes + 1)])
    rows = np.empty(int(offsets[-1]), np.int32)
    inner = np.ones(len(rows), bool)
    inner[offsets[:-1]] = False
    rows[offsets[:-1]] = ends[first]
    rows[inner] = ends[halves ^ 1]
    source = way[first >> 1]
    against = (first & 1).astype(bool)
    pieces = Pieces(
        node_ids=ways.node_ids,
        node_lonlat=ways.node_lonlat,
        tails=ends[first],
        heads=ends[last ^ 1],
        ids=ways.ids[source],
        offsets=offsets,
        lonlat=ways.node_lonlat[rows],
        road_class=ways.road_class[source],
        name_ids=ways.name_ids[source],
        names=ways.names,
        forward=np.where(against, ways.backward[source], ways.forward[source]),
        backward=np.where(against, ways.forward[source], ways.backward[source]),
        forward_kph=np.where(against, ways.backward_kph[source], ways.forward_kph[source]),
        backward_kph=np.where(against, ways.forward_kph[source], ways.backward_kph[source]),
    )
    return Simplified(pieces, source, way[last >> 1])


def _direction_keys(ways: Ways, *, changes: bool) -> npt.NDArray[np.int64]:
    """Return int64[2, w]: equal numbers mean equal rules when going along (row 0) or against (row 1) a way."""
    if not changes:
        # Walking both ways does not make a one-way street two-way.
        vehicles = ((ways.forward | ways.backward) & ~np.uint8(FOOT)) > 0
        bits = np.where(vehicles, np.uint8(255 - FOOT), np.uint8(255))
        goes, comes = ((ways.forward & bits) > 0).astype(np.int64), ((ways.backward & bits) > 0).astype(np.int64)
        return np.stack([2 * goes + comes, 2 * comes + goes])
    # 28 bits of name, 5 of class, 4 + 4 of access, 11 + 11 of tenths of km/h fill one number.
    shared = (ways.name_ids.astype(np.int64) << 35) | (ways.road_class.astype(np.int64) << 30)
    kph = np.clip(np.nan_to_num(np.stack([ways.forward_kph, ways.backward_kph]).astype(np.float64)), 0, 204.7)
    tenths = np.rint(10 * kph).astype(np.int64)
    access = np.stack([ways.forward, ways.backward]).astype(np.int64)
    along = (access[0] << 26) | (access[1] << 22) | (tenths[0] << 11) | tenths[1]
    against = (access[1] << 26) | (access[0] << 22) | (tenths[1] << 11) | tenths[0]
    return np.stack([shared | along, shared | against])


def _mates(
    ends: npt.NDArray[np.int32],
    outward: npt.NDArray[np.int64],
    nodes: int,
    keep_nodes: npt.NDArray[np.int32] | None,
) -> npt.NDArray[np.int32]:
    """Return for each half segment the half that goes on from its start node, -1 where the node stays."""
    degree = np.bincount(ends, minlength=nodes)
    through = degree == 2
    if keep_nodes is not None:
        through[keep_nodes] = False
    inner = np.flatnonzero(through[ends])
    pairs = inner[np.argsort(ends[inner], kind="stable")].reshape(-1, 2).astype(np.int32)
    one, two = pairs[:, 0], pairs[:, 1]
    joins = (outward[one ^ 1] == outward[two]) & (ends[one ^ 1] != ends[two ^ 1])
    mate = np.full(len(ends), -1, np.int32)
    mate[one[joins]] = two[joins]
    mate[two[joins]] = one[joins]
    return mate


@compiled()
def _walk(mate: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Chain half segments from kept node to kept node; a ring without one is cut at its first segment."""
    total = mate.shape[0] // 2
    halves = np.empty(total, np.int32)
    sizes = np.empty(total, np.int64)
    seen = np.zeros(total, np.bool_)
    filled = 0
    chains = 0
    for ring in range(2):
        for start in range(2 * total):
            if seen[start >> 1] or (ring == 0 and mate[start] != -1):
                continue
            half = start
            size = 0
            while half != -1 and not seen[half >> 1]:
                seen[half >> 1] = True
                halves[filled] = half
                filled += 1
                size += 1
                half = mate[half ^ 1]
            sizes[chains] = size
            chains += 1
    return halves, sizes[:chains]
