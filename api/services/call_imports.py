"""Calls as they come: an export or rows of another system, previewed, mapped, cleaned, written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from api.schemas.calls import AddressReview, CallImportAnswer, CallsMapping, RejectedRow, UploadAnswer
from api.schemas.exchange import DroppedPersons
from api.services.call_documents import address_book, families, profile_for, profile_named, remember
from api.services.call_ground import ground
from api.services.call_review import bases_of, counted_flags, plain_calls
from api.services.call_writing import CLEANING_FROM, WRITING_FROM, Watch, Wrote, calls_around, write_calls
from api.services.workspace import Workspace
from geo.errors import CancelledError, CoordinateError, FieldError
from geo.incidents.address_book import AddressBook
from geo.incidents.build_calls import BuiltCalls, Context, build_calls
from geo.incidents.profile import CallsProfile, guess
from geo.store.limits import ReadLimits
from geo.store.port import Principal
from geo.store.row_files import RowFile, read_row_file
from geo.tables.moments import parse_moments
from geo.tables.persons_arrow import table_without_persons

PREVIEW_ROWS: Final = 5
FEW: Final = 500
_SHOWN: Final = 100
_SAMPLES: Final = 3
_LONGEST: Final = 60
_SECONDS_OF_A_LARGE_FILE: Final = 180.0
Origin = Literal["guessed", "remembered", "given"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSource:
    """What the user says of an export.

    ``mapping`` wins over ``profile`` (the name of a remembered mapping), which wins over the one remembered for these
    headers (unless ``remember`` is false) and the guess. ``origin`` names the system whose numbers the calls carry.
    """

    frame: str | None = None
    layer: str | None = None
    encoding: str | None = None
    damaged: Literal["refuse", "mark"] = "refuse"
    mapping: CallsProfile | None = None
    profile: str | None = None
    origin: str | None = None
    time_format: str | None = None
    time_order: Literal["month", "day"] | None = None
    time_zone: str | None = None
    book: AddressBook | None = None
    name: str = ""
    remember: bool = True


def import_calls(
    workspace: Workspace,
    principal: Principal,
    path: Path,
    source: CallSource,
    *,
    commit: bool,
    watch: Watch | None = None,
) -> CallImportAnswer:
    """Read an export of calls; with ``commit`` write what is new or different and remember the mapping."""
    _go_on(watch, 0.02, "读取 / reading")
    file = _read(workspace, path, source)
    return _import(workspace, principal, file, source, commit=commit, watch=watch)


def _go_on(watch: Watch | None, share: float, message: str) -> None:
    if watch is not None and not watch(share, message):
        raise CancelledError("Stopped; nothing was written", "已停止，没有写入任何数据")


def look_at_export(workspace: Workspace, principal: Principal, path: Path, source: CallSource) -> UploadAnswer:
    """Return the fields of an export that cannot be mapped without its user; ``upload_id`` is left empty."""
    file = _read(workspace, path, source)
    names = file.table.column_names
    before = profile_for(workspace, principal, names)
    return UploadAnswer(
        upload_id="", read=len(file), headers=_headers(file), samples=_samples(file.table),
        persons=[DroppedPersons(column=p.column, reason=p.why) for p in file.dropped],
        mapping=CallsMapping(**(before.profile if before is not None else guess(names)).to_json()),  # type: ignore[arg-type]
        encoding=file.encoding, damaged_rows=list(file.damaged[:_SHOWN]),
    )  # fmt: skip


def _read(workspace: Workspace, path: Path, source: CallSource) -> RowFile:
    limits = ReadLimits(
        file_mb=float(workspace.settings.max_upload_mb),
        wall_seconds=max(float(workspace.settings.upload_seconds), _SECONDS_OF_A_LARGE_FILE),
    )
    return read_row_file(
        path, frame=source.frame, layer=source.layer, encoding=source.encoding, damaged=source.damaged, limits=limits
    )


def _headers(file: RowFile) -> list[str]:
    return [*file.table.column_names, *(d.column for d in file.dropped if d.why != "masked")]


def _samples(table: pa.Table) -> dict[str, list[str]]:
    """Return the first values of each field, so that its user knows it again."""
    head = table.slice(0, _SAMPLES)
    return {
        name: [str(v)[:_LONGEST] for v in head.column(name).to_pylist() if v is not None] for name in head.column_names
    }


def import_rows(
    workspace: Workspace,
    principal: Principal,
    rows: Sequence[Mapping[str, object]],
    source: CallSource,
    *,
    commit: bool,
) -> CallImportAnswer:
    """Take rows of another system as they are; the same rows again change nothing."""
    table, dropped = table_without_persons(_table_of(rows))
    return _import(
        workspace, principal, RowFile(table=table, dropped=tuple(dropped)), source, commit=commit, watch=None
    )


def _table_of(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(str(name) for name in row))
    if not names:
        raise FieldError("The rows have no fields", "各行没有任何字段")
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        known = [v for v in values if v is not None]
        if known and all(isinstance(v, bool) for v in known):
            columns[name] = pa.array(values, type=pa.bool_())
        elif known and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
            columns[name] = pa.array(
                [None if v is None else float(cast("float", v)) for v in values], type=pa.float64()
            )
        else:
            columns[name] = pa.array([None if v is None else str(v) for v in values], type=pa.large_string())
    table = pa.table(columns)
    return (
        table.set_column(0, table.column_names[0], pa.chunked_array([table.column(0)])) if not table.num_rows else table
    )


def _mapping(
    workspace: Workspace, principal: Principal, headers: Sequence[str], source: CallSource
) -> tuple[CallsProfile, Origin, str]:
    name = source.name or "导入"
    origin: Origin = "guessed"
    if source.mapping is not None:
        profile, origin = source.mapping, "given"
    elif source.profile is not None:
        known = profile_named(workspace, principal, source.profile)
        profile, origin, name = known.profile, "remembered", known.name
    else:
        before = profile_for(workspace, principal, headers) if source.remember else None
        profile = before.profile if before is not None else guess(headers)
        if before is not None:
            origin, name = "remembered", before.name
    told = {
        "frame": source.frame, "source": source.origin, "time_format": source.time_format,
        "time_order": source.time_order, "time_zone": source.time_zone,
    }  # fmt: skip
    profile = replace(profile, **{key: value for key, value in told.items() if value is not None})  # type: ignore[arg-type]
    return profile.checked(headers), origin, name


def _import(
    workspace: Workspace,
    principal: Principal,
    file: RowFile,
    source: CallSource,
    *,
    commit: bool,
    watch: Watch | None,
) -> CallImportAnswer:
    profile, origin, name = _mapping(workspace, principal, file.table.column_names, source)
    cleaning = f"清洗 / cleaning {len(file):,}"
    _go_on(watch, CLEANING_FROM, cleaning)
    context = Context(
        ground=ground(workspace, principal),
        zone=profile.time_zone or workspace.settings.time_zone,
        now=_now(workspace),
        book=source.book or address_book(workspace, principal),
        families=families(workspace, principal)[1],
        known=_known(workspace, principal, file, profile),
    )
    built = build_calls(
        file.table, profile, context, points=file.points, source_frame=file.source_frame, first_row=file.first_row,
        damaged=file.damaged,
        observe=lambda share: _go_on(watch, CLEANING_FROM + (WRITING_FROM - CLEANING_FROM) * share, cleaning),
    )  # fmt: skip
    if file.format != "rows" and not built.calls.frame["placed"].any() and "placeholder" not in built.flags:
        raise CoordinateError(
            "No call in the file has coordinates; name their columns, or give an address book (--addresses)",
            "文件中的警情都没有坐标，请指明坐标列，或提供地址库（--addresses）",
        )
    wrote, version = None, None
    if commit:
        _go_on(watch, WRITING_FROM, f"写入 / writing {len(built.calls):,}")
        wrote = write_calls(workspace, principal, built.calls, source=source.name or name, watch=watch)
        version = workspace.store.version("calls")
        if source.remember:
            # A frame that was found by the streets is found again for the next file.
            remember(workspace, principal, profile, file.table.column_names, name=name)
    return _answer(file, built, profile, origin=origin, name=name, wrote=wrote, version=version)


def _now(workspace: Workspace) -> np.datetime64:
    """Return the later of the computer's time and that of the data: a call after both cannot be."""
    latest = max(datetime.now(UTC), workspace.clock.now().astimezone(UTC))
    return np.datetime64(latest.replace(tzinfo=None), "us")


