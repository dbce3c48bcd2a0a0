"""How few places have most of the calls, against what chance alone would do with so few calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concentration:
    """The 80-20 curve.

    Attributes
    ----------
    places, calls : float64[k + 1], shares from 0 to 1: the worst ``places`` have ``calls``; drawn to the last place with a call
    shares : the shares of calls asked for, and ``needed`` the least share of places that has at least as many
    by_chance : float64, the share of places needed on average if every place were equally likely; ``chance_low`` to ``chance_high``
        holds 95 % of the simulations
    gini : 0 when calls are as evenly spread as their number allows, near 1 when one place has all
    n, of : calls and places
    """

    places: Floats
    calls: Floats
    shares: tuple[float, ...]
    needed: tuple[float, ...]
    by_chance: tuple[float, ...]
    chance_low: tuple[float, ...]
    chance_high: tuple[float, ...]
    gini: float
    n: int
    of: int


def concentration(
    counts: npt.ArrayLike, *, shares: tuple[float, ...] = (0.5, 0.8), runs: int = 200, seed: int = 0
) -> Concentration:
    """Return the curve, the share of places for 50 and 80 % of calls, and the Gini coefficient for few calls.

    ``counts`` is int64[m] over all places, those without a call too. Weisburd, D. (2015). The law of crime concentration and the
    criminology of place. Criminology 53, 133-157.
    """
    n = np.asarray(counts, np.int64)
    if n.ndim != 1 or (n < 0).any() or not n.any():
        raise InputError("Places need counts of 0 or more, not all 0", "各地点计数应不小于 0 且不全为 0")
    if not all(0 < s <= 1 for s in shares) or runs < 1:
        raise ParameterError(
            "Shares lie above 0 and up to 1, runs are 1 or more", "比例应大于 0 且不超过 1，模拟次数不小于 1"
        )
    total, m = int(n.sum()), len(n)
    falling = np.sort(n[n > 0])[::-1]
    upto = np.r_[0, np.cumsum(falling)]
    rng = np.random.default_rng(seed)
    even = np.array([_needed(rng.multinomial(total, np.full(m, 1 / m)), shares) for _ in range(runs)])
    low, high = np.quantile(even, [0.025, 0.975], axis=0)
    return Concentration(
        places=np.arange(len(upto)) / m, calls=upto / total, shares=shares, needed=tuple(_needed(n, shares)),
        by_chance=tuple(even.mean(axis=0).tolist()), chance_low=tuple(low.tolist()), chance_high=tuple(high.tolist()),
        gini=gini(n), n=total, of=m,
    )  # fmt: skip


def gini(counts: npt.ArrayLike) -> float:
    """Return the Gini coefficient, corrected where there are fewer calls than places.

    ``max(1/c, 1/m) (2 sum_i i y_i - m - 1) - max(m/c, 1) + 1`` with c calls on m places and y the shares of calls, rising: with
    fewer calls than places, one call at each of c places counts as even. Bernasco, W. and Steenbeek, W. (2017). More places than
    crimes. Journal of Quantitative Criminology 33, 451-467.
    """
    n = np.sort(np.asarray(counts, np.float64))
    m, c = len(n), float(n.sum())
    if not m or c <= 0 or n[0] < 0:
        raise InputError("Places need counts of 0 or more, not all 0", "各地点计数应不小于 0 且不全为 0")
    ranked = float((np.arange(1, m + 1) * n).sum() / c)
    return max(1 / c, 1 / m) * (2 * ranked - m - 1) - max(m / c, 1.0) + 1


def _needed(n: npt.NDArray[np.int64], shares: tuple[float, ...]) -> list[float]:
    upto = np.cumsum(np.sort(n)[::-1])
    wanted = np.ceil(np.asarray(shares) * upto[-1] - 1e-9)
    return [float(k + 1) / len(n) for k in np.searchsorted(upto, wanted, side="left")]
