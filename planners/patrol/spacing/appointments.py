"""Visits at set times, kept by units that are not on the rounds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Appointment
from planners.patrol.spacing.cadence import timed_route
from planners.patrol.spacing.plan import SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Stop = tuple[int, int]
"""Index of the appointment and its begin."""


def kept(problem: SpacingProblem, routes: list[SpacedRoute]) -> tuple[list[SpacedRoute], tuple[int, ...]]:
    """Add routes for the appointments; return all routes and the appointments that no free unit can keep.

    Appointments are taken by their latest begin. Each is appended where a unit that is out already is in time, else a new unit
    from the nearest post is sent; units of one appointment begin when the last of them is there.
    """
    taken = {(r.vehicle, r.unit) for r in routes}
    out: dict[tuple[int, int], list[Stop]] = {}
    missed: list[int] = []
    order = sorted(
        range(len(problem.appointments)), key=lambda t: (problem.appointments[t].latest, problem.appointments[t].key)
    )
    for task in order:
        item = problem.appointments[task]
        choices = sorted(_choices(problem, item, taken, out))[: item.units]
        if len(choices) < item.units:
            missed.append(task)
            continue
        begin = max([item.earliest, *(when for _, when, _ in choices)])
        if any(_back(problem, unit, item, begin) > problem.shift_seconds for *_, unit in choices):
            missed.append(task)
            continue
        for *_, unit in choices:
            out.setdefault(unit, []).append((task, begin))
    made = [_route(problem, unit, stops) for unit, stops in out.items()]
    return sorted([*routes, *made], key=lambda r: (r.vehicle, r.unit)), tuple(sorted(missed))


def _choices(
    problem: SpacingProblem, item: Appointment, taken: set[tuple[int, int]], out: dict[tuple[int, int], list[Stop]]
) -> list[tuple[int, int, tuple[int, int]]]:
    """Return (1 for a new unit, earliest arrival, unit) of all units that are in time; one new unit a post is enough."""
    found = []
    place = problem.posts + item.point
    for number, vehicle in enumerate(problem.vehicles):
        if vehicle.kind not in item.kinds or not problem.may_go(number):
            continue
        legs = problem.seconds[problem.kind_of(number)]
        for unit in range(vehicle.available):
            if (number, unit) in taken:
                continue
            stops = out.get((number, unit))
            here, free = vehicle.start_post, 0
            if stops:
                last, begun = stops[-1]
                here = problem.posts + problem.appointments[last].point
                free = begun + problem.appointments[last].dwell
            leg = int(legs[here, place])
            if leg < NO_WAY and free + leg <= item.latest and int(legs[place, vehicle.end_post]) < NO_WAY:
                found.append((0 if stops else 1, free + leg, (number, unit)))
    return found


def _back(problem: SpacingProblem, unit: tuple[int, int], item: Appointment, begin: int) -> int:
    legs = problem.seconds[problem.kind_of(unit[0])]
    return begin + item.dwell + int(legs[problem.posts + item.point, problem.vehicles[unit[0]].end_post])


def _route(problem: SpacingProblem, unit: tuple[int, int], stops: list[Stop]) -> SpacedRoute:
    vehicle = problem.vehicles[unit[0]]
    tasks = np.array([task for task, _ in stops], np.int64)
    points: npt.NDArray[np.int64] = np.array([problem.appointments[t].point for t in tasks], np.int64)
    return timed_route(
        problem, vehicle=unit[0], unit=unit[1], points=points, tasks=tasks,
        begins=np.array([begin for _, begin in stops], np.int64),
        legs=problem.seconds[problem.kind_of(unit[0])].astype(np.int64),
        start=vehicle.start_post, end=vehicle.end_post,
    )  # fmt: skip
