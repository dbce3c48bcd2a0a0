"""Forbidden turns made part of the graph, so that a search over nodes obeys them exactly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from geo.streets.assemble import runs
from geo.streets.graph import StreetGraph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expanded:
    """A street graph in which every arc with forbidden turns enters a copy of its head that lacks the forbidden arcs.

    Rows are arcs of the expanded graph, sorted by tail. Nodes ``0 .. nodes - 1`` are those of the street graph and rows
    ``0 .. m - 1`` its arcs; copies follow. The time to a street node is the least over it and its copies; a journey
    that starts at a street node starts at the node itself, where every turn is free.

    Attributes
    ----------
    nodes : number of nodes of the street graph; ``size`` counts the copies too
    indptr : int32[size + 1]
    tails, heads : int32[rows], nodes of the expanded graph
    arcs : int32[rows], arc of the street graph
    node : int32[size], node of the street graph
    entered : int32[m], node of the expanded graph that each arc of the street graph enters
    arc_indptr, arc_rows : int32[m + 1], int32[rows], the rows of each arc of the street graph
    copy_indptr, copy_nodes : int32[nodes + 1], int32[size - nodes], the copies of each node of the street graph
    """

    nodes: int
    indptr: npt.NDArray[np.int32]
    tails: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    arcs: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    entered: npt.NDArray[np.int32]
    arc_indptr: npt.NDArray[np.int32]
    arc_rows: npt.NDArray[np.int32]
    copy_indptr: npt.NDArray[np.int32]
    copy_nodes: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def size(self) -> int:
        """Number of nodes with the copies."""
        return len(self.node)

    @classmethod
    def of(cls, graph: StreetGraph, *, turns: bool = True) -> Self:
        """Expand a graph; ``turns=False`` (people on foot) leaves it as it is."""
        tails = graph.tails()
        bans = _bans(graph, tails) if turns else np.zeros((0, 2), np.int64)
        entering = np.unique(bans[:, 0])
        copied = graph.heads[entering]
        entered = graph.heads.copy()
        entered[entering] = graph.nodes + np.arange(len(entering))
        degrees = np.diff(graph.indptr)[copied].astype(np.int64)
        owner = np.repeat(np.arange(len(entering)), degrees)
        offered = runs(graph.indptr[copied].astype(np.int64), degrees)
        allowed = ~np.isin(entering[owner] * graph.arcs + offered, bans[:, 0] * graph.arcs + bans[:, 1])
        owner, offered = owner[allowed], offered[allowed]
        arcs = np.concatenate([np.arange(graph.arcs), offered])
        node = np.concatenate([np.arange(graph.nodes), copied])
        counts = np.concatenate([np.diff(graph.indptr), np.bincount(owner, minlength=len(entering))])
        return cls(
            nodes=graph.nodes,
            indptr=indptr_of(counts),
            tails=np.concatenate([tails, graph.nodes + owner]).astype(np.int32),
            heads=entered[arcs],
            arcs=arcs.astype(np.int32),
            node=node.astype(np.int32),
            entered=entered,
            arc_indptr=indptr_of(np.bincount(arcs, minlength=graph.arcs)),
            arc_rows=np.argsort(arcs, kind="stable").astype(np.int32),
            copy_indptr=indptr_of(np.bincount(copied, minlength=graph.nodes)),
            copy_nodes=(graph.nodes + np.argsort(copied, kind="stable")).astype(np.int32),
        )


def _bans(graph: StreetGraph, tails: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    bans = graph.forbidden_turns.astype(np.int64).reshape(-1, 2)
    if len(bans) and (bans.min() < 0 or bans.max() >= graph.arcs):
        raise InputError("A forbidden turn names an arc that is not there", "禁止转向引用了不存在的路段")
    meeting: npt.NDArray[np.int64] = bans[graph.heads[bans[:, 0]] == tails[bans[:, 1]]]
    return meeting


def indptr_of(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """Return the row pointers of rows with these counts, int32[k + 1]."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
