"""Entropy of "a unit is there now" given the past nights, estimated from the nights alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from geo.errors import ParameterError
from planners.patrol.guess.drawn import bits_of
from planners.patrol.guess.predictor import NIGHTS

Seen = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Conditional entropy in bits a point and slot, from below and from above.

    Attributes
    ----------
    bits : log loss of each night under the frequencies of the nights before it, out of sample: in the mean at or above the true
        entropy given those nights, by what the frequencies are wrong
    interval : 95 % interval of ``bits`` over nights, None for fewer than two
    least_bits : entropy of the frequencies of all nights, the test night counted in: in the mean at or below that of independent nights
    even_bits : entropy where the same visits fell into any slot alike
    nights : nights tested
    cells : points times slots
    """

    bits: float
    interval: tuple[float, float] | None
    least_bits: float
    even_bits: float
    nights: int
    cells: int


def measured(seen: Seen, *, nights: int = NIGHTS) -> Measured:
    """Estimate H(a unit is at point i in slot t | the past ``nights`` nights) from bool[n, points, slots].

    The frequency of a point and slot is shrunk to the mean of its point by one night's worth (a Beta prior of mean m_i and weight 1).
    """
    if len(seen) <= nights or nights < 1:
        raise ParameterError(
            f"{nights} nights to learn from and one to test are needed, {len(seen)} are given",
            f"需要 {nights} 个观察夜和至少 1 个检验夜，现有 {len(seen)} 个",
        )
    loss = []
    for t in range(nights, len(seen)):
        past = seen[t - nights : t].astype(np.float64)
        mean = past.mean(axis=(0, 2), keepdims=True)[0]
        share = np.clip((past.sum(axis=0) + mean) / (nights + 1), 1e-3, 1 - 1e-3)
        loss.append(float(-np.where(seen[t], np.log2(share), np.log2(1 - share)).mean()))
    bits = float(np.mean(loss))
    interval = None
    if len(loss) > 1:
        half = float(student.ppf(0.975, len(loss) - 1)) * float(np.std(loss, ddof=1)) / len(loss) ** 0.5
        interval = (bits - half, bits + half)
    return Measured(
        bits=bits, interval=interval, least_bits=float(bits_of(seen.mean(axis=0)).mean()),
        even_bits=float(bits_of(seen.mean(axis=(0, 2))).mean()), nights=len(loss),
        cells=int(seen.shape[1] * seen.shape[2]),
    )  # fmt: skip
