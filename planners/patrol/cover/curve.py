"""The share of calls within reach over the shift: on patrol, standing at posts, and on another plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from planners.patrol.cover.problem import CoverProblem
from planners.patrol.cover.standing import best_posts
from planners.patrol.guess.presence import REMOTE
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoverCurve:
    """Call-weighted cover minute by minute.

    Attributes
    ----------
    minutes : float64[m] since the start of the shift
    share, standing_share, plain_share : float64[m], 0 to 1: on patrol; the same number of units at the posts where they cover most;
        another plan, None unless given
    mean, standing_mean, plain_mean : weighted by the calls of each minute
    timing_bound : proved above the mean of any plan whose units are at the same spots for as long, whenever that is
    standing_posts : posts where the units stand, rising
    n_units : units counted
    n_calls : calls expected in the shift
    """

    minutes: Floats
    share: Floats
    standing_share: Floats
    plain_share: Floats | None
    mean: float
    standing_mean: float
    plain_mean: float | None
    timing_bound: float
    standing_posts: tuple[int, ...]
    n_units: int
    n_calls: float


def cover_curve(
    problem: SpacingProblem,
    plan: SpacedPlan,
    cover: CoverProblem,
    *,
    plain: SpacedPlan | None = None,
    standing: Sequence[int] | None = None,
    every_seconds: int = 60,
) -> CoverCurve:
    """Measure the cover of a plan, of the same units standing, and of another plan.

    A unit may be called away at any time: it counts where it is, also while it dwells or waits, at its post before it leaves and after it
    is back. Units that nobody can send, such as operators, and units without a route do not count. ``standing`` are the posts where
    as many units stand, found by exchanges unless given.
    """
    at = moments(problem, every_seconds)
    calls = calls_at(problem, cover, every_seconds)
    counts = counts_of(cover, spots_of(problem, plan.routes, cover, at))
    share = share_of(counts > 0, calls)
    other = None if plain is None else covered_share(cover, spots_of(problem, plain.routes, cover, at), calls)
    units = sum(visible(problem, r) for r in plan.routes)
    posts = tuple(standing or best_posts(cover, calls.sum(axis=0), range(problem.posts), units))
    held = np.tile(cover.spot_of_place[list(posts)][:, None], (1, len(at)))
    still = covered_share(cover, held, calls)
    return CoverCurve(
        minutes=at / 60.0, share=share, standing_share=still, plain_share=other, mean=mean_share(share, calls),
        standing_mean=mean_share(still, calls), plain_mean=None if other is None else mean_share(other, calls),
        standing_posts=posts, timing_bound=timing_bound(counts, calls), n_units=units, n_calls=float(calls.sum()),
    )  # fmt: skip


def moments(problem: SpacingProblem, every_seconds: int) -> Floats:
    """Return the middles of the steps that the shift is cut into, seconds float64[m]."""
    if not 1 <= every_seconds <= problem.shift_seconds:
        raise ParameterError("A step must last 1 second or more and fit the shift", "步长至少 1 秒且不超过班次")
    return np.arange(every_seconds / 2, problem.shift_seconds, every_seconds)


def calls_at(problem: SpacingProblem, cover: CoverProblem, every_seconds: int) -> Floats:
    """Return the calls expected in each step at each demand point, float64[m, demand]."""
    period = np.minimum(moments(problem, every_seconds) // cover.period_seconds, len(cover.weights) - 1).astype(
        np.int64
    )
    counts = np.bincount(period, minlength=len(cover.weights))
    return np.asarray(cover.weights[period] / np.maximum(1, counts)[period][:, None], np.float64)


def visible(problem: SpacingProblem, route: SpacedRoute) -> bool:
    """Return whether the unit of a route is on the streets."""
    return problem.vehicles[route.vehicle].kind not in REMOTE


def spots_of(problem: SpacingProblem, routes: Sequence[SpacedRoute], cover: CoverProblem, at: Floats) -> Ints:
    """Return where each unit on the streets is at each moment, spots int64[units, m]."""
    found = [_spots(problem, route, cover, at) for route in routes if visible(problem, route)]
    return np.array(found, np.int64).reshape(len(found), len(at))


def _spots(problem: SpacingProblem, route: SpacedRoute, cover: CoverProblem, at: Floats) -> Ints:
    vehicle, kind = problem.vehicles[route.vehicle], problem.kind_of(route.vehicle)
    places = np.concatenate([[vehicle.start_post], route.points + problem.posts, [vehicle.end_post]]).tolist()
    leave = [route.leave, *route.departure.tolist()]
    reach = [*route.arrival.tolist(), route.back]
    times, spots = [np.array([-1.0])], [cover.spot_of_place[places[:1]]]
    for here, there, out, there_at in zip(places[:-1], places[1:], leave, reach, strict=True):
        leg = cover.ways(kind, here, there)
        # The way takes what the plan says; what the streets say is only how it is split.
        times.append(out + leg.seconds / max(leg.whole_seconds, 1e-9) * (there_at - out))
        spots.append(leg.spots)
        times.append(np.array([float(there_at)]))
        spots.append(cover.spot_of_place[[there]])
    return np.asarray(np.concatenate(spots)[np.searchsorted(np.concatenate(times), at, side="right") - 1], np.int64)


def counts_of(cover: CoverProblem, spots: Ints) -> npt.NDArray[np.int16]:
    """Return how many units reach each demand point at each moment, int16[m, demand]."""
    out = np.zeros((spots.shape[1], cover.reach.shape[1]), np.int16)
    for row in spots:
        out += cover.reach[row]
    return out


def covered_share(cover: CoverProblem, spots: Ints, calls: Floats) -> Floats:
    """Return the share of the calls of each moment that some unit reaches; 1 where no call is expected."""
    return share_of(counts_of(cover, spots) > 0, calls)


def timing_bound(counts: npt.NDArray[np.int16], calls: Floats) -> float:
    """Return the most that can be covered if each demand point is reached for as many unit-moments, at its busiest moments, one unit a time.

    ``counts`` int16[m, demand] are units in reach, ``calls`` float64[m, demand].
    """
    moments_covered = np.minimum(counts.sum(axis=0, dtype=np.int64), len(calls))
    summed = np.concatenate([np.zeros((1, calls.shape[1])), np.cumsum(np.sort(calls, axis=0)[::-1], axis=0)])
    return float(summed[moments_covered, np.arange(calls.shape[1])].sum() / calls.sum())


def share_of(reached: npt.NDArray[np.bool_], calls: Floats) -> Floats:
    """Return the share of calls float64[m, demand] that is reached, by moment."""
    total = calls.sum(axis=1)
    return np.asarray(np.where(total > 0, (reached * calls).sum(axis=1) / np.maximum(total, 1e-300), 1.0), np.float64)


def mean_share(share: Floats, calls: Floats) -> float:
    """Return the mean of shares by moment, weighted by calls."""
    weight = calls.sum(axis=1)
    return float(share @ weight / weight.sum())
