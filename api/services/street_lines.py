"""A line along the streets from one place to another, for boundaries that follow them."""

from __future__ import annotations

from typing import Final

from api.services.workspace import Workspace
from geo.grids.snap_line import StreetLine, StreetLines

NEAR_M: Final = 200.0
"""How far a street corner may be from the place that was pointed at."""


def street_line(workspace: Workspace, start: tuple[float, float], end: tuple[float, float]) -> StreetLine:
    """Return the shortest way along streets between the corners nearest to two places.

    Raises
    ------
    NotFoundError
        If there is no corner within 200 m of one of them.
    ParameterError
        If both places are nearest to the same corner.
    InfeasibleError
        If no street leads from the one to the other.
    """
    graph = workspace.graph()
    lines = workspace.derived.get("street_lines", id(graph), lambda: StreetLines(graph))
    return lines.between(lines.node_at(start, max_m=NEAR_M), lines.node_at(end, max_m=NEAR_M))
