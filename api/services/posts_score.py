"""Posts as they are dragged: what they are worth now, from times that are kept for each place."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.posts import Asked, Score, ScorePost, ScoreQuestion, WorstGrid
from api.services.demand import Demand
from api.services.place import check_profile
from api.services.posts_figures import GridRows, response, worst_of
from api.services.posts_needs import asked_needs
from api.services.posts_plan import demand_kind
from api.services.posts_sites import some_places, today_sites
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, InputError, NotFoundError
from geo.store.port import Principal
from geo.streets.travel import Travel

Floats = npt.NDArray[np.float64]
Spot = tuple[float, float]
KEPT_BYTES = 256 * 2**20
"""How much the kept times of places may weigh; the place that was asked longest ago goes first."""


@dataclass(eq=False)
class Times:
    """Seconds from places to one demand, float64[n] each, computed once a place; moving a post costs one search."""

    workspace: Workspace
    needs: Demand
    profile: str
    travel: Travel
    grids: GridRows
    names: dict[str, str | None]
    rows: OrderedDict[Spot, Floats] = field(default_factory=OrderedDict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def of(self, spots: list[Spot]) -> Floats:
        """Return seconds from each place to each demand point, float64[k, n]; inf from a place off the streets."""
        with self.guard:
            missing = [spot for spot in dict.fromkeys(spots) if spot not in self.rows]
            if missing:
                self._add(missing)
            for spot in spots:
                self.rows.move_to_end(spot)
            found = np.stack([self.rows[spot] for spot in spots])
            most = max(len(spots), KEPT_BYTES // max(1, found.shape[1] * 8))
            while len(self.rows) > most:
                self.rows.popitem(last=False)
        return found

    def _add(self, spots: list[Spot]) -> None:
        places = self.workspace.snap(self.profile, np.array(spots, np.float64))
        found = np.full((len(spots), len(self.needs.weights)), np.inf)
        kept = np.flatnonzero(places.ok)
        if len(kept):
            found[kept] = self.travel.matrix(some_places(places, kept), self.needs.places)
        for spot, row in zip(spots, found, strict=True):
            self.rows[spot] = row


def score(workspace: Workspace, principal: Principal, question: ScoreQuestion) -> Score:
    """Say what posts cover as they stand on the map now."""
    began = time.perf_counter()
    spots = _spots(workspace, principal, question)
    times = _times(workspace, principal, question)
    needs = times.needs
    seconds = times.of(spots)
    nearest = seconds.min(axis=0)
    figures = response(nearest, needs, question.minutes * 60)
    by_grid = times.grids.seconds(nearest, needs.weights)
    worst = worst_of(by_grid)
    reached = np.isfinite(nearest)
    owner = seconds.argmin(axis=0)
    counts = np.bincount(owner[reached], weights=needs.weights[reached], minlength=len(spots))
    return Score(
        n=needs.n_calls, n_unplaced=needs.n_unplaced, n_posts=len(spots), minutes=question.minutes,
        profile=question.profile, basis=question.basis, citizen=question.citizen, start=needs.start, end=needs.end,
        share=figures.share, interval=figures.interval, mean_seconds=figures.mean_seconds,
        p90_seconds=figures.p90_seconds, worst_seconds=figures.worst_seconds,
        worst_grid=None
        if worst is None
        else WorstGrid(code=worst, name=times.names.get(worst), seconds=by_grid[worst]),
        unreachable=times.grids.unreachable(nearest), unreachable_calls=figures.unreachable_calls,
        off_street=np.flatnonzero(~np.isfinite(seconds).any(axis=1)).tolist(), nearest=counts.tolist(),
        by_grid={code: round(value, 1) for code, value in by_grid.items()},
        demand_kind=demand_kind(question), milliseconds=round((time.perf_counter() - began) * 1000, 2),
    )  # fmt: skip


def evaluate_today(workspace: Workspace, principal: Principal, question: Asked) -> Score:
    """Say what today's posts cover of any demand, without those that are closed and with those that are added."""
    sites = today_sites(workspace, principal, question.profile)
    posts = [ScorePost(post_id=key) for key in sites.keys if key not in set(question.closed)]
    posts += [ScorePost(lon=spot.lon, lat=spot.lat) for spot in question.added]
    if not posts:
        raise InfeasibleError("Every post is closed; leave at least one open", "全部点位均已停用，请至少保留一个")
    same = {"profile", "families", "from_", "to", "basis", "citizen", "hours", "weekdays", "needs", "points"}
    shared = question.model_dump(by_alias=True, include=same)
    return score(
        workspace,
        principal,
        ScoreQuestion.model_validate({**shared, "posts": posts, "minutes": question.radius_minutes}),
    )


def _times(workspace: Workspace, principal: Principal, question: ScoreQuestion) -> Times:
    profile = check_profile(question.profile)
    needs = asked_needs(workspace, principal, question)
    travel = workspace.travel(profile)

    def build() -> Times:
        frame = workspace.grids(principal).frame
        names = dict(zip(frame["code"], frame["name"], strict=True))
        return Times(
            workspace=workspace, needs=needs, profile=profile, travel=travel, grids=GridRows.of(needs), names=names
        )

    return workspace.derived.get(f"posts:times:{profile}", (id(needs), id(travel)), build)


def _spots(workspace: Workspace, principal: Principal, question: ScoreQuestion) -> list[Spot]:
    """Return where each post stands: its place if one is given, else that of its number."""
    version = (workspace.store.version("posts"), principal.scopes)

    def places() -> dict[str, Spot]:
        frame = workspace.posts(principal).frame
        lonlat = shapely.get_coordinates(np.asarray(frame.geometry.array))
        return {str(key): (float(x), float(y)) for key, (x, y) in zip(frame["post_id"], lonlat, strict=True)}

    known = workspace.derived.get("posts:spots", version, places)
    out: list[Spot] = []
    unknown: list[str] = []
    for number, post in enumerate(question.posts, start=1):
        if post.lon is not None and post.lat is not None:
            out.append((round(post.lon, 6), round(post.lat, 6)))
        elif post.post_id is None:
            raise InputError(
                f"Post {number} has neither a number nor a place; give post_id or lon and lat",
                f"第 {number} 个点既无编号也无位置，请给出 post_id 或 lon、lat",
                rows=[str(number)],
            )
        elif post.post_id in known:
            out.append(known[post.post_id])
        else:
            unknown.append(post.post_id)
    if unknown:
        raise NotFoundError(
            f"There are no posts {', '.join(unknown[:5])}; give them a place (lon, lat)",
            f"没有点位 {'、'.join(unknown[:5])}，新增点请给出 lon、lat",
            rows=unknown,
        )
    return out
