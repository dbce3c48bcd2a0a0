"""What of a problem cannot be done whatever the plan; the rest is planned all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.problem import SpacingProblem

What = Literal["post", "point", "appointment", "optional", "minutes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that cannot be done: its key, and the sentence that says so in two languages."""

    what: What
    key: str
    en: str
    zh: str


def faults(problem: SpacingProblem) -> tuple[Fault, ...]:
    """Return what cannot be done, posts first: cut off places, late appointments, kinds with more to dwell than minutes."""
    out, home = _ways(problem)
    found: list[Fault] = []
    used = {v.start_post for i, v in enumerate(problem.vehicles) if problem.may_go(i)}
    for post in sorted(used):
        kinds = [
            problem.kind_of(i) for i, v in enumerate(problem.vehicles) if v.start_post == post and problem.may_go(i)
        ]
        ways = problem.seconds[kinds, post, problem.posts :]
        if not (ways < NO_WAY).any():
            key = problem.post_keys[post]
            found.append(
                Fault(
                    what="post", key=key,
                    en=f"Post {key} cannot be left for any point: check its place and closed streets; its units stay in",
                    zh=f"屯警点 {key} 无法通往任何必巡点，请核对位置与封闭道路；其巡组不出巡",
                )
            )  # fmt: skip
    usable = out & home & problem.eligible
    for point in np.flatnonzero(problem.on_rounds & ~usable.any(axis=1)).tolist():
        key = problem.point_keys[point]
        found.append(
            Fault(
                what="point", key=key,
                en=f"No unit on shift can reach {key} and come back: check its kinds and closed streets; it is left out",
                zh=f"当班巡组无法往返必巡点 {key}，请核对到访类型与封闭道路；该点未安排",
            )
        )  # fmt: skip
    return (*found, *_late(problem, out & home), *_minutes(problem, usable))


def _ways(problem: SpacingProblem) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return bool[p, kinds] twice: whether a unit that may go can reach a point, and come home from it."""
    out = np.zeros((problem.points, len(problem.kinds)), np.bool_)
    home = out.copy()
    for number, vehicle in enumerate(problem.vehicles):
        if problem.may_go(number) and vehicle.available:
            kind = problem.kind_of(number)
            legs = problem.seconds[kind]
            out[:, kind] |= legs[vehicle.start_post, problem.posts :] < NO_WAY
            home[:, kind] |= legs[problem.posts :, vehicle.end_post] < NO_WAY
    return out, home


def _late(problem: SpacingProblem, reached: npt.NDArray[np.bool_]) -> list[Fault]:
    found: list[Fault] = []
    asked: list[tuple[What, str, int, int, int, tuple[str, ...]]] = [
        *(("appointment", a.key, a.point, a.latest, a.units, a.kinds) for a in problem.appointments),
        *(("optional", o.key, o.point, o.latest, 1, o.kinds) for o in problem.optional),
    ]
    for what, key, point, latest, units, kinds in asked:
        able = 0
        for number, vehicle in enumerate(problem.vehicles):
            kind = problem.kind_of(number)
            if vehicle.kind in kinds and problem.may_go(number) and reached[point, kind]:
                able += vehicle.available * int(
                    problem.seconds[kind, vehicle.start_post, problem.posts + point] <= latest
                )
        if able < units:
            found.append(
                Fault(
                    what=what, key=key,
                    en=f"{key} asks for {units} units, and only {able} can be there in time; it is not kept",
                    zh=f"{key} 需 {units} 个巡组按时到场，仅 {able} 个可达；不予安排",
                )
            )  # fmt: skip
    return found


def _minutes(problem: SpacingProblem, usable: npt.NDArray[np.bool_]) -> list[Fault]:
    """Name the kinds whose points ask for more dwell than their units have time."""
    only = problem.on_rounds & (usable.sum(axis=1) == 1)
    # A gap that does not divide the shift may need no visit in the part that is left over.
    visits = (problem.shift_seconds // np.maximum(problem.gap, 1)).astype(np.int64)
    found: list[Fault] = []
    for kind, name in enumerate(problem.kinds):
        mine = only & usable[:, kind]
        asked = int((visits * problem.dwell)[mine].sum())
        units = sum(v.available for i, v in enumerate(problem.vehicles) if v.kind == name and problem.may_go(i))
        if asked > units * problem.shift_seconds:
            need = -(-asked // problem.shift_seconds)
            found.append(
                Fault(
                    what="minutes", key=name,
                    en=f"Points for {name} ask for more gaps than there are minutes: {need} units for dwell alone, {units} on "
                    "shift; the least by priority is left out",
                    zh=f"{name} 类必巡点的间隔要求超过可用时间：仅驻守就需 {need} 个巡组，当班 {units} 个；优先级最低者未安排",
                )
            )  # fmt: skip
    return found
