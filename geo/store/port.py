"""What every store promises: the port that services speak to and adapters implement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import geopandas as gpd

from geo.tables.blocks import Blocks
from geo.tables.buildings import Buildings
from geo.tables.calls import Calls
from geo.tables.communities import Communities
from geo.tables.estates import Estates
from geo.tables.grid_posts import GridPosts
from geo.tables.grids import Grids
from geo.tables.linear_grids import LinearGrids
from geo.tables.points import Points
from geo.tables.police_grids import PoliceGrids
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.spec import Table
from geo.tables.units import Units

if TYPE_CHECKING:
    from geo.grids.changes import Changes
    from geo.grids.drafts import DraftRecord
    from geo.grids.editions import EditionRecord, Timeline
    from geo.grids.lineage import LineageStep

TABLES: Final[Mapping[str, type[Table]]] = {
    table.SPEC.name: table
    for table in (
        Grids, PoliceGrids, Calls, Posts, Points, Units, Shifts, Estates, Buildings, GridPosts, Blocks, Communities, LinearGrids,
    )
}  # fmt: skip
"""Every table that a store keeps, by the name of its collection."""

HISTORY_COLUMNS: Final = (
    "row_version",
    "row_by",
    "row_at",
    "replaced_version",
    "replaced_by",
    "replaced_at",
    "note",
)
"""Who wrote a kept row and who replaced it: version of the collection, account, time."""

T = TypeVar("T", bound=Table)
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks: account, roles, and the area codes (prefixes) that the account may see; empty means all."""

    account: str
    roles: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()

    def may(self, role: str) -> bool:
        """Whether the account holds ``role``."""
        return role in self.roles


