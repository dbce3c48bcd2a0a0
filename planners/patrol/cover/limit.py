"""The most that units can cover while they keep the visits of their points, wherever else they are: proved by linear programming."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import block_array, csr_array, eye_array, kron

from planners.patrol.cover.problem import CoverProblem
from planners.patrol.guess.presence import REMOTE
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]

_SPOTS = 40
"""Spots that are added at a time."""
_ROUNDS = 60
_CLOSE = 1e-5
"""Share of the calls to which the limit is found."""


def cover_limit(problem: SpacingProblem, cover: CoverProblem, units: int) -> float:
    """Return a proved bound above the mean cover of any plan of ``units`` units on the streets that keeps all gaps.

    Each point is dwelt at as often as its gap asks for at least; all other time of the units may be spent at any spot. With ``y_s``
    the unit-seconds at spot s and ``c_dp`` the seconds of period p in which demand d is covered,

    ``max sum_dp w_dp c_dp / |p|`` with ``sum_p c_dp <= sum_s reach_sd y_s``, ``c_dp <= |p|`` and ``sum_s y_s <= units * shift``.

    Spots are added by their reduced costs; where the rounds end early, the largest of these closes the gap of the bound.
    """
    shift, periods = problem.shift_seconds, len(cover.weights)
    starts = np.arange(periods) * cover.period_seconds
    long = np.clip(shift - starts, 0, cover.period_seconds).astype(np.float64)
    long[-1] = max(0.0, float(shift - starts[-1]))
    rate = np.where(long[:, None] > 0, cover.weights / np.maximum(long, 1.0)[:, None], 0.0)
    total = float(cover.weights[long > 0].sum())
    seen = [k for k, kind in enumerate(problem.kinds) if kind not in REMOTE]
    only = np.flatnonzero(
        problem.eligible[:, seen].any(axis=1) & ~np.delete(problem.eligible, seen, axis=1).any(axis=1)
    )
    stays = problem.dwell[only] * (problem.shift_seconds // problem.gap[only].astype(np.int64))
    held = np.bincount(cover.spot_of_place[problem.posts + only], weights=stays, minlength=len(cover.reach))
    free = max(0.0, float(units) * shift - float(held.sum()))
    demand, spots = cover.reach.shape[1], np.unique(cover.spot_of_place)
    added = kron(eye_array(demand), np.ones((1, periods)), format="csr")
    given = held @ cover.reach.astype(np.float64)
    value = dual = 0.0
    for _ in range(_ROUNDS):
        # Rows: the time in which a demand point is covered, then the time of the units.
        reach = csr_array(-cover.reach[spots].T.astype(np.float64))
        rows = block_array([[added, reach], [None, csr_array(np.ones((1, len(spots))))]], format="csr")
        most = np.concatenate([np.tile(long, demand), np.full(len(spots), np.inf)])
        price = np.concatenate([-rate.T.ravel(), np.zeros(len(spots))])
        bounds = np.column_stack([np.zeros(len(most)), most])
        solver: Any = linprog
        found = solver(price, A_ub=rows, b_ub=np.append(given, free), bounds=bounds, method="highs")
        prices = -found.ineqlin.marginals
        value = -float(found.fun)
        gain = cover.reach @ prices[:-1] - prices[-1]
        dual = value + max(0.0, float(gain.max())) * free
        if dual - value <= _CLOSE * total:
            break
        spots = np.union1d(spots, np.argsort(-gain)[:_SPOTS])
    return min(1.0, dual / total)
