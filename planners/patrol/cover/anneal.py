"""Simulated annealing of closed rounds for cover: one small change after the other, its cover counted minute by minute."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.cover import changes
from planners.patrol.cover.rounds import Ground, Rounds, copied, exchanged, placed, reposted, timed, travelled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PART = 6
"""Most points that are reversed or moved at a time."""
_NEAR = 8
"""Points nearest to one that it is exchanged with or put beside."""
_BLUR = 0.3
"""Share by which ways from and to posts look longer at random."""
_BY = np.array([30, 120, 500, 2000])
"""Seconds by which begins are moved about at most."""


class State(NamedTuple):
    """What the search has now, and the best that it had.

    ``counts`` int16[moments, demand], units in reach; ``busy`` bool[crews]; ``round_of`` int64[points], -1 off the rounds; ``value`` float64[3]:
    share of calls in reach, worth now, worth of the best; ``best`` are the rounds of the best.
    """

    rounds: Rounds
    trial: Rounds
    best: Rounds
    counts: npt.NDArray[np.int16]
    busy: npt.NDArray[np.bool_]
    round_of: Ints
    value: Floats


@compiled(inline=True)
def _below(rng: np.random.Generator, n: int) -> int:
    return int(rng.random() * n)


@compiled()
def _within(rng: np.random.Generator, trial: Rounds) -> bool:
    """Change the order of the round in row 0."""
    n = trial.size[0]
    if n < 3:
        return False
    size = 1 + _below(rng, min(_PART, n - 2))
    if rng.random() < 0.5:
        changes.reverse_part(trial, 0, _below(rng, n), max(2, size))
    else:
        changes.move_part(trial, 0, _below(rng, n), size, 1 + _below(rng, min(_PART, n - size)))
    return True


@compiled()
def _between(ground: Ground, rng: np.random.Generator, state: State, rows: Ints) -> bool:
    """Exchange a point of the round in row 0 with one of a round near it, which goes to row 1, or hand it over."""
    rounds, trial = state.rounds, state.trial
    if ground.near.shape[2] == 0:
        return False
    position = _below(rng, trial.size[0])
    point = trial.order[0, position]
    near = ground.near[trial.kind[0], point, _below(rng, min(_NEAR, ground.near.shape[2]))]
    other = state.round_of[near]
    if other < 0 or other == rows[0] or rounds.kind[other] != trial.kind[0]:
        return False
    rows[1] = other
    copied(rounds, other, trial, 1)
    to = changes.position_of(trial, 1, near)
    if rng.random() < 0.4:
        if not changes.take_out(trial, 0, position):
            return False
        behind = rng.random() < 0.5
        return changes.put_after(
            ground, trial, 1, to if behind else (to - 1) % trial.size[1], point, int(rng.random() < 0.5)
        )
    # The point takes the place of one beside the near one, which is left in its round.
    to = (to + (1 if rng.random() < 0.5 else -1)) % trial.size[1]
    trial.order[0, position], trial.order[1, to] = trial.order[1, to], point
    return True


@compiled()
def _change(ground: Ground, rng: np.random.Generator, state: State, rows: Ints) -> bool:
    """Make a change to copies of one or two rounds; return whether one was made."""
    rounds, trial = state.rounds, state.trial
    rows[0], rows[1] = _below(rng, len(rounds.size)), -1
    copied(rounds, rows[0], trial, 0)
    luck, k = rng.random(), trial.units[0]
    made = True
    if luck < 0.2:
        pass
    elif luck < 0.5:
        made = _within(rng, trial)
    elif luck < 0.75:
        made = _between(ground, rng, state, rows)
    elif luck < 0.83:
        changes.turn(trial, 0, (1 + _below(rng, 3)) * (1 if rng.random() < 0.5 else -1))
    elif luck < 0.86:
        changes.reverse_round(trial, 0)
    elif luck < 0.93:
        made = changes.cut_later(ground, trial, 0, _below(rng, k))
    else:
        made = changes.cut_earlier(ground, trial, 0, _below(rng, k))
    return made


@compiled()
def _manned(ground: Ground, rng: np.random.Generator, state: State, rows: Ints, busy: npt.NDArray[np.bool_]) -> None:
    """Give other posts to units whose first or last stop is another one now, and to some others."""
    rounds, trial = state.rounds, state.trial
    busy[:] = state.busy
    for s in range(2):
        r = rows[s]
        if r < 0:
            continue
        for u in range(trial.units[s]):
            a, b = rounds.start[r, u], (rounds.start[r, u] + rounds.stops[r, u] - 1) % rounds.size[r]
            x, y = trial.start[s, u], (trial.start[s, u] + trial.stops[s, u] - 1) % trial.size[s]
            moved = rounds.order[r, a] != trial.order[s, x] or rounds.order[r, b] != trial.order[s, y]
            if rng.random() < (0.8 if moved else 0.02):
                reposted(ground, trial, s, u, busy, 1.0 + _BLUR * rng.random(len(busy)))


@compiled()
def _retimed(ground: Ground, rng: np.random.Generator, state: State, rows: Ints) -> bool:
    trial = state.trial
    for s in range(2):
        if rows[s] < 0:
            continue
        luck = rng.random()
        share = 0.0 if luck < 0.25 else 1.0 if luck < 0.5 else rng.random()
        redrawn = 0 if rng.random() < 0.5 else 1 + _below(rng, 8)
        who = (rng.random(redrawn) * 100_000).astype(np.int64)
        if not timed(ground, trial, s, _BY[_below(rng, len(_BY))], share, who, rng.random(redrawn)):
            return False
        placed(ground, trial, s)
    return True


@compiled()
def _swapped(ground: Ground, state: State, rows: Ints, back: int) -> float:
    """Count the units of the trial in the place of those of its rounds, or back; return by how much the share in reach grows."""
    gain = 0.0
    for s in range(2):
        if rows[s] < 0:
            continue
        for u in range(state.trial.units[s]):
            old, new = state.rounds.place[rows[s], u], state.trial.place[s, u]
            gain += exchanged(ground, state.counts, new, old) if back else exchanged(ground, state.counts, old, new)
    return gain


@compiled()
def _taken(state: State, rows: Ints, busy: npt.NDArray[np.bool_]) -> None:
    """Put the trial in the place of its rounds."""
    state.busy[:] = busy
    for s in range(2):
        r = rows[s]
        if r < 0:
            continue
        copied(state.trial, s, state.rounds, r)
        state.rounds.travel[r] = state.trial.travel[s]
        for u in range(state.trial.units[s]):
            state.rounds.place[r, u] = state.trial.place[s, u]
        for i in range(state.rounds.size[r]):
            state.round_of[state.rounds.order[r, i]] = r


@compiled()
def anneal(
    ground: Ground, state: State, rng: np.random.Generator, steps: int, heat: float, weight: float, base: float,
    limit: float, fixed: int,
) -> int:  # fmt: skip
    """Make ``steps`` changes; keep those that help, or lose less than luck times ``heat``; return how many were kept.

    The worth is ``weight * share in reach - (1 - weight) * (driving of the rounds / base)``, driving never above ``limit``. With
    ``fixed`` no unit goes to another post.
    """
    rounds, trial, value = state.rounds, state.trial, state.value
    rows, busy, kept = np.full(2, -1), state.busy.copy(), 0
    for _ in range(steps):
        if not _change(ground, rng, state, rows):
            continue
        busy[:] = state.busy
        if not fixed:
            _manned(ground, rng, state, rows, busy)
        travel = rounds.travel.sum()
        for s in range(2):
            if rows[s] >= 0:
                trial.travel[s] = travelled(ground, trial, s)
                travel += trial.travel[s] - rounds.travel[rows[s]]
        if travel > limit or not _retimed(ground, rng, state, rows):
            continue
        gain = _swapped(ground, state, rows, 0)
        worth = weight * (value[0] + gain) - (1 - weight) * travel / base
        if worth < value[1] + heat * np.log(max(1e-12, rng.random())):
            _swapped(ground, state, rows, 1)
            continue
        _taken(state, rows, busy)
        kept += 1
        value[0], value[1] = value[0] + gain, worth
        if worth > value[2] + 1e-12:
            value[2] = worth
            for r in range(len(rounds.size)):
                copied(rounds, r, state.best, r)
    return kept
