"""What a plan of posts is worth: cover, response times, loads, the next post and the loss of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError
from planners.arrays import read_only
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseTimes:
    """Seconds from the nearest open post, weighted by demand, over the demand that is reachable at all.

    Attributes
    ----------
    mean_seconds : weighted mean
    p90_seconds : the least time within which at least 90 % of the reachable weight is reached
    worst_seconds, worst_row : the farthest reachable demand point that has weight
    unreachable : int32, demand points that no open post reaches; they are in none of the figures
    unreachable_weight : their weight
    """

    mean_seconds: float
    p90_seconds: float
    worst_seconds: float
    worst_row: int
    unreachable: npt.NDArray[np.int32]
    unreachable_weight: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostMetrics:
    """Figures of a plan of posts; arrays run beside ``plan.sites``.

    Attributes
    ----------
    covered_weight, total_weight, coverage_share
    uncovered : int32, demand points that no open post covers within the limit
    load : float64[k], weight that each open post answers for (nearest open post; within the limit where no travel
        times were given)
    loss : float64[k], covered weight lost if the post were removed
    next_site, next_gain : the site whose opening would add most, and how much; -1 and 0 where nothing adds
    times : response times, None where no travel times were given
    """

    covered_weight: float
    total_weight: float
    coverage_share: float
    uncovered: npt.NDArray[np.int32]
    load: Floats
    loss: Floats
    next_site: int
    next_gain: float
    times: ResponseTimes | None


def evaluate(problem: MclpProblem, plan: PostPlan, *, seconds: Floats | None = None) -> PostMetrics:
    """Compute the figures of a plan.

    Parameters
    ----------
    seconds
        Travel seconds from each open site (columns in the order of ``plan.sites``) to each demand point, float64[n, k],
        inf where unreachable, also beyond the limit; without it there are no response times.
    """
    coverage, weights = problem.coverage, problem.weights
    is_open = np.zeros(problem.sites, bool)
    is_open[plan.sites] = True
    times = coverage.count_open(is_open)
    pair_rows = coverage.row_of_pair()
    singly = np.where(times == 1, weights, 0.0)
    loss = np.bincount(coverage.sites, weights=singly[pair_rows], minlength=problem.sites)[plan.sites]
    missing = np.where(times == 0, weights, 0.0)
    gain = np.bincount(coverage.sites, weights=missing[pair_rows], minlength=problem.sites)
    gain[~problem.usable | is_open] = 0.0
    best = int(np.argmax(gain))
    covered, total = math.fsum(weights[times > 0].tolist()), math.fsum(weights.tolist())
    answers = plan.assignment.astype(np.int64)
    response: ResponseTimes | None = None
    if seconds is not None:
        answers, response = _response(problem, plan, np.asarray(seconds, np.float64))
    served = answers >= 0
    load = np.bincount(answers[served], weights=weights[served], minlength=problem.sites)[plan.sites]
    return PostMetrics(
        covered_weight=covered,
        total_weight=total,
        coverage_share=covered / total,
        uncovered=read_only(np.flatnonzero(times == 0), np.int32),
        load=read_only(load, np.float64),
        loss=read_only(loss, np.float64),
        next_site=best if gain[best] > 0 else -1,
        next_gain=float(gain[best]),
        times=response,
    )


def _response(
    problem: MclpProblem, plan: PostPlan, seconds: Floats
) -> tuple[npt.NDArray[np.int64], ResponseTimes | None]:
    if seconds.shape != (problem.demand, len(plan.sites)) or np.isnan(seconds).any():
        raise InputError(
            f"Travel times from the open posts must have shape {(problem.demand, len(plan.sites))} and no gaps",
            f"已设点位到需求点的行程时间应为 {problem.demand} 行 {len(plan.sites)} 列且无缺失",
        )
    column = np.argmin(seconds, axis=1)
    nearest = seconds[np.arange(problem.demand), column]
    reached = np.isfinite(nearest)
    answers = np.where(reached, plan.sites[column].astype(np.int64), -1)
    counted = reached & (problem.weights > 0)
    if not counted.any():
        return answers, None
    time, weight = nearest[counted], problem.weights[counted]
    order = np.argsort(time, kind="stable")
    summed = np.cumsum(weight[order])
    at = int(np.searchsorted(summed, 0.9 * summed[-1] * (1 - 1e-12)))
    rows = np.flatnonzero(counted)
    worst = int(rows[int(np.argmax(time))])
    return answers, ResponseTimes(
        mean_seconds=math.fsum((time * weight).tolist()) / math.fsum(weight.tolist()),
        p90_seconds=float(time[order][at]),
        worst_seconds=float(nearest[worst]),
        worst_row=worst,
        unreachable=read_only(np.flatnonzero(~reached), np.int32),
        unreachable_weight=math.fsum(problem.weights[~reached].tolist()),
    )
