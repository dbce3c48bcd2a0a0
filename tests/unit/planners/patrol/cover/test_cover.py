from itertools import combinations, product

import numpy as np
import pytest

from geo.errors import InputError, ParameterError
from planners.contract import Budget
from planners.patrol.cover.curve import cover_curve, moments, spots_of
from planners.patrol.cover.improve import improve_cover
from planners.patrol.cover.limit import cover_limit
from planners.patrol.cover.problem import CoverProblem, Leg, cover_problem
from planners.patrol.cover.standing import best_posts, proved_posts
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing


def street(*, shift: int = 3600, gap: int = 3600) -> SpacingProblem:
    """A post at 0 and points at 600 s and 1200 s along one street; dwell 600 s."""
    at = np.array([0.0, 600.0, 1200.0])
    return car_and_video(
        seconds=np.abs(at[:, None] - at[None, :]), metres=None, post_keys=["post"], point_keys=["near", "far"],
        dwell=[600, 600], cars_at=[2], shift_seconds=shift, gap_seconds=gap,
    )  # fmt: skip


def there_and_back() -> SpacedPlan:
    route = SpacedRoute(
        vehicle=0, unit=0, points=np.array([0, 1]), appointment=np.array([-1, -1]), arrival=np.array([600, 1800]),
        begin=np.array([600, 1800]), departure=np.array([1200, 2400]), leave=0, back=3600,
    )  # fmt: skip
    return SpacedPlan(routes=(route,))


def test_cover_follows_the_unit_by_hand() -> None:
    problem, plan = street(), there_and_back()
    check_spacing(problem, plan)
    # Demand: 3 calls at the post, 1 at the far point; a unit reaches only the place where it is.
    cover = cover_problem(
        np.where(np.eye(3)[:, [0, 2]] > 0, 0, 999), [3.0, 1.0], standard_seconds=60, spot_of_place=[0, 1, 2]
    )
    curve = cover_curve(problem, plan, cover, every_seconds=300)
    # Half of each way counts at its start: post 0-300 s, near until 1500, far 1500-3000, post 3000-3600.
    assert curve.share.tolist() == [0.75, 0, 0, 0, 0, 0.25, 0.25, 0.25, 0.25, 0.25, 0.75, 0.75]
    assert curve.mean == pytest.approx((3 * 0.75 + 5 * 0.25) / 12)
    assert curve.standing_mean == pytest.approx(0.75)
    assert curve.standing_posts == (0,)
    assert curve.n_units == 1
    assert curve.timing_bound == pytest.approx(curve.mean)  # one unit never doubles itself
    assert curve.n_calls == pytest.approx(4.0)
    same = cover_curve(problem, plan, cover, plain=plan, every_seconds=300)
    assert same.plain_mean == pytest.approx(curve.mean)


def test_a_unit_under_way_is_on_the_street() -> None:
    problem, plan = street(), there_and_back()

    def ways(_kind: int, here: int, there: int) -> Leg:
        step = 1 if there > here else -1
        spots = np.arange(10 * here, 10 * there + step, step)
        return Leg(
            spots=spots,
            seconds=60.0 * np.arange(len(spots), dtype=np.float64),
            whole_seconds=60.0 * max(1, abs(10 * (there - here))),
        )

    cover = CoverProblem(
        reach=np.ones((21, 1), bool), weights=np.ones((1, 1)), period_seconds=3600,
        spot_of_place=np.array([0, 10, 20]), ways=ways,
    )  # fmt: skip
    at = np.array([0.0, 59, 60, 599, 600, 1199, 1320, 1801, 2399, 3000, 3599])
    assert spots_of(problem, plan.routes, cover, at)[0].tolist() == [0, 0, 1, 9, 10, 10, 12, 20, 20, 10, 1]


def test_calls_of_each_hour_weigh_their_own_minutes() -> None:
    problem, plan = street(), there_and_back()
    reach = np.where(np.eye(3)[:, [0, 2]] > 0, 0, 999)
    early = cover_problem(
        reach, [[1.0, 0.0], [0.0, 0.0]], standard_seconds=60, spot_of_place=[0, 1, 2], period_seconds=300
    )
    curve = cover_curve(problem, plan, early, every_seconds=300)
    assert curve.mean == pytest.approx(1.0)  # all calls come while the unit is still near its post
    assert curve.share[1:].tolist() == [1.0] * 11  # no call, nothing missed


