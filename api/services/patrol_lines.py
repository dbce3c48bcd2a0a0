"""Linear patrols (线性巡逻): a road from one chainage to another, driven along its streets every so many minutes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol_asked import LinePatrol
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, NotFoundError, ParameterError
from geo.grids.chainage import ChainedLine, read, written
from geo.store.port import Principal
from geo.streets.graph import StreetGraph
from geo.streets.snap import Places, Snapper
from geo.streets.travel import Travel
from geo.tables.linear_grids import LinearGrids
from planners.patrol.spacing.point_demands import LEAST_SHARE, Demand, Refused, Template

Floats = npt.NDArray[np.float64]

EVERY_M: Final = (300.0, 1000.0, math.inf)
"""The way is held to the road at places so far apart; where that leads astray, farther apart."""
NEAR_M: Final = 60.0
LONGER: Final = 1.15
"""A drive so many times as long as the road has left it."""
PROBES: Final = 21
LEAST_PART: Final = 0.8
"""Part of a road at least that must lie on streets; its ends may not, such as beyond the edge of the network."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drive:
    """A drive along a road: float64[k, 2] degrees, float64[k] seconds from its begin, metres, streets, and its two ends (one place each)."""

    lonlat: Floats
    seconds: Floats
    metres: float
    names: tuple[str, ...]
    arcs: npt.NDArray[np.int32]
    entry: Places
    exit: Places

    def blocked(self, arcs: npt.NDArray[np.int64]) -> bool:
        """Return whether it leads over one of these arcs."""
        return bool(np.isin(self.arcs, arcs).any())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Road:
    """A road to be driven; ``drives`` by kind of unit, ``shape`` as it is drawn in the direction driven."""

    key: str
    row: Mapping[str, object]
    demand: Demand
    asked: LinePatrol
    from_m: float
    to_m: float
    shape: shapely.LineString
    drives: Mapping[str, Drive]
    backward: bool

    @property
    def short(self) -> bool:
        """Whether an end of the road lies on no street and is not driven."""
        return any(drive.metres < 0.95 * (self.to_m - self.from_m) - NEAR_M for drive in self.drives.values())

    @property
    def astray(self) -> bool:
        """Whether the streets leave the road for a detour."""
        return any(drive.metres > LONGER * (self.to_m - self.from_m) + NEAR_M for drive in self.drives.values())


def resolved(workspace: Workspace, principal: Principal, asked: Sequence[LinePatrol]) -> list[LinePatrol]:
    """Return roads as drawn lines with both chainages, so that later changes of grids or names do not change a plan.

    Raises
    ------
    NotFoundError, ParameterError, FieldError, GeometryError
        Naming the road or the chainage.
    """
    return [_resolved(workspace, principal, item) for item in asked]


def _resolved(workspace: Workspace, principal: Principal, asked: LinePatrol) -> LinePatrol:
    begins, length = asked.start_m, None
    if asked.code is not None:
        frame = workspace.store.table(principal, LinearGrids).frame
        held = frame[frame["code"] == asked.code]
        if held.empty:
            raise NotFoundError(
                f"There is no linear grid {asked.code}", f"没有编码为 {asked.code} 的线性网格", rows=[asked.code]
            )
        row = held.iloc[0]
        name, shape = asked.name or str(row["line"]), row.geometry
        begins, length = float(row["start_m"]), float(row["end_m"]) - float(row["start_m"])
    elif asked.street is not None:
        name, shape = asked.name or asked.street, street_line(workspace.graph(), asked.street)
    else:
        name, shape = asked.name or "线性巡逻", shapely.LineString(asked.line or [])
    line = ChainedLine.of(shape, length_m=length)
    ends = begins + line.length_m
    low = begins if asked.start is None else _metres(asked.start)
    high = ends if asked.end is None else _metres(asked.end)
    # A chainage is written to the millimetre.
    if not begins - 1e-3 <= low < high <= ends + 1e-3:
        raise ParameterError(
            f"{name} runs from {written(begins)} to {written(ends)}; {written(low)} to {written(high)} is not a piece of it",
            f"{name} 的桩号为 {written(begins)} 至 {written(ends)}，{written(low)} 至 {written(high)} 不是其中一段",
        )
    piece = line.piece(max(0.0, low - begins), min(line.length_m, high - begins))
    corners = [(round(x, 7), round(y, 7)) for x, y in shapely.get_coordinates(piece).tolist()]
    return asked.model_copy(
        update={
            "name": name, "code": None, "street": None, "line": corners, "start_m": float(low), "start": float(low),
            "end": float(high),
        }
    )  # fmt: skip


