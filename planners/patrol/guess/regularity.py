"""规律性: whether somebody who watched the last nights could guess a timetable, in one word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from planners.patrol.guess.predictor import frequency, logistic, night
from planners.patrol.guess.presence import presence, presences, watched_points
from planners.patrol.guess.strands import strands
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Level = Literal["low", "middle", "high"]

MIDDLE_FROM: Final = 1.5
HIGH_FROM: Final = 2.5
"""Hits of the watcher against hits by chance from which a timetable is guessable to some degree, and highly."""
LEAST_NIGHTS: Final = 3
_LAST: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Regularity:
    """How guessable one plan is after the nights before it.

    Attributes
    ----------
    level : ``low`` (低), ``middle`` (中), ``high`` (高); None where fewer than ``LEAST_NIGHTS`` nights are known
    hit_ratio : hits of the better of two watchers against hits by chance given the visit counts
    interval : 95 % interval of the ratio over rounds, as points of one round are guessed together; None for a single round
    bits : log loss of the plan under the frequencies of those nights, bits a point and slot
    n : nights watched
    cells : points times slots guessed
    """

    level: Level | None
    hit_ratio: float | None
    interval: tuple[float, float] | None
    bits: float | None
    n: int
    cells: int


def regularity(problem: SpacingProblem, plan: SpacedPlan, history: Sequence[SpacedPlan]) -> Regularity:
    """Say how well a watcher who saw ``history``, oldest night first, guesses ``plan``; the last 14 nights count.

    Made for plans edited by hand: the same plan every night is ``high``, plans drawn by ``todays_plan`` are ``low``. ``bits`` are what
    surprises the watcher, so a plan that repeats an old one has few. With one or two rounds the word scatters.
    """
    points = watched_points(problem)
    tonight = presence(problem, plan)[points]
    nights = list(history)[-_LAST:]
    cells = int(tonight.size)
    if len(nights) < LEAST_NIGHTS or not tonight.any():
        return Regularity(level=None, hit_ratio=None, interval=None, bits=None, n=len(nights), cells=cells)
    past = presences(problem, nights)[:, points]
    told = [night(tonight, score(past, tonight)) for score in (frequency, logistic)]
    hits, _, blind = max(told, key=lambda found: float(found[0].sum()))
    ratio = float(hits.sum() / blind.sum())
    counts = past.astype(np.float64)
    share = np.clip((counts.sum(axis=0) + counts.mean(axis=(0, 2))[:, None]) / (len(past) + 1), 1e-3, 1 - 1e-3)
    loss = -np.where(tonight, np.log2(share), np.log2(1 - share))
    level: Level = "high" if ratio >= HIGH_FROM else "middle" if ratio >= MIDDLE_FROM else "low"
    half = _half_width(problem, plan, points, hits - ratio * blind, float(blind.sum()))
    return Regularity(
        level=level, hit_ratio=ratio, bits=float(loss.mean()), n=len(nights), cells=cells,
        interval=None if half is None else (ratio - half, ratio + half),
    )  # fmt: skip


def _half_width(problem: SpacingProblem, plan: SpacedPlan, points: Ints, rest: Floats, blind: float) -> float | None:
    """Return half of the 95 % interval of a ratio whose residuals at points are ``rest``: points that share units are one guess."""
    owner = {int(p): n for n, s in enumerate(strands(problem, plan)) for i in s.routes for p in plan.routes[i].points}
    group = np.array([owner.get(int(p), -1) for p in points])
    held = np.array([rest[group == g].sum() for g in np.unique(group[group >= 0])])
    if len(held) < 2:
        return None
    return float(student.ppf(0.975, len(held) - 1) * (held.std(ddof=1) * len(held) ** 0.5) / blind)
