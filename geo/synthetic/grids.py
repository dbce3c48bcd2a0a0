"""The administrative tree of the demo city: towns, communities, grids, on real streets with made-up codes and names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.streets.graph import StreetGraph
from geo.synthetic.blocks import dissolve, merge_faces, smooth
from geo.synthetic.borders import Borders, shared_segments
from geo.synthetic.faces import Faces, settle, street_faces, street_lines
from geo.synthetic.lattice import STEPS_PER_DEGREE, Shapes, as_points, square_metres, to_degrees
from geo.synthetic.names import SPECIAL_KINDS, bases, unique
from geo.synthetic.parts import contiguous_parts
from geo.synthetic.positions import StreetPositions
from geo.synthetic.shares import apportion, serials, totals
from geo.synthetic.sizes import Sizes
from geo.synthetic.street_blocks import StreetBlocks, street_blocks
from geo.synthetic.zones import Zones
from geo.tables.blocks import Blocks
from geo.tables.communities import Communities as CommunityAreas
from geo.tables.grids import Grids

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

COUNTY: Final = "999001"
"""A county code that GB/T 2260 does not give to anybody."""
VALID_FROM: Final = datetime(2024, 12, 31, 16, tzinfo=UTC)
PEOPLE_PER_HOUSEHOLD: Final = 2.8
VILLAGE_DENSITY: Final = 400.0
"""Communities with fewer people per km2 are villages (村); towns where these are the most are 镇."""
FIRST_SPECIAL: Final = 901
"""Special grids are numbered from here within their community."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Communities:
    """Villages and communities, one for each zone.

    Attributes
    ----------
    base, name, code : list of str[z], two characters, full name, 12 digits
    town_name : list of str[z], name of the town or street above
    people : int64[z]
    xy : float64[z, 2], centres in plane metres
    borders : which touch
    """

    base: list[str]
    name: list[str]
    code: list[str]
    town_name: list[str]
    people: Int
    xy: Float
    borders: Borders


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """General grids as arrays, for whatever stands on them.

    Attributes
    ----------
    shapes : Polygon[g] in lattice steps, a valid coverage
    community : int64[g], index into ``communities``
    people : int64[g]
    xy : float64[g, 2], centres in plane metres
    borders : which touch
    code : list of str[g]
    blocks : the land between streets of which the grids are made
    """

    table: Grids
    shapes: Shapes
    community: Int
    people: Int
    xy: Float
    borders: Borders
    code: list[str]
    communities: Communities
    blocks: StreetBlocks

    def community_shapes(self) -> Shapes:
        """Return the outlines of the communities in lattice steps: the unions of their grids."""
        return dissolve(self.shapes, self.community)

    def community_table(self) -> CommunityAreas:
        """Return the communities as a table."""
        held = self.communities
        homes = np.bincount(self.community[self.blocks.grid], weights=self.blocks.households, minlength=len(held.code))
        columns = {
            "code": held.code,
            "name": held.name,
            "town_name": held.town_name,
            "population": held.people.astype(float),
            "households": homes,
            "version": 1,
            "synthetic": True,
        }
        frame = gpd.GeoDataFrame(columns, geometry=to_degrees(self.community_shapes()), crs=4326)
        return CommunityAreas.of(frame.sort_values("code", ignore_index=True))

    def block_table(self) -> Blocks:
        """Return the blocks as a table."""
        return self.blocks.table(self.code, self.communities.code, self.communities.name, self.community)


def plane(shapes: Shapes) -> Float:
    """Return centres of lattice shapes in metres on a plane, float64[n, 2]; for ordering and nearness only."""
    centre = shapely.get_coordinates(shapely.centroid(shapes))
    metre = 111_320.0 / STEPS_PER_DEGREE
    return np.asarray(centre * metre * np.array([np.cos(np.radians(_latitude(shapes))), 1.0]), dtype=np.float64)


def _latitude(shapes: Shapes) -> float:
    low, high = shapely.total_bounds(shapes)[[1, 3]]
    return float(low + high) / 2 / STEPS_PER_DEGREE


def draw_grids(
    graph: StreetGraph, positions: StreetPositions, zones: Zones, *, sizes: Sizes, rng: np.random.Generator
) -> Ground:
    """Divide every zone into grids along its streets and give codes, names, people and households.

    A zone is one community; general grids tile it exactly on the lattice. People live along residential streets,
    households are 2.8 people; both add up to the zone's. Special grids lie on top and carry no people.
    """
    people = settle(zones, positions)
    faces = street_faces(zones, street_lines(graph), people, most_people=1.5 * sizes.people_per_grid)
    group = merge_faces(faces, street_lines(graph, main_only=True), target=sizes.people_per_grid)
    # Smoothed before they are joined, so that the blocks of a grid make it up vertex for vertex.
    pieces = smooth(faces.shapes)
    shapes = dissolve(pieces, group)
    community = np.zeros(len(shapes), dtype=np.int64)
    community[group] = faces.zone
    communities = _communities(zones, sizes, rng)
    count = apportion(zones.people, community, totals(group, faces.people, len(shapes)))
    homes = np.rint(zones.people / PEOPLE_PER_HOUSEHOLD).astype(np.int64)
    households = apportion(homes, community, count.astype(float))
    serial = serials(plane(shapes), community)
    # In the order of the codes, so that the lowest index at a shared border is the lowest code.
    order = np.lexsort((serial, np.array(communities.code)[community]))
    shapes, community, serial = shapes[order], community[order], serial[order]
    count, households = count[order], households[order]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    blocks = street_blocks(pieces, rank[group], faces.people, count=count, households=households)
    code = [f"{communities.code[c]}{s:03d}" for c, s in zip(community.tolist(), serial.tolist(), strict=True)]
    name = [f"{communities.name[c]}第{s}网格" for c, s in zip(community.tolist(), serial.tolist(), strict=True)]
    general = _rows(to_degrees(shapes), code, name, "general", community, communities)
    general["population"], general["households"] = count.astype(float), households.astype(float)
    special = _special_grids(faces, communities, sizes, rng)
    frame = pd.concat([general, special], ignore_index=True).sort_values("code", ignore_index=True)
    return Ground(
        table=Grids.of(gpd.GeoDataFrame(frame, geometry="geometry", crs=4326)),
        shapes=shapes,
        community=community,
        people=count,
        xy=plane(shapes),
        borders=shared_segments(shapes).borders(),
        code=code,
        communities=communities,
        blocks=blocks,
    )


