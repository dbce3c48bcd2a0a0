"""A grid whose attributes are missing is like itself, however the missing value is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely

from api.services.drawings import _same
from geo.grids.topology import Coverage
from geo.tables.grids import Grids


@pytest.fixture
def coverage() -> Coverage:
    import geopandas as gpd

    shapes = [shapely.box(116.0, 40.0, 116.01, 40.01), shapely.box(116.01, 40.0, 116.02, 40.01)]
    frame = gpd.GeoDataFrame({"code": ["a", "b"], "name": ["甲", "乙"], "kind": "general"}, geometry=shapes, crs=4326)
    return Coverage.of(Grids.of(frame))


@pytest.mark.parametrize(("one", "other", "alike"), [
    (pd.NA, None, True), (None, np.nan, True), (pd.NA, 3, False), (3, pd.NA, False), (3, 3, True), ("x", "y", False),
])  # fmt: skip
def test_missing_equals_missing_and_nothing_else(coverage: Coverage, one: object, other: object, alike: bool) -> None:
    def with_note(value: object) -> Coverage:
        notes = pd.Series([value, value], dtype=object, index=coverage.attributes.index)
        return replace(coverage, attributes=coverage.attributes.assign(note=notes))

    assert _same(with_note(one), with_note(other), "a") is alike
