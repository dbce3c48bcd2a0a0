"""Near-repeat watch list: for each class how far and how long a call raises the chance of another, and where that is so now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np

from api.schemas.hot_places import WatchedFamily, WatchedSpot, WatchList
from api.services.calls_cube import calls_cube
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.hot_ground import ground, kept
from api.services.place_names import PlaceNames
from api.services.workspace import Workspace
from geo.crs import to_lonlat
from geo.hotspots.near_repeat import near_repeats
from geo.hotspots.watch_list import WatchedPlace, watch_list, watch_rule
from geo.store.port import Principal

DAYS: Final = 365
RUNS: Final = 199
SPACE_M: Final = (100.0, 200.0, 300.0)
TIME_DAYS: Final = (3.0, 7.0, 14.0)
MOST_TESTED: Final = 12_000
_SHOWN: Final = 60


def watched(workspace: Workspace, principal: Principal, wanted: CallFilter) -> WatchList:
    """Return the places to watch now; classes are tested one by one on the year before, whatever period is asked."""
    cube = calls_cube(workspace, principal)
    end = moment(workspace, cube.period[1])
    year = replace(wanted, start=end - timedelta(days=DAYS), end=end)
    return kept(workspace, principal, ("watch", year), lambda: _watched(workspace, principal, year))


def _watched(workspace: Workspace, principal: Principal, year: CallFilter) -> WatchList:
    here = ground(workspace, principal, year)
    now = here.span[1] / 1440
    families: list[WatchedFamily] = []
    spots: list[tuple[str, WatchedPlace]] = []
    for number, family in enumerate(here.calls.family_names):
        rows = np.flatnonzero(here.calls.families == number)
        if len(rows) < 2:
            continue
        # Many calls say the same as their newest thousands, and what is on now is among those.
        newest = rows[np.argsort(here.days[rows], kind="stable")][-MOST_TESTED:]
        xy, days = here.xy[newest], here.days[newest]
        test = near_repeats(xy, np.floor(days), space_m=SPACE_M, time_days=TIME_DAYS, runs=RUNS, same_place=False)
        rule = watch_rule(test)
        families.append(
            WatchedFamily(
                family=family, n=len(rows), tested=len(newest), reach_m=rule.reach_m if rule else None,
                days=rule.days if rule else None, ratio=rule.ratio if rule else None, p=rule.p if rule else None,
            )
        )  # fmt: skip
        if rule is not None:
            spots += [(family, place) for place in watch_list(xy, days, now=now, rule=rule)]
    spots.sort(key=lambda held: (-held[1].rule.ratio * len(held[1].calls), -held[1].until))
    spots = spots[:_SHOWN]
    lonlat = to_lonlat(np.array([place.xy for _, place in spots]).reshape(-1, 2), here.crs)
    names = PlaceNames(workspace, principal).of(lonlat)

    def at(day: float) -> int:
        return round(day * 1440)

    return WatchList(
        now=moment(workspace, here.span[1]), start=here.start, end=here.end, runs=RUNS, families=families,
        places=[
            WatchedSpot(
                family=family, lon=float(lon), lat=float(lat), radius_m=place.radius_m, n=len(place.calls),
                since=moment(workspace, at(place.since)), until=moment(workspace, at(place.until)), name=name,
                grid_code=grid, why_zh=place.sentence("zh"), why_en=place.sentence("en"),
            )
            for (family, place), (lon, lat), (name, grid) in zip(spots, lonlat, names, strict=True)
        ],
        note_zh=f"按近 {DAYS} 天逐类检验（{RUNS} 次置换），规则不成立的类别不列；到期自动移出，不作任何人员判断",
        note_en=f"each class tested on {DAYS} days ({RUNS} permutations); classes without a rule are left out; places drop off by "
        "themselves, and nothing is said of persons",
    )  # fmt: skip
