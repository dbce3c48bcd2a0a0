"""Two patrol plans side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from api.services.patrol_edits import differing
from api.services.patrol_routes import Body
from api.services.patrol_versions import body_at, version_of
from api.services.workspace import Workspace
from geo.errors import NotFoundError, ParameterError
from geo.store.port import Json, Principal

Held = Mapping[str, Json]


def compare(workspace: Workspace, principal: Principal, a: str, b: str) -> Body:
    """Return the figures of two plans (or versions, ``ID@version``), whose crews differ, and the gaps of each point."""
    one, other = _body(workspace, principal, a), _body(workspace, principal, b)
    routes = [{str(r["unit_id"]) for r in _rows(body, "routes")} for body in (one, other)]
    points = _points(one, other)
    worse = sum(1 for p in points if cast("float", p["delta"] or 0.0) > 0)
    better = sum(1 for p in points if cast("float", p["delta"] or 0.0) < 0)
    units = int(cast("int", other["units_used"])) - int(cast("int", one["units_used"]))
    return {
        "a": _figures(a, one), "b": _figures(b, other),
        "moved": cast("Json", [unit for unit in differing(one, other) if unit in routes[0] & routes[1]]),
        "only_a": cast("Json", sorted(routes[0] - routes[1])), "only_b": cast("Json", sorted(routes[1] - routes[0])),
        "points": cast("Json", points),
        "sentence_zh": f"B 比 A {'多' if units > 0 else '少'} {abs(units)} 组；{better} 处最长间隔变短，{worse} 处变长"
        if units
        else f"组数相同；{better} 处最长间隔变短，{worse} 处变长",
        "sentence_en": f"B has {abs(units)} units {'more' if units > 0 else 'fewer'}; the longest gap is shorter at {better} points, "
        f"longer at {worse}"
        if units
        else f"as many units; the longest gap is shorter at {better} points, longer at {worse}",
    }  # fmt: skip


def _body(workspace: Workspace, principal: Principal, name: str) -> Held:
    plan_id, _, version = name.partition("@")
    if version and not version.isdigit():
        raise ParameterError(f"{name!r} is not a plan or ID@version", f"“{name}”不是方案编号或 编号@版本")
    body = body_at(workspace, principal, plan_id, int(version) if version else None)
    if body.get("kind") != "patrol" or "points" not in body:
        raise NotFoundError(f"{plan_id} is not a patrol plan that can be compared", f"{plan_id} 不是可对比的巡逻方案")
    return body


def _figures(name: str, body: Held) -> Body:
    cover = cast("Held | None", body.get("cover"))
    regularity = cast("Held | None", body.get("regularity"))
    return {
        "plan_id": name.partition("@")[0], "version": version_of(body), "title": body["title"],
        "title_en": body["title_en"], "units": body["units_used"], "lower_bound_units": body["lower_bound_units"],
        "worst_gap_minutes": body["worst_gap_minutes"], "mean_gap_minutes": body["mean_gap_minutes"],
        "metres": body["metres"], "visits": body["visits_made"], "left_out": len(_rows(body, "unvisited")),
        "broken": len(_rows(body, "broken")), "cover_mean": None if cover is None else cover.get("mean"),
        "regularity_level": None if regularity is None else regularity.get("level"),
    }  # fmt: skip


def _points(one: Held, other: Held) -> list[Body]:
    held = {str(p["point_id"]): p for p in _rows(other, "points")}
    rows: list[Body] = []
    for point in _rows(one, "points"):
        match = held.get(str(point["point_id"]))
        if match is None:
            continue
        a, b = (cast("float | None", p["worst_gap_minutes"]) for p in (point, match))
        rows.append(
            {
                "point_id": point["point_id"], "name": point["name"], "worst_a": a, "worst_b": b,
                "delta": None if a is None or b is None else round(b - a, 1),
            }
        )  # fmt: skip
    return sorted(rows, key=lambda p: (p["delta"] is None, -cast("float", p["delta"] or 0.0), str(p["point_id"])))


def _rows(body: Held, name: str) -> Sequence[Held]:
    return cast("Sequence[Held]", body[name])
