"""The ground of a patrol plan: the shift, its units and points on the streets, and the problem made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.patrol import PatrolQuestion
from api.services.patrol_breaks import breaks_of, rules_of
from api.services.patrol_closures import ClosedStreets, closed_streets
from api.services.patrol_hot_stops import HotPlace, hot_places
from api.services.patrol_lines import Drive, Road, roads_of
from api.services.patrol_problem import Extras, UnitRows, street_problem, video_problem
from api.services.patrol_settings import template_of
from api.services.patrol_terms import Terms
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, NotFoundError
from geo.store.port import Principal
from geo.streets.path import Path
from geo.streets.snap import Places
from geo.streets.speeds import arc_milliseconds
from geo.streets.travel import Travel
from geo.tables.points import Points
from planners.patrol.spacing.point_demands import Demand, Refused, demands_of
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]

PROFILE_OF: Final[Mapping[str, str]] = {
    "car": "patrol_car", "motorcycle": "motorcycle", "foot": "foot", "off_road": "off_road",
}  # fmt: skip
KINDS: Final = tuple(PROFILE_OF)
MODES: Final[Mapping[str, str]] = {"car": "车巡", "motorcycle": "摩托车", "foot": "步巡", "off_road": "越野车"}
NOT_LEFT_OUT: Final = frozenset({"no_school", "other_shift"})
"""Codes of points that ask for nothing today; they are told, not counted as left out."""


@dataclass(slots=True, eq=False)
class Ground:
    """What a plan stands on.

    Attributes
    ----------
    crews : the problem of the units on the streets; its points are ``demands`` in order
    video : the problem of the operators, or None; its points are ``watched``
    places, exits, travels : by kind of unit: posts, then points of ``crews``, where they are entered and where they are left
    points, rows : the table of points; what rows of demands mean: its rows, then those of roads and hot places
    roads, hot : points of ``crews`` that are roads to be driven, or places of optional stops
    refused : points that nobody is sent to, with the reason
    unfit : breaks and optional stops that do not fit the shift, with the reason
    cut_off : for each closure the keys of the points that it cuts off
    """

    workspace: Workspace
    question: PatrolQuestion
    terms: Terms
    crews: SpacingProblem
    video: SpacingProblem | None
    points: Points
    demands: Sequence[Demand]
    watched: Sequence[Demand]
    units: UnitRows
    places: Mapping[str, Places]
    exits: Mapping[str, Places]
    travels: Mapping[str, Travel]
    lonlat: Floats
    roads: Mapping[int, Road]
    hot: Mapping[int, HotPlace]
    closed: Sequence[ClosedStreets]
    cut_off: Sequence[tuple[str, ...]]
    refused: Sequence[Refused]
    unfit: Sequence[Refused]
    rows: Sequence[Mapping[str, object]]
    legs: dict[tuple[str, int, int, tuple[int, ...]], Path] = field(default_factory=dict)

    def leg(self, kind: str, start: int, end: int, *, span: tuple[int, int] | None = None) -> Path:
        """Return the way from a place to a place of ``crews``, found once; within a span of the shift over streets that are open then."""
        lifted = () if span is None or kind == "foot" else self._lifted(*span)
        held = self.legs.get((kind, start, end, lifted))
        if held is None:
            travel = self.travels[kind]
            if lifted:
                shut = [c for n, c in enumerate(self.closed) if n not in lifted]
                travel = travel_of(self.workspace, kind, self.terms, shut)
            held = travel.path(self.exits[kind], start, self.places[kind], end)
            self.legs[kind, start, end, lifted] = held
        return held

    def _lifted(self, depart: int, arrive: int) -> tuple[int, ...]:
        """Return the closures whose hours a way between two seconds does not touch."""
        out = []
        for number, closure in enumerate(self.closed):
            low, high = closure.seconds_of(self.terms)
            if not closure.outside(self.terms) and (arrive <= low or depart >= high):
                out.append(number)
        return tuple(out)

    def name_of(self, point: int) -> str:
        """Return the name of a point of ``crews``."""
        return str(self.row(self.demands[point])["name"])

    def row(self, demand: Demand) -> Mapping[str, object]:
        """Return the row of a demand's point."""
        return self.rows[demand.row]


