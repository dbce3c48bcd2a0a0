import itertools
from dataclasses import replace

import numpy as np
import pytest

from geo.errors import CheckError, InputError, ParameterError
from planners.contract import Budget, Progress, Termination
from planners.patrol.mend.edit import lock_of
from planners.patrol.mend.events import StreetsChanged, UnitAway, UnitBack, UnitLate
from planners.patrol.mend.improve import improve
from planners.patrol.mend.replan import Replanned, replan
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.asked import Appointment, OptionalStop
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import broken_gaps, check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

HOUR = 3600


def line(**more: object) -> SpacingProblem:
    """A post and three points a minute's drive apart on a line, a gap of an hour, a shift of two, three cars."""
    at = np.array([0, 60, 120, 180])
    given: dict[str, object] = {
        "seconds": np.abs(at[:, None] - at[None, :]).astype(float), "metres": None, "post_keys": ["post"],
        "point_keys": ["p0", "p1", "p2"], "dwell": [600] * 3, "cars_at": [3], "shift_seconds": 2 * HOUR,
        "gap_seconds": HOUR,
    }  # fmt: skip
    return car_and_video(**{**given, **more})  # type: ignore[arg-type]


def by_hand(problem: SpacingProblem, unit: int, stops: list[tuple[int, int]]) -> SpacedRoute:
    points, begin = (np.array(a, np.int32) for a in zip(*stops, strict=True))
    legs, places = problem.seconds[0], points + problem.posts
    departure = begin + problem.dwell[points]
    return SpacedRoute(
        vehicle=0, unit=unit, points=points, appointment=np.full(len(points), -1, np.int32),
        arrival=np.concatenate([begin[:1], departure[:-1] + legs[places[:-1], places[1:]]]), begin=begin, departure=departure,
        leave=int(begin[0] - legs[0, places[0]]), back=int(departure[-1] + legs[places[-1], 0]),
    )  # fmt: skip


PROBLEM = line()
PLAN = SpacedPlan(
    routes=(
        by_hand(PROBLEM, 0, [(0, 600), (1, 1500), (0, 4000), (1, 5000)]),
        by_hand(PROBLEM, 1, [(2, 1000), (2, 4500)]),
    )
)


def route_of(problem: SpacingProblem, plan: SpacedPlan, unit: int) -> SpacedRoute | None:
    return next((r for r in plan.routes if r.unit == unit), None)


def test_nothing_happens_and_nothing_changes() -> None:
    for now in (0, 700, 3000, 7200):
        found = replan(PROBLEM, PLAN, [], now=now, iterations=20)
        assert found.changed == found.reordered == ()
        assert found.overdue == found.bound == 0
        assert found.binding is None
        assert found.one_more_unit is None


def test_another_unit_takes_over_after_its_next_stop() -> None:
    found = replan(PROBLEM, PLAN, [UnitAway(unit="post-1", at=2000)], now=2000, iterations=40)
    # p1 is begun by the unit that is pulled away, so its visit counts; p0 at 4000 and p1 at 5000 go to the other. Its next stop
    # is held at 4500: it is at p1 at 5160, a minute over, and at p0 at 5820, 27 minutes over; the other way round is 30.
    assert found.overdue == 28
    assert found.before == pytest.approx(5102 / 60)
    assert [gap.over for gap in found.plan.broken] == [1620, 60]
    away, other = (route_of(found.problem, found.plan, unit) for unit in (0, 1))
    assert away is not None
    assert other is not None
    assert away.points.tolist() == [0, 1]
    assert away.departure.tolist() == [1200, 2000]
    assert other.points.tolist() == [2, 2, 1, 0]
    assert other.begin.tolist() == [1000, 4500, 5160, 5820]
    assert found.changed == ("post-1", "post-2")


def test_a_crew_is_told_another_order_only_where_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    event = UnitAway(unit="post-1", at=2000)
    found = replan(PROBLEM, PLAN, [event], now=2000, iterations=40)
    assert set(found.reordered) - {"post-1"}
    monkeypatch.setattr("planners.patrol.mend.replan.TOLD_MINUTES", 1_000_000)
    held = replan(PROBLEM, PLAN, [event], now=2000, iterations=40)
    assert not set(held.reordered) - {"post-1"}
    assert held.overdue > found.overdue


