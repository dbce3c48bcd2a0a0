"""The web application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Final

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import errors, security
from api.clock import Clock
from api.jobs.runner import JobRunner
from api.routers import (
    calls,
    comparing,
    drafts,
    editions,
    exchange,
    features,
    grid_reports,
    grids,
    heat,
    heat_area,
    hot_places,
    indicators,
    jobs,
    pages,
    patrol,
    patrol_edits,
    patrol_papers,
    patrol_sweep,
    place,
    posts,
    presence,
    reports,
    rows,
    situation,
    staffing,
    tiles,
)
from api.routers.health import router as health
from api.services.day_watch import DayWatch
from api.services.editions import put_due
from api.services.posts_warmth import PostsWarmth
from api.services.warm import warm
from api.services.workspace import Workspace
from api.settings import Settings
from api.static import Static
from geo.store.port import DEMO, Store
from geo.store.sandbox import shared_sandbox
from web.assets import STATIC

COUNTING: Final = 2
"""Answers that count many positions at once; more wait, while the threads of all other requests stay free."""

log = logging.getLogger("xunge")


def create_app(settings: Settings, store: Store, *, clock: Clock | None = None, warm_up: bool = True) -> FastAPI:
    """Return the application over an open store; the caller closes the store.

    With ``warm_up`` everything that the first page needs is computed before the first request is answered.
    """
    workspace = Workspace(settings, store, clock=clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.workspace = workspace
        app.state.jobs = JobRunner(store)
        if warm_up:
            put_due(workspace, DEMO)
            warm(workspace)
        # Kept by the process, which closes it at its end: another application may share it.
        shared_sandbox().start()
        try:
            with DayWatch(workspace), PostsWarmth(workspace) if warm_up else nullcontext():
                yield
        finally:
            app.state.jobs.close()

    app = FastAPI(
        title="巡格 xunge",
        version="0.1.0",
        summary="Grids, calls, posts, patrols and dispatch on real streets",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.counting = CapacityLimiter(COUNTING)
    errors.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=4)
    security.install(app, settings)
    for module in (
        calls,
        drafts,
        editions,
        features,
        jobs,
        situation,
        presence,
        place,
        tiles,
        heat,
        heat_area,
        hot_places,
        posts,
        patrol,
        patrol_edits,
        patrol_papers,
        patrol_sweep,
        staffing,
        grid_reports,
        grids,
        reports,
        comparing,
        indicators,
        exchange,
        rows,
    ):
        app.include_router(module.router)
    app.include_router(health)
    app.include_router(pages.router)
    app.mount("/static", Static(directory=STATIC), name="static")
    return app
