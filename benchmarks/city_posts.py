"""Posts of a city: 20,000 demand points, 2,000 candidates, 105 posts on real streets, travel times included.

``--only`` takes a radius (60, 180, 300), ``backup``, ``peers`` or ``median``: each part alone ends within four minutes.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.cities import City, cities, lattice
from benchmarks.harness import Options, Row, absent, duration
from benchmarks.location_peers import Theirs, cpsat_cover, highs_cover, lacking
from geo.errors import ParameterError
from geo.streets.snap import Places
from geo.streets.travel import Travel
from planners.contract import Budget, Outcome, Progress
from planners.posts.allocation import build_allocation
from planners.posts.backup import backup_worth
from planners.posts.coverage import Coverage
from planners.posts.mclp import solve_mclp
from planners.posts.multi_cover import build_multi_cover, solve_multi_cover
from planners.posts.on_streets import coverage_on_streets
from planners.posts.p_median import solve_p_median
from planners.posts.problem import MclpProblem

DEMAND: Final = 20_000
SITES: Final = 2_000
POSTS: Final = 105
RADII: Final = (60.0, 180.0, 300.0)
PEER_RADIUS: Final = 300.0
SECONDS: Final = 60.0
HIGHS_SECONDS: Final = 120.0
GAPS: Final = (
    (0.01, "proved to 1 %"),
    (0.001, "proved to 0.1 %"),
    (0.0001, "proved to 0.01 %, where HiGHS stops of itself"),
    (0.0, "optimum proved"),
)
GIGABYTES: Final = 4.0
FIRST: Final = 0.5
TIMES_FASTER: Final = 4.0
STREETS: Final = "xian"
NONE: Final = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Demand and candidates at random nodes; weights round(gamma(0.7, 20) + 1), all from one seed."""

    city: City
    travel: Travel
    sites: Places
    demand: Places
    weights: npt.NDArray[np.float64]
    keys: tuple[str, ...]
    posts: int


