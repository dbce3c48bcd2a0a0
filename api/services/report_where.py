"""The sections of a report on where: map, grids with most calls, hot places, places to watch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from api.services.period_report import PeriodReport
from api.services.report_parts import Asked, Part, Writer, asked_of
from api.services.report_places import CELL_M, Place
from api.services.workspace import Workspace
from geo.errors import UnavailableError
from geo.store.port import Principal
from web.formulas import FORMULAS
from web.paper.document import Cell, Heading, Paragraph, Picture
from web.paper.map_picture import Areas, Legend, MapPicture, Marks, Streets, draw_map


def where(workspace: Workspace, principal: Principal, made: PeriodReport, say: Writer) -> list[Part]:
    """Return the map and the lists of places."""
    parts = [Part(block=Heading(text=say.say("四、高发地点", "4. Where"))), _map(workspace, principal, made, say)]
    parts.append(_places(workspace, made, say, made.top, hot=False))
    if made.hot:
        parts.append(_places(workspace, made, say, made.hot, hot=True))
    else:
        none = say.say(
            "热点：本期没有地点突出到超出偶然（Gi*，误报率 5%）。",
            "Hot places: none stands out by more than chance (Gi*, 5 %).",
        )
        parts.append(Part(block=Paragraph(text=none)))
    parts += _watch(made, say)
    return parts


def _map(workspace: Workspace, principal: Principal, made: PeriodReport, say: Writer) -> Part:
    frame = workspace.grids(principal).frame
    frame = frame[frame["kind"] == "general"]
    values = made.grids.values
    colours = [step.color for step in made.grids.breaks]
    fills = []
    for code in frame["code"]:
        value = values.get(str(code))
        fills.append("" if value is None or value.step is None or not value.n else colours[value.step])
    steps = tuple((step.label, step.color) for step in made.grids.breaks)
    unit = made.grids.unit if say.lang == "zh" else made.grids.unit_en
    label = made.grids.label if say.lang == "zh" else made.grids.label_en
    ends = f"{made.span.start:%m-%d %H:%M} – {made.span.end:%m-%d %H:%M}"
    note = f"n = {made.grids.n:,}  {ends}"
    if made.hot:
        note += say.say("\n红圈数字：热点序号", "\nred discs: rank of the hot place")
    picture = MapPicture(
        bounds=_bounds(made, frame.geometry.array),
        areas=Areas(shapes=np.asarray(frame.geometry.array), fills=fills),
        streets=_streets(workspace),
        outlines=_outlines(workspace, principal),
        marks=Marks(
            lonlat=np.array([[p.lon, p.lat] for p in made.hot]).reshape(-1, 2), labels=[str(p.rank) for p in made.hot]
        ),
        legend=Legend(title=f"{label} {say.say(f'（{unit}）', f'({unit})')}", steps=steps, note=note),
        north=say.say("北", "N"),
    )  # fmt: skip
    return Part(
        block=Picture(
            png=draw_map(picture, height_mm=125.0),
            title=say.say(
                f"图 {2 if made.kind == 'daily' else 3}　各网格警情密度与热点（网格版本 {made.edition}；无警情的网格不着色）",
                f"Figure {2 if made.kind == 'daily' else 3}. Calls by grid and hot places ({made.edition}; grids without calls are left blank)",
            ),
            alt=say.say("各网格警情密度图，圈出热点", "map of calls by grid with hot places"),
        ),
        formula=say.say(*FORMULAS["report.density"]),
    )


def _bounds(made: PeriodReport, shapes: Sequence[shapely.Geometry]) -> tuple[float, float, float, float]:
    """Return where most calls lie: a map that shows the last empty valley shows no streets."""
    counts = {code: value.n for code, value in made.grids.values.items() if value.n}
    boxes = shapely.bounds(np.asarray(shapes, dtype=object))
    if not counts or not len(boxes):
        whole = shapely.total_bounds(np.asarray(shapes, dtype=object))
        return float(whole[0]), float(whole[1]), float(whole[2]), float(whole[3])
    weights = np.array([value.n for value in made.grids.values.values()], dtype=np.float64)
    middle = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2])
    ends = [_quantiles(middle[:, axis], weights) for axis in (0, 1)]
    west, south, east, north = ends[0][0], ends[1][0], ends[0][1], ends[1][1]
    for place in made.hot:
        west, east = min(west, place.lon), max(east, place.lon)
        south, north = min(south, place.lat), max(north, place.lat)
    return west, south, east, north


def _quantiles(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    order = np.argsort(values)
    upto = np.cumsum(weights[order]) / weights.sum()
    low, high = np.searchsorted(upto, [0.03, 0.97])
    return float(values[order[low]]), float(values[order[min(high, len(order) - 1)]])


def _streets(workspace: Workspace) -> Streets | None:
    try:
        graph = workspace.graph()
    except UnavailableError:
        return None
    path = workspace.settings.streets.stat()
    return workspace.derived.get("paper:streets", (path.st_mtime_ns, path.st_size), lambda: Streets.of(graph))


def _outlines(workspace: Workspace, principal: Principal) -> np.ndarray | None:
    """Return the outlines of the towns, else of the communities: the units above the grids."""
    version = (workspace.store.version("grids"), principal.scopes)

    def build() -> np.ndarray | None:
        frame = workspace.grids(principal).frame
        frame = frame[(frame["kind"] == "general") & frame["parent_code"].notna()]
        if not len(frame):
            return None
        towns = frame["parent_code"].astype(str).str[:9]
        shapes = [
            shapely.coverage_union_all(np.asarray(part.geometry.array, dtype=object))
            for _, part in frame.groupby(towns)
        ]
        return np.asarray(shapes, dtype=object)

    return workspace.derived.get("paper:towns", version, build)


def _places(workspace: Workspace, made: PeriodReport, say: Writer, places: Sequence[Place], *, hot: bool) -> Part:
    rows: list[tuple[Cell, ...]] = []
    asked: list[Asked | None] = []
    for place in places:
        few = 0 < place.n < say.few
        rows.append(
            (
                place.rank, place.name, say.count(place.n), say.interval(place.n, place.low, place.high),
                say.few_text() if few else say.say(place.why_zh, place.why_en),
            )
        )  # fmt: skip
        where_ = _where(place)
        asked.append(None if where_ is None else asked_of(workspace, made.span, made.wanted, **where_))
    columns = say.columns(
        ("序", "rank", "count", 0.4), ("地点", "place", "text", 1.5), ("起数", "calls", "count", 0.6),
        ("95% 区间", "95 % interval", "text", 1.1), ("为什么在这里", "why here", "text", 4.2),
    )  # fmt: skip
    if hot:
        note = (
            (
                f"单元 {CELL_M:g} 米见方；Gi*（Ord、Getis 1995），误报率控制在 5%（Benjamini、Hochberg 1995）；"
                "相邻的突出单元合为一处，以其中警情最多的网格称呼；近重复：200 米、7 天内随同类警情之后。"
            ),
            (
                f"Cells of {CELL_M:g} m; Gi* (Ord and Getis 1995), false discovery rate 5 % (Benjamini and Hochberg 1995); "
                "touching cells are one place, called after its grid with most calls; near repeats follow one of their class within 200 m and 7 days."
            ),
        )
        title = ("热点地点", "Hot places")
        formula = FORMULAS["report.hot"]
    else:
        note = (
            "名次受偶然影响：区间重叠的网格不宜比较先后。",
            "Ranks are partly chance: grids whose intervals overlap are not in order.",
        )
        title = ("警情最多的网格", "Grids with most calls")
        formula = FORMULAS["report.grid"]
    return say.table(title, columns, rows, note=note, asked=asked, formula=formula)


def _where(place: Place) -> dict[str, str] | None:
    """Return how a filter asks for a place: its grid, or its outline; an outline with a hole cannot be asked for."""
    if place.outline is None:
        return {"areas": place.code}
    parts = shapely.get_parts(place.outline)
    if int(shapely.get_num_interior_rings(parts).sum()):
        return None
    rings = [shapely.get_coordinates(part)[:-1] for part in parts]
    return {"within": "|".join(";".join(f"{x:.6f},{y:.6f}" for x, y in ring.tolist()) for ring in rings)}


def _watch(made: PeriodReport, say: Writer) -> list[Part]:
    watch = made.watch
    if watch is None:
        return []
    spoken = {line.family: say.say(line.zh, line.en) for line in made.families}
    since = f"{watch.start:%Y-%m-%d}"
    if not watch.places:
        text = say.say(
            f"近重复：检验了 {len(watch.tested)} 类（{since} 以来），没有需要盯防的地点。",
            f"Near repeats: {len(watch.tested)} classes tested since {since}; no place to watch.",
        )
        return [Part(block=Paragraph(text=text))]
    repeating = [spoken.get(name, name) for name in watch.repeating]
    rows: list[tuple[Cell, ...]] = [
        (
            spoken.get(place.family, place.family), place.name, say.count(place.n), f"{place.radius_m:,.0f} m", f"{place.until:%m-%d %H:%M}",
            say.say(place.why_zh, place.why_en),
        )
        for place in watch.places
        if not 0 < place.n < say.few
    ]  # fmt: skip
    columns = say.columns(
        ("类别", "class", "text", 0.9), ("地点", "place", "text", 1.5), ("起数", "calls", "count", 0.5),
        ("半径", "radius", "text", 0.7), ("失效", "until", "text", 1.0), ("原因", "why", "text", 3.0),
    )  # fmt: skip
    note = (
        (
            f"截至 {watch.now:%Y-%m-%d %H:%M}，供后续盯防；逐类 Knox 检验 {len(watch.tested)} 类（{since} 以来，{watch.runs} 次置换），"
            f"突出的有：{'、'.join(repeating)}。到期自动移出。"
        ),
        (
            f"As of {watch.now:%Y-%m-%d %H:%M}, for the days to come; Knox test by class, {len(watch.tested)} classes since {since} "
            f"({watch.runs} permutations); standing out: {', '.join(repeating)}. Entries drop off by themselves."
        ),
    )
    return [say.table(("近重复盯防地点", "Places to watch for near repeats"), columns, rows, note=note)]
