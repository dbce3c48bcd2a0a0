"""Backup covering: how much demand has ``k`` units within the limit, and how much at least one.

Hogan and ReVelle's BACOP weighs first and second cover; here the second is the ``k``-th, as where a call is settled by no
less than ``k`` units together (最小应急处置单元). ``s`` is the share of the first::

    maximise    sum_i w_i (s [at least 1 unit reaches i] + (1 - s) [at least k units reach i])

over ``p`` units (``multi_cover``). With ``k = 2`` and ``s >= 1/2`` a second unit is worth no more than the first, and the
bound is that of the linear relaxation; otherwise it is that of the concave hull, which is weaker.

Hogan, K. and ReVelle, C. (1986). Concepts and applications of backup coverage. Management Science 32, 1434-1444.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError

Floats = npt.NDArray[np.float64]


def backup_worth(*, k: int = 2, first_share: float = 0.5) -> Floats:
    """Return what the first to the ``k``-th unit adds, for ``build_multi_cover``; float64[k].

    Raises ``ParameterError`` unless ``k`` is at least 2 and the share within 0 and 1.
    """
    if k < 2:
        raise ParameterError("Backup needs at least 2 units", "后备覆盖至少需要 2 个单元")
    if not 0 <= first_share <= 1:
        raise ParameterError("The share of the first cover must be within 0 and 1", "首次覆盖的权重应在 0 至 1 之间")
    worth = np.zeros(k)
    worth[0] = first_share
    worth[-1] += 1.0 - first_share
    return worth
