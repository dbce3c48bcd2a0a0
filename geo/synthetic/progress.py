"""How a long build says where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The share of the build that is done (0 to 1) and what begins now, in two languages."""

    share: float
    zh: str
    en: str


Observe = Callable[[Step], object]
"""Called at the start of each step; what it returns is ignored, what it raises stops the build."""


def unobserved(_: Step) -> None:
    """Observe nothing."""
