"""``xunge import calls`` and ``xunge calls``: exports as they come, flags, families, mappings, addresses."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Literal, cast

import typer

from api.cli.context import AsJson, Context, Home, Lang, context_of, opened
from api.schemas.calls import Bases, CallImportAnswer, FamiliesBody, FamilyBody, FlagCount
from api.services.call_addresses import read_address_book
from api.services.call_documents import forget, profiles, put_address_book
from api.services.call_families import families_answer, put_family_list
from api.services.call_imports import CallSource, import_calls
from api.services.call_review import decide, flagged_calls, flags_of
from geo.errors import FileError, ParameterError
from geo.incidents.families import PRESETS
from geo.incidents.flags import STATES
from geo.incidents.profile import CallsProfile
from geo.store.port import DEMO
from planners.contract import Progress

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

File = typer.Argument(help="文件 / file")
Code = typer.Argument(help="标记代码，如 repeat / code of the reason")
Ids = typer.Option([], "--id", help="只处理这些警情编号 / only these calls")


def import_command(
    file: Path = File,
    preview: bool = typer.Option(False, "--preview", "--trial", help="只预览，不写入 / preview, write nothing"),
    profile: str | None = typer.Option(
        None, help="字段方案名称或 JSON 文件 / remembered mapping or JSON file", show_default=False
    ),
    frame: str | None = typer.Option(
        None, help="auto, WGS84, CGCS2000, GCJ02, BD09, EPSG:n, 'swapped WGS84'", show_default=False
    ),
    addresses: Path | None = typer.Option(None, help="地址库 / address book", show_default=False),
    addresses_frame: str = typer.Option("auto", help="地址库坐标系 / frame of the address book"),
    layer: str | None = typer.Option(None, help="图层或工作表 / layer or sheet", show_default=False),
    encoding: str | None = typer.Option(None, help="UTF-8, GB18030, Big5", show_default=False),
    damaged: str = typer.Option("refuse", help="损坏字节：refuse 拒绝，mark 标记 / refuse or mark damaged bytes"),
    source: str | None = typer.Option(
        None, help="来源系统，编号按来源区分 / system that numbers the calls", show_default=False
    ),
    time_format: str | None = typer.Option(None, help="如 %d.%m.%Y %H:%M", show_default=False),
    time_order: str | None = typer.Option(None, help="month 或 day 在前 / which comes first", show_default=False),
    time_zone: str | None = typer.Option(None, help="如 Asia/Shanghai", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """导入警情 / import calls."""
    here = context_of(home, as_json=as_json, language=lang)
    for name, value, choices in (
        ("--damaged", damaged, ("refuse", "mark")),
        ("--time-order", time_order, ("month", "day")),
    ):
        if value is not None and value not in choices:
            raise ParameterError(f"{name} is one of {', '.join(choices)}", f"{name} 可选：{'、'.join(choices)}")
    with (
        opened(here.settings) as workspace,
        here.output.progress("导入" if here.output.language == "zh" else "import") as observe,
    ):
        begun = time.monotonic()

        def watch(share: float, message: str) -> bool:
            return observe(Progress(seconds=time.monotonic() - begun, share=share, message=message))

        book = None if addresses is None else read_address_book(workspace, DEMO, addresses, frame=addresses_frame)
        mapping, named = _mapping(profile)
        asked = CallSource(
            frame=frame, layer=layer, encoding=encoding, damaged=cast("Literal['refuse', 'mark']", damaged),
            mapping=mapping, profile=named, origin=source, time_format=time_format,
            time_order=cast("Literal['month', 'day'] | None", time_order), time_zone=time_zone, book=book, name=file.name,
        )  # fmt: skip
        answer = import_calls(workspace, DEMO, file, asked, commit=not preview, watch=watch)
    here.output.result(answer.model_dump(mode="json"), import_sentence(here, answer))


def _mapping(text: str | None) -> tuple[CallsProfile | None, str | None]:
    if text is None or not text.lower().endswith(".json"):
        return None, text
    try:
        held = json.loads(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise FileError(f"{text} is not a field mapping: {problem}", f"{text} 不是字段对应表：{problem}") from problem
    return CallsProfile.of_json(held), None


def import_sentence(here: Context, answer: CallImportAnswer) -> str:
    """Return what became of an export, for people."""
    zh = here.output.language == "zh"
    lines = [
        f"读取 {answer.read:,} 行，得到 {answer.kept:,} 起警情"
        if zh
        else f"{answer.read:,} rows read, {answer.kept:,} calls"
    ]
    if answer.version is not None:
        lines.append(
            f"新增 {answer.inserted:,}，更新 {answer.updated:,}，未变 {answer.unchanged:,}"
            if zh
            else f"{answer.inserted:,} new, {answer.updated:,} updated, {answer.unchanged:,} unchanged"
        )
    else:
        lines.append("只是预览，没有写入" if zh else "A preview: nothing was written")
    if answer.doubled:
        lines.append(
            f"完全重复的行 {answer.doubled:,}，已略去"
            if zh
            else f"{answer.doubled:,} rows left out that say the same again"
        )
    lines.append(_bases(answer.bases, zh=zh))
    lines += [
        f"第 {row.row} 行未导入：{row.reason_zh}" if zh else f"row {row.row} left out: {row.reason_en}"
        for row in answer.rejected[:5]
    ]
    if answer.persons:
        names = ", ".join(p.column for p in answer.persons)
        lines.append(f"已剔除个人信息列：{names}" if zh else f"Columns with person data dropped: {names}")
    if answer.unused:
        lines.append(
            f"未使用的列：{', '.join(answer.unused)}" if zh else f"Columns not used: {', '.join(answer.unused)}"
        )
    lines += [_flag(flag, zh=zh) for flag in answer.flags]
    return "\n".join([*lines, *(answer.notes_zh if zh else answer.notes_en)])


def _bases(bases: Bases, *, zh: bool) -> str:
    if zh:
        return f"接报 {bases.received:,} · 有效 {bases.valid:,} · 案件 {bases.cases:,} · 有效警情中无案发地 {bases.valid_unplaced:,}"
    return (
        f"received {bases.received:,} · valid {bases.valid:,} · cases {bases.cases:,} · "
        f"valid without a place {bases.valid_unplaced:,}"
    )


def _flag(flag: FlagCount, *, zh: bool) -> str:
    if zh:
        return f"{flag.code}（{flag.label_zh}）：{flag.n:,} 起。{flag.sentence_zh}"
    return f"{flag.code} ({flag.label_en}): {flag.n:,}. {flag.sentence_en}"


@app.command("flags")
def flags(
    code: str | None = typer.Argument(
        None, help="列出该标记的警情 / list the calls with this flag", show_default=False
    ),
    state: str | None = typer.Option(None, help="open, accepted, dismissed", show_default=False),
    limit: int = typer.Option(20, min=1, max=1000),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """清洗标记：按原因计数，或列出一种原因的警情 / flags by reason, or the calls with one."""
    here = context_of(home, as_json=as_json, language=lang)
    zh = here.output.language == "zh"
    if state is not None and state not in STATES:
        raise ParameterError(f"--state is one of {', '.join(STATES)}", f"--state 可选：{'、'.join(STATES)}")
    with opened(here.settings) as workspace:
        if code is None:
            made = flags_of(workspace, DEMO)
            told = [
                f"{_flag(f, zh=zh)} [{f.open:,} / {f.accepted:,} / {f.dismissed:,}]" for f in made.flags
            ]  # fmt: skip
            head = "待核 / 采纳 / 忽略" if zh else "open / accepted / dismissed"
            body = made.model_dump(mode="json")
            sentence = "\n".join([_bases(made.bases, zh=zh), *([head] if told else []), *told])
        else:
            listed = flagged_calls(workspace, DEMO, code, state=state, limit=limit, offset=0)
            body = listed.model_dump(mode="json")
            rows = [
                f"{c['call_id']}  {c['occurred_at']}  {c['family']}  {c['address'] or ''}  {c['flags']}"
                for c in listed.calls
            ]
            sentence = "\n".join([f"{listed.matched:,}", *rows])
    here.output.result(body, sentence)


def _decision(word: str, code: str, ids: list[str], home: Path | None, *, as_json: bool, lang: str | None) -> None:
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = decide(workspace, DEMO, code, word, call_ids=ids or None)
    zh = here.output.language == "zh"
    head = f"已改变 {made.changed:,} 起" if zh else f"{made.changed:,} calls changed"
    here.output.result(made.model_dump(mode="json"), f"{head}\n{_bases(made.bases, zh=zh)}")


@app.command("accept")
def accept(
    code: str = Code, ids: list[str] = Ids, home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang
) -> None:
    """采纳标记 / accept a flag."""
    _decision("accept", code, ids, home, as_json=as_json, lang=lang)


@app.command("dismiss")
def dismiss(
    code: str = Code, ids: list[str] = Ids, home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang
) -> None:
    """忽略标记 / dismiss a flag."""
    _decision("dismiss", code, ids, home, as_json=as_json, lang=lang)


@app.command("undo")
def undo(
    code: str = Code, ids: list[str] = Ids, home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang
) -> None:
    """撤销决定，恢复待核 / take a decision back."""
    _decision("undo", code, ids, home, as_json=as_json, lang=lang)


@app.command("families")
def families(
    put: Path | None = typer.Option(
        None, "--put", help="用 JSON 文件替换 / replace by a JSON file", show_default=False
    ),
    preset: list[str] = typer.Option([], "--preset", help="street, major, self_initiated"),
    version: int | None = typer.Option(None, "--version", help="查看旧版 / an older version", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """警情族：查看、替换、使用预设 / families of classes."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = families_answer(workspace, DEMO, version=version)
        if put is not None or preset:
            made = put_family_list(workspace, DEMO, _families(put, preset, made.version))
    told = [f"{f.family_id} × {f.harm:g}：{'、'.join(f.classes)}" for f in made.families]
    lines = [f"v{made.version}", *told]
    here.output.result(made.model_dump(mode="json"), "\n".join(lines))


