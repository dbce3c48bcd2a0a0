"""Reorder a round and move where its units begin until all are in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.cadence import settle

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_FAR = 1 << 40


@compiled()
def lateness(
    order: Ints, cuts: Ints, matrix: Ints, dwell: Ints, since: Ints, gap: int, least: Ints, shift: int, out: Ints,
    home: Ints, free: Ints, left: Ints, crew: Ints, times: npt.NDArray[np.int64],
) -> int:  # fmt: skip
    """Return by how many seconds a round in some order is late, as ``settle``, with the nearest posts; fill ``crew``."""
    n, k, types = len(order), len(cuts), len(free)
    along, legs = np.zeros(n + 1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        legs[i] = matrix[order[i], order[(i + 1) % n]]
        along[i + 1] = along[i] + dwell[order[i]] + legs[i]
    rest = shift - gap - 1
    most = 1 if rest < 0 else rest // gap + 2
    left[:] = free
    into = np.empty(k, np.int64)
    for u in range(k):
        s = (u + most - 1) % k
        end = order[(cuts[(s + 1) % k] - 1) % n]
        best = _FAR
        for t in range(types):
            way = out[t, order[cuts[u]]] + home[end, t]
            if left[t] > 0 and way < best:
                best = way
                crew[u] = t
        if best >= NO_WAY:
            return _FAR
        left[crew[u]] -= 1
        into[u] = out[crew[u], order[cuts[u]]]
    visits = np.empty(n, np.int64)
    return settle(
        cuts, along, dwell[order], legs, since[order], gap, least[order], shift, into, home[order], crew, visits, times
    )  # fmt: skip


@compiled()
def balanced(
    order: Ints, cuts: Ints, matrix: Ints, dwell: Ints, since: Ints, gap: int, least: Ints, shift: int, out: Ints,
    home: Ints, free: Ints, times: npt.NDArray[np.int64], draws: Floats,
) -> tuple[int, Ints, Ints, Ints]:  # fmt: skip
    """Return the lateness, the order, the cuts and the pools of the units after one small change for each row of ``draws``.

    ``draws`` is float64[steps, 5] in [0, 1). Stops as soon as the round is in time. Lateness may rise a little on the way.
    """
    n, k = len(order), len(cuts)
    left, crew = free.copy(), np.zeros(k, np.int64)
    now = lateness(order, cuts, matrix, dwell, since, gap, least, shift, out, home, free, left, crew, times)
    best, best_order, best_cuts = now, order.copy(), cuts.copy()
    new, new_cuts = order.copy(), cuts.copy()
    order, cuts = order.copy(), cuts.copy()
    steps = len(draws)
    for number in range(steps):
        if best <= 0:
            break
        draw = draws[number]
        new[:] = order
        new_cuts[:] = cuts
        if draw[0] < 0.25:
            u = int(draw[1] * k)
            move = 1 if draw[2] < 0.5 else -1
            if u == 0:
                # The first unit begins at the head: turn the round instead.
                for i in range(n):
                    new[i] = order[(i + move) % n]
                for v in range(1, k):
                    new_cuts[v] = cuts[v] - move
            else:
                new_cuts[u] += move
        else:
            span = min(n - 1, 12)
            i = int(draw[1] * n)
            j = (i + 1 + int(draw[2] * span)) % n
            if draw[0] < 0.55:
                size = min(1 + int(draw[3] * 3), n - 1)
                _shift(new, i, size, 1 + int(draw[2] * min(span, n - size)), draw[4] < 0.5)
            elif draw[0] < 0.75:
                new[i], new[j] = order[j], order[i]
            else:
                a, b = min(i, j), max(i, j)
                while a < b:
                    held = new[a]
                    new[a] = new[b]
                    new[b] = held
                    a += 1
                    b -= 1
        good = True
        for u in range(1, k):
            good = good and new_cuts[u] > new_cuts[u - 1] and new_cuts[u] < n
        if not good:
            continue
        found = lateness(new, new_cuts, matrix, dwell, since, gap, least, shift, out, home, free, left, crew, times)
        if found < now - 40.0 * (1.0 - number / steps) * np.log(draw[4] + 1e-12):
            now = found
            order[:] = new
            cuts[:] = new_cuts
            if now < best:
                best = now
                best_order[:] = new
                best_cuts[:] = new_cuts
    left[:] = free
    best = lateness(best_order, best_cuts, matrix, dwell, since, gap, least, shift, out, home, free, left, crew, times)
    return best, best_order, best_cuts, crew


@compiled()
def _shift(order: Ints, first: int, size: int, by: int, forward: int) -> None:
    """Move a stretch of ``size`` stops by some places along the round."""
    n = len(order)
    for _ in range(by):
        if forward:
            held = order[(first + size) % n]
            for q in range(size - 1, -1, -1):
                order[(first + q + 1) % n] = order[(first + q) % n]
            order[first % n] = held
            first += 1
        else:
            held = order[(first - 1) % n]
            for q in range(size):
                order[(first + q - 1) % n] = order[(first + q) % n]
            order[(first + size - 1) % n] = held
            first -= 1
