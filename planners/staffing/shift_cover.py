"""Shifts that field the units that every hour needs, with the fewest crew hours.

A pattern ``k`` is a start, a length and an hour of relief; ``a_hk`` is 1 where a crew of it is on the street in hour ``h``::

    minimise    sum_k cost_k x_k + price * sum_h short_h
    subject to  sum_k a_hk x_k + short_h >= need_h    for every hour h
                sum_k x_k <= crews                    where their number is limited
                x_k whole, short_h >= 0

Hours repeat, so that a shift may run over midnight. ``short_h`` is 0 where crews are not limited.

Dantzig, G. B. (1954). A comment on Edie's "Traffic delays at toll booths". Operations Research 2(3), 339-341.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent, stopped_before_any_plan
from planners.integer_program import IntegerProgram, solve_program

SOLVER = "staffing.shift_cover.exact"
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShiftCoverProblem:
    """Need by hour and the patterns that may be worked.

    Attributes
    ----------
    need : int64[hours], units on the street; hours repeat
    starts : hours at which a shift may start
    lengths : hours that a shift may last
    relief : hours after the start, any one of which a crew is off the street for an hour; empty where there is none
    crews : most crews there are, None where as many as needed
    """

    need: Ints
    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    relief: tuple[int, ...] = ()
    crews: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "need", read_only(np.asarray(self.need, np.int64), np.int64))
        hours = len(self.need)
        if hours == 0 or (self.need < 0).any():
            raise InputError("The need of each hour must be 0 or more", "各小时所需巡组数应为不小于 0 的整数")
        if not self.starts or not self.lengths:
            raise ParameterError("Give at least one start and one length of shifts", "请至少给出一个班次起点与时长")
        if not all(0 <= s < hours for s in self.starts) or not all(1 <= n <= hours for n in self.lengths):
            raise ParameterError(
                f"Starts lie within 0 and {hours - 1}, lengths within 1 and {hours} hours",
                f"起点应在 0 至 {hours - 1} 时，时长应在 1 至 {hours} 小时",
            )
        if any(not 0 < r < min(self.lengths) for r in self.relief):
            raise ParameterError(
                "Relief lies inside every shift, after its first hour", "轮休小时应在每种班次之内，且不在第一小时"
            )
        if self.crews is not None and self.crews < 1:
            raise ParameterError("There must be at least one crew", "至少需要一个巡组")

    @property
    def patterns(self) -> tuple[tuple[int, int, int], ...]:
        """All (start, length, relief), relief 0 where there is none."""
        return tuple(
            (start, length, relief)
            for start in sorted(set(self.starts))
            for length in sorted(set(self.lengths))
            for relief in (sorted(set(self.relief)) or [0])
        )

    def on_street(self) -> npt.NDArray[np.bool_]:
        """Return which pattern is on the street in which hour, bool[hours, patterns]."""
        hours = len(self.need)
        out = np.zeros((hours, len(self.patterns)), np.bool_)
        for k, (start, length, relief) in enumerate(self.patterns):
            worked = [n for n in range(length) if not relief or n != relief]
            out[(start + np.array(worked)) % hours, k] = True
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    """Crews that start at an hour, for a length, with relief so many hours after it (0: none)."""

    start: int
    length: int
    relief: int
    crews: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlan:
    """Crews by pattern, rising by start."""

    lines: tuple[ShiftLine, ...]

    @property
    def crews(self) -> int:
        """Number of crews."""
        return sum(line.crews for line in self.lines)

    @property
    def crew_hours(self) -> int:
        """Paid hours of all crews."""
        return sum(line.crews * line.length for line in self.lines)


def solve_shift_cover(problem: ShiftCoverProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[ShiftPlan]:
    """Choose shifts with the fewest paid crew hours, then proved least; where crews are too few, the least hours short.

    Raises
    ------
    InfeasibleError
        Naming an hour that no pattern covers.
    """
    began = time.perf_counter()
    on = problem.on_street()
    bare = np.flatnonzero((problem.need > 0) & ~on.any(axis=1))
    if len(bare):
        raise InfeasibleError(
            f"No shift is on the street at {brief_hours(bare)}; allow another start, length or relief",
            f"{brief_hours(bare)} 时没有任何班次在岗，请增加起点、时长或轮休选择",
            rows=[str(h) for h in bare.tolist()],
        )
    program = _program(problem, on)
    answer = solve_program(program, budget, observe=observe, began=began)
    if answer.values is None:
        if answer.termination is Termination.CANCELLED:
            raise stopped_before_any_plan()
        raise InfeasibleError("No timetable was found in the time given", "在给定时间内未得到排班方案，请延长时限")
    counts = np.rint(answer.values[: on.shape[1]]).astype(np.int64)
    plan = ShiftPlan(
        lines=tuple(
            ShiftLine(start=start, length=length, relief=relief, crews=int(n))
            for (start, length, relief), n in zip(problem.patterns, counts.tolist(), strict=True) if n
        )
    )  # fmt: skip
    objective = check_shift_cover(problem, plan)
    bound = objective if answer.bound is None else min(objective, math.ceil(answer.bound - 1e-6))
    observe(Progress(seconds=time.perf_counter() - began, objective=objective, bound=bound))
    return Outcome(
        plan=plan, objective=objective, bound=float(bound), sense=-1, termination=answer.termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver=SOLVER,
    )  # fmt: skip


def check_shift_cover(problem: ShiftCoverProblem, plan: ShiftPlan) -> float:
    """Return the objective, recomputed hour by hour: paid crew hours and the price of what is short.

    Raises
    ------
    CheckError
        If a line is no pattern of the problem, an hour is short although crews are not limited, or crews are too many.
    """
    known = set(problem.patterns)
    for line in plan.lines:
        if (line.start, line.length, line.relief) not in known or line.crews < 1:
            raise CheckError(
                f"The shift from {line.start} for {line.length} hours is not one that may be worked",
                f"班次 {line.start} 时起 {line.length} 小时不在允许范围内",
            )
    short = int(shortage(problem, plan).sum())
    if problem.crews is None and short:
        raise CheckError("An hour has fewer units than it needs", "有小时的在岗巡组少于需要")
    if problem.crews is not None and plan.crews > problem.crews:
        raise CheckError(f"The plan has {plan.crews} crews, not {problem.crews}", f"方案有 {plan.crews} 组，超过限额")
    return float(plan.crew_hours + price_of_short(problem) * short)


def fielded(problem: ShiftCoverProblem, plan: ShiftPlan) -> Ints:
    """Return the units on the street by hour, int64[hours]."""
    out = np.zeros(len(problem.need), np.int64)
    for line in plan.lines:
        for n in range(line.length):
            if not line.relief or n != line.relief:
                out[(line.start + n) % len(out)] += line.crews
    return out


def shortage(problem: ShiftCoverProblem, plan: ShiftPlan) -> Ints:
    """Return the units that each hour is short of its need, int64[hours]."""
    return np.asarray(np.maximum(problem.need - fielded(problem, plan), 0), np.int64)


def price_of_short(problem: ShiftCoverProblem) -> int:
    """Price of one unit short for an hour, in crew hours: above any shift, so that no hour is left short to save."""
    return max(problem.lengths) + 1


def brief_hours(hours: npt.NDArray[np.int64]) -> str:
    """Return the first hours in words."""
    more = f" … ({len(hours)})" if len(hours) > 6 else ""
    return ", ".join(str(h) for h in hours[:6].tolist()) + more


def _program(problem: ShiftCoverProblem, on: npt.NDArray[np.bool_]) -> IntegerProgram:
    hours, patterns = on.shape
    limited = problem.crews is not None
    cost = np.array([length for _, length, _ in problem.patterns], np.float64)
    rows = [sparse.hstack([sparse.csr_matrix(on.astype(np.float64)), sparse.identity(hours)])]
    lower, upper = [problem.need.astype(np.float64)], [np.full(hours, np.inf)]
    if problem.crews is not None:
        rows.append(sparse.csr_matrix(np.r_[np.ones(patterns), np.zeros(hours)][None]))
        lower.append(np.zeros(1))
        upper.append(np.array([float(problem.crews)]))
    most = float(problem.need.max(initial=0))
    return IntegerProgram(
        costs=np.r_[cost, np.full(hours, float(price_of_short(problem)))],
        lower=np.zeros(patterns + hours),
        upper=np.r_[np.full(patterns, most), np.full(hours, most if limited else 0.0)],
        whole=np.r_[np.ones(patterns, bool), np.zeros(hours, bool)],
        rows=sparse.csr_matrix(sparse.vstack(rows)),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
        sense=-1,
        # All costs are whole, and so is what is short where the crews are.
        slack=0.999,
    )
