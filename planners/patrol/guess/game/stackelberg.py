"""The mixed strategy that loses least to an attacker who knows it, by double oracle with a proved bound."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from geo.errors import CheckError, XungeError
from planners.arrays import read_only
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.guess.game.problem import PatrolGame, best_route, covered

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CLOSE = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MixedRoutes:
    """Joint routes of all units and how often each is walked.

    Attributes
    ----------
    routes : int64[n, units, slots]
    weights : float64[n], adding up to 1
    attacks : int64[a, 2], places and slots that the attacker answers with
    """

    routes: Ints
    weights: Floats
    attacks: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "routes", read_only(self.routes, np.int64))
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))
        object.__setattr__(self, "attacks", read_only(self.attacks, np.int64))


def solve_stackelberg(game: PatrolGame, budget: Budget, *, observe: Observer = silent) -> Outcome[MixedRoutes]:
    """Find how often units walk which routes, so that the best attack brings least.

    The attacker sees the weights and picks one place and slot; a place that is visited with probability q then yields
    ``worth * (1 - q)``. The game is zero-sum, so this is both the Stackelberg and the Nash strategy. A restricted game of few routes and
    few attacks is solved by linear programming; each side then adds its best answer, the defender by dynamic programming over
    (place, slot). With one unit that is exact. With several, units are added one after the other, which proves the coverage of any joint
    route within (1 - 1/e) only; the bound then comes from giving each unit its own best route, two on the same place counted twice.

    The objective is what the attacker wins at best, the bound is proved below what any mixed strategy leaves.
    """
    began = time.perf_counter()
    flat = np.argsort(game.worth, axis=None, kind="stable")[::-1][: max(1, 2 * game.units)]
    attacks = [tuple(int(v) for v in np.unravel_index(i, game.worth.shape)) for i in flat]
    routes = [_answer(game, game.worth / max(1.0, float(game.worth.max())))[0]]
    shown = [covered(game, routes[0])]
    best, bound, plan = np.inf, 0.0, None
    termination = Termination.ITERATIONS
    limit = budget.iterations or (1 << 40)
    for _ in range(limit):
        weights, attacked = _restricted(game, shown, attacks)
        loss = game.worth * (1.0 - np.tensordot(weights, np.array(shown, np.float64), axes=1))
        target = tuple(int(v) for v in np.unravel_index(int(loss.argmax()), loss.shape))
        if loss[target] < best:
            best = float(loss[target])
            kept = np.flatnonzero(weights > 1e-12)
            plan = (np.array(routes)[kept], weights[kept] / weights[kept].sum())
        # The defender against the attacker's mixture: what no joint route can take away bounds the game from below.
        gain = np.zeros(game.worth.shape)
        for share, (place, slot) in zip(attacked, attacks, strict=True):
            gain[place, slot] += share * game.worth[place, slot]
        reply, reached = _answer(game, gain)
        bound = max(bound, float(gain.sum()) - reached)
        seconds = time.perf_counter() - began
        if not observe(Progress(seconds=seconds, objective=best, bound=bound)):
            termination = Termination.CANCELLED
            break
        if best - bound <= _CLOSE * max(1.0, best):
            termination = Termination.OPTIMAL
            break
        if budget.seconds is not None and seconds > budget.seconds:
            termination = Termination.TIME
            break
        new_attack, new_route = target not in attacks, not any((reply == r).all() for r in routes)
        if new_attack:
            attacks.append(target)
        if new_route:
            routes.append(reply)
            shown.append(covered(game, reply))
        if not new_attack and not new_route:
            break
    assert plan is not None
    found = MixedRoutes(routes=plan[0], weights=plan[1], attacks=np.array(attacks))
    return Outcome(
        plan=found, objective=check_mixed(game, found), bound=min(bound, best), sense=-1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="double oracle",
    )  # fmt: skip


def check_mixed(game: PatrolGame, plan: MixedRoutes) -> float:
    """Return what the best attack brings against a mixed strategy, recomputed from its routes, or raise ``CheckError``."""
    if (plan.weights < 0).any() or abs(float(plan.weights.sum()) - 1.0) > 1e-9 or len(plan.weights) != len(plan.routes):
        raise CheckError("The weights of the routes do not add up to 1", "路线权重之和不为 1")
    shown = np.array([covered(game, routes) for routes in plan.routes], np.float64)
    return float((game.worth * (1.0 - np.tensordot(plan.weights, shown, axes=1))).max())


def _answer(game: PatrolGame, gain: Floats) -> tuple[Ints, float]:
    """Return joint routes that gain much, and a bound on what any joint routes gain (exact for one unit)."""
    left, routes, most = gain.copy(), [], 0.0
    for post in game.posts.tolist():
        route, _ = best_route(game, left, post)
        most += best_route(game, gain, post)[1]
        left[route, np.arange(game.slots)] = 0.0
        routes.append(route)
    return np.array(routes), min(most, float(gain.sum()))


def _restricted(
    game: PatrolGame, shown: list[npt.NDArray[np.bool_]], attacks: list[tuple[int, ...]]
) -> tuple[Floats, Floats]:
    """Solve the game of these routes and attacks; return the weights of the routes and the attacker's shares."""
    place, slot = np.array(attacks).T
    worth = game.worth[place, slot]
    there = np.array([s[place, slot] for s in shown], np.float64)
    n = len(shown)
    # Least v with worth * (1 - there @ w) <= v for every attack.
    rows = np.column_stack([-(worth[:, None] * there.T), -np.ones(len(worth))])
    answer = linprog(
        np.append(np.zeros(n), 1.0), A_ub=rows, b_ub=-worth, A_eq=np.append(np.ones(n), 0.0)[None, :], b_eq=[1.0],
        bounds=[(0, None)] * n + [(None, None)], method="highs",
    )  # fmt: skip
    if answer.status != 0:
        raise XungeError("The linear program of the game has no answer", "博弈的线性规划无解")
    weights = np.clip(np.asarray(answer.x, np.float64)[:n], 0.0, None)
    shares = np.clip(-np.asarray(answer.ineqlin.marginals, np.float64), 0.0, None)
    return weights / weights.sum(), shares / shares.sum()
