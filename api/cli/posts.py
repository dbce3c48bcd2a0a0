"""``xunge posts``: evaluate, solve, close, open, value, moves, pin, pareto, robust, sight, match, check, export."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson
import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.cli.posts_options import Given, with_shared
from api.cli.posts_places import mapped, read_levels, read_spot
from api.cli.posts_sentences import curve_sentence, front_sentence, plan_sentence
from api.refusals import parsed
from api.schemas.posts import (
    Asked,
    CurveQuestion,
    FrontQuestion,
    MatchQuestion,
    PinQuestion,
    PostsQuestion,
    SightQuestion,
)
from api.services.plans import plan_body
from api.services.posts import solve_posts
from api.services.posts_curves import curve, pinned
from api.services.posts_export import plan_file
from api.services.posts_front import front
from api.services.posts_ground import prepare
from api.services.posts_plan import COUNTED, demand_kind
from api.services.posts_recheck import recheck
from api.services.posts_score import evaluate_today
from api.services.posts_sight import match, sight
from geo.errors import FileError
from geo.store.port import DEMO, Json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
ROBUST = typer.Option("months", help="months 各月, day_night 昼夜")


@app.callback()
def root() -> None:
    """屯警布点 / posts."""


def _solve(given: Given, question: PostsQuestion) -> None:
    here = given.context
    with opened(here.settings) as workspace, here.output.progress("屯警布点") as observe:
        result = solve_posts(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    here.output.result(body, plan_sentence(body, here.output.language))


@app.command("solve")
@with_shared
def solve(
    given: Given,
    posts: int | None = typer.Option(None, "--posts", min=1, help="屯警点数 / number of posts"),
    model: str = typer.Option(
        "mclp", help="mclp, lscp, p_median, p_center, backup, capacity, mexclp, hierarchy, robust, timed"
    ),
    max_moves: int | None = typer.Option(None, min=0, help="最多调整几个现有点 / posts of today given up at most"),
    budget: float | None = typer.Option(None, help="总预算 / what the sites may cost together"),
    cost: list[str] = typer.Option([], help="点位费用 编号=值 / cost of a site"),
    site_cost: float = typer.Option(1.0, help="其余点位费用 / cost of other sites"),
    times: int = typer.Option(2, "--times", min=2, max=10, help="后备覆盖次数 k / how many times covered"),
    busy: float | None = typer.Option(None, min=0, max=0.999, help="繁忙率，不给则估计 / busy fraction"),
    minutes_per_call: float = typer.Option(40.0, help="每起处置时长（分） / minutes of work a call"),
    at_a_site: int = typer.Option(1, min=1, max=20, help="一点最多几组 / units at one site"),
    capacity: float | None = typer.Option(None, help="每点承载（起） / demand a post takes"),
    split: bool = typer.Option(False, help="需求可分担 / demand may be shared"),
    all_demand: bool = typer.Option(False, help="承载模型服务全部需求 / capacity: serve all, least mean time"),
    opening: list[str] = typer.Option([], help="开放时段 编号=7-8,16-17 / hours of a site"),
    level: list[str] = typer.Option(
        [], help="分级 分钟=点数,方式,类别 / a level such as 1=20,motorcycle,street_post+kiosk"
    ),
    scenarios: str = ROBUST,
) -> None:
    """按所选模型求解布点 / choose posts by a model."""
    _solve(
        given,
        given.question(
            PostsQuestion, model=model, p=posts, max_moves=max_moves, budget=budget, costs=mapped(cost, "cost"),
            site_cost=site_cost, k=times, busy=busy, minutes_per_call=minutes_per_call, most_at_a_site=at_a_site,
            capacity=capacity, split=split, within=not all_demand, opening=mapped(opening, "opening"),
            scenarios=scenarios, levels=read_levels(level),
        ),
    )  # fmt: skip


@app.command("robust")
@with_shared
def robust(
    given: Given, posts: int = typer.Option(..., "--posts", min=1, help="屯警点数 / posts"), scenarios: str = ROBUST
) -> None:
    """各月或昼夜都稳的布点 / posts that hold in every month, or by day and night."""
    _solve(given, given.question(PostsQuestion, model="robust", p=posts, scenarios=scenarios))


@app.command("evaluate")
@with_shared
def evaluate(given: Given) -> None:
    """评估现有布点 / what today's posts cover."""
    here, question = given.context, given.question(Asked)
    with opened(here.settings) as workspace:
        found = evaluate_today(workspace, DEMO, question)
    body = found.model_dump(mode="json", by_alias=True)
    low, high = found.interval
    mean = "–" if found.mean_seconds is None else f"{found.mean_seconds / 60:.1f}"
    unreached = [form.format(found.unreachable_calls) for form in COUNTED[demand_kind(question)]]
    here.output.result(
        body,
        f"现有 {found.n_posts} 个点，{found.minutes:g} 分钟内可到 {found.share:.1%}（95% 区间 {low:.1%}–{high:.1%}，"
        f"n={found.n:,}）；平均 {mean} 分；无路可达 {unreached[0]}"
        if here.output.language == "zh"
        else f"{found.n_posts} posts reach {found.share:.1%} within {found.minutes:g} min (95% {low:.1%}–{high:.1%}, "
        f"n={found.n:,}); {mean} min on average; {unreached[1]} unreachable",
    )