def test_what_cannot_be_kept_is_said_with_what_binds_and_what_one_more_unit_brings() -> None:
    # The other unit is busy until 6980 with a visit that it is on its way to; nobody can come to p0 and p1 before.
    plan = SpacedPlan(routes=(PLAN.routes[0], by_hand(PROBLEM, 1, [(2, 1000), (2, 4500)])))
    long = replace(PROBLEM, dwell=np.array([600, 600, 2300]))
    plan = SpacedPlan(routes=(plan.routes[0], by_hand(long, 1, [(2, 1000), (2, 4500)])))
    assert check_spacing(long, plan) == 2
    found = replan(long, plan, [UnitAway(unit="post-1", at=3500)], now=3500, iterations=40)
    # Gaps run from 600 and 1500 to the end of the shift: (7200 - 600 - 3600 + 1) + (7200 - 1500 - 3600 + 1) s.
    assert found.overdue == pytest.approx(5102 / 60)
    assert [(g.point, g.before, g.after, g.over) for g in found.plan.broken] == [
        (0, 600, 7200, 3001),
        (1, 1500, 7200, 2101),
    ]
    assert found.binding is not None
    assert found.binding.binds == "shift"
    assert "post-2 would be back" in found.binding.en
    assert found.one_more_unit is not None
    assert found.one_more_unit.unit == "post-3"
    # It reaches p0 or p1 by 3680 at the latest: both gaps are kept.
    assert found.one_more_unit.saved == pytest.approx(5102 / 60)
    assert 0 <= found.bound <= found.overdue
    again = replan(found.problem, found.plan, [UnitBack(unit="post-1", at=4200)], now=4200, iterations=40)
    # Back at the post at 4200, it begins at p0 at 4260, 60 s too late, and at p1 in time.
    assert again.overdue == pytest.approx(1.0)
    assert again.before == found.overdue


def test_late_is_no_change_where_the_unit_would_have_waited() -> None:
    # It waits at p0 from 2160 to 4000.
    assert replan(PROBLEM, PLAN, [UnitLate(unit="post-1", seconds=1800)], now=2100, iterations=10).changed == ()
    late = replan(PROBLEM, PLAN, [UnitLate(unit="post-1", seconds=2100)], now=2100, iterations=10)
    route = route_of(late.problem, late.plan, 0)
    assert route is not None
    # 2160 + 2100 = 4260 is 60 s over the gap since 600; p1 is reached in time all the same.
    assert route.begin.tolist() == [600, 1500, 4260, 5000]
    assert late.overdue == pytest.approx(1.0)
    assert late.reordered == ()


def test_a_closed_street_turns_a_unit_back_and_is_checked_on_the_new_streets() -> None:
    seconds = PROBLEM.seconds.copy()
    seconds[0, :, 1] = seconds[0, 1, :] = NO_WAY
    np.fill_diagonal(seconds[0], 0)
    found = replan(PROBLEM, PLAN, [StreetsChanged(seconds=seconds)], now=2100, iterations=30)
    assert {gap.point for gap in found.plan.broken} == {0}
    assert found.overdue == pytest.approx(3001 / 60)
    route = route_of(found.problem, found.plan, 0)
    assert route is not None
    assert route.points.tolist() == [0, 1, 1]
    slower = np.where(PROBLEM.seconds > 0, PROBLEM.seconds * 2, 0).astype(np.int32)
    kept = replan(PROBLEM, PLAN, [StreetsChanged(seconds=slower)], now=2100, iterations=30)
    assert check_spacing(kept.problem, kept.plan) == 2
    with pytest.raises(CheckError):
        check_spacing(replace(kept.problem, seconds=seconds), kept.plan)


def test_a_unit_that_would_not_be_back_in_time_leaves_its_stop_to_others() -> None:
    # p1 at 6560 and 720 s for dwell and way home are more than 7200; from p0 it comes home.
    late = replan(PROBLEM, PLAN, [UnitLate(unit="post-1", seconds=1900)], now=4650, iterations=30)
    route = route_of(late.problem, late.plan, 0)
    assert route is not None
    assert route.points.tolist() == [0, 1, 0]
    other = route_of(late.problem, late.plan, 1)
    assert other is not None
    assert other.points.tolist() == [2, 2, 1]
    # The other is free at 5100, and at p1 at 5160.
    assert other.begin.tolist() == [1000, 4500, 5160]
    assert late.overdue == pytest.approx(1.0)


