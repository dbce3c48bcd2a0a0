"""A patrol plan against what positions show: by point and as a whole, whoever came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

import numpy as np
import shapely

from api.schemas.presence import AgainstPlan, PointKept, VisitShown
from api.services.duties_heard import heard_positions
from api.services.features import parse_instant
from api.services.presence import shown
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.presence.legs import Sight
from geo.presence.planned import STATUSES, Status, Visits, against_plan
from geo.presence.rates import NOT_SEEN, SEEN, UNKNOWN, rate_of
from geo.presence.seen import presence
from geo.store.port import Json, PlanRecord, Principal

NAMES: Final[Mapping[Status, tuple[str, str]]] = {
    "kept": ("按时", "kept"), "late": ("迟到", "late"), "not_seen": ("未见", "not seen"), "unknown": ("无法判断", "unknown"),
    "to_come": ("未到时间", "to come"),
}  # fmt: skip
_STATE: Final = np.array(
    [{"kept": SEEN, "unknown": UNKNOWN, "to_come": -2}.get(s, NOT_SEEN) for s in STATUSES], np.int8
)


def plan_kept(
    workspace: Workspace,
    principal: Principal,
    plan_id: str,
    *,
    tolerance_minutes: float = 5.0,
    sight: Sight | None = None,
) -> AgainstPlan:
    """Return what became of the visits of a patrol plan until now; a plan of another kind raises ``ParameterError``."""
    record = workspace.store.plan(principal, plan_id)
    stops = _stops(record)
    asked = sight or Sight()
    now = workspace.clock.now()
    shift = cast("Mapping[str, str]", record.body["shift"])
    start, end = parse_instant(shift["start"]), parse_instant(shift["end"])
    frame = workspace.points(principal).frame.set_index("point_id")
    stops = [stop for stop in stops if stop[0] in frame.index]
    names = sorted({stop[0] for stop in stops})
    row = {name: k for k, name in enumerate(names)}
    lonlat = shapely.get_coordinates(np.asarray(frame.loc[names].geometry.array)) if names else np.zeros((0, 2))
    known = heard_positions(workspace, principal, start, end, asked)
    made = presence(
        known.positions,
        lonlat,
        start=start.timestamp(),
        end=min(end, max(now, start)).timestamp() + 1.0,
        duties=known.duties,
        sight=asked,
    )
    visits = Visits(
        place=np.array([row[stop[0]] for stop in stops], np.int64),
        begin=np.array([stop[1].timestamp() for stop in stops], np.float64),
        dwell=np.array([stop[2] for stop in stops], np.float64),
    )
    kept = against_plan(
        made,
        visits,
        tolerance_seconds=60.0 * tolerance_minutes,
        late_seconds=max(1800.0, 60.0 * tolerance_minutes),
        now=now.timestamp(),
    )
    status = [STATUSES[k] for k in kept.status.tolist()]
    groups = np.full((max(len(names), 1), max(len(stops), 1)), -2, np.int8)
    groups[visits.place, np.arange(len(stops))] = _STATE[kept.status]
    told = [str(frame.loc[name, "name"]) for name in names]
    rate = shown(rate_of(groups))
    counts = {s: status.count(s) for s in STATUSES}
    return AgainstPlan(
        plan_id=plan_id, title=record.title, start=start, end=end, as_of=now, tolerance_minutes=tolerance_minutes,
        kept=rate, late=counts["late"], to_come=counts["to_come"],
        points=[_point(name, told[k], [s for s, p in zip(status, visits.place.tolist(), strict=True) if p == k]) for k, name in enumerate(names)],
        visits=[
            VisitShown(
                point_id=stop[0], name=told[row[stop[0]]], planned=stop[1], status=status[i],
                seen_minutes=round(float(kept.seen_seconds[i]) / 60.0, 1),
                late_minutes=None if np.isnan(kept.late_seconds[i]) else round(float(kept.late_seconds[i]) / 60.0, 1),
            )
            for i, stop in enumerate(stops)
        ],
        sentence_zh="；".join([f"计划到点 {len(stops)} 次", *(f"{zh} {counts[k]}" for k, (zh, _) in NAMES.items())]),
        sentence_en="; ".join([f"{len(stops)} planned visits", *(f"{counts[k]} {en}" for k, (_, en) in NAMES.items())]),
    )  # fmt: skip


def _stops(record: PlanRecord) -> list[tuple[str, datetime, float]]:
    """Return point, planned begin and dwell of every stop, in the order of time."""
    routes = cast("Sequence[Mapping[str, Json]] | None", record.body.get("routes"))
    if record.kind != "patrol" or routes is None or "shift" not in record.body:
        raise ParameterError(
            f"{record.plan_id} is no patrol plan: it has no visits to compare",
            f"{record.plan_id} 不是巡逻方案，没有可对照的到点",
        )
    out = []
    for route in routes:
        if route.get("kind") == "video":
            continue
        for stop in cast("Sequence[Mapping[str, Json]]", route["stops"]):
            if stop.get("point_id"):
                begin = parse_instant(str(stop.get("begin") or stop["arrive"]))
                out.append((str(stop["point_id"]), begin, float(cast("float", stop.get("dwell_seconds") or 0.0))))
    return sorted(out, key=lambda item: (item[1], item[0]))


def _point(point_id: str, name: str, found: list[str]) -> PointKept:
    return PointKept(
        point_id=point_id, name=name, planned=len(found), kept=found.count("kept"), late=found.count("late"),
        not_seen=found.count("not_seen"), unknown=found.count("unknown"), to_come=found.count("to_come"),
    )  # fmt: skip
