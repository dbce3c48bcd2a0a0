"""Time kept free at every stop so that times can vary: what 不规律 costs in crews, and never more crews than there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from api.schemas.patrol import PatrolQuestion
from api.services.patrol_body import Made, Proof
from api.services.patrol_ground import Ground
from api.services.patrol_routes import Body
from api.services.patrol_solving import solved
from geo.errors import CancelledError
from geo.store.port import Json
from planners.contract import Observer, Termination
from planners.patrol.guess.presence import REMOTE, watched_points
from planners.patrol.guess.reserve import with_reserve, without_reserve
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.problem import SpacingProblem

RESERVE_SECONDS: Final = 50
"""Seconds kept free a stop where irregular times matter most: what a watcher then still guesses is near chance."""
LEAST_SECONDS: Final = 5
TRIES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What the reserve takes.

    Attributes
    ----------
    seconds, wanted : kept free a stop, and what was asked for
    units, fewest : crews of the plan, and of the plan with no reserve
    """

    seconds: int
    wanted: int
    units: int
    fewest: int

    def told(self) -> Body:
        """Return the price in words, as it stands beside 规律性."""
        more = max(0, self.units - self.fewest)
        zh = f"多用 {more} 组（{self.fewest} → {self.units}）" if more else "未多用巡组"
        en = f"{more} more crews ({self.fewest} to {self.units})" if more else "no more crews"
        if self.seconds:
            zh, en = f"{zh}，每处留 {self.seconds} 秒机动", f"{en}, {self.seconds} s in reserve at each stop"
        if self.seconds < self.wanted:
            zh, en = (
                f"{zh}；未找到每处留 {self.wanted} 秒的方案",
                f"{en}; no plan was found with {self.wanted} s",
            )
        return {
            "extra_units": more, "reserve_seconds": self.seconds,
            "cost_zh": f"不规律的代价：{zh}", "cost_en": f"price of irregular times: {en}",
        }  # fmt: skip


def reserved(ground: Ground, made: Made, question: PatrolQuestion, observe: Observer) -> tuple[Made, Price | None]:
    """Return a plan with time kept free by how much irregular times matter, and its price; the plan as it is where no crew is left."""
    wanted = round(RESERVE_SECONDS * question.weights.irregular)
    kept_all = not (made.plan.left_out or made.plan.broken or made.plan.missed)
    if wanted < LEAST_SECONDS or made.proof.termination == Termination.CANCELLED or not made.plan.routes:
        return made, None
    problem, fewest = ground.crews, made.plan.units_used
    seconds = _fitting(problem, fewest, wanted) if kept_all else 0
    share = question.model_copy(update={"seconds": question.seconds / TRIES})
    for _ in range(TRIES):
        if seconds < LEAST_SECONDS:
            break
        try:
            other = solved(replace(ground, crews=with_reserve(problem, seconds)), share, observe)
        except CancelledError:
            break
        plan = without_reserve(problem, other.plan)
        objective = check_spacing(problem, plan)
        if objective <= problem.units:
            proof = _proof(made.proof, other.proof, objective)
            price = Price(seconds=seconds, wanted=wanted, units=plan.units_used, fewest=fewest)
            return replace(made, plan=plan, proof=proof), price
        if other.proof.termination == Termination.CANCELLED:
            break
        seconds //= 2
    return made, Price(seconds=0, wanted=wanted, units=fewest, fewest=fewest)


def priced(regular: Json, price: Price | None) -> Json:
    """Return 规律性 with its price, where one was paid or could not be."""
    return regular if price is None or not isinstance(regular, Mapping) else {**regular, **price.told()}


def _fitting(problem: SpacingProblem, fewest: int, wanted: int) -> int:
    """Return how many seconds a stop the crews that are left can wait, ``wanted`` at most."""
    seen = watched_points(problem)
    stops = float((problem.shift_seconds / problem.gap[seen]).sum())
    there = sum(v.available for i, v in enumerate(problem.vehicles) if problem.may_go(i) and v.kind not in REMOTE)
    return min(wanted, int((there - fewest) * problem.shift_seconds / max(1.0, stops)))


def _proof(first: Proof, other: Proof, objective: float) -> Proof:
    """Return the proof of a plan with reserve: the bound is that of the plan with none."""
    ended = Termination.TIME.value if other.termination == Termination.OPTIMAL else other.termination
    if first.bound is not None and objective <= first.bound + 1e-6:
        ended = Termination.OPTIMAL.value
    return replace(
        first, objective=float(objective), termination=ended, seconds=round(first.seconds + other.seconds, 2)
    )
