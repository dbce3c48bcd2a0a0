"""``xunge grids``: check, renumber, compare and publish grids, and what depends on their boundaries."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TypeVar, cast

import orjson
import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.refusals import parsed
from api.schemas.drafts import Draft, StepAsked
from api.schemas.grid_reports import MergeAsked, MergeReport, RenumberAsked, RepairAsked, RepairReport
from api.schemas.values import Value
from api.services import drafts as drafting
from api.services.comparison import Form, comparison_file
from api.services.conformity import conformity as look
from api.services.conformity import conformity_sheet
from api.services.filters import parse_filter
from api.services.grid_check import check_grids
from api.services.layer_merging import LayerFile, merge_files, merge_report
from api.services.misfit import misfit as score
from api.services.publishing import take_step
from api.services.renumbering import renumber_grids
from api.services.repairing import repair_grids, repair_report
from api.services.restating import restated
from api.services.staffing import staffing as count_staff
from geo.errors import FileError, ParameterError
from geo.store.exchange import write_layer
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
From = typer.Option(None, "--from", help="ISO 8601", show_default=False)
To = typer.Option(None, "--to", help="ISO 8601", show_default=False)
Out = typer.Option(None, "--out", help="写出文件 / write to a file", show_default=False)
MOST_LINES = 20
V = TypeVar("V", bound=Value)


@app.callback()
def root() -> None:
    """网格 / grids."""


@app.command("check")
def check(
    gap_width: float = typer.Option(1.0, help="窄缝宽度（米） / width of cracks, m"),
    sliver_width: float = typer.Option(1.0, help="狭缝宽度（米） / width of slivers, m"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """检查网格：缝隙、重叠、狭缝、编码；有问题时退出码为 1 / look for gaps, overlaps, slivers, faulty codes; leaves with 1 if any."""
    here = context_of(home, as_json=as_json, language=lang)
    zh = here.output.language == "zh"
    with opened(here.settings) as workspace, here.output.progress("检查网格" if zh else "check") as observe:
        made = check_grids(workspace, DEMO, gap_width_m=gap_width, sliver_width_m=sliver_width, observe=observe)
    lines = [f.sentence_zh if zh else f.sentence_en for f in made.faults]
    head = (
        f"检查 {made.n:,} 个网格，合计 {made.area_m2 / 1e6:,.3f} km²，问题 {len(lines):,} 处"
        if zh
        else f"{made.n:,} grids looked at, {made.area_m2 / 1e6:,.3f} km² in all, {len(lines):,} faults"
    )
    here.output.result(made.model_dump(mode="json"), _listed(head, lines, zh=zh))
    if not made.whole:
        raise typer.Exit(1)


@app.command("repair")
def repair(
    tolerance: float = typer.Option(0.5, help="顶点最大移动（米） / how far a vertex may move, m"),
    gap_width: float = typer.Option(1.0, help="可闭合的缝宽（米） / width of gaps that are closed, m"),
    commit: bool = typer.Option(False, "--commit", help="写入并登记版本 / write, and record an edition"),
    out: Path | None = Out,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """按规则修复网格，逐条列出改动 / mend grids by rule; every change is listed."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = parsed(RepairAsked, {"tolerance_m": tolerance, "gap_width_m": gap_width, "commit": commit})
    zh = here.output.language == "zh"
    with opened(here.settings) as workspace, here.output.progress("修复网格" if zh else "repair") as observe:
        result = repair_grids(workspace, DEMO, wanted, observe)
        made = RepairReport.model_validate(repair_report(workspace, DEMO, str(result["repair_id"])))
    body = made.model_dump(mode="json")
    if out is not None:
        out.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    lines = [change.sentence_zh if zh else change.sentence_en for change in made.changes]
    wrote = f"第 {made.edition} 版" if zh else f"edition {made.edition}"
    end = wrote if made.edition is not None else ("未写入" if zh else "not written")
    head = (
        f"改动 {len(lines):,} 处；问题 {made.faults_before:,} → {made.faults_after:,}；{end}"
        if zh
        else f"{len(lines):,} changes; faults {made.faults_before:,} to {made.faults_after:,}; {end}"
    )
    here.output.result({**result, **body}, _listed(head, lines, zh=zh))


