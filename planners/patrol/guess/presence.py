"""Where units are in each slot of a shift: what a watcher can see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

Seen = npt.NDArray[np.bool_]

SLOT_SECONDS: Final = 300
REMOTE: Final = ("video",)
"""Kinds of units that nobody at the point can see."""


def presence(problem: SpacingProblem, plan: SpacedPlan, *, slot_seconds: int = SLOT_SECONDS) -> Seen:
    """Return whether a unit stands at each point in the middle of each slot, bool[points, slots].

    Rounds, appointments and optional stops count alike; a slot begun by the end of the shift counts. Units of the kinds ``REMOTE`` are not seen.
    """
    if slot_seconds < 1 or slot_seconds > problem.shift_seconds:
        raise ParameterError(
            "A slot must last at least 1 second and no longer than the shift", "时间片至少 1 秒且不长于班次"
        )
    slots = -(-problem.shift_seconds // slot_seconds)
    out = np.zeros((problem.points, slots), np.bool_)
    half = slot_seconds / 2
    for route in plan.routes:
        if problem.vehicles[route.vehicle].kind in REMOTE:
            continue
        first = np.ceil((route.begin - half) / slot_seconds).astype(np.int64)
        last = np.ceil((route.departure - half) / slot_seconds).astype(np.int64)
        for point, low, high in zip(route.points.tolist(), first.tolist(), last.tolist(), strict=True):
            if point >= 0:
                out[point, max(0, low) : high] = True
    return out


def presences(problem: SpacingProblem, plans: Sequence[SpacedPlan], *, slot_seconds: int = SLOT_SECONDS) -> Seen:
    """Return the presence of several plans, bool[n, points, slots]."""
    if not plans:
        raise ParameterError("There is no plan to look at", "没有可供分析的方案")
    return np.stack([presence(problem, plan, slot_seconds=slot_seconds) for plan in plans])


def watched_points(problem: SpacingProblem) -> npt.NDArray[np.int64]:
    """Return the points that units on the streets may visit, rising."""
    seen = [k for k, kind in enumerate(problem.kinds) if kind not in REMOTE]
    at_set_times = [a.point for a in problem.appointments]
    return np.union1d(np.flatnonzero(problem.eligible[:, seen].any(axis=1)), np.array(at_set_times, np.int64))
