"""Closed rounds through all points, packed into the time that their units have: ruin and recreate.

Source: slack induction by string removals (Christiaens and Vanden Berghe 2020), here for closed rounds without depot.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint64]

_REMOVED = 10.0
"""Mean number of points that are taken out at a time."""
_STRING = 10
"""Longest stretch that is taken out of one round."""
_PLACES = 3
"""Rounds that are tried for a point before it is left absent."""
_BLINK = 0.01
"""Share of places that are passed over, so that not always the same are taken."""


@compiled()
def _draw(bits: Bits) -> float:
    """Return the next number in [0, 1) and move the generator (xorshift64*) on."""
    x = bits[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    bits[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@compiled()
def ready(
    head: int, after: Ints, size: int, length: int, units: int, spare: int, shift: int, gap: int, legs: Legs, dwell: Ints,
    via: Legs, back: Legs, walk: Ints, along: Ints, phase: Ints, strict: int,
) -> bool:  # fmt: skip
    """Return whether a round can be cut into one stretch for each unit so that all are in time, as far as lengths tell.

    A stretch must be walked within the gap, with the way home ``back[i, j]`` from its end; and the round as often as
    its units walk it, with the whole detour, within the shift. ``via[i, j]`` are the seconds by which the way from i over a post to
    j is longer than the way itself. ``spare`` seconds are kept free on the way. Unless ``strict``, only the whole length counts.
    """
    units = min(units, max(size, 1))
    least = shift - (length + spare) * shift // (units * gap)
    if least < 0 or size == 0 or not strict:
        return least >= 0
    here = head
    along[0] = 0
    for i in range(2 * size):
        walk[i] = here
        along[i + 1] = along[i] + dwell[here] + legs[here, after[here]]
        here = after[here]
    cuts = phase[-1, : units + 1]
    for first in range(min(size, (size + units - 1) // units + 1)):
        for rule in range(2 if units > 1 else 1):
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
            if _keeps(cuts, size, spare // units, shift, gap, legs, via, back, walk, along, phase):
                return True
    return False


@compiled()
def _keeps(
    cuts: Ints, size: int, spare: int, shift: int, gap: int, legs: Legs, via: Legs, back: Legs, walk: Ints, along: Ints,
    phase: Ints,
) -> bool:  # fmt: skip
    """Return whether units that begin at some cuts are in time.

    The stretch from cut s is begun for the w-th time at ``w gap + phase[w, s]``: not before the unit is there from the stretch before, and not more
    than a gap before it is begun again. The last time must leave time to go home.
    """
    k = len(cuts) - 1
    visits = (shift + gap - 1) // gap
    phase[:visits, :k] = 1
    for s in range(k):
        p, q = walk[(cuts[s] + size - 1) % size], walk[cuts[s] % size]
        phase[0, s] = max(1, legs[p, q] + via[p, q] - back[p, q])
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
    for s in range(k):
        p, q = walk[(cuts[s + 1] + size - 1) % size], walk[cuts[s + 1] % size]
        if phase[visits - 1, s] + along[cuts[s + 1]] - along[cuts[s]] - legs[p, q] + back[p, q] > gap - spare:
            return False
    return True


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
        length[r] = dwell[point]
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
    strings = int(_draw(bits) * most) + 1
    touched[:] = False
    seed = int(_draw(bits) * n)
    if count > 0 and _draw(bits) < 0.5:
        seed = absent[int(_draw(bits) * count)]
    for place in range(-1, near.shape[1]):
        point = seed if place < 0 else near[seed, place]
        r = round_of[point]
        if r < 0 or touched[r]:
            continue
        if strings == 0:
            break
        strings -= 1
        touched[r] = True
        string = 1 + int(_draw(bits) * min(float(size[r]), longest))
        string = min(string, size[r])
        kept = 0
        if string > 1 and string < size[r] and _draw(bits) < 0.5:
            kept = 1
            while string + kept < size[r] and _draw(bits) > 0.3:
                kept += 1
        total = string + kept
        here = point
        for _ in range(int(_draw(bits) * total)):
            here = before[here]
        hold = 1 + int(_draw(bits) * (string - 1)) if kept > 0 else total
        for i in range(total):
            follow = after[here]
            if not hold <= i < hold + kept:
                _take(here, before, after, round_of, size, length, legs, dwell)
                absent[count] = here
                count += 1
            here = follow
    return count


@compiled()
def _place(bits: Bits, c: int, near: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs, dwell: Ints,
           units: Ints, spare: Ints, gap: int, refused: npt.NDArray[np.bool_]) -> tuple[int, int]:  # fmt: skip
    """Return after which point a point adds least, and its round; -1 for a round without points, -2 where there is no room."""
    best, at, into = 1 << 40, -2, -1
    for p in range(len(dwell)):
        r = round_of[p]
        if r < 0 or refused[r]:
            continue
        free = gap * units[r] - spare[r] - length[r] - dwell[c]
        if free <= 0:
            continue
        more = int(legs[p, c]) + legs[c, after[p]] - legs[p, after[p]]
        if more < best and more <= free and _draw(bits) > _BLINK:
            best, at, into = more, p, r
    for r in range(len(size)):
        # A round without points costs nothing to begin; it is taken where no other has cheap room.
        if size[r] == 0 and not refused[r] and best > 2 * (legs[near[c, 0], c] + legs[c, near[c, 0]]):
            return -1, r
    return at, into


@compiled()
def _recreate(bits: Bits, near: Ints, before: Ints, after: Ints, round_of: Ints, size: Ints, length: Ints, legs: Legs,
              dwell: Ints, units: Ints, spare: Ints, shift: int, gap: int, via: Legs, back: Legs, walk: Ints,
              along: Ints, phase: Ints, strict: int, absent: Ints, count: int) -> int:  # fmt: skip
    """Put absent points where they add least and the round stays in time; return how many find no room."""
    key = np.empty(count)
    rule = _draw(bits)
    for i in range(count):
        c = absent[i]
        if rule < 0.4:
            key[i] = _draw(bits)
        elif rule < 0.7:
            key[i] = -float(dwell[c])
        else:
            key[i] = -float(legs[near[c, 0], c] + legs[c, near[c, 0]])
    waiting = absent[:count][np.argsort(key)].copy()
    left_over = 0
    refused = np.zeros(len(size), np.bool_)
    for c in waiting:
        refused[:] = False
        placed = False
        for _ in range(_PLACES):
            at, into = _place(bits, c, near, after, round_of, size, length, legs, dwell, units, spare, gap, refused)
            if at == -2:
                break
            _put(c, at, into, before, after, round_of, size, length, legs, dwell)
            if ready(c, after, size[into], length[into], units[into], spare[into], shift, gap, legs, dwell, via, back,
                     walk, along, phase, strict):  # fmt: skip
                placed = True
                break
            _take(c, before, after, round_of, size, length, legs, dwell)
            refused[into] = True
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
          dwell: Ints, units: Ints, spare: Ints, shift: int, gap: int, via: Legs, back: Legs, walk: Ints, along: Ints,
          phase: Ints, strict: int, absent: Ints, count: int) -> int:  # fmt: skip
    """Take points out of rounds that do not fit until they do; return how many are absent."""
    for r in range(len(size)):
        while size[r] > 0 and not ready(head[r], after, size[r], length[r], units[r], spare[r], shift, gap, legs, dwell,
                                        via, back, walk, along, phase, strict):  # fmt: skip
            out = head[r]
            for _ in range(int(_draw(bits) * size[r])):
                out = after[out]
            head[r] = after[out]
            _take(out, before, after, round_of, size, length, legs, dwell)
            absent[count] = out
            count += 1
    return count


@compiled()
def pack(bits: Bits, steps: int, heat: float, cooling: float, legs: Legs, dwell: Ints, via: Legs, back: Legs, near: Ints,
         units: Ints, spare: Ints, shift: int, gap: int, after: Ints, round_of: Ints, weight: Ints, grow: int,
         strict: int) -> tuple[int, int, float]:  # fmt: skip
    """Improve rounds in place for some steps; return the absent points, the length of all rounds, and the heat that is left.

    ``after[i]`` follows point i on its round ``round_of[i]``, -1 where i is absent. Where points are absent, the sum of their
    ``weight`` falls first, which grows by ``grow`` with each step that leaves them out; else the length of the rounds. Points of rounds
    that do not fit, see ``ready``, are taken out first. Stops early where no point is absent any more.
    """
    n, rounds = len(dwell), len(units)
    before = np.zeros(n, np.int64)
    walk, along = np.empty(2 * n, np.int64), np.empty(2 * n + 1, np.int64)
    phase = np.empty((-(-shift // gap) + 1, units.max() + 1), np.int64)
    size, length = np.zeros(rounds, np.int64), np.zeros(rounds, np.int64)
    head = np.full(rounds, -1)
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
        bits, head, before, after, round_of, size, length, legs, dwell, units, spare, shift, gap, via, back, walk, along,
        phase, strict, absent, count,
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
            bits, near, before, after, round_of, size, length, legs, dwell, units, spare, shift, gap, via, back, walk,
            along, phase, strict, absent, new,
        )  # fmt: skip
        found = length.sum()
        heavy, old = _sum(weight, absent, new), _sum(weight, o_absent, count)
        for i in range(new):
            weight[absent[i]] += grow
        take = heavy < old or (heavy == old and found < total - heat * np.log(_draw(bits)))
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