def _known(workspace: Workspace, principal: Principal, file: RowFile, profile: CallsProfile) -> pd.DataFrame | None:
    if workspace.store.count(principal, "calls") == 0:
        return None
    extent = workspace.store.extent(principal, "calls")
    if extent.start is None or extent.end is None:
        return None
    start, end = pd.Timestamp(extent.start), pd.Timestamp(extent.end)
    few = len(file) <= FEW
    if few:
        spans = _spans(file, profile, workspace.settings.time_zone)
        if spans is None:
            return None
        start, end = spans
    return calls_around(workspace, principal, start, end, few=few)


def _spans(file: RowFile, profile: CallsProfile, zone: str) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    columns = {column: source for source, column in profile.fields.items()}
    source = columns.get("occurred_at") or columns.get("reported_at")
    if source is None:
        return None
    read = parse_moments(
        file.table.column(source), zone=profile.time_zone or zone, pattern=profile.time_format, order=profile.time_order
    )
    known = read.start[~np.isnat(read.start)]
    if not len(known):
        return None
    day = pd.Timedelta(days=1)
    return pd.Timestamp(known.min(), tz="UTC") - day, pd.Timestamp(known.max(), tz="UTC") + day


def _answer(
    file: RowFile,
    built: BuiltCalls,
    profile: CallsProfile,
    *,
    origin: Origin,
    name: str,
    wrote: Wrote | None,
    version: int | None,
) -> CallImportAnswer:
    frame = built.calls.frame
    near = built.street_m[np.isfinite(built.street_m)]
    tested = int((~np.isnan(built.street_m)).sum())
    verdict = built.verdict
    return CallImportAnswer(
        read=built.read, kept=len(built.calls), doubled=built.doubled, n_placed=int(frame["placed"].sum()),
        inserted=None if wrote is None else wrote.inserted, updated=None if wrote is None else wrote.updated,
        unchanged=None if wrote is None else wrote.unchanged, version=version, headers=_headers(file),
        mapping=CallsMapping(**profile.to_json()),  # type: ignore[arg-type]
        mapping_from=origin, profile_name=name,
        unused=[n for n in file.table.column_names if n not in profile.used()],
        persons=[DroppedPersons(column=p.column, reason=p.why) for p in file.dropped],
        assumed=dict(built.assumed), flags=counted_flags(frame["flags"]), bases=bases_of(frame),
        rejected=[RejectedRow(row=row, reason_zh=zh, reason_en=en) for row, en, zh in built.rejected[:_SHOWN]],
        n_rejected=len(built.rejected), damaged_rows=list(file.damaged[:_SHOWN]),
        addresses=[
            AddressReview(address=text, found=match.found, score=round(match.score, 3), candidates=list(match.candidates))
            for text, match in built.review[:_SHOWN]
        ],
        notes_zh=[zh for _, zh in built.notes], notes_en=[en for en, _ in built.notes], encoding=file.encoding,
        source_frame=built.frame, frame_sure=None if verdict is None else verdict.sure,
        frame_shares={} if verdict is None else {k: round(v, 4) for k, v in verdict.shares.items()},
        precision=built.precision, near_street_share=float((near <= 15).sum() / tested) if tested else None,
        median_street_m=float(np.median(near)) if len(near) else None, preview=plain_calls(frame.head(PREVIEW_ROWS)),
        samples=_samples(file.table),
    )  # fmt: skip
