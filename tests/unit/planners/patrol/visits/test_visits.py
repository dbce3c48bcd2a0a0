from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Progress, Termination
from planners.patrol.problem import NO_WAY
from planners.patrol.visits.bound import bound_visits, fewest_unit_days
from planners.patrol.visits.check import check_visits, evaluate_visits, visit_days, why_left_out
from planners.patrol.visits.days import cheapest_days, fewest_visits
from planners.patrol.visits.plan import DayRoute, VisitsPlan
from planners.patrol.visits.problem import VisitsProblem
from planners.patrol.visits.solve import solve_visits


def asked(
    every: list[int], tolerance: list[int], *, days: int = 10, units: int = 1, hours: float = 8.0, seed: int = 0
) -> VisitsProblem:
    p = len(every)
    xy = np.random.default_rng(seed).random((p + 1, 2)) * 6000
    seconds = np.ceil(np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) / 10).astype(np.int32)
    return VisitsProblem(
        point_keys=tuple(f"p{i}" for i in range(p)), seconds=seconds, units=np.full(days, units),
        day_seconds=np.full(days, int(3600 * hours)), service=np.full(p, 900), every=np.array(every), tolerance=np.array(tolerance),
        since=np.full(p, -1), may=np.ones((p, days), np.bool_), priority=np.ones(p, np.int64), unit_seconds=600,
    )  # fmt: skip


def line(**options: object) -> VisitsProblem:
    """Two points in a row, 100 and 200 seconds from the post."""
    seconds = np.array([[0, 100, 200], [100, 0, 100], [200, 100, 0]])
    given: dict[str, object] = {
        "point_keys": ("near", "far"), "seconds": seconds, "units": np.ones(4), "day_seconds": np.full(4, 3600),
        "service": np.array([60, 60]), "every": np.array([2, 4]), "tolerance": np.array([0, 1]), "since": np.array([-1, -1]),
        "may": np.ones((2, 4), np.bool_), "priority": np.ones(2), "unit_seconds": 50, **options,
    }  # fmt: skip
    return VisitsProblem(**given)  # type: ignore[arg-type]


def test_two_points_by_hand() -> None:
    # The near one on two days, the far one on one of them: 400 + 200 seconds, two unit days at 50.
    problem = line()
    outcome = solve_visits(problem, Budget(iterations=3))
    assert outcome.objective == outcome.bound == 400 + 200 + 100
    assert outcome.termination is Termination.OPTIMAL
    metrics = evaluate_visits(problem, outcome.plan)
    assert (metrics.unit_days, metrics.visits, metrics.travel_seconds) == (2, 3, 600)
    assert metrics.kept_exactly == 1.0


def enumerated(problem: VisitsProblem) -> float:
    """Return the least cost by trying all days of all points, one unit a day and every order."""
    choices = []
    for point in range(problem.points):
        every, slack = int(problem.every[point]), int(problem.tolerance[point])
        kept = []
        for size in range(1, problem.days + 1):
            for days in itertools.combinations(range(problem.days), size):
                gaps = np.diff([*days])
                low, high = problem.first_days(point)
                if (
                    low <= days[0] <= high
                    and days[-1] >= problem.days - every - slack
                    and (abs(gaps - every) <= slack).all()
                ):
                    kept.append(days)
        choices.append(kept)
    best = np.inf
    for chosen in itertools.product(*choices):
        total = 0
        for day in range(problem.days):
            points = [p + 1 for p in range(problem.points) if day in chosen[p]]
            if points:
                ways = [(0, *order, 0) for order in itertools.permutations(points)]
                total += min(sum(int(problem.seconds[a, b]) for a, b in itertools.pairwise(way)) for way in ways)
                total += problem.unit_seconds
        best = min(best, total)
    return float(best)


@pytest.mark.parametrize("seed", range(3))
def test_few_points_equal_all_days_tried(seed: int) -> None:
    problem = asked([2, 3, 5], [1, 1, 1], days=6, seed=seed)
    outcome = solve_visits(problem, Budget(iterations=10))
    assert outcome.objective == enumerated(problem)
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective


def test_the_cheapest_days_keep_the_frequency() -> None:
    problem = asked([3], [1], days=9)
    costs = np.array([5, 1, 9, 9, 1, 9, 9, 1, 9], np.int64)
    assert cheapest_days(problem, 0, costs) == [1, 4, 7]
    assert cheapest_days(replace(problem, tolerance=np.array([0])), 0, costs) == [1, 4, 7]
    assert fewest_visits(problem).tolist() == [2]


def test_a_month_is_checked_and_bounded() -> None:
    problem = asked([2, 7, 7, 14, 5, 5, 7, 14, 10, 3], [1, 1, 1, 2, 1, 1, 1, 3, 2, 1], days=28, units=2, seed=4)
    first = solve_visits(problem, Budget(iterations=1))
    more = solve_visits(problem, Budget(iterations=25))
    assert more.objective <= first.objective
    assert more.bound is not None
    assert 0 < more.bound <= more.objective
    assert check_visits(problem, more.plan) == more.objective
    assert visit_days(problem, more.plan).sum(axis=1).min() >= fewest_visits(problem).min()
    assert fewest_unit_days(problem) <= evaluate_visits(problem, more.plan).unit_days
    again = solve_visits(problem, Budget(iterations=25)).plan
    assert [(r.day, r.points.tolist()) for r in again.routes] == [(r.day, r.points.tolist()) for r in more.plan.routes]


