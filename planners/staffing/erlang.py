"""The queue of calls before units: calls come at random, units serve one call each, the rest wait by priority.

Erlang, A. K. (1917). Solution of some problems in the theory of probabilities. Elektroteknikeren 13, 5-13.
Cobham, A. (1954). Priority assignment in waiting line problems. Operations Research 2(1), 70-76.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError

Floats = npt.NDArray[np.float64]


def erlang_b(units: int, load: float) -> float:
    """Return the share of calls that find all units busy where nobody waits; ``load`` is calls times service, in units."""
    _require(units, load)
    lost = 1.0
    for n in range(1, units + 1):
        lost = load * lost / (n + load * lost)
    return lost


def erlang_c(units: int, load: float) -> float:
    """Return the share of calls that must wait; 1 where the load is as large as the units or larger."""
    if load >= units:
        _require(units, load)
        return 1.0
    lost = erlang_b(units, load)
    return units * lost / (units - load * (1.0 - lost))


def mean_wait(units: int, load: float, service_seconds: float) -> float:
    """Return the mean wait of all calls, in seconds, first come first served; inf where the load is too large."""
    if load >= units:
        return math.inf
    return erlang_c(units, load) * service_seconds / (units - load)


def late_share(units: int, load: float, service_seconds: float, limit_seconds: float) -> float:
    """Return the share of calls that wait longer than a limit, first come first served."""
    if load >= units:
        return 1.0
    return erlang_c(units, load) * math.exp(-(units - load) * limit_seconds / service_seconds)


def priority_waits(units: int, loads: Sequence[float], service_seconds: float) -> Floats:
    """Return the mean wait of each priority, in seconds, float64[k]; the first goes first, nobody is called off a call.

    With ``s_k`` the load of the priorities 1 to k over the units and ``C`` the share that waits::

        W_k = C * service / units / ((1 - s_(k-1)) * (1 - s_k))

    inf from the first priority on whose load, with all before it, is as large as the units. Service is alike for all.
    """
    shares = np.cumsum(np.asarray(loads, np.float64)) / units
    before = np.r_[0.0, shares[:-1]]
    load = float(np.asarray(loads, np.float64).sum())
    _require(units, load)
    # With too large a load, all units are always busy: whoever calls waits, and low priorities for ever.
    every = erlang_c(units, load)
    with np.errstate(divide="ignore"):
        waits = every * service_seconds / units / np.maximum((1.0 - before) * (1.0 - shares), 0.0)
    return np.asarray(np.where(shares >= 1.0, np.inf, waits), np.float64)


def busy_shares(units: int, load: float) -> Floats:
    """Return the share of time with 0, 1, ... units - 1 units busy, float64[units]; the rest to 1 is "all busy"."""
    _require(units, load)
    if load >= units:
        return np.zeros(units)
    if load == 0:
        return np.asarray(np.arange(units) == 0, np.float64)
    n = np.arange(units)
    logs = n * math.log(load) - np.array([math.lgamma(k + 1) for k in n.tolist()])
    top = logs.max()
    part = np.exp(logs - top)
    return np.asarray((1.0 - erlang_c(units, load)) * part / part.sum(), np.float64)


def _require(units: int, load: float) -> None:
    if units < 1 or not (math.isfinite(load) and load >= 0):
        raise ParameterError(
            f"A queue needs at least one unit and a load of 0 or more, not {units} and {load:g}",
            f"排队模型要求至少一个巡组且工作量不为负，现为 {units} 与 {load:g}",
        )