def ground_of(workspace: Workspace, principal: Principal, question: PatrolQuestion, terms: Terms) -> Ground:
    """Return the ground of a question under its terms; the last one built is kept."""
    store = workspace.store
    version = (
        question.model_dump_json(exclude={"seconds", "iterations", "seed", "weights"}),
        terms,
        tuple(store.version(name) for name in ("points", "units", "posts")),
        workspace.street_stamp(),
        principal.scopes,
    )
    held = workspace.derived.get("patrol_ground", version, lambda: _built(workspace, principal, question, terms))
    return replace(held, question=question)  # weights and budget are not part of the ground, but of what was asked


def _built(workspace: Workspace, principal: Principal, question: PatrolQuestion, terms: Terms) -> Ground:
    units = UnitRows.of(
        workspace.units(principal).frame, workspace.posts(principal).frame,
        shift_id=question.shift_id, unit_ids=question.unit_ids,
    )  # fmt: skip
    points = Points(chosen(workspace.points(principal).frame, "point_id", question.point_ids))
    minute = terms.shift_start.astimezone(workspace.zone)
    template = template_of(terms.settings, question.level, terms.day)
    demands, refused = demands_of(
        points, start_minute=minute.hour * 60 + minute.minute, shift_seconds=terms.shift_seconds, template=template
    )
    watched = [d for d in demands if "video" in d.kinds]
    closed = closed_streets(workspace, question.closures)
    kinds = [kind for kind in KINDS if kind in units.kinds]
    snappers = {kind: workspace.snapper(PROFILE_OF[kind]) for kind in kinds}
    travels = {kind: travel_of(workspace, kind, terms, closed) for kind in kinds}
    rows = cast("list[Mapping[str, object]]", points.frame.to_dict("records"))
    roads, shut = roads_of(
        question.lines, snappers=snappers, travels={kind: travel_of(workspace, kind, terms, []) for kind in kinds},
        template=template, shift_seconds=terms.shift_seconds, first_row=len(rows),
    )  # fmt: skip
    hot, unfit = hot_places(question.optional, terms, first_row=len(rows) + len(roads))
    rows = [*rows, *(road.row for road in roads), *(place.row for place in hot), *(row for _, row in shut)]
    on_street = [d for d in demands if "video" not in d.kinds]
    n_posts, n_points = len(units.post_keys), len(on_street)
    on_street += [*(road.demand for road in roads), *(place.demand for place in hot)]
    at = [shapely.get_coordinates(cast("shapely.Point", rows[d.row]["geometry"])) for d in on_street]
    lonlat = np.concatenate([units.post_lonlat, *at]).reshape(-1, 2)
    places, exits = {}, {}
    for kind in kinds:
        found = snappers[kind].snap(lonlat, max_m=terms.settings.reach_m)
        drives = {n_posts + n_points + n: _open_drive(road, kind, closed, terms) for n, road in enumerate(roads)}
        places[kind] = _put(found, {n: None if drive is None else drive.entry for n, drive in drives.items()})
        exits[kind] = _put(found, {n: None if drive is None else drive.exit for n, drive in drives.items()})
    kept, off = _on_network(rows, on_street, places, n_posts, terms.settings.reach_m)
    refused = [*refused, *(reason for reason, _ in shut), *off]
    if not any(n < n_points + len(roads) for n in kept):
        raise _nothing_left(refused)
    index = np.r_[np.arange(n_posts), n_posts + np.array(kept)]
    demands = [on_street[i] for i in kept]
    places = {kind: _only(held, index) for kind, held in places.items()}
    exits = {kind: _only(held, index) for kind, held in exits.items()}
    on_road = {p: roads[n - n_points] for p, n in enumerate(kept) if n_points <= n < n_points + len(roads)}
    offered = {p: hot[n - n_points - len(roads)] for p, n in enumerate(kept) if n >= n_points + len(roads)}
    breaks, tight = breaks_of(
        rules_of(question, terms), units, kinds=kinds, shift_seconds=terms.shift_seconds, at_posts=bool(on_road)
    )
    seconds = {kind: _matrix(workspace, kind, travels[kind], exits[kind], places[kind]) for kind in kinds}
    _require_known(
        workspace, principal, question, [*(road.key for road in roads), *(str(row["point_id"]) for _, row in shut)]
    )
    extras = Extras(
        roads=frozenset(on_road), hot=frozenset(offered), breaks=breaks,
        optional=tuple(stop for p, place in offered.items() for stop in place.stops(p, kinds)),
    )  # fmt: skip
    keys = [str(rows[d.row]["point_id"]) for d in demands]
    crews, none = street_problem(
        units, keys, demands, names=[str(rows[d.row]["name"]) for d in demands], seconds=seconds, terms=terms,
        question=question, extras=extras,
    )  # fmt: skip
    return Ground(
        workspace=workspace, question=question, terms=terms, crews=crews,
        video=video_problem(points, watched, terms=terms, operators=_operators(question, terms)),
        points=points, rows=rows, demands=demands, watched=watched, units=units, places=places, exits=exits,
        travels=travels, lonlat=lonlat[index], roads=on_road, hot=offered, closed=closed,
        cut_off=_cut_off(workspace, terms, crews, closed, kinds, places, on_road), refused=[*refused, *none], unfit=[*unfit, *tight],
    )  # fmt: skip


