"""What a place is called: its street, and the grid that it lies in."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from api.services.workspace import FIRST_PROFILE, Workspace
from geo.errors import XungeError
from geo.store.port import Principal

_REACH_M: Final = 150.0


class PlaceNames:
    """Names of places by the streets and grids of an installation."""

    def __init__(self, workspace: Workspace, principal: Principal) -> None:
        self._workspace = workspace
        self._principal = principal

    def of(self, lonlat: npt.NDArray[np.float64]) -> list[tuple[str, str | None]]:
        """Return the nearest street's name ("" where none is near or named) and the grid's code, for float64[k, 2]."""
        if not len(lonlat):
            return []
        grids = self._workspace.grid_index(self._principal).at(lonlat)
        return [
            (name, None if code is None else str(code)) for name, code in zip(self._streets(lonlat), grids, strict=True)
        ]

    def _streets(self, lonlat: npt.NDArray[np.float64]) -> list[str]:
        try:
            graph = self._workspace.graph()
            places = self._workspace.snapper(FIRST_PROFILE).snap(lonlat, _REACH_M)
        except XungeError:
            # Without streets a place still has its grid.
            return [""] * len(lonlat)
        return [graph.name(int(arc)) if ok else "" for arc, ok in zip(places.arc, places.ok, strict=True)]
