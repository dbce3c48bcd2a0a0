"""Units and shifts of the demo city, with positions and states as they stand at one moment."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.synthetic.posts import PostSites
from geo.synthetic.sites import Sites, demand_centres
from geo.synthetic.sizes import Sizes
from geo.synthetic.when import TIME_ZONE
from geo.tables.shifts import Shifts
from geo.tables.units import Units

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

SHIFTS: Final = (("early", "早班", 480), ("middle", "中班", 960), ("night", "夜班", 0))
SHIFT_MINUTES: Final = 480
KINDS: Final = {"car": "车巡", "motorcycle": "摩巡", "foot": "步巡"}
NEWEST_S, OLDEST_S = 20.0, 660.0
"""Ages of the last positions of the units on duty: from 20 seconds to 11 minutes."""
FOOT_REACH_M: Final = 1_000.0
ROAM_M: Final = {"car": 1_500.0, "motorcycle": 1_000.0, "foot": 400.0}


def draw_shifts() -> Shifts:
    """Return the three shifts of eight hours: 早班 08:00, 中班 16:00, 夜班 00:00 on the city's clock."""
    return Shifts.of(
        pd.DataFrame(
            [
                {"shift_id": key, "name": name, "start_minute": start, "length_minutes": SHIFT_MINUTES}
                for key, name, start in SHIFTS
            ]
        )
    )


def shift_at(moment: datetime) -> int:
    """Return the index in ``SHIFTS`` of the shift on duty."""
    local = moment.astimezone(ZoneInfo(TIME_ZONE))
    minute = local.hour * 60 + local.minute
    return next(k for k, (_, _, start) in enumerate(SHIFTS) if start <= minute < start + SHIFT_MINUTES)


def draw_units(
    posts: PostSites,
    walk_posts: Int,
    *,
    demand: Float,
    demand_shift: Int,
    open_calls: Float,
    roadsides: Sites,
    sizes: Sizes,
    as_of: datetime,
    rng: np.random.Generator,
) -> tuple[Units, Int]:
    """Tell crews to posts near the demand of their shift, and place those on duty at ``as_of``.

    ``demand`` float64[n, 2] metres and ``demand_shift`` int64[n] are calls with the shift in which they fell, ``open_calls``
    float64[c, 2] metres are places of calls of the last hour. Units off duty stand at their post, with no last position. Returns the units and
    how many each post has over all shifts, int64[p].
    """
    kind, post, shift = [], [], []
    for index in range(len(SHIFTS)):
        mine = demand[demand_shift == index]
        taken = np.zeros(len(posts.xy), dtype=bool)
        taken[walk_posts] = True
        for name, count in (("car", sizes.cars_a_shift), ("motorcycle", sizes.motorcycles_a_shift)):
            for centre in demand_centres(mine, count, rng):
                far = np.hypot(*(posts.xy - centre).T) + np.where(taken, 1e9, 0.0)
                post.append(int(far.argmin()))
                taken[post[-1]] = True
                kind.append(name)
                shift.append(index)
        for chosen in walk_posts.tolist():
            post.append(chosen)
            kind.append("foot")
            shift.append(index)
    where, when = np.array(post), np.array(shift)
    lonlat = posts.lonlat[where].copy()
    state = np.full(len(where), "standby", dtype=object)
    seen = np.full(len(where), np.datetime64("NaT", "us"))
    duty = np.flatnonzero(when == shift_at(as_of))
    crews = np.array(kind)
    calls = _attended(posts.xy[where[duty]], crews[duty], open_calls)
    state[duty] = _states(calls, rng)
    lonlat[duty] = _whereabouts(state[duty], crews[duty], calls, posts, where[duty], open_calls, roadsides, rng)
    ages = np.geomspace(NEWEST_S, OLDEST_S, len(duty))
    now = np.datetime64(as_of.astimezone(ZoneInfo("UTC")).replace(tzinfo=None), "us")
    seen[duty] = now - np.rint(rng.permutation(ages)).astype(np.int64).astype("timedelta64[s]")
    rank = np.concatenate([np.arange(1, (when == k).sum() + 1) for k in range(len(SHIFTS))])
    number = [100 * (s + 1) + r for s, r in zip(shift, rank.tolist(), strict=True)]
    columns = {
        "unit_id": [f"XZ{n}" for n in number],
        "name": [f"{posts.base[p]}{KINDS[k]}{n}组" for p, k, n in zip(post, kind, number, strict=True)],
        "kind": kind,
        "post_id": [posts.post_id[p] for p in post],
        "shift_id": [SHIFTS[s][0] for s in shift],
        "officers": 1 + (rng.random(len(where)) < 0.3).astype(np.int64),
        "auxiliaries": 1 + rng.integers(0, 3, len(where)),
        "state": state,
        "seen_at": pd.DatetimeIndex(seen, tz="UTC"),
        "version": 1,
        "synthetic": True,
    }
    table = Units.of(gpd.GeoDataFrame(columns, geometry=shapely.points(lonlat), crs=4326))
    return table, np.bincount(where, minlength=len(posts.xy)).astype(np.int64)


def _attended(home: Float, kind: npt.NDArray[np.str_], open_calls: Float) -> Int:
    """Send about every sixth crew to the open call nearest to its post, no walking crew over 1 km; -1 for the others."""
    out = np.full(len(home), -1, dtype=np.int64)
    if not len(open_calls) or not len(home):
        return out
    far = np.hypot(*(home[:, None, :] - open_calls[None, :, :]).transpose(2, 0, 1))
    far[(kind == "foot")[:, None] & (far > FOOT_REACH_M)] = np.inf
    for _ in range(min(len(open_calls), max(1, round(len(home) / 6)))):
        crew, call = (int(k) for k in np.unravel_index(int(far.argmin()), far.shape))
        if not np.isfinite(far[crew, call]):
            break
        out[crew] = call
        far[crew, :] = np.inf
        far[:, call] = np.inf
    return out


def _states(calls: Int, rng: np.random.Generator) -> npt.NDArray[np.object_]:
    """Of the crews that attend no call, about six in ten patrol, one in eight is on its way back, the rest stand by."""
    state = np.full(len(calls), "on_call", dtype=object)
    free = rng.permutation(np.flatnonzero(calls < 0))
    patrol, back = round(0.6 * len(free)), round(len(free) / 8)
    state[free] = "standby"
    state[free[:patrol]] = "patrol"
    state[free[patrol : patrol + back]] = "returning"
    return state


def _whereabouts(
    state: npt.NDArray[np.object_],
    kind: npt.NDArray[np.str_],
    calls: Int,
    posts: PostSites,
    home: Int,
    open_calls: Float,
    roadsides: Sites,
    rng: np.random.Generator,
) -> Float:
    """Return lon, lat of the crews on duty: at the post, on the street nearest to a call, or on a street around the post."""
    out = posts.lonlat[home].copy()
    for row in range(len(out)):
        fit = roadsides.walk if kind[row] == "foot" else roadsides.drive
        if calls[row] >= 0:
            far = np.hypot(*(roadsides.xy - open_calls[calls[row]]).T)
            out[row] = roadsides.lonlat[int(np.where(fit, far, np.inf).argmin())]
        elif state[row] in ("patrol", "returning"):
            far = np.hypot(*(roadsides.xy - posts.xy[home[row]]).T)
            near = np.flatnonzero(fit & (far < ROAM_M[str(kind[row])]))
            if len(near):
                out[row] = roadsides.lonlat[int(rng.choice(near))]
    return out
