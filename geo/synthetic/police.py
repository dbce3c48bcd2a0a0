"""The police tree of the demo city: stations, police areas and police grids as exact unions of grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from geo.synthetic.blocks import dissolve
from geo.synthetic.borders import Borders, shared_segments
from geo.synthetic.grids import COUNTY, Ground
from geo.synthetic.lattice import to_degrees
from geo.synthetic.names import ordinal
from geo.synthetic.parts import contiguous_parts, stays_whole
from geo.synthetic.shares import serials, spread, totals
from geo.synthetic.sizes import Sizes
from geo.synthetic.street_blocks import StreetBlocks
from geo.tables.police_grids import PoliceGrids

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

TRADED: Final = 0.3
"""So many of the blocks along a border of stations belong to the station across."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoliceTree:
    """Police grids with the station that each grid answers to.

    Attributes
    ----------
    station_of_grid : int64[g], index into ``station_names`` for the grids of ``Ground``
    police_grid_of_grid : int64[g], row of ``table`` for the grids of ``Ground``
    """

    table: PoliceGrids
    station_of_grid: Int
    police_grid_of_grid: Int
    station_names: list[str]
    station_codes: list[str]


def draw_police_grids(ground: Ground, *, sizes: Sizes, rng: np.random.Generator | None = None) -> PoliceTree:
    """Group communities to stations and police areas, and grids to police grids, all contiguous and of like population.

    With ``rng`` some blocks along the borders of stations belong to the station across, as where police borders are older
    than the grids: police grids are then unions of blocks, and not all of grids. Codes are made up: 8 digits of the
    station, 2 of the police area, 2 of the police grid.
    """
    towns = ground.communities
    weight = towns.people.astype(float)
    station = contiguous_parts(borders=towns.borders, weight=weight, xy=towns.xy, parts=sizes.stations)
    area = _divide(station, towns.borders, weight, towns.xy, sizes.police_areas)
    grid_area = area[ground.community]
    cell = _divide(grid_area, ground.borders, ground.people.astype(float), ground.xy, sizes.police_grids)
    shapes = dissolve(ground.shapes, cell)
    if rng is not None:
        of_station = station[ground.community[np.unique(cell, return_index=True)[1]]]
        shapes = dissolve(ground.blocks.shapes, _traded(ground.blocks, cell, of_station, rng))
    first = np.unique(cell, return_index=True)[1]
    area_of, station_of = grid_area[first], station[ground.community[first]]
    centre = _centres(cell, ground.xy)
    area_first = np.unique(area, return_index=True)[1]
    area_serial = serials(_centres(area, towns.xy), station[area_first])
    serial = serials(centre, area_of)
    names = _station_names(station, towns.base, towns.people)
    heads = [f"{COUNTY}{51 + s}" for s in range(len(names))]
    rows = list(zip(station_of.tolist(), area_of.tolist(), serial.tolist(), strict=True))
    columns = {
        "code": [f"{heads[s]}{area_serial[a]:02d}{k:02d}" for s, a, k in rows],
        "name": [f"{names[s]}{ordinal(int(area_serial[a]))}区{k}号警格" for s, a, k in rows],
        "area_code": [f"{heads[s]}{area_serial[a]:02d}00" for s, a, _ in rows],
        "area_name": [f"{names[s]}派出所第{ordinal(int(area_serial[a]))}警务区" for s, a, _ in rows],
        "station_code": [f"{heads[s]}0000" for s, _, _ in rows],
        "station_name": [f"{names[s]}派出所" for s, _, _ in rows],
        "version": 1,
        "synthetic": True,
    }
    frame = gpd.GeoDataFrame(columns, geometry=to_degrees(shapes), crs=4326)
    order = np.argsort(frame["code"].to_numpy(dtype=str))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return PoliceTree(
        table=PoliceGrids.of(frame.iloc[order]),
        station_of_grid=station[ground.community],
        police_grid_of_grid=rank[cell],
        station_names=[f"{name}派出所" for name in names],
        station_codes=[f"{head}0000" for head in heads],
    )


def _traded(blocks: StreetBlocks, cell: Int, of_station: Int, rng: np.random.Generator) -> Int:
    """Return the police grid of each block: that of its grid, but for some at the borders of stations."""
    near = [sorted(row) for row in shared_segments(blocks.shapes).borders().neighbours(len(blocks.shapes))]
    part = cell[blocks.grid]
    left = np.bincount(blocks.grid)
    for block in rng.permutation(len(part)).tolist():
        home = of_station[part[block]]
        across = [other for other in near[block] if of_station[part[other]] != home]
        # A grid keeps a block of its own, and no police grid falls apart.
        if not across or left[blocks.grid[block]] < 2 or rng.random() > TRADED or not stays_whole(near, part, block):
            continue
        part[block] = part[across[0]]
        left[blocks.grid[block]] -= 1
    return part


def _divide(group: Int, borders: Borders, weight: Float, xy: Float, parts: int) -> Int:
    """Divide every group into contiguous parts, ``parts`` in all; returns the part of each member."""
    count = int(group.max()) + 1
    quota = spread(max(parts, count), totals(group, weight, count))
    quota = np.minimum(quota, np.bincount(group, minlength=count))
    out = np.zeros(len(group), dtype=np.int64)
    done = 0
    for index in range(count):
        mine = np.flatnonzero(group == index)
        place = np.full(len(group), -1, dtype=np.int64)
        place[mine] = np.arange(len(mine))
        kept = (place[borders.left] >= 0) & (place[borders.right] >= 0)
        inner = Borders(left=place[borders.left[kept]], right=place[borders.right[kept]], length=borders.length[kept])
        out[mine] = done + contiguous_parts(borders=inner, weight=weight[mine], xy=xy[mine], parts=int(quota[index]))
        done += int(quota[index])
    return np.unique(out, return_inverse=True)[1].astype(np.int64)


def _centres(part: Int, xy: Float) -> Float:
    size = np.bincount(part)
    return np.stack([np.bincount(part, weights=xy[:, k]) / size for k in (0, 1)], axis=1)


def _station_names(station: Int, base: list[str], people: Int) -> list[str]:
    """Name each station after its most populous community."""
    out: list[str] = []
    for index in range(int(station.max()) + 1):
        mine = np.flatnonzero(station == index)
        out.append(base[int(mine[people[mine].argmax()])])
    return out
