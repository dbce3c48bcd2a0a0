"""The one contract of every planner: problem in, outcome with plan, objective and bound out.

A solver is any callable ``solve(problem, budget, *, observe=silent) -> Outcome[plan]``; a problem is a frozen value of
read-only arrays; ``check(problem, plan)`` recomputes the objective from the problem alone or raises ``CheckError``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from geo.errors import CancelledError, ParameterError

PlanT = TypeVar("PlanT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a solver may spend; the same problem, iterations and seed give the same plan."""

    seconds: float | None = None
    iterations: int | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        if self.seconds is not None and not self.seconds > 0:
            raise ParameterError("The time limit must be above zero seconds", "求解时限必须大于 0 秒")
        if self.iterations is not None and self.iterations < 1:
            raise ParameterError("The iteration limit must be at least 1", "迭代次数至少为 1")


class Termination(StrEnum):
    """Why a solver stopped."""

    OPTIMAL = "optimal"
    TIME = "time"
    ITERATIONS = "iterations"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[PlanT]):
    """A plan, its objective, and a proved bound on what any plan could reach (None where none is proved).

    ``sense`` is +1 where more is better and -1 where less is better; ``gap`` is relative to the objective.
    """

    plan: PlanT
    objective: float
    bound: float | None
    sense: int
    termination: Termination
    seconds: float
    seed: int
    solver: str

    @property
    def gap(self) -> float | None:
        """Relative gap ``|bound - objective| / max(|objective|, 1e-9)``, or None without a bound."""
        if self.bound is None:
            return None
        return max(0.0, self.sense * (self.bound - self.objective)) / max(abs(self.objective), 1e-9)

    @property
    def proved(self) -> bool:
        """Whether the objective is proved best, to 1e-6 of itself."""
        return self.gap is not None and self.gap <= 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a solver reports while it works."""

    seconds: float
    objective: float | None = None
    bound: float | None = None
    share: float | None = None
    message: str = ""


Observer = Callable[[Progress], bool]
"""Called with each ``Progress``; returning False asks the solver to stop with the best plan so far."""


def silent(_: Progress) -> bool:
    """Observe nothing and never stop."""
    return True


def stopped_before_any_plan() -> CancelledError:
    """Return the error of a solve that was stopped before it had a plan."""
    return CancelledError("Stopped before a first plan was found", "在得到第一个方案之前已停止")
