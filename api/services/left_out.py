"""Calls that accepted flags leave out of figures of the clock or of figures by hour."""

from __future__ import annotations

from typing import Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from api.services.filters import CallFilter
from api.services.workspace import Workspace
from geo.incidents.flags import State, left_out_of
from geo.store.port import Principal, Query
from geo.tables.calls import Calls

HOURS = 24
ACCEPTED: Final[State] = "accepted"
_ALL: Final = 2**31 - 1
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
    # Few calls have a flag that was accepted: the whole table would take seconds to read, and as much memory.
    query = Query(holds={"flags": f"={ACCEPTED}"}, limit=_ALL)
    frame = workspace.store.query(principal, "calls", query).frame
    return Calls(frame[left_out_of(frame["flags"], "hour")].reset_index(drop=True))
