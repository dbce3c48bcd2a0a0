"""What every store promises: the port that services speak to and adapters implement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeVar

import geopandas as gpd

from geo.tables.calls import Calls
from geo.tables.grids import Grids
from geo.tables.points import Points
from geo.tables.police_grids import PoliceGrids
from geo.tables.posts import Posts
from geo.tables.shifts import Shifts
from geo.tables.spec import Table
from geo.tables.units import Units

TABLES: Final[Mapping[str, type[Table]]] = {
    table.SPEC.name: table for table in (Grids, PoliceGrids, Calls, Posts, Points, Units, Shifts)
}
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
    (``start <= occurred_at < end``), both aware; ``equals`` are exact matches of text columns. A box that runs
    backwards, or a box or time for a collection that has none, raises ``ParameterError``; an unknown column
    raises ``FieldError``.
    """

    bbox: tuple[float, float, float, float] | None = None
    start: datetime | None = None
    end: datetime | None = None
    equals: Mapping[str, str] = field(default_factory=dict)
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

    def add_plan(self, principal: Principal, plan: PlanRecord) -> None:
        """Keep a plan; a known id is replaced."""
        ...

    def plan(self, principal: Principal, plan_id: str) -> PlanRecord:
        """Return one plan or raise ``NotFoundError``."""
        ...

    def plans(self, principal: Principal, kind: str | None = None) -> list[PlanRecord]:
        """Return plans, newest first."""
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
