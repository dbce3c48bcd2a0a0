"""When the searches of one solve stop: steps, seconds, the observer's wish, or no better plan for long."""

from __future__ import annotations

import time
from typing import Final

from planners.contract import Budget, Observer, Progress, Termination

DEFAULT_ITERATIONS: Final = 5000
SEARCH_SHARE: Final = 0.97
"""Share of the seconds that the searches take; the rest is for putting together what they have seen."""
REPORT_SECONDS: Final = 0.2
_NO_PLAN: Final = 2**52


class Limits:
    """What the searches of one solve share: the budget, their best objective, and the observer's wish to stop."""

    def __init__(self, budget: Budget, observe: Observer, *, began: float, bound: float, fixed: float) -> None:
        none = budget.seconds is None and budget.iterations is None
        self.iterations = DEFAULT_ITERATIONS if none else budget.iterations
        self.seconds = budget.seconds
        self.began = began
        self.cancelled = False
        self.searches: list[Steps] = []
        self._observe, self._bound, self._fixed, self._last = observe, bound, fixed, -1.0

    def spent(self, done: int) -> float:
        """Return the share of the budget that a search with ``done`` steps has used up."""
        parts = [done / self.iterations] if self.iterations is not None else []
        if self.seconds is not None:
            parts.append((time.perf_counter() - self.began) / (self.seconds * SEARCH_SHARE))
        return max(parts)

    def left(self) -> float | None:
        """Return the seconds that are left, None where time is no limit."""
        return None if self.seconds is None else max(0.05, self.seconds - (time.perf_counter() - self.began))

    def best(self) -> float | None:
        """Return the least cost of a plan of any search, None before the first."""
        return min((steps.best for steps in list(self.searches) if steps.best is not None), default=None)

    def without_all(self) -> Steps:
        """Return what is left for a search that need not make all visits; costs of plans before do not count."""
        done = max((steps.done for steps in self.searches), default=0)
        self.searches.clear()
        steps = Steps(self, reports=True)
        steps.done = done
        return steps

    def report(self, share: float) -> None:
        """Tell the observer, not more often than every ``REPORT_SECONDS``; to be called on the caller's own thread."""
        now = time.perf_counter() - self.began
        if now - self._last < REPORT_SECONDS or self.cancelled:
            return
        self._last, best = now, self.best()
        objective = None if best is None else best + self._fixed
        progress = Progress(seconds=now, objective=objective, bound=self._bound, share=min(1.0, share))
        self.cancelled = not self._observe(progress)

    def termination(self) -> Termination:
        """Return why the searches stopped."""
        if self.cancelled:
            return Termination.CANCELLED
        by_time = self.seconds is not None and time.perf_counter() - self.began >= self.seconds * SEARCH_SHARE
        return Termination.TIME if by_time else Termination.ITERATIONS


class Steps:
    """Tells one search when to stop; several runs may follow each other on what is left."""

    def __init__(self, limits: Limits, *, reports: bool, until: float = 1.0) -> None:
        self.limits = limits
        self.reports = reports
        self.until = until
        """Share of the budget after which a search stops that has no plan."""
        self.patience: int | None = None
        self.done = 0
        self.best: float | None = None
        self._run_best, self._quiet = float("inf"), 0
        limits.searches.append(self)

    def begin(self, *, patience: int | None = None) -> Steps:
        """Start a run that also stops after ``patience`` steps without a better plan of its own."""
        self.patience, self._run_best, self._quiet = patience, float("inf"), 0
        return self

    def note(self, cost: float) -> None:
        """Take note of the cost of a plan."""
        self.best = cost if self.best is None else min(self.best, cost)

    @property
    def over(self) -> bool:
        """Whether nothing is left for another run."""
        spent = self.limits.spent(self.done)
        return self.limits.cancelled or spent >= (self.until if self.best is None else 1.0)

    def __call__(self, best_cost: float) -> bool:
        """Tell whether to stop before the next step."""
        if best_cost < min(self._run_best, _NO_PLAN):
            self._run_best, self._quiet = float(best_cost), 0
            self.note(self._run_best)
        if self.reports:
            self.limits.report(self.limits.spent(self.done))
        if self.over or (self.patience is not None and self._quiet >= self.patience):
            return True
        self.done += 1
        self._quiet += 1
        return False