@pytest.mark.parametrize("seed", range(6))
def test_standing_posts_are_within_greedys_promise_and_never_fewer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reach = rng.random((9, 25)) < 0.25
    demand = rng.gamma(1.0, 5.0, 25)
    cover = cover_problem(np.where(reach, 0, 9), demand, standard_seconds=1, spot_of_place=np.arange(9))
    posts = best_posts(cover, demand, range(9), 3)
    best = max(demand[reach[list(c)].any(axis=0)].sum() for c in combinations(range(9), 3))
    found = demand[reach[list(posts)].any(axis=0)].sum()
    assert len(posts) == 3
    assert (1 - 1 / np.e) * best <= found <= best + 1e-9
    # No single exchange helps any more.
    for out, new in product(posts, set(range(9)) - set(posts)):
        other = [*(p for p in posts if p != out), new]
        assert demand[reach[other].any(axis=0)].sum() <= found + 1e-9
    assert best_posts(cover, demand, range(9), 20) == tuple(range(9))


def test_improved_plans_cover_more_within_the_travel_and_pass_the_check() -> None:
    rng = np.random.default_rng(2)
    places = rng.random((3 + 20, 2)) * 20
    seconds = np.ceil(60 * np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)))
    problem = car_and_video(
        seconds=seconds, metres=None, post_keys=["a", "b", "c"], point_keys=[f"p{i}" for i in range(20)],
        dwell=np.full(20, 600), cars_at=[3, 3, 3], shift_seconds=8 * 3600, gap_seconds=7200,
    )  # fmt: skip
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    cover = cover_problem(seconds, rng.gamma(0.5, 3.0, 23), standard_seconds=240, spot_of_place=np.arange(23))
    before = cover_curve(problem, plan, cover)
    outcome = improve_cover(problem, plan, cover, Budget(iterations=60), more_travel=0.1)
    after = cover_curve(problem, outcome.plan, cover)
    assert after.mean > before.mean
    assert before.mean <= before.timing_bound <= 1
    assert after.mean <= after.timing_bound
    assert outcome.objective == pytest.approx(after.mean, abs=0.01)  # steps of 120 s against 60 s
    assert check_spacing(problem, outcome.plan) <= check_spacing(problem, plan)
    assert way_seconds(problem, list(outcome.plan.routes)) <= 1.1 * way_seconds(problem, list(plan.routes))
    again = improve_cover(problem, plan, cover, Budget(iterations=60), more_travel=0.1)
    assert again.objective == outcome.objective
    stopped = improve_cover(problem, plan, cover, Budget(iterations=60), observe=lambda _: False)
    assert stopped.termination == "cancelled"


def test_what_cannot_be_is_named() -> None:
    problem = street()
    with pytest.raises(InputError, match="same demand"):
        cover_problem(np.zeros((3, 2)), [1.0], standard_seconds=60, spot_of_place=[0, 1, 2])
    with pytest.raises(InputError, match="not 0 everywhere"):
        cover_problem(np.zeros((3, 1)), [0.0], standard_seconds=60, spot_of_place=[0, 1, 2])
    with pytest.raises(InputError, match="does not exist"):
        cover_problem(np.zeros((3, 1)), [1.0], standard_seconds=60, spot_of_place=[0, 1, 7])
    with pytest.raises(ParameterError, match="step"):
        moments(problem, 0)


def test_the_proved_posts_are_those_of_every_set_tried() -> None:
    rng = np.random.default_rng(5)
    for units in (1, 2, 3):
        seconds, demand = rng.random((7, 12)) * 900, rng.random(12)
        cover = cover_problem(seconds, demand, standard_seconds=300, spot_of_place=np.arange(7))
        posts, bound = proved_posts(cover, demand, range(7), units)
        best = max(demand[cover.reach[list(c)].any(axis=0)].sum() for c in combinations(range(7), units))
        assert len(posts) <= units
        assert demand[cover.reach[list(posts)].any(axis=0)].sum() == pytest.approx(best)
        assert bound == pytest.approx(best)


def test_the_limit_lies_above_every_plan_and_is_met_where_all_time_is_set() -> None:
    problem, plan = street(), there_and_back()
    # One unit, 1200 s of dwell at two places; the other 2400 s may be spent where most calls are.
    reach = np.where(np.eye(3) > 0, 0, 999)
    cover = cover_problem(reach, [3.0, 1.0, 1.0], standard_seconds=60, spot_of_place=[0, 1, 2])
    by_hand = (3 * 2400 + 600 + 600) / (5 * 3600)
    assert cover_limit(problem, cover, 1) == pytest.approx(by_hand, abs=1e-4)
    assert cover_curve(problem, plan, cover).mean <= by_hand
    # Each period has its own calls: the free 2400 s go to the two busy ones of three.
    busy = cover_problem(
        reach, np.array([[3.0, 0, 0], [1.0, 0, 0], [3.0, 0, 0]]), standard_seconds=60, spot_of_place=[0, 1, 2],
        period_seconds=1200,
    )  # fmt: skip
    assert cover_limit(problem, busy, 1) == pytest.approx(6 / 7, abs=1e-4)
