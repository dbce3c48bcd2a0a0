"""Redrawing boundaries: shared lines out, moved lines in, one writer at a time, nothing lost."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import orjson

from api.schemas.grids import ArcsEdit, ArcsSaved, AreaChange
from api.services.features import parse_bbox
from api.services.workspace import Workspace
from geo.errors import ConflictError, LimitError, ParameterError
from geo.grids.topology import Coverage
from geo.store.port import Principal
from geo.tables.grids import Grids

MAX_GRIDS = 400


@dataclass(frozen=True, slots=True)
class Edition:
    """A coverage and the name under which its line numbers are known; edits keep both, a rebuild changes the name."""

    name: str
    coverage: Coverage


def edition(workspace: Workspace, principal: Principal) -> Edition:
    """Return the shared lines of the general grids as they are now."""
    version = workspace.store.version("grids")
    return workspace.derived.get(
        "edition", version, lambda: Edition(secrets.token_hex(6), Coverage.of(workspace.grids(principal)))
    )


def topology(workspace: Workspace, principal: Principal, bbox: str | None) -> bytes:
    """Return the grids that meet ``bbox`` as TopoJSON with the version and edition to send back; at most 400."""
    bounds = parse_bbox(bbox)
    if bounds is None:
        raise ParameterError("State the bbox of the area to edit", "请给出要编辑的范围 bbox")
    version = workspace.store.version("grids")
    held = edition(workspace, principal)
    part = held.coverage.topojson(bounds)
    objects = cast("Mapping[str, Mapping[str, Sequence[object]]]", part["objects"])
    count = len(objects["grids"]["geometries"])
    if count > MAX_GRIDS:
        raise LimitError(
            f"{count} grids are in view; zoom in until there are at most {MAX_GRIDS}",
            f"当前范围有 {count} 个网格，请放大到 {MAX_GRIDS} 个以内再编辑",
        )
    return orjson.dumps({"version": version, "edition": held.name, "topology": part})


def save_arcs(workspace: Workspace, principal: Principal, edit: ArcsEdit) -> ArcsSaved:
    """Replace boundary lines atomically.

    Raises
    ------
    ConflictError
        If a touched grid was changed since ``seen_version``, or the line numbers are of another edition.
    GeometryError
        If lines would cross or a locked line would move; the grids are named and nothing is changed.
    """
    with workspace.editing:
        held = edition(workspace, principal)
        if edit.edition != held.name:
            raise ConflictError(
                "The boundaries were rebuilt since you loaded them (an import or a restart); load them again, "
                "your moves stay on the screen",
                "边界在您载入之后已重建（导入或重启），请重新载入，您的改动仍保留在屏幕上",
            )
        changes = {line.id: np.array(line.coords, dtype=np.int64) for line in edit.arcs}
        _refuse_stale(workspace, principal, held.coverage, set(changes), edit)
        moved = held.coverage.moved(changes)
        version = workspace.store.version("grids")
        if len(moved.grids):
            version = workspace.store.update_grids(
                principal, moved.grids, seen_version=edit.seen_version, note=edit.note
            )
            workspace.derived.put("edition", version, Edition(held.name, moved.coverage))
    areas = {
        code: AreaChange(before_m2=moved.before_m2[code], after_m2=moved.after_m2[code]) for code in moved.grids.keys
    }
    return ArcsSaved(version=version, edition=held.name, changed=list(moved.grids.keys), areas=areas)


def _refuse_stale(
    workspace: Workspace, principal: Principal, coverage: Coverage, arcs: set[int], edit: ArcsEdit
) -> None:
    """Refuse grids that somebody else changed before their lines are looked at: theirs would not fit anyway."""
    known = {arc for arc in arcs if arc < len(coverage.cut.users)}
    rows = sorted({int(user) for arc in known for user in coverage.cut.users[arc] if user >= 0})
    current = workspace.grids(principal).frame.set_index("code")
    codes = [coverage.codes[row] for row in rows]
    newer = [code for code in codes if (current.loc[code, "version"] or 0) > edit.seen_version]
    if newer:
        table = Grids(current.loc[newer].reset_index())
        workspace.store.update_grids(principal, table, seen_version=edit.seen_version, note="")
        raise ConflictError("These grids were changed by somebody else", "这些网格已被他人更改", rows=newer)