class Clock:
    """Notes when the first plan came and when the gap first fell to each of some shares, from ``began``."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.first: float | None = None
        self.steps: list[tuple[float, float]] = []

    def __call__(self, progress: Progress) -> bool:
        """Take a report; never stop."""
        now = time.perf_counter() - self.began
        if progress.objective is not None and self.first is None:
            self.first = now
        if progress.objective and progress.bound is not None:
            self.steps.append((now, abs(progress.bound - progress.objective) / abs(progress.objective)))
        return True

    def reached(self, gap: float) -> float | None:
        """Return when the gap was first no more than ``gap``."""
        return next((at for at, value in self.steps if value <= gap + 1e-12), None)


def rows(options: Options) -> list[Row]:
    """Solve maximal covering at each radius, with the peers at one, backup covering and the p-median."""
    parts = [f"{radius:g}" for radius in RADII] + ["peers", "backup", "median"]
    if options.only is not None and options.only not in parts:
        raise ParameterError(
            f"city_posts has no part {options.only}; there are {', '.join(parts)}",
            f"city_posts 没有 {options.only} 部分，可选 {'、'.join(parts)}",
        )
    wanted = parts if options.only is None else [options.only]
    case = _case(options)
    seconds = options.seconds or SECONDS
    solve_cover(replace(case, posts=min(5, case.posts)), RADII[0], seconds=2.0)  # compiled kernels are read once
    found: list[Row] = []
    for radius in RADII:
        peers = radius == PEER_RADIUS and "peers" in wanted
        if f"{radius:g}" in wanted or peers:
            coverage, clock, outcome = solve_cover(case, radius, seconds=seconds)
            found += _cover_rows(case, radius, clock, outcome)
            if peers:
                found += _peers(case, coverage, clock, outcome, seconds=max(seconds, HIGHS_SECONDS))
        if "backup" in wanted:
            found.append(_backup(case, radius, seconds))
    if "median" in wanted:
        found.append(_median(case, seconds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    goal = f"<= {GIGABYTES:g} GiB"
    found.append(
        Row(what="most memory of this process, peers too", ours=f"{peak:.2f} GiB", goal=goal, met=peak <= GIGABYTES)
    )
    return found


def _case(options: Options) -> Case:
    city = next((one for one in cities(options) if one.name.startswith(STREETS)), None)
    if city is None:
        city = City.of("made-up lattice", lattice(150))
    graph = city.graph
    rng = np.random.default_rng(options.seed)
    some = np.flatnonzero(np.diff(graph.indptr) > 0)
    count = options.sample or DEMAND
    sites = places_at(city, rng.choice(some, min(SITES, len(some)), replace=False))
    demand = places_at(city, rng.choice(some, count))
    weights = np.round(rng.gamma(0.7, 20.0, count) + 1.0)
    travel = Travel(graph, city.milliseconds)
    return Case(
        city=city, travel=travel, sites=sites, demand=demand, weights=weights,
        keys=tuple(str(k + 1) for k in range(len(sites))), posts=POSTS,
    )  # fmt: skip


def places_at(city: City, nodes: npt.NDArray[np.int64]) -> Places:
    """Return places at the beginning of an arc that leaves each node."""
    graph = city.graph
    return Places(
        arc=graph.indptr[nodes].astype(np.int32), metres_along=np.zeros(len(nodes), np.float32),
        offset_m=np.zeros(len(nodes), np.float32), lonlat=graph.node_lonlat[nodes], ok=np.ones(len(nodes), bool),
    )  # fmt: skip


def solve_cover(case: Case, radius: float, *, seconds: float) -> tuple[Coverage, Clock, Outcome[Any]]:
    """Solve maximal covering from streets to plan; the clock starts before the travel times."""
    clock = Clock(time.perf_counter())
    coverage = coverage_on_streets(case.travel, case.sites, case.demand, radius_seconds=radius)
    problem = MclpProblem(
        coverage=coverage, weights=case.weights, site_keys=case.keys, p=case.posts, fixed=NONE, closed=NONE
    )
    left = max(0.1, seconds - (time.perf_counter() - clock.began))
    outcome = solve_mclp(problem, Budget(seconds=left), observe=clock)
    clock.steps.append((time.perf_counter() - clock.began, outcome.gap or 0.0))
    return coverage, clock, outcome


def _title(case: Case, radius: float | None) -> str:
    size = f"{case.city.name}, {len(case.weights):,} x {len(case.keys):,}, {case.posts} posts"
    return size if radius is None else f"{size}, {radius:g} s"


def _cover_rows(case: Case, radius: float, clock: Clock, outcome: Outcome[Any]) -> list[Row]:
    what = _title(case, radius)
    first = clock.first or outcome.seconds
    share = outcome.objective / case.weights.sum()
    found = [Row(what=f"{what}: first plan", ours=duration(first), goal=f"< {duration(FIRST)}", met=first < FIRST)]
    for gap, limit in ((0.01, 2.0), (0.001, 60.0)):
        found.append(_by(f"{what}: proved to {gap:.1%}", clock.reached(gap), limit, ""))
    words = f"{share:.1%} covered, gap {outcome.gap or 0:.4%} ({outcome.termination}) in {duration(clock.steps[-1][0])}"
    return [*found, Row(what=f"{what}: in the end", ours=words)]


def _by(what: str, at: float | None, limit: float, more: str) -> Row:
    ours = ("not reached" if at is None else duration(at)) + more
    return Row(what=what, ours=ours, goal=f"< {duration(limit)}", met=at is not None and at < limit)


def _peers(case: Case, coverage: Coverage, clock: Clock, outcome: Outcome[Any], *, seconds: float) -> list[Row]:
    """Compare the times to the same gaps with HiGHS, asked for gap 0 in one run, and the plan with that of CP-SAT."""
    what = _title(case, PEER_RADIUS)
    other = Clock(time.perf_counter() - (clock.steps[-1][0] - outcome.seconds))  # the travel times are theirs too
    theirs = highs_cover(coverage, case.weights, case.posts, seconds=seconds, observe=other)
    if theirs.objective and theirs.bound is not None:
        gap = abs(theirs.bound - theirs.objective) / theirs.objective
        other.steps.append((time.perf_counter() - other.began, 0.0 if theirs.proved else gap))
    found = [_same(f"{what}: first plan", clock.first, other.first, theirs)]
    found += [_same(f"{what}: {words}", clock.reached(gap), other.reached(gap), theirs) for gap, words in GAPS]
    peer, why = "OR-Tools CP-SAT, 2 workers", lacking("ortools")
    if why is not None:
        return [*found, absent(f"{what}: gap reached", peer, why=why)]
    answer = cpsat_cover(coverage, case.weights, case.posts, seconds=seconds / 2)
    bound, value = answer.bound or np.inf, answer.objective or 0.0
    figure = f"{value / outcome.objective - 1:.2%} from our plan, own gap {bound / max(value, 1.0) - 1:.2%} in {duration(answer.seconds)}"
    gap_words = f"gap {outcome.gap or 0:.4%} in {duration(clock.steps[-1][0])}"
    return [*found, Row(what=f"{what}: gap reached", ours=gap_words, peer=peer, peer_figure=figure)]


def _same(what: str, ours: float | None, theirs: float | None, answer: Theirs) -> Row:
    """Return the row of two times to the same; where only the peer was not in time, the ratio is at least that."""
    peer, goal = "HiGHS, rows merged", f">= {TIMES_FASTER:g}x"
    figure = f"not in {duration(answer.seconds)} ({answer.words})" if theirs is None else duration(theirs)
    if ours is None:
        met = False if theirs is not None else None
        return Row(what=what, ours="not reached", peer=peer, peer_figure=figure, goal=goal, met=met)
    ratio = (answer.seconds if theirs is None else theirs) / ours
    return Row(
        what=what, ours=duration(ours), peer=peer, peer_figure=figure, ratio=ratio, goal=goal,
        met=ratio >= TIMES_FASTER,
    )  # fmt: skip


def _backup(case: Case, radius: float, seconds: float) -> Row:
    def work(clock: Clock) -> Outcome[Any]:
        coverage = coverage_on_streets(case.travel, case.sites, case.demand, radius_seconds=radius)
        problem = build_multi_cover(
            coverage, weights=case.weights, worth=backup_worth(), site_keys=case.keys, p=case.posts
        )
        return solve_multi_cover(problem, Budget(seconds=min(seconds, SECONDS) / 2), observe=clock)

    return _half_percent(f"{_title(case, radius)}: backup covering", work)


def _median(case: Case, seconds: float) -> Row:
    def work(clock: Clock) -> Outcome[Any]:
        times = np.ascontiguousarray(case.travel.matrix(case.sites, case.demand).T)
        reached = np.isfinite(times).any(axis=1)
        kept = times if reached.all() else times[reached]
        problem = build_allocation(kept, weights=case.weights[reached], site_keys=case.keys, p=case.posts)
        left = max(1.0, min(seconds, SECONDS) - (time.perf_counter() - clock.began) - 1.0)
        return solve_p_median(problem, Budget(seconds=left), observe=clock)

    return _half_percent(f"{_title(case, None)}: p-median", work)


def _half_percent(what: str, work: Callable[[Clock], Outcome[Any]]) -> Row:
    clock = Clock(time.perf_counter())
    outcome = work(clock)
    clock.steps.append((time.perf_counter() - clock.began, outcome.gap or 0.0))
    more = f"; gap {outcome.gap or 0:.4%} in the end, {duration(clock.steps[-1][0])}"
    return _by(f"{what} to 0.5%", clock.reached(0.005), SECONDS, more)
