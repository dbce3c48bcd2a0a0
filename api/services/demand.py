"""Demand on the streets: calls gathered into small cells, each a place with a weight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import shapely

from api.services.filters import CallFilter, last_days
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_lonlat, to_metric
from geo.errors import InfeasibleError
from geo.store.port import Principal
from geo.streets.snap import Places

CELL_M = 100.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Demand:
    """Calls of a period gathered into cells of 100 m; a cell stands at the mean place of its calls.

    Attributes
    ----------
    lonlat : float64[k, 2]
    weights : float64[k], calls
    places : positions on the streets of the profile
    grids : object[k], code of the grid that the cell stands in, None outside
    n_calls, n_unplaced : calls that pass the filter with and without a place
    start, end : the period
    """

    lonlat: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    places: Places
    grids: npt.NDArray[np.object_]
    n_calls: int
    n_unplaced: int
    start: datetime
    end: datetime


def demand(workspace: Workspace, principal: Principal, wanted: CallFilter, profile: str) -> Demand:
    """Gather the calls that pass ``wanted``; without a period the last 365 statistical days count.

    Raises
    ------
    InfeasibleError
        If no call with a place is left.
    """
    start, end = wanted.start, wanted.end
    if start is None or end is None:
        now = workspace.clock.now()
        first, last = last_days(now, workspace.zone, days=365, starts_hour=workspace.settings.day_starts_hour)
        start, end = start or min(first, (end or last) - timedelta(days=1)), end or last
    asked = replace(wanted, start=start, end=end)
    version = (workspace.store.version("calls"), workspace.store.version("grids"), asked, profile, principal.scopes)
    return workspace.derived.get(
        f"demand:{profile}", version, lambda: _gather(workspace, principal, asked, profile, start, end)
    )


def _gather(
    workspace: Workspace, principal: Principal, asked: CallFilter, profile: str, start: datetime, end: datetime
) -> Demand:
    rows = asked.rows(workspace.calls(principal), workspace.zone, grids=workspace.grid_index(principal))
    placed = rows[rows["placed"]]
    if placed.empty:
        raise InfeasibleError(
            f"There is no call with a place between {start:%Y-%m-%d} and {end:%Y-%m-%d}; choose a longer period",
            f"{start:%Y-%m-%d} 至 {end:%Y-%m-%d} 没有带案发地的警情，请延长时段",
        )
    lonlat = shapely.get_coordinates(np.asarray(placed.geometry.array))
    crs = pick_metric_crs(np.concatenate([lonlat.min(axis=0), lonlat.max(axis=0)]))
    xy = to_metric(lonlat, crs)
    cells = np.floor(xy / CELL_M).astype(np.int64)
    _, inverse, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    mean = np.column_stack([np.bincount(inverse, weights=xy[:, k]) / counts for k in (0, 1)])
    centres = to_lonlat(mean, crs)
    return Demand(
        lonlat=centres,
        weights=counts.astype(np.float64),
        places=workspace.snap(profile, centres),
        grids=workspace.grid_index(principal).at(centres),
        n_calls=len(placed),
        n_unplaced=len(rows) - len(placed),
        start=start,
        end=end,
    )