def test_a_unit_that_is_cut_off_counts_as_away() -> None:
    seconds = PROBLEM.seconds.copy()
    seconds[0, 2, [0, 1, 3]] = NO_WAY
    found = replan(PROBLEM, PLAN, [StreetsChanged(seconds=seconds)], now=1800, iterations=30)
    route = route_of(found.problem, found.plan, 0)
    assert route is not None
    assert route.points.tolist() == [0, 1]
    # Nobody comes back from p1 any more: it is visited no more, and p0 by the other unit, which is free at 5100.
    other = route_of(found.problem, found.plan, 1)
    assert other is not None
    assert other.points.tolist() == [2, 2, 0]
    assert found.overdue == pytest.approx((5220 - 600 - 3600 + 2101) / 60)


def test_an_appointment_of_a_unit_that_is_pulled_away_goes_to_another() -> None:
    bell = Appointment(key="bell", point=1, earliest=5700, latest=6200, dwell=300, units=1)
    problem = replace(PROBLEM, appointments=(bell,))
    held = by_hand(problem, 2, [(1, 5900)])
    school = replace(held, appointment=np.array([0], np.int32), departure=np.array([6200], np.int32), back=6320)
    plan = SpacedPlan(routes=(*PLAN.routes, school))
    assert check_spacing(problem, plan) == 3
    found = replan(problem, plan, [UnitAway(unit="post-3", at=1800)], now=1800, iterations=60)
    assert found.plan.missed == ()
    assert found.overdue == 0
    assert route_of(problem, found.plan, 2) is None
    lost = replan(problem, plan, [UnitAway(unit=f"post-{n}", at=1800) for n in (1, 2, 3)], now=1800, iterations=10)
    assert lost.plan.missed == (0,)


def test_locked_stops_of_others_stay() -> None:
    locks = [lock_of(PROBLEM, PLAN, unit="post-2", index=1), lock_of(PROBLEM, PLAN, unit="post-1", index=3)]
    found = replan(PROBLEM, PLAN, [UnitAway(unit="post-1", at=2000)], now=2000, locks=locks, iterations=40)
    other = route_of(found.problem, found.plan, 1)
    assert other is not None
    assert 4500 in other.begin[other.points == 2]


@pytest.mark.parametrize(
    ("events", "now", "words"),
    [
        ([UnitAway(unit="nobody", at=10)], 0, "no unit nobody"),
        ([UnitBack(unit="post-1", at=10)], 0, "not away"),
        ([UnitAway(unit="post-1", at=10), UnitLate(unit="post-1", seconds=9)], 0, "two events"),
        ([UnitLate(unit="post-1", seconds=-9)], 0, "less than 0"),
        ([UnitLate(unit="post-3", seconds=9)], 0, "no stop that it could be late for"),
        ([UnitAway(unit="post-1", at=10)], 20, "before now"),
        ([], 8000, "outside the shift"),
    ],
)
def test_events_that_cannot_be_are_named(events: list[UnitAway], now: int, words: str) -> None:
    with pytest.raises((InputError, ParameterError), match=words):
        replan(PROBLEM, PLAN, events, now=now)


def test_a_unit_is_not_pulled_away_twice() -> None:
    once = replan(PROBLEM, PLAN, [UnitAway(unit="post-1", at=2000)], now=2000, iterations=5)
    with pytest.raises(InputError, match="away already"):
        replan(once.problem, once.plan, [UnitAway(unit="post-1", at=2500)], now=2500)
    later = replan(once.problem, once.plan, [], now=2500, iterations=5)
    assert later.changed == ()


def least_by_trying(problem: SpacingProblem, plan: SpacedPlan, away: int, now: int) -> int:
    """Return the fewest seconds over all gaps, by trying all orders of the stops that are left at their earliest times."""
    held, free = [], {}
    left = []
    for route in plan.routes:
        promised = int((route.begin <= now).sum()) + (route.unit != away)
        held += [(int(p), int(b)) for p, b in zip(route.points[:promised], route.begin[:promised], strict=True)]
        left += route.points[promised:].tolist()
        if route.unit != away:
            last = min(promised, len(route.points)) - 1
            free[route.unit] = (int(route.departure[last]), problem.posts + int(route.points[last]))
    best = None
    ((at, place),) = free.values()
    for size in range(len(left) + 1):
        for order in itertools.permutations(left, size):
            stops, now_at, here = list(held), at, place
            for point in order:
                now_at += int(problem.seconds[0, here, problem.posts + point])
                stops.append((point, now_at))
                now_at += int(problem.dwell[point])
                here = problem.posts + point
            if now_at + problem.seconds[0, here, 0] <= problem.shift_seconds:
                routes = tuple(by_hand(problem, n, [stop]) for n, stop in enumerate(stops))
                over = sum(max(0, gap.over) for gap in broken_gaps(problem, SpacedPlan(routes=routes)))
                best = over if best is None else min(best, over)
    assert best is not None
    return best


