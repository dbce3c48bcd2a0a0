"""见警率, 管控率, 现场处置率: three shares that are reported upward, each by one definition, with n and interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from geo.incidents.rates import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenShare:
    """Share of place-hours with a unit in sight; ``unknown`` place-hours had no signal and are in no share."""

    share: Share | None
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlShare:
    """Share of must-patrol demand that was met.

    Attributes
    ----------
    demanded, met : visits; more than demanded at one point does not make up for another
    share : ``met`` over ``demanded``, None where nothing was demanded
    """

    demanded: int
    met: int
    share: Share | None


def seen_share(seen: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_] | None = None) -> SeenShare:
    """Return 见警率: of the place-hours with known positions, those with a unit in sight at least once.

    ``seen`` and ``known`` are bool[places, hours]. Lost signal is unknown, not absence.
    """
    grid = np.asarray(seen, dtype=bool)
    sure = np.ones_like(grid) if known is None else np.asarray(known, dtype=bool)
    if sure.shape != grid.shape:
        raise InputError("Sightings and what is known differ in shape", "见警记录与定位有效记录的形状不一致")
    n = int(sure.sum())
    return SeenShare(share=Share(part=int((grid & sure).sum()), n=n) if n else None, unknown=int((~sure).sum()))


def seen_by_hour(
    place: npt.NDArray[np.int64],
    minutes: npt.NDArray[np.int64],
    *,
    places: int,
    hours: int,
) -> npt.NDArray[np.bool_]:
    """Return which places had a unit in sight in which hours, bool[places, hours].

    ``place`` (int64[k], -1 where none) and ``minutes`` after the start (int64[k]) are those of the positions of units.
    """
    if places < 1 or hours < 1:
        raise ParameterError("Places and hours must be 1 or more", "地点数与小时数应不小于 1")
    grid = np.zeros((places, hours), dtype=bool)
    hour = np.asarray(minutes) // 60
    good = (place >= 0) & (place < places) & (hour >= 0) & (hour < hours)
    grid[place[good], hour[good]] = True
    return grid


def control_share(demanded: npt.ArrayLike, made: npt.ArrayLike) -> ControlShare:
    """Return 管控率: visits made over visits demanded, each must-visit point and shift counting up to its own demand."""
    wanted, done = np.asarray(demanded, np.int64), np.asarray(made, np.int64)
    if wanted.shape != done.shape or (wanted < 0).any() or (done < 0).any():
        raise InputError(
            "Demanded and made visits must be 0 or more, for the same points", "应巡与实巡次数应不小于 0 且逐点对应"
        )
    total, met = int(wanted.sum()), int(np.minimum(wanted, done).sum())
    return ControlShare(demanded=total, met=met, share=Share(part=met, n=total) if total else None)


def closed_on_scene(
    arrived: npt.NDArray[np.datetime64],
    handled: npt.NDArray[np.datetime64],
    handed_over: npt.NDArray[np.bool_],
) -> tuple[Share | None, int]:
    """Return 现场处置率 and how many calls are missing in it.

    Of the calls with a unit on scene and a result fed back, those that were closed there: not handed over (移交, 转办) to be
    finished elsewhere. Calls with an arrival but no feedback are missing.
    """
    if not arrived.shape == handled.shape == handed_over.shape:
        raise InputError("Arrivals, feedback and handovers differ in number", "到达、反馈与移交记录的行数不一致")
    came = ~np.isnat(arrived)
    told = came & ~np.isnat(handled)
    n = int(told.sum())
    share = Share(part=int((told & ~handed_over.astype(bool)).sum()), n=n) if n else None
    return share, int(came.sum()) - n
