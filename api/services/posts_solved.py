"""What a model answers: open sites, objective and bound in the user's unit, and what to say beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import CheckError
from geo.store.port import Json
from planners.contract import Observer, Outcome, PlanT, Progress

Measure = Literal["calls", "posts", "cost", "mean_seconds", "worst_seconds", "share"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """A plan in the user's terms.

    Attributes
    ----------
    sites : int64[k], rows of the sites
    objective, bound, gap, proved, termination, seconds, seed, solver : of the outcome, in ``measure``
    units : int[k] at each site, or None for one each
    level : int[k], which level each post belongs to, or None
    extra : what else the plan keeps
    """

    sites: npt.NDArray[np.int64]
    objective: float
    bound: float | None
    gap: float | None
    proved: bool
    termination: str
    seconds: float
    seed: int
    solver: str
    measure: Measure
    units: npt.NDArray[np.int64] | None = None
    level: npt.NDArray[np.int64] | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


def solved(
    outcome: Outcome[PlanT],
    sites: npt.NDArray[np.int32] | npt.NDArray[np.int64],
    *,
    measure: Measure,
    checked: float,
    scale: float = 1.0,
    units: npt.NDArray[np.int64] | None = None,
    level: npt.NDArray[np.int64] | None = None,
    extra: Mapping[str, Json] | None = None,
) -> Solved:
    """Put an outcome into the user's unit (``scale`` times its own) after its ``check`` gave ``checked``."""
    agree("The solver", "求解器", outcome.objective, checked)
    bound, gap = outcome.bound, outcome.gap
    if measure in ("mean_seconds", "worst_seconds") and bound is not None and bound <= 0 < outcome.objective:
        # That no time is below zero was known before: the search has not come to a bound.
        bound = gap = None
    return Solved(
        sites=np.asarray(sites, np.int64), objective=float(outcome.objective * scale),
        bound=None if bound is None else float(bound * scale), gap=None if gap is None else float(gap),
        proved=bool(outcome.proved), termination=outcome.termination.value, seconds=outcome.seconds, seed=outcome.seed,
        solver=outcome.solver, measure=measure, units=units, level=level, extra=dict(extra or {}),
    )  # fmt: skip


def agree(en: str, zh: str, claimed: float, checked: float) -> None:
    """Raise ``CheckError`` unless two figures agree to a millionth (times are kept to a millisecond)."""
    if abs(claimed - checked) > 1e-6 * max(1.0, abs(claimed), abs(checked)):
        raise CheckError(
            f"{en} claims {claimed:g}, the check finds {checked:g}; the plan was not kept",
            f"{zh}给出 {claimed:g}，复核为 {checked:g}，方案未保存",
        )


def scaled(observe: Observer, scale: float) -> Observer:
    """Return an observer that is told objective and bound in the user's unit."""

    def watch(step: Progress) -> bool:
        return observe(
            Progress(
                seconds=step.seconds, objective=None if step.objective is None else step.objective * scale,
                bound=None if step.bound is None else step.bound * scale, share=step.share, message=step.message,
            )
        )  # fmt: skip

    return watch


def timed_share(observe: Observer, seconds: float | None) -> Observer:
    """Return an observer whose share is the time used where the solver gives none."""

    def watch(step: Progress) -> bool:
        share = step.share
        if share is None and seconds:
            share = min(0.99, step.seconds / seconds)
        return observe(
            Progress(
                seconds=step.seconds, objective=step.objective, bound=step.bound, share=share, message=step.message
            )
        )

    return watch
