"""Minutes in sight at each place, and what is known of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.crs import pick_metric_crs, to_metric
from geo.errors import ParameterError
from geo.presence.along import driven
from geo.presence.intervals import Intervals, everywhere
from geo.presence.legs import Duties, Sight, duties_of, heard, legs_of, losses_of
from geo.presence.positions import Positions
from geo.presence.sight import in_sight, maybe_there
from geo.streets.matching.match import Matcher

Floats = npt.NDArray[np.float64]
HOUR: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Presence:
    """What positions tell of p places in a period.

    Attributes
    ----------
    seen : when any unit was in sight; moments (lone positions) included
    unknown : when none was in sight and a lost unit may have been, or no unit was heard at all
    places : p
    duties, silent : duties in the period, and those among them in which the unit was never heard
    sight : what counted as presence
    """

    seen: Intervals
    unknown: Intervals
    places: int
    duties: int
    silent: int
    sight: Sight

    def seen_seconds(self, edges: Floats) -> Floats:
        """Return seconds in sight, float64[p, b], by bins of rising ``edges``."""
        return self.seen.seconds(self.places, edges)

    def unknown_seconds(self, edges: Floats) -> Floats:
        """Return seconds of which nothing is known, float64[p, b], by bins of rising ``edges``."""
        return self.unknown.seconds(self.places, edges)

    def stays(self) -> Intervals:
        """Return stays at places: times in sight, those close to each other taken together."""
        return self.seen.joined(self.sight.same_stay_seconds)


def presence(
    positions: Positions, places_lonlat: Floats, *, start: float, end: float, duties: Duties | None = None,
    sight: Sight | None = None, matcher: Matcher | None = None,
) -> Presence:  # fmt: skip
    """Tell when units were in sight of places between ``start`` and ``end``, seconds since 1970.

    Parameters
    ----------
    places_lonlat
        float64[p, 2] degrees.
    duties
        Who was on duty when; from the positions themselves unless given.
    matcher
        Where given, units move along the streets between positions that it joins, which takes one to two seconds for each
        ten thousand positions; else in a straight line.

    Raises
    ------
    ParameterError
        A period that does not end after its start.
    """
    if not end > start:
        raise ParameterError("The period must end after it starts", "统计时段的结束应晚于开始")
    asked = sight or Sight()
    spots = np.asarray(places_lonlat, np.float64).reshape(-1, 2)
    p = len(spots)
    # What lies just outside the period still tells how a unit moved into it.
    margin = asked.off_duty_seconds
    near = positions.between(start - margin, end + margin) if duties is None else positions
    near = near.where(near.plausible())
    told = duties_of(near, asked) if duties is None else _renamed(duties, positions, near)
    inside = (told.until >= start) & (told.begin <= end)
    told = Duties(unit=told.unit[inside], begin=told.begin[inside], until=told.until[inside])
    known = heard(near, told)
    begin, until = told.begin[known], told.until[known]
    nobody = Intervals.of([0], [start], [end], start=start, end=end).without(
        Intervals.of(np.zeros(len(begin)), begin, until, start=start, end=end)
    )
    dark = everywhere(p, nobody.begin, nobody.until, start=start, end=end)
    if not p or not len(near):
        nothing = Intervals.of([], [], [], start=start, end=end)
        return Presence(seen=nothing, unknown=dark, places=p, duties=len(told), silent=int((~known).sum()), sight=asked)
    crs = pick_metric_crs((*spots.min(axis=0), *spots.max(axis=0)))
    xy, places_xy = to_metric(near.lonlat, crs), to_metric(spots, crs)
    legs, chain = legs_of(near, xy, asked), None
    if matcher is not None:
        found = driven(matcher, near, crs)
        chain = found.chain
        legs = legs_of(near, xy, asked, chain).plus(found.legs)
    seen = in_sight(legs, places_xy, radius_m=asked.radius_m, start=start, end=end)
    lost = maybe_there(
        losses_of(near, xy, told, asked, chain), places_xy, radius_m=asked.radius_m, fastest_m_per_s=asked.fastest_m_per_s,
        start=start, end=end,
    )  # fmt: skip
    unknown = Intervals.of(
        np.concatenate([lost.place, dark.place]), np.concatenate([lost.begin, dark.begin]),
        np.concatenate([lost.until, dark.until]), start=start, end=end,
    )  # fmt: skip
    return Presence(
        seen=seen, unknown=unknown.without(seen), places=p, duties=len(told), silent=int((~known).sum()), sight=asked
    )


def together(parts: Sequence[Presence], *, duties: int, silent: int) -> Presence:
    """Return presence at the same places in periods that follow each other, as one; turns of duty are counted by the caller."""
    start, end = parts[0].seen.start, parts[-1].seen.end

    def whole(pieces: Sequence[Intervals]) -> Intervals:
        return Intervals.of(
            np.concatenate([p.place for p in pieces]), np.concatenate([p.begin for p in pieces]),
            np.concatenate([p.until for p in pieces]), start=start, end=end,
        )  # fmt: skip

    return Presence(
        seen=whole([p.seen for p in parts]), unknown=whole([p.unknown for p in parts]), places=parts[0].places,
        duties=duties, silent=silent, sight=parts[0].sight,
    )  # fmt: skip


def _renamed(duties: Duties, before: Positions, after: Positions) -> Duties:
    """Return duties with the numbers of units in ``after``; units without a plausible position are never heard."""
    row = {name: k for k, name in enumerate(after.units)}
    lost = len(after.units)
    number = np.array([row.get(name, lost) for name in before.units] or [lost], np.int64)
    unit = np.where(duties.unit < len(before.units), number[np.minimum(duties.unit, len(number) - 1)], lost)
    return Duties(unit=unit, begin=duties.begin, until=duties.until)
