"""Months counted one by one add up to the whole, in any order and however often one is counted again."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.cube.months import count_month, sum_months, write_months


def frame(n: int = 4000) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(4)
    columns = {
        "occurred_at": pd.Timestamp("2025-01-15") + pd.to_timedelta(rng.integers(0, 200 * 1440, n), unit="min"),
        "family": rng.choice(["盗窃", "纠纷"], n), "placed": rng.uniform(size=n) < 0.9,
        "valid": rng.uniform(size=n) < 0.8, "filed_case": rng.uniform(size=n) < 0.2, "citizen": rng.uniform(size=n) < 0.5,
    }  # fmt: skip
    return gpd.GeoDataFrame(
        columns, geometry=gpd.points_from_xy(rng.normal(116, 0.02, n), rng.normal(39, 0.02, n)), crs=4326
    )


def test_months_add_up_to_the_whole(tmp_path: Path) -> None:
    calls = frame()
    paths = write_months(tmp_path, calls)
    assert [p.name for p in paths][:2] == ["calls-2025-01.parquet", "calls-2025-02.parquet"]
    which = CubeFilter(base="valid", hours=frozenset(range(12)))
    parts = [count_month(path, level=14, which=which) for path in reversed(paths)]
    again = count_month(paths[2], level=14, which=which)
    np.testing.assert_array_equal(again.n, parts[len(paths) - 3].n)
    whole = sum_months(parts)
    held = calls[calls["valid"] & (calls["occurred_at"].dt.hour < 12)]
    assert whole.unplaced == int((~held["placed"]).sum())
    placed = held[held["placed"]]
    for name in ("盗窃", "纠纷"):
        assert int(whole.n[whole.families == name].sum()) == int((placed["family"] == name).sum())
    side = 360 / 2**14
    columns = np.floor((placed.geometry.x + 180) / side).astype(int)
    assert len(np.unique(whole.cells)) >= columns.nunique()
    assert (whole.n > 0).all()


def test_no_months_are_no_calls() -> None:
    assert len(sum_months([]).n) == 0