def _rows(
    shapes: Shapes, code: list[str], name: list[str], kind: str, community: Int, communities: Communities
) -> gpd.GeoDataFrame:
    where = community.tolist()
    columns = {
        "code": code,
        "name": name,
        "kind": kind,
        "parent_code": [communities.code[c] for c in where],
        "parent_name": [communities.name[c] for c in where],
        "population": np.nan,
        "households": np.nan,
        "valid_from": pd.Timestamp(VALID_FROM),
        "version": 1,
        "synthetic": True,
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)


def _communities(zones: Zones, sizes: Sizes, rng: np.random.Generator) -> Communities:
    xy = plane(zones.shapes)
    # Zone borders are shared vertex for vertex only after noding, so the noded pieces are compared.
    borders = _touching(zones.shapes)
    people = zones.people
    density = people / (square_metres(zones.shapes, _latitude(zones.shapes)) / 1e6)
    village = density < VILLAGE_DENSITY
    town = contiguous_parts(borders=borders, weight=people.astype(float), xy=xy, parts=sizes.towns)
    rural = np.bincount(town, weights=village) * 2 > np.bincount(town)
    rank = np.empty(len(rural), dtype=np.int64)
    for kind in (False, True):
        mine = np.flatnonzero(rural == kind)
        rank[mine] = np.arange(1, len(mine) + 1) + (99 if kind else 0)
    serial = serials(xy, town * 2 + village)
    number = serial + np.where(village, 199, 0)
    base = bases(rng, len(zones))
    name = [f"{b}{'村' if v else '社区'}" for b, v in zip(base, village.tolist(), strict=True)]
    code = [f"{COUNTY}{rank[t]:03d}{n:03d}" for t, n in zip(town.tolist(), number.tolist(), strict=True)]
    towns = [_largest(base, people, town == t) + ("镇" if rural[t] else "街道") for t in range(len(rural))]
    above = [towns[t] for t in town.tolist()]
    return Communities(base=base, name=name, code=code, town_name=above, people=people, xy=xy, borders=borders)


def _largest(base: list[str], people: Int, mine: npt.NDArray[np.bool_]) -> str:
    """Return the name of the community with the most people."""
    rows = np.flatnonzero(mine)
    return base[int(rows[people[rows].argmax()])]


def _touching(shapes: Shapes) -> Borders:
    lines = shapely.union_all(shapely.boundary(shapes), grid_size=1)
    pieces = np.asarray(shapely.get_parts(shapely.polygonize([lines])), dtype=object)
    inner = as_points(shapely.get_coordinates(shapely.point_on_surface(pieces)))
    area, piece = shapely.STRtree(inner).query(shapes, predicate="contains")
    owner = np.full(len(pieces), -1, dtype=np.int64)
    owner[piece] = area
    kept = owner >= 0
    return shared_segments(pieces[kept]).borders().grouped(owner[kept])


def _special_grids(faces: Faces, communities: Communities, sizes: Sizes, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Take single blocks of 0.8 to 12 hectares, eight metres inside their streets, one to a community."""
    area = square_metres(faces.shapes, _latitude(faces.shapes))
    round_enough = np.asarray(shapely.length(faces.shapes)) ** 2 < 30 * np.asarray(shapely.area(faces.shapes))
    fit = np.flatnonzero((area > 8_000) & (area < 120_000) & round_enough)
    chosen: dict[int, int] = {}
    for face in rng.permutation(fit).tolist():
        if len(chosen) == sizes.special_grids:
            break
        inside = shapely.transform(shapely.buffer(faces.shapes[face], -800.0, join_style="mitre"), np.rint)
        if inside.geom_type == "Polygon" and inside.is_valid and not inside.is_empty:
            chosen.setdefault(int(faces.zone[face]), face)
    zone = np.array(sorted(chosen), dtype=np.int64)
    rows = np.array([chosen[z] for z in zone.tolist()], dtype=np.int64)
    inset = shapely.transform(shapely.buffer(faces.shapes[rows], -800.0, join_style="mitre"), np.rint)
    kinds = [SPECIAL_KINDS[k % len(SPECIAL_KINDS)] for k in rng.permutation(len(rows)).tolist()]
    name = unique([f"{communities.base[z]}{kind}专属网格" for z, kind in zip(zone.tolist(), kinds, strict=True)])
    code = [f"{communities.code[z]}{FIRST_SPECIAL:03d}" for z in zone.tolist()]
    return _rows(to_degrees(np.asarray(inset, dtype=object)), code, name, "special", zone, communities)
