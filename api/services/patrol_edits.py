"""Edits of a kept patrol plan by hand: move, remove, insert, lock, restore; each answers with what changed only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, cast

from api.schemas.patrol import InsertStop, LockStops, MoveStop, RemoveStop, Restore
from api.services.patrol_kept import Kept
from api.services.patrol_names import named
from api.services.patrol_regularity import regular_now
from api.services.patrol_routes import Body
from api.services.patrol_tasks import issue_after
from api.services.patrol_versions import Step, body_at, keep_next, patrol_record, public, require_seen, version_of
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.store.port import Json, Principal
from planners.patrol.mend import edit
from planners.patrol.mend.edit import Edited, lock_of
from planners.patrol.mend.timetable import Lock

Held: TypeAlias = Mapping[str, Json]

BOUND: Final = ("lower_bound_units", "objective", "bound", "gap", "proved", "bound_note_zh", "bound_note_en")
"""What a body says of its bound, and why there is none."""
TOLERANCE = 300
"""A stop that is put at a time by hand may begin this many seconds from it, where nothing nearer fits."""


def move(workspace: Workspace, principal: Principal, plan_id: str, asked: MoveStop) -> Body:
    """Move a stop to another unit, another time, or both."""

    def made(kept: Kept) -> Edited:
        begin = None if asked.begin is None else kept.ground.terms.second(asked.begin)
        return _nearest(
            lambda tolerance: edit.move(
                kept.ground.crews, kept.plan, unit=asked.unit_id, index=asked.index, to=asked.to_unit_id, begin=begin,
                tolerance=tolerance, locks=kept.locks, soft=asked.soft,
            )
        )  # fmt: skip

    def words(kept: Kept) -> tuple[str, str]:
        stop = _stop_name(kept, asked.unit_id, asked.index)
        zh, en = f"{asked.unit_id} 的 {stop}", f"{stop} of {asked.unit_id}"
        if asked.to_unit_id not in (None, asked.unit_id):
            zh, en = f"{zh} 改派 {asked.to_unit_id}", f"{en} given to {asked.to_unit_id}"
        if asked.begin is not None:
            at = f"{asked.begin.astimezone(workspace.zone):%H:%M}"
            zh, en = f"{zh} 改到 {at}", f"{en} put at {at}"
        return zh, en

    return _edited(workspace, principal, plan_id, asked, made, "move", words)


def remove(workspace: Workspace, principal: Principal, plan_id: str, asked: RemoveStop) -> Body:
    """Take a stop out."""

    def made(kept: Kept) -> Edited:
        return edit.remove(
            kept.ground.crews, kept.plan, unit=asked.unit_id, index=asked.index, locks=kept.locks, soft=asked.soft
        )

    def words(kept: Kept) -> tuple[str, str]:
        stop = _stop_name(kept, asked.unit_id, asked.index)
        return f"删去 {asked.unit_id} 的 {stop}", f"took {stop} out of {asked.unit_id}"

    return _edited(workspace, principal, plan_id, asked, made, "remove", words)


def insert(workspace: Workspace, principal: Principal, plan_id: str, asked: InsertStop) -> Body:
    """Add a visit of a point."""

    def made(kept: Kept) -> Edited:
        keys = kept.ground.crews.point_keys
        if asked.point_id not in keys:
            raise NotFoundError(
                f"{asked.point_id} is not a point of this plan's crews", f"{asked.point_id} 不是本方案巡组的必巡点"
            )
        begin = None if asked.begin is None else kept.ground.terms.second(asked.begin)
        return _nearest(
            lambda tolerance: edit.insert(
                kept.ground.crews, kept.plan, point=keys.index(asked.point_id), to=asked.to_unit_id, begin=begin,
                tolerance=tolerance, locks=kept.locks, soft=asked.soft,
            )
        )  # fmt: skip

    words = (f"{asked.to_unit_id} 增加 {asked.point_id}", f"added {asked.point_id} to {asked.to_unit_id}")
    return _edited(workspace, principal, plan_id, asked, made, "insert", lambda _: words)


def _stop_name(kept: Kept, unit: str, index: int) -> str:
    """Return the key of the place of a stop, which ``named`` turns into its name."""
    problem = kept.ground.crews
    for route in kept.plan.routes:
        if problem.unit_key(route.vehicle, route.unit) == unit and index < len(route.points):
            return problem.place_key(int(route.points[index]))
    return f"#{index + 1}"


def lock(workspace: Workspace, principal: Principal, plan_id: str, asked: LockStops, *, on: bool) -> Body:
    """Lock stops, so that their unit and time stay, or unlock them; without an index all stops of a unit."""
    began = time.perf_counter()
    kept = Kept.open(workspace, principal, plan_id, seen=asked.version)
    problem = kept.ground.crews
    picked: set[Lock] = set()
    for stop in asked.stops:
        count = [len(r.points) for r in kept.plan.routes if problem.unit_key(r.vehicle, r.unit) == stop.unit_id]
        if not count:
            name = kept.ground.units.names.get(stop.unit_id, stop.unit_id)
            raise InputError(f"{name} has no route in this plan", f"本方案没有{name}的路线", rows=[stop.unit_id])
        for index in range(count[0]) if stop.index is None else [stop.index]:
            picked.add(lock_of(problem, kept.plan, unit=stop.unit_id, index=index))
    locks = kept.locks | picked if on else kept.locks - picked
    before = kept.record.body
    body = kept.body(kept.plan, locks=locks, termination=str(before["termination"]))
    body["edited"] = before["edited"]
    zh, en = (
        (f"锁定 {len(picked)} 个停留", f"locked {len(picked)} stops")
        if on
        else (f"解锁 {len(picked)} 个停留", f"unlocked {len(picked)} stops")
    )
    version = kept.keep(workspace, principal, body, Step(action="lock" if on else "unlock", zh=zh, en=en))
    changed = sorted({stop.unit_id for stop in asked.stops})
    return answer(before, body, plan_id, version, changed=changed, words=(zh, en), began=began)


def restore(workspace: Workspace, principal: Principal, plan_id: str, asked: Restore) -> Body:
    """Make the content of an older version the newest one; nothing is lost, this can be undone alike."""
    began = time.perf_counter()
    record = patrol_record(workspace, principal, plan_id)
    require_seen(workspace, record, asked.version)
    before = record.body
    old = dict(body_at(workspace, principal, plan_id, asked.to))
    body: Body = old | {"issues": before.get("issues") or [], "issue": issue_after(before.get("issue"), old)}
    words = (f"恢复第 {asked.to} 版", f"restored version {asked.to}")
    step = Step(action="restore", zh=words[0], en=words[1])
    version = keep_next(workspace, principal, plan_id, body, seen=asked.version, step=step)
    return answer(before, body, plan_id, version, changed=differing(before, body), words=words, began=began)


def _nearest(make: Callable[[int], Edited]) -> Edited:
    """Return the edit at the very time, else at the nearest that fits within the tolerance."""
    try:
        return make(0)
    except InfeasibleError:
        return make(TOLERANCE)


def _edited(
    workspace: Workspace,
    principal: Principal,
    plan_id: str,
    asked: MoveStop | RemoveStop | InsertStop,
    make: Callable[[Kept], Edited],
    action: str,
    say: Callable[[Kept], tuple[str, str]],
) -> Body:
    began = time.perf_counter()
    kept = Kept.open(workspace, principal, plan_id, seen=asked.version)
    before = kept.record.body
    try:
        made = make(kept)
    except (InfeasibleError, InputError) as refused:
        return _refused(kept, plan_id, refused, began)
    words = named(kept.ground, say(kept))
    now = regular_now(workspace, principal, kept, made.plan)
    body = kept.body(made.plan, extra={"regularity": now.held})
    words = (words[0] + now.warning[0], words[1] + now.warning[1])
    if made.broken:
        n = len({gap.point for gap in made.broken})
        words = (f"{words[0]}；{n} 处超出间隔", f"{words[1]}; {n} points out of their gaps")
    version = asked.version
    if not asked.preview:
        version = kept.keep(workspace, principal, body, Step(action=action, zh=words[0], en=words[1]))
    words = (words[0] + now.lacking[0], words[1] + now.lacking[1])
    return answer(before, body, plan_id, version, changed=made.changed, words=words, began=began)


def _refused(kept: Kept, plan_id: str, refused: InfeasibleError | InputError, began: float) -> Body:
    before = kept.record.body
    score = score_of(before)
    zh, en = named(kept.ground, (refused.zh, refused.en))
    return {
        "plan_id": plan_id, "version": version_of(before), "ok": False, "sentence_zh": zh,
        "sentence_en": en, "changed": [], "routes": [], "removed": [], "points": [], "broken": before["broken"],
        "units_used": before["units_used"], "worst_gap_minutes": before["worst_gap_minutes"],
        "worst_gap_point": before["worst_gap_point"], "metres": before["metres"], "score": {"before": score, "after": score},
        **_tightest(before), **{name: before.get(name) for name in BOUND},
        "one_more_unit": None, "milliseconds": _since(began), "regularity": before.get("regularity"),
        "issue": public(before).get("issue"), "rows": list(refused.rows),
    }  # fmt: skip


def answer(
    before: Held,
    body: Held,
    plan_id: str,
    version: int,
    *,
    changed: Sequence[str],
    words: tuple[str, str],
    began: float,
) -> Body:
    """Return what an edit changed: crews, points, score."""
    units = set(changed)
    routes = [dict(r) | {"changed": True} for r in _rows(body, "routes") if r["unit_id"] in units]
    left = {str(r["unit_id"]) for r in _rows(body, "routes")}
    held = {str(p["point_id"]): p for p in _rows(before, "points")}
    return {
        "plan_id": plan_id, "version": version, "ok": True, "sentence_zh": words[0], "sentence_en": words[1],
        "changed": cast("Json", sorted(units)), "routes": cast("Json", routes),
        "removed": cast("Json", sorted(unit for unit in units if unit not in left)),
        "points": [p for p in _rows(body, "points") if held.get(str(p["point_id"])) != p],
        "broken": body["broken"], "units_used": body["units_used"], "worst_gap_minutes": body["worst_gap_minutes"],
        "worst_gap_point": body["worst_gap_point"], "metres": body["metres"], **_tightest(body),
        **{name: body.get(name) for name in BOUND},
        "score": {"before": score_of(before), "after": score_of(body)}, "one_more_unit": body.get("one_more_unit"),
        "milliseconds": _since(began), "regularity": body.get("regularity"), "issue": public(body).get("issue"), "rows": [],
    }  # fmt: skip


def _tightest(body: Held) -> Body:
    """Return what a body says of its tightest gap; null in plans kept before that was told."""
    return {name: body.get(name) for name in ("worst_gap_share", "worst_gap_share_bound", "tightest_zh", "tightest_en")}


def score_of(body: Held) -> Body:
    """Return the figures by which versions are told apart."""
    return {
        "units": body["units_used"], "worst_gap_minutes": body["worst_gap_minutes"],
        "mean_gap_minutes": body["mean_gap_minutes"], "metres": body["metres"],
        "broken": len(_rows(body, "broken")), "left_out": len(_rows(body, "unvisited")),
    }  # fmt: skip


def differing(before: Held, body: Held) -> list[str]:
    """Return the units whose stops or times differ between two bodies."""
    held = [
        {
            str(r["unit_id"]): [(s["point_id"], s["post_id"], s["begin_s"], s["depart_s"]) for s in _rows(r, "stops")]
            for r in _rows(one, "routes")
        }
        for one in (before, body)
    ]
    return sorted(unit for unit in held[0].keys() | held[1].keys() if held[0].get(unit) != held[1].get(unit))


def _rows(body: Held, name: str) -> Sequence[Held]:
    return cast("Sequence[Held]", body[name])


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
