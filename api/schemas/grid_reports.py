"""Reports on grids: what is wrong with them, their numbers, their fit with police grids, their staff."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.values import Value


class GridFault(Value):
    """A fault, where it is, and how large: m² of land, metres of slivers and openings, else a count."""

    kind: str
    grids: list[str]
    lon: float | None
    lat: float | None
    size: float
    sentence_zh: str
    sentence_en: str


class GridCheck(Value):
    """What is wrong with the grids; ``n`` is how many were looked at."""

    whole: bool
    faults: list[GridFault]
    area_m2: float
    parts: int
    n: int
    edition: str


class RepairAsked(Value):
    """Up to what width gaps are closed, how far a vertex may move, and whether the result is written."""

    tolerance_m: float = Field(default=0.5, gt=0, le=10)
    gap_width_m: float = Field(default=1.0, gt=0, le=50)
    commit: bool = False


class Mend(Value):
    """One thing that a repair did."""

    kind: str
    grids: list[str]
    to: str
    lon: float
    lat: float
    area_m2: float
    moved_m: float
    count: int
    sentence_zh: str
    sentence_en: str


class RepairReport(Value):
    """What a repair did and what it left; ``edition`` is the one that it became, if it was written."""

    tolerance_m: float
    gap_width_m: float
    edition: str | None
    by: str
    area_before_m2: float
    area_after_m2: float
    faults_before: int
    faults_after: int
    changes: list[Mend]
    left: list[GridFault]


class MergeAsked(Value):
    """How layers become one: who owns a place that several cover, and which pieces are too small to stand alone."""

    rule: Literal["priority", "largest_share", "follow_parent"] = "priority"
    min_piece_m2: float = Field(default=100.0, ge=0, le=1e9)
    frame: str | None = None
    commit: bool = False


class Provenance(Value):
    """Land of a piece that a source covers, and in which role: ``owner``, ``absorbed`` or ``also``."""

    grid: str
    layer: str
    source_code: str
    role: str
    area_m2: float
    share_of_grid: float
    share_of_source: float


class ContestedLand(Value):
    """Land that grids of several layers claim; claims are layer, code and the share of that grid."""

    grid: str
    winner: tuple[str, str]
    claims: list[tuple[str, str, float]]
    area_m2: float
    lon: float
    lat: float
    sentence_zh: str
    sentence_en: str


class MergeReport(Value):
    """Where each piece of the merged layer comes from, what is to be reviewed, what was wrong with the layers."""

    layers: list[str]
    rule: str
    min_piece_m2: float
    edition: str | None
    by: str
    grids: int
    provenance: list[Provenance]
    contested: list[ContestedLand]
    faults: list[GridFault]


class RenumberAsked(Value):
    """How to number grids: height of a row band, against which edition land counts as unchanged, or all afresh."""

    band_m: float = Field(default=500.0, gt=0, le=100_000)
    edition: str | None = None
    fresh: bool = False
    commit: bool = False


class Renamed(Value):
    """A grid that gets another code."""

    before: str = Field(serialization_alias="from")
    after: str = Field(serialization_alias="to")


class SpaceNearlyFull(Value):
    """A community whose serials run out."""

    community: str
    held: int
    retired: int
    left: int
    sentence_zh: str
    sentence_en: str


class Renumbered(Value):
    """New codes; ``collisions`` are codes in use that an earlier edition gave up."""

    renamed: list[Renamed]
    kept: int
    collisions: list[str]
    nearly_full: list[SpaceNearlyFull]
    committed: bool
    version: int
    edition: str | None


class ConformityCheck(Value):
    """How one check went."""

    check: str
    looked_at: int
    faults: int
    notes: int
    measure: float | None
    sentence_zh: str
    sentence_en: str


class ConformityFinding(Value):
    """One thing that a check found."""

    check: str
    severity: str
    grids: list[str]
    measure: float
    unit: str
    lon: float | None
    lat: float | None
    sentence_zh: str
    sentence_en: str


class Conformity(Value):
    """The division principles as checks: what was looked at and found, and no claim beyond it."""

    checks: list[ConformityCheck]
    findings: list[ConformityFinding]
    faults: int
    n: int
    edition: str
    statement_zh: str
    statement_en: str


class StationFit(Value):
    """Calls in police grids of a station, and how many of them lie in a grid of another one."""

    station: str
    name: str
    n: int
    misfit: int
    share: float | None
    interval: tuple[float, float] | None


class TransferProposal(Value):
    """A grid that should answer to another station; ``before`` and ``after`` are misfit calls in all."""

    grid: str
    from_station: str
    to_station: str
    n: int
    before: int
    after: int
    gain: int
    sentence_zh: str
    sentence_en: str


class Misfit(Value):
    """The share of calls whose police grid's station and grid's station differ."""

    share: float | None
    n: int
    misfit: int
    interval: tuple[float, float] | None
    left_out: int
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    edition: str
    by_station: list[StationFit]
    proposals: list[TransferProposal]


class StaffRow(Value):
    """Posts of a unit and role."""

    code: str
    name: str
    role: str
    role_zh: str
    required: int
    filled: int
    vacant: int
    surplus: int
    share: float | None


class Staffing(Value):
    """Posts, vacancies and ratios of all units of a level, and of everything together."""

    template: str
    level: str
    required: int
    filled: int
    vacant: int
    surplus: int
    outside: int
    rows: list[StaffRow]


class RestatedGrid(Value):
    """Calls of a grid of the edition in both periods; ``change`` is of rates, with a 95 % interval and a p-value."""

    code: str
    n_before: int
    n_after: int
    change: float | None
    interval: tuple[float, float | None]
    p: float


class RestatedTotal(Value):
    """The same of all grids together; ``outside`` lie in no grid."""

    n_before: int
    n_after: int
    outside_before: int
    outside_after: int
    change: float | None
    interval: tuple[float, float | None]
    p: float


class Restatement(Value):
    """Two periods on the boundaries of one edition (同比)."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    before_start: datetime = Field(serialization_alias="before_from")
    before_end: datetime = Field(serialization_alias="before_to")
    edition: str
    edition_id: str
    method: str
    method_zh: str
    method_en: str
    total: RestatedTotal
    grids: list[RestatedGrid]
