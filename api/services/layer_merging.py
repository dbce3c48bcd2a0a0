"""Many layers of grids into one (多网合一): read, merged by rule, reported piece by piece, written when asked for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import geopandas as gpd
import pandas as pd

from api.schemas.grid_reports import MergeAsked
from api.services import editions
from api.services.grid_check import told_fault
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.errors import ConflictError, FieldError, NotFoundError
from geo.grids.merge_layers import Merged, OwnedLayer, merge_layers
from geo.store.exchange import ReadLimits, read_layer
from geo.store.importing import import_table
from geo.store.port import Json, Principal
from geo.tables.grids import Grids
from planners.contract import Observer

MERGE: Final = "grid_merge:"
"""How the documents are named that hold what merges did."""
_CODE_HEADERS: Final = ("code", "编码", "村编码", "社区编码", "村（社区）编码", "区划代码")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFile:
    """A layer of grids: who owns it, and its file."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayersMerged:
    """What came of it: the layer, and the short result that names the report."""

    merged: Merged
    result: Mapping[str, Json]


def merge_files(
    workspace: Workspace,
    principal: Principal,
    files: Sequence[LayerFile],
    wanted: MergeAsked,
    observe: Observer,
    *,
    parents: Path | None = None,
) -> LayersMerged:
    """Read layers, merge them and keep the report as a document; with ``commit`` they replace the general grids.

    Raises
    ------
    ConflictError
        If the grids were changed while the merge ran; nothing is written then.
    """
    stages = Stages(
        observe, stopped_en="The merge was stopped; nothing was written", stopped_zh="合并已停止，未写入任何数据"
    )
    seen = workspace.store.version("grids")
    layers = []
    for number, file in enumerate(files):
        stages.at(0.5 * number / len(files), file.name)
        layers.append(OwnedLayer(name=file.name, grids=_grids(workspace, file.path, wanted.frame)))
    communities = None if parents is None else _communities(workspace, parents, wanted.frame)
    stages.at(0.5, "合并 / merge")
    merged = merge_layers(layers, rule=wanted.rule, min_piece_m2=wanted.min_piece_m2, parents=communities)
    stages.at(0.95, "记录来源 / write the report")
    version, edition = _write(workspace, principal, merged, seen=seen) if wanted.commit else (seen, None)
    merge_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    report = _report(merged, wanted, [file.name for file in files], edition=edition, by=principal.account)
    workspace.store.put_document(principal, MERGE + merge_id, report)
    result: dict[str, Json] = {
        "merge_id": merge_id, "report_url": f"/api/grids/merges/{merge_id}", "grids": len(merged.grids),
        "contested": len(merged.contested), "committed": edition is not None, "version": version,
    }  # fmt: skip
    return LayersMerged(merged=merged, result=result)


def merge_report(workspace: Workspace, principal: Principal, merge_id: str) -> Mapping[str, Json]:
    """Return where each piece of a merge comes from, and what is to be reviewed."""
    found = workspace.store.document(principal, MERGE + merge_id)
    if found is None:
        raise NotFoundError(f"There is no merge {merge_id}", f"没有编号为 {merge_id} 的合并记录")
    return found


def _limits(workspace: Workspace) -> ReadLimits:
    settings = workspace.settings
    return ReadLimits(file_mb=float(settings.max_upload_mb), wall_seconds=float(settings.upload_seconds))


def _grids(workspace: Workspace, path: Path, frame: str | None) -> Grids:
    return import_table(path, Grids, frame=frame, bounds=workspace.bounds(), limits=_limits(workspace)).table


def _communities(workspace: Workspace, path: Path, frame: str | None) -> gpd.GeoDataFrame:
    """Return areas of villages and communities with their codes."""
    layer = read_layer(path, frame=frame, limits=_limits(workspace))
    named = next((name for name in _CODE_HEADERS if name in layer.columns), None)
    if named is None:
        raise FieldError(
            f"The layer of communities has no column of codes; name it {', '.join(_CODE_HEADERS)}",
            f"村（社区）图层缺少编码列，列名可用：{'、'.join(_CODE_HEADERS)}",
        )
    return layer.rename(columns={named: "code"}).astype({"code": str})


def _write(workspace: Workspace, principal: Principal, merged: Merged, *, seen: int) -> tuple[int, str]:
    with workspace.editing:
        if workspace.store.version("grids") != seen:
            raise ConflictError(
                "The grids were changed while the merge ran; merge again, nothing was written",
                "合并期间网格已被更改，请重新合并，未写入任何数据",
            )
        held = workspace.grids(principal).frame
        if len(held):
            editions.head(workspace, principal)
        special = held[held["kind"] != "general"]
        frame = pd.concat([merged.grids.frame, special], ignore_index=True) if len(special) else merged.grids.frame
        checked = Grids.of(gpd.GeoDataFrame(frame, geometry="geometry")).frame
        return editions.replace_grids(workspace, principal, checked, source="多网合一")


def _report(
    merged: Merged, wanted: MergeAsked, names: Sequence[str], *, edition: str | None, by: str
) -> dict[str, Json]:
    provenance = merged.provenance.round({"area_m2": 2, "share_of_grid": 6, "share_of_source": 6})
    return {
        "layers": list(names), "rule": wanted.rule, "min_piece_m2": wanted.min_piece_m2, "edition": edition, "by": by,
        "grids": len(merged.grids),
        "provenance": cast("list[Json]", provenance.to_dict("records")),
        "contested": [
            {
                "grid": place.grid, "winner": list(place.winner), "claims": [list(claim) for claim in place.claims],
                "area_m2": round(place.area_m2, 2), "lon": place.place[0], "lat": place.place[1],
                "sentence_zh": place.sentence("zh"), "sentence_en": place.sentence("en"),
            }
            for place in merged.contested
        ],
        "faults": [
            told_fault(fault).model_dump()
            for fault in merged.faults
        ],
    }  # fmt: skip
