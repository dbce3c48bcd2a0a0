import math

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError, InputError, ParameterError
from planners.contract import Budget, Progress, Termination
from planners.posts.build import build_coverage, build_mclp
from planners.posts.check import check_mclp
from planners.posts.interchange import solve_interchange
from planners.posts.mclp import solve_mclp
from planners.posts.metrics import evaluate
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem
from planners.posts.reduce import reduce_mclp

# Six demand points on a line at 0, 1, ... 5; sites at 0, 2, 5; a second of travel a step; the last point is cut off.
LINE = np.array(
    [[0, 2, 5], [1, 1, 4], [2, 0, 3], [3, 1, 2], [4, 2, 1], [5, 3, 0], [np.inf, np.inf, np.inf]], dtype=float
)
WEIGHTS = [4, 1, 1, 1, 1, 5, 9]


def line(p: int = 2, radius: float = 1.0, **options: object) -> MclpProblem:
    return build_mclp(
        LINE, weights=WEIGHTS, site_keys=["west", "middle", "east"], p=p, radius_seconds=radius, **options
    )  # type: ignore[arg-type]


def test_hand_calculation() -> None:
    outcome = solve_mclp(line(), Budget())
    assert outcome.plan.sites.tolist() == [0, 2]
    assert outcome.objective == outcome.bound == 11.0
    assert outcome.proved
    assert outcome.plan.assignment.tolist() == [0, 0, -1, -1, 2, 2, -1]
    assert check_mclp(line(), outcome.plan) == 11.0


def test_equality_covers_and_just_below_does_not() -> None:
    assert line(radius=1.0).coverage.count_open(np.array([False, True, False])).tolist() == [0, 1, 1, 1, 0, 0, 0]
    below = line(radius=math.nextafter(1.0, 0.0))
    assert below.coverage.count_open(np.array([False, True, False])).tolist() == [0, 0, 1, 0, 0, 0, 0]


def test_fixed_and_closed_sites_are_obeyed() -> None:
    assert solve_mclp(line(fixed=[1]), Budget()).plan.sites.tolist() == [1, 2]
    assert solve_mclp(line(closed=[2]), Budget()).plan.sites.tolist() == [0, 1]


def test_blocks_give_the_same_problem_as_the_whole_matrix() -> None:
    whole = line()
    blocks = build_coverage(
        lambda first, last: LINE[:, first:last], demand=7, sites=3, radius_seconds=1.0, block_sites=2
    )
    assert blocks.indptr.tolist() == whole.coverage.indptr.tolist()
    assert blocks.sites.tolist() == whole.coverage.sites.tolist()
    assert blocks.nearest_seconds.tolist() == whole.coverage.nearest_seconds.tolist()


def test_out_of_reach_is_named_and_not_an_error() -> None:
    problem = line(closed=[2], demand_keys=list("abcdefg"))
    assert [problem.demand_key(row) for row in problem.unreachable] == ["g"]
    assert [problem.demand_key(row) for row in problem.beyond] == ["e", "f", "g"]


