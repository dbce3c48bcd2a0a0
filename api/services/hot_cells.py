"""Which cells stand out among their neighbours, by Gi* or by local Moran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from api.services.hot_ground import Floats, Ints
from geo.cells.contiguity import Lists, with_self
from geo.hotspots.false_discovery import adjusted, chance_of_score
from geo.hotspots.gi_star import gi_star
from geo.hotspots.local_moran import local_moran

MORAN_RUNS: Final = 9_999
"""So many that one place in a few hundred can stand out alone: no p is below 2 / (runs + 1)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Scores of cells, above 0 where a high cell lies among high ones; p, and q after the false discovery rate; NaN untested."""

    score: Floats
    p: Floats
    q: Floats


def standing_by_gi_star(counts: Ints, lists: Lists) -> Standing:
    """Return the standard score of each cell with its neighbours."""
    score = gi_star(counts, *with_self(lists))
    p = chance_of_score(score)
    return Standing(score=score, p=p, q=adjusted(p))


def standing_by_local_moran(counts: Ints, lists: Lists) -> Standing:
    """Return local Moran's I of the cells above the mean, the only ones that can be high among high.

    A cell keeps its own count in every permutation, so choosing by that count leaves p as it is and spares the other tests.
    """
    indptr, indices = lists
    size = np.diff(indptr)
    tested = counts > counts.mean()
    own = np.concatenate([[0], np.cumsum(np.where(tested, size, 0))]).astype(np.int64)
    made = local_moran(counts, own, indices[np.repeat(tested, size)], runs=MORAN_RUNS)
    return Standing(score=made.value, p=made.p, q=adjusted(made.p))
