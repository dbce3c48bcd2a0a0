"""What the first drag, the first score and the first solve need, made in the background after the first page is served."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

from api.schemas.posts import ScorePost, ScoreQuestion
from api.services.filters import CallFilter
from api.services.patrol_kernels import patrol_kernels_ready
from api.services.posts import coverage_today
from api.services.posts_kernels import KERNELS, kernels_ready
from api.services.posts_score import score
from api.services.posts_sites import today_sites
from api.services.workspace import Workspace
from geo.errors import XungeError
from geo.store.port import DEMO

PROFILE: Final = "response_car"
AFTER_SECONDS: Final = 1.0
NICE: Final = 10

log = logging.getLogger("xunge")


def warm_score(workspace: Workspace) -> None:
    """Gather a year of citizens' calls and the times of today's posts to each of them, as the page asks first."""
    sites = today_sites(workspace, DEMO, PROFILE)
    coverage_today(workspace, DEMO, minutes=3.0, profile=PROFILE, wanted=CallFilter(citizen="only"))
    score(workspace, DEMO, ScoreQuestion(posts=tuple(ScorePost(post_id=key) for key in sites.keys)))


class PostsWarmth:
    """A thread of low priority that ends between two steps when the server does."""

    def __init__(self, workspace: Workspace, *, after_seconds: float = AFTER_SECONDS) -> None:
        self._workspace = workspace
        self._after = after_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="xunge-warm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)

    def _steps(self) -> Iterator[Callable[[], None]]:
        if self._workspace.settings.streets.exists() and self._workspace.store.count(DEMO, "calls"):
            yield lambda: warm_score(self._workspace)
        for name in KERNELS:
            yield lambda name=name: kernels_ready(name)  # type: ignore[misc]
        yield patrol_kernels_ready

    def _run(self) -> None:
        if hasattr(os, "setpriority"):
            # Requests go first; on Linux a priority belongs to the thread.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        began = time.perf_counter() + self._after
        for step in self._steps():
            if self._stop.wait(max(0.0, began - time.perf_counter())):
                return
            try:
                step()
            except XungeError as problem:
                # Such as a city without posts yet: the page says it when it is asked.
                log.info("not made ready: %s", problem)
        log.info("posts ready after %.1f s more", time.perf_counter() - began)
