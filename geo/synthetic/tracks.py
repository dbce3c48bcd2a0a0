"""A week of made-up positions of units that go round their points: with noise, silences, late turns and calls between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.presence.positions import EARTH_M, Positions

Floats = npt.NDArray[np.float64]
Way = tuple[Floats, Floats]
"""Degrees float64[k, 2] and seconds float64[k] from the begin of the way."""

EVERY_SECONDS: Final = 30.0
NOISE_M: Final = 8.0
SILENCES_PER_HOUR: Final = 0.3
SILENCE_SECONDS: Final = (120.0, 720.0)
CALLED_AWAY: Final = 0.06
"""Share of stops after which a unit stands still for a call of 15 to 45 minutes."""
DEAD: Final = 0.02
"""Share of turns of duty without any signal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """What one unit goes round: the ways between its stops, the last one back to the first, and the dwell at each."""

    unit_id: str
    ways: Sequence[Way]
    dwell: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of duty of a unit, seconds since 1970."""

    unit_id: str
    begin: float
    until: float


def share_out(units_xy: Floats, points_xy: Floats) -> list[list[int]]:
    """Give each point to the nearest unit that has not yet a third more than its share; each unit's in the order of a round.

    Both are float64[., 2] in metres.
    """
    u, p = len(units_xy), len(points_xy)
    mine: list[list[int]] = [[] for _ in range(u)]
    if not u or not p:
        return mine
    far = np.hypot(*(points_xy[:, None] - units_xy[None]).transpose(2, 0, 1))
    most = int(np.ceil(4 * p / (3 * u)))
    for point in np.argsort(far.min(axis=1), kind="stable").tolist():
        unit = next(k for k in np.argsort(far[point], kind="stable").tolist() if len(mine[k]) < most)
        mine[unit].append(point)
    return [_round(units_xy[k], points_xy, held) for k, held in enumerate(mine)]


def _round(home: Floats, xy: Floats, held: list[int]) -> list[int]:
    left, at, order = list(held), home, []
    while left:
        far = np.hypot(*(xy[left] - at).T)
        order.append(left.pop(int(far.argmin())))
        at = xy[order[-1]]
    return order


def rounds_of(unit_id: str, stops: Sequence[int], dwell: Floats, way: Callable[[int, int], Way | None]) -> Round | None:
    """Return the round of a unit over ``stops``; those without a way to them are left out, None where fewer than two remain."""
    kept, ways = [stops[0]] if stops else [], []
    for stop in stops[1:]:
        found = way(kept[-1], stop)
        if found is not None:
            kept.append(stop)
            ways.append(found)
    home = way(kept[-1], kept[0]) if len(kept) > 1 else None
    if home is None:
        return None
    return Round(unit_id=unit_id, ways=[*ways, home], dwell=dwell[kept])


def draw_tracks(
    rounds: Mapping[str, Round], turns: Sequence[Turn], planned: Mapping[str, Floats], *, until: float, seed: int
) -> Positions:
    """Return the positions that units send on their turns of duty, none after ``until``.

    ``planned`` are the lines of units that follow a plan on the turn that holds ``until``: float64[k, 3] degrees and
    seconds since 1970; they set out a few minutes late, or early.
    """
    names, times, spots = [], [], []
    for number, turn in enumerate(turns):
        rng = np.random.default_rng([seed, number])
        now = turn.begin <= until < turn.until
        if turn.unit_id in planned and now:
            line = planned[turn.unit_id] + [0.0, 0.0, float(np.clip(rng.normal(60.0, 240.0), -300.0, 1500.0))]
        elif turn.unit_id in rounds:
            line = _driven(rounds[turn.unit_id], turn, rng)
        else:
            continue
        if rng.random() < DEAD and not now:
            continue
        at = _sent(turn, min(until, turn.until), rng)
        seen = np.column_stack([np.interp(at, line[:, 2], line[:, k]) for k in (0, 1)])
        shift = np.degrees(rng.normal(0.0, NOISE_M, (len(at), 2)) / EARTH_M)
        shift[:, 0] /= np.cos(np.radians(seen[:, 1]))
        names.append(np.full(len(at), turn.unit_id, dtype=object))
        times.append(np.round(at))
        spots.append(np.round(seen + shift, 6))
    if not names:
        return Positions.none()
    return Positions.of(np.concatenate(names), np.concatenate(times), np.concatenate(spots))


def _driven(made: Round, turn: Turn, rng: np.random.Generator) -> Floats:
    """Return where a unit was when, float64[k, 3]: round after round from a stop of its own choice."""
    clock = turn.begin + float(rng.uniform(60.0, 900.0))
    stop = int(rng.integers(len(made.ways)))
    pieces = []
    while clock < turn.until:
        lonlat, seconds = made.ways[stop]
        arrived = clock + seconds * float(rng.uniform(0.85, 1.3))
        pieces.append(np.column_stack([lonlat, arrived]))
        clock = float(arrived[-1])
        stop = (stop + 1) % len(made.ways)
        stood = float(made.dwell[stop]) * float(rng.uniform(0.7, 1.3))
        if rng.random() < CALLED_AWAY:
            stood += float(rng.uniform(900.0, 2700.0))
        clock += stood
    return np.concatenate(pieces)


def _sent(turn: Turn, until: float, rng: np.random.Generator) -> Floats:
    """Return the moments at which a unit is heard."""
    at = np.arange(turn.begin + float(rng.uniform(0.0, EVERY_SECONDS)), until, EVERY_SECONDS)
    hours = (turn.until - turn.begin) / 3600.0
    kept = np.ones(len(at), bool)
    for start in rng.uniform(turn.begin, turn.until, rng.poisson(SILENCES_PER_HOUR * hours)).tolist():
        kept &= (at < start) | (at >= start + float(rng.uniform(*SILENCE_SECONDS)))
    return at[kept]
