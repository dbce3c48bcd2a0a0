"""A smaller network with the same least costs: no dead ends, no nodes that are only passed through."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planners.patrol.sweep.ground import Network
from planners.patrol.sweep.problem import SweepProblem

Way = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The problem on fewer nodes, and the arcs of the whole network that each of its arcs stands for."""

    problem: SweepProblem
    ways: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, problem: SweepProblem) -> Reduced:
        """Return the reduced problem; its tasks are the same, and so are the costs between them."""
        out: list[dict[int, Way]] = [{} for _ in range(problem.nodes)]
        into: list[dict[int, None]] = [{} for _ in range(problem.nodes)]
        for arc in Network.of(problem).arc.tolist():
            tail, head = int(problem.tails[arc]), int(problem.heads[arc])
            out[tail][head] = (int(problem.cost[arc]), (arc,))
            into[head][tail] = None
        first = problem.task_arcs[:, 0]
        kept = {problem.depot, *problem.tails[first].tolist(), *problem.heads[first].tolist()}
        open_nodes = [node for node in range(problem.nodes) if node not in kept]
        gone: set[int] = set()
        while open_nodes:
            node = open_nodes.pop()
            if node in gone or node in kept:
                continue
            beside = sorted((set(out[node]) | set(into[node])) - {node})
            if len(beside) <= 2:
                _pass_through(node, beside, out, into)
                gone.add(node)
                open_nodes += beside
        return cls._gathered(problem, out, gone)

    @classmethod
    def _gathered(cls, problem: SweepProblem, out: list[dict[int, Way]], gone: set[int]) -> Reduced:
        left = [node for node in range(problem.nodes) if node not in gone]
        number = {node: k for k, node in enumerate(left)}
        arcs = [(number[u], number[v], *out[u][v]) for u in left for v in sorted(out[u])]
        at = {(u, v): k for k, (u, v, _, _) in enumerate(arcs)}

        def moved(arc: int) -> int:
            return -1 if arc < 0 else at[number[int(problem.tails[arc])], number[int(problem.heads[arc])]]

        small = replace(
            problem, nodes=len(left), tails=np.array([a[0] for a in arcs], np.int32), heads=np.array([a[1] for a in arcs], np.int32),
            cost=np.array([a[2] for a in arcs], np.int64), depot=number[problem.depot], street_arcs=np.zeros(0, np.int32),
            task_arcs=np.array([[moved(int(a)) for a in row] for row in problem.task_arcs], np.int32),
        )  # fmt: skip
        return cls(small, tuple(a[3] for a in arcs))

    def widened(self, passings: npt.NDArray[np.int64], arcs: int) -> npt.NDArray[np.int64]:
        """Return how often each arc of the whole network is passed."""
        found = np.zeros(arcs, np.int64)
        for k in np.flatnonzero(passings).tolist():
            np.add.at(found, list(self.ways[k]), int(passings[k]))
        return found


def _pass_through(node: int, beside: list[int], out: list[dict[int, Way]], into: list[dict[int, None]]) -> None:
    """Join the two neighbours of a node past it where that is cheaper, and take the node out."""
    if len(beside) == 2:
        for tail, head in (beside, beside[::-1]):
            if node in out[tail] and head in out[node]:
                cost = out[tail][node][0] + out[node][head][0]
                if head not in out[tail] or cost < out[tail][head][0]:
                    out[tail][head] = (cost, out[tail][node][1] + out[node][head][1])
                    into[head][tail] = None
    for other in beside:
        out[other].pop(node, None)
        into[other].pop(node, None)
    out[node].clear()
    into[node].clear()
