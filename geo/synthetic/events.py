"""What happened where and when: the year of calls before anybody answers the phone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.crs import to_lonlat, to_metric
from geo.streets.graph import StreetGraph
from geo.synthetic.families import BURGLARY, FAMILIES, FRAUD, Family
from geo.synthetic.hot_places import HotPlaces
from geo.synthetic.positions import MAIN, StreetPositions, crossings
from geo.synthetic.when import YEAR, Year

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

REPEAT_SHARE: Final = 0.09
"""Calls that report again what was reported minutes before."""
FALSE_SHARE: Final = 0.13
"""Nuisance and false calls."""
UNPLACED_SHARE: Final = 0.08
"""Frauds by telephone and network, which have no place."""
NEAR_REPEAT_SHARE: Final = 0.25
"""Part of the burglaries that follow another one nearby."""
NEAR_REPEAT_M: Final = 160.0
NEAR_REPEAT_DAYS: Final = 13
"""How far and how late a follower may be at most, before it is moved to the nearest street."""
ASIDE_M: Final = 20.0
"""How far from the middle of the street a call lies at most."""
DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """Calls in the order of their times.

    Attributes
    ----------
    seconds : float64[n], after the start of the year
    family : int64[n], index into ``FAMILIES``
    lonlat : float64[n, 2], rounded to 1e-6 degrees
    arc : int64[n], street of the call
    placed : bool[n], False for frauds without a place, whose ``lonlat`` means nothing
    repeat : bool[n], the same event reported again
    false : bool[n], nuisance or false
    """

    seconds: Float
    family: Int
    lonlat: Float
    arc: Int
    placed: Bool
    repeat: Bool
    false: Bool

    def __post_init__(self) -> None:
        for item in fields(self):
            getattr(self, item.name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def valid(self) -> Bool:
        """Calls that are neither repeats nor false, bool[n]."""
        return ~(self.repeat | self.false)


class Places:
    """Chances of the street positions for each kind of background, and the way from anywhere to a street."""

    def __init__(self, graph: StreetGraph, positions: StreetPositions, people: Float) -> None:
        self.positions = positions
        self.tree = cKDTree(positions.xy)
        main = positions.class_weight(dict.fromkeys(MAIN, 1.0))
        near = self._near_crossing(graph)
        base = people + 1e-6 * positions.metres
        self.summed = {
            "homes": np.cumsum(base),
            "trade": np.cumsum(base * np.where(main > 0, 4.0, 0.6)),
            "roads": np.cumsum((main + 0.08 * positions.metres) * np.where(near, 3.0, 1.0)),
        }

    def _near_crossing(self, graph: StreetGraph) -> Bool:
        """Tell which positions are within 25 m of a node where three streets or more meet."""
        meeting = crossings(graph)
        if not meeting.any():
            return np.zeros(len(self.positions), dtype=bool)
        nodes = to_metric(graph.node_lonlat[meeting], self.positions.crs)
        gap, _ = cKDTree(nodes).query(self.positions.xy)
        return np.asarray(gap <= 25.0)

    def background(self, kind: str, count: int, rng: np.random.Generator) -> Int:
        """Draw positions by the chances of ``kind``, int64[count]."""
        summed = self.summed[kind]
        drawn = np.searchsorted(summed, rng.random(count) * summed[-1], side="right")
        return np.asarray(np.minimum(drawn, len(summed) - 1), dtype=np.int64)

    def nearest(self, xy: Float) -> Int:
        """Return the position nearest to each point, int64[n]."""
        return np.asarray(self.tree.query(xy)[1], dtype=np.int64)

    def scatter(self, rows: Int, rng: np.random.Generator) -> Float:
        """Move off the positions: along the street by half the spacing, aside by about a house front, float64[n, 2]."""
        along = self.positions.along[rows]
        ahead = rng.uniform(-0.5, 0.5, len(rows)) * self.positions.metres[rows]
        aside = np.clip(rng.normal(0, 7.0, len(rows)), -ASIDE_M, ASIDE_M)
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        return np.asarray(self.positions.xy[rows] + along * ahead[:, None] + across * aside[:, None])


def draw_events(places: Places, hot: HotPlaces, *, as_of: datetime, calls: int, rng: np.random.Generator) -> Events:
    """Draw ``calls`` calls of the year that ends at ``as_of``.

    Each family draws its times from the intensity of hours, days and seasons, and its places from a background or from
    hot places as they stand on that day. A share of the burglaries follows others within days and some 160 m.
    """
    repeats, unplaced = round(REPEAT_SHARE * calls), round(UNPLACED_SHARE * calls)
    first = calls - repeats
    share = np.array([f.share for f in FAMILIES])
    fraud = next(k for k, f in enumerate(FAMILIES) if f.name == FRAUD)
    count = rng.multinomial(first, share / share.sum())
    count[fraud], shortage = max(count[fraud], unplaced), max(0, unplaced - count[fraud])
    count[int(count.argmax())] -= shortage
    year = Year(as_of=as_of, families=FAMILIES, rng=rng)
    seconds, rows = [], []
    for index, family in enumerate(FAMILIES):
        when = year.draw(index, int(count[index]), rng)
        where = _place(places, hot, family, when, rng)
        if family.name == BURGLARY:
            when, where = _follow(places, when, where, rng)
        seconds.append(when)
        rows.append(where)
    time, row = np.concatenate(seconds), np.concatenate(rows)
    kind = np.repeat(np.arange(len(FAMILIES)), count)
    placed = np.ones(first, dtype=bool)
    placed[rng.permutation(np.flatnonzero(kind == fraud))[:unplaced]] = False
    false = np.zeros(first, dtype=bool)
    false[rng.permutation(first)[: round(FALSE_SHARE * calls)]] = True
    xy = places.scatter(row, rng)
    # Repeats: the same event, from almost the same place, some minutes later.
    early = np.flatnonzero(placed & ~false & (time < YEAR.total_seconds() - 1800))
    source = rng.choice(early, size=repeats, replace=len(early) < repeats)
    again = xy[source] + np.clip(rng.normal(0, 1.5, (repeats, 2)), -3.0, 3.0)
    return _sorted(
        places,
        seconds=np.append(time, time[source] + rng.uniform(60, 1500, repeats)),
        family=np.append(kind, kind[source]),
        row=np.append(row, row[source]),
        xy=np.vstack([xy, again]),
        placed=np.append(placed, np.ones(repeats, dtype=bool)),
        repeat=np.append(np.zeros(first, dtype=bool), np.ones(repeats, dtype=bool)),
        false=np.append(false, np.zeros(repeats, dtype=bool)),
    )


def _sorted(
    places: Places, *, seconds: Float, family: Int, row: Int, xy: Float, placed: Bool, repeat: Bool, false: Bool
) -> Events:
    order = np.argsort(seconds, kind="stable")
    lonlat = np.round(to_lonlat(xy[order], places.positions.crs), 6)
    return Events(
        seconds=seconds[order],
        family=family[order].astype(np.int64),
        lonlat=lonlat,
        arc=places.positions.arc[row[order]].astype(np.int64),
        placed=placed[order],
        repeat=repeat[order],
        false=false[order],
    )


def _place(places: Places, hot: HotPlaces, family: Family, seconds: Float, rng: np.random.Generator) -> Int:
    rows = places.background(family.place, len(seconds), rng)
    at_hot = np.flatnonzero(rng.random(len(seconds)) < family.hot_share)
    share = seconds[at_hot] / YEAR.total_seconds()
    which = hot.choose(family, share, rng)
    offset = rng.normal(0, 1, (len(at_hot), 2)) * hot.spread_m[which][:, None]
    rows[at_hot] = places.nearest(hot.centres_at(which, share) + offset)
    return rows


def _follow(places: Places, seconds: Float, rows: Int, rng: np.random.Generator) -> tuple[Float, Int]:
    """Turn a share of the events into near repeats of others, at their own hour of the day."""
    count = len(seconds)
    followers = rng.permutation(count)[: int(NEAR_REPEAT_SHARE * count)]
    leads = np.setdiff1d(np.arange(count), followers)
    leads = leads[seconds[leads] < YEAR.total_seconds() - (NEAR_REPEAT_DAYS + 2) * DAY]
    if not len(leads) or not len(followers):
        return seconds, rows
    lead = leads[rng.integers(0, len(leads), len(followers))]
    days = 1 + np.floor(_truncated(3.5, NEAR_REPEAT_DAYS, len(followers), rng))
    far = _truncated(60.0, NEAR_REPEAT_M, len(followers), rng)
    angle = rng.uniform(0, 2 * np.pi, len(followers))
    xy = places.positions.xy[rows[lead]] + far[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    seconds, rows = seconds.copy(), rows.copy()
    # The follower keeps the hour it drew; only its day changes, so that the shape of the day stays.
    hour = np.mod(seconds[followers], DAY)
    start = seconds[lead] - np.mod(seconds[lead], DAY)
    seconds[followers] = start + np.minimum(days, NEAR_REPEAT_DAYS) * DAY + hour
    rows[followers] = places.nearest(xy)
    return seconds, rows


def _truncated(mean: float, most: float, count: int, rng: np.random.Generator) -> Float:
    """Draw from the exponential law cut at ``most``, by inversion."""
    return np.asarray(-mean * np.log1p(-rng.random(count) * -np.expm1(-most / mean)))
