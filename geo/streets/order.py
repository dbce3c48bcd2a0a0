"""The order in which a street graph is contracted: slow to find, so kept beside the graph."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.errors import FileError, InputError
from geo.streets.graph import StreetGraph

_FORM: Final = "xunge street order 1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """A contraction order of street nodes; it depends on which nodes are joined, not on speeds, closures or turns.

    Attributes
    ----------
    rank : int32[n], position of each node, 0 is contracted first
    topology : str, fingerprint of the graph that it belongs to
    """

    rank: npt.NDArray[np.int32]
    topology: str

    def __post_init__(self) -> None:
        self.rank.setflags(write=False)
        if self.rank.dtype != np.int32 or not np.array_equal(np.sort(self.rank), np.arange(len(self.rank))):
            raise InputError("A street order must hold every node once", "道路次序须包含每个节点一次")

    @classmethod
    def of(cls, graph: StreetGraph) -> Self:
        """Find an order by nested dissection with inertial flow (routingkit-cch); seconds for a city."""
        from routingkit_cch import compute_order_inertial

        tails = graph.tails()
        low, high = np.minimum(tails, graph.heads), np.maximum(tails, graph.heads)
        pairs = np.unique(low[low != high].astype(np.int64) * graph.nodes + high[low != high])
        sequence = compute_order_inertial(
            graph.nodes,
            (pairs // graph.nodes).tolist(),
            (pairs % graph.nodes).tolist(),
            graph.node_lonlat[:, 1].tolist(),
            graph.node_lonlat[:, 0].tolist(),
        )
        rank = np.empty(graph.nodes, np.int32)
        rank[np.asarray(sequence, np.int64)] = np.arange(graph.nodes, dtype=np.int32)
        return cls(rank=rank, topology=fingerprint(graph))

    @classmethod
    def beside(cls, path: Path, graph: StreetGraph) -> Self:
        """Read the order kept at ``path``; where it is missing, damaged or of another graph, find it and keep it."""
        try:
            return cls.load(path, graph)
        except InputError:
            order = cls.of(graph)
            order.save(path)
            return order

    def save(self, path: Path) -> None:
        """Write to one ``.npz`` file, whole or not at all."""
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, form=np.array(_FORM), rank=self.rank, topology=np.array(self.topology))
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, graph: StreetGraph) -> Self:
        """Read what ``save`` wrote; raises ``FileError`` where it is damaged or belongs to another graph."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                form, rank, topology = str(held["form"]), held["rank"], str(held["topology"])
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as problem:
            raise FileError(
                f"{path.name} is not a street order of xunge: {problem}", f"{path.name} 不是巡格的道路次序文件"
            ) from problem
        if form != _FORM:
            raise FileError(
                f"{path.name} is a street order of another version; delete it and it is made again",
                f"{path.name} 是其他版本的道路次序文件，请删除后重新生成",
            )
        order = cls(rank=rank, topology=topology)
        order.require(graph)
        return order

    def require(self, graph: StreetGraph) -> None:
        """Raise ``FileError`` unless the order belongs to a graph."""
        if self.topology != fingerprint(graph) or len(self.rank) != graph.nodes:
            raise FileError(
                "The street order belongs to another street graph; delete it and it is made again",
                "道路次序属于另一份路网，请删除后重新生成",
            )


def fingerprint(graph: StreetGraph) -> str:
    """Return a hash of which nodes are joined by which arcs."""
    held = hashlib.sha256(_FORM.encode())
    for array in (graph.indptr, graph.heads):
        held.update(np.ascontiguousarray(array, dtype="<i4").tobytes())
    return held.hexdigest()