DEMO: Final = Principal(account="demo", roles=frozenset({"read", "edit", "plan", "import", "admin"}))
"""The one principal until there are accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to read of a collection.

    ``bbox`` is west, south, east, north in degrees, its edges belong to it; points are in it, areas match when
    their bounding boxes meet it. ``start`` and ``end`` bound the time column of calls
    (``start <= occurred_at < end``), both aware; ``equals`` are exact matches of text columns, ``holds`` parts of
    them, letter by letter. A box that runs backwards, a box or time for a collection that has none, or an empty part
    raises ``ParameterError``; an unknown column raises ``FieldError``.
    """

    bbox: tuple[float, float, float, float] | None = None
    start: datetime | None = None
    end: datetime | None = None
    equals: Mapping[str, str] = field(default_factory=dict)
    holds: Mapping[str, str] = field(default_factory=dict)
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of a collection in key order, in lon/lat, and how many match in all.

    Rows of a collection without geometry have an empty one.
    """

    frame: gpd.GeoDataFrame
    matched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where and when the rows of a collection lie.

    ``bbox`` is west, south, east, north in degrees; ``start`` and ``end`` are the first and last time of calls.
    None where there is nothing.
    """

    bbox: tuple[float, float, float, float] | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A saved plan: what was asked and what came out, as plain values."""

    plan_id: str
    kind: str
    title: str
    created_at: datetime
    created_by: str
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A piece of long work: state is queued, running, done, failed or cancelled."""

    job_id: str
    kind: str
    state: str
    share: float
    message: str
    created_at: datetime
    created_by: str
    finished_at: datetime | None = None
    result: Mapping[str, Json] | None = None
    problem: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Who did what to what, when; append-only."""

    at: datetime
    account: str
    action: str
    subject: str
    detail: str = ""


class Store(Protocol):
    """A store. Every call takes the principal and applies its scope in one place.

    Writes are atomic: all rows or none. Every write of a table raises its ``version`` by one and leaves an
    audit record. A scoped principal sees grids whose ``code`` begins with one of its scopes, and calls whose
    ``grid_code`` does; tables without codes are seen whole. What it does not see it cannot tell from what is not
    there; writing outside its scope raises ``ForbiddenError``. Roles are for the services to check.

    Rows come back in the order of their keys (by code point), geometry with the same bytes as WKB, times to the
    microsecond. A store may be shared by threads; readers do not wait for writers.
    """

    def put_table(self, principal: Principal, table: Table, *, source: str) -> int:
        """Replace the whole collection (for a scoped principal: the part it sees); return its new version.

        Grids that change or vanish are kept in their history. Keys, families and grid codes have at most 200
        characters.
        """
        ...

    def upsert(self, principal: Principal, table: Table, *, source: str) -> tuple[int, int]:
        """Insert new keys and update known ones; return (inserted, updated)."""
        ...

    def table(self, principal: Principal, kind: type[T]) -> T:
        """Return the whole collection as a table."""
        ...

    def query(self, principal: Principal, collection: str, query: Query) -> Page:
        """Return one page of a collection; an unknown name raises ``NotFoundError``."""
        ...

    def feature(self, principal: Principal, collection: str, key: str) -> gpd.GeoDataFrame:
        """Return one row; an unknown key raises ``NotFoundError``."""
        ...

    def count(self, principal: Principal, collection: str) -> int:
        """Return the number of rows."""
        ...

    def version(self, collection: str) -> int:
        """Return how often the collection was written; 0 before the first time."""
        ...

    def extent(self, principal: Principal, collection: str) -> Extent:
        """Return where and when the rows lie that the principal sees."""
        ...

    def update_grids(self, principal: Principal, changed: Grids, *, seen_version: int, note: str) -> int:
        """Replace the geometry and attributes of known grids; return the new version of the collection.

        Raises
        ------
        ConflictError
            If one of these grids was written after ``seen_version``, also by the same account in another window;
            the sentence says who and when.
        NotFoundError
            If a code is unknown.
        """
        ...

    def grid_history(self, principal: Principal, code: str) -> gpd.GeoDataFrame:
        """Return a grid as it was before each change, newest first, with the columns of ``HISTORY_COLUMNS`` added.

        A code that never was raises ``NotFoundError``.
        """
        ...

    def save_draft(
        self,
        principal: Principal,
        draft: DraftRecord,
        *,
        seen_version: int,
        changes: Changes | None = None,
        work: Mapping[str, Json] | None = None,
        only: Collection[str] | None = None,
    ) -> DraftRecord:
        """Keep a draft as ``geo.grids.drafts`` made it, new (``seen_version=0``) or changed; return it as kept.

        ``changes`` are its rows and ``work`` anything beside them (the operations, what was undone); None leaves each
        as it is. Where ``only`` names codes, ``changes`` tells of these alone: one that it does not name is as at the
        base again, and rows of all other codes stay. An account keeps and sees drafts whose area lies in its scope.

        Raises
        ------
        ConflictError
            If somebody saved it after ``seen_version``; the sentence says who and when.
        ForbiddenError
            If the draft is about an area outside the scope, or touches grids outside its area.
        ParameterError
            If its touched codes are not those of its rows, or it is published, which ``publish_draft`` does.
        """
        ...

    def draft(self, principal: Principal, draft_id: str) -> DraftRecord:
        """Return one draft or raise ``NotFoundError``."""
        ...

    def drafts(self, principal: Principal) -> list[DraftRecord]:
        """Return drafts, last saved first."""
        ...

    def draft_changes(self, principal: Principal, draft_id: str) -> Changes:
        """Return the rows of a draft or raise ``NotFoundError``."""
        ...

    def draft_work(self, principal: Principal, draft_id: str) -> Mapping[str, Json]:
        """Return what was kept beside the rows of a draft or raise ``NotFoundError``."""
        ...

    def publish_draft(
        self,
        principal: Principal,
        draft: DraftRecord,
        *,
        seen_version: int,
        today: date,
        steps: Sequence[LineageStep] | None = None,
    ) -> EditionRecord:
        """Make a draft that was just published (``DraftRecord.published``) an edition, in one transaction.

        If its day has come it is put in force in the same transaction: the grids change, and are kept as they were.
        ``steps`` are the operations that led to it, for the lineage.

        Raises
        ------
        ConflictError
            If the draft was saved after ``seen_version`` or was not approved, if its base is not the newest edition
            (the sentence names the grids and offers a rebase where they are others), or if grids that it touches were
            changed past the editions.
        ParameterError
            If its day is before that of the newest edition.
        """
        ...

    def record_edition(
        self, principal: Principal, *, title: str, valid_from: date, today: date, note: str = ""
    ) -> EditionRecord:
        """Make an edition of the grids as they stand: the first one, or one of changes made past the editions.

        Without changes the newest edition is returned. While an edition waits for its day, the changes go on top of it
        and wait too, unless both touch the same grids (``ConflictError``). Needs an account without scope.
        """
        ...

    def put_in_force(self, principal: Principal, *, today: date) -> tuple[EditionRecord, ...]:
        """Make the grids those of all editions whose day has come, oldest first, in one transaction; return these.

        An edition wins over changes made past it since; what it replaces is kept in the history.
        """
        ...

    def editions(self, principal: Principal) -> Timeline:
        """Return all editions; they are seen whole, their grids are not."""
        ...

    def edition_grids(self, principal: Principal, number: int) -> Grids:
        """Return the grids of an edition that the account sees, to the last bit; ``NotFoundError`` if it is unknown."""
        ...

    def edition_changes(self, principal: Principal, number: int) -> Changes:
        """Return what an edition changed of its base (the first: all its grids), as far as the account sees it."""
        ...

    def edition_steps(self, principal: Principal, number: int) -> tuple[LineageStep, ...] | None:
        """Return the operations that led to an edition, or None where they are not known."""
        ...

    def moved_since(self, principal: Principal, number: int) -> tuple[str, ...]:
        """Return the codes that editions after this one changed, rising, as far as the account sees them."""
        ...

    def retired_codes(self, principal: Principal) -> frozenset[str]:
        """Return the codes that some edition gave up; they are not given again."""
        ...

    def add_plan(self, principal: Principal, plan: PlanRecord, *, seen: PlanRecord | None = None) -> None:
        """Keep a plan; a known id is replaced, with ``seen`` only while it is still that (else ``ConflictError``)."""
        ...

    def plan(self, principal: Principal, plan_id: str) -> PlanRecord:
        """Return one plan or raise ``NotFoundError``."""
        ...

    def plans(
        self,
        principal: Principal,
        kind: str | None = None,
        *,
        between: tuple[str, str] | None = None,
        headings: bool = False,
    ) -> list[PlanRecord]:
        """Return plans, newest first; of ``between`` those with an id from the first text to before the second; ``headings``: short values."""
        ...

    def put_job(self, principal: Principal, job: JobRecord) -> None:
        """Insert or replace a job."""
        ...

    def job(self, principal: Principal, job_id: str) -> JobRecord:
        """Return one job or raise ``NotFoundError``."""
        ...

    def jobs(self, principal: Principal) -> list[JobRecord]:
        """Return jobs, newest first."""
        ...

    def put_document(self, principal: Principal, name: str, body: Mapping[str, Json]) -> None:
        """Keep a small named document (settings, speed table, demo facts)."""
        ...

    def document(self, principal: Principal, name: str) -> Mapping[str, Json] | None:
        """Return a named document, or None."""
        ...

    def add_audit(self, principal: Principal, *, action: str, subject: str, detail: str = "") -> None:
        """Add to the audit what did not go through another call of this store: a log-in, an export."""
        ...

    def audit(self, principal: Principal, *, limit: int = 100) -> list[AuditRecord]:
        """Return the newest audit records first."""
        ...

    def backup(self, target: str) -> None:
        """Write a copy of one moment to the file ``target`` while the store is in use, replacing what is there.

        The copy of any store is a SQLite file, which ``SqlStore.open`` opens.
        """
        ...

    def close(self) -> None:
        """Release files and connections; later calls raise ``UnavailableError``."""
        ...
