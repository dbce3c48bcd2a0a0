from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import linprog

from geo.errors import InfeasibleError, InputError
from planners.contract import Budget
from planners.patrol.mend import network as nw
from planners.patrol.mend.conflict import Conflict
from planners.patrol.mend.edit import changed_units, free_from, insert, lock_of, move, remove
from planners.patrol.mend.recover import take_out
from planners.patrol.mend.times import begins
from planners.patrol.mend.timetable import Lock, Timetable
from planners.patrol.mend.writing import plan_of
from planners.patrol.spacing.asked import Appointment, Ban, Break
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import BrokenGap, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def line(**more: object) -> SpacingProblem:
    """A post and two points a minute's drive apart on a line, a gap of an hour, a shift of two, two cars."""
    at = np.array([0, 60, 120])
    given: dict[str, object] = {
        "seconds": np.abs(at[:, None] - at[None, :]).astype(float), "metres": None, "post_keys": ["post"],
        "point_keys": ["p0", "p1"], "dwell": [600, 600], "cars_at": [2], "shift_seconds": 2 * HOUR, "gap_seconds": HOUR,
    }  # fmt: skip
    return car_and_video(**{**given, **more})  # type: ignore[arg-type]


def by_hand(problem: SpacingProblem, unit: int, stops: list[tuple[int, int]]) -> SpacedRoute:
    """Return a route of visits (point, begin)."""
    points, begin = (np.array(a, np.int32) for a in zip(*stops, strict=True))
    legs, places = problem.seconds[0], points + problem.posts
    departure = begin + problem.dwell[points]
    leave = int(begin[0] - legs[0, places[0]])
    arrival = np.concatenate([begin[:1], departure[:-1] + legs[places[:-1], places[1:]]])
    return SpacedRoute(
        vehicle=0, unit=unit, points=points, appointment=np.full(len(points), -1, np.int32), arrival=arrival, begin=begin,
        departure=departure, leave=leave, back=int(departure[-1] + legs[places[-1], 0]),
    )  # fmt: skip


PROBLEM = line()
PLAN = SpacedPlan(routes=(by_hand(PROBLEM, 0, [(0, 600), (1, 1500), (0, 4000), (1, 5000)]),))


def begin_of(plan: SpacedPlan, unit: int = 0) -> list[int]:
    return next(r.begin.tolist() for r in plan.routes if r.unit == unit)


def test_the_plan_by_hand_keeps_its_gaps_and_is_read_back_as_it_was() -> None:
    assert check_spacing(PROBLEM, PLAN) == 1
    table = Timetable.of(PROBLEM, PLAN)
    found = begins(table)
    assert not isinstance(found, Conflict)
    assert not changed_units(PROBLEM, PLAN, plan_of(table, found))


def test_only_what_must_moves_with_a_stop() -> None:
    edited = move(PROBLEM, PLAN, unit="post-1", index=2, begin=4300)
    # 4300 is 3700 s after 600: the first visit waits until 700, and all else stays.
    assert begin_of(edited.plan) == [700, 1500, 4300, 5000]
    assert edited.changed == ("post-1",)
    assert not edited.broken


def test_a_lock_binds_and_is_named_with_its_minutes() -> None:
    locks = [lock_of(PROBLEM, PLAN, unit="post-1", index=0)]
    with pytest.raises(InfeasibleError) as refused:
        move(PROBLEM, PLAN, unit="post-1", index=2, begin=4300, locks=locks)
    assert refused.value.en == "p0 would wait 2 min longer than its gap of 60 min"
    assert refused.value.zh == "p0 的间隔将超过规定的 60 分钟，超出 2 分钟"
    assert refused.value.rows == ("p0",)
    soft = move(PROBLEM, PLAN, unit="post-1", index=2, begin=4300, locks=locks, soft=True)
    assert soft.broken == (BrokenGap(point=0, before=600, after=4300, over=100),)
    assert begin_of(soft.plan) == [600, 1500, 4300, 5000]
    # Half the price of a point left out, and half of it by the share of its gap by which it is over.
    assert check_spacing(PROBLEM, soft.plan) == pytest.approx(1 + 3 * (0.5 + 0.5 * 100 / 3600))


def test_a_broken_gap_does_not_keep_other_stops_from_being_moved() -> None:
    locks = [lock_of(PROBLEM, PLAN, unit="post-1", index=0)]
    soft = move(PROBLEM, PLAN, unit="post-1", index=2, begin=4300, locks=locks, soft=True)
    again = move(PROBLEM, soft.plan, unit="post-1", index=3, begin=5060, locks=locks)
    assert again.plan.broken == soft.plan.broken
    assert not again.broken


