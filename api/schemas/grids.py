"""Boundaries: what the page edits and what it sends back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.values import Value

Lattice = tuple[
    Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)], Annotated[int, Field(ge=-900_000_000, le=900_000_000)]
]
MAX_ARCS = 5_000


class ArcLine(Value):
    """A boundary line: its number within the edition and its vertices on the lattice of 1e-7 degrees."""

    id: int = Field(ge=0)
    coords: list[Lattice] = Field(min_length=2, max_length=100_000)


class ArcsEdit(Value):
    """Changed boundary lines, the version of the grids that the editor saw, and the edition of the line numbers."""

    seen_version: int = Field(ge=0)
    edition: str
    arcs: list[ArcLine] = Field(min_length=1, max_length=MAX_ARCS)
    note: str = Field(default="", max_length=500)


class AreaChange(Value):
    """A grid's area before and after."""

    before_m2: float
    after_m2: float


class ArcsSaved(Value):
    """The new version, and exactly the grids that changed."""

    version: int
    edition: str
    changed: list[str]
    areas: dict[str, AreaChange]
