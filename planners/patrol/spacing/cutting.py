"""Whether a closed round can be cut into stretches, one for each unit, so that all units are out, on time and home."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]


@compiled()
def _over(p: int, q: int, legs: Legs, via: Legs, back: Legs, own: Ints, out: Ints, home: Ints) -> tuple[int, int]:
    """Return the seconds from p over a post to q, and of these the way to the post; posts that are free or the round's own."""
    way, there = int(legs[p, q]) + int(via[p, q]), int(back[p, q])
    for t in own:
        if t >= 0 and home[p, t] + out[t, q] < way:
            way, there = int(home[p, t] + out[t, q]), int(home[p, t])
    return way, there


@compiled()
def ready(
    head: int, after: Ints, size: int, length: int, units: int, spare: int, shift: int, gap: int, legs: Legs, dwell: Ints,
    via: Legs, back: Legs, own: Ints, out: Ints, home: Ints, walk: Ints, along: Ints, phase: Ints, apart: Ints,
    mark: npt.NDArray[np.bool_], strict: int,
) -> bool:  # fmt: skip
    """Return whether a round can be cut into one stretch for each unit so that all are in time, as far as lengths tell.

    A stretch must be walked within the gap, with the way home ``back[i, j]`` from its end; and the round as often as
    its units walk it, with the whole detour, within the shift. ``via[i, j]`` are the seconds by which the way from i over a post to
    j is longer than the way itself. ``spare`` seconds are kept free on the way. Unless ``strict``, only the whole length counts.
    ``mark`` are points at which units began when the round was in time before; they are tried first.
    """
    units = min(units, max(size, 1))
    visits = (shift + gap - 1) // gap
    least = shift - (length + spare) * shift // (units * gap)
    if least < 0 or size == 0 or not strict:
        return least >= 0
    here = head
    along[0] = 0
    cuts = phase[-1, : units + 1]
    marked, near = 0, 0
    for i in range(size):
        walk[i], walk[i + size] = here, here
        follow = after[here]
        along[i + 1] = along[i] + dwell[here] + legs[here, follow]
        apart[(i + 1) % size] = _over(here, follow, legs, via, back, own, out, home)[0] - legs[here, follow]
        near += apart[(i + 1) % size] <= least
        if mark[here]:
            if marked < units:
                cuts[marked] = i
            marked += 1
        here = follow
    if visits % units == 0 and near < units:
        # Each unit goes home and comes from its post between two points of its own.
        return False
    # Where the units divide the visits, each goes home where it came from.
    least = least if visits % units == 0 else shift
    for i in range(size):
        along[size + i + 1] = along[i + 1] + length
    if marked == units:
        cuts[units] = cuts[0] + size
        if _keeps(cuts, size, spare // units, shift, gap, legs, via, back, own, out, home, walk, along, phase):
            return True
    return _cut(
        cuts, size, length, spare // units, shift, gap, least, legs, via, back, own, out, home, walk, along, phase, apart, mark
    )  # fmt: skip


@compiled()
def _cut(
    cuts: Ints, size: int, length: int, spare: int, shift: int, gap: int, least: int, legs: Legs, via: Legs, back: Legs,
    own: Ints, out: Ints, home: Ints, walk: Ints, along: Ints, phase: Ints, apart: Ints, mark: npt.NDArray[np.bool_],
) -> bool:  # fmt: skip
    """Look for cuts where units are in time, and mark them; return whether there are any.

    ``apart`` are the seconds by which the way over a post to each stop is longer; where they exceed ``least`` there is no cut.
    """
    units = len(cuts) - 1
    for first in range(min(size, (size + units - 1) // units + 1)):
        if apart[first % size] > least:
            continue
        for rule in range(2 if units > 1 else 1):
            far = False
            cuts[0] = first
            cuts[units] = first + size
            for u in range(1, units):
                j = cuts[u - 1] + 1
                if rule == 0:
                    # As long as the gap allows; what is left falls to the last stretch.
                    while j + 1 < first + size and along[j + 1] - along[cuts[u - 1]] <= gap:
                        j += 1
                else:
                    target = along[first] + length * u // units
                    while j + 1 < first + size and target - along[j] > along[j + 1] - target:
                        j += 1
                cuts[u] = min(j, first + size - (units - u))
                far = apart[cuts[u] % size] > least
                if far:
                    break
            if not far and _keeps(cuts, size, spare, shift, gap, legs, via, back, own, out, home, walk, along, phase):
                for i in range(size):
                    mark[walk[i]] = False
                for u in range(units):
                    mark[walk[cuts[u]]] = True
                return True
    return False


@compiled()
def _keeps(
    cuts: Ints, size: int, spare: int, shift: int, gap: int, legs: Legs, via: Legs, back: Legs, own: Ints, out: Ints,
    home: Ints, walk: Ints, along: Ints, phase: Ints,
) -> bool:  # fmt: skip
    """Return whether units that begin at some cuts are in time.

    The stretch from cut s is begun for the w-th time at ``w gap + phase[w, s]``: not before the unit is there from the stretch before, and not more
    than a gap before it is begun again. The last time must leave time to go home.
    """
    k = len(cuts) - 1
    visits = (shift + gap - 1) // gap
    phase[:visits, :k] = 1
    for u in range(k):
        p, q = walk[cuts[(u + visits - 1) % k + 1] - 1], walk[cuts[u]]
        way, there = _over(p, q, legs, via, back, own, out, home)
        phase[0, u] = max(1, way - there)
    for _ in range(3):
        moved = False
        for w in range(visits - 1):
            for s in range(k):
                follow = (s + 1) % k
                late = phase[w, s] + along[cuts[s + 1]] - along[cuts[s]] - gap
                if late > phase[w + 1, follow]:
                    phase[w + 1, follow] = late
                    for v in range(w, -1, -1):
                        if phase[v, follow] < late:
                            phase[v, follow] = late
                            moved = True
        if not moved:
            break
    if moved:
        return False
    for u in range(k):
        # Where the units do not divide the visits, a unit ends on another stretch than before the one it began with.
        s = (u + visits - 1) % k
        p, q = walk[cuts[s + 1] - 1], walk[cuts[u]]
        end = along[cuts[s + 1]] - along[cuts[s]] - legs[p, walk[cuts[s + 1] % size]]
        if phase[visits - 1, s] + end + _over(p, q, legs, via, back, own, out, home)[1] > gap - spare:
            return False
    return True
