from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from planners.contract import Budget
from planners.patrol.cover import changes
from planners.patrol.cover.anneal import anneal
from planners.patrol.cover.curve import calls_at, covered_share, mean_share, moments, spots_of
from planners.patrol.cover.improve import improve_cover
from planners.patrol.cover.problem import CoverProblem, cover_problem
from planners.patrol.cover.rounds import Rounds, empty
from planners.patrol.cover.written import Written, written
from planners.patrol.guess.strands import strands
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.asked import Pin
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing


@cache
def town() -> tuple[SpacingProblem, SpacedPlan, CoverProblem]:
    """Two rounds, of two units and of one, among 20 points and 3 posts; a unit under way counts at the ends of its way."""
    rng = np.random.default_rng(2)
    places = rng.random((3 + 20, 2)) * 20
    seconds = np.ceil(60 * np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)))
    problem = car_and_video(
        seconds=seconds, metres=None, post_keys=["a", "b", "c"], point_keys=[f"p{i}" for i in range(20)],
        dwell=np.full(20, 600), cars_at=[3, 3, 3], shift_seconds=8 * 3600, gap_seconds=7200,
    )  # fmt: skip
    cover = cover_problem(seconds, rng.gamma(0.5, 3.0, 23), standard_seconds=240, spot_of_place=np.arange(23))
    return problem, solve_spacing(problem, Budget(iterations=1)).plan, cover


def measured(problem: SpacingProblem, plan: SpacedPlan, cover: CoverProblem) -> float:
    calls = calls_at(problem, cover, 180)
    return mean_share(covered_share(cover, spots_of(problem, plan.routes, cover, moments(problem, 180)), calls), calls)


def changed(held: Written, rng: np.random.Generator, *, limit: int, fixed: bool = False) -> int:
    return anneal(held.ground, held.state, rng, 100, 1e-2, 1.0, 1.0, float(limit - held.travel), int(fixed))


