"""Two periods on the boundaries of one edition, so that a rise or fall is told on one map."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import shapely

from api.schemas.grid_reports import RestatedGrid, RestatedTotal, Restatement
from api.services.editions import edition_number
from api.services.filters import CallFilter
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.grids.crosswalk import Placed
from geo.grids.restate import METHODS, compare_restated, rate_ratio_interval, restate_places
from geo.incidents.e_test import e_test
from geo.store.port import Principal
from planners.contract import Observer, silent

LEVEL = 0.95


def restated(
    workspace: Workspace,
    principal: Principal,
    after: CallFilter,
    before: CallFilter,
    edition_id: str | None,
    *,
    observe: Observer = silent,
) -> Restatement:
    """Count the calls of two periods on the grids of an edition, the newest unless it is named.

    Calls are counted again from their places, so both periods are exact on those boundaries.
    """
    period, earlier = _period(after), _period(before)
    stages = Stages(observe, stopped_en="The comparison was stopped", stopped_zh="比较已停止")
    stages.at(0.02, "读取版本 / read the edition")
    number = edition_number(workspace, principal, edition_id)
    record = workspace.store.editions(principal).edition(number)
    grids = workspace.store.edition_grids(principal, number)
    one, other = (
        restate_places(_placed(workspace, principal, wanted), grids, edition=record.name) for wanted in (before, after)
    )
    stages.at(0.8, "逐格比较 / compare each grid")
    exposure = (_days(*earlier), _days(*period))
    made = compare_restated(one, other, exposure=exposure, level=LEVEL)
    n0, n1 = int(one.total), int(other.total)
    low, high = rate_ratio_interval(np.array([n0]), np.array([n1]), exposure=exposure, level=LEVEL)
    frame = made.frame()
    rows = [
        RestatedGrid(
            code=str(row["code"]), n_before=int(row["n_before"]), n_after=int(row["n_after"]),
            change=_finite(row["change"]), interval=(float(row["change_low"]), _finite(row["change_high"])),
            p=float(row["p"]),
        )
        for row in frame.to_dict("records") if isinstance(row["code"], str) and row["code"] in set(one.codes)
    ]  # fmt: skip
    en, zh = METHODS[one.method]
    return Restatement(
        start=period[0], end=period[1], before_start=earlier[0], before_end=earlier[1], edition=record.name,
        edition_id=str(number), method=one.method, method_zh=zh, method_en=en,
        total=RestatedTotal(
            n_before=n0, n_after=n1, outside_before=one.outside, outside_after=other.outside,
            change=made.total_change, interval=(float(low[0]) - 1, _finite(float(high[0]) - 1)),
            p=e_test(n0, n1, first_exposure=exposure[0], second_exposure=exposure[1]),
        ),
        grids=rows,
    )  # fmt: skip


def _period(wanted: CallFilter) -> tuple[datetime, datetime]:
    if wanted.start is None or wanted.end is None:
        raise ParameterError(
            "State both periods: from, to, before_from, before_to", "请给出两个时段：from、to、before_from、before_to"
        )
    return wanted.start, wanted.end


def _days(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 86_400


def _placed(workspace: Workspace, principal: Principal, wanted: CallFilter) -> Placed:
    rows = wanted.rows(workspace.calls(principal), workspace.zone)
    shapes = np.asarray(rows[rows["placed"]].geometry.array, dtype=object)
    return Placed(lonlat=shapely.get_coordinates(shapes).reshape(-1, 2))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
