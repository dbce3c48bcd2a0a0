"""What an installation knows of its area for judging the places of calls."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from api.services.workspace import Workspace
from geo.incidents.clean_places import FAR_FROM_STREET_M, Ground
from geo.store.port import Principal


def ground(workspace: Workspace, principal: Principal) -> Ground:
    """Return the box of streets and grids, the stations, and the distance to the nearest street."""
    bounds = workspace.bounds()
    grids = workspace.grids(principal)
    if len(grids):
        west, south, east, north = (float(v) for v in grids.frame.total_bounds)
        bounds = (
            (west, south, east, north)
            if bounds is None
            else (min(west, bounds[0]), min(south, bounds[1]), max(east, bounds[2]), max(north, bounds[3]))
        )
    posts = workspace.posts(principal)
    stations = None
    if len(posts):
        chosen = posts.frame[(posts.frame["kind"] == "station").to_numpy()]
        stations = shapely.get_coordinates(np.asarray(chosen.geometry.array, dtype=object)).reshape(-1, 2)
    if not workspace.settings.streets.exists():
        return Ground(bounds=bounds, stations=stations)

    def street_m(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        # Streets further away are not looked for; inf says so.
        return workspace.snapper("foot").snap(lonlat, max_m=FAR_FROM_STREET_M + 1).offset_m.astype(np.float64)

    return Ground(bounds=bounds, stations=stations, street_m=street_m)
