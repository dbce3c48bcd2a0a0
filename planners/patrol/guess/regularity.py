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
    return _told(problem, [(plan, list(history)[-_LAST:])])


def regularity_of_draws(problem: SpacingProblem, plans: Sequence[SpacedPlan]) -> Regularity:
    """Say how well a watcher guesses plans that were drawn alike, each after all the others; scatters less than a single night does."""
    held = list(plans)[-_LAST:]
    return _told(problem, [(plan, held[i + 1 :] + held[:i]) for i, plan in enumerate(held)])


def _told(problem: SpacingProblem, guessed: Sequence[tuple[SpacedPlan, list[SpacedPlan]]]) -> Regularity:
    """Guess each plan after its nights, of which all have as many, and add up the hits."""
    points = watched_points(problem)
    shown = [presence(problem, plan)[points] for plan, _ in guessed]
    n, cells = min((len(nights) for _, nights in guessed), default=0), sum(int(seen.size) for seen in shown)
    if n < LEAST_NIGHTS or not any(seen.any() for seen in shown):
        return Regularity(level=None, hit_ratio=None, interval=None, bits=None, n=n, cells=cells)
    hits: list[list[Floats]] = [[], []]
    chance, loss, groups = [], [], []
    for number, ((plan, nights), tonight) in enumerate(zip(guessed, shown, strict=True)):
        past = presences(problem, nights)[:, points]
        for way, score in enumerate((frequency, logistic)):
            right, _, blind = night(tonight, score(past, tonight), seed=number)
            hits[way].append(right)
        chance.append(blind)
        counts = past.astype(np.float64)
        share = np.clip((counts.sum(axis=0) + counts.mean(axis=(0, 2))[:, None]) / (len(past) + 1), 1e-3, 1 - 1e-3)
        loss.append(-np.where(tonight, np.log2(share), np.log2(1 - share)).mean())
        groups.append(_groups(problem, plan, points))
    blind_hits = np.concatenate(chance)
    best = max((np.concatenate(way) for way in hits), key=lambda found: float(found.sum()))
    ratio = float(best.sum() / blind_hits.sum())
    level: Level = "high" if ratio >= HIGH_FROM else "middle" if ratio >= MIDDLE_FROM else "low"
    half = _half_width(groups, best - ratio * blind_hits, float(blind_hits.sum()))
    return Regularity(
        level=level, hit_ratio=ratio, bits=float(np.mean(loss)), n=n, cells=cells,
        interval=None if half is None else (ratio - half, ratio + half),
    )  # fmt: skip


def _groups(problem: SpacingProblem, plan: SpacedPlan, points: Ints) -> Ints:
    """Return the round of each point, -1 for none: points that share units are one guess."""
    owner = {int(p): n for n, s in enumerate(strands(problem, plan)) for i in s.routes for p in plan.routes[i].points}
    return np.array([owner.get(int(p), -1) for p in points])


def _half_width(groups: Sequence[Ints], rest: Floats, blind: float) -> float | None:
    """Return half of the 95 % interval of a ratio whose residuals at the points of each night are ``rest``."""
    at = 0
    sums: list[float] = []
    for group in groups:
        mine = rest[at : at + len(group)]
        at += len(group)
        sums += [float(mine[group == g].sum()) for g in np.unique(group[group >= 0])]
    if len(sums) < 2:
        return None
    return float(student.ppf(0.975, len(sums) - 1) * (np.std(sums, ddof=1) * len(sums) ** 0.5) / blind)
