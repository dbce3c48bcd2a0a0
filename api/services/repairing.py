"""Grids mended by rule, with every change listed; written only when that is asked for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from api.schemas.grid_reports import RepairAsked
from api.services import editions
from api.services.grid_check import told_fault
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.errors import ConflictError, NotFoundError
from geo.grids.repair import Repaired, repair
from geo.store.port import Json, Principal
from planners.contract import Observer

REPAIR: Final = "grid_repair:"
"""How the documents are named that hold what repairs did."""


def repair_grids(workspace: Workspace, principal: Principal, wanted: RepairAsked, observe: Observer) -> dict[str, Json]:
    """Mend the general grids and keep the report as a document; with ``commit`` write them as an edition.

    Nothing moves further than the tolerance, and no kind of fault is larger afterwards.

    Raises
    ------
    ConflictError
        If the grids were changed while the repair ran; nothing is written then.
    """
    stages = Stages(
        observe, stopped_en="The repair was stopped; nothing was written", stopped_zh="修复已停止，未写入任何数据"
    )
    version = workspace.store.version("grids")
    stages.at(0.05, "检查与修复 / check and repair")
    made = repair(workspace.grids(principal), tolerance_m=wanted.tolerance_m, gap_width_m=wanted.gap_width_m)
    stages.at(0.9, "记录改动 / write the report")
    edition = None
    if wanted.commit and made.changes:
        version, edition = _write(workspace, principal, made, seen=version)
    repair_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    workspace.store.put_document(
        principal, REPAIR + repair_id, _report(made, wanted, edition=edition, by=principal.account)
    )
    return {
        "repair_id": repair_id, "report_url": f"/api/grids/repairs/{repair_id}", "changes": len(made.changes),
        "left": len(made.left), "committed": edition is not None, "version": version,
    }  # fmt: skip


def repair_report(workspace: Workspace, principal: Principal, repair_id: str) -> Mapping[str, Json]:
    """Return what a repair did and what it left."""
    found = workspace.store.document(principal, REPAIR + repair_id)
    if found is None:
        raise NotFoundError(f"There is no repair {repair_id}", f"没有编号为 {repair_id} 的修复记录")
    return found


def _write(workspace: Workspace, principal: Principal, made: Repaired, *, seen: int) -> tuple[int, str]:
    with workspace.editing:
        if workspace.store.version("grids") != seen:
            raise ConflictError(
                "The grids were changed while the repair ran; repair again, nothing was written",
                "修复期间网格已被更改，请重新修复，未写入任何数据",
            )
        editions.head(workspace, principal)
        return editions.replace_grids(workspace, principal, made.grids.frame, source="修复网格")


def _report(made: Repaired, wanted: RepairAsked, *, edition: str | None, by: str) -> dict[str, Json]:
    return {
        "tolerance_m": wanted.tolerance_m, "gap_width_m": wanted.gap_width_m, "edition": edition, "by": by,
        "area_before_m2": round(made.before.area_m2, 1), "area_after_m2": round(made.after.area_m2, 1),
        "faults_before": len(made.before.faults), "faults_after": len(made.after.faults),
        "changes": [
            {
                "kind": change.kind, "grids": list(change.codes), "to": change.to, "lon": change.place[0],
                "lat": change.place[1], "area_m2": round(change.area_m2, 3), "moved_m": round(change.moved_m, 4),
                "count": change.count, "sentence_zh": change.sentence("zh"), "sentence_en": change.sentence("en"),
            }
            for change in made.changes
        ],
        "left": [
            told_fault(fault).model_dump()
            for fault in made.left
        ],
    }  # fmt: skip
