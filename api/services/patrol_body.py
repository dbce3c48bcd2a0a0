"""A patrol plan as it is kept: what was asked, what was found, how good it is proved to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from api.services.patrol_ground import Ground
from api.services.patrol_points import crew_points, mean_gap_minutes, refused_points, video_points
from api.services.patrol_routes import Body, Locked, crew_route, video_route, visits_of
from api.services.patrol_settings import LEVEL_NAMES
from api.services.patrol_timetable import to_json
from api.services.patrol_told import breaks_told, optional_told, roads_told
from api.services.patrol_words import Notes, left_out_reasons, sentence, tightest
from geo.store.port import Json
from planners.patrol.mend.timetable import Lock
from planners.patrol.spacing.gap_bound import least_gap_share, units_by_kind, worst_gap_share
from planners.patrol.spacing.plan import SpacedPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How a plan was found, and what is proved about it; ``units`` is the least number of crews."""

    objective: float
    bound: float | None
    units: int | None
    termination: str
    seconds: float
    seed: int
    solver: str

    @property
    def gap(self) -> float | None:
        """Relative gap to the bound."""
        if self.bound is None:
            return None
        return max(0.0, self.objective - self.bound) / max(abs(self.objective), 1e-9)

    @property
    def proved(self) -> bool:
        """Whether no plan needs fewer crews."""
        return self.gap is not None and self.gap <= 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A timetable and what is known of it."""

    plan: SpacedPlan
    video: SpacedPlan | None
    proof: Proof
    locks: frozenset[Lock] = frozenset()
    edited: bool = False
    extra: Mapping[str, Json] = field(default_factory=dict)
    notes: Sequence[Mapping[str, Json]] = ()


def body_of(ground: Ground, made: Made, *, before: Mapping[str, Json] | None = None) -> Body:
    """Return the body of a plan; routes that ``before`` tells alike are taken from it."""
    plan, proof, terms = made.plan, made.proof, ground.terms
    locks = sorted((lock.unit, ground.crews.place_key(lock.point), lock.begin) for lock in made.locks)
    visits = visits_of(ground.crews, plan.routes)
    routes = _routes(ground, made, frozenset(locks), before)
    away = away_spans(cast("Sequence[Mapping[str, Json]]", made.extra.get("events") or ()), terms.shift.end.isoformat())
    for route in routes:
        route["away"] = cast("Json", away.get(str(route["unit_id"]), []))
    points = crew_points(ground, plan, visits, left_out_reasons(ground, plan))
    operators = 0
    if ground.video is not None and made.video is not None:
        told = _watched(ground, before)
        if told is None:
            seen = visits_of(ground.video, made.video.routes)
            told = (
                [video_route(ground, route, seen) for route in made.video.routes],
                video_points(ground, made.video, seen),
            )
        routes, points = routes + told[0], points + told[1]
        operators = made.video.units_used
    points += refused_points(ground)
    crews = [route for route in routes if route["kind"] != "video"]
    worst = max(
        (p for p in points if p["worst_gap_minutes"] is not None and p["kind"] != "video"),
        key=lambda p: cast("float", p["worst_gap_minutes"]), default=None,
    )  # fmt: skip
    shift, name = terms.shift, LEVEL_NAMES[ground.question.level]
    notes = Notes.of(ground, plan)
    unvisited = [
        {"point_id": p["point_id"], "name": p["name"], "why": p["reason_zh"], "why_en": p["reason_en"]}
        for p in points
        if p["left_out"]
    ]
    body: Body = {
        "kind": "patrol",
        "title": f"{shift.name} {shift.start:%m-%d} · {len(crews)} 组",
        "title_en": f"{shift.name} {shift.start:%m-%d} · {len(crews)} units",
        "edited": made.edited,
        "shift": {"id": shift.shift_id, "name": shift.name, "start": shift.start.isoformat(), "end": shift.end.isoformat()},
        "level": ground.question.level, "level_name_zh": name[0], "level_name_en": name[1],
        "day": cast("Json", terms.day.model_dump(mode="json")),
        "question": cast("Json", ground.question.model_dump(mode="json", by_alias=True)),
        "terms": cast("Json", terms.to_json()),
        "units_used": len(crews), "units_available": ground.crews.units, "operators_used": operators,
        "lower_bound_units": proof.units,
        "objective": proof.objective,
        "objective_zh": "巡组数，另加未安排必巡点的优先级罚分", "objective_en": "units, plus the price of points left out",
        "bound": proof.bound, "gap": proof.gap, "proved": proof.proved, "termination": proof.termination,
        "seconds": proof.seconds, "seed": proof.seed, "solver": proof.solver,
        "visits_made": sum(len(v) for v in visits.values()) + sum(int((r.appointment >= 0).sum()) for r in plan.routes),
        "metres": round(sum(cast("float", route["metres"]) for route in crews), 1),
        "mean_gap_minutes": mean_gap_minutes([p for p in points if p["kind"] != "video"]),
        "worst_gap_minutes": None if worst is None else worst["worst_gap_minutes"],
        "worst_gap_point": None if worst is None else worst["name"],
        **_tightest(ground, made),
        "binding_zh": notes.binding[0], "binding_en": notes.binding[1], "one_more_unit": None,
        "speeds": {"hour": terms.speed_hour, "factor": terms.speed_factor, "note_zh": notes.speed[0], "note_en": notes.speed[1]},
        "closures": cast("Json", notes.closures),
        "notes": [*cast("list[Json]", notes.rows), *cast("Sequence[Json]", made.notes)],
        "broken": cast("Json", _broken(ground, plan)), "breaks": cast("Json", breaks_told(ground, plan)),
        "optional": optional_told(ground, plan), "lines": cast("Json", roads_told(ground, plan, visits)),
        "points": cast("Json", points), "unvisited": cast("Json", unvisited), "routes": cast("Json", routes),
        "bound_note_zh": None, "bound_note_en": None, "planned_bound_units": None, "cover": None, "regularity": None, "issue": None, "issues": [],
        "timetable": to_json(ground.crews, plan), "locks": cast("Json", locks), "kept_notes": list(made.notes),
        "video_timetable": None if ground.video is None or made.video is None else to_json(ground.video, made.video),
        **made.extra,
    }  # fmt: skip
    zh, en = sentence(body)
    return body | {"sentence_zh": zh, "sentence_en": en}


def _tightest(ground: Ground, made: Made) -> Body:
    """Return the largest share of what its point allows that a gap takes, and what is proved about it where the times of the day still hold."""
    problem, plan = ground.crews, made.plan
    share = worst_gap_share(problem, plan)
    least = None
    if made.proof.units is not None:
        least = least_gap_share(problem, units_by_kind(problem, plan), left_out=plan.left_out)
    bound = None if least is None else least.share
    zh, en = tightest(share, bound)
    return {"worst_gap_share": share, "worst_gap_share_bound": bound, "tightest_zh": zh, "tightest_en": en}


def away_spans(events: Sequence[Mapping[str, Json]], end: str) -> dict[str, list[list[str]]]:
    """Return from when until when units were away (脱岗), by unit; one that is not back yet until the end of the shift."""
    spans: dict[str, list[list[str]]] = {}
    for event in events:
        mine = spans.setdefault(str(event["unit_id"]), [])
        if event["kind"] == "away":
            mine.append([str(event["at"]), end])
        elif event["kind"] == "back" and mine:
            mine[-1][1] = str(event["at"])
    return {unit: found for unit, found in spans.items() if found}


def _routes(ground: Ground, made: Made, locked: Locked, before: Mapping[str, Json] | None) -> list[Body]:
    visits = visits_of(ground.crews, made.plan.routes)
    kept = cast("Sequence[Mapping[str, Json]]", before["routes"]) if before is not None else ()
    held = {str(route["unit_id"]): route for route in kept}
    units = [ground.crews.unit_key(route.vehicle, route.unit) for route in made.plan.routes]
    return sorted(
        (
            crew_route(ground, route, visits, locked, before=held.get(unit))
            for unit, route in zip(units, made.plan.routes, strict=True)
        ),
        key=lambda r: str(r["unit_id"]),
    )


def _watched(ground: Ground, before: Mapping[str, Json] | None) -> tuple[list[Body], list[Body]] | None:
    """Return the rounds of the operators and their points as the version before tells them; no edit changes them."""
    if before is None or ground.video is None:
        return None
    seen = set(ground.video.point_keys)
    routes = [dict(r) for r in cast("Sequence[Mapping[str, Json]]", before["routes"]) if r["kind"] == "video"]
    points = [dict(p) for p in cast("Sequence[Mapping[str, Json]]", before["points"]) if p["point_id"] in seen]
    return (routes, points) if routes else None


def _broken(ground: Ground, plan: SpacedPlan) -> list[Body]:
    """Return the points whose gaps are not kept, each with its worst gap in words."""
    rows: list[Body] = []
    for point in sorted({gap.point for gap in plan.broken}):
        worst = max((gap for gap in plan.broken if gap.point == point), key=lambda gap: (gap.over > 0, abs(gap.over)))
        name = ground.name_of(point)
        zh, en = _long(abs(worst.over))
        late = worst.over > 0
        rows.append(
            {
                "point_id": ground.crews.point_keys[point], "name": name,
                "minutes_over": round(max(0, worst.over) / 60, 1),
                "zh": f"{name} 超过到点间隔 {zh}" if late else f"{name} 两次到点过近，相差 {zh}",
                "en": f"{name} is {en} over its gap" if late else f"{name} is visited again {en} too soon",
            }
        )  # fmt: skip
    return rows


def _long(seconds: int) -> tuple[str, str]:
    return (f"{seconds} 秒", f"{seconds} s") if seconds < 60 else (f"{seconds / 60:.0f} 分", f"{seconds / 60:.0f} min")
