"""Calls that arrive one by one, taken over together: one packing and one flush of the disk for all that wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

import numpy as np

from geo.errors import InputError, UnavailableError
from geo.hotspots.cube.ready import CallChunk

MOST_AT_ONCE: Final = 4096
Put = Callable[[list[tuple[CallChunk, int]]], None]


class Intake:
    """A queue of calls and the thread that takes over what has gathered while the disk was busy."""

    def __init__(self, put: Put) -> None:
        """``put`` is to return when the calls, with weights, are on disk."""
        self._put = put
        self._waiting: deque[tuple[CallChunk, Future[None]]] = deque()
        self._some = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="cube-intake", daemon=True)
        self._thread.start()

    def submit(self, chunk: CallChunk) -> Future[None]:
        """Queue calls; the future is done when they are taken over, or holds the error."""
        done: Future[None] = Future()
        with self._some:
            if self._closed:
                raise UnavailableError("The cube of calls is closed", "警情立方体已关闭")
            self._waiting.append((chunk, done))
            self._some.notify()
        return done

    def close(self) -> None:
        """Take over what waits, and stop."""
        with self._some:
            self._closed = True
            self._some.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._some:
                while not self._waiting and not self._closed:
                    self._some.wait()
                taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            if not taken:
                return
            self._take(taken)

    def _take(self, taken: list[tuple[CallChunk, Future[None]]]) -> None:
        try:
            self._put([(_joined([chunk for chunk, _ in taken]), 1)])
        except InputError as problem:
            if len(taken) == 1:
                taken[0][1].set_exception(problem)
                return
            # One wrong call must not keep the others out: nothing was written, each is tried by itself.
            for one in taken:
                self._take([one])
            return
        except Exception as problem:  # noqa: BLE001 - a fault of the disk or of ours is told to all that wait; trying again one by one would write twice
            for _, done in taken:
                done.set_exception(problem)
            return
        for _, done in taken:
            done.set_result(None)


def _joined(chunks: list[CallChunk]) -> CallChunk:
    for chunk in chunks:
        chunk.check()
    if len(chunks) == 1:
        return chunks[0]
    return CallChunk(
        **{
            name: np.concatenate([getattr(chunk, name) for chunk in chunks])
            for name in ("lonlat", "minutes", "families", "sources", "placed", "areas")
        }
    )
