"""What a unit did between two positions: known where they are close in time, lost where they are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from geo.presence.positions import Positions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What counts as presence.

    Attributes
    ----------
    radius_m : a unit this near to a place is in sight of it, in a straight line
    joined_seconds : between positions closer in time a unit is on the straight line between them; a longer silence is lost
    fastest_m_per_s : a lost unit may have been anywhere that it could reach at this speed in a straight line
    off_duty_seconds : a longer silence is the end of a duty, where no duties are given
    same_stay_seconds : two times in sight of a place that are closer are one stay
    least_known_share : an hour without a sighting is "not seen" if at least this share of it is known, else unknown
    """

    radius_m: float = 100.0
    joined_seconds: float = 90.0
    fastest_m_per_s: float = 15.0
    off_duty_seconds: float = 7200.0
    same_stay_seconds: float = 120.0
    least_known_share: float = 0.75

    def __post_init__(self) -> None:
        if not (
            0 < self.radius_m <= 2000 and self.joined_seconds > 0 and self.fastest_m_per_s > 0
            and self.off_duty_seconds > self.joined_seconds and self.same_stay_seconds >= 0
            and 0 < self.least_known_share <= 1
        ):  # fmt: skip
            raise ParameterError(
                "Presence needs a radius from 0 to 2,000 m, times and speed above 0, off duty above the joined time, "
                "and a known share from 0 to 1",
                "见警参数有误：半径应在 0 至 2000 米之间，时间与速度应大于 0，离岗时长应大于连续定位时长，有效占比应在 0 至 1 之间",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duties:
    """When units were on duty: ``unit`` int64[d] as in ``Positions``, ``begin`` and ``until`` float64[d] seconds."""

    unit: Ints
    begin: Floats
    until: Floats

    def __len__(self) -> int:
        return len(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Legs:
    """Known moves in a straight line: ends float64[n, 2] in metres, times float64[n]; equal ends are a lone position."""

    start_xy: Floats
    end_xy: Floats
    begin: Floats
    until: Floats

    def plus(self, other: Legs) -> Legs:
        """Return these moves and others, in the same metres."""
        return Legs(
            start_xy=np.concatenate([self.start_xy, other.start_xy]), end_xy=np.concatenate([self.end_xy, other.end_xy]),
            begin=np.r_[self.begin, other.begin], until=np.r_[self.until, other.until],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """Silences within a duty: where and when a unit was last and next heard; nan where it was not."""

    last_xy: Floats
    next_xy: Floats
    begin: Floats
    until: Floats

    def __len__(self) -> int:
        return len(self.begin)


def duties_of(positions: Positions, sight: Sight) -> Duties:
    """Return duties as the positions tell them: from the first to the last before a long silence."""
    if not len(positions):
        return Duties(unit=np.zeros(0, np.int64), begin=np.zeros(0), until=np.zeros(0))
    new = np.ones(len(positions), bool)
    new[1:] = (positions.unit[1:] != positions.unit[:-1]) | (np.diff(positions.seconds) > sight.off_duty_seconds)
    first = np.flatnonzero(new)
    last = np.r_[first[1:], len(positions)] - 1
    return Duties(
        unit=positions.unit[first].astype(np.int64), begin=positions.seconds[first], until=positions.seconds[last]
    )


def heard(positions: Positions, duties: Duties) -> npt.NDArray[np.bool_]:
    """Tell in which duties a unit was heard at all, bool[d]."""
    low, high = _rows(positions, duties)
    return np.asarray(high > low)


def joined_pairs(positions: Positions, sight: Sight, chain: Ints | None = None) -> npt.NDArray[np.bool_]:
    """Tell which positions are known to lead to the next one, bool[k]: close in time, or on one drive of ``chain`` int64[k]."""
    out = np.zeros(len(positions), bool)
    near = np.diff(positions.seconds) <= sight.joined_seconds
    if chain is not None:
        near |= (chain[1:] == chain[:-1]) & (chain[1:] >= 0)
    out[:-1] = (positions.unit[1:] == positions.unit[:-1]) & near
    return out


def legs_of(positions: Positions, xy: Floats, sight: Sight, chain: Ints | None = None) -> Legs:
    """Return known moves in a straight line; ``xy`` is float64[k, 2], the positions in metres.

    Between positions on one drive of ``chain`` there is none: those go along the streets.
    """
    joined = joined_pairs(positions, sight, chain)
    lone = ~joined & ~np.r_[False, joined[:-1]][: len(joined)]
    if chain is not None:
        joined[:-1] &= ~((chain[1:] == chain[:-1]) & (chain[1:] >= 0))
    a, one = np.flatnonzero(joined), np.flatnonzero(lone)
    return Legs(
        start_xy=xy[np.r_[a, one]], end_xy=xy[np.r_[a + 1, one]],
        begin=positions.seconds[np.r_[a, one]], until=positions.seconds[np.r_[a + 1, one]],
    )  # fmt: skip


def losses_of(positions: Positions, xy: Floats, duties: Duties, sight: Sight, chain: Ints | None = None) -> Losses:
    """Return the silences of duties in which a unit was heard; at either end of a duty it is lost as well."""
    low, high = _rows(positions, duties)
    ok = high > low
    low, high, begin, until = low[ok], high[ok], duties.begin[ok], duties.until[ok]
    silent = (positions.unit[1:] == positions.unit[:-1]) & ~joined_pairs(positions, sight, chain)[:-1]
    gap = np.flatnonzero(silent)
    # A silence counts within a duty only: between two duties a unit is off.
    inside = np.zeros(len(gap), bool)
    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        inside[np.searchsorted(gap, a) : np.searchsorted(gap, b - 1)] = True
    gap = gap[inside]
    nowhere = np.full((len(low), 2), np.nan)
    first, last = positions.seconds[low], positions.seconds[high - 1]
    late, early = first - begin > sight.joined_seconds, until - last > sight.joined_seconds
    return Losses(
        last_xy=np.concatenate([xy[gap], nowhere[late], xy[high - 1][early]]),
        next_xy=np.concatenate([xy[gap + 1], xy[low][late], nowhere[early]]),
        begin=np.concatenate([positions.seconds[gap], begin[late], last[early]]),
        until=np.concatenate([positions.seconds[gap + 1], first[late], until[early]]),
    )


def _rows(positions: Positions, duties: Duties) -> tuple[Ints, Ints]:
    """Return the rows of the positions that fall into each duty."""
    if not len(positions):
        none = np.zeros(len(duties), np.int64)
        return none, none
    start = float(min(positions.seconds.min(), duties.begin.min() if len(duties) else np.inf))
    stride = float(max(positions.seconds.max(), duties.until.max() if len(duties) else -np.inf)) - start + 1.0
    line = positions.unit * stride + (positions.seconds - start)
    low = np.searchsorted(line, duties.unit * stride + (duties.begin - start), side="left")
    return low, np.searchsorted(line, duties.unit * stride + (duties.until - start), side="right")
