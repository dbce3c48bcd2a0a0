"""A small coverage that is easy to check by hand."""

from collections.abc import Callable

import geopandas as gpd
import pytest
import shapely

from geo.tables.grids import Grids

Shape = shapely.Polygon | shapely.MultiPolygon
Maker = Callable[..., Grids]


@pytest.fixture
def grids_of() -> Maker:
    """Make a table of general grids A, B, C... from polygons in degrees; ``parents`` are one letter each."""

    def make(*shapes: Shape, parents: str | None = None, kinds: tuple[str, ...] | None = None) -> Grids:
        n = len(shapes)
        columns = {
            "code": [chr(ord("A") + i) for i in range(n)],
            "kind": list(kinds or ["general"] * n),
            "parent_code": list(parents or "p" * n),
        }
        return Grids.of(gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326))

    return make


@pytest.fixture
def four(grids_of: Maker) -> Grids:
    """Return squares A B over C D of 0.01 degrees, with a vertex in the middle of each inner edge."""
    a = shapely.Polygon([(0, 0.01), (0.005, 0.01), (0.01, 0.01), (0.01, 0.015), (0.01, 0.02), (0, 0.02)])
    b = shapely.Polygon([(0.01, 0.01), (0.015, 0.01), (0.02, 0.01), (0.02, 0.02), (0.01, 0.02), (0.01, 0.015)])
    c = shapely.Polygon([(0, 0), (0.01, 0), (0.01, 0.005), (0.01, 0.01), (0.005, 0.01), (0, 0.01)])
    d = shapely.Polygon([(0.01, 0), (0.02, 0), (0.02, 0.01), (0.015, 0.01), (0.01, 0.01), (0.01, 0.005)])
    return grids_of(a, b, c, d)


@pytest.fixture
def pond(grids_of: Maker) -> Grids:
    """Return grid A with a hole that grid B fills, and grid C of two parts beside it."""
    hole = [(0.004, 0.004), (0.004, 0.006), (0.006, 0.006), (0.006, 0.004)]
    a = shapely.Polygon([(0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01)], [hole])
    b = shapely.Polygon(hole)
    c = shapely.MultiPolygon([shapely.box(0.01, 0, 0.02, 0.01), shapely.box(0.03, 0, 0.04, 0.01)])
    return grids_of(a, b, c)


@pytest.fixture
def mesh() -> Maker:
    """Make rows x columns squares of 0.01 degrees at 100 E 25.6 N, numbered in reading order in one community."""

    def make(rows: int, columns: int, *, community: str = "532901001001", west: float = 100.0, **more: object) -> Grids:
        north = 2560 + rows
        shapes = [
            shapely.box(west + j / 100, (north - i - 1) / 100, west + (j + 1) / 100, (north - i) / 100)
            for i in range(rows)
            for j in range(columns)
        ]
        held = {
            "code": [f"{community}{i + 1:03d}" for i in range(len(shapes))],
            "kind": "general",
            "parent_code": community,
            **more,
        }
        return Grids.of(gpd.GeoDataFrame(held, geometry=shapes, crs=4326))

    return make
