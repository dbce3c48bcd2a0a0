"""Units an hour needs so that set standards hold, and what each number of units does.

Chaiken, J. M. and Dormont, P. (1978). A patrol car allocation model. Management Science 24(12), 1280-1300. Unlike there,
travel and the load depend on each other and are solved together, and the shares of busy units are those of the queue.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError, InputError, ParameterError
from planners.staffing.erlang import busy_shares, erlang_c, priority_waits
from planners.staffing.response import Travel

Floats = npt.NDArray[np.float64]
_ROUNDS = 200
_WORDS = {
    "utilisation": ("繁忙率", "utilisation"),
    "delayed_share": ("需等待的警情比例", "share of calls that wait"),
    "travel_seconds": ("平均行驶时间", "mean travel"),
    "wait": ("平均等待", "mean wait"),
    "response": ("平均到达", "mean response"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HourLoad:
    """Calls of one hour (or of one hour of one area) and the work that they bring.

    Attributes
    ----------
    key : name of the hour, such as ``22`` or ``06-22``
    calls : calls an hour by priority, the first goes first
    on_scene_seconds : mean seconds that a unit is bound by a call after its arrival
    units_a_call : mean number of units that a call binds
    away_share : share of time that a unit in service is away for other work (meals, papers, escorts)
    """

    key: str
    calls: tuple[float, ...]
    on_scene_seconds: float
    units_a_call: float = 1.0
    away_share: float = 0.0

    def __post_init__(self) -> None:
        if not self.calls or not all(math.isfinite(c) and c >= 0 for c in self.calls):
            raise InputError(
                f"Hour {self.key} has no calls by priority, or a negative number", f"{self.key} 时的警情数缺失或为负",
                rows=[self.key],
            )  # fmt: skip
        if not (self.on_scene_seconds > 0 and self.units_a_call > 0 and 0 <= self.away_share < 1):
            raise ParameterError(
                f"Hour {self.key}: time on scene and units a call are above 0, the share away is at least 0 and below 1",
                f"{self.key} 时：处置时长与每警出动巡组数须大于 0，离岗比例须在 0 与 1 之间",
                rows=[self.key],
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """What must hold every hour; None where nothing is asked. Equality is allowed everywhere."""

    utilisation: float | None = 0.6
    delayed_share: float | None = 0.05
    travel_seconds: float | None = None
    response_seconds: tuple[float | None, ...] = ()
    wait_seconds: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        shares = [s for s in (self.utilisation, self.delayed_share) if s is not None]
        times = [t for t in (self.travel_seconds, *self.response_seconds, *self.wait_seconds) if t is not None]
        if not all(0 < s < 1 for s in shares) or not all(t > 0 for t in times) or not shares + times:
            raise ParameterError(
                "Set at least one standard; shares lie between 0 and 1, seconds are above 0",
                "请至少设定一项标准；比例应在 0 与 1 之间，时长应大于 0",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourService:
    """What a number of units does in an hour; inf where calls pile up without end.

    Attributes
    ----------
    units, present : units in service, and those of them that are not away, which take the calls
    load : units bound by calls on average
    travel_seconds, service_seconds : means, travel included in service
    delayed_share : share of calls that find all present units busy
    wait_seconds, response_seconds : float64[priorities]; response is wait and travel
    free_units : mean number of free units
    """

    units: int
    present: int
    load: float
    travel_seconds: float
    service_seconds: float
    delayed_share: float
    wait_seconds: Floats
    response_seconds: Floats
    free_units: float

    @property
    def utilisation(self) -> float:
        """Share of their time that present units are bound by calls."""
        return self.load / self.present if self.present else math.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourNeed:
    """The fewest units of an hour, what they do, and the standard that one unit fewer would break."""

    key: str
    service: HourService
    binding: str | None


def hour_service(load: HourLoad, travel: Travel, units: int) -> HourService:
    """Return what ``units`` in service do in an hour.

    Travel depends on how many units are free, and how many are free on travel: the pair is found by repeating, from
    the travel of all units free upwards, which rises to its least fixed point.
    """
    present = math.floor(units * (1.0 - load.away_share) + 1e-9)
    calls = np.asarray(load.calls, np.float64) * load.units_a_call / 3600.0
    total = float(calls.sum())
    if present < 1:
        return _overrun(units, present, total, load, len(calls))
    by_free = np.asarray(travel.seconds(np.arange(present, 0, -1)), np.float64)
    drive = float(by_free[0])
    for _ in range(_ROUNDS):
        service = load.on_scene_seconds + drive
        bound = total * service
        if bound >= present:
            return _overrun(units, present, total, load, len(calls), drive=drive)
        shares = busy_shares(present, bound)
        # A call that had to wait gets the unit that comes free, wherever that is: as far as from one unit.
        again = float(shares @ by_free) + float(1.0 - shares.sum()) * float(by_free[-1])
        if abs(again - drive) < 1e-6:
            break
        drive = again
    service = load.on_scene_seconds + drive
    bound = total * service
    waits = priority_waits(present, (calls * service).tolist(), service)
    return HourService(
        units=units, present=present, load=bound, travel_seconds=drive, service_seconds=service,
        delayed_share=erlang_c(present, bound) if total else 0.0, wait_seconds=waits, response_seconds=waits + drive,
        free_units=present - bound,
    )  # fmt: skip


def _overrun(
    units: int, present: int, total: float, load: HourLoad, priorities: int, *, drive: float = math.inf
) -> HourService:
    endless = np.full(priorities, np.inf)
    return HourService(
        units=units, present=present, load=total * (load.on_scene_seconds + (drive if math.isfinite(drive) else 0.0)),
        travel_seconds=math.inf, service_seconds=math.inf, delayed_share=1.0, wait_seconds=endless,
        response_seconds=endless, free_units=0.0,
    )  # fmt: skip


def broken(service: HourService, standards: Standards) -> tuple[str, ...]:
    """Return the standards that are not met: utilisation, delayed_share, travel_seconds, wait_1, response_1 and so on."""
    found = []
    if standards.utilisation is not None and not service.utilisation <= standards.utilisation + 1e-12:
        found.append("utilisation")
    if standards.delayed_share is not None and not service.delayed_share <= standards.delayed_share + 1e-12:
        found.append("delayed_share")
    if standards.travel_seconds is not None and not service.travel_seconds <= standards.travel_seconds + 1e-9:
        found.append("travel_seconds")
    for name, limits, times in (
        ("wait", standards.wait_seconds, service.wait_seconds),
        ("response", standards.response_seconds, service.response_seconds),
    ):
        for k, (limit, seconds) in enumerate(zip(limits, times.tolist(), strict=False), start=1):
            if limit is not None and not seconds <= limit + 1e-9:
                found.append(f"{name}_{k}")
    return tuple(found)


def binding_words(binding: str | None, priorities: Sequence[str] = ()) -> tuple[str | None, str | None]:
    """Return the words of a standard of ``broken``, in Chinese and English; ``priorities`` are their names."""
    if binding is None:
        return None, None
    name, _, number = binding.rpartition("_")
    if not number.isdigit():
        return _WORDS[binding]
    zh, en = _WORDS[name]
    priority = priorities[int(number) - 1] if priorities else number
    return f"{zh}（{priority} 级）", f"{en} (priority {priority})"


def units_needed(load: HourLoad, travel: Travel, standards: Standards, *, most: int = 500) -> HourNeed:
    """Return the fewest units with which every standard holds.

    Raises
    ------
    InfeasibleError
        Naming the standards that not even ``most`` units meet.
    """
    kept = hour_service(load, travel, most)
    failing = broken(kept, standards)
    if failing:
        words = [binding_words(name) for name in failing]
        names, names_zh = ", ".join(str(en) for _, en in words), "、".join(str(zh) for zh, _ in words)
        raise InfeasibleError(
            f"Hour {load.key}: not even {most} units meet the standard of {names}; relax it or add posts",
            f"{load.key} 时：{most} 个巡组也达不到标准（{names_zh}），请放宽标准或增设屯警点",
            rows=[load.key],
        )
    low, high = 0, most
    before: tuple[str, ...] = ()
    while high - low > 1:
        middle = (low + high) // 2
        here = hour_service(load, travel, middle)
        short = broken(here, standards)
        if short:
            low, before = middle, short
        else:
            high, kept = middle, here
    if low:
        before = broken(hour_service(load, travel, low), standards)
    return HourNeed(key=load.key, service=kept, binding=before[0] if before else None)


def one_more(load: HourLoad, travel: Travel, units: Sequence[int]) -> tuple[HourService, ...]:
    """Return what each number of units does, for the curve of one more unit."""
    return tuple(hour_service(load, travel, n) for n in units)


def divide(costs: Floats, units: int) -> tuple[npt.NDArray[np.int64], float]:
    """Divide units among areas (or hours) so that the sum of costs is least; exact, whatever the shape of the costs.

    Parameters
    ----------
    costs
        Float64[areas, most + 1], the cost of an area with 0, 1, ... units; inf where that is not allowed.

    Returns
    -------
    units of each area int64[areas], and the sum of costs, which is proved least by dynamic programming.

    Raises
    ------
    InfeasibleError
        If no division has a finite cost.
    """
    areas, width = costs.shape
    best = np.full(units + 1, np.inf)
    best[0] = 0.0
    taken = np.zeros((areas, units + 1), np.int64)
    for a in range(areas):
        options = np.full((min(width - 1, units) + 1, units + 1), np.inf)
        for n in range(options.shape[0]):
            options[n, n:] = best[: units + 1 - n] + costs[a, n]
        taken[a] = options.argmin(axis=0)
        best = options.min(axis=0)
    if not np.isfinite(best).any():
        raise InfeasibleError(
            f"{units} units are too few for these {areas} areas", f"{units} 个巡组不足以分配到 {areas} 个区域"
        )
    left = int(best.argmin())
    least = float(best[left])
    found = np.zeros(areas, np.int64)
    for a in range(areas - 1, -1, -1):
        found[a] = taken[a, left]
        left -= int(found[a])
    return found, least