def test_points_that_cannot_be_visited_are_left_out_with_the_reason() -> None:
    problem = asked([2, 3, 4, 5], [0, 1, 1, 1], days=8)
    seconds, may, service = problem.seconds.copy(), problem.may.copy(), problem.service.copy()
    seconds[0, 1] = NO_WAY
    may[1] = [True, False, False, False, False, False, False, False]
    service[2] = 9 * 3600
    problem = replace(problem, seconds=seconds, may=may, service=service)
    outcome = solve_visits(problem, Budget(iterations=2))
    assert outcome.plan.left_out == (0, 1, 2)
    assert why_left_out(problem, outcome.plan) == [(0, "no_way"), (1, "frequency"), (2, "day")]


def test_the_least_priority_is_left_out_where_there_is_no_room() -> None:
    problem = line(
        day_seconds=np.full(4, 360),
        every=np.array([1, 1]),
        tolerance=np.array([0, 0]),
        priority=np.array([1, 5]),
        service=np.zeros(2),
    )
    tight = replace(problem, service=np.array([100, 0]), day_seconds=np.full(4, 401))
    outcome = solve_visits(tight, Budget(iterations=5))
    assert outcome.plan.left_out == (0,)
    assert why_left_out(tight, outcome.plan) == [(0, "room")]
    assert bound_visits(tight) <= outcome.objective


def test_last_visits_before_the_first_day_count() -> None:
    problem = line(since=np.array([1, 9]), every=np.array([2, 8]))
    assert problem.first_days(0) == (1, 1)
    outcome = solve_visits(problem, Budget(iterations=3))
    days = [np.flatnonzero(row).tolist() for row in visit_days(problem, outcome.plan)]
    assert days[0] == [1, 3]
    assert days[1] == [0]
    rested = line(since=np.array([-1, 1]), every=np.array([2, 8]))
    plan = solve_visits(rested, Budget(iterations=3)).plan
    assert visit_days(rested, plan)[1].sum() == 0


def test_the_check_names_each_breach() -> None:
    problem = line()
    good = (DayRoute(day=0, points=np.array([0, 1])), DayRoute(day=2, points=np.array([0])))
    assert check_visits(problem, VisitsPlan(routes=good)) == 700
    for routes, out, words in (
        (good[:1], (), "near is last visited on day 1"),
        ((good[0], DayRoute(day=3, points=np.array([0]))), (), "has 3 days between"),
        (good, (1,), "listed as left out but is visited"),
        ((DayRoute(day=0, points=np.array([0])), good[1]), (), "far is never visited"),
        ((*good, DayRoute(day=2, points=np.array([1]))), (), "2 routes for 1 units"),
        ((DayRoute(day=0, points=np.array([0, 0])),), (), "visited twice"),
        ((DayRoute(day=9, points=np.array([0])),), (), "unknown day"),
    ):
        with pytest.raises(CheckError, match=words):
            check_visits(problem, VisitsPlan(routes=routes, left_out=out))
    with pytest.raises(CheckError, match="above 300 s"):
        check_visits(line(day_seconds=np.full(4, 300)), VisitsPlan(routes=good))
    with pytest.raises(CheckError, match="may not be visited on day 1"):
        check_visits(line(may=np.array([[False, True, True, True]] * 2)), VisitsPlan(routes=good))


def test_a_question_that_makes_no_sense_is_refused() -> None:
    for options, words in (
        ({"every": np.array([0, 4])}, "near has a frequency below 1 day"),
        ({"tolerance": np.array([2, 1])}, "a tolerance as long as its frequency"),
        ({"service": np.array([-1, 4])}, "service time below 0"),
        ({"since": np.array([-2, 4])}, "last visited after the first day"),
        ({"priority": np.array([0, 4])}, "priority below 1"),
        ({"seconds": np.ones((3, 3))}, "not 0 from a place to itself"),
        ({"every": np.array([2])}, "every has shape"),
    ):
        with pytest.raises(InputError, match=words):
            line(**options)
    with pytest.raises(ParameterError, match="at least one day"):
        line(day_seconds=np.zeros(4))
    with pytest.raises(InfeasibleError, match="no point"):
        asked([], [])


def test_a_stop_leaves_a_checked_plan() -> None:
    problem = asked([2, 7, 7, 14, 5, 5, 7, 14, 10, 3], [1, 1, 1, 2, 1, 1, 1, 3, 2, 1], days=28, units=2, seed=4)
    seen: list[Progress] = []

    def stop(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < 2

    outcome = solve_visits(problem, Budget(iterations=50), observe=stop)
    assert outcome.termination is Termination.CANCELLED
    assert check_visits(problem, outcome.plan) == outcome.objective
