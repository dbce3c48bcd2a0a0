"""Positions of units into the history: from files and from other systems, with a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from api.schemas.exchange import DroppedPersons
from api.schemas.presence import PositionRows, PositionsTaken
from api.services.frame_detection import AUTO, detected_frame
from api.services.workspace import Workspace
from geo.errors import FrameError, ParameterError
from geo.frames import parse_frame, to_wgs84
from geo.presence.intake import REASONS, Intake, build_positions, columns_of, numbers, of_rows
from geo.presence.positions import Positions
from geo.store.limits import ReadLimits
from geo.store.port import Principal
from geo.store.readers.markup import TRACK_POINTS
from geo.store.reading import read_file
from geo.store.row_files import read_row_file
from geo.tables.persons import DroppedColumn

Floats = npt.NDArray[np.float64]
FILES: Final = (".csv", ".gpx", ".xlsx", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSource:
    """What the user says of a file: frame of its coordinates, column or name of the unit, clock of its times."""

    frame: str | None = None
    encoding: str | None = None
    unit: str | None = None
    unit_id: str | None = None
    time_zone: str | None = None
    time_format: str | None = None


def import_positions(
    workspace: Workspace, principal: Principal, path: Path, source: PositionSource, *, commit: bool = True
) -> PositionsTaken:
    """Read positions from a CSV, XLSX, Parquet or GPX file; with ``commit`` keep them."""
    if path.suffix.lower() not in FILES:
        raise ParameterError(
            f"Positions are read from {', '.join(FILES)}, not from {path.name}",
            f"定位文件支持 {'、'.join(FILES)}，不支持 {path.name}",
        )
    limits = ReadLimits(
        file_mb=float(workspace.settings.max_upload_mb), wall_seconds=float(workspace.settings.upload_seconds)
    )
    zone = source.time_zone or workspace.settings.time_zone
    if path.suffix.lower() == ".gpx":
        layer = read_file(path, layer=TRACK_POINTS, encoding=source.encoding, limits=limits)
        table = pa.Table.from_pandas(layer.frame.drop(columns="geometry"), preserve_index=False)
        lonlat = shapely.get_coordinates(np.asarray(layer.frame.geometry.array))
        if source.unit_id is not None:
            table = table.drop_columns(["track"]).append_column("unit_id", _named(source.unit_id, table.num_rows))
        fields, dropped, frame = columns_of(table.column_names, places=True), layer.dropped, layer.source_frame
    else:
        rows = read_row_file(path, frame=None, encoding=source.encoding, limits=limits)
        table, dropped = rows.table, rows.dropped
        if source.unit_id is not None and "unit_id" not in table.column_names:
            table = table.append_column("unit_id", _named(source.unit_id, table.num_rows))
        fields = columns_of(table.column_names, unit=source.unit)
        frame = _frame(workspace, path, source, limits)
        lonlat = _degrees(table, fields, frame)
    made = build_positions(table, fields, lonlat, zone=zone, time_format=source.time_format)
    return _taken(workspace, principal, made, dropped, frame, commit=commit, name=path.name)


def take_positions(workspace: Workspace, principal: Principal, body: PositionRows) -> PositionsTaken:
    """Keep positions that another system sends."""
    lonlat = np.array([(row.lon, row.lat) for row in body.rows], np.float64)
    frame = body.frame.upper()
    made = of_rows(
        np.array([row.unit_id for row in body.rows], dtype=object),
        np.array([row.at.timestamp() for row in body.rows], np.float64),
        _wgs84(lonlat, frame), fields={name: name for name in ("unit_id", "at", "lon", "lat")},
    )  # fmt: skip
    taken = _taken(workspace, principal, made, (), frame, commit=True, name=None)
    _remember(workspace, made.positions)
    return taken


def _remember(workspace: Workspace, positions: Positions) -> None:
    """Keep the last position of each unit for cards, map and stream."""
    last = np.flatnonzero(np.r_[positions.unit[1:] != positions.unit[:-1], True][: len(positions)])
    for row in last.tolist():
        unit, seconds = positions.units[int(positions.unit[row])], float(positions.seconds[row])
        if seconds > workspace.heard.get(unit, (-np.inf, 0.0, 0.0))[0]:
            lon, lat = positions.lonlat[row].tolist()
            workspace.heard[unit] = (seconds, lon, lat)


def _named(unit_id: str, rows: int) -> pa.Array:
    return pa.array([unit_id] * rows, pa.string())


def _frame(workspace: Workspace, path: Path, source: PositionSource, limits: ReadLimits) -> str:
    if source.frame is None:
        raise FrameError(
            f"{path.name} does not say in which frame its coordinates are; state one (--frame WGS84, GCJ02, …, auto)",
            f"{path.name} 没有标明坐标系，请用 --frame 指明（WGS84、GCJ02……，或 auto）",
        )
    if source.frame.lower() == AUTO:
        return detected_frame(workspace, path, layer=None, encoding=source.encoding, limits=limits).frame
    return source.frame.upper()


def _degrees(table: pa.Table, fields: dict[str, str], frame: str) -> Floats:
    return _wgs84(np.column_stack([numbers(table.column(fields[name])) for name in ("lon", "lat")]), frame)


def _wgs84(lonlat: Floats, frame: str) -> Floats:
    """Return degrees in WGS84; rows without a sound coordinate stay as they are."""
    known = parse_frame(frame)
    with np.errstate(invalid="ignore"):
        ok = np.isfinite(lonlat).all(axis=1) & (np.abs(lonlat) <= [180.0, 90.0]).all(axis=1)
    out = lonlat.copy()
    if ok.any():
        out[ok] = to_wgs84(lonlat[ok], known).lonlat
    return out


def _taken(
    workspace: Workspace, principal: Principal, made: Intake, dropped: tuple[DroppedColumn, ...], frame: str, *,
    commit: bool, name: str | None,
) -> PositionsTaken:  # fmt: skip
    oldest = (workspace.clock.now() - timedelta(days=workspace.settings.positions_days)).timestamp()
    kept = made.positions.where(made.positions.seconds >= oldest)
    too_old = len(made.positions) - len(kept)
    notes: list[tuple[str, str]] = []
    if too_old:
        days = workspace.settings.positions_days
        notes.append(
            (f"定位只保留 {days} 天，{too_old:,} 个更早的未保存", f"Positions are kept for {days} days: {too_old:,} older ones were not kept")
        )  # fmt: skip
    if made.jumps:
        notes.append(
            (f"{made.jumps:,} 个定位的跳变超出车辆可能，统计见警时不采用", f"{made.jumps:,} positions jump as no vehicle can: left out of presence")
        )  # fmt: skip
    if commit:
        workspace.history.append(kept)
        workspace.history.forget(oldest)
        if name is not None:
            workspace.store.add_audit(principal, action="import", subject="positions", detail=f"{name}: {len(kept)}")
    return PositionsTaken(
        read=made.read, kept=len(kept), units=len(kept.units), left_out=dict(made.left_out),
        left_out_zh={reason: REASONS[reason][0] for reason in made.left_out},
        left_out_en={reason: REASONS[reason][1] for reason in made.left_out},
        jumps=made.jumps, too_old=too_old,
        first=_moment(float(kept.seconds.min())) if len(kept) else None,
        last=_moment(float(kept.seconds.max())) if len(kept) else None,
        fields=dict(made.fields), persons=[DroppedPersons(column=d.column, reason=d.why) for d in dropped],
        source_frame=frame, notes_zh=[zh for zh, _ in notes], notes_en=[en for _, en in notes], written=commit,
    )  # fmt: skip


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
