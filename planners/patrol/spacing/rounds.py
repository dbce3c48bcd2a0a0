"""Closed rounds through all points, packed into the time that their units have: ruin and recreate.

Source: slack induction by string removals (Christiaens and Vanden Berghe 2020), here for closed rounds without depot.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.draws import Bits, draw
from planners.patrol.spacing.cutting import ready

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]

_REMOVED = 10.0
"""Mean number of points that are taken out at a time."""
_STRING = 10
"""Longest stretch that is taken out of one round."""
_PLACES = 3
"""Rounds that are tried for a point before it is left absent."""
_NO_ROOM = 1 << 40
_BLINK = 0.01
"""Share of places that are passed over, so that not always the same are taken."""


@compiled()
def _take(
    point: int, before: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs, dwell: Ints
) -> None:
    r = round_of[point]
    p, s = before[point], after[point]
    size[r] -= 1
    round_of[point] = -1
    if size[r] == 0:
        length[r] = 0
        return
    length[r] += legs[p, s] - legs[p, point] - legs[point, s] - dwell[point]
    after[p] = s
    before[s] = p


@compiled()
def _put(point: int, left: int, r: int, before: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints,
         legs: Legs, dwell: Ints) -> None:  # fmt: skip
    round_of[point] = r
    size[r] += 1
    if left < 0:
        before[point] = point
        after[point] = point
        # A road that is driven again has the way back to its begin between.
        length[r] = dwell[point] + legs[point, point]
        return
    right = after[left]
    length[r] += legs[left, point] + legs[point, right] - legs[left, right] + dwell[point]
    after[left] = point
    before[point] = left
    after[point] = right
    before[right] = point


@compiled()
def _ruin(bits: Bits, near: Ints, before: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs,
          dwell: Ints, touched: npt.NDArray[np.bool_], absent: Ints, count: int) -> int:  # fmt: skip
    """Take out stretches of rounds that lie near each other; return how many points are absent now."""
    n = len(dwell)
    inside = n - count
    rounds = 0
    for r in range(len(size)):
        rounds += size[r] > 0
    if rounds == 0:
        return count
    longest = min(float(_STRING), inside / rounds)
    most = 4.0 * _REMOVED / (1.0 + longest) - 1.0
    strings = int(draw(bits) * most) + 1
    touched[:] = False
    seed = int(draw(bits) * n)
    if count > 0 and draw(bits) < 0.5:
        seed = absent[int(draw(bits) * count)]
    for place in range(-1, near.shape[1]):
        point = seed if place < 0 else near[seed, place]
        r = round_of[point]
        if r < 0 or touched[r]:
            continue
        if strings == 0:
            break
        strings -= 1
        touched[r] = True
        string = 1 + int(draw(bits) * min(float(size[r]), longest))
        string = min(string, size[r])
        kept = 0
        if string > 1 and string < size[r] and draw(bits) < 0.5:
            kept = 1
            while string + kept < size[r] and draw(bits) > 0.3:
                kept += 1
        total = string + kept
        here = point
        for _ in range(int(draw(bits) * total)):
            here = before[here]
        hold = 1 + int(draw(bits) * (string - 1)) if kept > 0 else total
        for i in range(total):
            follow = after[here]
            if not hold <= i < hold + kept:
                _take(here, before, after, round_of, size, length, legs, dwell)
                absent[count] = here
                count += 1
            here = follow
    return count


@compiled()
def _places(bits: Bits, c: int, near: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs, toward: Legs,
            dwell: Ints, units: Ints, spare: Ints, gap: int, more: Ints, at: Ints) -> None:  # fmt: skip
    """Fill for each round the least seconds that a point adds to it, and after which point; -1 for a round without points.

    Rounds where there is no room have a place of -2. ``toward`` are the ways turned round.
    """
    for r in range(len(size)):
        more[r], at[r] = _NO_ROOM, -2
    for p in range(len(dwell)):
        r = round_of[p]
        if r < 0 or toward[c, p] >= more[r] + legs[p, after[p]]:
            continue
        add = int(toward[c, p]) + legs[c, after[p]] - legs[p, after[p]]
        if add < more[r] and add <= gap * units[r] - spare[r] - length[r] - dwell[c] and draw(bits) > _BLINK:
            more[r], at[r] = add, p
    for r in range(len(size)):
        if size[r] == 0:
            # A round without points costs nothing to begin; it is taken where no other has cheap room.
            more[r], at[r] = 2 * (legs[near[c, 0], c] + legs[c, near[c, 0]]), -1


@compiled()
def _recreate(bits: Bits, near: Ints, before: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs,
              toward: Legs, dwell: Ints, units: Ints, spare: Ints, shift: int, gap: int, via: Legs, back: Legs, own: Ints,
              out: Ints, home: Ints, walk: Ints, along: Ints, phase: Ints, apart: Ints, mark: npt.NDArray[np.bool_], strict: int,
              absent: Ints, count: int) -> int:  # fmt: skip
    """Put absent points where they add least and the round stays in time; return how many find no room."""
    key = np.empty(count)
    rule = draw(bits)
    for i in range(count):
        c = absent[i]
        if rule < 0.4:
            key[i] = draw(bits)
        elif rule < 0.7:
            key[i] = -float(dwell[c])
        else:
            key[i] = -float(legs[near[c, 0], c] + legs[c, near[c, 0]])
    waiting = absent[:count][np.argsort(key)].copy()
    left_over = 0
    more, at = np.empty(len(size), np.int64), np.empty(len(size), np.int64)
    for c in waiting:
        _places(bits, c, near, after, round_of, size, length, legs, toward, dwell, units, spare, gap, more, at)
        placed = False
        for _ in range(_PLACES):
            into = int(more.argmin())
            if at[into] == -2:
                break
            _put(c, at[into], into, before, after, round_of, size, length, legs, dwell)
            if ready(c, after, size[into], length[into], units[into], spare[into], shift, gap, legs, dwell, via, back,
                     own[into], out, home, walk, along, phase, apart, mark, strict):  # fmt: skip
                placed = True
                break
            _take(c, before, after, round_of, size, length, legs, dwell)
            more[into], at[into] = _NO_ROOM, -2
        if not placed:
            absent[left_over] = c
            left_over += 1
    return left_over


@compiled()
def _sum(weight: Ints, absent: Ints, count: int) -> int:
    total = 0
    for i in range(count):
        total += weight[absent[i]]
    return total


@compiled()
def _trim(bits: Bits, head: Ints, before: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs,
          dwell: Ints, units: Ints, spare: Ints, shift: int, gap: int, via: Legs, back: Legs, own: Ints, out: Ints,
          home: Ints, walk: Ints, along: Ints, phase: Ints, apart: Ints, mark: npt.NDArray[np.bool_], strict: int,
          absent: Ints, count: int) -> int:  # fmt: skip
    """Take points out of rounds that do not fit until they do; return how many are absent."""
    for r in range(len(size)):
        while size[r] > 0 and not ready(head[r], after, size[r], length[r], units[r], spare[r], shift, gap, legs, dwell,
                                        via, back, own[r], out, home, walk, along, phase, apart, mark, strict):  # fmt: skip
            gone = head[r]
            for _ in range(int(draw(bits) * size[r])):
                gone = after[gone]
            head[r] = after[gone]
            _take(gone, before, after, round_of, size, length, legs, dwell)
            absent[count] = gone
            count += 1
    return count


@compiled()
def pack(bits: Bits, steps: int, heat: float, cooling: float, legs: Legs, dwell: Ints, via: Legs, back: Legs, own: Ints,
         out: Ints, home: Ints, near: Ints, units: Ints, spare: Ints, shift: int, gap: int, after: Ints, round_of: Ints, weight: Ints, grow: int,
         strict: int) -> tuple[int, int, float]:  # fmt: skip
    """Improve rounds in place for some steps; return the absent points, the length of all rounds, and the heat that is left.

    ``after[i]`` follows point i on its round ``round_of[i]``, -1 where i is absent. Where points are absent, the sum of their
    ``weight`` falls first, which grows by ``grow`` with each step that leaves them out; else the length of the rounds. Points of rounds
    that do not fit, see ``ready``, are taken out first. Stops early where no point is absent any more.
    """
    n, rounds = len(dwell), len(units)
    before = np.zeros(n, np.int64)
    walk, along, apart = np.empty(2 * n, np.int64), np.empty(2 * n + 1, np.int64), np.empty(n, np.int64)
    phase = np.empty((-(-shift // gap) + 1, units.max() + 1), np.int64)
    size, length = np.zeros(rounds, np.int64), np.zeros(rounds, np.int64)
    toward = legs.T.copy()
    head, mark = np.full(rounds, -1), np.zeros(n, np.bool_)
    absent = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        r = round_of[i]
        if r < 0:
            absent[count] = i
            count += 1
            continue
        before[after[i]] = i
        size[r] += 1
        length[r] += dwell[i] + legs[i, after[i]]
        head[r] = i
    count = _trim(
        bits, head, before, after, round_of, size, length, legs, dwell, units, spare, shift, gap, via, back, own,
        out, home, walk, along, phase, apart, mark, strict, absent, count,
    )  # fmt: skip
    started = count
    total = length.sum()
    best_score = _sum(weight, absent, count) if grow == 0 else count
    best_total = total
    best_count = count
    best_after, best_of = after.copy(), round_of.copy()
    o_after, o_before, o_of = after.copy(), before.copy(), round_of.copy()
    o_size, o_length = size.copy(), length.copy()
    o_absent = absent.copy()
    touched = np.zeros(rounds, np.bool_)
    for _ in range(steps):
        heat *= cooling
        new = _ruin(bits, near, before, after, round_of, size, length, legs, dwell, touched, absent, count)
        new = _recreate(
            bits, near, before, after, round_of, size, length, legs, toward, dwell, units, spare, shift, gap, via, back, own,
            out, home, walk, along, phase, apart, mark, strict, absent, new,
        )  # fmt: skip
        found = length.sum()
        heavy, old = _sum(weight, absent, new), _sum(weight, o_absent, count)
        for i in range(new):
            weight[absent[i]] += grow
        take = heavy < old or (heavy == old and found < total - heat * np.log(draw(bits)))
        if take:
            count, total = new, found
            o_after[:], o_before[:], o_of[:] = after, before, round_of
            o_size[:], o_length[:] = size, length
            o_absent[:count] = absent[:count]
            score = heavy if grow == 0 else count
            if score < best_score or (score == best_score and total < best_total):
                best_score, best_count, best_total = score, count, total
                best_after[:], best_of[:] = after, round_of
                if started > 0 and count == 0:
                    break
        else:
            after[:], before[:], round_of[:] = o_after, o_before, o_of
            size[:], length[:] = o_size, o_length
            absent[:count] = o_absent[:count]
    after[:], round_of[:] = best_after, best_of
    return best_count, int(best_total), heat
