"""Empty tables to fill in: the headers that an import understands."""

from __future__ import annotations

import csv
import io
from typing import Final

from api.services.imports import IMPORTED
from geo.errors import NotFoundError
from geo.store.importing import table_class

_OURS: Final = frozenset({"version", "synthetic"})


def template(collection: str) -> bytes:
    """Return a CSV file with the Chinese headers of a collection and, where rows have places, their columns.

    Required columns come first. Points take 经度 and 纬度, lines and areas take their shape as text (wkt); 坐标系 states
    the frame of each row.

    Raises
    ------
    NotFoundError
        If the collection is not imported.
    """
    if collection not in IMPORTED:
        raise NotFoundError(
            f"There is no template for {collection!r}; there are {', '.join(IMPORTED)}",
            f"没有 {collection!r} 的模板，可用：{'、'.join(IMPORTED)}",
        )
    spec = table_class(collection).SPEC
    columns = [column for column in spec.columns if column.name not in _OURS]
    named = [column.label_zh or column.name for column in sorted(columns, key=lambda column: column.nullable)]
    if spec.geometry:
        named += ["经度", "纬度", "坐标系"] if spec.geometry == ("Point",) else ["wkt", "坐标系"]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(named)
    # The mark at the front makes Excel read UTF-8.
    return buffer.getvalue().encode("utf-8-sig")
