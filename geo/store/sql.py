"""The store in SQL: one file of SQLite, or PostgreSQL with PostGIS, by one code path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Self

import geopandas as gpd
import sqlalchemy as sa

from geo.errors import FileError, ParameterError, UnavailableError
from geo.store import migrate, papers, postgres, rows, search, sqlite_file
from geo.store.conflict import require_current
from geo.store.copying import sql_source, write_copy
from geo.store.engines import Engines
from geo.store.facts import facts
from geo.store.faults import faults
from geo.store.port import AuditRecord, Extent, JobRecord, Json, Page, PlanRecord, Principal, Query, T
from geo.store.records import frame_of, layer_of, require_storable, table_of
from geo.store.schema import REVISION
from geo.store.scope import require_writable
from geo.store.sql_editions import SqlEditions
from geo.store.values import is_storable, kind_of, microseconds, no_row, now, require_query
from geo.tables.grids import Grids
from geo.tables.spec import Table


class SqlStore(SqlEditions):
    """A store in SQL; make one with ``SqlStore.open``. Threads may share it."""

    def __init__(self, engines: Engines, *, clock: Callable[[], datetime], path: Path | None) -> None:
        self._engines = engines
        self._clock = clock
        self._path = path
        self._one_writer = RLock()
        self._counts = search.CountCache()
        self._closed = False

    @classmethod
    def open(
        cls,
        path_or_url: str | Path,
        *,
        clock: Callable[[], datetime] = now,
        busy_seconds: float = 10.0,
        backup_folder: Path | None = None,
    ) -> Self:
        """Open or make a store and bring its schema up to date, after a backup of an older one.

        The backup lies beside the file, or in ``backup_folder``, and has the old revision in its name.

        Raises
        ------
        FileError
            A file that is no store, or one that a newer version wrote: nothing is changed.
        UnavailableError
            A SQLite that loses data, a server that does not answer or has no PostGIS, a writer that does not finish.
        """
        text = str(path_or_url)
        if "://" not in text:
            return cls._open_file(Path(path_or_url), clock, busy_seconds, backup_folder)
        try:
            url = sa.make_url(text)
        except (sa.exc.ArgumentError, ValueError) as error:
            raise ParameterError(
                "The address of the database cannot be read; write postgresql://account@host/database",
                "无法解析数据库地址，请写成 postgresql://账号@主机/库名",
            ) from error
        if url.get_backend_name() == "sqlite":
            return cls._open_file(Path(url.database or ":memory:"), clock, busy_seconds, backup_folder)
        return cls._open_server(url, clock, busy_seconds, backup_folder)

    @classmethod
    def _open_file(
        cls, path: Path, clock: Callable[[], datetime], busy_seconds: float, backup_folder: Path | None
    ) -> Self:
        if str(path) == ":memory:":
            raise ParameterError(
                "A store in SQL needs a file; use MemoryStore for none", "SQL 存储需要文件；不需要文件请用 MemoryStore"
            )
        sqlite_file.require_sqlite()
        path = path.absolute()
        with faults(str(path)):
            sqlite_file.require_path(path)
            with sqlite_file.peeking(path).connect() as connection:
                revision = migrate.stored_revision(connection, str(path))
            engines = sqlite_file.sqlite_engines(path, busy_seconds=busy_seconds)
            try:
                if revision is not None and revision != REVISION:
                    target = _free_name((backup_folder or path.parent) / f"{path.name}.schema-{revision}.backup")
                    with engines.reader.connect() as connection:
                        sqlite_file.online_copy(connection, target)
                if revision != REVISION:
                    with engines.writer.begin() as connection:
                        migrate.upgrade(connection)
            except BaseException:
                engines.dispose()
                raise
        return cls(engines, clock=clock, path=path)

    @classmethod
    def _open_server(
        cls, url: sa.URL, clock: Callable[[], datetime], busy_seconds: float, backup_folder: Path | None
    ) -> Self:
        engines = postgres.postgres_engines(url, busy_seconds=busy_seconds)
        try:
            with faults(engines.place):
                with engines.reader.connect() as connection:
                    revision = migrate.stored_revision(connection, engines.place)
                    if revision is not None and revision != REVISION:
                        target = _backup_of_server(url, revision, backup_folder)
                        write_copy(sql_source(connection), target, revision)
                if revision != REVISION:
                    with engines.writer.begin() as connection:
                        postgres.lock_schema(connection)
                        postgres.require_postgis(connection, engines.place)
                        migrate.upgrade(connection)
        except BaseException:
            engines.dispose()
            raise
        return cls(engines, clock=clock, path=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        self._require_open()
        with faults(self._engines.place), self._engines.reader.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        self._require_open()
        with self._one_writer, faults(self._engines.place), self._engines.writer.begin() as connection:
            yield connection

    def _require_open(self) -> None:
        if self._closed:
            raise UnavailableError(f"The store {self._engines.place} is closed", f"存储 {self._engines.place} 已关闭")

    def put_table(self, principal: Principal, table: Table, *, source: str) -> int:
        """Replace the whole collection, or the part that the account sees; return its new version."""
        name = kind_of(table.SPEC.name).SPEC.name
        require_storable(table, source)
        require_writable(principal, table)
        with self._writing() as connection:
            writing = rows.begin(connection, principal, name, microseconds(self._clock()))
            rows.replace(writing, table, note=source)
            rows.end(writing, source=source, action="table.put", detail=f"{len(table)} rows from {source}")
        return writing.version

    def upsert(self, principal: Principal, table: Table, *, source: str) -> tuple[int, int]:
        """Insert new keys and update known ones; return (inserted, updated)."""
        name = kind_of(table.SPEC.name).SPEC.name
        require_storable(table, source)
        require_writable(principal, table)
        with self._writing() as connection:
            writing = rows.begin(connection, principal, name, microseconds(self._clock()))
            added, updated = rows.merge(writing, table, note=source)
            detail = f"{added} rows added, {updated} updated from {source}"
            rows.end(writing, source=source, action="table.upsert", detail=detail)
        return added, updated

    def table(self, principal: Principal, kind: type[T]) -> T:
        """Return the whole collection as a table, in key order."""
        name = kind_of(kind.SPEC.name).SPEC.name
        with self._reading() as connection:
            found = search.all_rows(connection, principal, name)
        return table_of(kind, found)

    def query(self, principal: Principal, collection: str, query: Query) -> Page:
        """Return one page of a collection; see ``geo.store.port.Store``."""
        require_query(kind_of(collection).SPEC, query)
        with self._reading() as connection:
            return search.page(connection, principal, collection, query, self._counts)

    def feature(self, principal: Principal, collection: str, key: str) -> gpd.GeoDataFrame:
        """Return one row; an unknown key raises ``NotFoundError``."""
        kind = kind_of(collection)
        found: search.Rows = []
        if is_storable(key):
            with self._reading() as connection:
                found = search.row(connection, principal, collection, key)
        if not found:
            raise no_row(collection, key)
        return layer_of(frame_of(kind, found))

    def count(self, principal: Principal, collection: str) -> int:
        """Return the number of rows."""
        kind_of(collection)
        with self._reading() as connection:
            return search.count(connection, principal, collection)

    def extent(self, principal: Principal, collection: str) -> Extent:
        """Return the box and the first and last time of what the account sees."""
        kind_of(collection)
        with self._reading() as connection:
            return search.extent(connection, principal, collection)

    def version(self, collection: str) -> int:
        """Return how often the collection was written; 0 before the first time."""
        kind_of(collection)
        with self._reading() as connection:
            return search.version(connection, collection)

    def update_grids(self, principal: Principal, changed: Grids, *, seen_version: int, note: str) -> int:
        """Replace known grids, keep them as they were; see ``geo.store.port.Store`` for the errors."""
        require_storable(changed, note)
        with self._writing() as connection:
            now_ = self._clock()
            writing = rows.begin(connection, principal, Grids.SPEC.name, microseconds(now_))
            last = rows.last_written(writing, changed.keys)
            require_current(changed.keys, last, seen=seen_version, current=writing.version - 1, zone=now_.tzinfo)
            require_writable(principal, changed)
            rows.change(writing, changed, note=note)
            detail = f"{', '.join(changed.keys[:20])}{'…' if len(changed) > 20 else ''}: {note}"
            rows.end(writing, source=note, action="grids.update", detail=detail)
        return writing.version

    def grid_history(self, principal: Principal, code: str) -> gpd.GeoDataFrame:
        """Return a grid as it was before each change, newest first."""
        found = None
        if is_storable(code):
            with self._reading() as connection:
                found = search.history(connection, principal, Grids.SPEC.name, code)
        if found is None:
            raise no_row(Grids.SPEC.name, code)
        return found

    def add_plan(self, principal: Principal, plan: PlanRecord, *, seen: PlanRecord | None = None) -> None:
        """Keep a plan; a known id is replaced, with ``seen`` only while it is still that."""
        with self._writing() as connection:
            papers.put_plan(connection, plan, seen)
            self._note(connection, principal, "plan.put", plan.plan_id, plan.title)

    def plan(self, principal: Principal, plan_id: str) -> PlanRecord:  # noqa: ARG002  # seen whole by all
        """Return one plan or raise ``NotFoundError``."""
        with self._reading() as connection:
            found = papers.plan(connection, plan_id) if is_storable(plan_id) else None
        if found is None:
            raise no_row("plans", plan_id)
        return found

    def plans(
        self,
        principal: Principal,  # noqa: ARG002
        kind: str | None = None,
        *,
        between: tuple[str, str] | None = None,
        headings: bool = False,
    ) -> list[PlanRecord]:
        """Return plans, newest first; of ``between`` those with an id from the first text to before the second; ``headings``: short values."""
        with self._reading() as connection:
            return papers.plans(connection, kind, between, headings=headings)

    def put_job(self, principal: Principal, job: JobRecord) -> None:  # noqa: ARG002
        """Insert or replace a job."""
        with self._writing() as connection:
            papers.put_job(connection, job)

    def job(self, principal: Principal, job_id: str) -> JobRecord:  # noqa: ARG002
        """Return one job or raise ``NotFoundError``."""
        with self._reading() as connection:
            found = papers.job(connection, job_id) if is_storable(job_id) else None
        if found is None:
            raise no_row("jobs", job_id)
        return found

    def jobs(self, principal: Principal) -> list[JobRecord]:  # noqa: ARG002
        """Return jobs, newest first."""
        with self._reading() as connection:
            return papers.jobs(connection)

    def put_document(self, principal: Principal, name: str, body: Mapping[str, Json]) -> None:
        """Keep a small named document."""
        with self._writing() as connection:
            papers.put_document(connection, name, body, principal.account, microseconds(self._clock()))
            self._note(connection, principal, "document.put", name)

    def document(self, principal: Principal, name: str) -> Mapping[str, Json] | None:  # noqa: ARG002
        """Return a named document, or None."""
        with self._reading() as connection:
            return papers.document(connection, name) if is_storable(name) else None

    def add_audit(self, principal: Principal, *, action: str, subject: str, detail: str = "") -> None:
        """Add to the audit what did not go through another call of this store."""
        with self._writing() as connection:
            self._note(connection, principal, action, subject, detail)

    def audit(self, principal: Principal, *, limit: int = 100) -> list[AuditRecord]:  # noqa: ARG002
        """Return the newest audit records first."""
        with self._reading() as connection:
            return papers.audit(connection, limit)

    def _note(
        self, connection: sa.Connection, principal: Principal, action: str, subject: str, detail: str = ""
    ) -> None:
        at = self._clock()
        papers.put_audit(
            connection,
            AuditRecord(at=at, account=principal.account, action=action, subject=subject, detail=detail),
        )

    def backup(self, target: str) -> None:
        """Write a copy of one moment to the SQLite file ``target`` while the store is in use; replace what is there."""
        path = Path(target).absolute()
        if self._path is not None and path.exists() and path.samefile(self._path):
            raise FileError(
                "A store cannot be its own backup; name another file", "备份文件不能是存储本身，请另取文件名"
            )
        with self._reading() as connection:
            if self._path is None:
                write_copy(sql_source(connection), path, REVISION)
            else:
                sqlite_file.online_copy(connection, path)

    def facts(self) -> dict[str, str | int]:
        """Return engine, schema, size, rows of each collection and the verdict of the database's own check."""
        with self._reading() as connection:
            return facts(connection, self._engines.place, self._path)

    def close(self) -> None:
        """Release files and connections; later calls raise ``UnavailableError``."""
        with self._one_writer:
            self._closed = True
            self._engines.dispose()


def _free_name(target: Path) -> Path:
    """Return ``target``, or the first of target-2, target-3, … that is not taken."""
    candidate, number = target, 1
    while candidate.exists():
        number += 1
        candidate = target.with_name(f"{target.name}-{number}")
    return candidate


def _backup_of_server(url: sa.URL, revision: str, folder: Path | None) -> Path:
    if folder is None:
        raise UnavailableError(
            f"The schema of {url.database} is older (revision {revision}); name a folder for the backup that is made "
            "before it is changed",
            f"{url.database} 的结构较旧（版本 {revision}），升级前要先备份，请指定备份目录",
        )
    return _free_name(folder / f"{url.database}.schema-{revision}.backup")
