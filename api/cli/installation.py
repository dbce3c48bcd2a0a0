"""``xunge init``, ``xunge doctor`` and ``xunge backup``: make an installation, say whether it is in order, copy it."""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from api.cli.context import AsJson, Context, Home, Lang, context_of, opened
from api.services.backup import back_up
from api.services.shifts import three_shifts
from geo.errors import ParameterError
from geo.store.port import DEMO
from geo.store.sql import SqlStore
from geo.tables.shifts import Shifts
from web.assets import VENDOR
from web.paper.font import chinese_font


def init(home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang) -> None:
    """建立数据目录 / make a folder with an empty database."""
    here = context_of(home, as_json=as_json, language=lang)
    here.settings.home.mkdir(parents=True, exist_ok=True)
    new = not here.settings.database.exists()
    store = SqlStore.open(here.settings.database)
    try:
        if not store.count(DEMO, Shifts.SPEC.name):
            store.put_table(DEMO, three_shifts(), source="init")
        facts = store.facts()
    finally:
        store.close()
    done = "已建立" if new else "已存在"
    here.output.result(
        {"home": str(here.settings.home), "created": new, **facts},
        f"{done} {here.settings.home}"
        if here.output.language == "zh"
        else f"{'Created' if new else 'Found'} {here.settings.home}",
    )


def doctor(home: Path | None = Home, as_json: bool = AsJson, lang: str | None = Lang) -> None:
    """检查安装 / check that everything is in order."""
    here = context_of(home, as_json=as_json, language=lang)
    rows = [*_machine(), *_home(here)]
    if as_json:
        here.output.document({"checks": [{"what": w, "found": f, "ok": ok, "advice": a} for w, f, ok, a in rows]})
    else:
        here.output.table(
            ("", "检查 / check", "结果 / found", "建议 / advice"),
            [("✓" if ok else "✗", what, found, "" if ok else advice) for what, found, ok, advice in rows],
        )
    if not all(ok for what, _, ok, _ in rows if not what.startswith("(")):
        raise typer.Exit(1)


def backup(
    folder: Path = typer.Argument(help="新目录 / a new folder"),
    home: Path | None = Home,
    as_json: bool = AsJson,
    lang: str | None = Lang,
) -> None:
    """备份数据库、定位、路网与车速，运行中亦可 / copy everything while it is in use."""
    here = context_of(home, as_json=as_json, language=lang)
    with opened(here.settings) as workspace:
        made = back_up(workspace, DEMO, folder)
    size = made.size_bytes / 1e6
    here.output.result(
        {
            "folder": str(made.folder),
            "position_days": made.position_days,
            "files": list(made.files),
            "size_bytes": made.size_bytes,
        },
        f"已备份到 {made.folder}（{size:,.1f} MB，定位 {made.position_days} 天）；恢复：--home {made.folder}，或复制为数据目录"
        if here.output.language == "zh"
        else f"Backed up to {made.folder} ({size:,.1f} MB, {made.position_days} days of positions); "
        f"to restore: --home {made.folder}, or copy it to where the data lie",
    )


Row = tuple[str, str, bool, str]


def _machine() -> list[Row]:
    rows: list[Row] = []
    manifest = VENDOR / "MANIFEST.json"
    rows.append(("browser files", str(VENDOR) if manifest.exists() else "missing", manifest.exists(), "make vendor"))
    chromium = shutil.which("chromium")
    rows.append(("(optional) chromium", chromium or "missing", chromium is not None, "apt-get install chromium"))
    rows.append(_font())
    free = shutil.disk_usage(Path.home()).free / 2**30
    rows.append(("disk", f"{free:.1f} GiB free", free > 1, "free some disk space"))
    return rows


def _font() -> Row:
    """Say which Chinese font printed reports use, and where it comes from."""
    what = "Chinese font of reports"
    try:
        font = chinese_font()
    except ParameterError:
        return what, "missing", False, "install the wheel zhplot, or apt-get install fonts-wqy-microhei"
    return what, f"{font.path.name} ({font.source})", True, ""


def _home(here: Context) -> list[Row]:
    settings = here.settings
    if not settings.database.exists():
        return [("database", f"none in {settings.home}", False, "xunge init")]
    store = SqlStore.open(settings.database)
    try:
        facts = store.facts()
    finally:
        store.close()
    rows: list[Row] = [(str(key), str(value), True, "") for key, value in facts.items()]
    integrity = str(facts.get("integrity", "ok"))
    rows.append(("integrity", integrity, integrity == "ok", "xunge serve --home BACKUP"))
    present = settings.streets.exists()
    rows.append(("streets", str(settings.streets) if present else "none", present, "xunge import streets FILE"))
    return rows
