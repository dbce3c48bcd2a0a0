"""The volume algorithm: how multipliers climb, shared by the relaxations of median and covering.

The direction is a running mean of subgradients, whose weights also make the mean of the chosen sets lean towards a
solution of the linear relaxation. The step grows while direction and subgradient agree and shrinks while nothing is
gained.

Barahona, F. and Anbil, R. (2000). The volume algorithm: producing primal solutions with a subgradient method.
Mathematical Programming 87, 385-399.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.posts.neighbours import Floats

SHARES = (0.1, 0.05, 0.02, 0.01)
WAIT = 10


EVERY = 250


def _shares() -> Floats:
    return np.array(SHARES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climb:
    """How long to climb.

    Attributes
    ----------
    iterations : at most
    enough : bound at which to stop
    shares : float64[k], weight of the newest subgradient, for each 250 iterations, the last one for the rest
    step : first step, as a part of the gap over the squared length
    after : the climb that this one goes on from, with its direction and its mean; None starts anew
    """

    iterations: int
    enough: float
    shares: Floats = field(default_factory=_shares)
    step: float = 1.0
    after: Relaxed | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """What a climb reached.

    Attributes
    ----------
    bound : the best value of the relaxation, which no plan can be below
    multipliers : where it was reached
    reduced : float64[m], cost of choosing each site there
    lean : float64[m], mean of the chosen sets, close to the linear relaxation
    way : float64[n], the direction
    step, iterations : as left
    """

    bound: float
    multipliers: Floats
    reduced: Floats
    lean: Floats
    way: Floats
    step: float
    iterations: int

    def among(self, sites: npt.NDArray[np.int64], *, multipliers: Floats, way: Floats) -> Relaxed:
        """Return the same for some of the sites and for other rows."""
        return replace(self, reduced=self.reduced[sites], lean=self.lean[sites], multipliers=multipliers, way=way)


@compiled()
def turned(step: float, quiet: int, better: bool, gained: bool, agrees: float) -> tuple[float, int]:  # noqa: FBT001
    """Return the next step and for how many iterations little was gained."""
    quiet = 0 if better and gained else quiet + 1
    if better and agrees >= 0.0:
        step = min(2.0, step * 1.05)
    if quiet >= WAIT:
        step *= 0.8
        quiet = 0
    return step, quiet


@compiled()
def forward(way: Floats, miss: Floats, share: float) -> float:
    """Lean the direction towards the newest subgradient and return its squared length."""
    length = 0.0
    for i in range(len(way)):
        way[i] += share * (miss[i] - way[i])
        length += way[i] * way[i]
    return length
