"""Files into the store: parsed in a confined child, validated whole, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.schemas.exchange import DroppedPersons, ImportAnswer
from api.services.call_imports import CallSource, import_calls
from api.services.features import plain
from api.services.frame_detection import AUTO, detected_frame
from api.services.plain_tables import read_plain
from api.services.workspace import Workspace
from geo.errors import FieldError, FileError, ParameterError, UnavailableError
from geo.incidents.profile import CallsProfile
from geo.store.exchange import read_layer
from geo.store.importing import import_table, table_class
from geo.store.limits import ReadLimits
from geo.store.port import Principal
from geo.streets.graph import StreetGraph
from geo.streets.lines import LineFields, read_lines
from geo.streets.osm import read_graphml, read_osm_reported, read_place
from geo.streets.parquet import read_parquet
from geo.streets.ways import ReadReport
from geo.tables.calls import Calls
from geo.tables.mapping import Imported, ImportProfile, ImportReport, to_table
from geo.tables.spec import Table

IMPORTED: Final = (
    "grids", "police_grids", "communities", "blocks", "linear_grids", "estates", "buildings", "grid_posts", "calls",
    "posts", "points", "units", "shifts",
)  # fmt: skip
OSM_ENDINGS: Final = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
PREVIEW_ROWS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the user says of a file."""

    frame: str | None = None
    layer: str | None = None
    encoding: str | None = None
    profile: ImportProfile | None = None
    name: str = ""


def import_collection(
    workspace: Workspace, principal: Principal, collection: str, path: Path, source: Source, *, commit: bool = True
) -> ImportAnswer:
    """Read a file into a collection.

    Calls are inserted or updated by their key, so that the same file may come twice; other collections are replaced.
    With ``commit`` false nothing is written: the answer is a preview. The frame ``auto`` is found by the streets.
    """
    if collection not in IMPORTED:
        raise ParameterError(
            f"{collection!r} cannot be imported; choose one of {', '.join(IMPORTED)}",
            f"不能导入 {collection!r}，可选：{'、'.join(IMPORTED)}",
        )
    if collection == Calls.SPEC.name:
        return _calls(workspace, principal, path, source, commit=commit)
    limits = ReadLimits(
        file_mb=float(workspace.settings.max_upload_mb), wall_seconds=float(workspace.settings.upload_seconds)
    )
    made = _read(workspace, table_class(collection), path, source, limits)
    version = None
    if commit:
        said = source.name or path.name
        version = workspace.store.put_table(principal, made.table, source=said)
    return _answer(collection, made.table, made.report, version)


def _read(workspace: Workspace, kind: type[Table], path: Path, source: Source, limits: ReadLimits) -> Imported[Table]:
    if not kind.SPEC.geometry:
        plain_rows = read_plain(path, encoding=source.encoding, limits=limits)
        return to_table(plain_rows, kind, source.profile, first_row=2)
    found = None
    if source.frame == AUTO:
        found = detected_frame(workspace, path, layer=source.layer, encoding=source.encoding, limits=limits)
    made = import_table(
        path, kind, profile=source.profile, frame=found.frame if found else source.frame, layer=source.layer,
        encoding=source.encoding, bounds=workspace.bounds(), limits=limits,
    )  # fmt: skip
    if found is None:
        return made
    return Imported(table=made.table, report=made.report.plus(notes=[(found.en, found.zh)]))


def _calls(workspace: Workspace, principal: Principal, path: Path, source: Source, *, commit: bool) -> ImportAnswer:
    """Import calls by their own way, and tell of it as of any other collection."""
    mapping = None if source.profile is None else CallsProfile.of_json(source.profile.to_json())
    asked = CallSource(
        frame=source.frame,
        layer=source.layer,
        encoding=source.encoding,
        mapping=mapping,
        name=source.name or path.name,
        remember=False,
    )
    made = import_calls(workspace, principal, path, asked, commit=commit)
    flags = {flag.code: flag.n for flag in made.flags}
    without = made.bases.received - made.n_placed
    return ImportAnswer(
        collection="calls", read=made.read, kept=made.kept, fields=made.mapping.fields, dropped_columns=made.unused,
        persons=made.persons, assumed=made.assumed, flags=flags | ({"without_place": without} if without else {}),
        notes_zh=made.notes_zh, notes_en=made.notes_en, source_frame=made.source_frame, version=made.version,
        inserted=made.inserted, updated=made.updated, preview=made.preview,
    )  # fmt: skip


