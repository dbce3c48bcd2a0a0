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
from api.services.patrol_closures import ClosedStreets, closed_streets
from api.services.patrol_problem import UnitRows, street_problem, video_problem
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

PROFILE_OF: Final[Mapping[str, str]] = {"car": "patrol_car", "motorcycle": "motorcycle", "foot": "foot"}
KINDS: Final = tuple(PROFILE_OF)
MODES: Final[Mapping[str, str]] = {"car": "车巡", "motorcycle": "摩托车", "foot": "步巡"}
NOT_LEFT_OUT: Final = frozenset({"no_school", "other_shift"})
"""Codes of points that ask for nothing today; they are told, not counted as left out."""


@dataclass(slots=True, eq=False)
class Ground:
    """What a plan stands on.

    Attributes
    ----------
    crews : the problem of the units on the streets; its points are ``demands`` in order
    video : the problem of the operators, or None; its points are ``watched``
    places, travels : by kind of unit: posts, then points of ``crews``
    points, rows : the table that rows of demands mean, and its rows
    refused : points that nobody is sent to, with the reason
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
    travels: Mapping[str, Travel]
    lonlat: Floats
    closed: Sequence[ClosedStreets]
    cut_off: Sequence[tuple[str, ...]]
    refused: Sequence[Refused]
    rows: Sequence[Mapping[str, object]]
    legs: dict[tuple[str, int, int], Path] = field(default_factory=dict)

    def leg(self, kind: str, start: int, end: int) -> Path:
        """Return the way from a place to a place of ``crews``, found once."""
        held = self.legs.get((kind, start, end))
        if held is None:
            held = self.travels[kind].path(self.places[kind], start, self.places[kind], end)
            self.legs[kind, start, end] = held
        return held

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
    demands, refused = demands_of(
        points, start_minute=minute.hour * 60 + minute.minute, shift_seconds=terms.shift_seconds,
        template=template_of(terms.settings, question.level, terms.day),
    )  # fmt: skip
    watched = [d for d in demands if "video" in d.kinds]
    on_street = [d for d in demands if "video" not in d.kinds]
    closed = closed_streets(workspace, question.closures)
    kinds = [kind for kind in KINDS if kind in units.kinds]
    at = shapely.get_coordinates(np.asarray(points.frame.geometry.array))
    lonlat = np.concatenate([units.post_lonlat, at[[d.row for d in on_street]].reshape(-1, 2)])
    places = {kind: workspace.snapper(PROFILE_OF[kind]).snap(lonlat, max_m=terms.settings.reach_m) for kind in kinds}
    n_posts = len(units.post_keys)
    kept, off = _on_network(points, on_street, places, n_posts, terms.settings.reach_m)
    refused = [*refused, *off]
    if not kept:
        raise _nothing_left(refused)
    rows = np.r_[np.arange(n_posts), n_posts + np.array(kept)]
    demands = [on_street[i] for i in kept]
    places = {kind: _only(held, rows) for kind, held in places.items()}
    travels = {kind: travel_of(workspace, kind, terms, closed) for kind in kinds}
    seconds = {kind: _matrix(workspace, kind, travels[kind], places[kind]) for kind in kinds}
    keys = [str(points.frame["point_id"].iloc[d.row]) for d in demands]
    table = cast("list[Mapping[str, object]]", points.frame.to_dict("records"))
    crews, none = street_problem(units, keys, demands, seconds=seconds, terms=terms, question=question)
    return Ground(
        workspace=workspace, question=question, terms=terms, crews=crews,
        video=video_problem(points, watched, terms=terms, operators=_operators(question, terms)),
        points=points, rows=table, demands=demands, watched=watched, units=units, places=places, travels=travels, lonlat=lonlat[rows],
        closed=closed, cut_off=_cut_off(workspace, terms, crews, closed, kinds, places), refused=[*refused, *none],
    )  # fmt: skip


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
    arcs = np.unique(np.concatenate([c.arcs for c in closed])) if closed and kind != "foot" else np.zeros(0, np.int64)
    hour = None if kind == "foot" or terms.speed_factor == 1.0 else terms.speed_hour
    if hour is None and not len(arcs):
        return first
    version = (workspace.street_stamp(), hour, hashlib.sha256(arcs.tobytes()).hexdigest())

    def build() -> Travel:
        graph = workspace.graph()
        return first.reweighted(arc_milliseconds(graph, profile, speeds=workspace.speeds(), hour=hour, closed=arcs))

    return workspace.derived.get(f"patrol_travel:{kind}", version, build)


def _matrix(workspace: Workspace, kind: str, travel: Travel, places: Places) -> Floats:
    version = (id(travel), hashlib.sha256(places.lonlat.tobytes()).hexdigest())
    return workspace.derived.get(f"patrol_matrix:{kind}", version, lambda: travel.matrix(places, places))


def _only(places: Places, rows: npt.NDArray[np.int64]) -> Places:
    return Places(
        arc=places.arc[rows], metres_along=places.metres_along[rows], offset_m=places.offset_m[rows],
        lonlat=places.lonlat[rows], ok=places.ok[rows],
    )  # fmt: skip


def _on_network(
    points: Points, demands: Sequence[Demand], places: Mapping[str, Places], n_posts: int, reach_m: float
) -> tuple[list[int], list[Refused]]:
    kept, off = [], []
    for number, demand in enumerate(demands):
        mine = [kind for kind in demand.kinds if kind in places]
        if not mine or any(places[kind].ok[n_posts + number] for kind in mine):
            kept.append(number)
            continue
        key, name = (str(points.frame[c].iloc[demand.row]) for c in ("point_id", "name"))
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
) -> list[tuple[str, ...]]:
    """Return for each closure the points that had a way from a post and back without it."""
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
