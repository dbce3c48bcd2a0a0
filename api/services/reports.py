"""研判报告: one statistical day against the same weekday before, with n, intervals and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from api.schemas.reports import Before, DailyReport, Period, Rise, TopGrid
from api.services.features import parse_instant
from api.services.filters import CallFilter, last_days
from api.services.page import families
from api.services.situation import interval_of
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.incidents.e_test import e_test
from geo.store.port import Principal

CHANCE: Final = 0.05
TOP: Final = 10
STAGES: Final = ("reported_at", "answered_at", "assigned_at", "accepted_at", "departed_at", "arrived_at", "handled_at", "closed_at")  # fmt: skip
DEFINITIONS: Final[Mapping[str, tuple[str, str]]] = {
    "basis": ("有效警情：不含重复、骚扰和虚假报警", "Valid calls: without repeats, nuisance and false calls"),
    "interval": ("95% 精确泊松区间（Garwood 1936）", "Exact 95 % Poisson interval (Garwood 1936)"),
    "p": (
        "两个泊松计数的 E 检验（Krishnamoorthy、Thomson 2004）；p ≥ 0.05 记为“可能是偶然”",
        "E-test of two Poisson counts (Krishnamoorthy and Thomson 2004); p >= 0.05 is called 'could be chance'",
    ),
    "missing": (
        "缺失率 = 该环节时间为空的有效警情 ÷ 有效警情",
        "Share of valid calls whose time of that stage is empty",
    ),
    "day": ("统计日自设定的整点开始", "The statistical day begins at the hour that is set"),
    "unplaced": (
        "无案发地的警情不上图，单独计数",
        "Calls without a place are not on the map; they are counted beside it",
    ),
}


def daily(workspace: Workspace, principal: Principal, day: str | None) -> DailyReport:
    """Return the report of a statistical day, the last whole one unless ``day`` (YYYY-MM-DD) says which."""
    start, end = _period(workspace, day)
    first, until = _known(workspace, principal)
    if start >= until or end <= first:
        raise ParameterError(
            f"There are no data of that day: they reach from {first:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}",
            f"该统计日没有数据：现有数据自 {first:%Y-%m-%d %H:%M} 至 {until:%Y-%m-%d %H:%M}",
        )
    week = timedelta(days=7)
    # A day that is not over is compared with the same hours a week before, never with a whole day.
    counted = min(end, until)
    now_rows = _rows(workspace, principal, start, counted)
    then_rows = _rows(workspace, principal, start - week, counted - week) if start - week >= first else None
    received = CallFilter(basis="received", start=start, end=counted).rows(workspace.calls(principal), workspace.zone)
    n = len(now_rows)
    local = start.astimezone(workspace.zone)
    hours = ((now_rows["occurred_at"] - pd.Timestamp(start)) // pd.Timedelta(hours=1)).to_numpy(dtype=np.int64)
    return DailyReport(
        title=f"警情日报 {local:%Y-%m-%d}", title_en=f"Daily report {local:%Y-%m-%d}", day=f"{local:%Y-%m-%d}",
        period=Period(start=start, end=end), basis="valid", n=n, n_received=len(received),
        n_unplaced=int((~now_rows["placed"]).sum()), interval=interval_of(n),
        same_weekday=None if then_rows is None else _before(n, len(then_rows), start - week, counted - week),
        rises=[] if then_rows is None else _rises(workspace, principal, now_rows, then_rows),
        by_hour=np.bincount(hours, minlength=24)[:24].tolist(), hours_from=local.hour,
        top_grids=_top(workspace, principal, now_rows),
        missing={stage: None if not n else float(now_rows[stage].isna().mean()) for stage in STAGES},
        definitions={key: zh for key, (zh, _) in DEFINITIONS.items()},
        definitions_en={key: en for key, (_, en) in DEFINITIONS.items()},
        edition=f"grids-{workspace.store.version('grids')}",
    )  # fmt: skip


def _period(workspace: Workspace, day: str | None) -> tuple[datetime, datetime]:
    hour = workspace.settings.day_starts_hour
    if day is None:
        return last_days(workspace.clock.now(), workspace.zone, days=1, starts_hour=hour)
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise ParameterError(
            f"{day!r} is not a day such as 2026-11-22", f"日期 {day!r} 无法识别，应形如 2026-11-22"
        ) from None
    start = datetime.combine(wanted, time(hour), tzinfo=workspace.zone)
    return start, start + timedelta(days=1)


def _known(workspace: Workspace, principal: Principal) -> tuple[datetime, datetime]:
    """Return the first and the last moment that the data know of, in local time."""
    now = workspace.clock.now()
    said = workspace.facts().get("as_of")
    until = min(now, parse_instant(said)) if isinstance(said, str) else now
    times = workspace.calls(principal).frame["occurred_at"]
    first = until if times.empty else times.min().to_pydatetime()
    return first.astimezone(workspace.zone), until.astimezone(workspace.zone)


def _before(n: int, before: int, start: datetime, end: datetime) -> Before:
    p = e_test(n, before)
    zh, en = _ratio(n, before, p)
    return Before(n=before, start=start, end=end, p=p, could_be_chance=p >= CHANCE, ratio_text_zh=zh, ratio_text_en=en)


def _rows(workspace: Workspace, principal: Principal, start: datetime, end: datetime) -> gpd.GeoDataFrame:
    return CallFilter(start=start, end=end).rows(workspace.calls(principal), workspace.zone)


def _ratio(n: int, before: int, p: float) -> tuple[str, str]:
    """Say the change in words; a percentage stands only beside its two counts."""
    chance_zh = "，可能是偶然" if p >= CHANCE else ""
    chance_en = ", could be chance" if p >= CHANCE else ""
    if before == 0:
        return f"{n} 起，上周同日 0 起{chance_zh}", f"{n}, none on the same weekday before{chance_en}"
    change = (n - before) / before
    return (
        f"{change:+.1%}（{before} → {n} 起，p = {p:.2g}{chance_zh}）",
        f"{change:+.1%} ({before} to {n}, p = {p:.2g}{chance_en})",
    )


def _rises(
    workspace: Workspace, principal: Principal, now_rows: gpd.GeoDataFrame, then_rows: gpd.GeoDataFrame
) -> list[Rise]:
    labels = {view.id: view for view in families(workspace, principal)}
    now_counts, then_counts = now_rows["family"].value_counts(), then_rows["family"].value_counts()
    rises = []
    for family in sorted(set(now_counts.index) | set(then_counts.index)):
        n, before = int(now_counts.get(family, 0)), int(then_counts.get(family, 0))
        p = e_test(n, before)
        view = labels.get(family)
        rises.append(
            Rise(
                family=family, label=view.label_zh if view else family, label_en=view.label_en if view else family,
                n=n, before=before, p=p, could_be_chance=p >= CHANCE,
            )
        )  # fmt: skip
    return sorted(rises, key=lambda rise: (rise.before - rise.n, rise.family))


def _top(workspace: Workspace, principal: Principal, rows: gpd.GeoDataFrame) -> list[TopGrid]:
    placed = rows[rows["placed"]]
    points = np.column_stack([placed.geometry.x, placed.geometry.y])
    codes = pd.Series(workspace.grid_index(principal).at(points)).dropna()
    counts = codes.value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))[:TOP]
    names = workspace.grids(principal).frame.set_index("code")["name"]
    return [TopGrid(code=str(code), name=names.get(code), n=int(n), interval=interval_of(int(n))) for code, n in ranked]