def test_against_all_orders_of_a_small_shift() -> None:
    shift = line(shift_seconds=3 * HOUR)
    stops = [(0, 600), (1, 1500), (0, 4000), (1, 5000), (0, 7500), (1, 8500)]
    plan = SpacedPlan(routes=(by_hand(shift, 0, stops), by_hand(shift, 1, [(2, 1000), (2, 4500), (2, 8000)])))
    assert check_spacing(shift, plan) == 2
    for now in (2000, 3900, 4100):
        for away in (0, 1):
            found = replan(shift, plan, [UnitAway(unit=f"post-{away + 1}", at=now)], now=now, iterations=100)
            # Trying takes the earliest times of each order, so waiting may still do better; no plan does better than the bound.
            least = least_by_trying(shift, plan, away, now) / 60
            assert found.bound <= found.overdue <= least + 1e-9


def test_improving_takes_out_a_unit_that_is_not_needed_and_reports() -> None:
    apart = SpacedPlan(routes=tuple(by_hand(PROBLEM, n, [(n, 1000), (n, 4500)]) for n in range(3)))
    assert check_spacing(PROBLEM, apart) == 3
    seen: list[Progress] = []

    def observe(progress: Progress) -> bool:
        seen.append(progress)
        return True

    better = improve(PROBLEM, apart, Budget(iterations=3), observe=observe)
    # One unit makes a round of three stops in 2160 s.
    assert better.objective == better.plan.units_used == 1
    assert better.termination == Termination.ITERATIONS
    assert seen[0].objective == 3
    locked = improve(
        PROBLEM, apart, Budget(iterations=3), locks=[lock_of(PROBLEM, apart, unit="post-2", index=0)], bound=1.0
    )
    held = route_of(PROBLEM, locked.plan, 1)
    assert held is not None
    assert 1000 in held.begin[held.points == 1]
    assert improve(PROBLEM, apart, Budget(iterations=3), observe=lambda _: False).termination == Termination.CANCELLED


def test_improving_mends_what_a_soft_edit_broke() -> None:
    plan = solve_spacing(PROBLEM, Budget(iterations=1)).plan
    route = plan.routes[0]
    keep = np.arange(len(route.points)) != 1
    cut = by_hand(
        PROBLEM, route.unit, [(int(p), int(b)) for p, b in zip(route.points[keep], route.begin[keep], strict=True)]
    )
    draft = SpacedPlan(routes=(cut, *plan.routes[1:]))
    broken = replace(draft, broken=broken_gaps(PROBLEM, draft))
    assert broken.broken
    mended = improve(PROBLEM, broken, Budget(iterations=4))
    assert not mended.plan.broken
    assert check_spacing(PROBLEM, mended.plan) == mended.objective


def test_the_same_seed_gives_the_same_plan() -> None:
    def once() -> Replanned:
        return replan(PROBLEM, PLAN, [UnitAway(unit="post-1", at=2000)], now=2000, iterations=30, seed=7)

    one, other = once(), once()
    assert one.overdue == other.overdue
    for a, b in zip(one.plan.routes, other.plan.routes, strict=True):
        assert a.begin.tolist() == b.begin.tolist()
        assert a.points.tolist() == b.points.tolist()


def test_improving_obeys_the_clock_of_its_observer_and_tries_points_left_out_again() -> None:
    alone = SpacedPlan(routes=(PLAN.routes[0],), left_out=(2,))
    assert check_spacing(PROBLEM, alone) == 1 + PROBLEM.price_of_leaving_out
    better = improve(PROBLEM, alone, Budget(iterations=3))
    assert better.plan.left_out == ()
    assert not better.plan.broken
    assert better.objective == 1
    looks: list[Progress] = []

    def thrice(progress: Progress) -> bool:
        looks.append(progress)
        return len(looks) < 3

    stopped = improve(PROBLEM, alone, Budget(seconds=60), observe=thrice)
    assert stopped.termination == Termination.CANCELLED
    assert len(looks) == 3