def _curve(given: Given, kind: str, count: int, plan: list[str], posts: list[int] | None = None) -> None:
    here = given.context
    question = given.question(CurveQuestion, kind=kind, count=count, plan=plan or None, posts=posts or None)
    with opened(here.settings) as workspace, here.output.progress("布点曲线") as observe:
        body = curve(workspace, DEMO, question, observe)
    here.output.result(body, curve_sentence(body, here.output.language))


FROM = typer.Option([], "--from-post", help="起点方案的点 / posts to start from; today's if none")


@app.command("close")
@with_shared
def close(
    given: Given, count: int = typer.Option(5, min=1, help="撤几个 / how many"), from_post: list[str] = FROM
) -> None:
    """撤哪些点损失最小 / which to close with least loss."""
    _curve(given, "close", count, from_post)


@app.command("open")
@with_shared
def open_next(
    given: Given, count: int = typer.Option(5, min=1, help="增几个 / how many"), from_post: list[str] = FROM
) -> None:
    """下一个点设在哪里 / which to open next."""
    _curve(given, "open", count, from_post)


@app.command("value")
@with_shared
def value(given: Given, posts: list[int] = typer.Option([], "--posts", help="点数 / numbers of posts")) -> None:
    """点数与覆盖的曲线 / the best plan of each number of posts."""
    _curve(given, "value", 10, [], posts)


@app.command("moves")
@with_shared
def moves(given: Given, count: int = typer.Option(5, min=1, help="最多调整几个 / moves at most")) -> None:
    """每多调整一个点的收益 / the price of stability."""
    _curve(given, "moves", count, [])


@app.command("pin")
@with_shared
def pin_one(
    given: Given,
    post_id: str = typer.Argument(help="点位编号 / number of the post"),
    posts: int = typer.Option(..., "--posts", min=1, help="屯警点数 / posts"),
    go: bool = typer.Option(False, help="必须撤 / it must go instead"),
) -> None:
    """某点必须保留（或撤除）时哪些点变动 / what moves when a post must stay or go."""
    here = given.context
    question = given.question(PinQuestion, post_id=post_id, p=posts, must="go" if go else "stay")
    with opened(here.settings) as workspace, here.output.progress("保留影响") as observe:
        body = pinned(workspace, DEMO, question, observe)
    zh = here.output.language == "zh"
    names = [", ".join(str(p["post_id"]) for p in _rows(body, name)) or "–" for name in ("closed", "opened")]
    price = float(str(body["price"]))
    here.output.result(
        body,
        f"{post_id}：撤 {names[0]}；设 {names[1]}；少覆盖 {price:,.0f} 起"
        if zh
        else f"{post_id}: close {names[0]}; open {names[1]}; {price:,.0f} fewer calls covered",
    )


