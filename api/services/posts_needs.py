"""The demand of a question about posts: calls of a period, kinds of points, or places that are listed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from api.schemas.posts import Asked, ScoreQuestion
from api.services.demand import CELL_M, Demand, demand
from api.services.family_filter import with_families
from api.services.filters import CallFilter, parse_filter
from api.services.place import check_profile
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_metric
from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.store.port import Principal
from planners.posts.problem import brief

Floats = npt.NDArray[np.float64]


def wanted_calls(workspace: Workspace, principal: Principal, question: Asked | ScoreQuestion) -> CallFilter:
    """Return the filter of calls that a question spells."""
    spelled = parse_filter(hours=question.hours, weekdays=question.weekdays)
    wanted = CallFilter(
        basis=question.basis, citizen=question.citizen,
        families=frozenset(question.families) if question.families else None,
        start=question.from_, end=question.to, hours=spelled.hours, weekdays=spelled.weekdays,
    )  # fmt: skip
    return with_families(workspace, principal, wanted)


def asked_needs(workspace: Workspace, principal: Principal, question: Asked | ScoreQuestion) -> Demand:
    """Return the demand of a question.

    Raises
    ------
    InputError
        Weights below zero, the same key twice, or places too far from any street; the keys are named.
    """
    profile = check_profile(question.profile)
    if question.needs is not None:
        keys = [need.key for need in question.needs]
        lonlat = np.array([[need.lon, need.lat] for need in question.needs], np.float64)
        weights = np.array([need.weight for need in question.needs], np.float64)
        _check_weights(keys, weights)
        found = _placed(workspace, principal, profile, lonlat, weights)
        off = [keys[i] for i in np.flatnonzero(~found.places.ok).tolist()]
        if off:
            left = len(keys) - len(off)
            raise InputError(
                f"The demand points {brief(off)} are too far from any street for {profile}; move them to a street"
                + (f" or leave them out ({left} would remain)" if left else ""),
                f"需求点 {brief(off)} 距可通行道路过远，请移到道路上"
                + (f"，或不列入（其余 {left} 处可求解）" if left else ""),
                rows=off,
            )
        return found
    if question.points is not None:
        frame = workspace.points(principal).frame
        chosen = frame[frame["kind"].isin(list(question.points))]
        if chosen.empty:
            kinds = sorted({str(kind) for kind in frame["kind"]})
            raise NotFoundError(
                f"There are no points of the kinds {', '.join(question.points)}; there are {', '.join(kinds) or 'none'}",
                f"没有类别为 {'、'.join(question.points)} 的点，现有类别：{'、'.join(kinds) or '无'}",
            )
        lonlat = shapely.get_coordinates(np.asarray(chosen.geometry.array))
        return _placed(workspace, principal, profile, lonlat, np.ones(len(lonlat)))
    return demand(workspace, principal, wanted_calls(workspace, principal, question), profile)


def _check_weights(keys: list[str], weights: Floats) -> None:
    bad = [keys[i] for i in np.flatnonzero(~np.isfinite(weights) | (weights < 0)).tolist()]
    if bad:
        raise InputError(
            f"The demand of {', '.join(bad[:5])} is negative or not a number; set it to 0 or more",
            f"需求点 {'、'.join(bad[:5])} 的需求为负数或无效，请改为不小于 0 的数",
            rows=bad,
        )
    twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
    if twice:
        raise InputError(
            f"The demand points {', '.join(twice[:5])} are listed twice; list each once",
            f"需求点 {'、'.join(twice[:5])} 重复，请各列一次",
            rows=twice,
        )
    if not weights.sum() > 0:
        raise InfeasibleError("All demand is 0; give at least one place a weight", "全部需求为 0，请至少给一处权重")


def _placed(workspace: Workspace, principal: Principal, profile: str, lonlat: Floats, weights: Floats) -> Demand:
    now = workspace.clock.now()
    mark = hashlib.blake2b(lonlat.tobytes() + weights.tobytes(), digest_size=16).digest()
    version = (mark, workspace.store.version("grids"), principal.scopes, id(workspace.travel(profile)))
    return workspace.derived.get(f"posts:needs:{profile}", version, lambda: Demand(
        lonlat=lonlat, weights=weights, places=workspace.snap(profile, lonlat),
        grids=workspace.grid_index(principal).at(lonlat), n_calls=round(float(weights.sum())), n_unplaced=0,
        start=now, end=now,
    ))  # fmt: skip


def call_cells(
    workspace: Workspace, principal: Principal, needs: Demand, wanted: CallFilter
) -> tuple[npt.NDArray[np.int64], list[datetime]]:
    """Return the demand row of each placed call of the period, -1 for none, and its local time.

    A call belongs to the cell of 100 m that gathered it, found as ``demand`` gathers.
    """
    asked = replace(wanted, start=needs.start, end=needs.end)
    rows = asked.rows(workspace.calls(principal), workspace.zone, grids=workspace.grid_index(principal))
    placed = rows[rows["placed"]]
    lonlat = shapely.get_coordinates(np.asarray(placed.geometry.array))
    crs = pick_metric_crs(np.concatenate([lonlat.min(axis=0), lonlat.max(axis=0)]))
    cells = np.floor(to_metric(lonlat, crs) / CELL_M).astype(np.int64)
    _, inverse = np.unique(cells, axis=0, return_inverse=True)
    local = pd.DatetimeIndex(placed["occurred_at"]).tz_convert(workspace.zone)
    return inverse.ravel().astype(np.int64), list(local.to_pydatetime())


def by_columns(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], *, n: int, m: int) -> Floats:
    """Count calls by demand row and column, float64[n, m]."""
    return np.bincount(rows * m + columns, minlength=n * m).reshape(n, m).astype(np.float64)
