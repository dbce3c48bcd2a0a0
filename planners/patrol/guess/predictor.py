"""A watcher who saw the last nights and names when a unit will be at each point tonight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d
from scipy.special import expit
from scipy.stats import t as student

from geo.errors import ParameterError

Seen = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

NIGHTS: Final = 14
"""Nights that the watcher saw, unless said otherwise."""
_RIDGE: Final = 5.0
_STEPS: Final = 6
_CELLS: Final = 8_000
_LEARNT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessed:
    """How well a watcher guesses, out of sample.

    Attributes
    ----------
    hit_rate : share of the named slots in which a unit was there
    chance : the same for slots named blindly, as many at each point as are right
    ratio : ``hit_rate / chance``
    interval : 95 % interval of the ratio over nights, None for fewer than two
    nights : nights guessed, none of which the watcher had seen
    named : slots named in all
    """

    hit_rate: float
    chance: float
    ratio: float
    interval: tuple[float, float] | None
    nights: int
    named: int


Score = Callable[[Seen, Seen], Floats]
"""From the nights seen bool[n, points, slots] and tonight (for a watcher who looks on, past slots only) to scores."""


def guess(seen: Seen, score: Score, *, nights: int = NIGHTS) -> Guessed:
    """Let a watcher guess each night after the first ``nights``, from the ``nights`` before it.

    ``seen`` is bool[n, points, slots]. At each point the watcher names as many slots as a unit will be there: those of the highest
    score, ties broken evenly.
    """
    if len(seen) <= nights or nights < 1:
        raise ParameterError(
            f"{nights} nights to watch and one to guess are needed, {len(seen)} are given",
            f"需要 {nights} 个观察夜和至少 1 个预测夜，现有 {len(seen)} 个",
        )
    rows = [
        [float(part.sum()) for part in night(seen[t], score(seen[t - nights : t], seen[t]), seed=t)]
        for t in range(nights, len(seen))
    ]
    hits, named, blind = np.array(rows, np.float64).T
    if named.sum() == 0:
        raise ParameterError("No unit is at any point on the nights to guess", "预测夜没有任何到点")
    ratio = hits.sum() / blind.sum()
    interval = None
    if len(rows) > 1:
        # Nights are drawn on their own: the error of a ratio of means from their residuals.
        spread = float(np.std(hits - ratio * blind, ddof=1)) / (float(blind.mean()) * len(rows) ** 0.5)
        half = float(student.ppf(0.975, len(rows) - 1)) * spread
        interval = (float(ratio) - half, float(ratio) + half)
    return Guessed(
        hit_rate=float(hits.sum() / named.sum()), chance=float(blind.sum() / named.sum()), ratio=float(ratio),
        interval=interval, nights=len(rows), named=int(named.sum()),
    )  # fmt: skip


def night(tonight: Seen, score: Floats, *, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Return hits, slots named, and hits by chance at each point of one night, float64[points] each."""
    slots = tonight.shape[1]
    counts = tonight.sum(axis=1)
    # Ties must not be broken by time: the early slots are empty while units are on the way.
    shuffle = np.random.default_rng(seed).random(score.shape)
    rank = np.lexsort((shuffle, -score), axis=1)
    named = np.zeros_like(tonight)
    np.put_along_axis(named, rank, np.arange(slots)[None, :] < counts[:, None], axis=1)
    held = counts.astype(np.float64)
    return (named & tonight).sum(axis=1).astype(np.float64), held, held**2 / slots


def frequency(seen: Seen, _tonight: Seen) -> Floats:
    """Score by how often a unit was there in that slot and those beside it."""
    return np.asarray(
        uniform_filter1d(seen.mean(axis=0), 3, axis=1, mode="nearest") + 0.5 * seen.mean(axis=0), np.float64
    )


def logistic(seen: Seen, _tonight: Seen) -> Floats:
    """Score by logistic regression on frequency, the slots beside, the last nights, a week ago, and the time since the last visit.

    It learns on the last nights of the later half of those seen, each from the nights before it.
    """
    n = len(seen)
    first = max(1, n // 2, n - _LEARNT)
    if first >= n:
        return frequency(seen, seen[-1])
    rng, x, y = np.random.default_rng(n), [], []
    for t in range(first, n):
        features, there = _features(seen[:t]), seen[t].ravel()
        picked = rng.permutation(len(there))[:_CELLS]
        x.append(features.reshape(len(there), -1)[picked])
        y.append(there[picked].astype(np.float64))
    weights = fitted(np.concatenate(x), np.concatenate(y))
    return np.asarray(_features(seen) @ weights, np.float64)


def fitted(x: Floats, y: Floats) -> Floats:
    """Return the weights of a logistic regression with a small ridge, by Newton's steps."""
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = expit(np.clip(x @ weights, -30, 30))
        slope = x.T @ (y - p) - _RIDGE * weights
        bend = (x * (p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
        weights = weights + np.linalg.solve(bend, slope)
    return np.asarray(weights, np.float64)


def _features(seen: Seen) -> Floats:
    """Return float64[points, slots, 10] for the night after those seen."""
    held = seen.astype(np.float64)
    n, points, slots = held.shape
    mean = held.mean(axis=(0, 2), keepdims=True)[0]
    often = (held.sum(axis=0) + 4 * mean) / (n + 4)
    beside = uniform_filter1d(often, 3, axis=1, mode="nearest")
    everywhere = np.broadcast_to(held.mean(axis=(0, 1))[None, :], (points, slots))
    last = held[-1]
    near = uniform_filter1d(last, 3, axis=1, mode="nearest")
    before = held[-2] if n > 1 else last
    week = held[-7] if n > 6 else before
    # Slots since the last visit of the night before, as if this shift followed at once, against the usual time between visits.
    final = slots - 1 - last[:, ::-1].argmax(axis=1)
    since = (slots - 1 - final)[:, None] + np.arange(slots)[None, :]
    begun = np.maximum(1.0, (np.diff(last, axis=1) > 0).sum(axis=1))[:, None]
    angle = 2 * np.pi * since * begun / slots
    return np.stack(
        [np.ones_like(often), _logit(often), _logit(beside), _logit(everywhere), last, near, before, week,
         np.cos(angle), np.sin(angle)],
        axis=-1,
    )  # fmt: skip


def _logit(share: Floats) -> Floats:
    held = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(held / (1 - held)), np.float64)


def onlooker(seen: Seen, tonight: Seen) -> Floats:
    """Score by how often a unit was there so many slots after the last visit ended; it sees tonight up to the slot before.

    No timetable hides from this watcher what the gap itself promises: the score says what that is worth.
    """
    slots = seen.shape[2]
    times = np.concatenate([_elapsed(night) for night in seen])
    there = np.concatenate(list(seen))
    hits = np.bincount(times[there], minlength=slots + 2)
    total = np.bincount(times.ravel(), minlength=slots + 2)
    rate = (hits + there.mean()) / (total + 1.0)
    return np.asarray(rate[_elapsed(tonight)], np.float64)


def _elapsed(night: Seen) -> npt.NDArray[np.int64]:
    """Return slots since a unit was last there, counted before the slot; ``slots + 1`` where none was yet."""
    points, slots = night.shape
    out = np.full((points, slots), slots + 1, np.int64)
    last = np.full(points, -1, np.int64)
    for t in range(slots):
        known = last >= 0
        out[known, t] = t - last[known]
        last[night[:, t]] = t
    return out
