"""How well grids and police grids fit: calls whose two stations differ, and the transfers that would mend it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import shapely

from api.schemas.grid_reports import Misfit, StationFit, TransferProposal
from api.services.counted_calls import DAYS
from api.services.editions import edition_name
from api.services.filters import CallFilter, last_days
from api.services.stages import Stages
from api.services.workspace import Workspace
from geo.grids.crosswalk import Crosswalk, Placed, build_crosswalk
from geo.grids.misfit import main_stations, propose_transfers, score_misfit, stations_of
from geo.incidents.rates import Share
from geo.store.port import Principal
from planners.contract import Observer, silent


def misfit(
    workspace: Workspace,
    principal: Principal,
    wanted: CallFilter,
    *,
    limit: int = 20,
    observe: Observer = silent,
) -> Misfit:
    """Score the fit over a period, the last 365 statistical days unless it says otherwise.

    A grid answers to the station that has most of its land.
    """
    first, last = last_days(
        workspace.clock.now(), workspace.zone, days=DAYS, starts_hour=workspace.settings.day_starts_hour
    )
    start, end = wanted.start or first, wanted.end or last
    stages = Stages(observe, stopped_en="The report was stopped", stopped_zh="报告已停止")
    stages.at(0.02, "网格与警格对照 / crosswalk of grids and police grids")
    walk = _walk(workspace, principal, CallFilter(basis=wanted.basis, citizen=wanted.citizen, start=start, end=end))
    stages.at(0.8, "不一致率与调整建议 / misfit and proposals")
    police = workspace.police_grids(principal)
    of_police = stations_of(police)
    of_grid = main_stations(walk, of_police)
    frame = police.frame
    names = {str(c): str(n) for c, n in zip(frame["station_code"], frame["station_name"], strict=True)}
    made = score_misfit(walk, station_of_grid=of_grid, station_of_police_grid=of_police, names=names)
    found = propose_transfers(walk, station_of_grid=of_grid, station_of_police_grid=of_police, limit=limit)
    return Misfit(
        share=_value(made.share), n=made.calls, misfit=made.misfit, interval=_interval(made.share),
        left_out=made.left_out, start=start, end=end, edition=edition_name(workspace, principal),
        by_station=[
            StationFit(
                station=s.station, name=s.name, n=s.calls, misfit=s.misfit, share=_value(s.share),
                interval=_interval(s.share),
            )
            for s in made.stations
        ],
        proposals=[
            TransferProposal(
                grid=p.code, from_station=p.from_station, to_station=p.to_station, n=p.calls, before=p.before,
                after=p.after, gain=p.mended, sentence_zh=_named(p.sentence("zh"), names),
                sentence_en=_named(p.sentence("en"), names),
            )
            for p in found
        ],
    )  # fmt: skip


def _walk(workspace: Workspace, principal: Principal, wanted: CallFilter) -> Crosswalk:
    store = workspace.store
    version = (store.version("grids"), store.version("police_grids"), store.version("calls"), wanted, principal.scopes)

    def build() -> Crosswalk:
        rows = wanted.rows(workspace.calls(principal), workspace.zone)
        placed = np.asarray(rows[rows["placed"]].geometry.array, dtype=object)
        calls = Placed(lonlat=shapely.get_coordinates(placed).reshape(-1, 2))
        return build_crosswalk(workspace.grids(principal), workspace.police_grids(principal), placed={"calls": calls})

    return workspace.derived.get("misfit", version, build)


def _named(sentence: str, names: Mapping[str, str]) -> str:
    for code, name in names.items():
        sentence = sentence.replace(code, f"{name} {code}") if name else sentence
    return sentence


def _value(share: Share | None) -> float | None:
    return None if share is None else share.value


def _interval(share: Share | None) -> tuple[float, float] | None:
    return None if share is None else share.interval
