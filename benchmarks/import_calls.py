"""An export of calls into the store, cleaned, against pandas' own way into a table of SQLite without any cleaning."""

from __future__ import annotations

import resource
import sqlite3
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

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
    limit = 60.0 if n <= ROWS else None
    told = f"import of {n:,} calls with cleaning ({made.inserted:,} new, peak {peak:.1f} GB, reader {child:.1f} GB)"
    return [
        within(told, ours=ours, at_most=limit),
        against(
            f"the same against pandas {n:,}", ours=ours, peer="pandas read_csv + to_sql", theirs=theirs,
            note="no checks, no indexes, persons kept, times as text",
        ),
        Row(what=f"the same file again ({second.unchanged:,} unchanged, {second.updated} updated)", ours=duration(again)),
    ]  # fmt: skip
