"""Blocks of the demo city: the land between its streets, nested in the grids vertex for vertex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.synthetic.blocks import dissolve
from geo.synthetic.borders import shared_segments
from geo.synthetic.lattice import STEPS_PER_DEGREE, Shapes, square_metres, to_degrees
from geo.synthetic.shares import apportion, serials, totals
from geo.tables.blocks import Blocks

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

LEAST_M2: Final = 300.0
"""Islands between carriageways and the like belong to the block beside them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetBlocks:
    """Blocks that tile the grids.

    Attributes
    ----------
    shapes : Polygon[b] in lattice steps; those of a grid make it up exactly
    grid : int64[b], index of the grid
    people, households : int64[b], adding up to those of each grid
    """

    shapes: Shapes
    grid: Int
    people: Int
    households: Int

    def table(self, grids: Sequence[str], communities: Sequence[str], names: Sequence[str], of_grid: Int) -> Blocks:
        """Return the table: numbered in each community from north-west to south-east, in the order of codes.

        ``of_grid`` is the community of each grid, ``communities`` and ``names`` their codes and names.
        """
        community = of_grid[self.grid]
        serial = serials(shapely.get_coordinates(shapely.centroid(self.shapes)), community)
        code = [f"{communities[c]}B{k:04d}" for c, k in zip(community.tolist(), serial.tolist(), strict=True)]
        columns = {
            "code": code,
            "name": [f"{names[c]}第{k}街区" for c, k in zip(community.tolist(), serial.tolist(), strict=True)],
            "grid_code": [grids[g] for g in self.grid.tolist()],
            "population": self.people.astype(float),
            "households": self.households.astype(float),
            "version": 1,
            "synthetic": True,
        }
        frame = gpd.GeoDataFrame(columns, geometry=to_degrees(self.shapes), crs=4326)
        return Blocks.of(frame.sort_values("code", ignore_index=True))


def street_blocks(shapes: Shapes, grid: Int, people: Float, *, count: Int, households: Int) -> StreetBlocks:
    """Make blocks of street faces: specks join a neighbour of their grid; people of each grid are shared out exactly.

    Parameters
    ----------
    shapes, grid, people
        Faces in lattice steps, the grid of each, and how many live in each before rounding.
    count, households : int64[g]
        People and households of each grid.
    """
    group = _without_specks(shapes, grid)
    first = np.unique(group, return_index=True)[1]
    of_grid = grid[first]
    weight = totals(group, people, len(first))
    return StreetBlocks(
        shapes=dissolve(shapes, group),
        grid=of_grid,
        people=apportion(count, of_grid, weight),
        households=apportion(households, of_grid, weight),
    )


def _without_specks(shapes: Shapes, grid: Int) -> Int:
    """Return the block of each face, int64[f], numbered from 0."""
    latitude = float(shapely.total_bounds(shapes)[[1, 3]].mean()) / STEPS_PER_DEGREE
    area = square_metres(shapes, latitude)
    near = shared_segments(shapes).borders().neighbours(len(shapes))
    owner = np.arange(len(shapes))
    for face in np.argsort(area, kind="stable").tolist():
        if area[face] >= LEAST_M2:
            break
        beside = [k for k in near[face] if grid[k] == grid[face]]
        if beside:
            owner[face] = min(beside, key=lambda k, at=face: (-near[at][k], k))  # type: ignore[misc]
    while (owner[owner] != owner).any():
        # Two specks that chose each other are one.
        loop = (owner[owner] == np.arange(len(owner))) & (owner > np.arange(len(owner)))
        owner[loop] = np.flatnonzero(loop)
        owner = owner[owner]
    return np.unique(owner, return_inverse=True)[1].astype(np.int64)
