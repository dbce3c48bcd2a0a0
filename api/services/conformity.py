"""The division principles of grids as a report, on the page and as a spreadsheet."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from api.schemas.grid_reports import Conformity, ConformityCheck, ConformityFinding
from api.services.communities import known_communities
from api.services.counted_calls import counted_calls
from api.services.editions import edition_name
from api.services.sheets import Answer, sheet
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.grids.conformity import CHECKS, STATEMENT, ConformityReport, Limits, check_conformity
from geo.store.port import Principal
from geo.tables.estates import Estates
from planners.contract import Observer, silent

_HEADINGS: Final = {
    "check_zh": ("检查项", "check"), "severity": ("级别", "severity"), "codes": ("网格编码", "codes"),
    "measure": ("数值", "measure"), "unit": ("单位", "unit"), "zh": ("说明", "in Chinese"), "en": ("英文说明", "finding"),
    "edition": ("网格版本", "edition"),
}  # fmt: skip


def report_of(
    workspace: Workspace,
    principal: Principal,
    *,
    fewest: float | None,
    most: float | None,
    observe: Observer = silent,
) -> ConformityReport:
    """Look at the general grids; households are judged only within the range that the user gives."""
    if (fewest is None) != (most is None):
        raise ParameterError(
            "State both households_min and households_max, or neither", "请同时给出 households_min 和 households_max"
        )
    names = ("grids", "estates", "communities", "calls")
    versions = tuple(workspace.store.version(name) for name in names)
    households = None if fewest is None or most is None else (fewest, most)
    return workspace.derived.get(
        "conformity",
        (versions, households, principal.scopes),
        lambda: _looked(workspace, principal, Limits(households=households), observe),
    )


def _looked(workspace: Workspace, principal: Principal, limits: Limits, observe: Observer) -> ConformityReport:
    stages = Stages(observe, stopped_en="The report was stopped", stopped_zh="报告已停止")
    stages.at(0.02, "读取数据 / read the data")
    grids = workspace.grids(principal)
    communities = known_communities(workspace, principal)
    estates = workspace.store.table(principal, Estates)
    index = workspace.grid_index(principal)
    rows = index.rows(counted_calls(workspace, principal).lonlat)
    calls = np.bincount(rows[rows >= 0], minlength=len(index.codes)).astype(np.float64)
    return check_conformity(
        grids,
        estates=estates if len(estates) else None,
        workload=dict(zip(index.codes.tolist(), calls.tolist(), strict=True)) if calls.any() else None,
        communities=None if communities is None else communities.frame,
        limits=limits,
        edition=edition_name(workspace, principal),
        begun=lambda check, share: stages.at(0.1 + 0.9 * share, " / ".join(reversed(CHECKS[check]))),
    )


def conformity(
    workspace: Workspace,
    principal: Principal,
    *,
    fewest: float | None,
    most: float | None,
    observe: Observer = silent,
) -> Conformity:
    """Return the report as it is answered."""
    made = report_of(workspace, principal, fewest=fewest, most=most, observe=observe)
    return Conformity(
        checks=[
            ConformityCheck(
                check=c.check, looked_at=c.looked_at, faults=c.faults, notes=c.notes, measure=c.measure,
                sentence_zh=c.sentence("zh"), sentence_en=c.sentence("en"),
            )
            for c in made.checks
        ],
        findings=[
            ConformityFinding(
                check=f.check, severity=f.severity, grids=list(f.codes), measure=f.measure, unit=f.unit, lon=f.lon,
                lat=f.lat, sentence_zh=f.zh, sentence_en=f.en,
            )
            for f in made.findings
        ],
        faults=made.faults, n=made.grids, edition=made.edition, statement_zh=STATEMENT[1], statement_en=STATEMENT[0],
    )  # fmt: skip


def conformity_sheet(
    workspace: Workspace, principal: Principal, language: str, *, fewest: float | None, most: float | None
) -> Answer:
    """Return the findings as a spreadsheet, with a point to go to."""
    frame = report_of(workspace, principal, fewest=fewest, most=most).frame()
    lon, lat = (frame[name].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
    places = np.full(len(frame), None, dtype=object)
    known = np.isfinite(lon) & np.isfinite(lat)
    places[known] = shapely.points(lon[known], lat[known])
    k = 0 if language == "zh" else 1
    return sheet(
        frame, name="conformity", headings={name: words[k] for name, words in _HEADINGS.items()}, places=places
    )
