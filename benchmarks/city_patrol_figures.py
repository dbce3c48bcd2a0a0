"""What a plan of patrols is worth beside its units: gaps, distance, entropy of the nights it gives, cover while moving."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.cities import City
from geo.errors import XungeError
from geo.streets.snap import Places
from geo.streets.travel import Travel
from geo.synthetic.patrol_city import Area, patrol_city
from planners.patrol.cover.curve import calls_at, covered_share, mean_share, moments, spots_of
from planners.patrol.cover.on_streets import cover_on_streets
from planners.patrol.cover.problem import CoverProblem
from planners.patrol.guess.alternatives import alternatives
from planners.patrol.guess.drawn import drawn
from planners.patrol.guess.presence import presences, watched_points
from planners.patrol.spacing.check import begins_by_point
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem

_STANDARD_SECONDS: Final = 300.0
_DEMAND: Final = 600
_NIGHTS: Final = 16
"""Near-equal plans that nights are drawn from."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The streets of a city, where the places of its problem lie on them, and the calls there."""

    problem: SpacingProblem
    travel: Travel
    places: Places
    cover: CoverProblem

    @classmethod
    def of(cls, city: City, problem: SpacingProblem, places: Places, *, area: Area, seed: int) -> Ground:
        """Scatter calls over the same ground as the points, with gamma weights."""
        travel = Travel(city.graph, city.milliseconds)
        scattered = patrol_city(city.graph, seed=seed + 1000, area=area, points=_DEMAND).points
        nodes = np.asarray(cKDTree(city.graph.node_lonlat).query(scattered)[1], np.int64)
        weights = np.random.default_rng(seed + 1000).gamma(0.7, 20.0, len(nodes)) + 1.0
        cover = cover_on_streets(travel, places, nodes, weights, standard_seconds=_STANDARD_SECONDS)
        return cls(problem=problem, travel=travel, places=places, cover=cover)

    def figures(self, plan: SpacedPlan, *, bits: float) -> str:
        """Return the units, gaps, distance, entropy and cover of a plan's cars."""
        problem = self.problem
        points = np.flatnonzero(problem.eligible[:, 0])
        begins = begins_by_point(problem, plan)
        steps = np.concatenate([np.diff([0, *begins[p], problem.shift_seconds]) for p in points])
        at = moments(problem, 60)
        calls = calls_at(problem, self.cover, 60)
        share = mean_share(covered_share(self.cover, spots_of(problem, plan.routes, self.cover, at), calls), calls)
        return (
            f"{len(plan.routes)} cars; gap {steps.max() / 60:.0f} min at worst, {steps.mean() / 60:.0f} on average; "
            f"{self._metres(plan) / 1000:.0f} km; {bits:.3f} bits; {share:.1%} of calls in reach"
        )

    def bits(self, plan: SpacedPlan, *, seed: int) -> float:
        """Return the highest entropy, bits a point and slot, of nights drawn from plans near to one; 0 where there is none."""
        try:
            made = alternatives(self.problem, plan, count=_NIGHTS, seed=seed)
            seen = presences(self.problem, made.plans)[:, watched_points(self.problem)]
        except XungeError:
            return 0.0
        return drawn(seen, (made.travel - made.base_travel) / made.base_travel).bits

    def _metres(self, plan: SpacedPlan) -> float:
        """Return metres along the streets of the quickest ways."""
        legs: Counter[tuple[int, int]] = Counter()
        for route in plan.routes:
            vehicle = self.problem.vehicles[route.vehicle]
            way = [vehicle.start_post, *(route.points + self.problem.posts).tolist(), vehicle.end_post]
            legs.update(pair for pair in pairwise(way) if pair[0] != pair[1])
        return sum(
            times * float(self.travel.path(self.places, i, self.places, j).metres) for (i, j), times in legs.items()
        )
