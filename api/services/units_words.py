"""Units by hour in words: the row of an hour, the standard that binds it, the sentence of the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from api.services.hours_worked import HourCalls
from geo.store.port import Json
from planners.contract import Outcome
from planners.staffing.pcam import HourNeed, HourService, binding_words
from planners.staffing.shift_cover import ShiftPlan


def hour_row(
    hour: int, calls: HourCalls, need: HourNeed, ends: tuple[int | None, int | None], served: HourService, *,
    delayed: float, short: int,
) -> dict[str, Json]:  # fmt: skip
    """Return all figures of an hour: calls with n and interval, need with what binds it, and what the shifts field."""
    zh, en = binding_words(need.binding, calls.priorities)
    return {
        "hour": hour,
        "n": int(calls.counts[hour]),
        "calls_per_hour": float(calls.rates[hour].sum()),
        "interval": [float(calls.interval[0, hour]), float(calls.interval[1, hour])],
        "by_priority": [float(r) for r in calls.rates[hour].tolist()],
        "need": need.service.units,
        "need_interval": list(ends),
        "binding_zh": zh,
        "binding_en": en,
        "fielded": served.units,
        "short": short,
        "utilisation": finite(served.utilisation),
        "delayed_share": served.delayed_share,
        "delayed_over_time": delayed,
        "travel_seconds": finite(served.travel_seconds),
        "wait_seconds": [finite(w) for w in served.wait_seconds.tolist()],
        "response_seconds": [finite(r) for r in served.response_seconds.tolist()],
    }


def needs_sentence(
    calls: HourCalls, needs: Sequence[HourNeed], shifts: Outcome[ShiftPlan], waiting: npt.NDArray[np.float64]
) -> dict[str, Json]:
    """Return the sentence of the whole, in Chinese and English."""
    units = [need.service.units for need in needs]
    peak, quiet = int(np.argmax(units)), int(np.argmin(units))
    share = float(np.average(waiting, weights=calls.rates.sum(axis=1))) if calls.n else 0.0
    proof_zh, proof_en = ("已证明最少", "proved fewest") if shifts.proved else ("未证明最优", "not proved best")
    return {
        "sentence_zh": f"高峰 {peak} 时需 {units[peak]} 组，低谷 {quiet} 时需 {units[quiet]} 组；排班 {shifts.plan.crews} 组、"
        f"{shifts.plan.crew_hours} 组时，{proof_zh}；全天 {share:.1%} 的警情需等待；n={calls.n} 起，{calls.days} 天",
        "sentence_en": f"{units[peak]} units at {peak}:00, {units[quiet]} at {quiet}:00; shifts take {shifts.plan.crews} crews and "
        f"{shifts.plan.crew_hours} crew hours, {proof_en}; {share:.1%} of calls wait; n={calls.n} calls, {calls.days} days",
    }


def finite(value: float) -> float | None:
    """Return a figure, or None where calls pile up without end."""
    return value if math.isfinite(value) else None
