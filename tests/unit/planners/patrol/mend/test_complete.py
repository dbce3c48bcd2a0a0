from dataclasses import replace

import numpy as np
import pytest

from geo.errors import CheckError, InputError, ParameterError
from planners.contract import Budget, Termination
from planners.patrol.mend.complete import rounds_of
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Appointment, Ban, Break, OptionalStop, Pin, Start
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point, broken_gaps, check_spacing
from planners.patrol.spacing.faults import faults
from planners.patrol.spacing.plan import BrokenGap, Role, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def ring(points: int = 8, *, cars: int = 4, leg: int = 120, **more: object) -> SpacingProblem:
    """Points on a ring, ``leg`` seconds apart both ways, and two posts beside the first of them."""
    at = np.concatenate([[0, 0], np.arange(points)])
    away = np.abs(at[:, None] - at[None, :])
    seconds = leg * np.minimum(away, points - away).astype(float)
    seconds[:2, 2:] += 60
    seconds[2:, :2] += 60
    seconds[0, 1] = seconds[1, 0] = 60
    given: dict[str, object] = {
        "metres": None, "post_keys": ["a", "b"], "point_keys": [f"p{i}" for i in range(points)],
        "dwell": np.full(points, 600), "cars_at": [cars, cars], "shift_seconds": 8 * HOUR, "gap_seconds": 2 * HOUR,
    }  # fmt: skip
    return car_and_video(seconds=seconds, **{**given, **more})  # type: ignore[arg-type]


def stops_of(problem: SpacingProblem, plan: SpacedPlan, role: Role) -> list[tuple[str, str, int]]:
    return sorted(
        (problem.unit_key(r.vehicle, r.unit), problem.place_key(p), begin)
        for r in plan.routes
        for p, held, begin in zip(r.points.tolist(), r.role.tolist(), r.begin.tolist(), strict=True)
        if held == role
    )


@pytest.mark.parametrize("posts", [(), (1,)])
def test_a_break_is_taken_where_the_round_leaves_time(posts: tuple[int, ...]) -> None:
    # Six stops of 600 s and six legs of 120 s are 4320 s: half an hour is left in each gap.
    lunch = Break(key="lunch", who=("car",), earliest=3 * HOUR, latest=5 * HOUR, seconds=1500, posts=posts)
    problem = replace(ring(6), breaks=(lunch,))
    outcome = solve_spacing(problem, Budget(iterations=1))
    assert outcome.objective == outcome.bound == 1
    ((_, place, begin),) = stops_of(problem, outcome.plan, Role.BREAK)
    assert 3 * HOUR <= begin <= 5 * HOUR
    assert (place == "b") is bool(posts)
    route = outcome.plan.routes[0]
    index = int(np.flatnonzero(route.rest >= 0)[0])
    # The place of a stop is its point behind the posts, below 0 for a post.
    assert (route.points[index] == 1 - problem.posts) is np.bool_(posts != ())


def test_units_of_a_full_round_rest_in_turn() -> None:
    lunch = Break(key="lunch", who=("car",), earliest=3 * HOUR, latest=5 * HOUR, seconds=1800)
    plain = ring(9, leg=180)
    full = solve_spacing(plain, Budget(iterations=1)).plan
    outcome = solve_spacing(replace(plain, breaks=(lunch,)), Budget(iterations=1))
    # 9 * 780 = 7020 s leave 180 s: another unit must step in, and the visits stay as they are.
    assert outcome.plan.units_used > full.units_used == 1
    assert outcome.plan.unrested == ()
    assert begins_by_point(plain, outcome.plan) == begins_by_point(plain, full)


def test_a_break_that_nobody_can_take_over_for_is_said() -> None:
    lunch = Break(key="lunch", who=("a-1",), earliest=3 * HOUR, latest=4 * HOUR, seconds=1800)
    problem = replace(ring(9, leg=180, cars=1, cars_at=[1, 0]), breaks=(lunch,))
    outcome = solve_spacing(problem, Budget(iterations=1))
    assert outcome.plan.unrested == ((0, "a-1"),)
    assert outcome.objective == 1 + problem.price_of_leaving_out
    with pytest.raises(CheckError, match="lunch"):
        check_spacing(problem, replace(outcome.plan, unrested=()))


