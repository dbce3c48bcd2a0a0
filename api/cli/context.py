"""Options that every command shares, and the installation that it works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from api.cli.output import Output
from api.services.workspace import Workspace
from api.settings import Settings
from geo.errors import NotFoundError
from geo.store.sql import SqlStore


@dataclass(frozen=True, slots=True)
class Context:
    """Settings and output of one call."""

    settings: Settings
    output: Output


def context_of(home: Path | None, *, as_json: bool, language: str | None) -> Context:
    """Return the context of one call; options win over the environment."""
    given: dict[str, object] = {}
    if home is not None:
        given["home"] = home
    if language is not None:
        given["language"] = language
    settings = Settings(**given)  # type: ignore[arg-type]
    return Context(settings, Output(as_json=as_json, language=settings.language))


def local_clock(settings: Settings) -> Callable[[], datetime]:
    """Return the computer's clock in the zone of the installation: sentences of the store tell times in it."""
    zone = ZoneInfo(settings.time_zone)
    return lambda: datetime.now(zone)


@contextmanager
def opened(settings: Settings) -> Iterator[Workspace]:
    """Open the installation, or raise ``NotFoundError`` where ``xunge init`` has not been run."""
    if not settings.database.exists():
        raise NotFoundError(
            f"There is no installation in {settings.home}; run xunge init (or set --home)",
            f"{settings.home} 中没有巡格数据，请先运行 xunge init（或用 --home 指定目录）",
        )
    store = SqlStore.open(settings.database, clock=local_clock(settings))
    try:
        yield Workspace(settings, store)
    finally:
        store.close()


Home = typer.Option(None, "--home", help="数据目录 / folder with the data (XUNGE_HOME)", show_default=False)
AsJson = typer.Option(False, "--json", help="输出 JSON / print JSON")
Lang = typer.Option(None, "--lang", help="zh 或 en / zh or en", show_default=False)
