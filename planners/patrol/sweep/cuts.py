"""Sets of nodes that units leave too seldom in a relaxed sweep."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

from geo.compiled import compiled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST: Final = 2e-3
STEPS: Final = 400
SCALE: Final = 1 << 16


class Cut(NamedTuple):
    """A set of nodes without the depot; ``odd`` where it asks for one passing, otherwise for ``visits`` leavings."""

    inside: Flags
    odd: bool
    visits: int


class Streets(NamedTuple):
    """Undirected view of a sweep for cutting: neighbours in rows, tasks in rows, and what tasks need.

    ``indptr``, ``others``, ``pair`` are the links of each node and their index among all links; ``task_indptr``,
    ``task_of`` the tasks of each node; ``one``, ``other`` the ends of each task.
    """

    indptr: Ints
    others: Ints
    pair: Ints
    task_indptr: Ints
    task_of: Ints
    one: Ints
    other: Ints
    demand: Ints
    serve: Ints


@compiled()
def visits_needed(demand: int, serve: int, capacity: int, limit: int) -> int:
    """Return how many units must come for tasks of a demand and a cost, at least one."""
    return max(1, -(-demand // capacity), -(-serve // limit))


@compiled()
def _mark(into: Flags, inside: Flags) -> None:
    """Copy flags; a loop, as it compiles in a fraction of the time of an assignment to a slice."""
    for k in range(len(inside)):
        into[k] = inside[k]


@compiled()
def _grow(  # noqa: C901 - one kernel: calls between kernels cost more than its branches
    start: int, rule: int, streets: Streets, flow: Floats, passing: Floats, depot: int, capacity: int,
          limit: int, steps: int, best: Floats, inside: Flags, odd_best: Flags, even_best: Flags) -> None:  # fmt: skip
    """Grow a set from a node; keep the most broken odd and other cut seen on the way, ``best`` holding by how much.

    ``flow`` is all that crosses each link, ``passing`` what passes it without sweeping. A set must be left
    ``visits_needed`` times, and half of what crosses its rim leaves it.
    """
    n = len(inside)
    for k in range(n):
        inside[k] = False
    pull = np.zeros(n)
    touched = np.zeros(len(streets.one), np.int64)
    front = np.empty(n, np.int64)
    size = 0
    crossing, passed, odd, demand, serve = 0.0, 0.0, 0, 0, 0
    node = start
    for _ in range(steps):
        inside[node] = True
        for at in range(streets.indptr[node], streets.indptr[node + 1]):
            other, pair = streets.others[at], streets.pair[at]
            sign = -1.0 if inside[other] else 1.0
            crossing += sign * flow[pair]
            passed += sign * passing[pair]
            if not inside[other] and other != depot:
                if pull[other] == 0.0:
                    front[size] = other
                    size += 1
                pull[other] += flow[pair] + 1e-9
        for at in range(streets.task_indptr[node], streets.task_indptr[node + 1]):
            task = streets.task_of[at]
            if touched[task] == 0:
                demand += streets.demand[task]
                serve += streets.serve[task]
            touched[task] += 1
            odd += 1
        # A task with both ends inside has been counted twice: parity is that of those that cross.
        if odd > 0:
            lack = visits_needed(demand, serve, capacity, limit) - crossing / 2
            if lack > best[0]:
                best[0] = lack
                _mark(even_best, inside)
        if odd % 2 == 1 and 1.0 - passed > best[1]:
            best[1] = 1.0 - passed
            _mark(odd_best, inside)
        chosen, value = -1, -np.inf
        kept = 0
        for k in range(size):
            other = front[k]
            if inside[other]:
                continue
            front[kept] = other
            kept += 1
            if rule == 0:
                worth = pull[other]
            else:
                out, more = 0.0, 0
                for at in range(streets.indptr[other], streets.indptr[other + 1]):
                    out += -flow[streets.pair[at]] if inside[streets.others[at]] else flow[streets.pair[at]]
                for at in range(streets.task_indptr[other], streets.task_indptr[other + 1]):
                    if touched[streets.task_of[at]] == 0:
                        more += streets.demand[streets.task_of[at]]
                worth = -out if rule == 1 else more / capacity - out / 2
            if worth > value:
                chosen, value = other, worth
        size = kept
        if chosen < 0:
            return
        node = chosen


@compiled()
def grown(starts: Ints, streets: Streets, flow: Floats, passing: Floats, depot: int, capacity: int, limit: int,
          steps: int) -> tuple[Flags, Floats]:  # fmt: skip
    """Return for each start and each of three rules the worst cuts met, bool[6 k, n], and by how much, float64[6 k]."""
    n = len(streets.indptr) - 1
    found = np.zeros((6 * len(starts), n), np.bool_)
    lacks = np.zeros(6 * len(starts))
    inside = np.zeros(n, np.bool_)
    best = np.zeros(2)
    for k in range(len(starts)):
        for rule in range(3):
            at = 6 * k + 2 * rule
            best[0], best[1] = LEAST, LEAST
            _grow(starts[k], rule, streets, flow, passing, depot, capacity, limit, steps, best, inside,
                  found[at + 1], found[at])  # fmt: skip
            lacks[at], lacks[at + 1] = best[0], best[1]
    return found, lacks


def apart(nodes: int, one: Ints, other: Ints, flow: Floats, depot: int) -> list[Flags]:
    """Return the parts of the driven network that the depot is not in."""
    used = flow > 1e-6
    links = sparse.coo_matrix((np.ones(int(used.sum())), (one[used], other[used])), shape=(nodes, nodes))
    count, label = connected_components(links, directed=False)
    touched = np.zeros(nodes, np.bool_)
    touched[one[used]] = touched[other[used]] = True
    return [label == part for part in range(count) if part != label[depot] and touched[label == part].any()]


def parted(nodes: int, one: Ints, other: Ints, flow: Floats, marks: Ints, depot: int) -> list[Flags]:
    """Return sets around marked nodes that less than two crossings part from the depot: minimum cuts, both sides."""
    links = _links(nodes, one, other, flow)
    found: list[Flags] = []
    for mark in marks.tolist():
        if any(side[mark] for side in found):
            continue
        cut = maximum_flow(links, mark, depot)
        if cut.flow_value >= (2 - LEAST) * SCALE:
            continue
        left = sparse.csr_array(links - cut.flow)
        left.data[left.data < 0] = 0
        left.eliminate_zeros()
        near = np.zeros(nodes, np.bool_)
        near[breadth_first_order(left, mark, return_predecessors=False)] = True
        found.append(near)
        far = np.ones(nodes, np.bool_)
        far[breadth_first_order(sparse.csr_array(left.T), depot, return_predecessors=False)] = False
        if (far != near).any():
            found.append(far)
    return found


def _links(nodes: int, one: Ints, other: Ints, weight: Floats) -> sparse.csr_array:
    """Return whole capacities of links both ways."""
    whole = np.round(weight * SCALE).astype(np.int32)
    used = (whole > 0) & (one != other)
    ends = np.concatenate([one[used], other[used]]), np.concatenate([other[used], one[used]])
    return sparse.csr_array((np.tile(whole[used], 2), ends), shape=(nodes, nodes))


def odd_sets(nodes: int, one: Ints, other: Ints, passing: Floats, odd: Flags, depot: int) -> list[Flags]:
    """Return sets with an odd number of odd nodes that less than one passing crosses (Padberg and Rao 1982).

    By minimum cuts between odd nodes in the order of Gusfield (1990); sets are given without the depot.
    """
    links = _links(nodes, one, other, passing)
    terminals = np.flatnonzero(odd)
    parent = np.zeros(len(terminals), np.int64)
    found: list[Flags] = []
    for k in range(1, len(terminals)):
        source, sink = int(terminals[k]), int(terminals[parent[k]])
        flow = maximum_flow(links, source, sink)
        left = sparse.csr_array(links - flow.flow)
        left.data[left.data < 0] = 0
        left.eliminate_zeros()
        side = np.zeros(nodes, np.bool_)
        side[breadth_first_order(left, source, return_predecessors=False)] = True
        for later in range(k + 1, len(terminals)):
            if side[terminals[later]] and parent[later] == parent[k]:
                parent[later] = k
        if odd[side].sum() % 2 == 1 and flow.flow_value < (1 - LEAST) * SCALE:
            found.append(~side if side[depot] else side)
    return found
