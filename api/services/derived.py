"""Things computed from the store's tables, built once for each version of what they come from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Derived:
    """A cache whose entries are rebuilt when the version of their source has changed.

    Parallel requests for the same entry wait for one build instead of building it twice.
    """

    def __init__(self) -> None:
        self._values: dict[str, tuple[Hashable, Any]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, name: str, version: Hashable, build: Callable[[], T]) -> T:
        """Return the entry ``name`` as of ``version``, building it if it is missing or older."""
        held = self._values.get(name)
        if held is not None and held[0] == version:
            return cast("T", held[1])
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            held = self._values.get(name)
            if held is None or held[0] != version:
                held = (version, build())
                self._values[name] = held
            return cast("T", held[1])

    def put(self, name: str, version: Hashable, value: object) -> None:
        """Keep a value that was computed elsewhere, such as an edited coverage."""
        with self._guard:
            self._values[name] = (version, value)
