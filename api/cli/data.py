"""``xunge import``: streets and tables."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from api.cli.calls import import_command
from api.cli.context import AsJson, Context, Home, Lang, context_of, opened
from api.schemas.exchange import ImportAnswer
from api.services.import_reports import refused, require_report_file, taken, write_report
from api.services.import_templates import template as empty_table
from api.services.imports import IMPORTED, Source, StreetsSource, import_collection, keep_streets, read_streets
from geo.errors import FieldError, FileError, InputError
from geo.store.port import DEMO
from geo.tables.mapping import ImportProfile

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

File = typer.Argument(help="文件 / file")
Frame = typer.Option(None, help="WGS84, CGCS2000, GCJ02, BD09, EPSG:n, auto", show_default=False)
Layer = typer.Option(None, help="图层或工作表 / layer or sheet", show_default=False)
Encoding = typer.Option(None, help="UTF-8, GB18030, Big5", show_default=False)
Profile = typer.Option(None, help="字段对应表（JSON） / field mapping (JSON)", show_default=False)
Trial = typer.Option(False, "--trial", help="只检查，不写入 / check only, write nothing")


Report = typer.Option(None, "--report", help="导入报告 .html .json / report of the import", show_default=False)


@app.callback()
def root() -> None:
    """导入数据 / import data."""


@app.command("streets")
def streets(
    file: Path | None = typer.Argument(
        None, help=".osm.pbf .osm .graphml .parquet .gpkg .shp .geojson", show_default=False
    ),
    nodes: Path | None = typer.Option(None, help="节点 Parquet / node Parquet", show_default=False),
    place: str | None = typer.Option(None, help="地名（需要网络） / place name (needs a network)", show_default=False),
    fields: list[str] = typer.Option([], "--field", help="road_class=fclass, name=…, oneway=…, speed=…"),
    frame: str | None = Frame,
    layer: str | None = Layer,
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """导入路网 / import streets."""
    here = context_of(home, as_json=as_json, language=lang)
    given = dict(_pair(text) for text in fields)
    source = StreetsSource(path=file, nodes=nodes, place=place, frame=frame, layer=layer, fields=given)
    with opened(here.settings) as workspace:
        read = read_streets(source)
        keep_streets(workspace, read)
    graph = read.graph
    body = {
        "nodes": graph.nodes, "arcs": graph.arcs, "kilometres": round(float(graph.metres.sum()) / 1000, 1),
        "forbidden_turns": len(graph.forbidden_turns), "bounds": list(graph.bounds), "notes": list(read.notes),
    }  # fmt: skip
    sentence = (
        f"路网：{graph.nodes:,} 个节点，{graph.arcs:,} 条路段"
        if here.output.language == "zh"
        else f"{graph.nodes:,} nodes, {graph.arcs:,} arcs"
    )
    here.output.result(body, "\n".join([sentence, *read.notes]))


@app.command("template")
def template(
    collection: str = typer.Argument(help=", ".join(IMPORTED)),
    file: Path = typer.Argument(help=".csv"),
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """写出空白导入模板 / write an empty table to fill in."""
    here = context_of(None, as_json=as_json, language=lang)
    if file.suffix.lower() != ".csv":
        raise FileError(f"{file} must end in .csv", f"{file} 应以 .csv 结尾")
    file.write_bytes(empty_table(collection))
    here.output.result({"file": str(file), "collection": collection}, str(file))


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise FieldError(f"--field {text!r} is not name=field", f"--field {text!r} 应写成 名称=字段")
    return name, value


def _table(collection: str) -> None:
    @app.command(collection)
    def command(
        file: Path = File,
        frame: str | None = Frame,
        layer: str | None = Layer,
        encoding: str | None = Encoding,
        profile: Path | None = Profile,
        trial: bool = Trial,
        report: Path | None = Report,
        home: Path | None = Home,
        as_json: bool = AsJson,
        lang: str | None = Lang,
    ) -> None:
        here = context_of(home, as_json=as_json, language=lang)
        source = Source(frame=frame, layer=layer, encoding=encoding, profile=_profile(profile), name=file.name)
        if report is not None:
            require_report_file(report)
        with opened(here.settings) as workspace:
            try:
                answer = import_collection(workspace, DEMO, collection, file, source, commit=not trial)
            except InputError as problem:
                if report is not None:
                    kept = refused(workspace, DEMO, collection, file.name, problem)
                    write_report(kept, report, language=here.output.language)
                raise
            if report is not None:
                kept = taken(workspace, DEMO, collection, file.name, answer)
                write_report(kept, report, language=here.output.language)
        here.output.result(answer.model_dump(mode="json"), _sentence(here, answer))

    command.__doc__ = f"导入 {collection} / import {collection}."


def _profile(path: Path | None) -> ImportProfile | None:
    if path is None:
        return None
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise FileError(f"{path} is not a field mapping: {problem}", f"{path} 不是字段对应表：{problem}") from problem
    return ImportProfile.of_json(held)


def _sentence(here: Context, answer: ImportAnswer) -> str:
    zh = here.output.language == "zh"
    wrote = answer.version is not None
    lines = [
        f"读取 {answer.read:,} 行，{'写入' if wrote else '可写入'} {answer.kept:,} 行"
        if zh
        else f"{answer.read:,} rows read, {answer.kept:,} {'written' if wrote else 'can be written'}"
    ]
    if answer.persons:
        names = ", ".join(p.column for p in answer.persons)
        lines.append(f"已剔除个人信息列：{names}" if zh else f"Columns with person data dropped: {names}")
    if answer.dropped_columns:
        names = ", ".join(answer.dropped_columns)
        lines.append(f"未使用的列：{names}" if zh else f"Columns not used: {names}")
    lines += [f"{name}: {count:,}" for name, count in answer.flags.items() if count]
    return "\n".join([*lines, *(answer.notes_zh if zh else answer.notes_en)])


for _collection in IMPORTED:
    if _collection != "calls":
        _table(_collection)
app.command("calls")(import_command)
