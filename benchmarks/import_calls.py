"""An export of calls into the store, cleaned, against pandas into SQLite without any cleaning, and with the same steps into GeoPackage."""

from __future__ import annotations

import resource
import sqlite3
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from api.services.call_imports import CallSource, import_calls
from api.services.workspace import Workspace
from api.settings import Settings
from benchmarks.harness import Options, Row, against, duration, timed, within
from geo.store.port import DEMO
from geo.store.sql import SqlStore

ROWS = 1_000_000
CLASSES = np.array(["盗窃", "抢劫", "殴打他人", "交通事故", "求助", "噪声扰民", "诈骗", "纠纷"])


def export(path: Path, n: int, seed: int) -> None:
    """Write an export of ``n`` calls as a command centre would: times as text, persons in it, one in ten not valid."""
    rng = np.random.default_rng(seed)
    at = np.datetime64("2025-01-01T00:00:00") + rng.integers(0, 365 * 86_400, n).astype("timedelta64[s]")
    arrived = at + rng.integers(60, 1_800, n).astype("timedelta64[s]")
    lonlat = np.array([114.93, 25.85]) + rng.normal(0, 0.02, (n, 2))
    form = "%Y-%m-%d %H:%M:%S"
    pd.DataFrame(
        {
            "接警编号": [f"JQ{i:09d}" for i in range(n)],
            "案发时间": pd.Series(at).dt.strftime(form),
            "到达现场时间": pd.Series(arrived).dt.strftime(form),
            "警情类别": CLASSES[rng.integers(0, len(CLASSES), n)],
            "报警人": "张三",
            "联系电话": "13800138000",
            "案发地址": [f"某街{k}号" for k in rng.integers(1, 5_000, n)],
            "经度": lonlat[:, 0].round(6),
            "纬度": lonlat[:, 1].round(6),
            "是否有效": np.where(rng.random(n) < 0.9, "是", "否"),
        }
    ).to_csv(path, index=False)


def naive(path: Path, database: Path) -> None:
    """Load the file the short way: text stays text, persons stay in, nothing is checked."""
    with sqlite3.connect(database) as connection:
        pd.read_csv(path, dtype=str).to_sql("calls", connection, index=False, chunksize=50_000)


def careful(path: Path, database: Path) -> int:
    """Load the file with the steps of our cleaning in pandas and GeoPandas; return how many calls were flagged.

    Persons are dropped, times and numbers read, repeats found by place and time, impossible clocks, rounded times, places off the
    map and piled up flagged, and the calls written as GeoPackage with its spatial index.
    """
    frame = pd.read_csv(path, dtype=str).drop(columns=["报警人", "联系电话"])
    at = (
        pd.to_datetime(frame["案发时间"], format="%Y-%m-%d %H:%M:%S")
        .dt.tz_localize("Asia/Shanghai")
        .dt.tz_convert("UTC")
    )
    arrived = (
        pd.to_datetime(frame["到达现场时间"], format="%Y-%m-%d %H:%M:%S")
        .dt.tz_localize("Asia/Shanghai")
        .dt.tz_convert("UTC")
    )
    frame = frame.drop_duplicates("接警编号")
    lon, lat = pd.to_numeric(frame["经度"]), pd.to_numeric(frame["纬度"])
    placed = lon.between(70, 140) & lat.between(15, 55) & (lon != lat)
    xy = np.column_stack([lon * 111_320 * np.cos(np.radians(25.85)), lat * 110_574])
    minutes = at.to_numpy(dtype="datetime64[m]").astype(np.int64)
    order = np.argsort(minutes, kind="stable")
    pairs = cKDTree(np.column_stack([xy, minutes * 5.0])).query_pairs(50 * np.sqrt(2), output_type="ndarray")
    near = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) <= 50
    soon = np.abs(minutes[pairs[:, 0]] - minutes[pairs[:, 1]]) <= 10
    kind = pd.factorize(frame["警情类别"])[0]
    same = near & soon & (kind[pairs[:, 0]] == kind[pairs[:, 1]])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    repeat = np.zeros(len(frame), bool)
    repeat[np.where(rank[pairs[:, 0]] > rank[pairs[:, 1]], pairs[:, 0], pairs[:, 1])[same]] = True
    spent = (arrived - at).dt.total_seconds()
    future = at > pd.Timestamp.now("UTC") + pd.Timedelta(days=1)
    per_minute = at.dt.minute.groupby(at.dt.hour).value_counts().unstack(fill_value=0)
    piled = per_minute[0] > 3 * per_minute.drop(columns=0).mean(axis=1)
    whole = (at.dt.minute == 0) & (at.dt.second == 0) & at.dt.hour.map(piled)
    crowd = frame.groupby(["经度", "纬度"])["案发地址"].transform("nunique") > 50
    flags = {
        "repeat": repeat, "clock_order": spent < 0, "clock_long": spent > 6 * 3600, "future": future, "whole_hour": whole,
        "pile_up": crowd, "off_map": ~placed,
    }  # fmt: skip
    made = gpd.GeoDataFrame(
        {
            "call_id": frame["接警编号"], "occurred_at": at, "arrived_at": arrived, "family": frame["警情类别"],
            "address": frame["案发地址"], "valid": (frame["是否有效"] == "是") & ~repeat, "placed": placed,
            **{name: np.asarray(mask) for name, mask in flags.items()},
        },
        geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326",
    )  # fmt: skip
    made.to_file(database, driver="GPKG", layer="calls")
    return int(np.any([np.asarray(mask) for mask in flags.values()], axis=0).sum())


def rows(options: Options) -> list[Row]:
    """Return the rows of the table."""
    n = options.sample or ROWS
    with tempfile.TemporaryDirectory(prefix="xunge-bench-") as folder:
        home = Path(folder)
        export(home / "calls.csv", n, options.seed)
        store = SqlStore.open(home / "xunge.sqlite")
        workspace = Workspace(Settings(home=home, max_upload_mb=4_096), store)
        source = CallSource(frame="WGS84", name="calls.csv")
        ours, made = timed(lambda: import_calls(workspace, DEMO, home / "calls.csv", source, commit=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
        again, second = timed(lambda: import_calls(workspace, DEMO, home / "calls.csv", source, commit=True))
        store.close()
        theirs, _ = timed(lambda: naive(home / "calls.csv", home / "naive.sqlite"))
        cleaned, flagged = timed(lambda: careful(home / "calls.csv", home / "careful.gpkg"))
    limit = 60.0 if n <= ROWS else None
    told = f"import of {n:,} calls with cleaning ({made.inserted:,} new, peak {peak:.1f} GB, reader {child:.1f} GB)"
    return [
        within(told, ours=ours, at_most=limit),
        against(
            f"the same against pandas {n:,}", ours=ours, peer="pandas read_csv + to_sql", theirs=theirs,
            note="no checks, no indexes, persons kept, times as text",
        ),
        against(
            f"the same against pandas and GeoPandas with cleaning {n:,}", ours=ours, peer="pandas + GeoPandas to GPKG",
            theirs=cleaned, note=f"{flagged:,} flagged; no mapping, no search for the frame, no undo, no idempotence",
        ),
        Row(what=f"the same file again ({second.unchanged:,} unchanged, {second.updated} updated)", ours=duration(again)),
    ]  # fmt: skip
