"""What a timetable of units does when calls rise and fall within the day: the queue step by step, not hour by hour."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from geo.errors import InputError

Floats = npt.NDArray[np.float64]


def delayed_over_time(
    calls: npt.ArrayLike, units: npt.ArrayLike, service_seconds: npt.ArrayLike, *, queue: int = 300, days: int = 60
) -> Floats:
    """Return the share of calls of each hour that must wait, float64[hours], in a cycle that repeats.

    Calls come at the rate of their hour; min(calls present, units) are served. The distribution of the number of calls
    is carried from hour to hour by uniformisation, around the cycle until it repeats, so that a morning feels the night
    before it. Where units go off, the calls above their number wait for the next free unit, which is on the safe side.

    Parameters
    ----------
    calls, units, service_seconds
        Float64[hours] calls an hour, int[hours] units present, float64[hours] mean service.
    queue
        Calls that may wait at most; a call that finds so many is lost, so choose it far above what happens.
    days
        Times around the cycle at most.

    Raises
    ------
    InputError
        If the lengths differ or a number is negative.
    """
    rate = np.asarray(calls, np.float64) / 3600.0
    held = np.asarray(units, np.int64)
    length = np.asarray(service_seconds, np.float64)
    if not (len(rate) == len(held) == len(length) > 0) or (rate < 0).any() or (held < 0).any() or (length <= 0).any():
        raise InputError(
            "Calls, units and service must be given for the same hours", "各小时的警情、巡组与服务时长须一一对应"
        )
    states = int(held.max()) + queue + 1
    now = np.zeros(states)
    now[0] = 1.0
    delayed = np.zeros(len(rate))
    for _ in range(days):
        before = delayed.copy()
        for h in range(len(rate)):
            now, delayed[h] = _hour(now, rate[h], int(held[h]), 1.0 / length[h])
        if np.abs(delayed - before).max() < 1e-8:
            break
    return delayed


def _hour(now: Floats, rate: float, units: int, served: float) -> tuple[Floats, float]:
    """Carry the distribution over an hour; return it, and the mean share of the hour in which a call must wait."""
    states = len(now)
    gone = np.minimum(np.arange(states), units) * served
    fastest = rate + float(gone.max())
    if fastest == 0:
        return now, float(now[units:].sum())
    up, down = rate / fastest, gone / fastest
    stay = 1.0 - up - down
    stay[-1] += up
    mean = fastest * 3600.0
    reach = math.ceil(mean + 8.0 * math.sqrt(mean) + 20.0)
    k = np.arange(reach + 1)
    logs = k * math.log(mean) - mean - np.array([math.lgamma(n + 1) for n in k.tolist()])
    weight = np.exp(logs)
    # The time that the chain has made exactly k jumps within the hour is a gamma tail over the jump rate.
    spent = (1.0 - np.minimum(1.0, np.cumsum(weight))) / fastest
    out = np.zeros(states)
    busy = 0.0
    part = now.copy()
    for n in range(reach + 1):
        out += weight[n] * part
        busy += float(spent[n]) * float(part[units:].sum())
        after = stay * part
        after[1:] += up * part[:-1]
        after[:-1] += (down * part)[1:]
        part = after
    return out / out.sum(), busy / float(spent.sum())
