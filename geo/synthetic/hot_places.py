"""Hot places that drift, grow and fade over the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.synthetic.families import HOT_KINDS, Family
from geo.synthetic.positions import StreetPositions

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

KNOTS: Final = 14
"""Points in time, evenly over the year, between which centres and strengths run straight."""
WANDER_M: Final = 70.0
"""Standard deviation of a random step between two knots, each axis."""
DRIFT_M: Final = 45.0
"""Steady drift between two knots, in a direction of each place's own."""
COMING_OR_GOING: Final = 0.3
"""Part of the places that appear during the year, and again as many that fade."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HotPlaces:
    """Where and how strong the hot places are over the year.

    Attributes
    ----------
    kind : int64[h], index into ``HOT_KINDS``
    centre : float64[h, KNOTS, 2] metres
    strength : float64[h, KNOTS], relative
    spread_m : float64[h], standard deviation of calls around the centre, each axis
    """

    kind: Int
    centre: Float
    strength: Float
    spread_m: Float

    def __len__(self) -> int:
        return len(self.kind)

    def centres_at(self, place: Int, share: Float) -> Float:
        """Return centres of the given places at shares 0 to 1 of the year, float64[n, 2]."""
        at = np.clip(share, 0.0, 1.0) * (KNOTS - 1)
        low = np.minimum(at.astype(np.int64), KNOTS - 2)
        part = (at - low)[:, None]
        return np.asarray(self.centre[place, low] * (1 - part) + self.centre[place, low + 1] * part)

    def choose(self, family: Family, share: Float, rng: np.random.Generator) -> Int:
        """Draw a place for each call of a family at its share of the year, int64[n]."""
        weight = self.strength * np.array(family.hot)[self.kind][:, None]
        summed = np.cumsum(weight, axis=0)
        knot = np.rint(np.clip(share, 0.0, 1.0) * (KNOTS - 1)).astype(np.int64)
        drawn = rng.random(len(share)) * summed[-1, knot]
        return np.asarray(np.minimum((summed[:, knot] <= drawn).sum(axis=0), len(self) - 1), dtype=np.int64)


def draw_hot_places(positions: StreetPositions, people: Float, *, count: int, rng: np.random.Generator) -> HotPlaces:
    """Draw places with chance by ``people`` float64[k] at the positions, each at least 250 m from the others if it can be."""
    chance = people / people.sum()
    centres: list[Float] = []
    gap = 250.0
    while len(centres) < count:
        for row in rng.choice(len(positions), size=4 * count, p=chance).tolist():
            if len(centres) < count and all(np.hypot(*(positions.xy[row] - c)) >= gap for c in centres):
                centres.append(positions.xy[row])
        gap *= 0.7
    heading = rng.uniform(0, 2 * np.pi, count)
    step = rng.normal(0, WANDER_M, (count, KNOTS - 1, 2))
    step += DRIFT_M * np.stack([np.cos(heading), np.sin(heading)], axis=1)[:, None, :]
    path = np.concatenate([np.zeros((count, 1, 2)), np.cumsum(step, axis=1)], axis=1)
    time = np.linspace(0, 1, KNOTS)
    strength = rng.gamma(2.0, 0.5, count)[:, None] * (1 + 0.4 * np.sin(2 * np.pi * (time + rng.random(count)[:, None])))
    turning = rng.random(count)
    middle = rng.uniform(0.25, 0.75, count)[:, None]
    ramp = 1 / (1 + np.exp(-(time - middle) / 0.05))
    strength = np.where((turning < COMING_OR_GOING)[:, None], strength * ramp, strength)
    strength = np.where((turning > 1 - COMING_OR_GOING)[:, None], strength * (1 - ramp), strength)
    return HotPlaces(
        kind=np.arange(count) % len(HOT_KINDS),
        centre=np.array(centres)[:, None, :] + path,
        strength=np.maximum(strength, 1e-4),
        spread_m=rng.uniform(60.0, 180.0, count),
    )