def _answer(collection: str, table: Table, report: ImportReport, version: int | None) -> ImportAnswer:
    return ImportAnswer(
        collection=collection, read=report.read, kept=report.kept, fields=dict(report.fields),
        dropped_columns=list(report.dropped_columns),
        persons=[DroppedPersons(column=p.column, reason=p.why) for p in report.persons],
        assumed={key: str(value) for key, value in report.assumed.items()}, flags=dict(report.flags),
        notes_zh=[zh for _, zh in report.notes], notes_en=[en for en, _ in report.notes],
        source_frame=report.source_frame, version=version, preview=_preview(table),
    )  # fmt: skip


def _preview(table: Table) -> list[dict[str, str | int | float | bool | None]]:
    head = table.frame.head(PREVIEW_ROWS)
    rows = []
    for i in range(len(head)):
        values = {name: plain(head[name].iloc[i]) for name in table.SPEC.names}
        rows.append({k: v if isinstance(v, str | int | float | bool) else None for k, v in values.items()})
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetsSource:
    """Where streets come from: a file (with a node file for Parquet), or the name of a place."""

    path: Path | None = None
    nodes: Path | None = None
    place: str | None = None
    frame: str | None = None
    layer: str | None = None
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetsRead:
    """A street graph and what was noticed while reading."""

    graph: StreetGraph
    notes: tuple[str, ...] = ()


def read_streets(source: StreetsSource) -> StreetsRead:
    """Read streets by the ending of the file: OpenStreetMap, GraphML, Parquet or a line layer."""
    if source.place is not None:
        return StreetsRead(graph=read_place(source.place))
    path = source.path
    if path is None:
        raise ParameterError("State a street file or a place", "请给出路网文件或地名")
    if not path.exists():
        raise FileError(f"There is no file {path}", f"文件 {path} 不存在")
    name = path.name.lower()
    if name.endswith(OSM_ENDINGS):
        graph, report = read_osm_reported(path)
        return StreetsRead(graph=graph, notes=_sentences(report))
    if name.endswith(".graphml"):
        return StreetsRead(graph=read_graphml(path))
    if name.endswith(".parquet") and source.nodes is not None:
        return StreetsRead(graph=read_parquet(source.nodes, path))
    fields = _line_fields(source.fields or {})
    return StreetsRead(
        graph=read_lines(read_layer(path, frame=source.frame, layer=source.layer), fields, source=path.name)
    )


def _line_fields(given: Mapping[str, str]) -> LineFields:
    known = ("road_class", "name", "oneway", "speed", "bridge", "tunnel", "level")
    odd = sorted(set(given) - set(known))
    if odd:
        raise FieldError(
            f"Streets have no {odd[0]!r}; map {', '.join(known)}",
            f"路网没有 {odd[0]!r} 这一项，可对应：{', '.join(known)}",
        )
    return LineFields(
        road_class=given.get("road_class"), name=given.get("name"), oneway=given.get("oneway"),
        speed=given.get("speed"), bridge=given.get("bridge"), tunnel=given.get("tunnel"), level=given.get("level"),
    )  # fmt: skip


def _sentences(report: ReadReport) -> tuple[str, ...]:
    skipped = ", ".join(f"{count} {reason}" for reason, count in report.ways_skipped.items())
    dropped = ", ".join(f"{count} {reason}" for reason, count in report.restrictions_dropped.items())
    return (
        f"{report.ways_used:,} of {report.ways_read:,} ways used" + (f" (not: {skipped})" if skipped else ""),
        f"{report.restrictions_kept:,} turn restrictions kept" + (f" (dropped: {dropped})" if dropped else ""),
        f"{report.largest_component_share:.1%} of nodes reach each other by car",
    )


def keep_streets(workspace: Workspace, read: StreetsRead) -> None:
    """Keep streets as the city's; what was computed from the old ones is made anew when it is asked for."""
    settings = workspace.settings
    if not settings.home.is_dir():
        raise UnavailableError(
            f"{settings.home} is not there; run xunge init", f"{settings.home} 不存在，请先运行 xunge init"
        )
    read.graph.save(settings.streets)
    settings.order.unlink(missing_ok=True)
    workspace.order()