def test_a_plan_written_down_is_the_same_plan() -> None:
    problem, plan, cover = town()
    held = written(problem, plan, cover, every_seconds=180)
    again = held.restored()
    assert len(held.state.rounds.size) == 2
    assert held.travel + held.state.rounds.travel.sum() == way_seconds(problem, list(plan.routes))
    assert held.state.value[0] == pytest.approx(measured(problem, plan, cover))
    for one, other in zip(sorted(plan.routes, key=lambda r: (r.vehicle, r.unit)), again.routes, strict=True):
        assert (one.vehicle, one.unit, one.leave, one.back) == (other.vehicle, other.unit, other.leave, other.back)
        for name in ("points", "arrival", "begin", "departure"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_every_change_keeps_the_check_and_the_counts_stay_true() -> None:
    problem, plan, cover = town()
    held = written(problem, plan, cover, every_seconds=180)
    limit, rng, kept = int(1.1 * way_seconds(problem, list(plan.routes))), np.random.default_rng(4), 0
    shares = set()
    for _ in range(40):
        kept += changed(held, rng, limit=limit)
        # The rounds as they are now, not the best, must pass.
        now = replace(held, state=held.state._replace(best=held.state.rounds)).restored()
        assert check_spacing(problem, now) <= check_spacing(problem, plan)
        assert way_seconds(problem, list(now.routes)) <= limit
        assert held.state.value[0] == pytest.approx(measured(problem, now, cover))
        assert held.state.counts.min() >= 0
        for r in range(2):
            assert (held.state.round_of[held.state.rounds.order[r, : held.state.rounds.size[r]]] == r).all()
        shares.add(tuple(sorted(held.state.rounds.order[0, : held.state.rounds.size[0]].tolist())))
    assert kept > 0
    assert len(shares) > 1  # points went from round to round
    best = held.restored()
    assert all(strand.order is not None for strand in strands(problem, best))  # still rounds that can be turned
    assert check_spacing(problem, best) <= check_spacing(problem, plan)
    assert held.state.value[2] == pytest.approx(measured(problem, best, cover))


def test_units_stay_where_they_must_and_set_stops_are_left_alone() -> None:
    problem, plan, cover = town()
    held = written(problem, plan, cover, every_seconds=180)
    crew = held.state.rounds.crew.copy()
    changed(held, np.random.default_rng(1), limit=1 << 30, fixed=True)
    assert (held.state.rounds.crew == crew).all()
    route = plan.routes[0]
    pin = Pin(
        unit=problem.unit_key(route.vehicle, route.unit), point=int(route.points[0]), earliest=int(route.begin[0]),
        latest=int(route.begin[0]),
    )  # fmt: skip
    asked = replace(problem, pins=(pin,))
    outcome = improve_cover(asked, plan, cover, Budget(iterations=20))
    check_spacing(asked, outcome.plan)
    same = next(r for r in outcome.plan.routes if (r.vehicle, r.unit) == (route.vehicle, route.unit))
    np.testing.assert_array_equal(same.begin, route.begin)


def two_units() -> Rounds:
    """Six points on a round; one unit walks 0 1 2, the other 3 4 5."""
    rounds = empty(1, 12, 2, 8, 1)
    rounds.order[0, :6], rounds.size[0], rounds.units[0] = np.arange(6), 6, 2
    rounds.start[0], rounds.stops[0] = (0, 3), (3, 3)
    rounds.begin[0, :, :3] = (0, 100, 200)
    return rounds


def order(rounds: Rounds) -> list[int]:
    return [int(p) for p in rounds.order[0, : rounds.size[0]]]


def walks(rounds: Rounds) -> list[list[int]]:
    n = int(rounds.size[0])
    return [[int(rounds.order[0, (rounds.start[0, u] + j) % n]) for j in range(rounds.stops[0, u])] for u in range(2)]


def test_parts_are_reversed_and_moved_also_across_the_begin_of_the_order() -> None:
    rounds = two_units()
    changes.reverse_part(rounds, 0, 4, 3)
    assert order(rounds) == [4, 1, 2, 3, 0, 5]
    rounds = two_units()
    changes.move_part(rounds, 0, 1, 2, 3)
    assert order(rounds) == [0, 3, 4, 5, 1, 2]
    changes.move_part(rounds, 0, 5, 1, 1)
    assert order(rounds) == [2, 3, 4, 5, 1, 0]


def test_rounds_are_turned_reversed_and_cut_elsewhere() -> None:
    problem, plan, cover = town()
    ground = written(problem, plan, cover, every_seconds=180).ground
    rounds = two_units()
    changes.turn(rounds, 0, -1)
    assert walks(rounds) == [[5, 0, 1], [2, 3, 4]]
    rounds = two_units()
    changes.reverse_round(rounds, 0)
    assert sorted(walks(rounds)) == [[2, 1, 0], [5, 4, 3]]
    rounds = two_units()
    assert changes.cut_later(ground, rounds, 0, 1)
    assert walks(rounds) == [[0, 1, 2, 3], [4, 5]]
    assert rounds.begin[0, 1, :2].tolist() == [100, 200]
    assert changes.cut_earlier(ground, rounds, 0, 1)
    assert walks(rounds) == [[0, 1, 2], [3, 4, 5]]


def test_points_are_taken_out_and_put_in_with_those_who_visit_the_one_beside() -> None:
    problem, plan, cover = town()
    ground = written(problem, plan, cover, every_seconds=180).ground
    rounds = two_units()
    assert changes.take_out(rounds, 0, 3)
    assert walks(rounds) == [[0, 1, 2], [4, 5]]
    assert rounds.begin[0, 1, :2].tolist() == [100, 200]
    assert changes.put_after(ground, rounds, 0, 2, 3, 0)
    assert walks(rounds) == [[0, 1, 2, 3], [4, 5]]
    assert changes.take_out(rounds, 0, 3)
    assert changes.put_after(ground, rounds, 0, 2, 3, 1)
    assert walks(rounds) == [[0, 1, 2], [3, 4, 5]]
    assert changes.put_after(ground, rounds, 0, 5, 9, 1)  # before the begin of the order
    assert walks(rounds) == [[9, 0, 1, 2], [3, 4, 5]]
    assert changes.position_of(rounds, 0, 9) == 6
    assert changes.position_of(rounds, 0, 8) == -1
