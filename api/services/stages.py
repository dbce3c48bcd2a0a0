"""The stages of long work: told to whoever watches, and the places where it can be stopped."""

from __future__ import annotations

import time

from geo.errors import CancelledError
from planners.contract import Observer, Progress


class Stages:
    """Reports stages of work to an observer; asked to stop, it raises ``CancelledError`` before the next one."""

    def __init__(self, observe: Observer, *, stopped_en: str, stopped_zh: str) -> None:
        self._observe = observe
        self._begun = time.monotonic()
        self._stopped = stopped_en, stopped_zh

    def at(self, share: float, message: str) -> None:
        """Tell that a share of the work is done, and what comes next."""
        if not self._observe(Progress(seconds=time.monotonic() - self._begun, share=share, message=message)):
            raise CancelledError(*self._stopped)
