"""Shift cover against a published optimum and all timetables of small problems."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.contract import Budget
from planners.staffing.officers import workforce
from planners.staffing.shift_cover import (
    ShiftCoverProblem,
    ShiftLine,
    ShiftPlan,
    check_shift_cover,
    fielded,
    price_of_short,
    shortage,
    solve_shift_cover,
)

BUDGET = Budget(seconds=20)


def test_the_post_office_of_winston() -> None:
    """Winston, Operations Research (4th ed.), section 3.5: five days of seven, 23 employees."""
    problem = ShiftCoverProblem(
        need=np.array([17, 13, 15, 19, 14, 16, 11]), starts=tuple(range(7)), lengths=(5,)
    )  # fmt: skip
    outcome = solve_shift_cover(problem, BUDGET)
    assert outcome.plan.crews == 23
    assert outcome.proved
    assert outcome.objective == 5 * 23


@settings(max_examples=25, deadline=None)
@given(
    need=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    lengths=st.sampled_from([(2,), (2, 3), (3,)]),
    relief=st.sampled_from([(), (1,)]),
    crews=st.sampled_from([None, 1, 2]),
)
def test_no_timetable_costs_less(
    need: list[int], lengths: tuple[int, ...], relief: tuple[int, ...], crews: int | None
) -> None:
    problem = ShiftCoverProblem(need=np.array(need), starts=(0, 1, 2, 3), lengths=lengths, relief=relief, crews=crews)
    outcome = solve_shift_cover(problem, BUDGET)
    on, patterns = problem.on_street(), problem.patterns
    best = np.inf
    for counts in itertools.product(range(3), repeat=len(patterns)):
        held = np.array(counts)
        short = np.maximum(problem.need - on @ held, 0).sum()
        if (crews is None and short) or (crews is not None and held.sum() > crews):
            continue
        cost = sum(n * length for n, (_, length, _) in zip(counts, patterns, strict=True))
        best = min(best, cost + short * price_of_short(problem))
    assert outcome.objective == best
    assert outcome.bound == best


def test_a_shift_runs_over_midnight_and_is_relieved() -> None:
    problem = ShiftCoverProblem(need=np.r_[np.zeros(22, int), 1, 1], starts=(22,), lengths=(8,), relief=(4,))
    outcome = solve_shift_cover(problem, BUDGET)
    assert outcome.plan.lines == (ShiftLine(start=22, length=8, relief=4, crews=1),)
    on = fielded(problem, outcome.plan)
    assert np.flatnonzero(on).tolist() == [0, 1, 3, 4, 5, 22, 23]


def test_more_crews_are_never_shorter() -> None:
    need = np.array([1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 3, 3, 4, 4, 4, 5, 5, 6, 7, 7, 6, 5, 4, 2])
    short = []
    for crews in (6, 8, 10, 12):
        problem = ShiftCoverProblem(need=need, starts=(0, 8, 16), lengths=(8, 12), crews=crews)
        short.append(int(shortage(problem, solve_shift_cover(problem, BUDGET).plan).sum()))
    assert short == sorted(short, reverse=True)


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(InfeasibleError, match="at 2, 3"):
        solve_shift_cover(ShiftCoverProblem(need=np.array([1, 1, 1, 1]), starts=(0,), lengths=(2,)), BUDGET)
    with pytest.raises(ParameterError, match="Relief lies inside"):
        ShiftCoverProblem(need=np.array([1, 1]), starts=(0,), lengths=(2,), relief=(2,))
    with pytest.raises(InputError, match="0 or more"):
        ShiftCoverProblem(need=np.array([-1]), starts=(0,), lengths=(1,))


def test_the_check_refuses_a_short_or_unknown_timetable() -> None:
    problem = ShiftCoverProblem(need=np.array([2, 2]), starts=(0,), lengths=(2,))
    with pytest.raises(CheckError, match="fewer units"):
        check_shift_cover(problem, ShiftPlan(lines=(ShiftLine(start=0, length=2, relief=0, crews=1),)))
    with pytest.raises(CheckError, match="may be worked"):
        check_shift_cover(problem, ShiftPlan(lines=(ShiftLine(start=1, length=2, relief=0, crews=2),)))


def test_people_behind_crew_hours() -> None:
    # 10 crews around the clock: 1,680 crew hours; 40 hours a week less 15 % absence is 34 hours.
    found = workforce(1680.0, officers=1, auxiliaries=2)
    assert (found.officers, found.auxiliaries) == (50, 99)
    with pytest.raises(ParameterError, match="police officer"):
        workforce(10.0, officers=0)
