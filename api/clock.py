"""The one clock that every panel obeys."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, in UTC, and where it knows it from."""

    source: str

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...


class SystemClock:
    """The computer's clock."""

    source = "system"

    def now(self) -> datetime:
        """Return the computer's time."""
        return datetime.now(UTC)


class DataClock:
    """A clock that stands at the end of the data when the server starts, and runs on from there."""

    source = "data"

    def __init__(self, as_of: datetime) -> None:
        self._as_of = as_of.astimezone(UTC)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Return the data's last moment plus the time since the start."""
        return self._as_of + timedelta(seconds=time.monotonic() - self._started)


class FixedClock:
    """A clock that stands still, for tests and for reports on a past day."""

    source = "fixed"

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the one time."""
        return self._at