def _require_known(workspace: Workspace, principal: Principal, question: PatrolQuestion, roads: Sequence[str]) -> None:
    """Raise ``NotFoundError`` where a forbidden stop names what is nowhere: it would forbid nothing."""
    points = {*workspace.points(principal).frame["point_id"], *roads}
    units = set(workspace.units(principal).frame["unit_id"])
    unknown = [ban.point_id for ban in question.forbidden if ban.point_id not in points]
    unknown += [ban.unit_id for ban in question.forbidden if ban.unit_id is not None and ban.unit_id not in units]
    if unknown:
        raise NotFoundError(
            f"A forbidden stop names {', '.join(unknown[:5])}, which does not exist; correct or remove it",
            f"禁止停留所指的 {'、'.join(unknown[:5])} 不存在，请改正或删除",
            rows=unknown,
        )


def _open_drive(road: Road, kind: str, closed: Sequence[ClosedStreets], terms: Terms) -> Drive | None:
    """Return the drive of a kind along a road, or None where it has none or a closure blocks it."""
    drive = road.drives.get(kind)
    shut = [] if kind == "foot" else [c for c in closed if not c.outside(terms)]
    return None if drive is None or any(drive.blocked(c.arcs) for c in shut) else drive


def _operators(question: PatrolQuestion, terms: Terms) -> int | None:
    return terms.settings.operators if question.operators is None else question.operators


def chosen(table: gpd.GeoDataFrame, key: str, wanted: Sequence[str] | None) -> gpd.GeoDataFrame:
    """Return the rows of some keys, or all; unknown ones raise ``NotFoundError``."""
    if wanted is None:
        return table
    unknown = sorted(set(wanted) - set(table[key]))
    if unknown:
        raise NotFoundError(
            f"Unknown {key}: {', '.join(unknown[:5])}", f"不存在的编号：{'、'.join(unknown[:5])}", rows=unknown
        )
    return table[table[key].isin(list(wanted))].reset_index(drop=True)


def travel_of(workspace: Workspace, kind: str, terms: Terms, closed: Sequence[ClosedStreets]) -> Travel:
    """Return travel of a kind in the slowest hour of the shift without the closed streets; walkers pass closures."""
    profile = PROFILE_OF[kind]
    first = workspace.travel(profile)
    closed = [c for c in closed if not c.outside(terms)]
    arcs = np.unique(np.concatenate([c.arcs for c in closed])) if closed and kind != "foot" else np.zeros(0, np.int64)
    hour = None if kind == "foot" or terms.speed_factor == 1.0 else terms.speed_hour
    if hour is None and not len(arcs):
        return first
    version = (workspace.street_stamp(), hour, hashlib.sha256(arcs.tobytes()).hexdigest())

    def build() -> Travel:
        graph = workspace.graph()
        return first.reweighted(arc_milliseconds(graph, profile, speeds=workspace.speeds(), hour=hour, closed=arcs))

    return workspace.derived.get(f"patrol_travel:{kind}", version, build)


def _matrix(workspace: Workspace, kind: str, travel: Travel, exits: Places, places: Places) -> Floats:
    digest = hashlib.sha256(places.lonlat.tobytes())
    for held in (exits, places):
        digest.update(held.arc.tobytes() + held.metres_along.tobytes())
    return workspace.derived.get(
        f"patrol_matrix:{kind}", (id(travel), digest.hexdigest()), lambda: travel.matrix(exits, places)
    )


