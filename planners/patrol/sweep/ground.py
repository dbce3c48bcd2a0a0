"""The shortest ways between the tasks of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from geo.errors import InfeasibleError
from planners.patrol.sweep.problem import SweepProblem

FAR: Final = 1 << 45
"""Cost of what cannot be done; far above all real costs, and sums of a few thousand of it still fit."""

NEAR: Final = 12

Ints = npt.NDArray[np.int64]


class Ground(NamedTuple):
    """Arrays that the search reads; task ``t`` is done in mode ``2t`` or ``2t + 1``, the depot is task ``tasks``.

    ``dist`` int64[2t + 2, 2t + 2] from the end of one mode to the start of another, ``serve`` int64[2t + 2], ``extra``
    int64[t] what sweeping a task costs at least above passing it, ``demand`` int64[t + 1], ``near`` int64[t, k] the tasks nearest to
    each.
    """

    dist: Ints
    serve: Ints
    extra: Ints
    close: Ints
    demand: Ints
    near: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The arcs as a sparse matrix that keeps the cheapest of parallel ones, and which arc each entry is."""

    costs: sparse.csr_matrix
    arc: npt.NDArray[np.int32]

    @classmethod
    def of(cls, problem: SweepProblem) -> Network:
        """Return the network of a problem."""
        order = np.lexsort((problem.cost, problem.heads, problem.tails))
        tails, heads = problem.tails[order], problem.heads[order]
        first = np.ones(len(order), np.bool_)
        first[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
        kept = order[first]
        indptr = np.searchsorted(problem.tails[kept], np.arange(problem.nodes + 1)).astype(np.int32)
        data = problem.cost[kept].astype(np.float64)
        shape = (problem.nodes, problem.nodes)
        return cls(sparse.csr_matrix((data, problem.heads[kept], indptr), shape=shape), kept.astype(np.int32))

    def way(self, before: npt.NDArray[np.int32], start: int, end: int) -> list[int]:
        """Return the arcs from ``start`` to ``end`` by the predecessors of a search from ``start``."""
        arcs: list[int] = []
        here = end
        while here != start:
            last = int(before[here])
            low, high = self.costs.indptr[last], self.costs.indptr[last + 1]
            arcs.append(int(self.arc[low + np.searchsorted(self.costs.indices[low:high], here)]))
            here = last
        return arcs[::-1]


def mode_ends(problem: SweepProblem) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the nodes where each mode starts and ends, int32[2t + 2]; the last two are the depot."""
    first = problem.task_arcs[:, 0]
    start = np.stack([problem.tails[first], problem.heads[first]], axis=1).ravel()
    end = np.stack([problem.heads[first], problem.tails[first]], axis=1).ravel()
    depot = np.full(2, problem.depot, np.int32)
    return np.concatenate([start, depot]), np.concatenate([end, depot])


def ground_of(problem: SweepProblem) -> Ground:
    """Return the ground of a problem.

    Raises
    ------
    InfeasibleError
        Naming tasks that have no way from the depot or back.
    """
    start, end = mode_ends(problem)
    places, at = np.unique(np.concatenate([start, end]), return_inverse=True)
    network = Network.of(problem)
    between = np.empty((len(places), len(places)), np.float64)
    for low in range(0, len(places), 256):
        between[low : low + 256] = dijkstra(network.costs, indices=places[low : low + 256])[:, places]
    legs = np.where(np.isfinite(between), between, float(FAR)).astype(np.int64)
    starts, ends = at[: len(start)], at[len(start) :]
    # By rows, then by columns: of all pairs at once takes thrice as long.
    dist = np.ascontiguousarray(legs[ends].take(starts, axis=1))
    depot = 2 * problem.tasks
    serve = np.concatenate([np.where(problem.two_way()[:, None] | [True, False], problem.serve, FAR).ravel(), [0, 0]])
    round_trip = (dist[depot, :depot] + serve[:depot] + dist[:depot, depot]).reshape(-1, 2).min(axis=1)
    if (round_trip >= FAR).any():
        keys = [problem.task_keys[i] for i in np.flatnonzero(round_trip >= FAR)]
        raise InfeasibleError(
            f"{len(keys)} streets have no way from the post and back, such as {keys[0]}; leave them out or open a street",
            f"{len(keys)} 段道路无法从驻点往返（如 {keys[0]}），请移出范围或开放道路",
            rows=keys,
        )
    _require_alone(problem, round_trip)
    # The end of one mode is the start of the other: the turned diagonal is the way from the start of a task to its end.
    along = np.diagonal(dist)[:depot].reshape(-1, 2)[:, ::-1]
    extra = np.ascontiguousarray((serve[:depot].reshape(-1, 2) - along).min(axis=1), np.int64)
    demand = np.concatenate([problem.demand, [0]]).astype(np.int64)
    close = _close(dist)
    return Ground(
        dist=dist, serve=serve.astype(np.int64), extra=extra, close=close, demand=demand, near=_near(problem.tasks, close)
    )  # fmt: skip


def _require_alone(problem: SweepProblem, round_trip: Ints) -> None:
    for most, need, en, zh in (
        (problem.capacity, problem.demand, "more than a unit can carry", "超过单组容量"),
        (problem.limit, round_trip, "longer than a unit may be out", "往返超过单组时限"),
    ):
        if most is not None and (need > most).any():
            keys = [problem.task_keys[i] for i in np.flatnonzero(need > most)]
            raise InfeasibleError(
                f"Sweeping {keys[0]} alone is {en} ({len(keys)} such streets); raise the limit or leave them out",
                f"仅巡查 {keys[0]} 就{zh}（共 {len(keys)} 段），请放宽限制或移出范围",
                rows=keys,
            )
    total = int(problem.demand.sum())
    if problem.capacity is not None and problem.vehicles is not None and total > problem.capacity * problem.vehicles:
        raise InfeasibleError(
            f"All streets need {total}, {problem.vehicles} units carry {problem.capacity * problem.vehicles}; add units",
            f"全部道路需求量 {total}，{problem.vehicles} 个巡组合计 {problem.capacity * problem.vehicles}，请增加巡组",
        )


def _close(dist: Ints) -> Ints:
    legs = np.minimum(dist[::2], dist[1::2])
    legs = np.minimum(legs[:, ::2], legs[:, 1::2])
    return np.ascontiguousarray(np.minimum(legs, legs.T))


def _near(tasks: int, close: Ints) -> Ints:
    legs = close[:tasks, :tasks].copy()
    np.fill_diagonal(legs, np.iinfo(np.int64).max)
    count = min(NEAR, tasks - 1)
    if count < 1:
        return np.zeros((tasks, 0), np.int64)
    # Ties go by number, so that the same streets give the same plan.
    few = np.sort(np.argpartition(legs, count - 1, axis=1)[:, :count], axis=1)
    near = np.take_along_axis(few, np.argsort(np.take_along_axis(legs, few, axis=1), axis=1, kind="stable"), axis=1)
    return np.ascontiguousarray(near, np.int64)