@app.command("merge")
def merge(
    layers: list[str] = typer.Argument(help="名称=文件，先列者优先 / NAME=FILE, the first has most right"),
    rule: str = typer.Option("priority", help="priority, largest_share, follow_parent"),
    min_piece: float = typer.Option(100.0, help="最小地块（平方米） / smallest piece, m²"),
    communities: Path | None = typer.Option(None, help="村（社区）图层 / layer of communities", show_default=False),
    frame: str | None = typer.Option(None, help="WGS84, CGCS2000, GCJ02, BD09, EPSG:n", show_default=False),
    commit: bool = typer.Option(False, "--commit", help="写入并登记版本 / write, and record an edition"),
    out: Path | None = Out,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """多网合一：多个图层合并为一个，逐块记录来源 / make many layers one; every piece tells where it comes from."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = parsed(MergeAsked, {"rule": rule, "min_piece_m2": min_piece, "frame": frame, "commit": commit})
    files = [_layer_file(text) for text in layers]
    zh = here.output.language == "zh"
    with opened(here.settings) as workspace, here.output.progress("多网合一" if zh else "merge") as observe:
        made = merge_files(workspace, DEMO, files, wanted, observe, parents=communities)
        report = MergeReport.model_validate(merge_report(workspace, DEMO, str(made.result["merge_id"])))
    if out is not None:
        write_layer(made.merged.grids.frame, out, time_zone=here.settings.time_zone)
    lines = [place.sentence_zh if zh else place.sentence_en for place in report.contested]
    wrote = f"第 {report.edition} 版" if zh else f"edition {report.edition}"
    end = wrote if report.edition is not None else ("未写入" if zh else "not written")
    head = (
        f"合并为 {report.grids:,} 个网格；待核对 {len(lines):,} 处；{end}"
        if zh
        else f"{report.grids:,} grids; {len(lines):,} places to review; {end}"
    )
    here.output.result({**made.result, **report.model_dump(mode="json")}, _listed(head, lines, zh=zh))


@app.command("renumber")
def renumber(
    band: float = typer.Option(500.0, help="行带高度（米） / height of a row band, m"),
    edition: str | None = typer.Option(None, help="对照版本 / edition to compare with", show_default=False),
    fresh: bool = typer.Option(False, "--fresh", help="全部重编 / number everything anew"),
    commit: bool = typer.Option(False, "--commit", help="写入并登记版本 / write, and record an edition"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """重新编号，土地未变的保留原号 / number grids; unchanged land keeps its number."""
    here = context_of(home, as_json=as_json, language=lang)
    wanted = parsed(RenumberAsked, {"band_m": band, "edition": edition, "fresh": fresh, "commit": commit})
    with opened(here.settings) as workspace:
        made = renumber_grids(workspace, DEMO, wanted)
    zh = here.output.language == "zh"
    lines = [f"{r.before} → {r.after}" for r in made.renamed]
    lines += [s.sentence_zh if zh else s.sentence_en for s in made.nearly_full]
    wrote = ("已写入" if zh else "written") if made.committed else ("未写入" if zh else "not written")
    head = (
        f"更换 {len(made.renamed):,} 个编码，保留 {made.kept:,} 个，{wrote}"
        if zh
        else f"{len(made.renamed):,} codes change, {made.kept:,} stay, {wrote}"
    )
    here.output.result(made.model_dump(mode="json", by_alias=True), _listed(head, lines, zh=zh))


@app.command("drafts")
def drafts(home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang) -> None:
    """列出草稿 / list the drafts."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = drafting.drafts(workspace, DEMO)
    lines = [f"{d.draft_id}  {d.state}  {d.name}  ({len(d.changed)})" for d in made.drafts]
    here.output.result(made.model_dump(mode="json"), "\n".join(lines) or "—")


@app.command("compare")
def compare(
    draft: str = typer.Argument(help="草稿编号 / id of the draft"),
    out: Path | None = Out,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """草稿与原版本对比，可写出 .json .geojson .xlsx / what a draft would change."""
    here = context_of(home, as_json=as_json, language=lang)
    form = _form(out)
    with opened(here.settings) as workspace:
        body = orjson.loads(comparison_file(workspace, DEMO, draft, "json").body)
        if out is not None:
            out.write_bytes(comparison_file(workspace, DEMO, draft, form, here.output.language).body)
    zh = here.output.language == "zh"
    lines = [
        f"{row['code']}  {row['kind']}  {_change(row, 'area')} m²  {_change(row, 'calls')} {'起' if zh else 'calls'}"
        for row in body["table"]
    ]
    head = (
        f"改动 {len(lines)} 个网格；警情均衡度 {body['balance_before']:.3f} → {body['balance_after']:.3f}（n = {body['n']:,}）"
        if zh
        else f"{len(lines)} grids change; balance {body['balance_before']:.3f} → {body['balance_after']:.3f} (n = {body['n']:,})"
    )
    here.output.result(body, _listed(head, lines, zh=zh))


@app.command("step")
def step(
    draft: str = typer.Argument(help="草稿编号 / id of the draft"),
    name: str = typer.Argument(help="submit, review, return, withdraw"),
    reason: str = typer.Option("", help="理由 / reason"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """报审、审核、退回、撤回 / submit, review, return or withdraw a draft."""
    here = context_of(home, as_json=as_json, language=lang)
    if name not in ("submit", "review", "return", "withdraw"):
        raise ParameterError(f"{name!r} is not a step", f"没有 {name!r} 这一步")
    with opened(here.settings) as workspace:
        made = take_step(workspace, DEMO, draft, StepAsked.model_validate({"step": name, "reason": reason}))
    here.output.result(made.model_dump(mode="json"), _stands(made))


@app.command("publish")
def publish(
    draft: str = typer.Argument(help="草稿编号 / id of the draft"),
    on: str | None = typer.Option(None, "--on", help="生效日 / day of effect, 2026-12-01", show_default=False),
    reason: str = typer.Option("", help="说明 / note"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """发布审核通过的草稿，成为新版本 / publish a reviewed draft as the next edition."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = take_step(workspace, DEMO, draft, StepAsked(step="publish", reason=reason, valid_from=_day(on)))
    here.output.result(made.model_dump(mode="json"), _stands(made))


@app.command("restate")
def restate(
    start: str = typer.Option(..., "--from", help="ISO 8601"),
    end: str = typer.Option(..., "--to", help="ISO 8601"),
    before_from: str = typer.Option(..., "--before-from", help="ISO 8601"),
    before_to: str = typer.Option(..., "--before-to", help="ISO 8601"),
    edition: str | None = typer.Option(None, help="版本 / edition", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """两个时段统一到同一版本的网格上比较（同比） / compare two periods on one edition."""
    here = context_of(home, as_json=as_json, language=lang)
    after, before = parse_filter(start=start, end=end), parse_filter(start=before_from, end=before_to)
    title = "统一口径比较" if here.output.language == "zh" else "restate"
    with opened(here.settings) as workspace, here.output.progress(title) as observe:
        made = restated(workspace, DEMO, after, before, edition, observe=observe)
    total = made.total
    low, high = total.interval
    change = "—" if total.change is None else f"{total.change:+.2%}"
    span = f"{low:+.1%} – {'∞' if high is None else f'{high:+.1%}'}"
    sentence = (
        f"{total.n_before:,} → {total.n_after:,} 起，变化 {change}（95% 区间 {span}，p = {total.p:.2g}）；{made.method_zh}，{made.edition}"
        if here.output.language == "zh"
        else f"{total.n_before:,} to {total.n_after:,} calls, {change} (95 % {span}, p = {total.p:.2g}); {made.method_en}, {made.edition}"
    )
    here.output.result(made.model_dump(mode="json", by_alias=True), sentence)


@app.command("conformity")
def conformity(
    households_min: float | None = typer.Option(None, help="户数下限 / fewest households", show_default=False),
    households_max: float | None = typer.Option(None, help="户数上限 / most households", show_default=False),
    out: Path | None = Out,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """按划分原则检查网格 / the division principles as checks."""
    here = context_of(home, as_json=as_json, language=lang)
    zh = here.output.language == "zh"
    with opened(here.settings) as workspace, here.output.progress("划分原则" if zh else "conformity") as observe:
        made = look(workspace, DEMO, fewest=households_min, most=households_max, observe=observe)
        if out is not None:
            if out.suffix.lower() != ".xlsx":
                raise FileError(f"{out} must end in .xlsx", f"{out} 应以 .xlsx 结尾")
            written = conformity_sheet(
                workspace, DEMO, here.output.language, fewest=households_min, most=households_max
            )
            out.write_bytes(written.body)
    lines = [c.sentence_zh if zh else c.sentence_en for c in made.checks]
    here.output.result(
        made.model_dump(mode="json"), "\n".join([*lines, made.statement_zh if zh else made.statement_en])
    )


@app.command("misfit")
def misfit(
    start: str | None = From,
    end: str | None = To,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """警格与网格的归属不一致率 / how well police grids and grids fit."""
    here = context_of(home, as_json=as_json, language=lang)
    zh = here.output.language == "zh"
    with opened(here.settings) as workspace, here.output.progress("格警对照" if zh else "misfit") as observe:
        made = score(workspace, DEMO, parse_filter(start=start, end=end), observe=observe)
    share = "—" if made.share is None else f"{made.share:.2%}"
    head = (
        f"不一致率 {share}（{made.misfit:,} / {made.n:,} 起）"
        if zh
        else f"misfit {share} ({made.misfit:,} of {made.n:,})"
    )
    lines = [p.sentence_zh if zh else p.sentence_en for p in made.proposals]
    here.output.result(made.model_dump(mode="json", by_alias=True), _listed(head, lines, zh=zh))


@app.command("staffing")
def staffing(
    template: str = typer.Option("one-worker", help="one-worker, 1+3+N"),
    level: str = typer.Option("county", help="county, town, community, grid"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """网格配员：应配、在岗、空缺 / posts, people in posts, vacancies."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = count_staff(workspace, DEMO, template=template, level=level)
    zh = here.output.language == "zh"
    lines = [f"{r.code} {r.name} {r.role_zh if zh else r.role}: {r.filled}/{r.required}" for r in made.rows]
    head = (
        f"应配 {made.required:,}，在岗 {made.filled:,}，空缺 {made.vacant:,}"
        if zh
        else f"{made.required:,} posts, {made.filled:,} filled, {made.vacant:,} vacant"
    )
    here.output.result(made.model_dump(mode="json"), _listed(head, lines, zh=zh))


def _layer_file(text: str) -> LayerFile:
    name, found, path = text.partition("=")
    if not (found and name and path):
        raise ParameterError(f"{text!r} is not NAME=FILE", f"{text!r} 应写成 名称=文件")
    return LayerFile(name=name, path=Path(path))


def _listed(head: str, lines: list[str], *, zh: bool) -> str:
    more = len(lines) - MOST_LINES
    rest = [f"……另有 {more:,} 条" if zh else f"… and {more:,} more"] if more > 0 else []
    return "\n".join([head, *lines[:MOST_LINES], *rest])


def _change(row: dict[str, object], name: str) -> str:
    was, is_ = (row[f"{name}_{when}"] for when in ("before", "after"))
    return " → ".join("—" if v is None else f"{float(cast('float', v)):,.0f}" for v in (was, is_))


def _stands(made: Draft) -> str:
    told = f"{made.draft_id}  {made.name}: {made.state}"
    return f"{told} · {made.edition} · {made.valid_from}" if made.edition is not None else told


def _form(out: Path | None) -> Form:
    if out is None:
        return "json"
    forms: dict[str, Form] = {".json": "json", ".geojson": "geojson", ".xlsx": "xlsx"}
    if out.suffix.lower() not in forms:
        raise FileError(f"{out} must end in .json, .geojson or .xlsx", f"{out} 应以 .json、.geojson 或 .xlsx 结尾")
    return forms[out.suffix.lower()]


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(f"{text!r} is not a day such as 2026-12-01", f"日期 {text!r} 应形如 2026-12-01") from None
