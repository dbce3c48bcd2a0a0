"""The calls behind a figure, for roles that may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.schemas.rows import RowsBehind, RowShown
from api.services.filters import BASES, CallFilter
from api.services.heat_area import NEAR_DAYS, NEAR_M
from api.services.hot_ground import CellKind, metric_crs
from api.services.hot_places import calls_of_place
from api.services.hot_words import HotMethod
from api.services.left_out import kept_for
from api.services.report_parts import sees_few
from api.services.workspace import Workspace
from geo.crs import to_metric
from geo.errors import ForbiddenError
from geo.hotspots.near_pairs import near_pairs
from geo.store.port import Principal

Only = Literal["all", "placed", "unplaced", "no_arrival", "near"]
SHOWN: Final = (
    "call_id", "occurred_at", "family", "intake", "priority", "placed", "grid_code", "address", "answered_at",
    "arrived_at", "closed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAsked:
    """A hot place by the search that found it."""

    place: str
    method: HotMethod
    cells: CellKind
    size_m: float


def rows_behind(
    workspace: Workspace,
    principal: Principal,
    wanted: CallFilter,
    *,
    limit: int,
    only: Only = "all",
    place: PlaceAsked | None = None,
) -> RowsBehind:
    """Return the calls of a filter, newest first: all of them, a part, or those of one hot place.

    Raises
    ------
    ForbiddenError
        If none of the account's roles sees single calls.
    NotFoundError
        If the search has no such place.
    """
    if not sees_few(workspace, principal):
        raise ForbiddenError("Your roles see figures, not single calls", "当前角色只能查看统计数，不能查看逐条警情")
    index = None if wanted.areas is None else workspace.grid_index(principal)
    rows = wanted.rows(workspace.calls(principal), workspace.zone, grids=index)
    if place is not None:
        rows = _of_place(workspace, principal, wanted, place, rows)
    rows = _part(workspace, rows, only).sort_values(["occurred_at", "call_id"], ascending=[False, True], kind="stable")
    zh, en = BASES[wanted.basis]
    shown = rows.head(limit)
    lonlat = [
        (point.x, point.y) if placed else (None, None)
        for point, placed in zip(shown.geometry.array, shown["placed"], strict=True)
    ]
    return RowsBehind(
        n=len(rows), n_unplaced=int((~rows["placed"].to_numpy(dtype=bool)).sum()), basis=zh, basis_en=en,
        rows=[
            RowShown(**{name: _plain(value) for name, value in zip(SHOWN, row, strict=True)}, lon=lon, lat=lat)  # type: ignore[arg-type]
            for row, (lon, lat) in zip(shown[list(SHOWN)].itertuples(index=False), lonlat, strict=True)
        ],
    )  # fmt: skip


def _part(workspace: Workspace, rows: gpd.GeoDataFrame, only: Only) -> gpd.GeoDataFrame:
    if only == "placed":
        return rows[rows["placed"]]
    if only == "unplaced":
        return rows[~rows["placed"].astype(bool)]
    if only == "no_arrival":
        timed = kept_for("clock", rows)
        return timed[timed["arrived_at"].isna()]
    if only == "near":
        return _near(workspace, rows[rows["placed"]])
    return rows


def _near(workspace: Workspace, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the calls that another one of their class lies near, in place and in time."""
    xy = to_metric(_lonlat(rows), metric_crs(workspace))
    days = rows["occurred_at"].to_numpy(dtype="datetime64[m]").astype(np.int64) / 1440
    pairs = near_pairs(xy, NEAR_M)
    a, b = np.repeat(pairs.order, np.diff(pairs.indptr)), pairs.order[pairs.other]
    kind = pd.factorize(rows["family"])[0]
    near = (kind[a] == kind[b]) & (np.abs(days[a] - days[b]) <= NEAR_DAYS)
    return rows.iloc[np.unique(np.r_[a[near], b[near]])]


def _of_place(
    workspace: Workspace, principal: Principal, wanted: CallFilter, asked: PlaceAsked, rows: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the rows that the cube holds as the calls of a place: they agree in place, minute and class."""
    found = calls_of_place(
        workspace, principal, wanted, place=asked.place, method=asked.method, cells=asked.cells, size_m=asked.size_m
    )
    names = np.asarray(found.family_names, dtype=object)[found.families]
    keys = set(zip(*np.rint(found.lonlat.T * 1e7).astype(np.int64).tolist(), found.minutes.tolist(), names.tolist(), strict=True))  # fmt: skip
    placed = rows[rows["placed"]]
    local = placed["occurred_at"].dt.tz_convert(workspace.zone).dt.tz_localize(None)
    minutes = local.to_numpy(dtype="datetime64[m]").astype(np.int64)
    own = zip(*np.rint(_lonlat(placed).T * 1e7).astype(np.int64).tolist(), minutes.tolist(), placed["family"], strict=True)  # fmt: skip
    return placed[np.fromiter((key in keys for key in own), bool, len(placed))]


def _lonlat(rows: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.get_coordinates(np.asarray(rows.geometry.array, dtype=object)).reshape(-1, 2)


def _plain(value: object) -> object:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
