"""Ways as read from a source, before they become arcs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Restriction(NamedTuple):
    """A turn restriction at one node: way rows and a node row of ``Ways``; ``only`` = nothing but this turn."""

    from_ways: tuple[int, ...]
    via_node: int
    to_ways: tuple[int, ...]
    only: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """Polylines over shared nodes with street attributes; ``w`` ways, ``k`` references, ``n`` nodes.

    Two ways meet only where they refer to the same node: a bridge crosses a street without one.

    Attributes
    ----------
    ids : int64[w], identity in the source
    offsets : int64[w + 1], rows of ``refs``
    refs : int32[k], rows of the node arrays
    node_ids : int64[n]
    node_lonlat : float64[n, 2], WGS84 degrees
    road_class : int8[w], index into ``ROAD_CLASSES``
    name_ids : int32[w], index into ``names``; 0 is the empty name
    forward, backward : uint8[w], access bits along and against the order of ``refs``; 0 = no passage
    forward_kph, backward_kph : float32[w], limit in the source or NaN
    """

    ids: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    refs: npt.NDArray[np.int32]
    node_ids: npt.NDArray[np.int64]
    node_lonlat: npt.NDArray[np.float64]
    road_class: npt.NDArray[np.int8]
    name_ids: npt.NDArray[np.int32]
    names: tuple[str, ...]
    forward: npt.NDArray[np.uint8]
    backward: npt.NDArray[np.uint8]
    forward_kph: npt.NDArray[np.float32]
    backward_kph: npt.NDArray[np.float32]
    restrictions: tuple[Restriction, ...] = ()

    def segments(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return first node, last node and way row of each straight segment that has a length, int32[s] each."""
        way = np.repeat(np.arange(len(self.ids), dtype=np.int32), np.diff(self.offsets))
        inside = way[:-1] == way[1:]
        first, last = self.refs[:-1], self.refs[1:]
        inside &= first != last
        return first[inside], last[inside], way[:-1][inside]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """What a reader took, left out and why.

    Attributes
    ----------
    ways_read, ways_used : ways with a ``highway`` tag (or lines), and those that became arcs
    ways_skipped : by reason
    nodes_missing : references to nodes that the file does not hold (a clipped extract)
    restrictions_kept : turn restrictions that forbid at least one turn
    restrictions_dropped : by reason
    barriers : bollards, blocks and the like that let no vehicle through
    conditional : turn restrictions that hold at some hours only, which are not read
    nodes, arcs : size of the graph
    largest_component_share : share of nodes in the largest part in which every node reaches every other by car
    """

    ways_read: int = 0
    ways_used: int = 0
    ways_skipped: Mapping[str, int] = field(default_factory=dict)
    nodes_missing: int = 0
    restrictions_kept: int = 0
    restrictions_dropped: Mapping[str, int] = field(default_factory=dict)
    barriers: int = 0
    conditional: int = 0
    nodes: int = 0
    arcs: int = 0
    largest_component_share: float = 0.0