def _families(put: Path | None, preset: list[str], version: int) -> FamiliesBody:
    if put is not None:
        try:
            held = json.loads(put.read_text("utf-8"))
            rows = [FamilyBody.model_validate(row) for row in held["families"]]
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise FileError(
                f"{put} is not a list of families: {problem}", f"{put} 不是警情族列表：{problem}"
            ) from problem
        return FamiliesBody(version=version, families=rows)
    odd = [name for name in preset if name not in PRESETS]
    if odd:
        known = ", ".join(PRESETS)
        raise ParameterError(f"There is no preset {odd[0]!r}; there are {known}", f"没有预设 {odd[0]!r}，可选：{known}")
    chosen = [family for name in preset for family in PRESETS[name].to_json()["families"]]  # type: ignore[attr-defined]
    return FamiliesBody(version=version, families=[FamilyBody.model_validate(row) for row in chosen])


@app.command("profiles")
def list_profiles(
    delete: str | None = typer.Option(None, "--delete", help="删除一个方案 / forget one", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """已记住的字段对应方案 / remembered mappings."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        if delete is not None:
            forget(workspace, DEMO, delete)
        known = profiles(workspace, DEMO)
    body = {"profiles": [{"profile_id": r.profile_id, "name": r.name, "mapping": r.profile.to_json()} for r in known]}
    here.output.result(body, "\n".join(f"{r.profile_id}  {r.name}  {r.saved_at}" for r in known))


@app.command("addresses")
def addresses(
    file: Path = File,
    frame: str = typer.Option("auto", help="auto, WGS84, GCJ02, …"),
    encoding: str | None = typer.Option(None, help="UTF-8, GB18030, Big5", show_default=False),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """保存地址库（名称、别名、经纬度） / keep an address book."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        kept = put_address_book(
            workspace, DEMO, read_address_book(workspace, DEMO, file, frame=frame, encoding=encoding)
        )
    here.output.result(
        {"entries": kept}, f"地址库 {kept:,} 条" if here.output.language == "zh" else f"{kept:,} addresses kept"
    )
