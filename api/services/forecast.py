"""The coming week by the method that was best on held-out weeks, beside the plain baseline."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final, cast

import numpy as np
import shapely

from api.schemas.hot_places import Forecast, ForecastCell, ForecastMethod
from api.services.calls_cube import calls_cube
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.hot_ground import HotGround, ground, kept, land
from api.services.workspace import Workspace
from geo.cells.square import squares_within
from geo.crs import to_lonlat
from geo.errors import InputError, LimitError, NotFoundError
from geo.hotspots.forecast import METHODS, Choice, Measure, Method, choose_forecast, first_cells
from geo.hotspots.recency import CallHistory
from geo.store.port import Json, Principal
from planners.contract import Observer, Progress

HISTORY_DAYS: Final = 728
WEEKS: Final = 8
AREA_SHARE: Final = 0.05
MOST_CALLS: Final = 1_500_000
MOST_EXCITING: Final = 300_000
"""Calls up to which the self-exciting process is fitted; from some ten thousand on its reach is cut back."""
_DOCUMENT: Final = "forecasts"
_KEPT: Final = 12
_SHOWN: Final = 400


def forecast_id(workspace: Workspace, principal: Principal, wanted: CallFilter, *, size_m: float, by: Measure) -> str:
    """Return the name of the forecast of a filter on the calls as they are; its period is not part of it."""
    asked = replace(wanted, start=None, end=None)
    parts = (
        workspace.store.version("calls"), workspace.store.version("grids"), workspace.facts().get("as_of"),
        principal.scopes, asked.basis, asked.citizen, sorted(asked.families or ()), sorted(asked.hours or ()),
        sorted(asked.weekdays or ()), asked.within, sorted(asked.areas or ()), size_m, by,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def kept_forecast(workspace: Workspace, principal: Principal, name: str) -> Forecast:
    """Return a forecast that was made before, or raise ``NotFoundError``."""
    held = (workspace.store.document(principal, _DOCUMENT) or {}).get(name)
    if not isinstance(held, dict):
        raise NotFoundError(f"There is no forecast {name}; ask for it anew", f"没有预测 {name}，请重新计算")
    return Forecast.model_validate(held)


def make_forecast(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, size_m: float, by: Measure, observe: Observer
) -> Mapping[str, Json]:
    """Try all methods, keep the answer and return its name; what is known already is not computed again."""
    name = forecast_id(workspace, principal, wanted, size_m=size_m, by=by)
    held = dict(workspace.store.document(principal, _DOCUMENT) or {})
    if name not in held:
        made = _forecast(workspace, principal, wanted, name, size_m, by, observe)
        held = dict(workspace.store.document(principal, _DOCUMENT) or {})
        held[name] = cast("Json", made.model_dump(mode="json"))
        workspace.store.put_document(principal, _DOCUMENT, dict(list(held.items())[-_KEPT:]))
    return {"forecast_id": name}


def _forecast(
    workspace: Workspace, principal: Principal, wanted: CallFilter, name: str, size_m: float, by: Measure,
    observe: Observer,
) -> Forecast:  # fmt: skip
    end = moment(workspace, calls_cube(workspace, principal).period[1])
    here = ground(workspace, principal, replace(wanted, start=end - timedelta(days=HISTORY_DAYS), end=end))
    if len(here) > MOST_CALLS:
        raise InputError(
            f"{len(here):,} calls are more than a forecast takes ({MOST_CALLS:,}): choose classes or hours",
            f"{len(here)} 起警情超出预测上限（{MOST_CALLS} 起），请选择类别或时段",
        )
    history, shapes = _history(workspace, principal, here, size_m)
    now, began = here.span[1] / 1440, time.perf_counter()

    def told(share: float) -> bool:
        return observe(
            Progress(
                seconds=time.perf_counter() - began, share=share, message=f"{round(share * (WEEKS + 1))}/{WEEKS + 1}"
            )
        )

    tried: list[Method] = [m for m in METHODS if m != "self_exciting" or len(here) <= MOST_EXCITING]
    try:
        choice = choose_forecast(history, now, weeks=WEEKS, methods=tried, by=by, area_share=AREA_SHARE, observe=told)
    except LimitError:
        # Calls so crowded that even the shortest reach of the process has too many pairs: the answer names it as left out.
        tried = [m for m in tried if m != "self_exciting"]
        choice = choose_forecast(history, now, weeks=WEEKS, methods=tried, by=by, area_share=AREA_SHARE, observe=told)
    return Forecast(
        forecast_id=name, start=end, end=end + timedelta(days=7), history_from=here.start, n_history=len(here),
        n=choice.n, weeks=choice.weeks, area_share=choice.area_share, by=choice.by, winner=choice.winner,
        winner_zh=METHODS[choice.winner][0], winner_en=METHODS[choice.winner][1], size_m=size_m, cells=len(shapes),
        left_out=[m for m in METHODS if m not in tried], expected=float(choice.expected.sum()),
        sentence_zh=choice.sentence("zh"), sentence_en=choice.sentence("en"),
        table=[
            ForecastMethod(
                method=j.method, label_zh=j.title("zh"), label_en=j.title("en"),
                log_likelihood=_known(j.mean("log_likelihood")), pai=_known(j.mean("pai")), pei=_known(j.mean("pei")),
                rri=_known(j.mean("rri")), better=_known(j.better),
                better_interval=(_known(j.better_low), _known(j.better_high)),
            )
            for j in choice.table
        ],
        first=_first(history, choice, now, here.crs, size_m),
    )  # fmt: skip


def _history(
    workspace: Workspace, principal: Principal, here: HotGround, size_m: float
) -> tuple[CallHistory, np.ndarray]:
    boundary = land(workspace, principal)
    squares = kept(workspace, principal, ("squares", size_m), lambda: squares_within(boundary, size_m=size_m))
    shapes = squares.shapes()
    # A square on the edge counts with the land that it has.
    area = shapely.area(shapely.intersection(shapes, boundary))
    cell = squares.locate(here.xy)
    inside = cell >= 0
    history = CallHistory(
        cell=cell[inside], day=here.days[inside], xy=here.xy[inside], centres=squares.centres(),
        area_m2=np.maximum(area, 1.0),
    )  # fmt: skip
    return history, shapes


def _first(history: CallHistory, choice: Choice, now: float, crs: str, size_m: float) -> list[ForecastCell]:
    before = history.counts(now - 7 * 52, now)
    chosen = np.flatnonzero(first_cells(choice.expected, before, history.area_m2, choice.area_share))
    chosen = chosen[np.lexsort((-before[chosen], -choice.expected[chosen]))][:_SHOWN]
    last = history.counts(now - 7, now)
    half = size_m / 2
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    middles = history.centres[chosen]
    lonlat = to_lonlat(middles, crs).round(6)
    rings = to_lonlat((middles[:, None, :] + corners).reshape(-1, 2), crs).round(6).reshape(-1, 4, 2)
    return [
        ForecastCell(
            rank=rank, lon=float(lon), lat=float(lat), expected=round(float(choice.expected[k]), 4),
            baseline=round(float(choice.baseline[k]), 4), last_week=int(last[k]),
            ring=[(float(x), float(y)) for x, y in ring],
        )
        for rank, (k, (lon, lat), ring) in enumerate(zip(chosen, lonlat, rings, strict=True), start=1)
    ]  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
