"""How sure a matched drive is: other drives that the positions allow, drawn as often as they are likely.

The recursion of the matcher keeps the best chain; here all chains are weighed (forward filtering, backward sampling), so
that the share of draws that drive a street is the chance that it was driven. No way of matching that knows the same streets,
positions and assumptions can expect more links to be right than the draws have in common.

Scott, S. L. (2002). Bayesian methods for hidden Markov models. Journal of the American Statistical Association 97, 337-351.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from geo.streets.matching.match import WIDER, WORSE, Matcher
from geo.streets.matching.reach import Workspace, spread
from geo.streets.matching.track import Track
from geo.streets.matching.trellis import Layer

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certainty:
    """What d drawn drives say of the streets.

    Attributes
    ----------
    drives : the arcs of each draw with how often each is driven
    chance : for each arc that any draw drives, the share of draws that do
    """

    drives: tuple[Counter[int], ...]
    chance: dict[int, float]

    def expected_right(self, arcs: Counter[int]) -> float:
        """Return the share of the links driven that a match by these arcs is expected to have right."""
        shares = [sum((drawn & arcs).values()) / max(1, sum(drawn.values())) for drawn in self.drives]
        return float(np.mean(shares))

    def best_expected(self) -> float:
        """Return the greatest share of links that any one set of arcs can expect to have right: all that are likelier than not."""
        likely = Counter({arc: 1 for arc, chance in self.chance.items() if chance >= 0.5})
        return max(self.expected_right(likely), *(self.expected_right(drawn) for drawn in self.drives))


def certainty(matcher: Matcher, track: Track, *, draws: int = 32, seed: int = 0) -> Certainty:
    """Draw drives as likely as the positions and the model make them."""
    rng = np.random.default_rng(seed)
    room = Workspace.of(matcher.arcs)
    drives = [Counter[int]() for _ in range(draws)]
    for end in matcher.ends_of(track, room):
        layers = _layers(end)
        own = [0.5 * (layer.apart / layer.noise_m) ** 2 for layer in layers]
        ways = [_ways(matcher, last, fresh, room) for last, fresh in pairwise(layers)]
        weight = [-own[0]]
        for cost, way in zip(own[1:], ways, strict=True):
            weight.append(_joined(weight[-1][:, None] - way) - cost)
        for drawn in drives:
            choice = _pick(weight[-1], rng)
            picked = [choice]
            for before, way in zip(weight[-2::-1], ways[::-1], strict=True):
                choice = _pick(before - way[:, choice], rng)
                picked.append(choice)
            chain = list(zip(layers, picked[::-1], strict=True))
            drawn.update(matcher.arcs_of(chain, room))
    seen: Counter[int] = Counter()
    for drawn in drives:
        seen.update(drawn.keys())
    return Certainty(drives=tuple(drives), chance={arc: n / draws for arc, n in seen.items()})


def _layers(end: Layer) -> list[Layer]:
    out, layer = [end], end.before
    while layer is not None:
        out.append(layer)
        layer = layer.before
    return out[::-1]


def _ways(matcher: Matcher, last: Layer, fresh: Layer, room: Workspace) -> Floats:
    """Return the cost of the best way from each candidate to each candidate of the next fix."""
    a = matcher.arcs
    per_metre, per_second, most_seconds = matcher.prices(last, fresh)
    left, ahead = matcher.progress(last, fresh, per_metre, per_second)
    out = np.full((len(last.arc), len(fresh.arc)), np.inf)
    for i in np.flatnonzero(last.cost < last.cost.min() + WORSE).tolist():
        cost, _, _, marks = spread(
            a.indptr, a.out, a.extra, a.seconds, a.metres, last.arc[i : i + 1], last.share[i : i + 1], np.zeros(1),
            fresh.arc, fresh.share, per_metre, per_second, most_seconds, WIDER, *room.arrays,
        )  # fmt: skip
        room.clear(marks)
        out[i] = cost + left[i] - ahead
    return out


def _joined(values: Floats) -> Floats:
    top = values.max(axis=0)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - safe).sum(axis=0)) + safe)


def _pick(weight: Floats, rng: np.random.Generator) -> int:
    share = np.exp(weight - weight.max())
    return int(rng.choice(len(share), p=share / share.sum()))
