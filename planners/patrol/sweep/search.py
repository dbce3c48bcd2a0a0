"""Local search over sweep routes, until no move helps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.sweep.ground import Ground
from planners.patrol.sweep.moves import cross, inside, relocate, swap
from planners.patrol.sweep.routes import LENGTH, STAMP, Routes, Rules, keep

Ints = npt.NDArray[np.int64]


@compiled()
def improve(  # noqa: C901 - one kernel: calls between kernels cost more than its branches
    order: Ints, routes: Routes, ground: Ground, rules: Rules, stop: Ints
) -> None:
    """Improve routes until no move helps, looking at tasks in the given order and at those near to each.

    Ends at the next task once another thread has set ``stop`` int64[1]; the routes are whole then as well.
    """
    cell, line, where = routes
    dist, serve, close, near = ground.dist, ground.serve, ground.close, ground.near
    tasks, most = len(where), len(line)
    first, second = np.empty(tasks + 2, np.int64), np.empty(tasks + 2, np.int64)
    looked = np.full(tasks, -1, np.int64)
    now = tasks + 1
    for r in range(most):
        line[r, STAMP] = 0
    again = True
    while again:
        again = False
        for u in order:
            if stop[0] != 0:
                return
            since = looked[u]
            looked[u] = now
            for k in range(near.shape[1] + 1):
                r, i = where[u, 0], where[u, 1]
                if k < near.shape[1]:
                    s, j = where[near[u, k], 0], where[near[u, k], 1]
                    if max(line[r, STAMP], line[s, STAMP]) <= since:
                        continue
                else:
                    # At last a route of its own.
                    s, j = 0, 1
                    while s < most and line[s, LENGTH] > 0:
                        s += 1
                    if s == most or line[r, STAMP] <= since:
                        continue
                now += 1
                if r == s:
                    end = inside(cell, line, dist, serve, close, rules, r, i, j, first, second)
                    if end >= 0:
                        keep(r, second, end, routes, ground, now)
                        again = True
                    continue
                end, far = relocate(cell, line, dist, serve, close, rules, r, i, s, j, first, second)
                if end < 0:
                    end, far = swap(cell, line, dist, serve, rules, r, i, s, j, first, second)
                if end < 0:
                    end, far = cross(cell, line, dist, rules, r, i, s, j, first, second)
                if end >= 0:
                    keep(r, first, end, routes, ground, now)
                    keep(s, second, far, routes, ground, now)
                    again = True
