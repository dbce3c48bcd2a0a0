import numpy as np
import pytest

from geo.errors import InputError
from planners.posts.build import build_mclp
from planners.posts.check import check_mclp
from planners.posts.interchange import complete_plan
from planners.posts.metrics import evaluate
from planners.posts.problem import MclpProblem

# Demand at 0, 1, ... 5 on a line and one that is cut off; sites at 0, 2, 5; a second a step, covered within 1 s.
LINE = np.array(
    [[0, 2, 5], [1, 1, 4], [2, 0, 3], [3, 1, 2], [4, 2, 1], [5, 3, 0], [np.inf, np.inf, np.inf]], dtype=float
)
WEIGHTS = [4, 1, 1, 1, 1, 5, 9]


def problem(**options: object) -> MclpProblem:
    return build_mclp(LINE, weights=WEIGHTS, site_keys=["west", "middle", "east"], p=2, radius_seconds=1.0, **options)  # type: ignore[arg-type]


def test_cover_loss_and_the_next_post_by_hand() -> None:
    asked = problem()
    found = evaluate(asked, complete_plan(asked, np.array([0, 2])))
    assert found.covered_weight == 11.0
    assert found.total_weight == 22.0
    assert found.coverage_share == 0.5
    assert found.uncovered.tolist() == [2, 3, 6]
    assert found.load.tolist() == [5.0, 6.0]
    assert found.loss.tolist() == [5.0, 6.0]
    assert (found.next_site, found.next_gain) == (1, 2.0)
    assert found.times is None


def test_what_two_posts_cover_is_lost_with_neither() -> None:
    asked = problem()
    found = evaluate(asked, complete_plan(asked, np.array([0, 1])))
    assert found.loss.tolist() == [4.0, 2.0]  # the point at 1 has both
    assert found.covered_weight == check_mclp(asked, complete_plan(asked, np.array([0, 1]))) == 7.0


def test_a_closed_site_is_never_the_next_one() -> None:
    asked = problem(closed=[1])
    found = evaluate(asked, complete_plan(asked, np.array([0, 2])))
    assert (found.next_site, found.next_gain) == (-1, 0.0)


def test_times_are_over_reachable_demand_and_the_nearest_post_answers() -> None:
    asked = problem()
    found = evaluate(asked, complete_plan(asked, np.array([0, 2])), seconds=LINE[:, [0, 2]])
    times = found.times
    assert times is not None
    # Nearest times 0, 1, 2, 2, 1, 0 with weights 4, 1, 1, 1, 1, 5: 6 seconds in all over a weight of 13.
    assert times.mean_seconds == pytest.approx(6 / 13)
    assert times.p90_seconds == 2.0  # within 1 s lies 11 of 13, less than nine tenths
    assert (times.worst_seconds, times.worst_row) == (2.0, 2)
    assert times.unreachable.tolist() == [6]
    assert times.unreachable_weight == 9.0
    assert found.load.tolist() == [6.0, 7.0]


def test_times_of_another_shape_or_with_gaps_are_refused() -> None:
    asked = problem()
    plan = complete_plan(asked, np.array([0, 2]))
    with pytest.raises(InputError, match="shape"):
        evaluate(asked, plan, seconds=LINE)
    with pytest.raises(InputError, match="no gaps"):
        evaluate(asked, plan, seconds=np.full((7, 2), np.nan))