def test_a_stop_given_to_another_unit_keeps_its_time() -> None:
    edited = move(PROBLEM, PLAN, unit="post-1", index=3, to="post-2")
    assert begin_of(edited.plan) == [600, 1500, 4000]
    assert begin_of(edited.plan, 1) == [5000]
    assert edited.changed == ("post-1", "post-2")


def test_a_stop_that_is_needed_is_not_removed_unless_asked() -> None:
    with pytest.raises(InfeasibleError, match="p1 would wait"):
        remove(PROBLEM, PLAN, unit="post-1", index=1)
    soft = remove(PROBLEM, PLAN, unit="post-1", index=1, soft=True)
    # One visit is left: the gap before it and the gap after it cannot both be kept. It may move, but not the shift.
    assert [gap.point for gap in soft.broken] == [1]
    assert sum(gap.over for gap in soft.broken) >= 1
    more = insert(PROBLEM, soft.plan, point=1, to="post-2", soft=True)
    assert not more.plan.broken


@pytest.mark.parametrize(
    ("begin", "words"),
    [
        (2000, "sooner than its least gap of 20 min"),
        (7000, "not be begun then"),
        (6550, "would be back 2 min after its shift"),
    ],
)
def test_an_added_stop_is_refused_by_what_binds(begin: int, words: str) -> None:
    problem = line(least_gap_seconds=1200)
    # 6550 + 600 + 120 s is 70 s after the shift.
    with pytest.raises(InfeasibleError, match=words):
        insert(problem, PLAN, point=1, to="post-2", begin=begin, locks=[lock_of(problem, PLAN, unit="post-1", index=1)])
    added = insert(problem, PLAN, point=1, to="post-2", begin=3000)
    assert begin_of(added.plan, 1) == [3000]
    assert next(r.leave for r in added.plan.routes if r.unit == 1) == 2880


def test_bans_kinds_and_strangers_are_named() -> None:
    banned = replace(PROBLEM, bans=(Ban(who="post-2", point=1),))
    with pytest.raises(InfeasibleError, match="p1 may not be visited by post-2"):
        move(banned, PLAN, unit="post-1", index=1, to="post-2")
    with pytest.raises(InputError, match="no unit nobody"):
        move(PROBLEM, PLAN, unit="post-1", index=1, to="nobody")
    with pytest.raises(InputError, match="no stop number 9"):
        move(PROBLEM, PLAN, unit="post-1", index=8)
    with pytest.raises(InputError, match="to lock"):
        move(PROBLEM, PLAN, unit="post-1", index=1, locks=[Lock(unit="post-1", point=0, begin=601)])
    with pytest.raises(InputError, match="locked; unlock"):
        remove(PROBLEM, PLAN, unit="post-1", index=1, locks=[lock_of(PROBLEM, PLAN, unit="post-1", index=1)])
    with pytest.raises(InputError, match="no stop number 5"):
        lock_of(PROBLEM, PLAN, unit="post-1", index=4)
    with pytest.raises(InputError, match="not on the rounds"):
        insert(PROBLEM, PLAN, point=7, to="post-2")


def test_a_unit_that_is_free_late_pushes_its_stops_or_is_refused() -> None:
    edited = free_from(PROBLEM, PLAN, unit="post-1", place=0, free=1000)
    assert begin_of(edited.plan) == [1060, 1720, 4000, 5000]
    assert check_spacing(edited.problem, edited.plan) == 1
    with pytest.raises(InfeasibleError, match="p1 would wait"):
        free_from(PROBLEM, PLAN, unit="post-1", place=0, free=3000)


def test_both_units_of_an_appointment_move_together() -> None:
    bell = Appointment(key="bell", point=1, earliest=2600, latest=3200, dwell=300, units=2)
    problem = replace(PROBLEM, appointments=(bell,))
    outcome = solve_spacing(line(cars_at=[3], appointments=(bell,)), Budget(iterations=1))
    wider = line(cars_at=[3], appointments=(bell,))
    keeping = [r for r in outcome.plan.routes if (r.appointment >= 0).any()]
    key = wider.unit_key(keeping[0].vehicle, keeping[0].unit)
    edited = move(wider, outcome.plan, unit=key, index=0, begin=3100)
    assert {int(r.begin[0]) for r in edited.plan.routes if (r.appointment >= 0).any()} == {3100}
    with pytest.raises(InfeasibleError, match="window"):
        move(wider, outcome.plan, unit=key, index=0, begin=3300)
    assert remove(wider, outcome.plan, unit=key, index=0).plan.missed == (0,)
    assert problem.appointments == (bell,)