def test_a_point_left_out_is_tried_again_at_the_next_event() -> None:
    plan = SpacedPlan(routes=(PLAN.routes[0],), left_out=(2,))
    found = replan(PROBLEM, plan, [UnitLate(unit="post-1", seconds=0)], now=300, iterations=40)
    assert found.plan.left_out == ()
    assert not found.plan.broken
    # Left out, it counts as a point that waits for the whole shift: 7200 - 3600 s.
    assert found.before == pytest.approx(60)
    assert found.overdue == 0


def test_an_optional_stop_of_a_unit_that_is_pulled_away_is_made_by_another() -> None:
    hot = OptionalStop(key="hot", point=1, earliest=5200, latest=6500, dwell=300, prize=5, kinds=("car",))
    problem = replace(PROBLEM, optional=(hot,))
    route = by_hand(problem, 2, [(1, 5300)])
    chance = replace(
        route,
        optional=np.zeros(1, np.int32),
        departure=np.array([5600], np.int32),
        back=5600 + int(problem.seconds[0, 2, 0]),
    )
    plan = SpacedPlan(routes=(*PLAN.routes, chance))
    check_spacing(problem, plan)
    found = replan(problem, plan, [UnitAway(unit="post-3", at=4100)], now=4100, iterations=20)
    made = [found.problem.unit_key(r.vehicle, r.unit) for r in found.plan.routes if (r.optional == 0).any()]
    assert len(made) == 1
    assert made[0] != "post-3"
    assert found.overdue == 0
    kept = replan(problem, plan, [UnitLate(unit="post-1", seconds=60)], now=2000, iterations=20)
    assert kept.reordered == ()


def test_an_opened_street_gives_times_back_and_changes_no_crew_that_gains_nothing() -> None:
    slow = np.where(PROBLEM.seconds > 0, PROBLEM.seconds * 40, 0).astype(np.int32)
    closed = replan(PROBLEM, PLAN, [StreetsChanged(seconds=slow)], now=2100, iterations=30)
    assert closed.overdue > 0
    opened = replan(closed.problem, closed.plan, [StreetsChanged(seconds=PROBLEM.seconds)], now=2200, iterations=60)
    assert np.array_equal(opened.problem.seconds, PROBLEM.seconds)
    assert opened.overdue < closed.overdue
    faster = np.where(PROBLEM.seconds > 0, PROBLEM.seconds // 2, 0).astype(np.int32)
    assert replan(PROBLEM, PLAN, [StreetsChanged(seconds=faster)], now=2100, iterations=30).changed == ()


def test_the_bound_counts_what_nobody_can_reach_in_time() -> None:
    # post-2 is on its way to p2, where it is free at 6800; p0 is due at 4200 and p1 at 5100. The visits that are not made any more
    # count until the end of the shift, as 3001 and 2101 s over: the way there, 6800 + 60 s and more, is not late by less.
    long = replace(PROBLEM, dwell=np.array([600, 600, 2300]))
    plan = SpacedPlan(routes=(PLAN.routes[0], by_hand(long, 1, [(2, 1000), (2, 4500)])))
    found = replan(long, plan, [UnitAway(unit="post-1", at=3500)], now=3500, iterations=40)
    assert found.bound == pytest.approx((6800 + 120 - 4200 + 6800 + 60 - 5100) / 60)
    assert found.bound <= found.overdue


def test_a_visit_that_is_given_up_near_the_end_asks_for_no_least_gap() -> None:
    problem = car_and_video(
        seconds=np.array([[0.0, 300.0], [300.0, 0.0]]), metres=None, post_keys=["post"], point_keys=["point"], dwell=[400],
        cars_at=[1], shift_seconds=1600, gap_seconds=1100, least_gap_seconds=500, since=[400],
    )  # fmt: skip
    plan = SpacedPlan(routes=(by_hand(problem, 0, [(0, 300), (0, 900)]),))
    check_spacing(problem, plan)
    # Its first stop is at 721 then; a second one, 500 s later, would end when the unit must be on its way home.
    found = replan(problem, plan, [UnitLate(unit="post-1", seconds=421)], now=19, iterations=5)
    assert [route.begin.tolist() for route in found.plan.routes] == [[721]]
    assert found.overdue == pytest.approx(21 / 60)
