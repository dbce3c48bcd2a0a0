"""Posts of the demo city: stations, street posts and kiosks near demand, and sites where more could stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.synthetic.grids import Ground
from geo.synthetic.names import unique
from geo.synthetic.police import PoliceTree
from geo.synthetic.sites import Sites, demand_centres
from geo.synthetic.sizes import Sizes
from geo.tables.posts import Posts

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


POST_GAP_M: Final = 120.0
"""Posts stand at least so far apart, as long as there are enough crossings."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostSites:
    """Where the posts are, before units are told to them.

    Attributes
    ----------
    xy, lonlat : float64[p, 2]
    kind : list of str[p], stations first, in the order of ``PoliceTree.station_names``
    post_id, name : list of str[p]
    base : list of str[p], name of the community without its ending
    """

    xy: Float
    lonlat: Float
    kind: list[str]
    post_id: list[str]
    name: list[str]
    base: list[str]

    def table(self, units: Int) -> Posts:
        """Return the table of posts in operation with the number of units of each, int64[p]."""
        return _table(self.post_id, self.name, self.kind, "fixed", units, self.lonlat)


def draw_posts(
    corners: Sites, ground: Ground, police: PoliceTree, demand: Float, *, sizes: Sizes, rng: np.random.Generator
) -> tuple[PostSites, Posts]:
    """Place a station at the middle of each station's people and other posts at centres of demand, all at crossings.

    ``demand`` float64[n, 2] are places of calls in metres. Returns the posts and the candidate sites.
    """
    taken = np.zeros(len(corners), dtype=bool)
    stations = _stations(corners, ground, police, taken)
    centres = demand_centres(demand, sizes.street_posts + sizes.kiosks, rng)
    off_main = taken | ~corners.main
    for station in corners.xy[stations]:
        off_main |= np.hypot(*(corners.xy - station).T) < POST_GAP_M
    street = corners.pick(centres, taken=off_main, gap_m=POST_GAP_M)
    taken[street] = True
    rows = np.concatenate([stations, street])
    kiosk = np.zeros(len(street), dtype=bool)
    kiosk[rng.permutation(len(street))[: sizes.kiosks]] = True
    kind = ["station"] * len(stations) + ["kiosk" if k else "street_post" for k in kiosk.tolist()]
    bases = [ground.communities.base[c] for c in ground.community[corners.grid[rows]].tolist()]
    posts = PostSites(
        xy=corners.xy[rows],
        lonlat=corners.lonlat[rows],
        kind=kind,
        post_id=[f"TJ{k + 1:03d}" for k in range(len(rows))],
        name=_names(kind, bases, police.station_names),
        base=bases,
    )
    more = corners.pick(demand_centres(demand, sizes.candidates, rng), taken=taken)
    where = [ground.communities.base[c] for c in ground.community[corners.grid[more]].tolist()]
    candidates = _table(
        [f"HX{k + 1:03d}" for k in range(len(more))],
        [f"{base}{k + 1}号候选点" for k, base in enumerate(where)],
        ["street_post"] * len(more),
        "candidate",
        np.zeros(len(more), dtype=np.int64),
        corners.lonlat[more],
    )
    return posts, candidates


def _stations(corners: Sites, ground: Ground, police: PoliceTree, taken: npt.NDArray[np.bool_]) -> Int:
    """Choose for each station the crossing in its own area that is nearest to the middle of its people."""
    out = []
    for index in range(len(police.station_names)):
        own = np.flatnonzero(police.station_of_grid[corners.grid] == index)
        own = own[corners.main[own]] if corners.main[own].any() else own
        own = own if len(own) else np.arange(len(corners))
        weight = ground.people[corners.grid[own]].astype(float) + 1e-9
        middle = np.average(corners.xy[own], axis=0, weights=weight)
        far = np.hypot(*(corners.xy[own] - middle).T) + np.where(taken[own], 1e9, 0.0)
        out.append(int(own[far.argmin()]))
        taken[out[-1]] = True
    return np.array(out, dtype=np.int64)


def _names(kind: list[str], bases: list[str], stations: list[str]) -> list[str]:
    out, kiosks = list(stations), 0
    for k, base in list(zip(kind, bases, strict=True))[len(stations) :]:
        kiosks += k == "kiosk"
        out.append(f"{base}{kiosks}号岗亭" if k == "kiosk" else f"{base}街面屯警点")
    return unique(out)


def _table(ids: list[str], names: list[str], kind: list[str], state: str, units: Int, lonlat: Float) -> Posts:
    columns = {
        "post_id": ids, "name": names, "kind": kind, "state": state, "units": units, "version": 1, "synthetic": True,
    }  # fmt: skip
    return Posts.of(gpd.GeoDataFrame(columns, geometry=shapely.points(lonlat), crs=4326))
