"""What is wrong with the grids as they are: their land, their lines, their codes."""

from __future__ import annotations

from api.schemas.grid_reports import GridCheck, GridFault
from api.services.communities import known_communities
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.grids.faults import Fault
from geo.grids.layer_check import check_layer, general_rows
from geo.grids.layout import UNIT15
from geo.grids.numbering import check_codes
from geo.store.port import Principal
from geo.tables.grids import Grids
from planners.contract import Observer, silent


def check_grids(
    workspace: Workspace,
    principal: Principal,
    *,
    gap_width_m: float = 1.0,
    sliver_width_m: float = 1.0,
    observe: Observer = silent,
) -> GridCheck:
    """Return every fault of the general grids, by kind, the largest first; communities count where they are known."""
    store = workspace.store
    version = (store.version("grids"), store.version("communities"), gap_width_m, sliver_width_m, principal.scopes)
    return workspace.derived.get(
        "grid_check",
        version,
        lambda: _checked(workspace, principal, gap_width_m=gap_width_m, sliver_width_m=sliver_width_m, observe=observe),
    )


def _checked(
    workspace: Workspace, principal: Principal, *, gap_width_m: float, sliver_width_m: float, observe: Observer
) -> GridCheck:
    stages = Stages(observe, stopped_en="The check was stopped", stopped_zh="检查已停止")
    stages.at(0.02, "读取网格 / read the grids")
    grids = workspace.grids(principal)
    parents = known_communities(workspace, principal)
    stages.at(0.1, "缝隙、重叠、狭缝、越界 / gaps, overlaps, slivers, crossings")
    report = check_layer(grids, parents=parents, gap_width_m=gap_width_m, sliver_width_m=sliver_width_m)
    stages.at(0.85, "编码 / codes")
    faults = [*(told_fault(fault) for fault in report.faults), *_code_faults(grids)]
    return GridCheck(
        whole=not faults, faults=faults, area_m2=round(report.area_m2, 1), parts=report.parts, n=report.grids,
        edition=f"grids-{workspace.store.version('grids')}",
    )  # fmt: skip


def told_fault(fault: Fault) -> GridFault:
    """Return a fault as it is answered."""
    lon, lat = fault.place
    return GridFault(
        kind=fault.kind, grids=list(fault.codes), lon=lon, lat=lat, size=round(fault.size, 3),
        sentence_zh=fault.sentence("zh"), sentence_en=fault.sentence("en"),
    )  # fmt: skip


def _code_faults(grids: Grids) -> list[GridFault]:
    """Return what is wrong with the codes; layers numbered by another layout than unit15 are not judged by it."""
    general = general_rows(grids.frame)
    codes = [str(code) for code in general["code"]]
    if not codes or not UNIT15.valid(codes).any():
        return []
    parents = [parent if isinstance(parent, str) else None for parent in general["parent_code"]]
    report = check_codes(codes, parents=parents)
    found = [_code_fault("code", code, zh, en) for code, (en, zh) in report.malformed.items()]
    for code, parent in report.misplaced:
        zh = f"网格 {code} 的编码与其所属村（社区）{parent} 不符"
        found.append(_code_fault("parent", code, zh, f"The code of grid {code} is not of its community {parent}"))
    return found


def _code_fault(kind: str, code: str, zh: str, en: str) -> GridFault:
    return GridFault(kind=kind, grids=[code], lon=None, lat=None, size=1.0, sentence_zh=zh, sentence_en=en)
