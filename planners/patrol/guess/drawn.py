"""An entropy floor as a constraint: how often each of many near-equal plans is drawn, and what each bit costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, ParameterError
from planners.arrays import read_only

Seen = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_TIGHT = 1e-4
"""Bits by which the floor may be missed by the solver before it counts as out of reach."""
_ASCENTS = 80
_HALVINGS = 9
_CLOSE = 1e-4
"""Bits to which the best weights are found."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixture:
    """How often each plan is drawn.

    Attributes
    ----------
    weights : float64[n], adding up to 1
    bits : entropy of "a unit is there", given the weights, bits a point and slot
    floor_bits : what was asked for, None for the highest that can be reached
    highest_bits : highest entropy that any weights reach, to ``highest_gap``
    highest_gap : proved distance of ``highest_bits`` from the true highest, bits
    even_bits : entropy where every slot is as likely as any other, given the visits at each point: no plan of these visits has more
    cost, bound : mean cost of the plans drawn, and a proved bound below it
    """

    weights: Floats
    bits: float
    floor_bits: float | None
    highest_bits: float
    highest_gap: float
    even_bits: float
    cost: float
    bound: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", read_only(self.weights, np.float64))

    def draw(self, seed: Sequence[int] | int) -> int:
        """Return the index of the plan drawn by a seed; each seed on its own, whatever was drawn before."""
        return int(np.random.default_rng(seed).choice(len(self.weights), p=self.weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One point of the curve: an entropy in bits a point and slot, its least cost, the bound, and the cost of one more bit."""

    bits: float
    cost: float
    bound: float
    price: float


class _Cells:
    """The points and slots in which the plans differ or that count at all, and the entropy of weights over them."""

    def __init__(self, seen: Seen) -> None:
        if seen.ndim != 3 or not len(seen):
            raise ParameterError("Plans are given as bool[n, points, slots]", "方案应为 bool[n, 点, 时段] 数组")
        self.count = seen.shape[1] * seen.shape[2]
        flat = seen.reshape(len(seen), -1)
        some = flat.any(axis=0) & ~flat.all(axis=0)
        self.there = flat[:, some].astype(np.float32)

    def entropy(self, weights: Floats) -> float:
        return float(bits_of(self._shares(weights)).sum() / self.count)

    def slope(self, weights: Floats) -> Floats:
        """Return the change of the entropy with each weight."""
        share = self._shares(weights)
        odds = np.log2((1 - share) / share).astype(np.float32)
        found: Floats = np.asarray(self.there @ odds, np.float64) / self.count
        return found

    def _shares(self, weights: Floats) -> Floats:
        share = np.asarray(weights.astype(np.float32) @ self.there, np.float64)
        held: Floats = np.clip(share, 1e-7, 1 - 1e-7)
        return held


def bits_of(share: Floats) -> Floats:
    """Return the entropy of a yes or no of each probability, in bits."""
    held = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(-held * np.log2(held) - (1 - held) * np.log2(1 - held), np.float64)


def mixture_bits(seen: Seen, weights: Floats) -> float:
    """Return the mean over points and slots of H(a unit is there) where plans bool[n, points, slots] are drawn by weights.

    Nights are drawn on their own, so that past nights tell nothing more to a watcher who knows the weights already.
    """
    return float(bits_of(np.tensordot(weights, seen.astype(np.float64), axes=1)).mean())


def even_bits(seen: Seen, weights: Floats) -> float:
    """Return the entropy where the same visits at each point fell into any slot alike: the most that can be."""
    counts = np.tensordot(weights, seen.mean(axis=2), axes=1)
    return float(bits_of(counts).mean())


def drawn(seen: Seen, cost: npt.ArrayLike, *, floor_bits: float | None = None) -> Mixture:
    """Return the weights of least mean cost whose entropy is at least ``floor_bits``; the highest entropy where it is None.

    ``seen`` bool[n, points, slots] is the presence of each plan, ``cost`` float[n] what it costs, such as its travel above that of the
    cheapest. The entropy is concave in the weights, so a local optimum is the optimum, and a tangent proves the bound.

    Raises
    ------
    InfeasibleError
        Naming the highest entropy that can be reached.
    """
    cells, price = _Cells(seen), np.asarray(cost, np.float64)
    if price.shape != (len(seen),) or not np.isfinite(price).all():
        raise ParameterError("Each plan needs one finite cost", "每个方案需要一个有限的成本")
    top, gap = _ascended(cells, np.zeros(len(seen)), np.full(len(seen), 1.0 / len(seen)))
    highest = cells.entropy(top)
    if floor_bits is None:
        weights, bound = top, float(price.min())
    else:
        if floor_bits > highest + _TIGHT:
            raise InfeasibleError(
                f"These plans reach {highest:.4f} bits a point and slot at most, not {floor_bits:.4f}: "
                "ask for less, or draw more plans",
                f"这些方案最多达到每点每时段 {highest:.4f} 比特，达不到 {floor_bits:.4f}：请降低要求或增加备选方案",
            )
        weights, bound = _cheapest(cells, price, min(floor_bits, highest), top)
    return Mixture(
        weights=weights, bits=cells.entropy(weights), floor_bits=floor_bits, highest_bits=highest, highest_gap=gap,
        even_bits=even_bits(seen, weights), cost=float(price @ weights), bound=min(bound, float(price @ weights)),
    )  # fmt: skip


def cost_of_bits(seen: Seen, cost: npt.ArrayLike, *, steps: int = 6) -> tuple[Step, ...]:
    """Return the least cost at rising entropy, from the cheapest plan alone to the highest entropy, with the price of the next bit."""
    cells, price = _Cells(seen), np.asarray(cost, np.float64)
    spread = float(np.ptp(price)) or 1.0
    low = int(price.argmin())
    alone = np.zeros(len(price))
    alone[low] = 1.0
    found = [Step(bits=cells.entropy(alone), cost=float(price[low]), bound=float(price[low]), price=0.0)]
    weights = np.full(len(price), 1.0 / len(price))
    for share in np.geomspace(0.1, 50.0, max(1, steps - 2)).tolist():
        weights, gap = _ascended(cells, price / (share * spread), weights)
        value = float(price @ weights)
        bound = max(float(price[low]), value - share * spread * gap)
        found.append(Step(bits=cells.entropy(weights), cost=value, bound=bound, price=share * spread))
    top, _ = _ascended(cells, np.zeros(len(price)), weights)
    return (*found, Step(bits=cells.entropy(top), cost=float(price @ top), bound=float(price[low]), price=np.inf))


def _ascended(cells: _Cells, charge: Floats, start: Floats) -> tuple[Floats, float]:
    """Return the weights with the most ``H(w) - charge @ w``, and how far below the true most they may be.

    Multiplicative steps; the tangent at the answer lies above the concave function everywhere, so its best single plan is the bound.
    """
    weights = 0.99 * start + 0.01 / len(start)
    slope = cells.slope(weights) - charge
    step = 0.5 / max(1e-12, float(np.abs(slope - slope @ weights).max()))
    value, gap = cells.entropy(weights) - float(charge @ weights), np.inf
    for _ in range(_ASCENTS):
        gap = float(slope.max() - slope @ weights)
        if gap <= _CLOSE:
            break
        other = weights * np.exp(step * (slope - slope.max()))
        other /= other.sum()
        now = cells.entropy(other) - float(charge @ other)
        if now >= value:
            weights, value, step = other, now, step * 1.3
            slope = cells.slope(weights) - charge
        else:
            step /= 2
    return weights, max(0.0, gap)


def _cheapest(cells: _Cells, price: Floats, floor: float, top: Floats) -> tuple[Floats, float]:
    """Return weights of least cost that keep the floor, and a proved bound below any.

    For any multiplier m >= 0, ``price @ v >= price @ v - m (H(v) - floor)`` for weights v that keep the floor; the least of the right
    side over all weights is therefore a bound. The multiplier is found by halving.
    """
    spread = float(np.ptp(price))
    best, bound = top, float(price.min())
    if spread == 0.0:
        return best, bound
    low, high, weights = np.log(1e-2 * spread), np.log(1e3 * spread), top
    for _ in range(_HALVINGS):
        price_of_bit = float(np.exp((low + high) / 2))
        weights, gap = _ascended(cells, price / price_of_bit, weights)
        spare = cells.entropy(weights) - floor
        bound = max(bound, float(price @ weights) - price_of_bit * (spare + gap))
        if spare >= 0:
            high = np.log(price_of_bit)
            best = weights if price @ weights < price @ best else best
        else:
            low = np.log(price_of_bit)
    return best, min(bound, float(price @ best))
