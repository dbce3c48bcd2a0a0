from itertools import pairwise, product

import numpy as np
import pytest
from scipy.optimize import linprog

from geo.errors import CheckError, InputError
from planners.contract import Budget
from planners.patrol.guess.game.problem import PatrolGame, best_route, covered, game_of
from planners.patrol.guess.game.stackelberg import MixedRoutes, check_mixed, solve_stackelberg


def line(places: int, slots: int, units: int = 1, seed: int = 0) -> PatrolGame:
    """Places in a row, one step a slot, posts at the left end."""
    at = np.arange(places)
    worth = np.random.default_rng(seed).integers(1, 9, (places, slots)).astype(float)
    return game_of(np.abs(at[:, None] - at[None, :]) * 60.0, worth, np.zeros(units), slot_seconds=60)


def every_route(game: PatrolGame, post: int) -> list[tuple[int, ...]]:
    places = range(len(game.worth))
    return [
        r for r in product(places, repeat=game.slots)
        if r[0] == r[-1] == post and all(game.moves[a, b] for a, b in pairwise(r))
    ]  # fmt: skip


def value_by_all_routes(game: PatrolGame) -> float:
    """The game over all joint routes and all attacks in one linear program."""
    joint = list(product(*(every_route(game, int(post)) for post in game.posts)))
    there = np.array([covered(game, np.array(routes)).ravel() for routes in joint], float)
    worth = game.worth.ravel()
    n = len(joint)
    answer = linprog(
        np.append(np.zeros(n), 1.0), A_ub=np.column_stack([-(worth[:, None] * there.T), -np.ones(len(worth))]),
        b_ub=-worth, A_eq=np.append(np.ones(n), 0.0)[None, :], b_eq=[1.0], bounds=[(0, None)] * n + [(None, None)],
    )  # fmt: skip
    assert answer.fun is not None
    return float(answer.fun)


@pytest.mark.parametrize("seed", range(4))
def test_one_unit_reaches_the_value_over_all_routes(seed: int) -> None:
    game = line(4, 5, seed=seed)
    outcome = solve_stackelberg(game, Budget(iterations=200))
    assert outcome.proved
    assert outcome.objective == pytest.approx(value_by_all_routes(game), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_two_units_lie_between_the_bound_and_one_unit(seed: int) -> None:
    game = line(3, 4, units=2, seed=seed)
    true = value_by_all_routes(game)
    outcome = solve_stackelberg(game, Budget(iterations=200))
    assert outcome.bound is not None
    assert outcome.bound <= true + 1e-6 <= outcome.objective + 2e-6
    assert outcome.objective <= solve_stackelberg(line(3, 4, seed=seed), Budget(iterations=200)).objective + 1e-6


def test_two_equal_places_are_visited_half_the_time_each() -> None:
    # From the post 0 in the middle slot either place 1 or place 2: an attack there wins 10 * (1 - 1/2).
    worth = np.array([[0.0, 0, 0], [0, 10, 0], [0, 10, 0]])
    game = PatrolGame(moves=np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]], bool), worth=worth, posts=np.zeros(1, np.int64))
    outcome = solve_stackelberg(game, Budget(iterations=50))
    assert outcome.objective == pytest.approx(5.0)
    assert outcome.proved


def test_best_route_is_the_best_of_all() -> None:
    game = line(4, 6, seed=3)
    route, value = best_route(game, game.worth, 0)
    slots = np.arange(game.slots)
    assert value == pytest.approx(max(game.worth[list(r), slots].sum() for r in every_route(game, 0)))
    assert value == pytest.approx(game.worth[route, slots].sum())


def test_check_refuses_routes_and_weights_that_cannot_be() -> None:
    game = line(3, 4)
    stay = np.zeros((1, 1, 4), np.int64)
    none = np.zeros((0, 2), np.int64)
    with pytest.raises(CheckError, match="add up"):
        check_mixed(game, MixedRoutes(routes=stay, weights=np.array([0.5]), attacks=none))
    with pytest.raises(InputError, match="not allowed"):
        check_mixed(game, MixedRoutes(routes=np.array([[[0, 2, 0, 0]]]), weights=np.ones(1), attacks=none))
    with pytest.raises(InputError, match="0 or more"):
        PatrolGame(moves=np.eye(2, dtype=bool), worth=-np.ones((2, 2)), posts=np.zeros(1, np.int64))
