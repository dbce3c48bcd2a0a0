"""Editions whose day comes while the server runs take effect on it, without anyone asking."""

from __future__ import annotations

import logging
import threading
from datetime import date
from types import TracebackType
from typing import Final, Self

from api.services.editions import put_due, today
from api.services.workspace import Workspace
from geo.errors import XungeError
from geo.store.port import DEMO

EVERY_SECONDS: Final = 20.0

log = logging.getLogger("xunge.editions")


class DayWatch:
    """A thread that looks at the one clock and puts editions in force when a new day has begun."""

    def __init__(self, workspace: Workspace, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._workspace = workspace
        self._every = every_seconds
        self._stop = threading.Event()
        self._day: date | None = None
        self._thread = threading.Thread(target=self._watch, name="xunge-day", daemon=True)

    def __enter__(self) -> Self:
        self._day = today(self._workspace)
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self.look()

    def look(self) -> bool:
        """Put what is due in force if the day has changed; tell whether it had."""
        day = today(self._workspace)
        if day == self._day:
            return False
        try:
            put_due(self._workspace, DEMO)
        except XungeError:
            # The next look tries again: the day is not ticked off.
            log.exception("editions that are due could not be put in force")
            return False
        self._day = day
        return True