def _metres(value: float | str) -> float:
    return read(value) if isinstance(value, str) else float(value)


def street_line(graph: StreetGraph, name: str) -> shapely.LineString:
    """Return the longest unbroken line of the streets of a name, running from its western (then southern) end."""
    ids = [number for number, known in enumerate(graph.names) if known and known == name.strip()]
    arcs = np.flatnonzero(np.isin(graph.name_ids, ids)) if ids else np.zeros(0, np.int64)
    if not len(arcs):
        raise NotFoundError(
            f"There is no street called {name!r} in the streets of this installation; draw a line instead",
            f"路网中没有名为“{name}”的道路，请改为在图上画线",
        )
    once = arcs[(graph.reverse[arcs] < 0) | (arcs < graph.reverse[arcs])]
    merged = shapely.line_merge(shapely.MultiLineString([graph.arc_lonlat(int(arc)) for arc in once]))
    parts = [np.asarray(shapely.get_coordinates(part)) for part in shapely.get_parts(merged)]
    longest = max(parts, key=lambda part: shapely.LineString(part).length)
    return shapely.LineString(longest if tuple(longest[0]) <= tuple(longest[-1]) else longest[::-1])


def roads_of(
    asked: Sequence[LinePatrol],
    *,
    snappers: Mapping[str, Snapper],
    travels: Mapping[str, Travel],
    template: Template,
    shift_seconds: int,
    first_row: int,
) -> tuple[list[Road], list[tuple[Refused, Mapping[str, object]]]]:
    """Return the roads that units of the shift can drive, and the others with the reason and a row; rows of demands follow on each other.

    ``travels`` are those over open streets: a road that is closed is not driven round.
    """
    found: list[Road] = []
    refused: list[tuple[Refused, Mapping[str, object]]] = []
    for item in asked:
        made = _road(item, snappers, travels, template, shift_seconds, first_row + len(found))
        if isinstance(made, Refused):
            row = {
                "point_id": made.point_id, "name": _label(item), "kind": "line", "mode": item.kinds[0],
                "priority": item.priority, "dwell_seconds": 0, "geometry": shapely.Point((item.line or [(0.0, 0.0)])[0]),
            }  # fmt: skip
            refused.append((made, row))
        else:
            found.append(made)
    return found, refused


def _label(asked: LinePatrol) -> str:
    low, high = (round(float(cast("float", end))) for end in (asked.start, asked.end))
    return f"{asked.name} {written(low)}–{written(high)}"


