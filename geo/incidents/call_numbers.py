"""The numbers of calls: as the file has them, told apart where they repeat, made from the content where there are none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.incidents import cells
from geo.incidents.flags import Findings

Note = tuple[str, str]


def call_numbers(
    table: pa.Table,
    column_of: Mapping[str, str],
    origin: str,
    points: npt.NDArray[np.float64] | None,
    found: Findings,
    notes: list[Note],
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Return keys, and which rows say the same again under the same number."""
    source = column_of.get("call_id")
    n = table.num_rows
    keys = np.full(n, None, dtype=object) if source is None else cells.objects(cells.texts(table.column(source)))
    missing = cells.blank(keys)
    given = pd.Series(keys)
    again = (given.duplicated(keep="first") & ~missing).to_numpy()
    doubled = np.zeros(n, dtype=bool)
    if missing.any() or again.any():
        content = _content(table, points)
        keys = keys.copy()
        same = pd.DataFrame({"key": given, "content": content}).duplicated(keep="first").to_numpy()
        doubled = again & same
        order = pd.Series(content).groupby(content).cumcount().to_numpy()
        for row in np.flatnonzero(missing):
            keys[row] = content[row] if order[row] == 0 else f"{content[row]}-{order[row] + 1}"
        other = again & ~same
        serial = given[~doubled].groupby(given[~doubled]).cumcount().reindex(range(n)).fillna(0).to_numpy(dtype=int)
        for row in np.flatnonzero(other):
            keys[row] = f"{keys[row]}#{serial[row] + 1}"
        found.add("same_id", other)
        if missing.any():
            notes.append(
                (
                    f"{missing.sum()} rows have no number: numbers were made from their content",
                    f"{missing.sum()} 行没有编号，已按内容生成编号",
                )
            )
    if origin:
        keys = np.array([f"{origin}/{key}" for key in keys], dtype=object)
    return keys, doubled


def _content(table: pa.Table, points: npt.NDArray[np.float64] | None) -> npt.NDArray[np.object_]:
    """Return a short digest of each row, the same for the same content in every run."""
    columns = [
        pc.coalesce(column.cast(pa.large_string()), pa.scalar("", pa.large_string())) for column in table.columns
    ]
    if points is not None:
        columns += [pa.chunked_array([pa.array(points[:, i]).cast(pa.large_string())]).fill_null("") for i in (0, 1)]
    joined = pc.binary_join_element_wise(*columns, pa.scalar("\x1f", pa.large_string()))
    return np.array(
        [hashlib.blake2b(str(t).encode(), digest_size=8).hexdigest() for t in joined.to_pylist()], dtype=object
    )
