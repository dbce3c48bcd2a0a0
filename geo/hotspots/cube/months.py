"""The same counts from monthly GeoParquet files: each file by itself, so that a cluster may share them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import EVERYTHING, CubeFilter
from geo.hotspots.cube.layout import morton


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonthCounts:
    """Calls by cell and family.

    Attributes
    ----------
    cells : uint64[k], Morton codes of cells of one level; families : str[k]; pairs are sorted and each occurs once
    n : int64[k]
    unplaced : calls that pass but have no place
    """

    cells: npt.NDArray[np.uint64]
    families: npt.NDArray[np.str_]
    n: npt.NDArray[np.int64]
    unplaced: int


def write_months(folder: Path, calls: gpd.GeoDataFrame) -> list[Path]:
    """Write calls (columns of the table of calls, local clock) to one GeoParquet file a month of ``occurred_at``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for month, part in calls.groupby(calls["occurred_at"].dt.strftime("%Y-%m"), sort=True):
        path = folder / f"calls-{month}.parquet"
        part.to_parquet(path, index=False)
        paths.append(path)
    return paths


def count_month(path: Path, *, level: int = 16, which: CubeFilter = EVERYTHING) -> MonthCounts:
    """Count one file; the same file gives the same counts however often and wherever it is counted."""
    frame = gpd.read_parquet(path)
    lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array, dtype=object)).reshape(-1, 2)
    cube = Cube.of(
        lonlat, frame["occurred_at"].to_numpy(dtype="datetime64[m]"), frame["family"].to_numpy(dtype=object),
        placed=frame["placed"].to_numpy(dtype=bool), valid=frame["valid"].to_numpy(dtype=bool),
        case=frame["filed_case"].to_numpy(dtype=bool), citizen=frame["citizen"].to_numpy(dtype=bool),
    )  # fmt: skip
    return month_counts(cube, level=level, which=which)


def month_counts(cube: Cube, *, level: int = 16, which: CubeFilter = EVERYTHING) -> MonthCounts:
    """Return the counts of a cube in the form of those of a file."""
    held = cube.cells(level, which)
    cell, family = np.nonzero(held.counts)
    names = np.array(held.families, dtype=np.str_)
    return MonthCounts(
        cells=morton(held.columns, held.rows)[cell], families=names[family] if len(names) else np.zeros(0, np.str_),
        n=held.counts[cell, family].astype(np.int64), unplaced=cube.total(which).unplaced,
    )  # fmt: skip


def sum_months(parts: Iterable[MonthCounts]) -> MonthCounts:
    """Add up the counts of files."""
    held = list(parts)
    if not held:
        return MonthCounts(
            cells=np.zeros(0, np.uint64), families=np.zeros(0, np.str_), n=np.zeros(0, np.int64), unplaced=0
        )
    cells, families = (np.concatenate([getattr(p, name) for p in held]) for name in ("cells", "families"))
    n = np.concatenate([p.n for p in held])
    names, number = np.unique(families, return_inverse=True)
    order = np.lexsort((number, cells))
    cells, number, n = cells[order], number[order], n[order]
    first = np.ones(len(cells), bool)
    first[1:] = (cells[1:] != cells[:-1]) | (number[1:] != number[:-1])
    sums = np.add.reduceat(n, np.flatnonzero(first)) if len(n) else n
    return MonthCounts(
        cells=cells[first], families=names[number[first]], n=sums, unplaced=sum(p.unplaced for p in held)
    )
