"""The heat map and every count beside it, all from the cube of calls."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

import numpy as np
from PIL import Image

from api.schemas.heat import Baseline, DayCount, FamilyCount, HeatFrames, HeatSummary, Legend, LegendStep
from api.services.calls_cube import heat_map
from api.services.filters import BASES, CallFilter
from api.services.left_out import hours_left_out
from api.services.workspace import Workspace
from geo.errors import UnavailableError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.when import MINUTES_PER_DAY
from geo.store.port import Principal
from geo.tiles.heat import HeatMap
from geo.tiles.heat_frames import FrameBy, frames
from geo.tiles.heat_scale import UNIT_EN, UNIT_ZH, legend_entries
from geo.tiles.mercator import TILE_PX, to_cells
from geo.tiles.palette import Theme

MOST_TILES: Final = 256
FramesBy = Literal["hour", "weekday_hour", "day", "week"]
_BY: Final[dict[FramesBy, FrameBy]] = {
    "hour": "hour_of_day", "weekday_hour": "hour_of_week", "day": "day", "week": "week",
}  # fmt: skip


def tile(
    workspace: Workspace, principal: Principal, wanted: CallFilter, z: int, x: int, y: int, *, theme: Theme
) -> bytes:
    """Return one heat tile as PNG."""
    return heat_map(workspace, principal).tile_png(z, x, y, which=wanted.cube(workspace.zone), theme=theme)


def moment(workspace: Workspace, minute: int) -> datetime:
    """Return a minute of the local clock as an aware time."""
    local = datetime(1970, 1, 1) + timedelta(minutes=minute)  # noqa: DTZ001 - minutes of the local clock
    return local.replace(tzinfo=workspace.zone)


def legend_of(drawn: HeatMap, which: CubeFilter, zoom: int, theme: Theme) -> Legend:
    """Return the legend of one zoom."""
    entries = legend_entries(drawn.top(zoom, which=which), theme)
    steps = [LegendStep(value=v, color=f"#{r:02x}{g:02x}{b:02x}") for v, (r, g, b, _) in entries]
    return Legend(unit=UNIT_ZH, unit_en=UNIT_EN, steps=steps, sigma_m=drawn.sigma_m(zoom))


def summary(workspace: Workspace, principal: Principal, wanted: CallFilter, *, zoom: int, theme: Theme) -> HeatSummary:
    """Return the counts behind the heat map of a filter."""
    drawn = heat_map(workspace, principal)
    which = wanted.cube(workspace.zone)
    profile = drawn.cube.profile(which)
    total, families, days = profile.total(), profile.by_family(), profile.over_time(step_minutes=MINUTES_PER_DAY)
    doubted = hours_left_out(workspace, principal, wanted)
    first, last = profile.span
    zh, en = BASES[wanted.basis]
    return HeatSummary(
        n=total.n, n_unplaced=total.unplaced, interval=(total.low, total.high),
        start=moment(workspace, first), end=moment(workspace, last),
        weeks=total.weeks, days=len(days.labels), basis=wanted.basis, basis_zh=zh, basis_en=en,
        by_hour=(profile.by_hour().n - doubted).tolist(), n_hour_left_out=int(doubted.sum()), by_weekday=profile.by_weekday().n.tolist(),
        by_family=[
            FamilyCount(id=name, n=int(n), interval=(float(low), float(high)))
            for name, n, low, high in zip(families.labels, families.n, families.low, families.high, strict=True)
        ],
        by_day=[DayCount(day=day, n=int(n)) for day, n in zip(days.labels, days.n, strict=True)],
        legend=legend_of(drawn, which, zoom, theme),
        baseline=_baseline(workspace, drawn.cube, which, first, last),
    )  # fmt: skip


def _baseline(workspace: Workspace, held: Cube, which: CubeFilter, first: int, last: int) -> Baseline | None:
    """Return the count of the period just before, of the same length, where the data reach back so far."""
    length = last - first
    if length <= 0 or first - length < held.period[0]:
        return None
    before = replace(which, start=np.datetime64(first - length, "m"), end=np.datetime64(first, "m"))
    days = length / MINUTES_PER_DAY
    return Baseline(
        label_zh=f"前 {days:g} 天（环比）", label_en=f"the {days:g} days before", n=held.total(before).n,
        start=moment(workspace, first - length), end=moment(workspace, first),
    )  # fmt: skip


def frames_of(workspace: Workspace, principal: Principal, wanted: CallFilter, *, by: FramesBy) -> HeatFrames:
    """Return the density cube that the slider plays."""
    cube = frames(heat_map(workspace, principal), by=_BY[by], which=wanted.cube(workspace.zone))
    labels = list(cube.labels)
    if by == "hour":
        labels = [str(int(label[:2])) for label in labels]
    elif by == "weekday_hour":
        labels = [f"{day}-{hour:02d}" for day in range(1, 8) for hour in range(24)]
    return HeatFrames(
        by=by, bounds=cube.bounds, width=cube.cube.shape[2], height=cube.cube.shape[1], bins=labels, scale=cube.top,
        n=cube.n.tolist(), data=base64.b64encode(cube.cube.tobytes()).decode(), unit=cube.unit_zh, unit_en=cube.unit_en,
    )  # fmt: skip


def picture(workspace: Workspace, principal: Principal, wanted: CallFilter, *, zoom: int = 13) -> bytes:
    """Return the heat map of the whole city as one PNG, tile beside tile, with the colours of the legend of ``zoom``."""
    bounds = workspace.bounds()
    if bounds is None:
        raise UnavailableError(
            "There is nothing to draw yet: import streets or grids", "尚无可绘制的数据，请先导入路网或网格"
        )
    corners = to_cells(np.array([[bounds[0], bounds[3]], [bounds[2], bounds[1]]]), zoom)
    columns, rows = (np.arange(low, high + 1) for low, high in corners)
    if len(columns) * len(rows) > MOST_TILES:
        return picture(workspace, principal, wanted, zoom=zoom - 1)
    sheet = Image.new("RGBA", (len(columns) * TILE_PX, len(rows) * TILE_PX), "white")
    for i, x in enumerate(columns.tolist()):
        for j, y in enumerate(rows.tolist()):
            body = tile(workspace, principal, wanted, zoom, x, y, theme="light")
            part = Image.open(io.BytesIO(body)).convert("RGBA")
            sheet.alpha_composite(part, (i * TILE_PX, j * TILE_PX))
    out = io.BytesIO()
    sheet.convert("RGB").save(out, "PNG")
    return out.getvalue()
