"""A table refuses each breach, all at once, naming the rows, in both languages."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import FrameError, TableError
from geo.tables.calls import Calls
from geo.tables.grids import Grids
from geo.tables.points import Points
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts


def posts(**changes: object) -> gpd.GeoDataFrame:
    columns: dict[str, object] = {
        "post_id": ["a", "b"],
        "name": ["东关", "西关"],
        "kind": ["station", "kiosk"],
        "state": ["fixed", "candidate"],
    }
    geometry = changes.pop("geometry", [shapely.Point(109.0, 34.2), shapely.Point(109.1, 34.3)])
    columns.update(changes)
    return gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4326")


def test_a_good_table_is_normalised() -> None:
    table = Posts.of(posts(extra=[1, 2]))
    assert table.keys == ["a", "b"]
    assert "extra" not in table.frame.columns
    assert table.frame["units"].isna().all()
    assert table.frame.crs == "EPSG:4326"


@pytest.mark.parametrize(
    ("changes", "en", "zh"),
    [
        ({"post_id": ["a", "a"]}, "post_id: not unique (a, a)", "编号重复（a, a）"),
        ({"kind": ["station", "castle"]}, "kind: not one of station, street_post, kiosk (b)", "类型不在可选值"),
        ({"name": ["x", None]}, "name: empty (b)", "名称为空（b）"),
        ({"units": [1, -2]}, "units: below 0 (b)", "警力（组）小于 0（b）"),
        ({"units": [1, 1.5]}, "units: not a whole number (b)", "警力（组）不是整数（b）"),
        ({"units": ["x", 1]}, "units: not a finite number (a)", "警力（组）不是有效数字（a）"),
        ({"units": [np.inf, 1]}, "units: not a finite number (a)", "警力（组）不是有效数字（a）"),
        ({"geometry": [shapely.Point(1, 2), None]}, "no geometry (b)", "没有几何（b）"),
        ({"geometry": [shapely.Point(1, 2), shapely.Point()]}, "no geometry (b)", "没有几何（b）"),
        (
            {"geometry": [shapely.box(0, 0, 1, 1), shapely.Point(1, 1)]},
            "geometry is not Point (a)",
            "几何类型不是 Point（a）",
        ),
        ({"geometry": [shapely.Point(np.nan, 2), shapely.Point(1, 1)]}, "(a)", "（a）"),
        ({"geometry": [shapely.Point(34, 109), shapely.Point(34, 108)]}, "swapped", "颠倒"),
    ],
)
def test_each_breach_is_refused_with_its_row(changes: dict[str, object], en: str, zh: str) -> None:
    with pytest.raises(TableError) as caught:
        Posts.of(posts(**changes))
    assert en in caught.value.en
    assert zh in caught.value.zh


def test_all_breaches_come_together() -> None:
    with pytest.raises(TableError) as caught:
        Posts.of(posts(post_id=["a", "a"], kind=["x", "y"], name=[None, None]))
    assert len(caught.value.breaches) == 3


def test_a_missing_field_is_named() -> None:
    with pytest.raises(TableError, match="missing fields kind") as caught:
        Posts.of(posts().drop(columns=["kind"]))
    assert "类型（kind）" in caught.value.zh


def test_a_layer_without_a_frame_is_refused() -> None:
    with pytest.raises(FrameError, match="frame"):
        Posts.of(posts().set_crs(None, allow_override=True))


def test_another_frame_becomes_lonlat() -> None:
    table = Posts.of(posts().to_crs("EPSG:32649"))
    assert table.frame.geometry.iloc[0].x == pytest.approx(109.0, abs=1e-9)


def test_a_self_crossing_polygon_is_refused_with_the_place() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    frame = gpd.GeoDataFrame({"code": ["g"], "kind": ["general"]}, geometry=[bow], crs="EPSG:4326")
    with pytest.raises(TableError, match=r"Self-intersection\[0\.5 0\.5\]"):
        Grids.of(frame)


def test_only_five_rows_are_named() -> None:
    frame = gpd.GeoDataFrame(
        {"code": [str(i) for i in range(9)], "kind": ["odd"] * 9},
        geometry=[shapely.box(0, 0, 1, 1)] * 9,
        crs="EPSG:4326",
    )
    with pytest.raises(TableError, match="0, 1, 2, 3, 4 and 4 more") as caught:
        Grids.of(frame)
    assert "等 9 行" in caught.value.zh
    assert len(caught.value.rows) == 9


def test_times_become_utc_and_bad_ones_are_named() -> None:
    frame = gpd.GeoDataFrame(
        {
            "call_id": ["1", "2"],
            "occurred_at": ["2026-11-22T08:00:00+08:00", "yesterday"],
            "family": ["盗窃"] * 2,
            "valid": [True] * 2,
            "placed": [True] * 2,
        },
        geometry=[shapely.Point(1, 1)] * 2,
        crs="EPSG:4326",
    )
    with pytest.raises(TableError, match=r"occurred_at: not a time \(2\)"):
        Calls.of(frame)
    good = Calls.of(frame.iloc[:1])
    assert good.frame["occurred_at"].iloc[0] == pd.Timestamp("2026-11-22T00:00:00Z")


def test_an_empty_table_has_all_columns() -> None:
    for kind in (Grids, Calls, Posts, Points, Shifts):
        table = kind.empty()
        assert len(table) == 0
        assert set(kind.SPEC.names) <= set(table.frame.columns)


def test_metric_gives_metres() -> None:
    table = Posts.of(posts())
    xy = table.metric()
    assert xy.crs.axis_info[0].unit_name == "metre"
    apart = xy.geometry.iloc[0].distance(xy.geometry.iloc[1])
    assert apart == pytest.approx(14_400, rel=0.02)
