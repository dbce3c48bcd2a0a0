"""The calls behind any figure, and how figures are computed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import As, InWorkspace
from api.routers.filtering import AskedCalls
from api.schemas.problems import answers
from api.schemas.rows import Formula, RowsBehind
from api.services.hot_ground import CellKind
from api.services.hot_words import HotMethod
from api.services.rows import Only, PlaceAsked, rows_behind
from web.formulas import FORMULAS

router = APIRouter(prefix="/api", tags=["figures"])


@router.get("/rows", responses=answers(403, 404))
def rows(
    workspace: InWorkspace,
    principal: As,
    wanted: AskedCalls,
    only: Annotated[Only, Query(description="which part of the calls that pass")] = "all",
    place: Annotated[
        str | None, Query(description="id of a hot place of the same filter, method, cells and size")
    ] = None,
    method: HotMethod = "gi_star",
    cells: CellKind = "square",
    size_m: Annotated[float, Query(ge=50, le=2000)] = 250.0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RowsBehind:
    """Return the calls behind a figure, newest first, for roles that see single calls."""
    asked = None if place is None else PlaceAsked(place=place, method=method, cells=cells, size_m=size_m)
    return rows_behind(workspace, principal, wanted, limit=limit, only=only, place=asked)


@router.get("/formulas", responses=answers())
def formulas() -> dict[str, Formula]:
    """Return how each figure of the pages is computed, by its name."""
    return {name: Formula(zh=zh, en=en) for name, (zh, en) in FORMULAS.items()}
