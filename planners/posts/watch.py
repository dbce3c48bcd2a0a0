"""Clock, budget and observer of a search that keeps costs small."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from planners.contract import Budget, Observer, Progress, Termination

REPORT_SECONDS: Final = 0.05


@dataclass(slots=True, kw_only=True, eq=False)
class Watch:
    """Says when to stop and tells the observer; ``sign`` is -1 where the user's figures are minus the costs."""

    began: float
    budget: Budget
    observe: Observer
    sign: float = 1.0
    ended: Termination | None = None
    reported: float = -1.0

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began

    def on(self, value: float, bound: float, *, force: bool = False) -> bool:
        """Report, at most twenty times a second unless forced, and say whether to go on."""
        now = self.seconds
        if self.ended is None and self.budget.seconds is not None and now >= self.budget.seconds:
            self.ended = Termination.TIME
        if force or now - self.reported >= REPORT_SECONDS:
            self.reported = now
            share = None if self.budget.seconds is None else min(1.0, now / self.budget.seconds)
            report = Progress(
                seconds=now,
                objective=self.sign * value if np.isfinite(value) else None,
                bound=self.sign * bound if np.isfinite(bound) else None,
                share=share,
            )
            if not self.observe(report) and self.ended is None:
                self.ended = Termination.CANCELLED
        return self.ended is None
