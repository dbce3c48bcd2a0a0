"""Different tours of good plans, and what can be put together of them."""

from __future__ import annotations

import numpy as np

from planners.patrol.hot_spots.moves import Floats, Ints
from planners.patrol.hot_spots.pack import Words, best_disjoint
from planners.patrol.hot_spots.search import Pool

Tour = tuple[int, ...]
_MOST = 20_000
_PACK_STEPS = 2_000_000


class SeenTours:
    """Tours by the places that they visit; the half with the most prize is kept where there are too many."""

    def __init__(self, places: int) -> None:
        self.ways = np.zeros((_MOST, places + 2), np.int32)
        self.sizes = np.zeros(_MOST, np.int64)
        self.worth = np.zeros(_MOST)
        self.words = np.zeros((_MOST, words_of(places)), np.uint64)
        self.fresh = np.zeros(_MOST, np.bool_)
        self.rows: dict[bytes, int] = {}

    def note(self, ways: Ints, sizes: Ints, worth: Floats, words: Words) -> None:
        """Note the tours, rows ``start, places..., end`` with their prize and places as bits, that are not held."""
        for number in range(len(ways)):
            key = words[number].tobytes()
            if key in self.rows:
                continue
            if len(self.rows) == _MOST:
                self._halve()
            row = self.rows[key] = len(self.rows)
            self.ways[row], self.sizes[row], self.worth[row] = ways[number], sizes[number], worth[number]
            self.words[row], self.fresh[row] = words[number], True

    @property
    def pool(self) -> Pool:
        """The tours that are held; not to be read while others are noted."""
        return Pool(self.ways[: len(self.rows)], self.sizes[: len(self.rows)])

    def packed(self, units: int, least: float) -> tuple[Tour, ...] | None:
        """Return disjoint tours that are worth more than ``least`` together, or None."""
        held = len(self.rows)
        if units < 2 or not held:
            return None
        rows = best_disjoint(self.words[:held], self.worth[:held], self.fresh[:held], units, least + 1e-9, _PACK_STEPS)
        self.fresh[:held] = False
        found = [row for row in rows.tolist() if row >= 0]
        return tuple(tuple(self.ways[row, 1 : self.sizes[row] + 1].tolist()) for row in found) or None

    def _halve(self) -> None:
        kept = np.argsort(-self.worth, kind="stable")[: _MOST // 2]
        half = len(kept)
        self.ways[:half], self.sizes[:half], self.worth[:half] = self.ways[kept], self.sizes[kept], self.worth[kept]
        self.words[:half], self.fresh[:half] = self.words[kept], self.fresh[kept]
        self.rows = {words.tobytes(): row for row, words in enumerate(self.words[:half])}


def words_of(places: int) -> int:
    """Return how many words hold a bit for each place."""
    return -(-places // 64)
