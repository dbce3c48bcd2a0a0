"""What a patrol plan says in sentences: how good it is, what was left out and why, what to mind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from api.services.patrol_ground import NOT_LEFT_OUT, Ground
from api.services.patrol_names import named
from api.services.patrol_routes import Body
from api.services.patrol_told import breaks_told, roads_told
from geo.store.port import Json
from planners.patrol.spacing.faults import Fault, faults
from planners.patrol.spacing.plan import SpacedPlan

Words = tuple[str, str]


def sentence(body: Mapping[str, Json]) -> Words:
    """Return the sentence of a plan in both languages."""
    units, least = body["units_used"], body["lower_bound_units"]
    planned = body.get("planned_bound_units")
    none = (
        ("没有理论下限", "no bound")
        if planned is None
        else (f"事件前的理论下限 {planned} 组，事件后未算", f"lower bound before the event {planned}, none since")
    )
    zh = [f"本方案 {units} 组", f"理论下限 {least} 组" if least is not None else none[0]]
    en = [f"{units} units", f"lower bound {least}" if least is not None else none[1]]
    if body["operators_used"]:
        zh.append(f"视频 {body['operators_used']} 岗")
        en.append(f"{body['operators_used']} operators")
    if body["worst_gap_minutes"] is not None:
        zh.append(f"最长间隔 {body['worst_gap_minutes']:.0f} 分（{body['worst_gap_point']}）")
        en.append(f"longest gap {body['worst_gap_minutes']:.0f} min ({body['worst_gap_point']})")
    if body.get("tightest_zh"):
        zh.append(str(body["tightest_zh"]))
        en.append(str(body["tightest_en"]))
    optional = cast("Mapping[str, Json] | None", body.get("optional"))
    if optional is not None:
        zh.append(str(optional["zh"]))
        en.append(str(optional["en"]))
    out, broken = len(cast("list[Json]", body["unvisited"])), len(cast("list[Json]", body["broken"]))
    if out:
        zh.append(f"未安排 {out} 处")
        en.append(f"{out} left out")
    if broken:
        zh.append(f"超间隔 {broken} 处")
        en.append(f"{broken} gaps broken")
    zh += [
        f"完成 {body['visits_made']} 次到点",
        "已证明最优" if body["proved"] else "未证明最优",
        f"种子 {body['seed']}",
    ]
    en += [
        f"{body['visits_made']} visits",
        "proved best" if body["proved"] else "not proved best",
        f"seed {body['seed']}",
    ]
    return "；".join(zh), "; ".join(en)


def tightest(share: float | None, bound: float | None) -> Words:
    """Return how much of what its point allows the tightest gap takes, and how much it must; the bound is rounded down."""
    if share is None:
        return "", ""
    zh, en = f"最紧间隔为规定的 {share:.0%}", f"tightest gap {share:.0%} of what is allowed"
    if bound is None:
        return zh, en
    least = int(100 * bound)
    return f"{zh}，理论下限 {least}%", f"{en}, lower bound {least}%"


def left_out_reasons(ground: Ground, plan: SpacedPlan) -> dict[int, Words]:
    """Return for each point that the problem itself rules out the sentence why; others lack units."""
    index = {key: number for number, key in enumerate(ground.crews.point_keys)}
    of_task = {item.key: item.point for item in ground.crews.appointments}
    found: dict[int, Words] = {}
    cut = {key: closure.name for closure, keys in zip(ground.closed, ground.cut_off, strict=True) for key in keys}
    for fault in faults(ground.crews):
        point = index.get(fault.key) if fault.what == "point" else of_task.get(fault.key)
        if point is not None and fault.what in ("point", "appointment"):
            found[point] = named(ground, (fault.zh, fault.en))
    for key, name in cut.items():
        if index[key] in plan.left_out:
            found[index[key]] = f"被“{name}”隔断，无路可达", f"cut off by {name}"
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Sentences beside a plan; ``binding`` names what keeps points out."""

    rows: list[Body]
    speed: Words
    binding: tuple[str | None, str | None]
    closures: list[Body]

    @classmethod
    def of(cls, ground: Ground, plan: SpacedPlan) -> Self:
        """Return the notes of a plan on its ground."""
        held = list(faults(ground.crews))
        speed = _speed(ground)
        closures = [_closure(ground, number) for number in range(len(ground.closed))]
        rows = [_note("speed", *speed)]
        rows += [_note(item.code, item.zh, item.en) for item in ground.refused if item.code not in NOT_LEFT_OUT]
        for code, zh, en in (
            ("no_school", "{n} 处护学岗今日不设（{why}）", "{n} school posts are not manned today ({why})"),
            ("other_shift", "{n} 处定时点不在本班次", "{n} points with set times belong to other shifts"),
        ):
            n = sum(item.code == code for item in ground.refused)
            if n:
                rows.append(
                    _note(
                        code, zh.format(n=n, why=ground.terms.day.why_zh), en.format(n=n, why=ground.terms.day.why_en)
                    )
                )
        rows += [_note(item.code, item.zh, item.en) for item in ground.unfit]
        rows += [
            _note(f"fault_{fault.what}", *named(ground, (fault.zh, fault.en)))
            for fault in held
            if fault.what != "optional"
        ]
        rows += [_note("break", str(row["zh"]), str(row["en"])) for row in breaks_told(ground, plan)]
        rows += [_note("line", str(row["zh"]), str(row["en"])) for row in roads_told(ground, plan, {})]
        rows += [
            _note("closure", str(c["note_zh"]), str(c["note_en"])) for c in closures
        ]  # fmt: skip
        idle = [v for i, v in enumerate(ground.crews.vehicles) if not ground.crews.may_go(i)]
        if idle:
            keys = [ground.units.names[key] for v in idle for key in v.unit_keys]
            rows.append(
                _note(
                    "no_police", f"{len(keys)} 个巡组没有民警，不单独出巡：{'、'.join(keys[:5])}",
                    f"{len(keys)} units have no police officer and are not sent: {', '.join(keys[:5])}",
                )
            )  # fmt: skip
        return cls(rows=rows, speed=speed, binding=_binding(ground, plan, held), closures=closures)


