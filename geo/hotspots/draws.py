"""Random whole numbers inside compiled kernels: a counter and a hash, so that every place has its own seeded stream."""

from __future__ import annotations

import numpy as np

from geo.compiled import compiled


@compiled()
def mixed(state: np.uint64) -> np.uint64:
    """Return 64 well mixed bits of a 64-bit state.

    The finaliser of Steele, G. L., Lea, D. and Flood, C. H. (2014). Fast splittable pseudorandom number generators. OOPSLA.
    """
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
