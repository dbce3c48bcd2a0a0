"""Sheets for crews that sweep streets (清街任务单) or visit places on a day (走访任务单); A4, to print or as PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, cast

import numpy as np

from api.services.exports import Download
from api.services.patrol_sheet import Form, Held, hour_minute, route_map, written
from api.services.workspace import Workspace
from geo.errors import NotFoundError, ParameterError
from geo.store.port import PlanRecord, Principal
from web.paper.document import Block, Cell, Column, Document, Heading, Lang, PageBreak, Paragraph, Picture, Table

MARKED: Final = 60
"""Numbers on a map at most; of more streets only each second, third, … is numbered."""
COMPASS: Final[Mapping[Lang, Sequence[str]]] = {
    "zh": ("北", "东北", "东", "东南", "南", "西南", "西", "西北"),
    "en": ("N", "NE", "E", "SE", "S", "SW", "W", "NW"),
}
WORDS: Final[Mapping[Lang, Mapping[str, str]]] = {
    "zh": {
        "sweep": "清街任务单", "rounds": "走访任务单", "crew": "{n} 组", "no": "序", "street": "道路", "after": "出发后（分）",
        "metres": "里程（米）", "toward": "方向", "what": "任务", "swept": "巡查", "passed": "途经", "unnamed": "无名道路", "order": "巡查次序",
        "sweep_map": "路线图（圈内为次序，箭头为行进方向）", "sweep_about": "用时 {minutes:.0f} 分 · 里程 {km:.1f} 公里 · 巡查 {n} 段",
        "visits": "走访安排", "arrive": "到达", "leave": "离开", "place": "走访点", "why": "说明", "north": "北",
        "visit_map": "路线图（圈内为走访次序，箭头为行进方向）", "visit_about": "出发 {start} · 返回 {end} · {km:.1f} 公里 · {n} 处",
        "sign": "签收：　　　　　　　　　签收时间：　　　　　　　　　完成情况：", "plan": "方案", "printed": "打印于",
        "note": "途经路段按平常车速通过，不巡查。", "visit_note": "到达与离开为计划时刻；遇警情脱岗处警优先。",
    },
    "en": {
        "sweep": "Sweep sheet", "rounds": "Rounds sheet", "crew": "Crew {n}", "no": "no.", "street": "street", "after": "min from start",
        "metres": "metres", "toward": "toward", "what": "task", "swept": "patrol", "passed": "pass", "unnamed": "unnamed street",
        "order": "Streets in order", "sweep_map": "Way (numbers of the streets, arrows show the direction)",
        "sweep_about": "{minutes:.0f} min · {km:.1f} km · {n} streets patrolled", "visits": "Visits", "arrive": "arrive", "leave": "leave",
        "place": "place", "why": "note", "north": "N", "visit_map": "Way (numbers of the visits, arrows show the direction)",
        "visit_about": "leave {start} · back {end} · {km:.1f} km · {n} places", "sign": "Accepted:                    at:                    done:",
        "plan": "plan", "printed": "printed", "note": "Streets that are passed are driven at the usual speed, not patrolled.",
        "visit_note": "Times are planned times; calls go first.",
    },
}  # fmt: skip


def sweep_sheet(
    workspace: Workspace,
    principal: Principal,
    plan_id: str,
    form: Form,
    *,
    numbers: Sequence[int] | None,
    lang: Lang,
    nonce: str = "",
) -> Download:
    """Return the sheets of some crews of a kept sweep by number, or of all, a crew a page."""
    record = _kept(workspace, principal, plan_id, "patrol_sweep")
    routes = _chosen(cast("Sequence[Held]", record.body["routes"]), numbers)
    blocks = _pages(routes, lambda route: _sweep_page(workspace, record.body, route, lang))
    return _file(workspace, record, form, "sweep", routes, blocks, lang=lang, nonce=nonce)


def rounds_sheet(
    workspace: Workspace,
    principal: Principal,
    plan_id: str,
    form: Form,
    *,
    day: date,
    numbers: Sequence[int] | None,
    lang: Lang,
    nonce: str = "",
) -> Download:
    """Return the sheets of a day of kept rounds: of some crews by number, or of all, a crew a page."""
    record = _kept(workspace, principal, plan_id, "patrol_rounds")
    own = [route for route in cast("Sequence[Held]", record.body["routes"]) if route["day"] == day.isoformat()]
    if not own:
        raise NotFoundError(f"Nobody goes out on {day} in these rounds", f"本方案 {day} 没有走访")
    routes = _chosen(own, numbers)
    blocks = _pages(routes, lambda route: _visits_page(workspace, route, lang))
    return _file(workspace, record, form, "rounds", routes, blocks, lang=lang, nonce=nonce, when=f"{day:%Y-%m-%d} · ")


def way_sheet(
    workspace: Workspace, principal: Principal, plan_id: str, form: Form, *, day: date | None, units: Sequence[str], lang: Lang
) -> Download:  # fmt: skip
    """Return the sheets of a kept sweep, or of a day of kept rounds; ``units`` are numbers of crews, none of them all."""
    odd = [unit for unit in units if not unit.isdecimal()]
    if odd:
        raise ParameterError(
            f"Crews of sweeps and rounds have numbers, not {odd[0]}", f"清街与走访的巡组以序号表示，不是 {odd[0]}"
        )
    numbers = [int(unit) for unit in units] or None
    if workspace.store.plan(principal, plan_id).kind == "patrol_sweep":
        return sweep_sheet(workspace, principal, plan_id, form, numbers=numbers, lang=lang)
    if day is None:
        raise ParameterError("Say which day of the rounds (--day 2026-11-23)", "请指明走访的日期（--day 2026-11-23）")
    return rounds_sheet(workspace, principal, plan_id, form, day=day, numbers=numbers, lang=lang)


def _kept(workspace: Workspace, principal: Principal, plan_id: str, kind: str) -> PlanRecord:
    record = workspace.store.plan(principal, plan_id)
    if record.kind != kind:
        raise NotFoundError(f"There is no such plan {plan_id}", f"不存在这样的方案 {plan_id}")
    return record


def _chosen(routes: Sequence[Held], numbers: Sequence[int] | None) -> list[Held]:
    known = {int(cast("int", route["number"])): route for route in routes}
    gone = [number for number in numbers or () if number not in known]
    if gone:
        names = [str(number) for number in gone]
        raise NotFoundError(
            f"There is no crew {', '.join(names[:5])}", f"本方案没有第 {'、'.join(names[:5])} 组", rows=names
        )
    return [known[number] for number in numbers] if numbers else list(routes)


def _pages(routes: Sequence[Held], page: Callable[[Held], list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for route in routes:
        blocks += [PageBreak()] if blocks else []
        blocks += page(route)
    return blocks


def _file(
    workspace: Workspace,
    record: PlanRecord,
    form: Form,
    what: str,
    routes: Sequence[Held],
    blocks: Sequence[Block],
    *,
    lang: Lang,
    nonce: str,
    when: str = "",
) -> Download:
    say = WORDS[lang]
    now = workspace.clock.now().astimezone(workspace.zone)
    title = record.body["title" if lang == "zh" else "title_en"]
    document = Document(
        title=f"{say[what]}　{say['crew'].format(n=routes[0]['number'])}" if len(routes) == 1 else say[what],
        subtitle=f"{when}{title}", lang=lang, blocks=tuple(blocks),
        footer=f"{say['plan']} {record.plan_id} · {say['printed']} {now:%Y-%m-%d %H:%M}",
    )  # fmt: skip
    return written(document, f"xunge-{record.plan_id}-sheets", form, nonce=nonce)


def _sweep_page(workspace: Workspace, body: Held, route: Held, lang: Lang) -> list[Block]:
    say = WORDS[lang]
    passes = cast("Sequence[Held]", route["passes"])
    line = np.array(route["line"], np.float64)
    ends = np.array([cast("int", p["end"]) for p in passes])
    starts = np.r_[0, ends[:-1]]
    swept = [i for i, p in enumerate(passes) if p["swept"]]
    step = -(-len(swept) // MARKED) if swept else 1
    marks: list[Held] = []
    for i in swept[::step]:
        lon, lat = line[(starts[i] + ends[i] + 1) // 2, :2].tolist()
        marks.append({"number": i + 1, "lon": lon, "lat": lat})
    rows: list[tuple[Cell, ...]] = [
        (
            str(i + 1), round(float(line[starts[i], 2]) / 60, 1), str(p["name"] or say["unnamed"]), _toward(line[starts[i] : ends[i] + 1, :2], lang),
            say["swept" if p["swept"] else "passed"], round(float(cast("float", p["metres"]))),
        )
        for i, p in enumerate(passes)
    ]  # fmt: skip
    table = Table(
        title=say["order"],
        columns=(
            Column(heading=say["no"], width=0.62), Column(heading=say["after"], kind="decimal", width=1.2),
            Column(heading=say["street"], width=3.6), Column(heading=say["toward"], width=0.8), Column(heading=say["what"], width=0.8),
            Column(heading=say["metres"], kind="count", width=1.1),
        ),
        rows=tuple(rows), note=f"{say['note']}{body['note_zh' if lang == 'zh' else 'note_en']}",
    )  # fmt: skip
    about = say["sweep_about"].format(minutes=route["minutes"], km=_km(route), n=len(swept))
    return [*_head(workspace, route, marks, say["sweep_map"], about, lang), table, Paragraph(text=say["sign"])]


def _visits_page(workspace: Workspace, route: Held, lang: Lang) -> list[Block]:
    say = WORDS[lang]
    stops = cast("Sequence[Held]", route["stops"])
    rows: list[tuple[Cell, ...]] = [
        (
            str(number), hour_minute(stop["arrive"]), hour_minute(stop["depart"]), str(stop["name"]),
            str(stop["why" if lang == "zh" else "why_en"]),
        )
        for number, stop in enumerate(stops, start=1)
    ]  # fmt: skip
    table = Table(
        title=say["visits"],
        columns=(
            Column(heading=say["no"], width=0.62), Column(heading=say["arrive"], width=0.8),
            Column(heading=say["leave"], width=0.8), Column(heading=say["place"], width=3.0),
            Column(heading=say["why"], width=3.4),
        ),
        rows=tuple(rows), note=say["visit_note"],
    )  # fmt: skip
    start, end = (hour_minute(route[name]) for name in ("start", "end"))
    about = say["visit_about"].format(start=start, end=end, km=_km(route), n=len(stops))
    return [*_head(workspace, route, stops, say["visit_map"], about, lang), table, Paragraph(text=say["sign"])]


def _head(workspace: Workspace, route: Held, marks: Sequence[Held], title: str, about: str, lang: Lang) -> list[Block]:
    say = WORDS[lang]
    crew = say["crew"].format(n=route["number"])
    png = route_map(workspace, route, marks, say["north"])
    return [Heading(text=crew), Paragraph(text=about), Picture(png=png, title=title, alt=f"{title} {crew}")]


def _km(route: Held) -> float:
    return float(cast("float", route["metres"])) / 1000


def _toward(line: np.ndarray[tuple[int, ...], np.dtype[np.float64]], lang: Lang) -> str:
    """Return where a street leads, from its first to its last place; a closed one leads nowhere."""
    dx, dy = line[-1] - line[0]
    if dx == 0 and dy == 0:
        return ""
    bearing = np.arctan2(dx * np.cos(np.radians(line[0, 1])), dy)
    return COMPASS[lang][round(float(bearing) / (np.pi / 4)) % 8]
