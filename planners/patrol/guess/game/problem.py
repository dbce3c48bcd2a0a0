"""Units walk through time from place to place; an attacker picks a place and a slot, and wins unless a unit is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from planners.arrays import read_only

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatrolGame:
    """A zero-sum security game over routes; all arrays are read-only.

    A unit is at one place in each slot. From one slot to the next it stays, or goes where ``moves`` allow; way that takes longer than a slot is
    walked through places in between. It starts and ends at its post.

    Attributes
    ----------
    moves : bool[places, places], whether a unit may be at the second place one slot after the first; True on the diagonal
    worth : float64[places, slots], what an attack there and then brings if no unit is there, 0 or more
    posts : int64[units], place where each unit starts and ends
    """

    moves: npt.NDArray[np.bool_]
    worth: Floats
    posts: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "moves", read_only(self.moves, np.bool_))
        object.__setattr__(self, "worth", read_only(self.worth, np.float64))
        object.__setattr__(self, "posts", read_only(self.posts, np.int64))
        places = len(self.worth) if self.worth.ndim == 2 else -1
        if places < 1 or self.worth.shape[1] < 1 or self.moves.shape != (places, places):
            raise InputError(
                "A game needs places, slots and moves between all places", "博弈需要地点、时段与两两通行关系"
            )
        if not np.isfinite(self.worth).all() or (self.worth < 0).any() or not np.diagonal(self.moves).all():
            raise InputError("Worths must be 0 or more, and a unit may always stay", "收益不得为负，巡组须可停留")
        if not len(self.posts) or (self.posts < 0).any() or (self.posts >= places).any():
            raise ParameterError("Each unit of a game needs a post among its places", "每个巡组须有有效的屯警点")

    @property
    def slots(self) -> int:
        """Number of slots."""
        return int(self.worth.shape[1])

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.posts)


def game_of(seconds: npt.ArrayLike, worth: npt.ArrayLike, posts: npt.ArrayLike, *, slot_seconds: float) -> PatrolGame:
    """Build a game from travel times float[places, places]: a unit may be at a place that it reaches within a slot."""
    times = np.asarray(seconds, np.float64)
    return PatrolGame(
        moves=(times <= slot_seconds) | np.eye(len(times), dtype=bool), worth=np.asarray(worth, np.float64),
        posts=np.asarray(posts, np.int64),
    )  # fmt: skip


def best_route(game: PatrolGame, gain: Floats, post: int) -> tuple[Ints, float]:
    """Return the route of most gain of one unit, int64[slots], by dynamic programming over (place, slot), and its gain.

    ``gain`` float64[places, slots] is what being there brings.
    """
    slots = game.slots
    value = np.full(len(game.moves), -np.inf)
    value[post] = gain[post, slots - 1]
    onward = np.zeros((slots, len(value)), np.int64)
    ahead = np.where(game.moves, 0.0, -np.inf)
    for t in range(slots - 2, -1, -1):
        reach = ahead + value[None, :]
        onward[t] = reach.argmax(axis=1)
        value = gain[:, t] + reach.max(axis=1)
    route = np.empty(slots, np.int64)
    route[0] = post
    for t in range(slots - 1):
        route[t + 1] = onward[t, route[t]]
    return route, float(value[post])


def covered(game: PatrolGame, routes: Ints) -> npt.NDArray[np.bool_]:
    """Return where and when a unit of these routes int64[units, slots] is, bool[places, slots]; refuse routes that nobody can walk."""
    if routes.shape != (game.units, game.slots):
        raise InputError("A route needs a place in each slot", "路线须逐时段给出地点")
    ends = (routes[:, 0] == game.posts) & (routes[:, -1] == game.posts)
    if not ends.all() or not game.moves[routes[:, :-1], routes[:, 1:]].all():
        raise InputError("A route leaves its post or makes a move that is not allowed", "路线起终点或移动不合法")
    out = np.zeros(game.worth.shape, np.bool_)
    out[routes, np.arange(game.slots)[None, :]] = True
    return out
