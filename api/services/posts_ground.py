"""What every model of posts is built from: demand, sites, and times between them on the streets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from api.schemas.posts import Asked
from api.services.demand import Demand
from api.services.place import check_profile
from api.services.posts_needs import asked_needs
from api.services.posts_sites import Sites, asked_sites, today_sites
from api.services.workspace import Workspace
from geo.errors import InfeasibleError, InputError, LimitError, NotFoundError
from geo.store.port import Principal
from planners.posts.build import build_coverage
from planners.posts.coverage import Coverage
from planners.posts.on_streets import coverage_on_streets
from planners.posts.problem import brief

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
MOST_PAIRS = 50_000_000
"""Pairs of demand and site whose times are kept as one table (400 MB)."""


@dataclass(eq=False)
class Ground:
    """Demand and sites of a question, and the times between them.

    Attributes
    ----------
    needs, sites
    fixed, closed : rows of ``sites``
    """

    workspace: Workspace
    principal: Principal
    question: Asked
    needs: Demand
    sites: Sites
    fixed: list[int]
    closed: list[int]

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the sites."""
        return self.sites.keys

    @property
    def limit(self) -> float:
        """The response standard in seconds."""
        return self.question.radius_minutes * 60

    @cached_property
    def seconds(self) -> Floats:
        """Street seconds from each site to each demand point, float64[demand, sites], inf = unreachable."""
        n, m = len(self.needs.weights), len(self.sites)
        if n * m > MOST_PAIRS:
            most = MOST_PAIRS // n
            raise LimitError(
                f"{n} demand points by {m} sites are too many for this model; ask for at most {most} sites",
                f"{n} 个需求点 × {m} 个点位超出本模型规模，请将可选点位减到 {most} 个以内",
            )
        profile = self.question.profile
        mark = hashlib.blake2b(self.needs.lonlat.tobytes() + self.sites.lonlat.tobytes(), digest_size=16).digest()
        own = self.profiles_of(self.sites)
        travels = tuple(id(self.workspace.travel(name)) for name in sorted(set(own)))
        return self.workspace.derived.get(
            f"posts:seconds:{profile}", (mark, own, travels),
            lambda: np.ascontiguousarray(self.times_of(self.sites, profile)),
        )  # fmt: skip

    def coverage(self, radius_seconds: float | None = None) -> Coverage:
        """Return which site reaches which demand point within the limit; equality covers."""
        radius = self.limit if radius_seconds is None else radius_seconds
        n, m = len(self.needs.weights), len(self.sites)
        if n * m <= MOST_PAIRS or self.question.profiles:
            found = build_coverage(self.seconds, demand=n, sites=m, radius_seconds=radius, closed=self.closed)
        else:
            found = coverage_on_streets(
                self.workspace.travel(self.question.profile), self.sites.places, self.needs.places,
                radius_seconds=radius, closed=self.closed,
            )  # fmt: skip
        if not len(found.sites):
            nearest = float(found.nearest_seconds.min()) if len(found.nearest_seconds) else np.inf
            hint_en = f"the nearest is {nearest / 60:.1f} min away" if np.isfinite(nearest) else "no street leads there"
            hint_zh = f"最近的也要 {nearest / 60:.1f} 分钟" if np.isfinite(nearest) else "无路可达"
            raise InfeasibleError(
                f"No site reaches any demand within {radius / 60:g} min ({hint_en}); raise the limit or add sites",
                f"没有点位能在 {radius / 60:g} 分钟内到达任何需求点（{hint_zh}），请放宽时限或增加点位",
            )
        return found

    @cached_property
    def today(self) -> Rows:
        """Rows of the sites that are posts in operation today."""
        return np.array([i for i, state in enumerate(self.sites.states) if state == "fixed"], np.int64)

    @cached_property
    def reached(self) -> Rows:
        """Demand points that some usable site reaches at all."""
        usable = np.ones(len(self.sites), bool)
        usable[self.closed] = False
        rows = np.flatnonzero(np.isfinite(self.seconds[:, usable]).any(axis=1) & (self.needs.weights > 0))
        if not len(rows):
            raise InfeasibleError(
                "No site reaches any demand; check the streets between them", "没有点位能到达任何需求点，请检查路网"
            )
        return rows

    def nearest_of(self, sites: Sites) -> Floats:
        """Return seconds from the nearest of some sites to each demand point, by a search of its own; float64[n]."""
        if not len(sites):
            return np.full(len(self.needs.weights), np.inf)
        return np.asarray(self.times_of(sites, self.question.profile).min(axis=1), np.float64)

    def profiles_of(self, sites: Sites) -> tuple[str, ...]:
        """Return how a post at each site travels."""
        return tuple(self.question.profiles.get(kind, self.question.profile) for kind in sites.kinds)  # type: ignore[call-overload]

    def times_of(self, sites: Sites, profile: str) -> Floats:
        """Return seconds from some sites to each demand point, float64[n, k], from the streets alone.

        Where ``profile`` is that of the question, posts of a kind with a profile of its own travel by that one.
        """
        own = self.profiles_of(sites)
        if profile != self.question.profile or set(own) <= {profile}:
            return self._times_by(sites, profile)
        found = np.full((len(self.needs.weights), len(sites)), np.inf)
        for name in sorted(set(own)):
            rows = np.array([i for i, other in enumerate(own) if other == name], np.int64)
            found[:, rows] = self._times_by(sites.some(rows), name)
        return found

    def _times_by(self, sites: Sites, profile: str) -> Floats:
        spots, homes = sites.places, self.needs.places
        if profile != self.question.profile:
            spots, homes = self.workspace.snap(profile, sites.lonlat), self.workspace.snap(profile, self.needs.lonlat)
        return np.asarray(self.workspace.travel(profile).matrix(spots, homes).T, np.float64)

    def before(self) -> tuple[Sites, Floats] | None:
        """Return today's posts and their nearest seconds, or None where there are none."""
        try:
            today = today_sites(self.workspace, self.principal, self.question.profile)
        except NotFoundError:
            return None
        return today, self.nearest_of(today)


def prepare(workspace: Workspace, principal: Principal, question: Asked) -> Ground:
    """Gather demand and sites of a question; what is wrong with either is said before any solver starts."""
    for name in question.profiles.values():
        check_profile(name)
    needs = asked_needs(workspace, principal, question)
    sites = asked_sites(workspace, principal, question, needs)
    fixed, closed = sites.numbers(question.pinned), sites.numbers(question.closed)
    both = [sites.keys[i] for i in sorted(set(fixed) & set(closed))]
    if both:
        raise InputError(
            f"Posts {brief(both)} are to stay and to go; choose one", f"点位 {brief(both)} 既要保留又要停用，请二选一",
            rows=both,
        )  # fmt: skip
    return Ground(
        workspace=workspace,
        principal=principal,
        question=question,
        needs=needs,
        sites=sites,
        fixed=fixed,
        closed=closed,
    )
