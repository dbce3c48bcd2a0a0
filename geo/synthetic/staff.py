"""Posts in grids of the demo city: how many of each role are filled; no persons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from geo.tables.grid_posts import GridPosts

FILLED: Final = {"worker": 0.96, "chief": 0.985, "core": 0.9}
"""How likely each post of a role is filled."""
CORE: Final = 3
HELPERS: Final = 4.0
"""Further helpers of a grid, on average."""


def draw_grid_posts(codes: Sequence[str], *, rng: np.random.Generator) -> GridPosts:
    """Fill one worker, one chief, three core staff and some helpers a grid, with a few vacancies.

    A vacant post is a row with nobody in it.
    """
    n = len(codes)
    filled = {
        "worker": (rng.random(n) < FILLED["worker"]).astype(np.int64),
        "chief": (rng.random(n) < FILLED["chief"]).astype(np.int64),
        "core": rng.binomial(CORE, FILLED["core"], n).astype(np.int64),
        "volunteer": rng.poisson(HELPERS, n).astype(np.int64),
    }
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "post_id": [f"{code}-{role}" for code in codes],
                    "unit_code": list(codes),
                    "role": role,
                    "filled": count,
                }
            )
            for role, count in filled.items()
        ],
        ignore_index=True,
    )
    frame["version"], frame["synthetic"] = 1, True
    return GridPosts.of(frame.sort_values("post_id", ignore_index=True))
