"""Street corners and roadsides that can be stood at, and how sites are chosen near demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.crs import to_metric
from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.synthetic.faces import which
from geo.synthetic.grids import Ground
from geo.synthetic.lattice import steps
from geo.synthetic.positions import MAIN, StreetPositions, crossings
from geo.synthetic.standing import can_stand
from geo.synthetic.zones import settled

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


NO_STOPPING: Final = ("motorway", "motorway_link")
"""Nobody stands at these."""
VEHICLES: Final = ("response_car", "patrol_car", "motorcycle")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Places on streets where one may stop.

    Attributes
    ----------
    xy : float64[s, 2] metres
    lonlat : float64[s, 2], rounded to 1e-6 degrees
    grid : int64[s], grid of ``Ground``
    main : bool[s], on a main street
    drive, walk : bool[s], vehicles, or walkers, can come from anywhere and leave again
    """

    xy: Float
    lonlat: Float
    grid: Int
    main: Bool
    drive: Bool
    walk: Bool

    def __len__(self) -> int:
        return len(self.xy)

    def where(self, kept: Bool) -> Self:
        """Return the sites that ``kept`` bool[s] marks."""
        return type(self)(
            xy=self.xy[kept],
            lonlat=self.lonlat[kept],
            grid=self.grid[kept],
            main=self.main[kept],
            drive=self.drive[kept],
            walk=self.walk[kept],
        )

    def pick(self, wanted: Float, *, taken: Bool, gap_m: float = 0.0) -> Int:
        """Return for each wanted place float64[w, 2] the nearest site that is not ``taken``, int64[w]; marks it taken.

        With ``gap_m``, the sites around a chosen one are taken too, as far as enough are left.
        """
        tree, out = cKDTree(self.xy), np.empty(len(wanted), dtype=np.int64)
        for row, place in enumerate(wanted):
            near = 16
            while True:
                _, found = tree.query(place, k=min(near, len(self)))
                free = [k for k in np.atleast_1d(found).tolist() if not taken[k]]
                if free or near >= len(self):
                    break
                near *= 4
            chosen = free[0] if free else int(tree.query(place)[1])
            out[row] = chosen
            taken[chosen] = True
            around = tree.query_ball_point(self.xy[chosen], gap_m) if gap_m else []
            if (~taken).sum() - len(around) > 2 * (len(wanted) - row):
                taken[around] = True
        return out


def corners(graph: StreetGraph, ground: Ground, crs: str) -> Sites:
    """Return the crossings of streets where vehicles and walkers can both stop."""
    main_arc = np.isin(graph.road_class, [ROAD_CLASSES.index(name) for name in MAIN])
    main = np.zeros(graph.nodes, dtype=bool)
    main[graph.tails()[main_arc]] = main[graph.heads[main_arc]] = True
    barred = np.isin(graph.road_class, [ROAD_CLASSES.index(name) for name in NO_STOPPING])
    kept = crossings(graph)
    kept[graph.tails()[barred]] = kept[graph.heads[barred]] = False
    sites = _sites(graph, ground, crs, graph.node_lonlat[kept], main[kept])
    return sites.where(sites.drive & sites.walk)


def roadsides(graph: StreetGraph, ground: Ground, positions: StreetPositions) -> Sites:
    """Return every third position along the streets where one may stop, with who can come there."""
    barred = np.isin(positions.road_class, [ROAD_CLASSES.index(name) for name in NO_STOPPING])
    positions = positions.where(~barred & (np.arange(len(positions)) % 3 == 0))
    main = np.isin(positions.road_class, [ROAD_CLASSES.index(name) for name in MAIN])
    sites = _sites(graph, ground, positions.crs, positions.lonlat(), main)
    return sites.where(sites.drive | sites.walk)


def _sites(graph: StreetGraph, ground: Ground, crs: str, lonlat: Float, main: Bool) -> Sites:
    lonlat = np.round(lonlat, 6)
    grid = which(ground.shapes, steps(lonlat))
    inside = grid >= 0
    lonlat, grid, main = lonlat[inside], grid[inside], main[inside]
    drive = np.logical_and.reduce([can_stand(graph, profile, lonlat) for profile in VEHICLES])
    walk = can_stand(graph, "foot", lonlat)
    return Sites(xy=to_metric(lonlat, crs), lonlat=lonlat, grid=grid, main=main, drive=drive, walk=walk)


def demand_centres(demand: Float, count: int, rng: np.random.Generator, *, most: int = 15_000) -> Float:
    """Return ``count`` centres of demand float64[n, 2], dense where demand is dense, float64[count, 2].

    They start at places drawn from the demand itself and are evened by a few Lloyd iterations.
    """
    if len(demand) > most:
        demand = demand[rng.choice(len(demand), size=most, replace=False)]
    seeds = demand[rng.choice(len(demand), size=count, replace=len(demand) < count)]
    return settled(seeds, demand, np.ones(len(demand)), rounds=6)
