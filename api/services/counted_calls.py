"""The calls by which grids are compared: one year of valid ones with a place."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
import shapely

from api.services.draft_figures import CountedCalls
from api.services.filters import CallFilter, last_days
from api.services.workspace import Workspace
from geo.store.port import Principal

DAYS: Final = 365


def counted_calls(workspace: Workspace, principal: Principal) -> CountedCalls:
    """Return the valid calls with a place of the last 365 statistical days."""
    start, end = last_days(
        workspace.clock.now(), workspace.zone, days=DAYS, starts_hour=workspace.settings.day_starts_hour
    )
    version = (workspace.store.version("calls"), start, principal.scopes)
    return workspace.derived.get("counted_calls", version, lambda: _calls(workspace, principal, start, end))


def _calls(workspace: Workspace, principal: Principal, start: datetime, end: datetime) -> CountedCalls:
    rows = CallFilter(start=start, end=end).rows(workspace.calls(principal), workspace.zone)
    placed = rows[rows["placed"]]
    lonlat = shapely.get_coordinates(np.asarray(placed.geometry.array, dtype=object)).reshape(-1, 2)
    return CountedCalls(lonlat=lonlat, start=start, end=end)
