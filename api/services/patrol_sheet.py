"""Crew sheets (巡逻任务单): what each crew does when, where and why, with its map; A4, to print or as PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, cast

import numpy as np
import shapely

from api.services.exports import Download
from api.services.patrol_routes import MODES_EN, MODES_ZH
from api.services.patrol_versions import body_at, version_of
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.port import Json, Principal
from web.paper.document import Block, Cell, Column, Document, Heading, Lang, PageBreak, Paragraph, Picture, Table
from web.paper.html import to_html
from web.paper.map_picture import MapPicture, Marks, Streets, Ways, draw_map
from web.paper.pdf import to_pdf

Held = Mapping[str, Json]
Form = Literal["pdf", "html"]

WORDS: Final[Mapping[Lang, Mapping[str, str]]] = {
    "zh": {
        "title": "巡逻任务单", "stops": "到点安排", "no": "序", "arrive": "到达", "stay": "驻守", "leave": "离开", "place": "地点",
        "minutes": "时长（分）", "why": "为什么在这里", "map": "路线图（圈内为到点序号，箭头为行进方向）", "streets": "途经道路：",
        "sign": "签收：　　　　　　　　　签收时间：　　　　　　　　　完成情况：", "depart": "出发", "back": "返回", "km": "公里",
        "post": "屯警点", "plan": "方案", "version": "第 {n} 版", "north": "北", "printed": "打印于",
        "note": "遇警情脱岗处警优先，由指挥中心重新调整；到点时刻为计划时刻。",
    },
    "en": {
        "title": "Patrol sheet", "stops": "Stops", "no": "no.", "arrive": "arrive", "stay": "begin", "leave": "leave",
        "place": "place", "minutes": "minutes", "why": "why here", "map": "Route (numbers of stops, arrows show the direction)",
        "streets": "Streets: ", "sign": "Accepted:                    at:                    done:", "depart": "leave",
        "back": "back", "km": "km", "post": "post", "plan": "plan", "version": "version {n}", "north": "N",
        "printed": "printed", "note": "Calls go first: the command centre then changes the plan. Times are planned times.",
    },
}  # fmt: skip


def sheet_document(
    workspace: Workspace, body: Held, *, plan_id: str, unit_ids: Sequence[str] | None, lang: Lang
) -> Document:
    """Return the sheets of some crews of a plan, or of all, a crew a page."""
    say = WORDS[lang]
    routes = chosen_routes(body, unit_ids)
    shift = cast("Mapping[str, str]", body["shift"])
    start, end = (datetime.fromisoformat(shift[name]) for name in ("start", "end"))
    blocks: list[Block] = []
    for route in routes:
        blocks += [PageBreak()] if blocks else []
        blocks += _crew(workspace, route, lang)
    now = workspace.clock.now().astimezone(workspace.zone)
    return Document(
        title=f"{say['title']}　{routes[0]['name']}" if len(routes) == 1 else say["title"],
        subtitle=f"{shift['name']} {start:%Y-%m-%d %H:%M}–{end:%m-%d %H:%M} · {body['title']}",
        lang=lang, blocks=tuple(blocks),
        footer=f"{say['plan']} {plan_id} {say['version'].format(n=version_of(body))} · {say['printed']} {now:%Y-%m-%d %H:%M}",
    )  # fmt: skip


def sheet_file(
    workspace: Workspace,
    principal: Principal,
    plan_id: str,
    form: Form,
    *,
    version: int | None,
    unit_ids: Sequence[str] | None,
    lang: Lang,
    nonce: str = "",
) -> Download:
    """Return the sheets as PDF, or as a page to print."""
    body = body_at(workspace, principal, plan_id, version)
    document = sheet_document(workspace, body, plan_id=plan_id, unit_ids=unit_ids, lang=lang)
    return written(document, f"xunge-{plan_id}-sheets", form, nonce=nonce)


def written(document: Document, name: str, form: Form, *, nonce: str = "") -> Download:
    """Return a document as PDF, or as a page to print."""
    if form == "html":
        return Download(f"{name}.html", "text/html; charset=utf-8", to_html(document, nonce=nonce).encode())
    return Download(f"{name}.pdf", "application/pdf", to_pdf(document))


def chosen_routes(body: Held, unit_ids: Sequence[str] | None) -> list[Held]:
    """Return the routes of some units, or of all; an unknown unit or an empty plan raises ``NotFoundError``."""
    if body.get("kind") != "patrol":
        raise NotFoundError("This is not a patrol plan", "不是巡逻方案")
    routes = cast("Sequence[Held]", body["routes"])
    if unit_ids:
        known = {str(route["unit_id"]): route for route in routes}
        gone = [unit for unit in unit_ids if unit not in known]
        if gone:
            raise NotFoundError(
                f"{', '.join(gone[:5])} has no route in this plan",
                f"本方案没有 {'、'.join(gone[:5])} 的路线",
                rows=gone,
            )
        return [known[unit] for unit in unit_ids]
    if not routes:
        raise NotFoundError("This plan has no route", "本方案没有路线")
    return list(routes)


def _crew(workspace: Workspace, route: Held, lang: Lang) -> list[Block]:
    say = WORDS[lang]
    stops = cast("Sequence[Held]", route["stops"])
    kind = (MODES_ZH if lang == "zh" else MODES_EN)[str(route["kind"])]
    start, end = (hour_minute(route[name]) for name in ("start", "end"))
    about = f"{kind} · {say['depart']} {start} · {say['back']} {end} · {float(cast('float', route['metres'])) / 1000:.1f} {say['km']}"
    if route.get("post_name"):
        about += f" · {say['post']} {route['post_name']}"
    rows: list[tuple[Cell, ...]] = [
        (
            str(number), hour_minute(stop["arrive"]), hour_minute(stop.get("begin") or stop["arrive"]),
            hour_minute(stop["depart"]), str(stop["name"]),
            round(int(cast("int", stop["dwell_seconds"])) / 60, 1), str(stop["why" if lang == "zh" else "why_en"]),
        )
        for number, stop in enumerate(stops, start=1)
    ]  # fmt: skip
    table = Table(
        title=say["stops"],
        columns=(
            Column(heading=say["no"], width=0.62), Column(heading=say["arrive"], width=0.8),
            Column(heading=say["stay"], width=0.8), Column(heading=say["leave"], width=0.8),
            Column(heading=say["place"], width=2.4), Column(heading=say["minutes"], kind="decimal", width=1.15),
            Column(heading=say["why"], width=4.2),
        ),
        rows=tuple(rows), note=say["note"],
    )  # fmt: skip
    streets = [str(name) for name in cast("Sequence[Json]", route["streets"])]
    blocks: list[Block] = [Heading(text=f"{route['name']}（{route['unit_id']}）"), Paragraph(text=about)]
    if route["line"]:
        png = route_map(workspace, route, stops, say["north"])
        blocks.append(Picture(png=png, title=say["map"], alt=f"{say['map']} {route['name']}"))
    blocks.append(table)
    if streets:
        blocks.append(Paragraph(text=say["streets"] + " → ".join(streets), small=True))
    return [*blocks, Paragraph(text=say["sign"])]


def route_map(workspace: Workspace, route: Held, stops: Sequence[Held], north: str) -> bytes:
    """Return the map of a route over the streets, its stops numbered in order or by their own ``number``."""
    line = np.array(route["line"], np.float64)[:, :2]
    # A point that is visited several times carries the numbers of all its visits.
    numbers: dict[tuple[float, float], list[str]] = {}
    for number, stop in enumerate(stops, start=1):
        place = (float(cast("float", stop["lon"])), float(cast("float", stop["lat"])))
        numbers.setdefault(place, []).append(str(stop.get("number", number)))
    at = np.array(list(numbers), np.float64).reshape(-1, 2)
    every = np.concatenate([line, at])
    (west, south), (east, up) = every.min(axis=0), every.max(axis=0)
    graph = workspace.graph()
    streets = workspace.derived.get("paper:streets", workspace.street_stamp()[0], lambda: Streets.of(graph))
    picture = MapPicture(
        bounds=(float(west), float(south), float(east), float(up)), streets=streets,
        ways=Ways(lines=np.array([shapely.LineString(line)], dtype=object)),
        marks=Marks(lonlat=at, labels=[_short(held) for held in numbers.values()]), north=north,
    )  # fmt: skip
    return draw_map(picture, height_mm=100.0, dpi=150)


def _short(numbers: Sequence[str]) -> str:
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]}+"


def hour_minute(value: Json) -> str:
    """Return the time of day of an ISO moment, as 21:30."""
    return f"{datetime.fromisoformat(str(value)):%H:%M}"
