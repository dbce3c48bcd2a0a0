"""Read-only arrays: what frozen problems and plans are made of."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

ScalarT = TypeVar("ScalarT", bound=np.generic)


def read_only(values: npt.ArrayLike, kind: type[ScalarT]) -> npt.NDArray[ScalarT]:
    """Return a C-contiguous copy of ``values`` as ``kind`` that cannot be written to; the input stays as it is."""
    out = np.array(values, dtype=kind, order="C", copy=True)
    out.setflags(write=False)
    return out
