"""The rows of a foreign file before their places are understood, read and checked by a confined child."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.errors import FileError
from geo.store.limits import ReadLimits
from geo.store.reading import bring
from geo.store.sandbox import Sandbox, remove_folder, shared_sandbox
from geo.tables.persons import DroppedColumn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowFile:
    """Columns as plain Arrow arrays under their names, and what was learnt on the way.

    ``points`` float64[n, 2] are those of a layer with geometry (NaN where there is none), in WGS84 if ``source_frame``
    names the frame that they came in, else as they stand. ``damaged`` are lines whose bytes were marked.
    """

    table: pa.Table
    points: npt.NDArray[np.float64] | None = None
    source_frame: str | None = None
    format: str = "rows"
    encoding: str | None = None
    first_row: int = 1
    dropped: tuple[DroppedColumn, ...] = ()
    damaged: tuple[int, ...] = ()

    def __len__(self) -> int:
        return int(self.table.num_rows)


def read_row_file(
    path: Path | str,
    *,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    damaged: str = "refuse",
    limits: ReadLimits | None = None,
    sandbox: Sandbox | None = None,
) -> RowFile:
    """Read the rows of a CSV, XLSX, Parquet, GeoPackage, shapefile or GeoJSON file.

    ``frame`` concerns layers with geometry; ``auto`` leaves their coordinates as they stand. ``damaged`` is
    ``"refuse"`` or ``"mark"``. Errors as ``read_file``.
    """
    limits = limits or ReadLimits()
    folder = Path(tempfile.mkdtemp(prefix="xunge-rows-"))
    try:
        name = bring(Path(path), folder, limits)
        task: dict[str, object] = {
            "file": name, "rows_only": True, "frame": frame, "layer": layer, "encoding": encoding, "damaged": damaged,
        }  # fmt: skip
        answer = (sandbox or shared_sandbox()).run(task, folder, limits=limits)
    finally:
        remove_folder(folder)
    facts, table = answer.facts, answer.table
    names = [str(n) for n in cast("list[object]", facts["names"])]
    labels = [f"c{i}" for i in range(len(names))]
    points = None
    if table.column_names == [*labels, "x", "y"]:
        points = np.column_stack([table.column(i).to_numpy() for i in (len(names), len(names) + 1)]).astype(np.float64)
    elif table.column_names != labels:
        raise FileError("The file reader gave back odd columns", "文件读取进程返回了异常的列")
    source = facts["source_frame"]
    return RowFile(
        table=table.select(labels).rename_columns(names),
        points=points,
        source_frame=None if source is None else str(source),
        format=str(facts["format"]),
        encoding=None if facts["encoding"] is None else str(facts["encoding"]),
        first_row=int(cast("int", facts["first_row"])),
        dropped=tuple(
            DroppedColumn(column=str(d["column"]), why=str(d["why"]), cells=int(cast("int", d["cells"])))
            for d in cast("list[Mapping[str, object]]", facts["dropped"])
        ),
        damaged=tuple(int(row) for row in cast("list[int]", facts["damaged"])),
    )
