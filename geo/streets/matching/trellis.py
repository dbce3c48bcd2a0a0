"""The likeliest chains through the candidates of fixes, one fix after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from geo.streets.matching.candidates import Candidates
from geo.streets.matching.standing import Fixes

AHEAD = 2
"""How many fixes after a wild one are tried before a chain ends."""
Floats = npt.NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Layer:
    """Candidates of one fix with the cost of the best chain to each, and where it came from."""

    row: int
    begin: float
    end: float
    spot: Floats
    noise_m: float
    arc: npt.NDArray[np.int32]
    share: Floats
    apart: Floats
    xy: Floats
    cost: Floats
    came: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    before: Layer | None = None


class Trellis:
    """Chains of layers; ``join`` adds the best chains from one layer to another, False where there is none."""

    def __init__(self, join: Callable[[Layer, Layer], bool]) -> None:
        self.ends: list[Layer] = []
        self.layer: Layer | None = None
        self._join = join

    def step(self, row: int, layer_at: Callable[[int], Layer | None], *, known: int, more: bool = False) -> bool:
        """Take in fix ``row`` of ``known`` ones; False where ``more`` may come and this one needs to be seen with those after.

        A fix without a street near is left out; so is a wild one: it must not cut a drive in two where one of the next
        joins the last good one.
        """
        fresh = layer_at(row)
        if fresh is None:
            return True
        last = self.layer
        if last is not None and not self._join(last, fresh):
            if more and row + AHEAD >= known:
                return False
            if self._skips(last, row, layer_at, known):
                return True
            self.ends.append(last)
        self.layer = fresh
        return True

    def finished(self) -> list[Layer]:
        """Return the last layers of all chains."""
        return [*self.ends, *([] if self.layer is None else [self.layer])]

    def _skips(self, last: Layer, row: int, layer_at: Callable[[int], Layer | None], known: int) -> bool:
        for later in range(row + 1, min(row + AHEAD + 1, known)):
            ahead = layer_at(later)
            if ahead is not None and self._join(last, ahead):
                return True
        return False


def layer_of(near: Candidates, row: int, fixes: Fixes) -> Layer | None:
    """Return the candidates of one fix with the cost of its noise; None where there is no street near."""
    rows = slice(int(near.indptr[row]), int(near.indptr[row + 1]))
    if rows.start == rows.stop:
        return None
    apart = near.apart[rows]
    return Layer(
        row=row, begin=float(fixes.begin[row]), end=float(fixes.end[row]), spot=fixes.xy[row],
        noise_m=float(fixes.noise_m[row]), xy=near.xy[rows], arc=near.arc[rows], share=near.share[rows], apart=apart,
        cost=0.5 * (apart / fixes.noise_m[row]) ** 2,
    )  # fmt: skip


def chain_of(end: Layer) -> list[tuple[Layer, int]]:
    """Return the layers of the best chain that ends in ``end``, first to last, with the candidate of each."""
    out: list[tuple[Layer, int]] = []
    layer: Layer | None = end
    choice = int(end.cost.argmin())
    while layer is not None:
        out.append((layer, choice))
        choice = int(layer.came[choice]) if layer.before is not None else 0
        layer = layer.before
    return out[::-1]