def _rows(body: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    listed = body.get(name)
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


@app.command("pareto")
@with_shared
def pareto(
    given: Given,
    posts: int = typer.Option(..., "--posts", min=1, help="屯警点数 / posts"),
    levels: int = typer.Option(4, min=1, max=20, help="端点之间的档数 / steps between the ends"),
) -> None:
    """方案前沿与 省人/更快/更稳 三方案 / the front and its three named plans."""
    here, question = given.context, given.question(FrontQuestion, p=posts, levels=levels)
    with opened(here.settings) as workspace, here.output.progress("方案前沿") as observe:
        ground = prepare(workspace, DEMO, question)
        result = front(workspace, DEMO, question, ground, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    here.output.result(body, front_sentence(body, here.output.language))


@app.command("check")
def check(
    plan_id: str = typer.Argument(help="方案编号 / plan"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """仅凭路网复核一个方案 / recompute a kept plan from the streets alone."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        body = recheck(workspace, DEMO, plan_id)
    shown, found = float(str(body["shown"])), float(str(body["recomputed"]))
    here.output.result(
        body,
        f"{plan_id} 复核一致：方案 {shown:,.3f}，路网复算 {found:,.3f}（n={body['n']:,}）"
        if here.output.language == "zh"
        else f"{plan_id} agrees: it shows {shown:,.3f}, the streets give {found:,.3f} (n={body['n']:,})",
    )


@app.command("export")
def export(
    plan_id: str = typer.Argument(help="方案编号 / plan"),
    path: Path = typer.Argument(help="文件 .xlsx .geojson .gpkg .kml .csv … / file"),
    frame: str = typer.Option("WGS84", help="WGS84, CGCS2000, GCJ02, BD09"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """把方案写成文件 / write a kept plan to a file."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = plan_file(workspace, DEMO, plan_id, path.suffix.lstrip(".").lower(), frame_out=frame)
    if not path.parent.is_dir():
        raise FileError(f"There is no folder {path.parent}", f"没有目录 {path.parent}")
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(made.body)
    part.replace(path)
    here.output.result({"plan_id": plan_id, "path": str(path)}, f"{plan_id} → {path}")


@app.command("sight")
def sight_of(
    kind: list[str] = typer.Option(["video"], help="点的类别 / kinds of points"),
    reach: float = typer.Option(80.0, help="可视距离（米） / metres of sight"),
    more: int = typer.Option(0, min=0, help="再增几处 / how many more"),
    spot: list[str] = typer.Option([], help="自列观察点 经度,纬度 / a place to see from lon,lat"),
    streets: bool = typer.Option(False, help="按街道长度而非警情增设 / more by street length"),
    seconds: float = typer.Option(10.0, min=0.1, help="求解时限（秒） / time limit"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """摄像机看到多少街道与警情、盲区在哪 / what cameras see, and blind spots."""
    here = context_of(home, as_json=as_json, language=lang)
    asked = {
        "kinds": [] if spot and kind == ["video"] else kind,
        "spots": [read_spot(text) for text in spot],
        "reach_m": reach,
        "more": more,
        "of": "streets" if streets else "calls",
        "seconds": seconds,
    }
    question = parsed(SightQuestion, dict(asked))
    with opened(here.settings) as workspace:
        body = sight(workspace, DEMO, question)
    seen_calls, seen_streets = body["calls"], body["streets"]
    calls_share = float(str(seen_calls["share"])) if isinstance(seen_calls, dict) else 0.0
    street_share = float(str(seen_streets["share"])) if isinstance(seen_streets, dict) else 0.0
    here.output.result(
        body,
        f"{body['points']} 处在 {reach:g} 米内可见街道 {street_share:.1%}、警情 {calls_share:.1%}（n={body['n_calls']:,}）"
        if here.output.language == "zh"
        else f"{body['points']} points see {street_share:.1%} of streets and {calls_share:.1%} of calls within {reach:g} m "
        f"(n={body['n_calls']:,})",
    )


@app.command("match")
def match_file(
    path: Path = typer.Argument(help="JSON：areas, persons / JSON file with areas and persons"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """人员与区域匹配（导师到镇、民警到警务区） / persons to areas."""
    here = context_of(home, as_json=as_json, language=lang)
    try:
        asked = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as problem:
        raise FileError(f"{path} cannot be read as JSON: {problem}", f"{path} 不是可读的 JSON：{problem}") from None
    question = parsed(MatchQuestion, asked)
    with opened(here.settings) as workspace:
        body = match(workspace, question)
    mean = float(str(body["mean_seconds"] or 0)) / 60
    here.output.result(
        body,
        f"{body['n']} 对，平均 {mean:.1f} 分；已证明最优"
        if here.output.language == "zh"
        else f"{body['n']} pairs, {mean:.1f} min on average; proved best",
    )
