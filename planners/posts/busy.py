"""Expected covering with busy units (MEXCLP): a unit is away with probability ``q``, each by itself.

``k`` units within the limit cover a call with probability ``1 - q^k``; the ``k``-th adds ``(1 - q) q^(k-1)``::

    maximise    sum_i w_i (1 - q ^ (units within the limit of i))

over ``p`` units, several at one site where allowed (``multi_cover``). The units are taken to be busy equally and one without
regard to the others: the hypercube model does without both, and judges the plan.

Daskin, M. (1983). A maximum expected covering location model: formulation, properties and heuristic solution.
Transportation Science 17, 48-70.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, ParameterError

Floats = npt.NDArray[np.float64]


def busy_fraction(*, calls_per_hour: float, minutes_per_call: float, units: int) -> float:
    """Estimate how often a unit is busy: hours of work an hour, shared by all units.

    Raises
    ------
    InfeasibleError
        The units cannot do the work even without a pause; the sentence says how many could.
    """
    if calls_per_hour < 0 or minutes_per_call < 0 or units < 1:
        raise ParameterError(
            "Calls and minutes must be 0 or more, units at least 1", "警情数和时长应不小于 0，单元至少 1 个"
        )
    work = calls_per_hour * minutes_per_call / 60.0
    if work >= units:
        needed = math.floor(work) + 1
        raise InfeasibleError(
            f"{units} units cannot do {work:.1f} hours of work an hour; at least {needed} are needed",
            f"{units} 个单元承担不了每小时 {work:.1f} 个工时的警情，至少需要 {needed} 个",
        )
    return work / units


def busy_worth(q: float, *, units: int) -> Floats:
    """Return what each further of at most ``units`` units adds when each is busy with probability ``q``; float64[k]."""
    if not 0 <= q < 1:
        raise ParameterError("The busy fraction must be at least 0 and below 1", "繁忙率应不小于 0 且小于 1")
    if q == 0:
        return np.ones(1)
    worth = np.asarray((1.0 - q) * q ** np.arange(units), np.float64)
    return worth[: max(1, int((worth > 0).sum()))]
