"""The cube's counts from monthly GeoParquet files on a Dask cluster of two workers, one of which is killed midway."""

from __future__ import annotations

import importlib
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.cube_city import FAMILIES, chunks
from benchmarks.harness import Options, Row, absent, timed
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.layout import CASE, CITIZEN, VALID
from geo.hotspots.cube.months import MonthCounts, count_month, month_counts, sum_months, write_months
from geo.hotspots.cube.ready import CallChunk

THOUSANDS: Final = 1000
WORKERS: Final = 2


def rows(options: Options) -> list[Row]:
    """Count ``--sample`` thousand calls (1,000) in process, on a cluster, and on one that loses a worker."""
    calls = (options.sample or THOUSANDS) * 1000
    what = f"{calls:,} calls in monthly GeoParquet by cell and family"
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        return [absent(what, "dask.distributed", goal="same counts")]
    whole = next(chunks(calls, seed=options.seed, size=calls))
    with tempfile.TemporaryDirectory(prefix="xunge-months-", dir=options.data) as folder:
        paths = write_months(Path(folder), _frame(whole))
        expected = month_counts(_cube(whole))
        alone, ours = timed(lambda: sum_months(count_month(path) for path in paths))
        found = [_row(f"{what}, {len(paths)} files one after another", alone, _same(expected, ours))]
        for kill in (False, True):
            seconds, counted, killed = _on_cluster(distributed, paths, kill=kill)
            name = f"{what}, {WORKERS} workers" + (f", worker {killed} killed midway" if kill else "")
            found.append(_row(name, seconds, _same(expected, counted)))
    return found


def _on_cluster(distributed: Any, paths: list[Path], *, kill: bool) -> tuple[float, MonthCounts, int]:
    """Count the files on a cluster of its own; with ``kill`` one worker is ended when a quarter is done."""
    killed = 0
    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        began = time.perf_counter()
        futures = client.map(count_month, paths, pure=False, retries=3)
        if kill:
            while sum(future.done() for future in futures) < len(paths) // 4:
                time.sleep(0.005)
            killed = next(iter(workers.values()))
            os.kill(killed, signal.SIGKILL)
        parts = client.gather(futures)
        return time.perf_counter() - began, sum_months(parts), killed


def _frame(whole: CallChunk) -> gpd.GeoDataFrame:
    columns = {
        "occurred_at": pd.to_datetime(whole.minutes.astype("datetime64[m]").astype("datetime64[s]")),
        "family": np.array(FAMILIES, object)[whole.families], "placed": whole.placed,
        "valid": (whole.sources & VALID) > 0, "filed_case": (whole.sources & CASE) > 0,
        "citizen": (whole.sources & CITIZEN) > 0,
    }  # fmt: skip
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*whole.lonlat.T), crs=4326)


def _cube(whole: CallChunk) -> Cube:
    return Cube.of(
        whole.lonlat, whole.minutes.astype("datetime64[m]"), np.array(FAMILIES, object)[whole.families],
        placed=whole.placed, valid=(whole.sources & VALID) > 0, case=(whole.sources & CASE) > 0,
        citizen=(whole.sources & CITIZEN) > 0,
    )  # fmt: skip


def _same(expected: MonthCounts, counted: MonthCounts) -> bool:
    return expected.unplaced == counted.unplaced and all(
        np.array_equal(getattr(expected, name), getattr(counted, name)) for name in ("cells", "families", "n")
    )


def _row(what: str, seconds: float, same: bool) -> Row:  # noqa: FBT001
    return Row(
        what=what, ours=f"{seconds:.2f} s", peer="one cube in memory",
        peer_figure="same counts" if same else "OTHER COUNTS", goal="same counts", met=same,
    )  # fmt: skip
