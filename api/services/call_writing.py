"""Calls into the store: only what is new or different, in batches that are written whole, decisions of reviewers kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from api.services.calls_cube import follow_calls
from api.services.workspace import Workspace
from geo.errors import CancelledError
from geo.incidents.flags import as_decided, kept_decisions
from geo.store.port import Principal, Query
from geo.tables.calls import Calls

BATCH: Final = 500_000
"""Written whole or not at all; fewer and larger ones build the indexes less often."""
FEW: Final = 500
_AROUND: Final = timedelta(minutes=15)
_MOST_AROUND: Final = 100_000
CLEANING_FROM: Final = 0.2
WRITING_FROM: Final = 0.5
"""Share of an import that reading and cleaning take."""

Watch = Callable[[float, str], bool]
"""Told the share that is done and a word; answers whether to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """How many calls were new, different, and already there just so."""

    inserted: int
    updated: int
    unchanged: int


def known_calls(workspace: Workspace, principal: Principal, keys: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the stored calls among which the keys would be: these alone for a few, all for many."""
    if len(keys) > FEW:
        return workspace.calls(principal).frame
    pages = [workspace.store.query(principal, "calls", Query(equals={"call_id": key}, limit=1)).frame for key in keys]
    found = [page for page in pages if len(page)]
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=found[0].crs) if found else Calls.empty().frame


def calls_around(
    workspace: Workspace, principal: Principal, start: pd.Timestamp, end: pd.Timestamp, *, few: bool
) -> pd.DataFrame:
    """Return stored calls from a quarter of an hour before ``start`` to one after ``end``, with ``lon`` and ``lat``."""
    if few:
        query = Query(start=(start - _AROUND).to_pydatetime(), end=(end + _AROUND).to_pydatetime(), limit=_MOST_AROUND)
        frame = workspace.store.query(principal, "calls", query).frame
    else:
        frame = workspace.calls(principal).frame
        frame = frame[frame["occurred_at"].between(start - _AROUND, end + _AROUND).to_numpy()]
    spots = shapely.get_coordinates(np.asarray(frame.geometry.array, dtype=object)).reshape(-1, 2)
    out = pd.DataFrame(frame[["call_id", "occurred_at", "occurred_to", "family", "placed"]])
    out["lon"], out["lat"] = spots[:, 0], spots[:, 1]
    return out


def write_calls(
    workspace: Workspace, principal: Principal, calls: Calls, *, source: str, watch: Watch | None = None
) -> Wrote:
    """Write calls that are new or differ from what is stored; each batch is one transaction.

    An import that was killed leaves whole batches: the same file again finds these unchanged and goes on after them.
    """
    with workspace.importing:
        frame = calls.frame
        known = known_calls(workspace, principal, calls.keys)
        frame, there = _with_decisions(frame, known)
        same = _same(frame, known, there)
        rows = np.flatnonzero(~same)
        inserted = updated = 0
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            share = WRITING_FROM + (1 - WRITING_FROM) * start / len(rows)
            if watch is not None and not watch(share, f"{start:,} / {len(rows):,}"):
                raise CancelledError(
                    f"Stopped after {start:,} of {len(rows):,} calls; the same file again goes on from there",
                    f"已停止：{len(rows):,} 起中已写入 {start:,} 起，再次导入同一文件即可继续",
                )
            seen = workspace.store.version("calls")
            made = Calls(frame.iloc[part].reset_index(drop=True))
            new, old = workspace.store.upsert(principal, made, source=source)
            follow_calls(workspace, known.iloc[there[part][there[part] >= 0]], made.frame, seen=seen)
            inserted, updated = inserted + new, updated + old
    return Wrote(inserted=inserted, updated=updated, unchanged=int(same.sum()))


def _with_decisions(frame: gpd.GeoDataFrame, known: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, npt.NDArray[np.intp]]:
    """Return calls with the decisions on their stored selves, and the row of each among the known (-1 where new)."""
    there = pd.Index(known["call_id"]).get_indexer(frame["call_id"])
    rows = np.flatnonzero(there >= 0)
    if rows.size:
        old = known["flags"].iloc[there[rows]].reset_index(drop=True)
        fresh = frame["flags"].iloc[rows].reset_index(drop=True)
        merged = kept_decisions(fresh, old)
        if not merged.equals(fresh):
            flags = frame["flags"].to_numpy(dtype=object, copy=True)
            flags[rows] = merged.to_numpy(dtype=object)
            frame = frame.copy()
            frame["flags"] = pd.Series(flags, index=frame.index, dtype=object)
            decided = as_decided(frame)
            frame["valid"], frame["placed"] = decided["valid"], decided["placed"]
    return frame, there


def _same(frame: gpd.GeoDataFrame, known: gpd.GeoDataFrame, there: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    same = there >= 0
    rows = np.flatnonzero(same)
    if not rows.size:
        return np.asarray(same)
    old = known.iloc[there[rows]].reset_index(drop=True)
    new = frame.iloc[rows].reset_index(drop=True)
    equal = np.ones(len(rows), dtype=bool)
    for name in Calls.SPEC.names:
        a, b = old[name], new[name]
        with np.errstate(invalid="ignore"):
            agree = (a == b).fillna(value=False).to_numpy(dtype=bool)
        equal &= agree | (a.isna() & b.isna()).to_numpy()
    apart = shapely.get_coordinates(np.asarray(old.geometry.array, dtype=object)) != shapely.get_coordinates(
        np.asarray(new.geometry.array, dtype=object)
    )
    # Where a call without a place is kept says nothing.
    equal &= ~(apart.any(axis=1) & new["placed"].to_numpy(dtype=bool))
    same[rows] = equal
    return np.asarray(same)
