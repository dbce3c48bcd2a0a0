"""Work on rows shared among threads; compiled kernels release the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from geo.errors import ParameterError


def in_parts(count: int, work: Callable[[int, int], None], *, threads: int, step: int = 1) -> None:
    """Call ``work(first, last)`` over ``0 .. count`` in one part a thread, each part a multiple of ``step``."""
    if threads < 1:
        raise ParameterError(f"{threads} threads cannot work; at least 1 is needed", f"线程数 {threads} 无效，至少为 1")
    size = max(-(-count // (threads * step)) * step, step)
    parts = [(first, min(first + size, count)) for first in range(0, count, size)]
    if len(parts) < 2:
        for first, last in parts:
            work(first, last)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, first, last) for first, last in parts]:
            done.result()
