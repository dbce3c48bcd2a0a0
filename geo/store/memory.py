"""The store in memory: for tests, and for a look at files without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Self, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.errors import UnavailableError
from geo.grids.changes import Changes
from geo.store.conflict import LastWritten, require_current
from geo.store.copying import write_copy
from geo.store.memory_editions import EditionShelf, MemoryEditions
from geo.store.papers import job_of, job_values, plan_of, plan_values, require_still
from geo.store.port import TABLES, AuditRecord, Extent, JobRecord, Json, Page, PlanRecord, Principal, Query, T
from geo.store.records import (
    ROW_COLUMNS,
    Record,
    frame_of,
    layer_of,
    records,
    require_storable,
    stored_columns,
    with_history,
)
from geo.store.schema import HISTORIES, REVISION
from geo.store.scope import refuse, require_writable, visible
from geo.store.values import (
    TIME_COLUMN,
    dump,
    instant_of,
    kind_of,
    load,
    microseconds,
    no_row,
    now,
    require_query,
    require_texts,
)
from geo.tables.grids import Grids
from geo.tables.spec import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """A collection at one version, in key order; never changed, only replaced."""

    table: Table
    version: int = 0
    row_version: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    row_by: npt.NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))
    row_at: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    source: str = ""
    written_by: str | None = None
    written_at: int | None = None

    def places(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self.table.keys)}

    def written(self) -> list[Record]:
        """Return the rows with who wrote them, as they are stored in SQL."""
        by = zip(self.row_version.tolist(), self.row_by.tolist(), self.row_at.tolist(), strict=True)
        return [(*record, *row) for record, row in zip(records(self.table), by, strict=True)]


class MemoryStore(MemoryEditions):
    """A store in memory, with the promises of ``geo.store.port.Store``. Threads may share it."""

    def __init__(self, *, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._lock = RLock()
        self._closed = False
        self._rows = {name: _Rows(table=kind.empty()) for name, kind in TABLES.items()}
        self._history: dict[str, list[Record]] = {name: [] for name in HISTORIES}
        self._plans: dict[str, dict[str, object]] = {}
        self._jobs: dict[str, dict[str, object]] = {}
        self._documents: dict[str, tuple[str, str, int]] = {}
        self._audit: list[AuditRecord] = []
        self._shelf = EditionShelf()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _of(self, collection: str) -> _Rows:
        self._require_open()
        return self._rows[kind_of(collection).SPEC.name]

    def _require_open(self) -> None:
        if self._closed:
            raise UnavailableError("The store in memory is closed", "内存存储已关闭")

    def put_table(self, principal: Principal, table: Table, *, source: str) -> int:
        """Replace the whole collection, or the part that the account sees; return its new version."""
        with self._lock:
            old, seen = self._writable(principal, table, source)
            self._write(principal, table, drop=seen, keep=self._differing(old, table, seen), note=source)
            self._note(principal, "table.put", table.SPEC.name, f"{len(table)} rows from {source}")
            return old.version + 1

    def upsert(self, principal: Principal, table: Table, *, source: str) -> tuple[int, int]:
        """Insert new keys and update known ones; return (inserted, updated)."""
        with self._lock:
            old, seen = self._writable(principal, table, source)
            known = np.isin(np.asarray(old.table.keys, dtype=object), np.asarray(table.keys, dtype=object))
            self._write(principal, table, drop=known, keep=self._differing(old, table, known & seen), note=source)
            updated = int(known.sum())
            detail = f"{len(table) - updated} rows added, {updated} updated from {source}"
            self._note(principal, "table.upsert", table.SPEC.name, detail)
            return len(table) - updated, updated

    def _writable(self, principal: Principal, table: Table, source: str) -> tuple[_Rows, npt.NDArray[np.bool_]]:
        """Check the rows to write; return what is there and which of it the account sees."""
        old = self._of(table.SPEC.name)
        require_storable(table, source)
        require_writable(principal, table)
        seen = visible(principal, table.SPEC.name, old.table.frame)
        wanted = set(table.keys)
        taken = [key for key, mine in zip(old.table.keys, seen, strict=True) if not mine and key in wanted]
        if taken:
            refuse(taken, table.SPEC.name)
        return old, seen

    def _differing(self, old: _Rows, table: Table, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return which of the rows ``among`` those of ``old`` are not in ``table`` just as they are."""
        if table.SPEC.name not in self._history:
            return np.zeros(len(old.table), dtype=bool)
        new = dict(zip(sorted(table.keys), records(table), strict=True))
        stored = zip(old.table.keys, records(old.table), among, strict=True)
        return np.array([bool(chosen) and new.get(key) != record for key, record, chosen in stored], dtype=bool)

    def _write(
        self,
        principal: Principal,
        table: Table,
        *,
        drop: npt.NDArray[np.bool_],
        keep: npt.NDArray[np.bool_],
        note: str,
    ) -> None:
        name = table.SPEC.name
        old = self._rows[name]
        at, version = microseconds(self._clock()), old.version + 1
        if keep.any():
            by = (version, principal.account, at, note)
            self._history[name] += [(*row, *by) for row, kept in zip(old.written(), keep, strict=True) if kept]
        left = ~drop
        frames = [frame for frame in (old.table.frame[left], table.frame) if len(frame)]
        frame = pd.concat(frames, ignore_index=True) if frames else table.frame
        order = np.argsort(np.asarray(frame[table.SPEC.key], dtype=object), kind="stable")
        who = np.full(len(table), principal.account, dtype=object)
        self._rows[name] = _Rows(
            table=type(table)(cast("gpd.GeoDataFrame", frame.iloc[order].reset_index(drop=True))),
            version=version,
            row_version=np.concatenate([old.row_version[left], np.full(len(table), version)])[order],
            row_by=np.concatenate([old.row_by[left], who])[order],
            row_at=np.concatenate([old.row_at[left], np.full(len(table), at)])[order],
            source=note,
            written_by=principal.account,
            written_at=at,
        )

    def table(self, principal: Principal, kind: type[T]) -> T:
        """Return the whole collection as a table, in key order."""
        return kind(self._seen(principal, kind.SPEC.name))

    def _seen(self, principal: Principal, collection: str) -> gpd.GeoDataFrame:
        frame = self._of(collection).table.frame
        return cast("gpd.GeoDataFrame", frame[visible(principal, collection, frame)].reset_index(drop=True))

    def query(self, principal: Principal, collection: str, query: Query) -> Page:
        """Return one page of a collection; see ``geo.store.port.Store``."""
        require_query(kind_of(collection).SPEC, query)
        frame = self._seen(principal, collection)
        found = np.ones(len(frame), dtype=bool)
        if query.bbox is not None:
            west, south, east, north = query.bbox
            box = shapely.bounds(np.asarray(frame.geometry.array, dtype=object)).reshape(-1, 4)
            found &= (box[:, 2] >= west) & (box[:, 3] >= south) & (box[:, 0] <= east) & (box[:, 1] <= north)
        if query.start is not None:
            found &= (frame[TIME_COLUMN[collection]] >= query.start).to_numpy()
        if query.end is not None:
            found &= (frame[TIME_COLUMN[collection]] < query.end).to_numpy()
        for name, value in query.equals.items():
            found &= (frame[name] == value).to_numpy(dtype=bool)
        for name, part in query.holds.items():
            found &= frame[name].str.contains(part, regex=False, na=False).to_numpy(dtype=bool)
        places = np.flatnonzero(found)
        page = frame.iloc[places[query.offset : query.offset + query.limit]].reset_index(drop=True)
        return Page(frame=layer_of(page), matched=len(places))

    def feature(self, principal: Principal, collection: str, key: str) -> gpd.GeoDataFrame:
        """Return one row; an unknown key raises ``NotFoundError``."""
        frame = self._seen(principal, collection)
        found = frame[(frame[kind_of(collection).SPEC.key] == key).to_numpy(dtype=bool)]
        if not len(found):
            raise no_row(collection, key)
        return layer_of(found.reset_index(drop=True))

    def count(self, principal: Principal, collection: str) -> int:
        """Return the number of rows."""
        return len(self._seen(principal, collection))

    def extent(self, principal: Principal, collection: str) -> Extent:
        """Return the box and the first and last time of what the account sees."""
        frame = self._seen(principal, collection)
        if not kind_of(collection).SPEC.geometry or not len(frame):
            return Extent()
        west, south, east, north = (float(value) for value in frame.total_bounds)
        bbox = (west, south, east, north)
        if collection not in TIME_COLUMN:
            return Extent(bbox=bbox)
        times = frame[TIME_COLUMN[collection]]
        return Extent(bbox=bbox, start=times.min().to_pydatetime(), end=times.max().to_pydatetime())

    def version(self, collection: str) -> int:
        """Return how often the collection was written; 0 before the first time."""
        return self._of(collection).version

    def update_grids(self, principal: Principal, changed: Grids, *, seen_version: int, note: str) -> int:
        """Replace known grids, keep them as they were; see ``geo.store.port.Store`` for the errors."""
        name = Grids.SPEC.name
        require_storable(changed, note)
        with self._lock:
            old = self._of(name)
            seen = visible(principal, name, old.table.frame)
            places = old.places()
            last = {
                key: LastWritten(
                    key=key,
                    version=int(old.row_version[places[key]]),
                    account=str(old.row_by[places[key]]),
                    at=int(old.row_at[places[key]]),
                )
                for key in changed.keys
                if key in places and seen[places[key]]
            }
            zone = self._clock().tzinfo
            require_current(changed.keys, last, seen=seen_version, current=old.version, zone=zone)
            hit = np.isin(np.asarray(old.table.keys, dtype=object), np.asarray(changed.keys, dtype=object))
            self._write(principal, changed, drop=hit, keep=hit, note=note)
            named = f"{', '.join(changed.keys[:20])}{'…' if len(changed) > 20 else ''}"
            self._note(principal, "grids.update", name, f"{named}: {note}")
            return old.version + 1

    def _grids_now(self) -> tuple[Grids, int]:
        rows = self._rows[Grids.SPEC.name]
        return cast("Grids", rows.table), rows.version

    def _amend(self, principal: Principal, changes: Changes, note: str) -> int:
        old = self._rows[Grids.SPEC.name]
        hit = np.isin(np.asarray(old.table.keys, dtype=object), np.asarray(changes.touched, dtype=object))
        self._write(principal, changes.changed, drop=hit, keep=self._differing(old, changes.changed, hit), note=note)
        return old.version + 1

    def grid_history(self, principal: Principal, code: str) -> gpd.GeoDataFrame:
        """Return a grid as it was before each change, newest first."""
        self._require_open()
        width = len(Grids.SPEC.columns) + 1
        shift = len(stored_columns(Grids.SPEC))
        kept = [row for row in self._history[Grids.SPEC.name][::-1] if row[0] == code]
        frame = layer_of(frame_of(Grids, [row[:width] for row in kept]))
        inside = visible(principal, Grids.SPEC.name, frame)
        if not inside.any():
            self.feature(principal, Grids.SPEC.name, code)
        chosen = [row[shift:] for row, mine in zip(kept, inside, strict=True) if mine]
        return with_history(frame[inside].reset_index(drop=True), chosen)

    def add_plan(self, principal: Principal, plan: PlanRecord, *, seen: PlanRecord | None = None) -> None:
        """Keep a plan; a known id is replaced, with ``seen`` only while it is still that."""
        with self._lock:
            self._require_open()
            if seen is not None:
                require_still(seen, self._plans.get(plan.plan_id))
            self._plans[plan.plan_id] = plan_values(plan)
            self._note(principal, "plan.put", plan.plan_id, plan.title)

    def plan(self, principal: Principal, plan_id: str) -> PlanRecord:  # noqa: ARG002  # seen whole by all
        """Return one plan or raise ``NotFoundError``."""
        self._require_open()
        if plan_id not in self._plans:
            raise no_row("plans", plan_id)
        return plan_of(self._plans[plan_id])

    def plans(
        self,
        principal: Principal,  # noqa: ARG002
        kind: str | None = None,
        *,
        between: tuple[str, str] | None = None,
        headings: bool = False,
    ) -> list[PlanRecord]:
        """Return plans, newest first; of ``between`` those with an id from the first text to before the second; ``headings``: short values."""
        self._require_open()
        made = [plan_of(values, headings=headings) for values in list(self._plans.values())]
        made.sort(key=lambda plan: (plan.created_at, plan.plan_id), reverse=True)
        low, high = between or ("", None)
        made = [plan for plan in made if low <= plan.plan_id and (high is None or plan.plan_id < high)]
        return [plan for plan in made if kind is None or plan.kind == kind]

    def put_job(self, principal: Principal, job: JobRecord) -> None:  # noqa: ARG002
        """Insert or replace a job."""
        with self._lock:
            self._require_open()
            self._jobs[job.job_id] = job_values(job)

    def job(self, principal: Principal, job_id: str) -> JobRecord:  # noqa: ARG002
        """Return one job or raise ``NotFoundError``."""
        self._require_open()
        if job_id not in self._jobs:
            raise no_row("jobs", job_id)
        return job_of(self._jobs[job_id])

    def jobs(self, principal: Principal) -> list[JobRecord]:  # noqa: ARG002
        """Return jobs, newest first."""
        self._require_open()
        made = [job_of(values) for values in list(self._jobs.values())]
        return sorted(made, key=lambda job: (job.created_at, job.job_id), reverse=True)

    def put_document(self, principal: Principal, name: str, body: Mapping[str, Json]) -> None:
        """Keep a small named document."""
        require_texts("document", [name])
        text = dump(name, body)
        with self._lock:
            self._require_open()
            self._documents[name] = (text, principal.account, microseconds(self._clock()))
            self._note(principal, "document.put", name)

    def document(self, principal: Principal, name: str) -> Mapping[str, Json] | None:  # noqa: ARG002
        """Return a named document, or None."""
        self._require_open()
        found = self._documents.get(name)
        return None if found is None else load(found[0])

    def add_audit(self, principal: Principal, *, action: str, subject: str, detail: str = "") -> None:
        """Add to the audit what did not go through another call of this store."""
        self._require_open()
        self._note(principal, action, subject, detail)

    def audit(self, principal: Principal, *, limit: int = 100) -> list[AuditRecord]:  # noqa: ARG002
        """Return the newest audit records first."""
        self._require_open()
        return self._audit[::-1][:limit]

    def _note(self, principal: Principal, action: str, subject: str, detail: str = "") -> None:
        require_texts("audit", [principal.account, action, subject, detail])
        record = AuditRecord(
            at=instant_of(microseconds(self._clock())),
            account=principal.account,
            action=action,
            subject=subject,
            detail=detail,
        )
        with self._lock:
            self._audit.append(record)

    def backup(self, target: str) -> None:
        """Write everything to the SQLite file ``target``, which ``SqlStore.open`` opens."""
        with self._lock:
            self._require_open()
            write_copy(self._copied, Path(target).absolute(), REVISION)

    def _copied(self, table: str, names: Sequence[str]) -> list[Record]:
        if table in self._rows:
            order = [*stored_columns(TABLES[table].SPEC), *ROW_COLUMNS]
            return [tuple(row[order.index(name)] for name in names) for row in self._rows[table].written()]
        if table in ("plans", "jobs"):
            papers = self._plans if table == "plans" else self._jobs
            return [tuple(values[name] for name in names) for values in papers.values()]
        if table == "documents":
            return [(name, *values) for name, values in self._documents.items()]
        if table == "collections":
            return [
                (name, rows.version, len(rows.table), rows.source, rows.written_by, rows.written_at)
                for name, rows in self._rows.items()
            ]
        if table == "audit":
            return [
                (serial, microseconds(row.at), row.account, row.action, row.subject, row.detail)
                for serial, row in enumerate(self._audit, start=1)
            ]
        editions = self._copied_editions(table, names)
        if editions is not None:
            return editions
        return [(serial, *row) for serial, row in enumerate(self._history[table.removesuffix("_history")], start=1)]

    def close(self) -> None:
        """Forget everything; later calls raise ``UnavailableError``."""
        self._closed = True
