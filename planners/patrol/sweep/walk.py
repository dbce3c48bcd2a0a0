"""Ways on the streets: from tasks in order, and from how often each street is passed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components, dijkstra

from planners.patrol.sweep.ground import FAR, Ground, Network, mode_ends
from planners.patrol.sweep.plan import SweepPlan, SweepRoute
from planners.patrol.sweep.problem import SweepProblem

Ints = npt.NDArray[np.int64]


def sides(ground: Ground, tasks: Sequence[int]) -> list[int]:
    """Return the mode in which each task of a route is done so that the route costs least."""
    depot = 2 * (len(ground.demand) - 1)
    costs = np.array([0, FAR], np.int64)
    at = depot
    choice: list[Ints] = []
    for task in (*tasks, depot // 2):
        to = 2 * task
        legs = costs[:, None] + ground.dist[at : at + 2, to : to + 2]
        choice.append(legs.argmin(axis=0))
        costs = legs.min(axis=0) + ground.serve[to : to + 2]
        at = to
    modes: list[int] = []
    side = int(choice[-1][0])
    for k in range(len(tasks) - 1, -1, -1):
        modes.append(2 * tasks[k] + side)
        side = int(choice[k][side])
    return modes[::-1]


def walked(problem: SweepProblem, ground: Ground, routes: Sequence[Sequence[int]]) -> SweepPlan:
    """Return the plan that does the tasks of each route in order, by the shortest ways between."""
    start, end = mode_ends(problem)
    network = Network.of(problem)
    modes = [sides(ground, tasks) for tasks in routes]
    depot = 2 * problem.tasks
    legs = {(int(end[a]), int(start[b])) for row in modes for a, b in zip([depot, *row], [*row, depot], strict=True)}
    ways = _ways(network, sorted(legs))
    made = []
    for row in modes:
        arcs: list[int] = []
        task: list[int] = []
        for a, b in zip([depot, *row], [*row, depot], strict=True):
            way = ways[int(end[a]), int(start[b])]
            arcs += way
            task += [-1] * len(way)
            if b != depot:
                arcs.append(int(problem.task_arcs[b // 2, b % 2]))
                task.append(b // 2)
        made.append(SweepRoute(arcs=np.array(arcs, np.int32), task=np.array(task, np.int32)))
    return SweepPlan(routes=tuple(made))


def _ways(network: Network, legs: list[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
    sources = sorted({a for a, b in legs if a != b})
    found: dict[tuple[int, int], list[int]] = {(a, b): [] for a, b in legs if a == b}
    ends: dict[int, list[int]] = {}
    for a, b in legs:
        ends.setdefault(a, []).append(b)
    for low in range(0, len(sources), 128):
        some = sources[low : low + 128]
        _, before = dijkstra(network.costs, indices=some, return_predecessors=True)
        for row, source in enumerate(some):
            for end in ends[source]:
                if end != source:
                    found[source, end] = network.way(before[row], source, end)
    return found


def joined(problem: SweepProblem, passings: Ints, first_side: npt.NDArray[np.bool_]) -> SweepPlan:
    """Return the one closed way that passes each arc so often and sweeps each task on its side.

    Parts that the depot is not in are joined to it by the shortest ways there and back; all nodes must be balanced.
    """
    side = np.where(first_side, 0, 1)
    swept = problem.task_arcs[np.arange(problem.tasks), side]
    passings = passings.copy()
    network = Network.of(problem)
    while True:
        part = _parts(problem, passings, swept)
        others = np.unique(part[part >= 0])
        if len(others) == 1:
            break
        _bridge(network, passings, part)
    arcs = np.concatenate([swept, np.repeat(np.arange(problem.arcs), passings)]).astype(np.int64)
    task = np.concatenate([np.arange(problem.tasks), np.full(int(passings.sum()), -1)])
    order = _circuit(problem, arcs)
    return SweepPlan(routes=(SweepRoute(arcs=arcs[order].astype(np.int32), task=task[order].astype(np.int32)),))


def _parts(problem: SweepProblem, passings: Ints, swept: npt.NDArray[np.int32]) -> Ints:
    """Return the part of the driven network that each node is in, the depot's part 0, -1 where nothing is driven."""
    used = np.concatenate([np.flatnonzero(passings > 0), swept])
    ends = problem.tails[used], problem.heads[used]
    links = sparse.coo_matrix((np.ones(len(used)), ends), shape=(problem.nodes, problem.nodes))
    _, label = connected_components(links, directed=False)
    driven = np.zeros(problem.nodes, np.bool_)
    driven[ends[0]] = driven[ends[1]] = driven[problem.depot] = True
    label = np.where(label == label[problem.depot], -2, label)
    return np.where(driven, np.where(label == -2, 0, label + 1), -1).astype(np.int64)


def _bridge(network: Network, passings: Ints, part: Ints) -> None:
    """Join to the depot's part the part that is nearest, there and back."""
    sources = np.flatnonzero(part == 0)
    out, before, origin = dijkstra(network.costs, indices=sources, min_only=True, return_predecessors=True)
    far = np.flatnonzero(part > 0)
    end = int(far[np.argmin(out[far])])
    start = int(origin[end])
    way = network.way(before, start, end)
    _, back = dijkstra(network.costs, indices=np.array([end]), return_predecessors=True)
    for arc in (*way, *network.way(back[0], end, start)):
        passings[arc] += 1


def _circuit(problem: SweepProblem, arcs: Ints) -> list[int]:
    """Return the order of arcs in one closed way from the depot (Hierholzer 1873)."""
    tails = problem.tails[arcs]
    leaving = np.argsort(tails, kind="stable")[::-1]
    stacks: dict[int, list[int]] = {}
    for k in leaving.tolist():
        stacks.setdefault(int(tails[k]), []).append(k)
    way: list[int] = []
    held: list[int] = [-1]
    node = problem.depot
    while held:
        left = stacks.get(node)
        if left:
            k = left.pop()
            held.append(k)
            node = int(problem.heads[arcs[k]])
        else:
            k = held.pop()
            if k >= 0:
                way.append(k)
                node = int(problem.tails[arcs[k]])
    return way[::-1]
