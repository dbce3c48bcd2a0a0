"""Which calls a heat map or a count is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

import numpy as np

from geo.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatFilter:
    """Families, period, hours and weekdays of calls, all by the local clock; ``None`` lets everything through.

    ``start <= time < end``; ``hours`` are 0 to 23; ``weekdays`` are 0 (Monday) to 6. Times may be given as naive
    ``datetime`` or ``datetime64`` and are kept by the minute. Equal filters are interchangeable as keys.
    """

    families: frozenset[str] | None = None
    start: np.datetime64 | datetime | None = None
    end: np.datetime64 | datetime | None = None
    hours: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _minute(name, value))
        if not self.first < self.last:
            raise ParameterError(
                f"The period ends ({self.end}) before it starts ({self.start})",
                f"时段的结束（{self.end}）早于开始（{self.start}）",
            )
        for name, most in (("hours", 23), ("weekdays", 6)):
            held = getattr(self, name)
            if held is not None:
                if not held or not all(0 <= v <= most for v in held):
                    raise ParameterError(
                        f"{name} must be one or more of 0 to {most}", f"{name} 应为 0 至 {most} 中的一个或多个"
                    )
                object.__setattr__(self, name, frozenset(int(v) for v in held))
        if self.families is not None:
            object.__setattr__(self, "families", frozenset(str(v) for v in self.families))

    @property
    def first(self) -> int:
        """Minutes since 1970-01-01 at which the period starts, or the smallest number."""
        return int(np.iinfo(np.int32).min) if self.start is None else int(np.asarray(self.start).astype(np.int64))

    @property
    def last(self) -> int:
        """Minutes since 1970-01-01 before which the period ends, or the largest number."""
        return int(np.iinfo(np.int32).max) if self.end is None else int(np.asarray(self.end).astype(np.int64))

    def hour_mask(self) -> np.ndarray:
        """Return which of the 168 hours of the week (0 is Monday 00:00) pass, bool[168]."""
        mask = np.zeros((7, 24), dtype=bool)
        days = sorted(self.weekdays) if self.weekdays is not None else list(range(7))
        hours = sorted(self.hours) if self.hours is not None else list(range(24))
        mask[np.ix_(days, hours)] = True
        return mask.ravel()


def _minute(name: str, value: np.datetime64 | datetime) -> np.datetime64:
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise ParameterError(f"{name} must be local clock time without a zone", f"{name} 应为不带时区的本地时间")
    moment = np.asarray(value).astype("datetime64[m]")[()]
    if np.isnat(moment):
        raise ParameterError(f"{name} is not a time", f"{name} 不是有效时间")
    return cast("np.datetime64", moment)


EVERYTHING: Final = HeatFilter()
