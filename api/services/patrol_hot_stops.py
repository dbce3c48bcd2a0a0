"""Optional stops at hot places: which there are and what each is worth, by the calls of a year or as given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol_asked import OfferedStop, OptionalStops
from api.services.few import few_for
from api.services.filters import CallFilter, last_days
from api.services.patrol_terms import Terms
from api.services.place_names import PlaceNames
from api.services.shifts import ShiftSpan
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_lonlat, to_metric
from geo.store.port import Principal
from planners.patrol.spacing.asked import OptionalStop
from planners.patrol.spacing.point_demands import Demand, Refused

DAYS: Final = 365
CELL_M: Final = 500.0
HOUR: Final = 3600
SCALE: Final = 1000
"""Prizes are whole thousandths."""


def from_calls(workspace: Workspace, principal: Principal, asked: OptionalStops, shift: ShiftSpan) -> OptionalStops:
    """Return the cells of 500 m that had most citizens' calls in the hours of the shift, each hour worth its mean calls a day.

    Places, not people: a cell stands at the mean place of its calls. Hours with fewer calls than an account may see are left away.
    """
    start, end = last_days(
        workspace.clock.now(), workspace.zone, days=DAYS, starts_hour=workspace.settings.day_starts_hour
    )
    rows = CallFilter(citizen="only", start=start, end=end).rows(workspace.calls(principal), workspace.zone)
    rows = rows[rows["placed"]]
    if rows.empty:
        return asked.model_copy(update={"stops": [], "source": "calls"})
    windows = _hours(workspace, shift)
    lonlat = shapely.get_coordinates(np.asarray(rows.geometry.array))
    crs = pick_metric_crs(np.concatenate([lonlat.min(axis=0), lonlat.max(axis=0)]))
    xy = to_metric(lonlat, crs)
    _, cell, counts = np.unique(np.floor(xy / CELL_M), axis=0, return_inverse=True, return_counts=True)
    cell = cell.ravel()
    hour = rows["occurred_at"].dt.tz_convert(workspace.zone).dt.hour.to_numpy()
    by_hour = np.zeros((len(counts), 24), np.int64)
    np.add.at(by_hour, (cell, hour), 1)
    few = few_for(workspace, principal)
    by_hour[by_hour < max(1, few)] = 0
    worth = by_hour[:, [clock for clock, _, _ in windows]].sum(axis=1)
    chosen = [c for c in np.lexsort((np.arange(len(worth)), -worth))[: asked.places].tolist() if worth[c] > 0]
    mean = np.column_stack([np.bincount(cell, weights=xy[:, k])[chosen] / counts[chosen] for k in (0, 1)])
    at = to_lonlat(mean.reshape(-1, 2), crs)
    stops = []
    for number, (c, (street, grid)) in enumerate(zip(chosen, PlaceNames(workspace, principal).of(at), strict=True)):
        name = f"{street or grid or ''}热点 {number + 1}".strip()
        for clock, low, high in windows:
            if by_hour[c, clock]:
                stops.append(
                    OfferedStop.model_validate(
                        {
                            "name": name, "place": f"HOT{number + 1:02d}", "lon": round(float(at[number, 0]), 6),
                            "lat": round(float(at[number, 1]), 6), "from": shift.start + timedelta(seconds=low),
                            "to": shift.start + timedelta(seconds=high), "prize": max(0.001, round(by_hour[c, clock] / DAYS, 3)),
                        }
                    )
                )  # fmt: skip
    return asked.model_copy(update={"stops": stops, "source": "calls"})


def _hours(workspace: Workspace, shift: ShiftSpan) -> list[tuple[int, int, int]]:
    """Return the hours of the clock in a shift: (hour, first second of the shift, last second)."""
    length = int((shift.end - shift.start).total_seconds())
    local = shift.start.astimezone(workspace.zone)
    into = local.minute * 60 + local.second
    found = []
    for number in range(-(-(length + into) // HOUR)):
        low, high = max(0, number * HOUR - into), min(length, (number + 1) * HOUR - into - 1)
        if high > low:
            found.append(((local.hour + number) % 24, low, high))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class HotPlace:
    """A place with its offers: (stop, first begin, last begin, dwell), seconds of the shift."""

    key: str
    row: Mapping[str, object]
    demand: Demand
    offers: tuple[tuple[OfferedStop, int, int, int], ...]

    def stops(self, point: int, kinds: Sequence[str]) -> list[OptionalStop]:
        """Return its optional stops as a point of the problem."""
        found = []
        for number, (offer, low, high, dwell) in enumerate(self.offers, start=1):
            may = tuple(kind for kind in self.demand.kinds if kind in kinds and kind in (offer.kinds or kinds))
            if may:
                found.append(
                    OptionalStop(
                        key=f"{self.key}#{number}", point=point, earliest=low, latest=high, dwell=dwell,
                        prize=max(1, round(SCALE * offer.prize)), kinds=may,
                    )
                )  # fmt: skip
        return found


def hot_places(asked: OptionalStops | None, terms: Terms, *, first_row: int) -> tuple[list[HotPlace], list[Refused]]:
    """Return the places that are offered, and the stops whose window does not meet the shift; rows of demands follow on each other."""
    grouped: dict[str, list[OfferedStop]] = {}
    for number, stop in enumerate(asked.stops if asked else (), start=1):
        grouped.setdefault(stop.place or f"OPT{number:03d}", []).append(stop)
    found: list[HotPlace] = []
    refused: list[Refused] = []
    for key, stops in grouped.items():
        offers = []
        name = stops[0].name or key
        for stop in stops:
            dwell = round(60 * (stop.dwell_minutes or (asked.dwell_minutes if asked else 12)))
            low = max(0, terms.second(stop.start))
            high = min(terms.second(stop.end), terms.shift_seconds - dwell)
            if low <= high:
                offers.append((stop, low, high, dwell))
            elif asked is not None and asked.source == "list":
                refused.append(
                    Refused(
                        point_id=key, code="optional_outside",
                        en=f"The optional stop {name} cannot be begun and ended within its window and the shift; it is not offered",
                        zh=f"可选停留“{name}”在其时间窗与班次内停不满驻守时长，不予安排",
                    )
                )  # fmt: skip
        if not offers:
            continue
        kinds = dict.fromkeys(kind for stop, *_ in offers for kind in (stop.kinds or (asked.kinds if asked else ())))
        row = {
            "point_id": key, "name": name, "kind": "hot_spot", "mode": next(iter(kinds)), "priority": 1,
            "dwell_seconds": offers[0][3], "geometry": shapely.Point(stops[0].lon, stops[0].lat),
        }  # fmt: skip
        demand = Demand(
            row=first_row + len(found), dwell=offers[0][3], gap=terms.shift_seconds, least_gap=0, kinds=tuple(kinds),
            priority=1,
        )  # fmt: skip
        found.append(HotPlace(key=key, row=row, demand=demand, offers=tuple(offers)))
    return found, refused


def prize_bound(stops: Sequence[OptionalStop], free_seconds: float) -> float:
    """Return what stops can be worth at most to crews with so many seconds in all: the best by worth a second, the last in part."""
    if not stops or free_seconds <= 0:
        return 0.0
    prize = np.array([stop.prize for stop in stops], np.float64)
    dwell: npt.NDArray[np.float64] = np.array([max(1, stop.dwell) for stop in stops], np.float64)
    order = np.lexsort((np.arange(len(prize)), -prize / dwell))
    spent = np.cumsum(dwell[order])
    whole = spent <= free_seconds
    total = float(prize[order][whole].sum())
    if not whole.all():
        first = int(np.flatnonzero(~whole)[0])
        left = free_seconds - (float(spent[first - 1]) if first else 0.0)
        total += float(prize[order][first]) * left / float(dwell[order][first])
    return total
