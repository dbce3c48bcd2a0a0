"""Small counts hidden, and as many others as it takes that the total does not give them away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from geo.incidents.comparison import Comparison

THRESHOLD: Final = 5
"""Counts from 1 to one below this are hidden from roles that need no detail."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suppressed:
    """Counts of a list with its total.

    Attributes
    ----------
    shown : bool[n]
    counts : int64[n], -1 where hidden
    small, besides : how many are hidden because they are small, and how many to protect those
    total : None where it would give a hidden count away
    """

    shown: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.int64]
    small: int
    besides: int
    total: int | None

    def text(self, row: int, language: str = "zh") -> str:
        """Return a count as it may be printed."""
        if self.shown[row]:
            return str(int(self.counts[row]))
        return "未显示（数量少）" if language.startswith("zh") else "not shown (few)"


def suppress(counts: npt.ArrayLike, *, threshold: int = THRESHOLD, with_total: bool = True) -> Suppressed:
    """Hide counts from 1 to ``threshold - 1``; zeros stay, since they tell of nobody.

    Where the total is shown and what is hidden adds up to less than ``threshold``, or is one count alone, the next smallest
    count above 0 is hidden too; with nothing left to hide, the total is. ``threshold`` 0 or 1 hides nothing.
    """
    n = np.asarray(counts, dtype=np.int64)
    if n.ndim != 1 or (n < 0).any() or threshold < 0:
        raise ParameterError("Counts and the threshold must be 0 or more", "计数与阈值应不小于 0")
    hidden = (n > 0) & (n < threshold)
    small, total = int(hidden.sum()), int(n.sum())
    shown_total: int | None = total
    if with_total and small:
        for row in np.argsort(n, kind="stable"):
            if hidden.sum() >= 2 and n[hidden].sum() >= threshold:
                break
            hidden[row] |= n[row] > 0
        if hidden.sum() < 2 or n[hidden].sum() < threshold:
            shown_total = None
    return Suppressed(
        shown=~hidden, counts=np.where(hidden, -1, n), small=small, besides=int(hidden.sum()) - small, total=shown_total
    )


def comparison_may_be_shown(comparison: Comparison, *, threshold: int = THRESHOLD) -> bool:
    """Tell whether neither count of a comparison is small: a change and one count give the other."""
    counts = (comparison.n, comparison.baseline_n, *comparison.by_year)
    return not any(0 < n < threshold for n in counts)
