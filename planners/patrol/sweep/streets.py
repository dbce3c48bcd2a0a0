"""Sweeps of a street network: the part to be swept, the ways around it, and a check by the streets alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from geo.streets.graph import StreetGraph
from geo.streets.speeds import NO_WAY
from planners.patrol.sweep.plan import SweepPlan
from planners.patrol.sweep.problem import Goal, SweepProblem

MARGIN_M: Final = 1000.0
"""How far outside of the part units may drive from one street to the next."""

Sides = Literal["once", "both"]
Arcs = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetSweep:
    """A sweep of streets: the problem, and the chosen arcs that no unit can sweep.

    Attributes
    ----------
    problem : costs in milliseconds
    chosen : int32[k], arcs of the street network that are to be swept
    left_out : int32[l], arcs among them that are closed to the profile or have no way from the depot and back
    sides : whether streets of two ways are swept once or along both ways
    """

    problem: SweepProblem
    chosen: Arcs
    left_out: Arcs
    sides: Sides


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetFigures:
    """What the streets alone say of a plan.

    ``metres`` and ``milliseconds`` are one a route, sweeping counted at its speed; ``forbidden_turns`` are those that the
    plan takes: they are not part of the problem.
    """

    metres: tuple[float, ...]
    milliseconds: tuple[int, ...]
    swept_metres: float
    passing_metres: float
    forbidden_turns: int


def build_street_sweep(
    graph: StreetGraph,
    milliseconds: npt.NDArray[np.int32],
    chosen: npt.ArrayLike,
    *,
    depot_node: int,
    sweep_kph: float = 15.0,
    sides: Sides = "once",
    vehicles: int | None = 1,
    limit_seconds: float | None = None,
    sweeping_seconds: float | None = None,
    goal: Goal = "total",
) -> StreetSweep:
    """Return the sweep of the chosen arcs from a node of the network.

    Streets of one way are swept once; streets of two ways once in either direction, or along both with ``sides`` "both".
    Sweeping goes at ``sweep_kph`` or at the street's own speed where that is lower. Forbidden turns are not kept.

    Parameters
    ----------
    milliseconds
        int32[m] of each arc of the network, ``NO_WAY`` where the profile may not pass (``geo.streets.speeds``).
    limit_seconds, sweeping_seconds
        The most time of a route, and the most of it spent sweeping.
    """
    chosen = np.unique(np.asarray(chosen)).astype(np.int32)
    if not 1 <= sweep_kph <= 80:
        raise ParameterError("The speed of sweeping must be within 1 and 80 km/h", "巡查速度须在 1 至 80 公里/小时之间")
    if len(chosen) and (chosen[0] < 0 or chosen[-1] >= graph.arcs):
        raise InputError("A chosen street does not exist", "所选道路不存在")
    tails = graph.tails()
    open_arcs = _around(graph, milliseconds, tails, chosen, depot_node)
    inside = np.zeros(graph.arcs, np.bool_)
    inside[open_arcs] = True
    left_out = chosen[~inside[chosen]]
    kept = chosen[inside[chosen]]
    if sides == "once":
        # The other way of a street does the same; a street is left out only where neither way can be driven.
        back = graph.reverse[left_out]
        left_out = left_out[~((back >= 0) & inside[np.maximum(back, 0)])]
        kept = np.unique(np.concatenate([kept, graph.reverse[np.setdiff1d(chosen, kept)]]))
        kept = kept[(kept >= 0) & inside[kept]]
    if len(chosen) and not len(kept):
        raise InfeasibleError(
            "No chosen street can be reached from the post and back; choose another post or part",
            "所选道路均无法从驻点往返，请更换驻点或范围",
        )
    back = np.where(graph.reverse[kept] >= 0, graph.reverse[kept], -1)
    usable = (back >= 0) & inside[np.maximum(back, 0)]
    second = np.where(usable & (sides == "once"), back, -1)
    first = kept[~((second >= 0) & (second < kept) & np.isin(second, kept))]
    second = np.where(np.isin(first, kept[second >= 0]), graph.reverse[first], -1)
    local = np.full(graph.arcs, -1, np.int64)
    local[open_arcs] = np.arange(len(open_arcs))
    nodes, ends = np.unique(
        np.concatenate([tails[open_arcs], graph.heads[open_arcs], [depot_node]]), return_inverse=True
    )
    sweeping = swept_milliseconds(graph, milliseconds, sweep_kph)
    serve = np.stack([sweeping[first], np.where(second >= 0, sweeping[second], 0)], axis=1)
    problem = SweepProblem(
        nodes=len(nodes), tails=ends[: len(open_arcs)].astype(np.int32), heads=ends[len(open_arcs) : -1].astype(np.int32),
        cost=milliseconds[open_arcs].astype(np.int64), task_keys=tuple(_key(graph, int(a)) for a in first),
        task_arcs=np.stack([local[first], np.where(second >= 0, local[second], -1)], axis=1), serve=serve,
        demand=serve[:, 0] if sweeping_seconds is not None else np.zeros(len(first), np.int64), depot=int(ends[-1]),
        vehicles=vehicles, capacity=_milliseconds(sweeping_seconds), limit=_milliseconds(limit_seconds), goal=goal,
        street_arcs=open_arcs,
    )  # fmt: skip
    return StreetSweep(problem=problem, chosen=chosen, left_out=left_out, sides=sides)


def swept_milliseconds(
    graph: StreetGraph, milliseconds: npt.NDArray[np.int32], sweep_kph: float
) -> npt.NDArray[np.int64]:
    """Return the time of sweeping each arc, int64[m], never below that of passing it."""
    own = np.ceil(graph.metres.astype(np.float64) * 3600.0 / sweep_kph)
    return np.maximum(own, milliseconds).astype(np.int64)


def street_routes(problem: SweepProblem, plan: SweepPlan) -> list[tuple[Arcs, npt.NDArray[np.bool_]]]:
    """Return for each route its arcs of the street network and which of them it sweeps."""
    return [(problem.street_arcs[route.arcs], route.task >= 0) for route in plan.routes]


def check_streets(
    graph: StreetGraph,
    milliseconds: npt.NDArray[np.int32],
    sweep: StreetSweep,
    routes: Sequence[tuple[Arcs, npt.NDArray[np.bool_]]],
    *,
    depot_node: int,
    sweep_kph: float,
) -> StreetFigures:
    """Return the figures of routes by the street network alone, or raise ``CheckError``.

    Every chosen street that is not left out must be swept, routes must be whole, pass only open streets, and begin and end at the
    depot.
    """
    tails = graph.tails()
    sweeping = swept_milliseconds(graph, milliseconds, sweep_kph)
    swept = np.zeros(graph.arcs, np.bool_)
    forbidden = {(int(a), int(b)) for a, b in graph.forbidden_turns}
    metres, times, turns, passing = [], [], 0, 0.0
    for number, (arcs, does) in enumerate(routes, start=1):
        whole = len(arcs) and tails[arcs[0]] == depot_node and graph.heads[arcs[-1]] == depot_node
        if not whole or (graph.heads[arcs[:-1]] != tails[arcs[1:]]).any():
            raise CheckError(
                f"Route {number} is not one way on the streets from the post and back",
                f"第 {number} 条路线在路网上不连续",
            )
        if (milliseconds[arcs] >= NO_WAY).any():
            raise CheckError(f"Route {number} drives a closed street", f"第 {number} 条路线经过不可通行的道路")
        swept[arcs[does]] = True
        metres.append(float(graph.metres[arcs].astype(np.float64).sum()))
        passing += float(graph.metres[arcs[~does]].astype(np.float64).sum())
        times.append(int(np.where(does, sweeping[arcs], milliseconds[arcs]).sum()))
        turns += sum((a, b) in forbidden for a, b in pairwise(arcs.tolist()))
    done = swept.copy()
    if sweep.sides == "once":
        there = graph.reverse >= 0
        done[there] |= swept[graph.reverse[there]]
    missed = np.setdiff1d(sweep.chosen[~done[sweep.chosen]], sweep.left_out)
    if len(missed):
        keys = [_key(graph, int(a)) for a in missed]
        raise CheckError(
            f"{keys[0]} is not swept ({len(missed)} in all)", f"{keys[0]} 未被巡查（共 {len(missed)} 段）", rows=keys
        )
    return StreetFigures(
        metres=tuple(metres), milliseconds=tuple(times), swept_metres=sum(metres) - passing, passing_metres=passing,
        forbidden_turns=turns,
    )  # fmt: skip


def _around(
    graph: StreetGraph, milliseconds: npt.NDArray[np.int32], tails: Arcs, chosen: Arcs, depot_node: int
) -> Arcs:
    """Return the open arcs near the part from which the depot can be reached and that can be reached from it."""
    places = graph.node_lonlat[np.concatenate([tails[chosen], graph.heads[chosen], [depot_node]])]
    low, high = places.min(axis=0), places.max(axis=0)
    pad = MARGIN_M / 111_000.0 / np.array([max(0.1, np.cos(np.radians(low[1]))), 1.0])
    near = ((graph.node_lonlat >= low - pad) & (graph.node_lonlat <= high + pad)).all(axis=1)
    arcs = np.flatnonzero((milliseconds < NO_WAY) & near[tails] & near[graph.heads])
    links = sparse.coo_matrix((np.ones(len(arcs)), (tails[arcs], graph.heads[arcs])), shape=(graph.nodes, graph.nodes))
    _, label = connected_components(links, directed=True, connection="strong")
    home = label == label[depot_node]
    return np.asarray(arcs[home[tails[arcs]] & home[graph.heads[arcs]]], np.int32)


def _key(graph: StreetGraph, arc: int) -> str:
    return f"{graph.name(arc) or '—'} #{arc}"


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
