"""``xunge posts solve``."""

from __future__ import annotations

from pathlib import Path

import typer

from api.cli.context import AsJson, Home, Lang, context_of, opened
from api.schemas.posts import PostsQuestion
from api.services.plans import plan_body
from api.services.posts import solve_posts
from geo.store.port import DEMO

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """屯警布点 / posts."""


@app.command("solve")
def solve(
    posts: int = typer.Option(..., "--posts", min=1, help="屯警点数 / number of posts"),
    minutes: float = typer.Option(3.0, min=0.1, max=60, help="到达时限（分） / response standard"),
    profile: str = typer.Option("response_car", help="response_car, patrol_car, motorcycle, foot"),
    sites: str = typer.Option("all", help="posts, candidates, all"),
    pin: list[str] = typer.Option([], help="必须保留的点 / posts that must stay"),
    close: list[str] = typer.Option([], help="停用的点 / posts that may not be used"),
    seconds: float = typer.Option(30.0, min=0.1, help="求解时限（秒） / time limit"),
    seed: int = typer.Option(1, help="随机种子 / seed"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """选出覆盖警情最多的点位 / choose the posts that cover most calls."""
    here = context_of(home, as_json=as_json, language=lang)
    question = PostsQuestion.model_validate(
        {
            "p": posts, "radius_minutes": minutes, "profile": profile, "candidates": sites, "pinned": pin,
            "closed": close, "seconds": seconds, "seed": seed,
        }
    )  # fmt: skip
    with opened(here.settings) as workspace, here.output.progress("屯警布点") as observe:
        result = solve_posts(workspace, DEMO, question, observe)
        body = plan_body(workspace, DEMO, str(result["plan_id"]))
    here.output.result(body, _sentence(body, here.output.language))


def _sentence(body: dict[str, object], language: str) -> str:
    share, gap = float(str(body["share"])), body["gap"]
    proof = f"{float(str(gap)):.3%}" if gap is not None else "—"
    if language == "zh":
        end = "已证明最优" if body["proved"] else f"未证明最优，差距 {proof}"
        return (
            f"本方案 {body['p']} 个点，覆盖 {share:.1%}（{body['covered']:,.0f} / {body['demand']:,.0f} 起）；"
            f"理论上限 {float(str(body['bound'])):,.0f} 起；{end}；种子 {body['seed']}；方案 {body['plan_id']}"
        )
    end = "proved best" if body["proved"] else f"not proved best, gap {proof}"
    return (
        f"{body['p']} posts cover {share:.1%} ({body['covered']:,.0f} of {body['demand']:,.0f} calls); "
        f"bound {float(str(body['bound'])):,.0f}; {end}; seed {body['seed']}; plan {body['plan_id']}"
    )
