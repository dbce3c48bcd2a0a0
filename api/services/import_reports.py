"""Reports of imports: kept for every file, also for one that was refused, as a document, a page and a file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import orjson

from api.schemas.exchange import ImportAnswer
from api.schemas.grid_reports import GridCheck
from api.schemas.import_reports import ImportReport
from api.services.grid_check import check_grids
from api.services.workspace import Workspace
from geo.errors import FileError, NotFoundError, XungeError
from geo.store.port import Json, Principal
from geo.tables.grids import Grids
from web.import_report import import_report_page

REPORT: Final = "import_report:"
"""How the documents are named that hold reports of imports."""
SHOWN: Final = 500
CHECKED: Final = 20_000
"""Layers of more grids are checked by ``xunge grids check``, not while their import is waited for."""


def refused(
    workspace: Workspace, principal: Principal, collection: str, file: str, problem: XungeError
) -> ImportReport:
    """Keep the report of a file that was refused."""
    return _kept(
        workspace, principal, collection, file, outcome="refused", code=problem.code, sentence_zh=problem.zh,
        sentence_en=problem.en, rows=[str(row) for row in problem.rows], read=None, kept=None, source_frame=None,
        notes_zh=[], notes_en=[], dropped_columns=[], n_faults=None, faults=[],
    )  # fmt: skip


def taken(workspace: Workspace, principal: Principal, collection: str, file: str, answer: ImportAnswer) -> ImportReport:
    """Keep the report of a file that was read; grids that were written are checked as well."""
    wrote = answer.version is not None
    check: GridCheck | None = None
    if wrote and collection == Grids.SPEC.name and answer.kept <= CHECKED:
        check = check_grids(workspace, principal)
    told_zh = f"读取 {answer.read:,} 行，{'写入' if wrote else '可写入'} {answer.kept:,} 行"
    told_en = f"{answer.read:,} rows read, {answer.kept:,} {'written' if wrote else 'can be written'}"
    if check is not None:
        told_zh += f"；检查发现问题 {len(check.faults):,} 处"
        told_en += f"; the check found {len(check.faults):,} faults"
    return _kept(
        workspace, principal, collection, file, outcome="imported" if wrote else "trial", code=None,
        sentence_zh=told_zh, sentence_en=told_en, rows=[], read=answer.read, kept=answer.kept,
        source_frame=answer.source_frame, notes_zh=answer.notes_zh, notes_en=answer.notes_en,
        dropped_columns=answer.dropped_columns, n_faults=None if check is None else len(check.faults),
        faults=[] if check is None else check.faults[:SHOWN],
    )  # fmt: skip


def _kept(workspace: Workspace, principal: Principal, collection: str, file: str, **told: object) -> ImportReport:
    now = datetime.now(UTC)
    made = ImportReport.model_validate(
        {
            "report_id": f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}", "collection": collection, "file": file,
            "at": now, "by": principal.account, **told,
        }
    )  # fmt: skip
    body = cast("Mapping[str, Json]", made.model_dump(mode="json"))
    workspace.store.put_document(principal, REPORT + made.report_id, body)
    return made


def import_report(workspace: Workspace, principal: Principal, report_id: str) -> ImportReport:
    """Return the report of an import."""
    found = workspace.store.document(principal, REPORT + report_id)
    if found is None:
        raise NotFoundError(f"There is no import report {report_id}", f"没有编号为 {report_id} 的导入报告")
    return ImportReport.model_validate(found)


def require_report_file(path: Path) -> None:
    """Refuse an ending in which reports are not written, before anything is read."""
    if path.suffix.lower() not in (".html", ".json"):
        raise FileError(f"{path} must end in .html or .json", f"{path} 应以 .html 或 .json 结尾")


def write_report(report: ImportReport, path: Path, *, language: str) -> None:
    """Write a report as a page (.html) or as JSON."""
    body = report.model_dump(mode="json")
    if path.suffix.lower() == ".json":
        path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    else:
        path.write_text(import_report_page(body, lang=language), encoding="utf-8")
