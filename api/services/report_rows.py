"""The calls behind a figure of a report, for roles that may see them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from api.schemas.report_rows import RowsBehind, RowShown
from api.services.filters import BASES, CallFilter
from api.services.report_parts import sees_few
from api.services.workspace import Workspace
from geo.errors import ForbiddenError
from geo.store.port import Principal

SHOWN = (
    "call_id", "occurred_at", "family", "intake", "priority", "placed", "grid_code", "address", "answered_at",
    "arrived_at", "closed_at",
)  # fmt: skip


def rows_behind(workspace: Workspace, principal: Principal, wanted: CallFilter, *, limit: int) -> RowsBehind:
    """Return the calls of a filter, oldest first.

    Raises
    ------
    ForbiddenError
        If none of the account's roles sees single calls.
    """
    if not sees_few(workspace, principal):
        raise ForbiddenError("Your roles see figures, not single calls", "当前角色只能查看统计数，不能查看逐条警情")
    index = None if wanted.areas is None else workspace.grid_index(principal)
    rows = wanted.rows(workspace.calls(principal), workspace.zone, grids=index)
    rows = rows.sort_values(["occurred_at", "call_id"], kind="stable")
    zh, en = BASES[wanted.basis]
    return RowsBehind(
        n=len(rows), basis=zh, basis_en=en,
        rows=[
            RowShown(**{name: _plain(value) for name, value in zip(SHOWN, row, strict=True)})  # type: ignore[arg-type]
            for row in rows.head(limit)[list(SHOWN)].itertuples(index=False)
        ],
    )  # fmt: skip


def _plain(value: object) -> object:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
