"""Housing of the demo city: estates between streets, their buildings, and how many households live where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.synthetic.borders import shared_segments
from geo.synthetic.grids import PEOPLE_PER_HOUSEHOLD, Ground
from geo.synthetic.lattice import STEPS_PER_DEGREE, Shapes, as_points, square_metres, to_degrees
from geo.synthetic.names import unique
from geo.synthetic.shares import apportion
from geo.tables.buildings import Buildings
from geo.tables.estates import Estates

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

ENDINGS: Final = ("花园", "家园", "小区", "新村", "苑", "雅居", "公寓", "华庭")
DENSE: Final = 2_000.0
"""Estates stand in blocks with at least so many people per km2."""
LEAST_M2: Final = 4_000.0
MOST_M2: Final = 90_000.0
SETBACK_STEPS: Final = 600.0
"""Their walls stand about six metres from the middle of the street."""
DOUBLE_SHARE: Final = 0.06
"""So many estates reach over a street into the next block, whichever grid it is in: those are what a check finds."""
LEAST_PEOPLE: Final = 60
HOMES_A_BUILDING: Final = 8
MOST_BUILDINGS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Housing:
    """Estates and their buildings."""

    estates: Estates
    buildings: Buildings


def draw_estates(ground: Ground, *, count: int, rng: np.random.Generator) -> Housing:
    """Place up to ``count`` estates in dense blocks, most in one block and some over two, with buildings inside.

    The households of an estate are those of its blocks; buildings share them out exactly.
    """
    blocks = ground.blocks
    latitude = float(shapely.total_bounds(blocks.shapes)[[1, 3]].mean()) / STEPS_PER_DEGREE
    area = square_metres(blocks.shapes, latitude)
    compact = np.asarray(shapely.length(blocks.shapes)) ** 2 < 30 * np.asarray(shapely.area(blocks.shapes))
    fit = (area >= LEAST_M2) & (area <= MOST_M2) & compact & (blocks.people / area * 1e6 >= DENSE)
    fit &= blocks.people >= LEAST_PEOPLE
    chosen = rng.permutation(np.flatnonzero(fit))[:count]
    members = _members(blocks.shapes, chosen, fit, rng)
    walls = np.array([_walled(blocks.shapes[rows]) for rows in members], dtype=object)
    built = np.array([shape is not None for shape in walls], dtype=bool)
    members = [rows for rows, kept in zip(members, built.tolist(), strict=True) if kept]
    walls = walls[built]
    people = np.array([blocks.people[rows].sum() for rows in members], dtype=np.int64)
    homes = np.maximum(np.rint(people / PEOPLE_PER_HOUSEHOLD), 1).astype(np.int64)
    first = np.array([rows[0] for rows in members], dtype=np.int64)
    base = [ground.communities.base[c] for c in ground.community[blocks.grid[first]].tolist()]
    ending = rng.integers(0, len(ENDINGS), len(members))
    name = unique([f"{b}{ENDINGS[k]}" for b, k in zip(base, ending.tolist(), strict=True)])
    order = np.lexsort((np.arange(len(members)), first))
    places, owner = _buildings(walls[order], homes[order], rng)
    key = [f"XQ{k + 1:04d}" for k in range(len(order))]
    estates = {
        "estate_id": key,
        "name": [name[k] for k in order.tolist()],
        "households": homes[order],
        "population": people[order],
        "buildings": np.bincount(owner, minlength=len(order)),
        "grid_code": [ground.code[g] for g in blocks.grid[first[order]].tolist()],
        "version": 1,
        "synthetic": True,
    }
    return Housing(
        estates=Estates.of(gpd.GeoDataFrame(estates, geometry=to_degrees(walls[order]), crs=4326)),
        buildings=_table(places, owner, key, homes[order], people[order], rng),
    )


def _members(shapes: Shapes, chosen: Int, fit: npt.NDArray[np.bool_], rng: np.random.Generator) -> list[Int]:
    """Return the blocks of each estate; a block belongs to one."""
    near = shared_segments(shapes).borders().neighbours(len(shapes))
    taken = np.zeros(len(shapes), dtype=bool)
    taken[chosen] = True
    double = rng.random(len(chosen)) < DOUBLE_SHARE
    out = []
    for block, wanted in zip(chosen.tolist(), double.tolist(), strict=True):
        rows = [block]
        beside = sorted((k for k in near[block] if fit[k] and not taken[k]), key=lambda k, at=block: (-near[at][k], k))  # type: ignore[misc]
        if wanted and beside:
            rows.append(beside[0])
            taken[beside[0]] = True
        out.append(np.array(rows, dtype=np.int64))
    return out


def _walled(blocks: Shapes) -> shapely.Polygon | None:
    """Return the land inside the streets around some blocks, on the lattice; None where too little is left."""
    land = shapely.coverage_union_all(blocks)
    inside = shapely.transform(shapely.buffer(land, -SETBACK_STEPS, join_style="mitre"), np.rint)
    whole = int(shapely.get_type_id(inside)) == shapely.GeometryType.POLYGON
    return inside if whole and inside.is_valid and inside.area > 0.3 * land.area else None


def _buildings(walls: Shapes, homes: Int, rng: np.random.Generator) -> tuple[Float, Int]:
    """Return places float64[b, 2] in rows inside each estate, and the estate of each."""
    places, owner = [], []
    wanted = np.clip(np.rint(homes / HOMES_A_BUILDING), 1, MOST_BUILDINGS).astype(np.int64)
    for row, (shape, number) in enumerate(zip(walls, wanted.tolist(), strict=True)):
        west, south, east, north = shape.bounds
        step = float(np.sqrt(shape.area / (2 * number)))
        x, y = np.meshgrid(np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step))
        mesh = np.column_stack([x.ravel(), y.ravel()])
        mesh = np.rint(mesh[shapely.contains_xy(shape, mesh)])
        if not len(mesh):
            mesh = np.rint(shapely.get_coordinates(shapely.point_on_surface(shape)))
        picked = np.sort(rng.permutation(len(mesh))[:number])
        places.append(mesh[picked])
        owner.append(np.full(len(picked), row, dtype=np.int64))
    if not places:
        return np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    return np.concatenate(places), np.concatenate(owner)


def _table(places: Float, owner: Int, key: list[str], homes: Int, people: Int, rng: np.random.Generator) -> Buildings:
    weight = rng.uniform(0.6, 1.4, len(owner))
    in_each, souls = (apportion(total, owner, weight) for total in (homes, people))
    turn = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    columns = {
        "building_id": [f"{key[e]}-{k:02d}" for e, k in zip(owner.tolist(), turn.tolist(), strict=True)],
        "name": [f"{k}号楼" for k in turn.tolist()],
        "estate_id": [key[e] for e in owner.tolist()],
        "households": in_each,
        "population": souls,
        "floors": np.clip(np.ceil(in_each / 4), 1, 33).astype(np.int64),
        "version": 1,
        "synthetic": True,
    }
    return Buildings.of(gpd.GeoDataFrame(columns, geometry=as_points(places / STEPS_PER_DEGREE), crs=4326))
