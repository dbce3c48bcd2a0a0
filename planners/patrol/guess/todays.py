"""Tonight's plan, drawn by seed and day from many near-equal ones, none of which was out in the last nights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, ParameterError
from planners.arrays import read_only
from planners.contract import Observer, silent
from planners.patrol.guess.alternatives import Alternatives, alternatives
from planners.patrol.guess.drawn import Mixture, drawn, mixture_bits
from planners.patrol.guess.predictor import NIGHTS
from planners.patrol.guess.presence import SLOT_SECONDS, presences, watched_points
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

EPOCH: Final = 64
"""Days after which the memory of what was out begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Today:
    """The plan of a day and how it was drawn.

    Attributes
    ----------
    plan : passes ``check_spacing``
    index : which of the near-equal plans it is
    weights : float64[n], how likely each plan was, those of the last nights at 0
    bits : entropy of these weights, bits a point and slot: also for a watcher who knows all plans, their weights and the last nights
    floor_bits : what was asked for, None for none
    extra_travel_share : driving above that of the plan they come from, relative
    """

    plan: SpacedPlan
    index: int
    weights: npt.NDArray[np.float64]
    bits: float
    floor_bits: float | None
    extra_travel_share: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))


def todays_plan(
    problem: SpacingProblem,
    plan: SpacedPlan,
    *,
    seed: int,
    day: int,
    count: int = 48,
    more_travel: float = 0.05,
    floor_bits: float | None = None,
    without_last: int = NIGHTS,
    reserve_seconds: int = 0,
    made: Alternatives | None = None,
    observe: Observer = silent,
) -> Today:
    """Draw the plan of a day; the same seed and day give the same plan.

    ``day`` is any whole number, such as ``date.toordinal()``. ``made`` are plans of an earlier call of ``alternatives``, else ``count`` are made
    by the seed. Where a floor is set, the weights are the cheapest that keep it, else those of the highest entropy.

    Raises
    ------
    InfeasibleError
        Where the floor cannot be kept, naming the highest entropy, or where no near-equal plan was found.
    """
    pool = made or alternatives(
        problem, plan, count=count, seed=seed, more_travel=more_travel, reserve_seconds=reserve_seconds, observe=observe
    )
    if not pool.plans:
        raise InfeasibleError(
            "No near-equal plan was found: allow more travel", "没有找到相近的备选方案：请放宽里程增幅"
        )
    seen = presences(problem, pool.plans, slot_seconds=min(SLOT_SECONDS, problem.shift_seconds))[
        :, watched_points(problem)
    ]
    cost = (pool.travel - pool.base_travel) / max(1, pool.base_travel)
    mixture = drawn(seen, cost, floor_bits=floor_bits)
    index, weights = draw_of_day(mixture, seed=seed, day=day, without_last=without_last)
    bits = mixture_bits(seen, weights)
    if floor_bits is not None and bits < floor_bits:
        # Nights that may not come again take entropy away: spread over the rest.
        rest = np.flatnonzero(weights > 0)
        index, weights = _again(seen, rest, seed=seed, day=day)
        bits = mixture_bits(seen, weights)
        if bits < floor_bits:
            raise InfeasibleError(
                f"Without the plans of the last {without_last} nights {bits:.4f} bits a point and slot are left: "
                "ask for less, or draw more plans",
                f"排除最近 {without_last} 夜的方案后每点每时段仅剩 {bits:.4f} 比特：请降低要求或增加备选方案",
            )
    return Today(
        plan=pool.plans[index], index=index, weights=weights, bits=bits, floor_bits=floor_bits,
        extra_travel_share=float(cost[index]),
    )  # fmt: skip


def draw_of_day(
    mixture: Mixture, *, seed: int, day: int, without_last: int = NIGHTS
) -> tuple[int, npt.NDArray[np.float64]]:
    """Return the plan of a day and the weights it was drawn by: those of the mixture, plans of the last nights left out.

    The draws of an epoch of days are replayed from its first, so nothing has to be remembered.
    """
    if without_last < 0:
        raise ParameterError("The number of nights must be 0 or more", "夜数不得为负")
    usual = np.asarray(mixture.weights, np.float64)
    # At least half of what may be drawn stays, however few plans there are.
    most = min(without_last, max(0, (int(np.count_nonzero(usual > 0)) - 1) // 2))
    first = day - day % EPOCH
    past: list[int] = []
    weights = usual
    for night in range(first, day + 1):
        weights = usual.copy()
        weights[past[max(0, len(past) - most) :] if most else []] = 0.0
        weights /= weights.sum()
        past.append(int(np.random.default_rng([seed, abs(night), int(night < 0)]).choice(len(weights), p=weights)))
    return past[-1], weights


def _again(
    seen: npt.NDArray[np.bool_], rest: npt.NDArray[np.int64], *, seed: int, day: int
) -> tuple[int, npt.NDArray[np.float64]]:
    among = drawn(seen[rest], np.zeros(len(rest)))
    weights = np.zeros(len(seen))
    weights[rest] = among.weights
    return int(rest[among.draw([seed, abs(day), 2])]), weights
