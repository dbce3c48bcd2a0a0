import itertools

import numpy as np
import pytest

from geo.errors import CheckError, InfeasibleError, InputError
from planners.contract import Budget
from planners.districts.exact import solve_districts
from planners.districts.problem import DistrictPlan, DistrictProblem, check_districts


def grid(columns: int = 4, rows: int = 2, *, areas: int = 2, disparity: float = 0.3, seed: int = 1) -> DistrictProblem:
    n = columns * rows
    at = np.array([(i % columns, i // columns) for i in range(n)])
    travel = np.abs(at[:, None] - at[None, :]).sum(axis=2).astype(float)
    return DistrictProblem(
        travel=travel,
        calls=np.random.default_rng(seed).integers(1, 9, n).astype(float),
        pairs=np.argwhere(np.triu(travel == 1)),
        keys=tuple(f"a{i}" for i in range(n)),
        areas=areas,
        max_disparity=disparity,
    )


def brute(problem: DistrictProblem) -> float:
    """Best plan in which each atom has a neighbour nearer to the source in its own area: the program's rule."""
    n, best, touching = len(problem.keys), np.inf, problem.neighbours()
    for sources in itertools.combinations(range(n), problem.areas):
        for choice in itertools.product(sources, repeat=n):
            if any(choice[s] != s for s in sources):
                continue
            nearer = all(
                i == j or any(choice[m] == j and problem.travel[m, j] < problem.travel[i, j] for m in touching[i])
                for i, j in enumerate(choice)
            )
            if nearer:
                try:
                    best = min(best, check_districts(problem, DistrictPlan(source=np.array(choice))))
                except CheckError:
                    continue
    return best


@pytest.mark.parametrize("seed", range(4))
def test_equals_brute_force(seed: int) -> None:
    problem = grid(seed=seed)
    outcome = solve_districts(problem, Budget())
    assert outcome.objective == pytest.approx(brute(problem))
    assert outcome.bound == pytest.approx(outcome.objective)


def test_no_areas_of_like_load() -> None:
    with pytest.raises(InfeasibleError, match="allow more disparity"):
        solve_districts(grid(disparity=0.0, areas=3), Budget())
    with pytest.raises(InfeasibleError, match="cannot be made"):
        grid(areas=9)


def test_check_refuses_each_breach() -> None:
    problem = grid(disparity=9.0)
    for source, sentence in (
        ([0] * 7, "belongs to itself"),
        ([1] * 8, "instead of|not 2"),
        ([0, 3, 0, 3, 0, 0, 0, 3], "in pieces"),
    ):
        with pytest.raises(CheckError, match=sentence):
            check_districts(problem, DistrictPlan(source=np.array(source)))
    with pytest.raises(CheckError, match="carries"):
        check_districts(grid(disparity=0.01), DistrictPlan(source=np.array([0, 1, 1, 1, 1, 1, 1, 1])))
    with pytest.raises(InputError, match="do not fit"):
        DistrictProblem(
            travel=np.zeros((2, 2)),
            calls=np.ones(3),
            pairs=np.zeros((0, 2)),
            keys=("a", "b"),
            areas=1,
            max_disparity=0.1,
        )
