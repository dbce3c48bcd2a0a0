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

    ``bbox`` is west, south, east, north in degrees; ``start`` and ``end`` bound the time column of calls
    (``start <= occurred_at < end``), both aware; ``equals`` are exact matches of text columns.
    """

    bbox: tuple[float, float, float, float] | None = None
    start: datetime | None = None
    end: datetime | None = None
    equals: Mapping[str, str] = field(default_factory=dict)
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of a collection in key order, in lon/lat, and how many match in all."""

    frame: gpd.GeoDataFrame
    matched: int


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
    ``grid_code`` does; tables without codes are seen whole.
    """

    def put_table(self, principal: Principal, table: Table, *, source: str) -> int:
        """Replace the whole collection; return its new version."""
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

    def update_grids(self, principal: Principal, changed: Grids, *, seen_version: int, note: str) -> int:
        """Replace the geometry and attributes of known grids; return the new version of the collection.

        Raises
        ------
        ConflictError
            If one of these grids was written by somebody else after ``seen_version``; the sentence says who and when.
        NotFoundError
            If a code is unknown.
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

    def audit(self, principal: Principal, *, limit: int = 100) -> list[AuditRecord]:
        """Return the newest audit records first."""
        ...

    def backup(self, target: str) -> None:
        """Write a consistent copy to the file ``target`` while the store is in use."""
        ...

    def close(self) -> None:
        """Release files and connections; later calls raise."""
        ...
