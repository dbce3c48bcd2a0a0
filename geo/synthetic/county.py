"""A made-up county or province of nested grids, as large as real ones, under made-up or given codes and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.errors import FieldError, ParameterError
from geo.grids.layout import UNIT15
from geo.grids.numbering import mint
from geo.grids.tree import Tree
from geo.grids.tree_sources import administrative_tree
from geo.synthetic.mesh import Mesh, divided, draw_mesh, outlines
from geo.synthetic.names import bases
from geo.synthetic.shares import spread
from geo.tables.grids import Grids

Ints = npt.NDArray[np.int64]

PROVINCE_GRIDS: Final = 392_000
"""Grids of a large province."""
COUNTY_GRIDS: Final = 11_683
"""Grids of a large county."""
_LEADS: Final = (2, 4, 6, 9, 12)
"""Leading digits of a 12-digit code that tell the units of each level apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticLand:
    """Grids that tile a piece of land without gap or overlap, and the tree above them.

    Attributes
    ----------
    grids : general grids on the lattice of 1e-7 degrees, in code order
    communities : 12-digit codes, sorted
    names : names by code of communities and the units above
    """

    grids: Grids
    communities: tuple[str, ...]
    names: Mapping[str, str]

    def tree(self, *, top: str = "county") -> Tree:
        """Return the administrative tree from a level down to the grids."""
        return administrative_tree(self.communities, names=self.names, grids=self.grids, top=top)

    def points(self, count: int, *, seed: int, outside: float = 0.001) -> npt.NDArray[np.float64]:
        """Return seeded points float64[count, 2] degrees on the lattice: near grids' middles, evenly, and some outside.

        Half of them crowd around a random tenth of the grids, as calls do; a share ``outside`` lies off the land.
        """
        rng = np.random.default_rng(seed)
        bounds = shapely.bounds(np.asarray(self.grids.frame.geometry.array, dtype=object))
        low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
        places = rng.uniform(low, high, (count, 2))
        crowded = rng.choice(len(bounds), max(1, len(bounds) // 10), replace=False)
        near = rng.choice(crowded, count // 2)
        spread_ = rng.normal(size=(len(near), 2)) * (bounds[near, 2:] - bounds[near, :2]) / 2
        places[: len(near)] = (bounds[near, :2] + bounds[near, 2:]) / 2 + spread_
        off = rng.choice(count, round(outside * count), replace=False)
        places[off] += [high[0] - low[0] + 0.1, 0.0]
        return np.asarray(np.rint(rng.permutation(places) * 1e7) / 1e7, dtype=np.float64)


def synthetic_land(
    communities: Sequence[str],
    *,
    grids: int,
    seed: int,
    names: Mapping[str, str] | None = None,
    west: float = 99.0,
    south: float = 22.0,
    grid_km2: float = 1.0,
    detail: int = 6,
    band_m: float = 500.0,
) -> SyntheticLand:
    """Tile a piece of land with grids nested under the given 12-digit codes.

    Every unit of every level is a piece of land without gaps whose parts carry its code. Grids differ in size by up
    to ten times and in number from community to community; serials run in reading order. The same arguments give the
    same bytes.

    Parameters
    ----------
    grid_km2
        Mean area of a grid.
    detail
        Mean number of vertices on a side of a grid.

    Raises
    ------
    FieldError
        If a code is not one of a village or community, or occurs twice.
    ParameterError
        If there are fewer grids than communities, or more than their serials hold.
    """
    codes = sorted(str(code) for code in communities)
    _require(codes, grids)
    rng = np.random.default_rng(seed)
    per = _numbers_of_grids(len(codes), grids, rng)
    owner = np.repeat(np.arange(len(codes)), per)
    size = rng.gamma(6.0, 1.0, len(codes))[owner] * rng.uniform(0.6, 1.4, grids)
    size = np.clip(size / size.mean(), 0.25, 4.0)
    cells = grids * detail * detail
    rows = max(detail, round(float(np.sqrt(cells / 1.2))))
    columns = max(detail, -(-cells // rows))
    cell_m = 1000.0 * float(np.sqrt(grid_km2)) / detail
    mesh: Mesh = draw_mesh(columns=columns, rows=rows, west=west, south=south, cell_m=cell_m, rng=rng)
    shapes = outlines(mesh, divided(columns, rows, size, _borders(codes, owner, grids)))
    spaces = [codes[k] for k in owner.tolist()]
    minted = mint(spaces, shapely.get_coordinates(shapely.centroid(shapes)), layout=UNIT15, band_m=band_m)
    held = dict(names or {})
    people = rng.poisson(300.0, grids)
    order = np.argsort(np.array(minted, dtype=np.str_))
    frame = gpd.GeoDataFrame(
        {
            "code": [minted[k] for k in order.tolist()],
            "name": [f"{held.get(spaces[k], '')}第{int(minted[k][12:])}网格" for k in order.tolist()],
            "kind": "general",
            "parent_code": [spaces[k] for k in order.tolist()],
            "parent_name": [held.get(spaces[k]) for k in order.tolist()],
            "population": people[order].astype(np.float64),
            "households": np.rint(people[order] / 2.8),
            "valid_from": pd.Timestamp("2024-12-31T16:00:00Z"),
            "version": 1,
            "synthetic": True,
        },
        geometry=shapes[order],
        crs=4326,
    )
    return SyntheticLand(grids=Grids.of(frame), communities=tuple(codes), names=held)


def synthetic_county(*, grids: int = COUNTY_GRIDS, seed: int = 0, villages: int | None = None) -> SyntheticLand:
    """Return a made-up county; by default as many grids as a large one has, 43 to a village."""
    made = max(1, grids // 43) if villages is None else villages
    codes, names = _made_up(1, 1, max(1, made // 16), made, np.random.default_rng(seed))
    return synthetic_land(codes, grids=grids, seed=seed, names=names, west=107.2, south=32.9, grid_km2=0.27)


def synthetic_province(*, grids: int = PROVINCE_GRIDS, seed: int = 0) -> SyntheticLand:
    """Return a made-up province; by default 392,000 grids in 129 counties, about 1,400 towns and 14,500 villages."""
    villages = max(1, grids // 27)
    counties = max(1, round(villages / 113))
    codes, names = _made_up(
        max(1, round(counties / 8)), counties, max(counties, villages // 10), villages, np.random.default_rng(seed)
    )
    return synthetic_land(codes, grids=grids, seed=seed, names=names)


def _require(codes: Sequence[str], grids: int) -> None:
    if not codes or grids < len(codes):
        raise ParameterError(
            f"{grids} grids do not suffice for {len(codes)} communities; each needs one",
            f"{grids} 个网格不足以分给 {len(codes)} 个村（社区），每个至少一个",
        )
    if grids > 600 * len(codes):
        raise ParameterError(
            f"{grids} grids are too many for {len(codes)} communities of 999 serials each",
            f"{grids} 个网格对 {len(codes)} 个村（社区）过多，每个最多 999 个顺序号",
        )
    doubled = [b for a, b in pairwise(codes) if a == b]
    if doubled:
        raise FieldError(f"Community {doubled[0]} occurs twice", f"村（社区）{doubled[0]} 重复", rows=doubled)
    for code in codes:
        wrong = UNIT15.problem(code + "001")
        if wrong is not None:
            raise FieldError(f"Community {code!r}: {wrong[0]}", f"村（社区）“{code}”：{wrong[1]}", rows=[code])


def _numbers_of_grids(communities: int, grids: int, rng: np.random.Generator) -> Ints:
    weight = np.clip(rng.gamma(3.0, 1.0, communities), 0.3, None)
    # The largest share stays below 999 serials.
    weight = np.minimum(weight, 1.6 * weight.mean() if grids > 250 * communities else weight.max())
    return spread(grids, weight)


def _borders(codes: Sequence[str], owner: Ints, grids: int) -> npt.NDArray[np.int8]:
    border = np.full(grids, len(_LEADS), dtype=np.int8)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    levels = [0]
    for a, b in pairwise(codes):
        levels.append(next(k for k, lead in enumerate(_LEADS) if a[:lead] != b[:lead]))
    border[first] = np.array(levels, dtype=np.int8)
    return border


def _made_up(
    prefectures: int, counties: int, towns: int, villages: int, rng: np.random.Generator
) -> tuple[list[str], dict[str, str]]:
    """Return codes and names of villages in a province 99, a number that GB/T 2260 gives to nobody."""
    names = {"990000": "合成省"}
    of_prefecture = spread(counties, rng.uniform(0.5, 1.5, prefectures))
    of_county = spread(towns, rng.uniform(0.5, 1.5, counties))
    of_town = spread(villages, rng.uniform(0.5, 1.5, towns))
    words = bases(rng, prefectures + counties + towns + villages)[::-1]
    codes: list[str] = []
    county = town = 0
    for p in range(1, prefectures + 1):
        names[f"99{p:02d}00"] = words.pop() + "市"
        for c in range(1, int(of_prefecture[p - 1]) + 1):
            names[head := f"99{p:02d}{c:02d}"] = words.pop() + "县"
            for t in range(100, 100 + int(of_county[county])):
                names[place := f"{head}{t:03d}"] = words.pop() + "镇"
                for v in range(200, 200 + int(of_town[town])):
                    names[code := f"{place}{v:03d}"] = words.pop() + "村"
                    codes.append(code)
                town += 1
            county += 1
    return codes, names
