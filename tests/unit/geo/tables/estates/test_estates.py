"""Estates, buildings and posts take counts and no persons."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.errors import TableError
from geo.tables.buildings import Buildings
from geo.tables.estates import Estates
from geo.tables.grid_posts import GridPosts
from geo.tables.persons import names_person


def test_estates_are_areas_and_buildings_points() -> None:
    area = gpd.GeoDataFrame({"estate_id": ["E1"], "households": [320]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326)
    assert Estates.of(area).frame["households"].tolist() == [320]
    place = gpd.GeoDataFrame({"building_id": ["B1"], "households": [24]}, geometry=[shapely.Point(0, 0)], crs=4326)
    assert Buildings.of(place).keys == ["B1"]
    with pytest.raises(TableError, match="not Polygon"):
        Estates.of(place.rename(columns={"building_id": "estate_id"}))
    with pytest.raises(TableError, match="below 0"):
        Buildings.of(place.assign(households=-1))


def test_posts_are_counts() -> None:
    posts = GridPosts.of(pd.DataFrame({"post_id": ["1"], "unit_code": ["G"], "role": ["worker"], "filled": [1]}))
    assert posts.frame["holder"].tolist() == [None]
    with pytest.raises(TableError, match="whole number"):
        GridPosts.of(pd.DataFrame({"post_id": ["1"], "unit_code": ["G"], "role": ["worker"], "filled": [0.5]}))


@pytest.mark.parametrize("kind", [Estates, Buildings])
def test_no_column_names_a_person(kind: type[Estates] | type[Buildings]) -> None:
    for column in kind.SPEC.columns:
        assert not names_person(column.name)
        assert not names_person(column.label_zh)
