"""One typed door to the compiler of numeric kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(*, parallel: bool = False, fastmath: bool = False, inline: bool = False) -> Callable[[F], F]:
    """Compile a kernel to machine code on first call, cached on disk, without the interpreter lock.

    ``inline`` puts a small function into those that call it: a call in an inner loop counts references to each array atomically.
    """

    def wrap(function: F) -> F:
        made = numba.njit(cache=True, nogil=True, parallel=parallel, fastmath=fastmath, forceinline=inline)(function)
        return cast("F", made)

    return wrap
