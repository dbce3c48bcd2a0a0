"""Random numbers inside compiled kernels: xorshift64* on one word that the caller keeps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled

Bits = npt.NDArray[np.uint64]


@compiled(inline=True)
def draw(bits: Bits) -> float:
    """Return the next number in [0, 1) and move the generator on.

    Source: Vigna, S. (2016). An experimental exploration of Marsaglia's xorshift generators. ACM TOMS 42(4).
    """
    x = bits[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    bits[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0