def test_posts_beyond_those_that_add_cover_go_where_they_back_up_most() -> None:
    travel = np.array([[0, 1, 9, 9], [0, 1, 0, 9], [9, 9, 0, 0]], dtype=float)
    problem = build_mclp(travel, weights=[5, 1, 3], site_keys=list("abcd"), p=3, radius_seconds=2)
    outcome = solve_mclp(problem, Budget())
    assert outcome.objective == 9.0
    # a and c cover all; b backs up 5 + 1 that one post covers, d only 3.
    assert outcome.plan.sites.tolist() in ([0, 1, 2], [0, 1, 3])
    assert len(outcome.plan.sites) == 3


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"p": 4}, InfeasibleError, "only 3 sites"),
        ({"p": 3, "closed": [0]}, InfeasibleError, "at most 2"),
        ({"p": 1, "fixed": [0, 1]}, InfeasibleError, "ask for at least 2"),
        ({"fixed": [1], "closed": [1]}, InfeasibleError, "both fixed and closed: middle"),
        ({"p": 0}, ParameterError, "At least 1 post"),
        ({"radius": -1.0}, ParameterError, "at least 0 seconds"),
    ],
)
def test_impossible_questions_are_refused_in_one_sentence(
    options: dict[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        line(**options)  # type: ignore[arg-type]


def test_bad_rows_are_named() -> None:
    keys = list("abcdefg")
    with pytest.raises(InputError, match="negative or not a number at b, d") as caught:
        build_mclp(
            LINE, weights=[1, -1, 1, math.nan, 1, 1, 1], site_keys="xyz", p=1, radius_seconds=1, demand_keys=keys
        )
    assert caught.value.rows == ("b", "d")
    bad = LINE.copy()
    bad[2, 1] = math.nan
    with pytest.raises(InputError, match="Travel times to c"):
        build_mclp(bad, weights=WEIGHTS, site_keys="xyz", p=1, radius_seconds=1, demand_keys=keys)
    with pytest.raises(InputError, match="listed twice: x"):
        build_mclp(LINE, weights=WEIGHTS, site_keys="xyx", p=1, radius_seconds=1)
    with pytest.raises(InputError, match="shape"):
        build_mclp(LINE[:5], weights=WEIGHTS, site_keys="xyz", p=1, radius_seconds=1)
    with pytest.raises(InfeasibleError, match="no demand"):
        build_mclp(LINE, weights=np.zeros(7), site_keys="xyz", p=1, radius_seconds=1)


def test_nothing_in_reach_says_how_far_the_nearest_is() -> None:
    with pytest.raises(InfeasibleError, match=r"nearest needs 5\.0 s"):
        build_mclp(LINE + 5.0, weights=WEIGHTS, site_keys="xyz", p=1, radius_seconds=4)
    with pytest.raises(InfeasibleError, match="do not meet"):
        build_mclp(np.full((2, 2), np.inf), weights=[1, 1], site_keys="xy", p=1, radius_seconds=4)


def test_check_refuses_each_breach() -> None:
    problem = line(fixed=[0])
    good = solve_mclp(problem, Budget()).plan
    for sites, sentence in (
        ([0], "instead of 2"),
        ([1, 2], "leaves out the fixed west"),
        ([2, 0], "rising"),
        ([0, 7], "not exist"),
    ):
        with pytest.raises(CheckError, match=sentence):
            check_mclp(problem, PostPlan(sites=np.array(sites), assignment=good.assignment))
    with pytest.raises(CheckError, match="opens the closed"):
        check_mclp(line(closed=[2]), good)
    moved = good.assignment.copy()
    moved[2] = 0
    with pytest.raises(CheckError, match="nearest open one"):
        check_mclp(problem, PostPlan(sites=good.sites, assignment=moved))


def test_metrics_by_hand() -> None:
    problem = line()
    plan = solve_mclp(problem, Budget()).plan
    seconds = LINE[:, plan.sites]
    metrics = evaluate(problem, plan, seconds=seconds)
    assert metrics.coverage_share == pytest.approx(11 / 22)
    assert metrics.uncovered.tolist() == [2, 3, 6]
    assert metrics.loss.tolist() == [5.0, 6.0]
    assert (metrics.next_site, metrics.next_gain) == (1, 2.0)
    assert metrics.load.tolist() == [6.0, 7.0]
    assert metrics.times is not None
    # Reachable weight 13: 9 at 0 s, 2 at 1 s, 2 at 2 s.
    assert metrics.times.mean_seconds == pytest.approx(6 / 13)
    assert metrics.times.p90_seconds == 2.0
    assert (metrics.times.worst_seconds, metrics.times.worst_row) == (2.0, 2)
    assert metrics.times.unreachable.tolist() == [6]
    assert metrics.times.unreachable_weight == 9.0
    assert evaluate(problem, plan).times is None


def test_reductions_merge_rows_and_drop_what_is_dominated() -> None:
    travel = np.array([[0, 1, 9], [1, 0, 9], [0, 9, 1], [9, 9, 9]], dtype=float)
    reduced = reduce_mclp(build_mclp(travel, weights=[1, 2, 4, 8], site_keys="abc", p=1, radius_seconds=1))
    # b covers rows 1 and 2, c row 3, a all three: only a is left, its rows are one, row 4 is gone.
    assert reduced.sites.tolist() == [0]
    assert reduced.weights.tolist() == [7.0]


def big(seed: int = 5) -> MclpProblem:
    rng = np.random.default_rng(seed)
    places, sites = rng.random((400, 2)), rng.random((60, 2))
    travel = np.hypot(*(places[:, None] - sites[None, :]).transpose(2, 0, 1)) * 1000
    return build_mclp(travel, weights=rng.random(400), site_keys=[str(i) for i in range(60)], p=12, radius_seconds=130)


def test_the_same_budget_gives_the_same_plan() -> None:
    for solve, budget in ((solve_mclp, Budget(iterations=1)), (solve_interchange, Budget(iterations=5, seed=4))):
        first, second = solve(big(), budget), solve(big(), budget)
        assert first.plan.sites.tolist() == second.plan.sites.tolist()
        assert (first.objective, first.bound) == (second.objective, second.bound)


def test_progress_is_reported_with_a_bound_and_a_stop_keeps_the_plan() -> None:
    seen: list[Progress] = []

    def stop_after_first(progress: Progress) -> bool:
        seen.append(progress)
        return False

    outcome = solve_mclp(big(), Budget(), observe=stop_after_first)
    assert outcome.termination is Termination.CANCELLED
    assert len(seen) == 1
    assert seen[0].objective == pytest.approx(outcome.objective)
    assert seen[0].bound is not None
    assert outcome.bound is not None
    assert outcome.bound >= outcome.objective == pytest.approx(check_mclp(big(), outcome.plan))


def test_arrays_cannot_be_written() -> None:
    problem = line()
    for array in (problem.weights, problem.coverage.sites, problem.coverage.seconds, problem.fixed):
        assert not array.flags.writeable
    given = np.ones(7)
    build_mclp(LINE, weights=given, site_keys="xyz", p=1, radius_seconds=1)
    given[0] = 2.0