def test_optional_stops_are_made_where_there_is_time_and_never_cost_a_point() -> None:
    spots = tuple(
        OptionalStop(key=f"h{h}", point=h % 6, earliest=h * HOUR, latest=h * HOUR + 3000, dwell=300, prize=h + 1)
        for h in range(7)
    )
    problem = replace(ring(6), optional=spots)
    outcome = solve_spacing(problem, Budget(iterations=1))
    taken = [int(i) for r in outcome.plan.routes for i in r.optional if i >= 0]
    assert len(taken) == len(set(taken)) >= 5
    assert outcome.plan.units_used == 1
    assert not outcome.plan.left_out
    # Prizes are worth less than a unit, whatever they add up to.
    assert outcome.objective == 1 - sum(spots[i].prize for i in taken) / (28 + 1)
    assert outcome.bound is not None
    assert outcome.bound <= outcome.objective
    assert (outcome.termination == Termination.OPTIMAL) == outcome.proved
    full = replace(ring(9, leg=180), optional=spots)
    assert solve_spacing(full, Budget(iterations=1)).plan.units_used == 1


def test_a_set_stop_is_given_to_its_unit_or_said_not_to_be() -> None:
    pin = Pin(unit="b-2", point=3, earliest=2 * HOUR, latest=4 * HOUR)
    problem = replace(ring(6), pins=(pin,))
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    assert plan.unpinned == ()
    assert any(unit == "b-2" and place == "p3" for unit, place, _ in stops_of(problem, plan, Role.ROUND))
    impossible = replace(problem, bans=(Ban(who="b-2", point=3),))
    outcome = solve_spacing(impossible, Budget(iterations=1))
    assert outcome.plan.unpinned == (0,)
    assert outcome.objective == outcome.plan.units_used + problem.price_of_leaving_out


def test_banned_units_and_kinds_do_not_stop_there() -> None:
    problem = ring(6)
    used = stops_of(problem, solve_spacing(problem, Budget(iterations=1)).plan, Role.ROUND)[0][0]
    banned = replace(problem, bans=(Ban(who=used, point=2),))
    outcome = solve_spacing(banned, Budget(iterations=1))
    assert (used, "p2") not in {(u, p) for u, p, _ in stops_of(banned, outcome.plan, Role.ROUND)}
    assert outcome.objective == 1
    nobody = replace(problem, bans=(Ban(who="car", point=2),))
    assert solve_spacing(nobody, Budget(iterations=1)).plan.left_out == (2,)


def test_a_place_of_appointments_only_asks_for_no_rounds() -> None:
    bell = Appointment(key="bell", point=5, earliest=3 * HOUR, latest=3 * HOUR + 600, dwell=900)
    problem = replace(ring(6), on_rounds=np.arange(6) != 5, appointments=(bell,))
    assert rounds_of(problem).point_keys == ("p0", "p1", "p2", "p3", "p4")
    outcome = solve_spacing(problem, Budget(iterations=1))
    assert outcome.plan.missed == outcome.plan.left_out == ()
    assert begins_by_point(problem, outcome.plan)[5] == []
    assert [place for _, place, _ in stops_of(problem, outcome.plan, Role.APPOINTMENT)] == ["p5"]


