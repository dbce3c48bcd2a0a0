"""Timetables as plain values: exact, by keys, so that a kept plan can be edited after a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from api.services.patrol_routes import Body
from geo.errors import ConflictError
from geo.store.port import Json
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.plan import BrokenGap, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Held = Mapping[str, Json]


def to_json(problem: SpacingProblem, plan: SpacedPlan) -> Body:
    """Return a plan, and what events have made of its problem, as plain values."""
    names = _Names.of(problem)
    return {
        "routes": [names.route(route) for route in plan.routes],
        "left_out": [problem.point_keys[p] for p in plan.left_out],
        "missed": [problem.appointments[t].key for t in plan.missed],
        "unrested": [[problem.breaks[n].key, unit] for n, unit in plan.unrested],
        "unpinned": list(plan.unpinned),
        "broken": [[problem.point_keys[g.point], g.before, g.after, g.over] for g in plan.broken],
        "starts": [
            {
                "unit": s.unit, "place": names.place(s.place - problem.posts), "free": s.free,
                "done": None if s.done is None else names.route(s.done),
            }
            for s in problem.starts
        ],
        "since": {key: int(n) for key, n in zip(problem.point_keys, problem.since, strict=True) if n},
    }  # fmt: skip


def from_json(problem: SpacingProblem, held: Held) -> tuple[SpacingProblem, SpacedPlan]:
    """Return the problem as events left it, and the plan; names that are gone since raise ``ConflictError``."""
    names = _Names.of(problem)
    try:
        starts = tuple(
            Start(
                unit=str(s["unit"]), place=names.index(str(s["place"])) + problem.posts, free=_whole(s["free"]),
                done=None if s["done"] is None else names.read(cast("Held", s["done"])),
            )
            for s in _rows(held, "starts")
        )  # fmt: skip
        since = cast("Mapping[str, int]", held["since"])
        missed = {item.key: n for n, item in enumerate(problem.appointments)}
        breaks = {item.key: n for n, item in enumerate(problem.breaks)}
        points = {key: n for n, key in enumerate(problem.point_keys)}
        plan = SpacedPlan(
            routes=tuple(names.read(route) for route in _rows(held, "routes")),
            left_out=tuple(sorted(points[str(key)] for key in _list(held, "left_out"))),
            missed=tuple(sorted(missed[str(key)] for key in _list(held, "missed"))),
            unrested=tuple(
                sorted((breaks[str(k)], str(u)) for k, u in cast("Sequence[Sequence[Json]]", _list(held, "unrested")))
            ),
            unpinned=tuple(_whole(n) for n in _list(held, "unpinned")),
            broken=tuple(
                sorted(
                    BrokenGap(point=points[str(k)], before=_whole(b), after=_whole(a), over=_whole(o))
                    for k, b, a, o in cast("Sequence[Sequence[Json]]", _list(held, "broken"))
                )
            ),
        )
    except KeyError as gone:
        name = str(gone).strip("'").removeprefix("point:").removeprefix("post:")
        raise ConflictError(
            f"{name} of this plan is no longer on the shift: points or units were changed since; plan anew",
            f"方案中的 {name} 已不在本班次：必巡点或巡组已变更，请重新规划",
            rows=[name],
        ) from None
    kept = np.array([since.get(key, 0) for key in problem.point_keys], np.int32)
    return replace(problem, starts=starts, since=kept), plan


def _rows(held: Held, name: str) -> Sequence[Held]:
    return cast("Sequence[Held]", held[name])


def _list(held: Held, name: str) -> Sequence[Json]:
    return cast("Sequence[Json]", held[name])


def _whole(value: Json) -> int:
    return int(cast("int", value))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Names:
    """What indices of a problem are called."""

    problem: SpacingProblem
    units: Mapping[str, tuple[int, int]]
    places: Mapping[str, int]
    tasks: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, problem: SpacingProblem) -> _Names:
        places = {f"point:{key}": number for number, key in enumerate(problem.point_keys)}
        places |= {f"post:{key}": number - problem.posts for number, key in enumerate(problem.post_keys)}
        return cls(
            problem=problem,
            units={key: (v, n) for v, kind in enumerate(problem.vehicles) for n, key in enumerate(kind.unit_keys)},
            places=places,
            tasks={
                "appointment": {item.key: n for n, item in enumerate(problem.appointments)},
                "rest": {item.key: n for n, item in enumerate(problem.breaks)},
                "optional": {item.key: n for n, item in enumerate(problem.optional)},
            },
        )

    def place(self, point: int) -> str:
        return f"{'point' if point >= 0 else 'post'}:{self.problem.place_key(point)}"

    def index(self, place: str) -> int:
        return self.places[place]

    def route(self, route: SpacedRoute) -> Body:
        problem = self.problem
        lists = {"appointment": problem.appointments, "rest": problem.breaks, "optional": problem.optional}
        return {
            "unit": problem.unit_key(route.vehicle, route.unit),
            "at": [self.place(p) for p in route.points.tolist()],
            **{
                name: [None if n < 0 else items[n].key for n in getattr(route, name).tolist()]
                for name, items in lists.items()
            },
            "arrival": route.arrival.tolist(), "begin": route.begin.tolist(), "departure": route.departure.tolist(),
            "leave": route.leave, "back": route.back,
        }  # fmt: skip

    def read(self, held: Held) -> SpacedRoute:
        vehicle, unit = self.units[str(held["unit"])]
        tasks = {
            name: np.array([-1 if key is None else known[str(key)] for key in _list(held, name)], np.int32)
            for name, known in self.tasks.items()
        }
        times = {name: np.array(_list(held, name), np.int32) for name in ("arrival", "begin", "departure")}
        return SpacedRoute(
            vehicle=vehicle, unit=unit, points=np.array([self.index(str(p)) for p in _list(held, "at")], np.int32),
            appointment=tasks["appointment"], rest=tasks["rest"], optional=tasks["optional"], arrival=times["arrival"],
            begin=times["begin"], departure=times["departure"], leave=_whole(held["leave"]), back=_whole(held["back"]),
        )  # fmt: skip
