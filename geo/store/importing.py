"""A file straight into a table, with one report of everything that happened on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from geo.errors import NotFoundError
from geo.store.limits import ReadLimits
from geo.store.port import TABLES
from geo.store.reading import read_file
from geo.store.sandbox import Sandbox
from geo.tables.mapping import Imported, ImportProfile, to_table
from geo.tables.spec import Table

T = TypeVar("T", bound=Table)


def table_class(collection: str) -> type[Table]:
    """Return the class of a collection's table or raise ``NotFoundError``."""
    if collection not in TABLES:
        listed = ", ".join(TABLES)
        raise NotFoundError(
            f"There is no table {collection!r}; there are {listed}", f"没有名为 {collection!r} 的表；现有：{listed}"
        )
    return TABLES[collection]


def import_table(
    path: Path | str,
    kind: type[T],
    *,
    profile: ImportProfile | None = None,
    frame: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    lon: str | None = None,
    lat: str | None = None,
    wkt: str | None = None,
    bounds: Sequence[float] | None = None,
    limits: ReadLimits | None = None,
    sandbox: Sandbox | None = None,
) -> Imported[T]:
    """Read a file and map it to a table; see ``read_file`` and ``to_table`` for parameters and errors."""
    read = read_file(
        path,
        frame=frame,
        layer=layer,
        encoding=encoding,
        lon=lon,
        lat=lat,
        wkt=wkt,
        bounds=bounds,
        limits=limits,
        sandbox=sandbox,
    )
    made = to_table(read.frame, kind, profile, first_row=read.first_row)
    notes = list(read.notes)
    if read.ambiguous:
        notes.append(
            (
                (
                    f"{read.ambiguous} rows lie near the border, where the shift of {read.source_frame} is uncertain: "
                    "compare them with the streets"
                ),
                f"{read.ambiguous} 行位于边界附近，{read.source_frame} 偏移不确定，请与道路核对",
            )
        )
    report = replace(
        made.report.plus(notes=notes),
        persons=(*read.dropped, *made.report.persons),
        source_frame=read.source_frame,
        ambiguous=read.ambiguous,
    )
    return Imported(table=made.table, report=report)
