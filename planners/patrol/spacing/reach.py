"""Which kinds of units can keep the gap of a point at all, and why others cannot."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.manning import Fleet
from planners.patrol.spacing.problem import SpacingProblem

Hindrance = Literal["no_unit", "no_way", "too_far", "units"]

WHY: Final[dict[Hindrance, tuple[str, str]]] = {
    "no_unit": ("no unit of a kind that may go there is on shift", "本班次没有可前往的巡组类型"),
    "no_way": ("no street leads there and back", "没有可往返的道路"),
    "too_far": (
        "every post is so far that the first or last visit of the shift is late",
        "距各屯警点过远，首次或末次到点来不及",
    ),
    "units": ("there are too few units", "巡组不足"),
}


def reached(problem: SpacingProblem) -> tuple[npt.NDArray[np.bool_], dict[int, Hindrance]]:
    """Return bool[points, kinds], whether units of a kind can keep a gap, and the hindrance of points where none can."""
    asked = problem.on_rounds & ~problem.by_appointment
    usable = np.zeros((problem.points, len(problem.kinds)), np.bool_)
    manned, joined = np.zeros(problem.points, np.bool_), np.zeros(problem.points, np.bool_)
    for k in range(len(problem.kinds)):
        fleet = Fleet(problem, k)
        if not len(fleet):
            continue
        may = problem.eligible[:, k] & asked
        may[[ban.point for ban in problem.bans if ban.who == problem.kinds[k]]] = False
        legs = problem.seconds[k].astype(np.int64)
        out = legs[fleet.starts, problem.posts :].min(axis=0)
        home = legs[problem.posts :, fleet.homes].min(axis=1)
        way = (out < NO_WAY) & (home < NO_WAY)
        # The first visit must be in time, the last begins within one gap of the end, and a unit must be back from it.
        whole = (legs[fleet.starts, problem.posts :] + legs[problem.posts :, fleet.homes].T).min(axis=0) + problem.dwell
        soon = (
            (out <= problem.gap - problem.since)
            & (home + problem.dwell < problem.gap)
            & (whole <= problem.shift_seconds)
        )
        usable[:, k] = may & way & soon
        manned |= may
        joined |= may & way
    hindered: dict[int, Hindrance] = {}
    for point in np.flatnonzero(asked & ~usable.any(axis=1)).tolist():
        hindered[point] = "too_far" if joined[point] else "no_way" if manned[point] else "no_unit"
    return usable, hindered
