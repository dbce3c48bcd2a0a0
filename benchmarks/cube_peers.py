"""Calls by cell and family as peers count them on the same files."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

LEVEL: Final = 16
Counts = npt.NDArray[np.int64]
_SIDE: Final = 1 << LEVEL
_CELLS: Final = (
    f"CAST(floor((lon + 180.0) / 360.0 * {_SIDE}) AS BIGINT) AS cx, "
    f"CAST(floor((0.5 - ln(tan(radians(lat)) + 1.0 / cos(radians(lat))) / {2 * math.pi}) * {_SIDE}) AS BIGINT) AS cy"
)
_GROUP: Final = "SELECT cx, cy, family, count(*) AS n FROM ({inner}) AS t GROUP BY cx, cy, family"


def peers(folder: Path) -> dict[str, Callable[[], Counts] | None]:
    """Return what counts the Parquet files of a folder, by name; None where the peer is not installed."""
    known: tuple[tuple[str, Callable[[Any, Path], Counts]], ...] = (
        ("duckdb", _duckdb), ("sedonadb", _sedonadb), ("dask.dataframe", _dask),
    )  # fmt: skip
    modules = {name: _module(name) for name, _ in known}
    return {name: None if modules[name] is None else partial(count, modules[name], folder) for name, count in known}


def in_memory(folder: Path) -> Callable[[], Counts] | None:
    """Return DuckDB's count on a table in memory that holds the cells already, or None without DuckDB."""
    duckdb = _module("duckdb")
    if duckdb is None:
        return None
    base = duckdb.connect()
    base.execute("SET threads = 2")
    base.execute(f"CREATE TABLE calls AS SELECT {_CELLS}, family FROM '{folder}/*.parquet'")
    return lambda: _sorted(base.execute(_GROUP.format(inner="SELECT * FROM calls")).fetchnumpy())


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _sorted(columns: dict[str, Any]) -> Counts:
    table = np.column_stack([np.asarray(columns[name], dtype=np.int64) for name in ("cx", "cy", "family", "n")])
    return table[np.lexsort(table[:, 2::-1].T)]


def _duckdb(duckdb: Any, folder: Path) -> Counts:
    base = duckdb.connect()
    base.execute("SET threads = 2")
    inner = f"SELECT {_CELLS}, family FROM '{folder}/*.parquet'"
    return _sorted(base.execute(_GROUP.format(inner=inner)).fetchnumpy())


def _sedonadb(sedonadb: Any, folder: Path) -> Counts:
    context = sedonadb.connect()
    context.read_parquet([str(p) for p in sorted(folder.glob("*.parquet"))]).to_view("calls", overwrite=True)
    found = context.sql(_GROUP.format(inner=f"SELECT {_CELLS}, family FROM calls")).to_arrow_table()
    return _sorted({name: found[name].to_numpy() for name in found.column_names})


def _dask(dask_dataframe: Any, folder: Path) -> Counts:
    import pandas as pd

    def part(frame: pd.DataFrame) -> pd.DataFrame:
        cx = np.floor((frame["lon"] + 180) / 360 * _SIDE).astype(np.int64)
        lat = np.radians(frame["lat"])
        cy = np.floor((0.5 - np.log(np.tan(lat) + 1 / np.cos(lat)) / (2 * np.pi)) * _SIDE).astype(np.int64)
        sizes = pd.DataFrame({"cx": cx, "cy": cy, "family": frame["family"]}).groupby(["cx", "cy", "family"]).size()
        return sizes.rename("n").reset_index()

    frame = dask_dataframe.read_parquet(str(folder / "*.parquet"), columns=["lon", "lat", "family"])
    found = frame.map_partitions(part).compute(scheduler="processes", num_workers=2)
    return _sorted(dict(found.groupby(["cx", "cy", "family"])["n"].sum().reset_index().items()))
