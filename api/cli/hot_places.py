"""``xunge hotspots`` and ``xunge forecast``: where calls gather, what to watch, and the coming week."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.services.family_filter import with_families
from api.services.filters import Basis, CallFilter, parse_filter
from api.services.forecast import kept_forecast, make_forecast
from api.services.hot_ground import CellKind
from api.services.hot_places import concentrated, hot_places
from api.services.hot_words import HotMethod
from api.services.watch import watched
from geo.errors import ParameterError
from geo.hotspots.forecast import Measure
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True)

Families = typer.Option(None, help="类别，逗号分隔 / classes, with commas", show_default=False)
Start = typer.Option(None, "--from", help="ISO 8601", show_default=False)
End = typer.Option(None, "--to", help="ISO 8601", show_default=False)
Hours = typer.Option(None, help="0-5,20", show_default=False)
Weekdays = typer.Option(None, help="1-7，1 为周一 / 1 is Monday", show_default=False)
Base = typer.Option("valid", help="valid, received, cases")
AnySource = typer.Option(False, "--any-source", help="含自接警情 / also self-initiated calls")
KindOfCells = typer.Option("square", "--cells", help="square, hexagon, grid, segment")
Size = typer.Option(250.0, "--size", min=50, max=2000, help="米 / metres")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ParameterError(
            f"--{name} is one of {', '.join(allowed)}, not {value!r}",
            f"--{name} 可用：{'、'.join(allowed)}，而不是 {value!r}",
        )
    return value


def _filter(
    families: str | None, start: str | None, end: str | None, hours: str | None, weekdays: str | None, basis: str,
    *, any_source: bool,
) -> CallFilter:  # fmt: skip
    return parse_filter(
        families=families, start=start, end=end, hours=hours, weekdays=weekdays,
        basis=cast("Basis", _one_of("basis", basis, get_args(Basis))), citizen="any" if any_source else "only",
    )  # fmt: skip


@app.command("list")
def list_(
    method: str = typer.Option("gi_star", help=", ".join(get_args(HotMethod))),
    cells: str = KindOfCells,
    size: float = Size,
    limit: int = typer.Option(20, min=1, max=200),
    families: str | None = Families,
    start: str | None = Start,
    end: str | None = End,
    hours: str | None = Hours,
    weekdays: str | None = Weekdays,
    basis: str = Base,
    any_source: bool = AnySource,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """热点清单：每处都有“为何在此” / hot places, each with the sentence why."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = _filter(families, start, end, hours, weekdays, basis, any_source=any_source)
    how = cast("HotMethod", _one_of("method", method, get_args(HotMethod)))
    kind = cast("CellKind", _one_of("cells", cells, get_args(CellKind)))
    with opened(here.settings) as workspace:
        made = hot_places(
            workspace, DEMO, with_families(workspace, DEMO, wanted), method=how, cells=kind, size_m=size, limit=limit
        )
    if here.output.as_json:
        here.output.document(made.model_dump(mode="json", by_alias=True))
        return
    zh = here.output.language == "zh"
    rows = [
        [str(p.rank), f"{p.name} {p.grid_code or ''}".strip(), f"{p.n} ({p.interval[0]:.0f}–{p.interval[1]:.0f})",
         p.chance_zh if zh else p.chance_en, p.why_zh if zh else p.why_en]
        for p in made.places
    ]  # fmt: skip
    heads = ["#", "地点", "n（95%）", "可信度", "为何在此"] if zh else ["#", "place", "n (95 %)", "chance", "why here"]
    here.output.table(heads, rows, title=made.label_zh if zh else made.label_en)
    beside = f"n = {made.n} · 无案发地 {made.n_unplaced}" if zh else f"n = {made.n}, {made.n_unplaced} without a place"
    here.output.say(f"{made.note_zh} · {beside}", f"{made.note_en} · {beside}")


@app.command("watch")
def watch(
    families: str | None = Families,
    hours: str | None = Hours,
    weekdays: str | None = Weekdays,
    basis: str = Base,
    any_source: bool = AnySource,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """近重复关注清单，到期自动移出 / places to watch, until they drop off by themselves."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = _filter(families, None, None, hours, weekdays, basis, any_source=any_source)
    with opened(here.settings) as workspace:
        made = watched(workspace, DEMO, with_families(workspace, DEMO, wanted))
    if here.output.as_json:
        here.output.document(made.model_dump(mode="json", by_alias=True))
        return
    zh = here.output.language == "zh"
    rows = [
        [
            p.family,
            f"{p.name} {p.grid_code or ''}".strip(),
            str(p.n),
            f"{p.until:%m-%d %H:%M}",
            p.why_zh if zh else p.why_en,
        ]
        for p in made.places
    ]
    here.output.table(
        ["类别", "地点", "n", "到期", "依据"] if zh else ["class", "place", "n", "until", "why"], rows,
        title="近重复关注" if zh else "Near repeats to watch",
    )  # fmt: skip
    here.output.say(made.note_zh, made.note_en)


@app.command("concentration")
def concentration(
    cells: str = KindOfCells,
    size: float = Size,
    families: str | None = Families,
    start: str | None = Start,
    end: str | None = End,
    basis: str = Base,
    any_source: bool = AnySource,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """80-20 曲线与基尼系数 / the 80-20 curve and the Gini coefficient."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = _filter(families, start, end, None, None, basis, any_source=any_source)
    kind = cast("CellKind", _one_of("cells", cells, get_args(CellKind)))
    with opened(here.settings) as workspace:
        made = concentrated(workspace, DEMO, with_families(workspace, DEMO, wanted), cells=kind, size_m=size)
    half, chance = made.needed[1], made.by_chance[1]
    sentence = (
        f"{half:.1%} 的地点有 50% 的警情（纯属偶然时为 {chance:.1%}）；基尼系数 {made.gini:.2f}；n = {made.n}，{made.of} 处"
        if here.output.language == "zh"
        else f"{half:.1%} of places have 50 % of calls (by chance {chance:.1%}); Gini {made.gini:.2f}; n = {made.n} on {made.of} places"
    )
    here.output.result(made.model_dump(mode="json", by_alias=True), sentence)


def forecast(
    size: float = typer.Option(300.0, "--size", min=50, max=2000, help="米 / metres"),
    by: str = typer.Option("log_likelihood", help="log_likelihood, pai, pei, rri"),
    families: str | None = Families,
    hours: str | None = Hours,
    weekdays: str | None = Weekdays,
    basis: str = Base,
    any_source: bool = AnySource,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """下周预测：各方法留出检验，优者为默认 / the coming week, by the method that wins on held-out weeks."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = _filter(families, None, None, hours, weekdays, basis, any_source=any_source)
    measure = cast("Measure", _one_of("by", by, get_args(Measure)))
    with opened(here.settings) as workspace, here.output.progress("预测 / forecast") as observe:
        found = make_forecast(
            workspace, DEMO, with_families(workspace, DEMO, wanted), size_m=size, by=measure, observe=observe
        )
        made = kept_forecast(workspace, DEMO, str(found["forecast_id"]))
    zh = here.output.language == "zh"
    if not here.output.as_json:
        here.output.table(
            ["方法", "PAI", "PEI", "RRI", "对数似然/起"] if zh else ["method", "PAI", "PEI", "RRI", "log likelihood a call"],
            [
                [m.label_zh if zh else m.label_en, *("–" if v is None else f"{v:.2f}" for v in (m.pai, m.pei, m.rri, m.log_likelihood))]
                for m in made.table
            ],
        )  # fmt: skip
    here.output.result(made.model_dump(mode="json", by_alias=True), made.sentence_zh if zh else made.sentence_en)
