"""``xunge serve`` and ``xunge demo``: the pages."""

from __future__ import annotations

import logging
from pathlib import Path

import typer
import uvicorn

from api.app import create_app
from api.cli.context import AsJson, Context, Home, Lang, context_of, local_clock
from api.services.demo import CITIES, DemoSize, install, installed
from geo.errors import NotFoundError, ParameterError
from geo.store.sql import SqlStore


def serve(
    home: Path | None = Home,
    host: str | None = typer.Option(None, help="监听地址 / address to listen on", show_default=False),
    port: int | None = typer.Option(None, help="端口 / port", show_default=False),
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """打开页面服务 / serve the pages."""
    here = context_of(home, as_json=as_json, language=lang)
    run(_listening(here, host, port))


def demo(
    city: str = typer.Option("coquimbo", help="coquimbo 或 helsinki / coquimbo or helsinki"),
    home: Path | None = Home,
    port: int | None = typer.Option(None, help="端口 / port", show_default=False),
    calls: int = typer.Option(120_000, min=100, max=5_000_000, help="合成警情数 / synthetic calls"),
    seed: int = typer.Option(20260101, help="随机种子 / seed"),
    rebuild: bool = typer.Option(False, "--rebuild", help="重新生成 / build again"),
    build_only: bool = typer.Option(False, "--build-only", help="只生成，不打开页面 / build, do not serve"),
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """生成并打开演示城市 / build and serve the demo city."""
    if city not in CITIES:
        raise ParameterError(
            f"There is no demo city {city!r}; there are {', '.join(CITIES)}",
            f"没有演示城市 {city!r}，可用：{'、'.join(CITIES)}",
        )
    here = context_of(home, as_json=as_json, language=lang)
    if home is None:
        here = context_of(here.settings.home / f"demo-{city}", as_json=as_json, language=lang)
    size = DemoSize(city=city, calls=calls, seed=seed)
    if rebuild or not installed(here.settings, size):
        with here.output.progress(
            "生成演示城市" if here.output.language == "zh" else "Building the demo city"
        ) as observe:
            install(here.settings, size, observe, say=lambda line: here.output.say(line, line))
    if build_only:
        here.output.result({"home": str(here.settings.home), "city": city, "seed": seed}, str(here.settings.home))
        return
    run(_listening(here, None, port))


def _listening(here: Context, host: str | None, port: int | None) -> Context:
    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return Context(here.settings.model_copy(update=given), here.output)


def run(here: Context) -> None:
    """Serve until interrupted; running solves are stopped and the store is closed."""
    settings = here.settings
    if not settings.database.exists():
        raise NotFoundError(
            f"There is no installation in {settings.home}; run xunge init or xunge demo",
            f"{settings.home} 中没有巡格数据，请先运行 xunge init 或 xunge demo",
        )
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    store = SqlStore.open(settings.database, clock=local_clock(settings))
    try:
        app = create_app(settings, store)
        here.output.say(
            f"巡格正在启动，稍后请打开 http://{settings.host}:{settings.port}",
            f"xunge is starting; open http://{settings.host}:{settings.port}",
        )
        uvicorn.run(
            app, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=5,
            server_header=False,
        )  # fmt: skip
    finally:
        store.close()
