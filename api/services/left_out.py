"""Calls that accepted flags leave out of figures of the clock or of figures by hour."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from api.services.filters import CallFilter
from api.services.workspace import Workspace
from geo.incidents.flags import left_out_of
from geo.store.port import Principal
from geo.tables.calls import Calls

HOURS = 24
Figures = Literal["clock", "hour"]


def kept_for(figures: Figures, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the calls that figures of the clock, or by hour, may count."""
    if not len(rows) or not rows["flags"].notna().any():
        return rows
    return rows[~left_out_of(rows["flags"], figures)]


def hours_left_out(workspace: Workspace, principal: Principal, wanted: CallFilter) -> npt.NDArray[np.int64]:
    """Return int64[24]: calls that pass the filter but whose hour is not believed, by the hour that they state."""
    version = (workspace.store.version("calls"), principal.scopes)
    doubted = workspace.derived.get("hours_left_out", version, lambda: _doubted(workspace, principal))
    if not len(doubted):
        return np.zeros(HOURS, dtype=np.int64)
    grids = workspace.grid_index(principal) if wanted.areas is not None else None
    rows = wanted.rows(doubted, workspace.zone, grids=grids)
    hours = rows["occurred_at"].dt.tz_convert(workspace.zone).dt.hour.to_numpy(dtype=np.int64)
    return np.bincount(hours, minlength=HOURS).astype(np.int64)


def _doubted(workspace: Workspace, principal: Principal) -> Calls:
    frame = workspace.calls(principal).frame
    return Calls(frame[left_out_of(frame["flags"], "hour")].reset_index(drop=True))
