"""The options that every question about posts shares on the command line, and how they are read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import typer
from pydantic import BaseModel

from api.cli.context import AsJson, Context, Home, Lang, context_of
from api.cli.posts_places import mapped, read_needs, read_spot
from api.refusals import parsed

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked: the installation and the shared part of the question, as its schema spells it."""

    context: Context
    shared: dict[str, object]

    def question(self, schema: type[V], **own: object) -> V:
        """Return the question, or one sentence on the first option that cannot be used."""
        return parsed(schema, {**self.shared, **{name: value for name, value in own.items() if value is not None}})


def _option(name: str, kind: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


SHARED: Final = (
    _option("minutes", float, typer.Option(3.0, min=0.1, max=60, help="到达时限（分） / response standard")),
    _option("profile", str, typer.Option("response_car", help="response_car, patrol_car, motorcycle, foot, off_road")),
    _option("sites", str, typer.Option("all", help="posts, candidates, all, streets（沿路生成）")),
    _option("spacing", float, typer.Option(600.0, help="沿路生成的间距（米） / metres between made sites")),
    _option("pin", list[str], typer.Option([], help="必须保留的点 / posts that must stay")),
    _option("close", list[str], typer.Option([], help="停用的点 / posts that may not be used")),
    _option("add", list[str], typer.Option([], help="新增点 经度,纬度 / a site lon,lat")),
    _option("families", str | None, typer.Option(None, help="类别，逗号分隔 / classes with commas")),
    _option("from_", datetime | None, typer.Option(None, "--from", help="起 / from")),
    _option("to", datetime | None, typer.Option(None, help="止（不含） / to, not included")),
    _option("hours", str | None, typer.Option(None, help="时段 0-5,20 / hours")),
    _option("weekdays", str | None, typer.Option(None, help="1-7，1 为周一 / weekdays")),
    _option("basis", str, typer.Option("valid", help="valid, received, cases")),
    _option("citizen", str, typer.Option("only", help="only 仅群众报警, any 全部")),
    _option("points", list[str], typer.Option([], help="以这些类别的点为需求 / kinds of points as demand")),
    _option("need", list[str], typer.Option([], help="自列需求 编号=经度,纬度[,权重] / a place to cover key=lon,lat[,weight]")),
    _option("needs", Path | None, typer.Option(None, help="需求表 CSV/JSON：key,lon,lat,weight / table of places to cover")),
    _option("profile_of", list[str], typer.Option([], help="某类点的出行方式 street_post=foot / profile of a kind of post")),
    _option("seconds", float, typer.Option(30.0, min=0.1, help="求解时限（秒） / time limit")),
    _option("iterations", int | None, typer.Option(None, min=1, help="迭代上限 / iterations instead of seconds")),
    _option("seed", int, typer.Option(1, help="随机种子 / seed")),
    _option("home", Path | None, Home),
    _option("as_json", bool, AsJson),
    _option("lang", str | None, Lang),
)  # fmt: skip


def with_shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options; it is called with ``given`` and its own."""
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "given"]

    def run(**values: Any) -> None:
        shared = {option.name: values.pop(option.name) for option in SHARED}
        command(_given(**shared), **values)

    parameters = [*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *SHARED]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__doc__ = command.__doc__
    return run


def _given(
    *,
    minutes: float,
    profile: str,
    sites: str,
    spacing: float,
    pin: list[str],
    close: list[str],
    add: list[str],
    families: str | None,
    from_: datetime | None,
    to: datetime | None,
    hours: str | None,
    weekdays: str | None,
    basis: str,
    citizen: str,
    points: list[str],
    need: list[str],
    needs: Path | None,
    profile_of: list[str],
    seconds: float,
    iterations: int | None,
    seed: int,
    home: Path | None,
    as_json: bool,
    lang: str | None,
) -> Given:
    here = context_of(home, as_json=as_json, language=lang)
    shared: dict[str, object] = {
        "radius_minutes": minutes, "profile": profile, "candidates": sites, "spacing_m": spacing, "pinned": pin,
        "closed": close, "added": [read_spot(text) for text in add], "hours": hours, "weekdays": weekdays, "basis": basis,
        "citizen": citizen, "points": points or None, "seconds": seconds, "iterations": iterations, "seed": seed,
        "families": [part for part in families.split(",") if part] if families else None,
        "from": _aware(from_, here), "to": _aware(to, here), "needs": read_needs(need, needs),
        "profiles": mapped(profile_of, "profile-of", "street_post=foot"),
    }  # fmt: skip
    return Given(here, shared)


def _aware(at: datetime | None, here: Context) -> datetime | None:
    from zoneinfo import ZoneInfo

    return None if at is None or at.tzinfo else at.replace(tzinfo=ZoneInfo(here.settings.time_zone))
