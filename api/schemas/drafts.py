"""Drafts of grids: what the page asks for and what it is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.grids import MAX_ARCS, ArcLine
from api.schemas.values import Value

Place = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
"""Longitude and latitude in degrees."""
Code = Annotated[str, Field(min_length=1, max_length=200)]
State = Literal["draft", "submitted", "approved", "returned", "published", "withdrawn"]
Step = Literal["submit", "review", "publish", "return", "withdraw"]


class _Edit(Value):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ReplaceArcs(_Edit):
    """Boundary lines as they shall be, on the lattice, by the numbers of the draft's topology."""

    kind: Literal["replace_arcs"]
    arcs: list[ArcLine] = Field(min_length=1, max_length=MAX_ARCS)
    allow_parent_change: bool = False


class ReshapeArc(_Edit):
    """A new piece of a boundary line: it begins and ends at the vertices nearest to the ends of ``line``."""

    kind: Literal["reshape_arc"]
    arc: int = Field(ge=0)
    line: list[Place] = Field(min_length=2, max_length=100_000)
    allow_parent_change: bool = False


class ReshapeAlongStreet(_Edit):
    """A piece of a boundary line that shall follow the streets from one place to another."""

    kind: Literal["reshape_along_street"]
    arc: int = Field(ge=0)
    start: Place = Field(alias="from")
    end: Place = Field(alias="to")
    allow_parent_change: bool = False


class SplitByLine(_Edit):
    """A grid cut along a line; the largest part keeps the code, others get ``new_code`` or the next free ones."""

    kind: Literal["split_by_line"]
    code: Code
    line: list[Place] = Field(min_length=2, max_length=100_000)
    new_code: Code | None = None


class SplitAlongStreets(_Edit):
    """A grid cut along the streets between two places."""

    kind: Literal["split_along_streets"]
    code: Code
    start: Place = Field(alias="from")
    end: Place = Field(alias="to")
    new_code: Code | None = None


class MergeCodes(_Edit):
    """Neighbouring grids made one; ``keep`` says whose code stays, else the largest."""

    kind: Literal["merge"]
    codes: list[Code] = Field(min_length=2, max_length=200)
    keep: Code | None = None


class Transfer(_Edit):
    """Land inside a ring given to a grid; without ``from`` it may come from any that is not ``locked``.

    What of the ring lies in another community, or in a locked grid, stays as it is.
    """

    kind: Literal["transfer"]
    source: Code | None = Field(default=None, alias="from")
    to: Code
    ring: list[Place] = Field(min_length=3, max_length=20_000)
    locked: list[Code] = Field(default=[], max_length=10_000)


class AssignBlocks(_Edit):
    """Street blocks, named as ``/blocks`` names them, given to a grid."""

    kind: Literal["assign_units"]
    units: list[Code] = Field(min_length=1, max_length=2_000)
    to: Code
    locked: list[Code] = Field(default=[], max_length=10_000)


Edit = Annotated[
    ReplaceArcs | ReshapeArc | ReshapeAlongStreet | SplitByLine | SplitAlongStreets | MergeCodes | Transfer | AssignBlocks,
    Field(discriminator="kind"),
]  # fmt: skip


class DraftBegin(Value):
    """The name of a new draft."""

    name: str = Field(min_length=1, max_length=200)


class DraftEdit(Value):
    """An edit, and the revision of the draft that the editor saw."""

    revision: int = Field(ge=0)
    operation: Edit


class Revision(Value):
    """The revision of the draft that the editor saw."""

    revision: int = Field(ge=0)


class Comment(Value):
    """A remark on a draft."""

    text: str = Field(min_length=1, max_length=2_000)


class StepAsked(Value):
    """A step on the way to an edition; ``valid_from`` is the day on which a published one takes effect."""

    step: Step
    reason: str = Field(default="", max_length=2_000)
    valid_from: date | None = None


class StepTaken(Value):
    """A step that was taken."""

    step: str
    by: str
    at: datetime
    reason: str


class Remark(Value):
    """A remark as it was made."""

    by: str
    at: datetime
    text: str


class Draft(Value):
    """A draft: where it stands and what it changes."""

    draft_id: str
    name: str
    state: State
    base_version: int
    revision: int
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    operations: int
    can_undo: bool
    can_redo: bool
    changed: list[str]
    may: list[Step]
    steps: list[StepTaken]
    comments: list[Remark]
    valid_from: date | None
    edition: int | None


class Drafts(Value):
    """All drafts, newest first."""

    drafts: list[Draft]


class Figures(Value):
    """A grid in figures; ``workload`` is counted in calls, ``compactness`` is Polsby and Popper's, 1 for a circle."""

    area_m2: float
    population: float | None
    households: float | None
    calls: int
    workload: float
    compactness: float
    changed: bool


class Basis(Value):
    """Which calls are counted: valid ones with a place, from a moment on and before another."""

    calls_from: datetime
    calls_to: datetime
    n: int


class DraftChanged(Value):
    """What an edit did: exactly the grids concerned, with their figures now and at the base of the draft."""

    draft_id: str
    revision: int
    operations: int
    can_undo: bool
    can_redo: bool
    changed: list[str]
    added: list[str]
    removed: list[str]
    measures: dict[str, Figures]
    base: dict[str, Figures]
    balance: float
    balance_before: float
    notes_zh: list[str]
    notes_en: list[str]