def test_a_shift_that_runs_is_not_solved_anew() -> None:
    with pytest.raises(ParameterError, match="replan"):
        solve_spacing(replace(ring(6), starts=(Start(unit="a-1", place=0, free=60),)), Budget(iterations=1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"breaks": (Break(key="tea", who=("car",), earliest=900, latest=800, seconds=60),)},
            "tea has a window shorter",
        ),
        (
            {"breaks": (Break(key="tea", who=("bus",), earliest=0, latest=800, seconds=60),)},
            "tea is for a unit or kind",
        ),
        (
            {"breaks": (Break(key="tea", who=("car",), earliest=0, latest=80, seconds=60, posts=(9,)),)},
            "tea names a post",
        ),
        ({"optional": (OptionalStop(key="bar", point=0, earliest=0, latest=9, dwell=60, prize=0),)}, "bar has a prize"),
        (
            {"optional": (OptionalStop(key="bar", point=99, earliest=0, latest=9, dwell=60, prize=1),)},
            "bar names a point",
        ),
        (
            {"appointments": (Appointment(key="bell", point=0, earliest=8, latest=2, dwell=60),)},
            "bell has a window shorter",
        ),
        ({"pins": (Pin(unit="z", point=0, earliest=0, latest=9),)}, "z has a set stop but does not exist"),
        ({"pins": (Pin(unit="a-1", point=0, earliest=0, latest=99 * HOUR),)}, "a-1 does not fit the shift"),
        ({"bans": (Ban(who="z", point=0),)}, "z has a forbidden stop but does not exist"),
        ({"starts": (Start(unit="a-1", place=99, free=0),)}, "a-1 is under way from a place"),
        ({"starts": (Start(unit="a-1", place=0, free=0),) * 2}, "under way twice"),
    ],
)
def test_what_is_asked_wrongly_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        replace(ring(6), **change)  # type: ignore[arg-type]


def test_a_shift_of_no_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="longer than 0 seconds"):
        ring(6, shift_seconds=0)


def test_what_cannot_be_done_is_named_and_the_rest_planned() -> None:
    problem = ring(6)
    seconds = problem.seconds.copy()
    seconds[0, 1, 2:] = NO_WAY
    seconds[0, :, 2 + 4] = NO_WAY
    seconds[0, 6, 6] = 0
    bell = Appointment(key="bell", point=4, earliest=0, latest=600, dwell=60)
    cut = replace(problem, seconds=seconds, appointments=(bell,))
    assert [(f.what, f.key) for f in faults(cut)] == [("post", "b"), ("point", "p4"), ("appointment", "bell")]
    assert all(f.en and f.zh for f in faults(cut))
    outcome = solve_spacing(cut, Budget(iterations=1))
    assert outcome.plan.left_out == (4,)
    assert outcome.plan.missed == (0,)
    busy = ring(40, cars=1)
    # 40 points * 4 gaps * 600 s are 96,000 s; two units have 57,600.
    assert [(f.what, f.key) for f in faults(busy)] == [("minutes", "car")]
    assert "4 units for dwell alone, 2 on shift" in faults(busy)[0].en
    assert faults(problem) == ()


def test_the_check_knows_roles_facts_and_false_claims() -> None:
    lunch = Break(key="lunch", who=("car",), earliest=3 * HOUR, latest=5 * HOUR, seconds=1500, posts=(1,))
    problem = replace(ring(6), breaks=(lunch,))
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    route = plan.routes[0]
    assert set(route.role.tolist()) == {Role.ROUND, Role.BREAK}
    elsewhere = replace(problem, breaks=(replace(lunch, posts=(0,)),))
    moved = Start(unit=problem.unit_key(route.vehicle, route.unit), place=0, free=4000, done=None)
    done = replace(moved, done=changed(route, 1, begin=7))
    for other, lie, words in (
        (elsewhere, plan, "b may not be visited"),
        (problem, replace(plan, unrested=((0, moved.unit),)), "does not take the break"),
        (problem, replace(plan, unrested=((0, "a-9"),)), "without a route"),
        (
            problem,
            replace(plan, broken=(BrokenGap(point=0, before=0, after=9, over=9),)),
            "listed as broken that is not",
        ),
        (replace(problem, starts=(moved,)), plan, "leaves before it is free"),
        (replace(problem, starts=(done,)), plan, "changes what"),
        (replace(problem, starts=(replace(moved, free=8 * HOUR),)), plan, "is away but has a stop|leaves before"),
    ):
        with pytest.raises(CheckError, match=words):
            check_spacing(other, lie)
    assert broken_gaps(problem, plan) == ()


def changed(route: SpacedRoute, stops: int, *, begin: int) -> SpacedRoute:
    names = ("points", "appointment", "rest", "optional", "arrival", "departure")
    held = {name: getattr(route, name)[:stops] for name in names}
    return replace(route, begin=route.begin[:stops] + begin, **held)