def _note(code: str, zh: str, en: str) -> Body:
    return {"code": code, "zh": zh, "en": en}


def _speed(ground: Ground) -> Words:
    terms = ground.terms
    if terms.speed_factor == 1.0:
        return "行驶时间按速度表，各时段系数均不低于 1", "travel times by the speed table; no hour is slower"
    return (
        f"行驶时间按本班次最慢的 {terms.speed_hour} 时计（系数 {terms.speed_factor:g}），其余时段不会更慢",
        f"travel times are those of hour {terms.speed_hour}, the slowest of the shift (factor {terms.speed_factor:g})",
    )


def _closure(ground: Ground, number: int) -> Body:
    held, keys = ground.closed[number], ground.cut_off[number]
    names = {key: ground.name_of(point) for point, key in enumerate(ground.crews.point_keys)}
    hours, zone = held.hours(ground.terms), ground.workspace.zone
    zh = f"“{held.name}”封闭 {held.metres / 1000:.2f} 公里道路"
    en = f"{held.name} closes {held.metres / 1000:.2f} km of streets"
    if hours == "outside":
        zh, en = f"{zh}，不在本班次时段，未计", f"{en}, not in this shift: not counted"
    elif hours == "part":
        low, high = (ground.terms.at(t).astimezone(zone) for t in held.seconds_of(ground.terms))
        span = f"{low:%m-%d %H:%M}–{high:%m-%d %H:%M}"
        zh = f"{zh}（{span}）；到点时刻保守按全班次绕行排定，封闭时段外的路线走开放道路"
        en = f"{en} ({span}); times are planned round it all shift to be safe, ways outside these hours lead over the open streets"
    if keys:
        listed = [names[key] for key in keys]
        zh += f"，隔断 {len(keys)} 处必巡点：{'、'.join(listed[:5])}；其余照常安排"
        en += f" and cuts off {len(keys)} points: {', '.join(listed[:5])}; the rest is planned"
    return {
        "name": held.name, "hours": hours, "from": None if held.start is None else held.start.isoformat(),
        "to": None if held.end is None else held.end.isoformat(), "arcs": len(held.arcs),
        "metres": round(held.metres, 1), "lines": cast("Json", held.lines),
        "cut_off": [{"point_id": key, "name": names[key]} for key in keys], "note_zh": zh, "note_en": en,
    }  # fmt: skip


def _binding(ground: Ground, plan: SpacedPlan, held: list[Fault]) -> tuple[str | None, str | None]:
    ruled_out = left_out_reasons(ground, plan)
    short = sorted({*(p for p in plan.left_out if p not in ruled_out), *(gap.point for gap in plan.broken)})
    if short:
        minutes = [fault for fault in held if fault.what == "minutes"]
        if minutes:
            return named(ground, (minutes[0].zh, minutes[0].en))
        out = {(route.vehicle, route.unit) for route in plan.routes}
        idle = sum(
            (v, n) not in out
            for v, vehicle in enumerate(ground.crews.vehicles)
            if ground.crews.may_go(v) and ground.crews.eligible[short, ground.crews.kind_of(v)].any()
            for n in range(vehicle.available)
        )
        if idle:
            return (
                f"{len(short)} 处必巡点未能按间隔安排，另有 {idle} 组可派而未出巡：并非巡组不足，可延长求解时间再试",
                f"{len(short)} points are not kept within their gaps while {idle} units stay in: units do not bind, solve for longer",
            )
        return (
            f"巡组不足：当班可出 {ground.crews.units} 组，{len(short)} 处必巡点的间隔无法全部满足，已按优先级取舍",
            f"units bind: {ground.crews.units} may go out, {len(short)} points cannot be kept within their gaps; least priority first",
        )
    held = [fault for fault in held if fault.what != "optional"]
    return named(ground, (held[0].zh, held[0].en)) if held and (plan.left_out or plan.missed) else (None, None)