def _put(places: Places, others: Mapping[int, Places | None]) -> Places:
    """Return places with others in some rows; where there is none the place is not reached."""
    if not others:
        return places
    arrays = {name: np.array(getattr(places, name)) for name in ("arc", "metres_along", "offset_m", "lonlat", "ok")}
    for row, other in others.items():
        arrays["ok"][row] = other is not None
        if other is None:
            arrays["arc"][row], arrays["offset_m"][row] = -1, np.inf
            continue
        for name, array in arrays.items():
            array[row] = getattr(other, name)[0]
    return Places(**arrays)


def _only(places: Places, rows: npt.NDArray[np.int64]) -> Places:
    return Places(
        arc=places.arc[rows], metres_along=places.metres_along[rows], offset_m=places.offset_m[rows],
        lonlat=places.lonlat[rows], ok=places.ok[rows],
    )  # fmt: skip


def _on_network(
    rows: Sequence[Mapping[str, object]],
    demands: Sequence[Demand],
    places: Mapping[str, Places],
    n_posts: int,
    reach_m: float,
) -> tuple[list[int], list[Refused]]:
    kept, off = [], []
    for number, demand in enumerate(demands):
        mine = [kind for kind in demand.kinds if kind in places]
        # A road that is closed stays a point, which nobody reaches: when it is opened again, it is one.
        if not mine or rows[demand.row]["kind"] == "line" or any(places[kind].ok[n_posts + number] for kind in mine):
            kept.append(number)
            continue
        if rows[demand.row]["kind"] == "hot_spot":
            continue
        key, name = (str(rows[demand.row][c]) for c in ("point_id", "name"))
        off.append(
            Refused(
                point_id=key, code="off_network",
                en=f"{name} ({key}) has no street within {reach_m:g} m that {', '.join(mine)} may use; move it or allow other units",
                zh=f"{name}（{key}）{reach_m:g} 米内没有{'、'.join(MODES[k] for k in mine)}可走的道路，不在路网上，请移动该点或放宽可派巡组",
            )
        )  # fmt: skip
    return kept, off


def _cut_off(
    workspace: Workspace,
    terms: Terms,
    crews: SpacingProblem,
    closed: Sequence[ClosedStreets],
    kinds: Sequence[str],
    places: Mapping[str, Places],
    roads: Mapping[int, Road],
) -> list[tuple[str, ...]]:
    """Return for each closure the points that had a way from a post and back without it, and the roads that it blocks."""
    out = []
    reached = {kind: _reached(workspace, crews, terms, kind, places[kind], []) for kind in kinds} if closed else {}
    for closure in closed:
        lost = np.zeros(crews.points, np.bool_)
        open_ways = np.zeros(crews.points, np.bool_)
        for kind in kinds:
            asked = crews.eligible[:, crews.kinds.index(kind)]
            np.logical_or(
                open_ways, _reached(workspace, crews, terms, kind, places[kind], [closure]) & asked, out=open_ways
            )
            np.logical_or(lost, reached[kind] & asked, out=lost)
        for point, road in roads.items():
            lost[point] = not closure.outside(terms) and all(
                _open_drive(road, k, [closure], terms) is None for k in kinds
            )
            open_ways[point] = False
        out.append(tuple(crews.point_keys[i] for i in np.flatnonzero(lost & ~open_ways)))
    return out


def _reached(
    workspace: Workspace,
    crews: SpacingProblem,
    terms: Terms,
    kind: str,
    places: Places,
    closed: Sequence[ClosedStreets],
) -> npt.NDArray[np.bool_]:
    travel = travel_of(workspace, kind, terms, closed)
    posts = sorted({v.start_post for v in crews.vehicles if v.kind == kind})
    if not posts:
        return np.zeros(crews.points, np.bool_)
    here = _only(places, np.array(posts))
    there = _only(places, crews.posts + np.arange(crews.points))
    nearest_out, nearest_home = travel.matrix(here, there).min(axis=0), travel.matrix(there, here).min(axis=1)
    both: npt.NDArray[np.bool_] = np.isfinite(nearest_out + nearest_home)
    return both


def _nothing_left(refused: Sequence[Refused]) -> InfeasibleError:
    if refused:
        return InfeasibleError(
            f"No point is left to visit; the first reason: {refused[0].en}",
            f"没有可安排的必巡点；首个原因：{refused[0].zh}",
            rows=[r.point_id for r in refused],
        )
    return InfeasibleError("There is no point to visit; add must-visit points", "没有必巡点，请添加")