def test_a_break_stays_with_its_unit() -> None:
    problem = replace(PROBLEM, breaks=(Break(key="tea", who=("post-1",), earliest=2200, latest=3000, seconds=600),))
    plan = solve_break(problem)
    with pytest.raises(InfeasibleError, match="cannot be given"):
        move(problem, plan, unit="post-1", index=2, to="post-2")
    assert begin_of(move(problem, plan, unit="post-1", index=2, begin=2900).plan)[2] == 2900


def solve_break(problem: SpacingProblem) -> SpacedPlan:
    held = PLAN.routes[0]
    points, begin = np.insert(held.points, 2, held.points[1]), np.insert(held.begin, 2, 2200)
    departure = np.insert(held.departure, 2, 2800)
    arrival = np.insert(held.arrival, 2, 2100)
    arrival[3] = 2800 + 60
    route = replace(
        held, points=points, begin=begin, departure=departure, arrival=arrival, appointment=np.full(5, -1),
        rest=np.array([-1, -1, 0, -1, -1]), optional=np.full(5, -1),
    )  # fmt: skip
    plan = SpacedPlan(routes=(route,))
    assert check_spacing(problem, plan) == 1
    return plan


def test_times_exist_exactly_where_a_linear_program_finds_some() -> None:
    rng = np.random.default_rng(3)
    at = rng.uniform(0, 3000, (12, 2))
    problem = car_and_video(
        seconds=np.abs(at[:, None] - at[None, :]).sum(axis=2) / 8, metres=None, post_keys=["a", "b"],
        point_keys=[f"p{i}" for i in range(10)], dwell=rng.integers(10, 16, 10) * 60, cars_at=[3, 3], shift_seconds=6 * HOUR,
        gap_seconds=2 * HOUR, least_gap_seconds=HOUR,
    )  # fmt: skip
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    seen = set()
    for _ in range(40):
        table = Timetable.of(problem, plan)
        stops = [n for route in table.stop for n in route]
        node, after = rng.choice(stops, 2, replace=False)
        number = int(table.net[nw.RT, after])
        take_out(table, int(node))
        nw.put_after(table.net, table.legs, 0, int(node), int(after))
        assert number == table.net[nw.RT, node]
        found = begins(table)
        assert isinstance(found, Conflict) != feasible(problem, table)
        seen.add(isinstance(found, Conflict))
        if not isinstance(found, Conflict):
            check_spacing(problem, plan_of(table, found))
    assert seen == {True, False}


def feasible(problem: SpacingProblem, table: Timetable) -> bool:
    """Return whether begins exist, by a linear program over the routes and the order of the visits."""
    routes = [table.route(n) for n in range(len(table.units))]
    column = {node: k for k, node in enumerate(n for route in routes for n in route)}
    rows: list[npt.NDArray[np.float64]] = []
    right: list[float] = []

    def at_most(later: int | None, sooner: int | None, seconds: float) -> None:
        row = np.zeros(len(column))
        if later is not None:
            row[column[later]] += 1
        if sooner is not None:
            row[column[sooner]] -= 1
        rows.append(row)
        right.append(seconds)

    legs = problem.seconds[0]
    for number, route in enumerate(routes):
        post = problem.vehicles[table.units[number][0]].start_post
        place = {n: problem.posts + table.point_of(n) for n in route}
        dwell = {n: int(problem.dwell[table.point_of(n)]) for n in route}
        for a, b in pairwise(route):
            at_most(a, b, -float(dwell[a] + legs[place[a], place[b]]))
        if route:
            at_most(None, route[0], -float(legs[post, place[route[0]]]))
            at_most(route[-1], None, float(problem.shift_seconds - dwell[route[-1]] - legs[place[route[-1]], post]))
    for point in range(problem.points):
        visits, gap, least = table.visits(point), float(problem.gap[point]), float(problem.least_gap[point])
        at_most(visits[0], None, gap - float(problem.since[point]))
        at_most(None, visits[-1], -(problem.shift_seconds - gap + 1))
        for a, b in pairwise(visits):
            at_most(b, a, gap)
            at_most(a, b, -least)
    found = linprog(np.zeros(len(column)), A_ub=np.array(rows), b_ub=right, bounds=(0, problem.shift_seconds))
    return bool(found.status == 0)


@pytest.mark.parametrize("begin", [0, 6900])
@pytest.mark.parametrize("index", [0, 2])
def test_every_refusal_has_two_sentences_and_a_row(index: int, begin: int) -> None:
    with pytest.raises(InfeasibleError) as refused:
        move(PROBLEM, PLAN, unit="post-1", index=index, begin=begin)
    assert refused.value.en != refused.value.zh
    assert refused.value.rows