def _road(
    asked: LinePatrol,
    snappers: Mapping[str, Snapper],
    travels: Mapping[str, Travel],
    template: Template,
    shift: int,
    row: int,
) -> Road | Refused:
    low, high = float(cast("float", asked.start)), float(cast("float", asked.end))
    label = _label(asked)
    corners = np.array(asked.line, np.float64)
    ways = {"forward": (False,), "backward": (True,), "either": (False, True)}[asked.way]
    kinds: list[str] = [kind for kind in asked.kinds if kind in travels]
    digest = hashlib.sha256(f"{label}|{asked.way}|{corners.round(5).tolist()}".encode()).hexdigest()[:6].upper()
    key = f"LINE-{digest}"
    best: tuple[float, bool, dict[str, Drive]] | None = None
    for backward in ways:
        line = corners[::-1] if backward else corners
        tried = {kind: drive_along(line, snappers[kind], travels[kind]) for kind in kinds}
        held = {kind: drive for kind, drive in tried.items() if drive is not None}
        if held:
            slowest = max(float(drive.seconds[-1]) for drive in held.values())
            if best is None or (-len(held), slowest) < (-len(best[2]), best[0]):
                best = slowest, backward, held
    if best is None:
        return Refused(
            point_id=key, code="off_network",
            en=f"{label} cannot be driven along the streets by {', '.join(asked.kinds)} of this shift (one-way, or not a street)",
            zh=f"{label} 无法由本班次的巡组沿路网走通（单行或不在路网上），请检查方向与线形",
        )  # fmt: skip
    slowest, backward, drives = best
    metres = max(drive.metres for drive in drives.values())
    dwell = max(math.ceil(slowest), math.ceil(metres / (asked.kph / 3.6)))
    gap = min(shift, max(60, round(60 * asked.every_minutes * template.gap_factor)))
    least = round(gap * LEAST_SHARE) if asked.least_gap_minutes is None else round(60 * asked.least_gap_minutes)
    if dwell >= gap:
        return Refused(
            point_id=key, code="too_often",
            en=f"{label} takes {dwell / 60:.0f} min to drive, which is not less than its gap of {gap / 60:g} min",
            zh=f"{label} 走完需 {dwell / 60:.0f} 分，不短于间隔 {gap / 60:g} 分，请放宽间隔或缩短路段",
        )  # fmt: skip
    line = corners[::-1] if backward else corners
    first = next(iter(drives.values()))
    return Road(
        key=key, asked=asked, from_m=low, to_m=high, drives=drives, backward=backward, shape=shapely.LineString(line),
        row={
            "point_id": key, "name": label, "kind": "line", "mode": next(iter(drives)), "priority": asked.priority,
            "dwell_seconds": dwell, "geometry": shapely.Point(first.lonlat[0]),
        },
        demand=Demand(
            row=row, dwell=dwell, gap=gap, least_gap=min(least, gap), kinds=tuple(drives), priority=6 - asked.priority
        ),
    )  # fmt: skip


def drive_along(line: Floats, snapper: Snapper, travel: Travel) -> Drive | None:
    """Return the drive from the first to the last vertex of a line, held to it at places in between, or None where there is none."""
    road = ChainedLine.of(shapely.LineString(line))
    probes = np.linspace(0.0, road.length_m, PROBES)
    near = np.flatnonzero(snapper.snap(road.at(probes), max_m=NEAR_M).ok)
    if not len(near) or near[-1] - near[0] < LEAST_PART * (PROBES - 1):
        return None
    low, high = float(probes[near[0]]), float(probes[near[-1]])
    best: Drive | None = None
    for every in EVERY_M:
        count = 2 if math.isinf(every) else max(2, math.ceil((high - low) / every) + 1)
        made = _through(snapper.snap(road.at(np.linspace(low, high, count)), max_m=NEAR_M), travel)
        if made is not None and (best is None or made.metres < best.metres):
            best = made
        if best is not None and best.metres <= LONGER * road.length_m:
            break
    return best


def _through(spots: Places, travel: Travel) -> Drive | None:
    rows = np.flatnonzero(spots.ok)
    # Crews stay in the vehicle: nobody walks to the kerb.
    held = Places(
        arc=spots.arc[rows], metres_along=spots.metres_along[rows], offset_m=np.zeros(len(rows), np.float32),
        lonlat=spots.lonlat[rows], ok=spots.ok[rows],
    )  # fmt: skip
    lonlat: list[Floats] = []
    seconds: list[Floats] = []
    names: list[str] = []
    arcs: list[npt.NDArray[np.int32]] = []
    metres, spent = 0.0, 0.0
    for here, there in pairwise(range(len(rows))):
        try:
            path = travel.path(held, here, held, there)
        except InfeasibleError:
            return None
        lonlat.append(path.lonlat)
        seconds.append(spent + np.asarray(path.seconds, np.float64))
        names += [name for name in path.names if not names or names[-1] != name]
        arcs.append(path.arcs)
        metres += float(path.metres)
        spent += float(path.total_seconds)
    return Drive(
        lonlat=np.concatenate(lonlat), seconds=np.concatenate(seconds), metres=metres, names=tuple(names),
        arcs=np.concatenate(arcs), entry=place_at(held, 0), exit=place_at(held, len(rows) - 1),
    )  # fmt: skip


def place_at(places: Places, row: int) -> Places:
    """Return one of some places."""
    only = slice(row, row + 1)
    return Places(
        arc=places.arc[only], metres_along=places.metres_along[only], offset_m=places.offset_m[only],
        lonlat=places.lonlat[only], ok=places.ok[only],
    )  # fmt: skip
