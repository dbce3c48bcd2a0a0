"""The least number of units never exceeds what an exhaustive search over all timetables finds, and rounds keep what geometry says."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planners.contract import Budget
from planners.patrol.problem import VehicleType
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.build import car_and_video
from planners.patrol.spacing.check import begins_by_point, check_spacing
from planners.patrol.spacing.gap_bound import least_gap_share
from planners.patrol.spacing.paths import least_walks
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.solve import solve_spacing

STEP = 100
"""Seconds that all times of the small problems are multiples of, so that a plan of whole steps is as good as any."""


@st.composite
def small(draw: st.DrawFn) -> SpacingProblem:
    """Two posts and up to four points on a line or a square grid, a shift of two or three gaps, or a little less."""
    n = draw(st.integers(1, 4))
    flat = draw(st.booleans())
    places = [(draw(st.integers(0, 7)), 0 if flat else draw(st.integers(0, 4))) for _ in range(n + 2)]
    at = np.array(places)
    seconds = STEP * np.abs(at[:, None] - at[None, :]).sum(axis=2).astype(float)
    gap = draw(st.integers(5, 9))
    shift = draw(st.sampled_from([gap, 2 * gap, 2 * gap - 1, 3 * gap - 2]))
    return car_and_video(
        seconds=seconds, metres=None, post_keys=["a", "b"], point_keys=[f"p{i}" for i in range(n)],
        dwell=STEP * np.array([draw(st.integers(1, 3)) for _ in range(n)]), cars_at=[draw(st.integers(1, 2)), 1],
        shift_seconds=STEP * shift, gap_seconds=STEP * gap, least_gap_seconds=STEP * draw(st.integers(0, gap - 1)),
    )  # fmt: skip


@st.composite
def mixed(draw: st.DrawFn) -> SpacingProblem:
    """A small problem of up to three points with gaps, least gaps and last visits of their own, two kinds of units, and a road."""
    problem = draw(small().filter(lambda p: p.points < 4))
    n, posts, shift = problem.points, problem.posts, problem.shift_seconds
    gap = np.minimum(problem.gap + STEP * np.array([draw(st.integers(0, 6)) for _ in range(n)]), shift)
    least = [draw(st.integers(0, g // STEP)) * STEP for g in gap.tolist()]
    since = [draw(st.integers(0, g // STEP // 2)) * STEP for g in gap.tolist()]
    seconds, dwell = np.concatenate([problem.seconds, 2 * problem.seconds]), problem.dwell.copy()
    # A road is left at another place, and it takes as long as the way there at least.
    road, end = draw(st.integers(0, n)) - 1, draw(st.integers(0, posts + n - 1))
    if road >= 0:
        dwell[road] = max(dwell[road], seconds[:, posts + road, end].max())
        seconds[:, posts + road] = seconds[:, end]
    assume((dwell < gap).all())
    by = [draw(st.sampled_from([(True, False), (False, True), (True, True)])) for _ in range(n)]
    foot = VehicleType(kind="foot", start_post=1, end_post=1, shift_seconds=shift, unit_keys=("f",))
    return replace(
        problem, kinds=("car", "foot"), seconds=seconds, metres=np.zeros_like(seconds), vehicles=(*problem.vehicles, foot),
        police=np.ones(len(problem.vehicles) + 1, bool), gap=gap, least_gap=np.array(least), since=np.array(since),
        dwell=dwell, eligible=np.array(by),
    )  # fmt: skip


def crews_of(problem: SpacingProblem) -> list[tuple[int, int]]:
    """Return kind and post of each unit."""
    return [(problem.kind_of(v), kind.start_post) for v, kind in enumerate(problem.vehicles) for _ in kind.unit_keys]


def fewest_units(problem: SpacingProblem) -> int | None:
    """Return the fewest units of any timetable of whole steps that leaves no point out, None where there is none."""
    units = crews_of(problem)
    for count in range(1, len(units) + 1):
        for chosen in sorted(set(combinations(units, count))):
            if _can(problem, chosen):
                return count
    return None


def _can(problem: SpacingProblem, crews: tuple[tuple[int, int], ...]) -> bool:
    ways = (problem.seconds // STEP).astype(int).tolist()
    dwell, gap, least, since = (
        (x // STEP).astype(int).tolist() for x in (problem.dwell, problem.gap, problem.least_gap, problem.since)
    )
    shift, posts, n = problem.shift_seconds // STEP, problem.posts, problem.points

    @cache
    def go(now: int, units: tuple[tuple[int, int, int, int], ...], last: tuple[int, ...]) -> bool:
        """Begins come in order of time; a unit is (kind, home, place, free), the last begin of a point -1 before its first."""
        if all(last[i] > shift - gap[i] for i in range(n)):
            return True
        due = [(last[i] if last[i] >= 0 else -since[i]) + gap[i] for i in range(n)]
        if any(last[i] <= shift - gap[i] and now > due[i] for i in range(n)):
            return False
        for u, (kind, home, place, free) in enumerate(units):
            for i in range(n):
                if not problem.eligible[i, kind]:
                    continue
                soon = max(now, free + ways[kind][place][posts + i], last[i] + least[i] if last[i] >= 0 else 0)
                until = min(due[i], shift - dwell[i] - ways[kind][posts + i][home])
                for begin in range(soon, until + 1):
                    moved = (kind, home, posts + i, begin + dwell[i])
                    after = tuple(sorted((*units[:u], moved, *units[u + 1 :])))
                    if go(begin, after, (*last[:i], begin, *last[i + 1 :])):
                        return True
        return False

    return go(0, tuple(sorted((kind, home, home, 0) for kind, home in crews)), (-1,) * n)


@settings(max_examples=40, deadline=None)
@given(small())
def test_no_timetable_has_fewer_units_than_the_bound(problem: SpacingProblem) -> None:
    fewest = fewest_units(problem)
    bound = bound_units(problem).units
    if fewest is not None:
        assert bound <= fewest
    assert bound >= 1


@settings(max_examples=20, deadline=None)
@given(mixed())
def test_no_timetable_of_mixed_points_has_fewer_units_than_the_bound(problem: SpacingProblem) -> None:
    fewest = fewest_units(problem)
    if fewest is not None:
        assert bound_units(problem).units <= fewest
        kinds = {"car": sum(len(v.unit_keys) for v in problem.vehicles[:-1]), "foot": 1}
        bound = least_gap_share(problem, kinds)
        assert bound is not None
        assert bound.share <= 1


@settings(max_examples=10, deadline=None)
@given(small(), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_no_timetable_keeps_shorter_gaps_than_the_bound(problem: SpacingProblem, longer: list[int]) -> None:
    gap = np.minimum(problem.gap + STEP * np.array(longer[: problem.points]), problem.shift_seconds).astype(np.int32)
    problem = replace(problem, gap=gap, least_gap=np.zeros(problem.points, np.int32))
    crews = crews_of(problem)
    for count in range(1, len(crews) + 1):
        bound = least_gap_share(problem, {"car": count})
        assert bound is not None
        shorter = sorted({step * STEP / g for g in gap.tolist() for step in range(1, g // STEP + 1)})
        for share in shorter:
            least = STEP * np.floor(share * gap / STEP + 1e-9).astype(np.int32)
            if (least <= problem.dwell).any():
                continue
            asked = replace(problem, gap=least)
            if any(_can(asked, chosen) for chosen in sorted(set(combinations(crews, count)))):
                assert bound.share <= share + 1e-9
                break


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_least_walks_never_exceeds_the_fewest_walks_there_are(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 20, (n, 2))
    legs = np.abs(at[:, None] - at[None, :]).sum(axis=2).astype(float)
    dwell = rng.integers(1, 6, n).astype(float)
    gap = float(rng.integers(6, 40))

    @cache
    def span(held: tuple[int, ...], end: int) -> float:
        """The shortest time from the first begin to the last on a walk through some points that ends at one of them."""
        rest = tuple(i for i in held if i != end)
        return min((span(rest, i) + dwell[i] + legs[i, end] for i in rest), default=0.0)

    @cache
    def fewest(held: tuple[int, ...]) -> int:
        if not held:
            return 0
        first, others = held[0], held[1:]
        found = n
        for size in range(len(others) + 1):
            for more in combinations(others, size):
                walk = (first, *more)
                if min(span(walk, end) for end in walk) <= gap:
                    found = min(found, 1 + fewest(tuple(i for i in others if i not in more)))
        return found

    assert least_walks(legs, dwell, gap) <= fewest(tuple(range(n)))


def worst_gap(problem: SpacingProblem, plan: SpacedPlan) -> int:
    """Return the most seconds between two begins of a point, the shift's ends not counted."""
    return max(int(np.diff(begins).max()) for begins in begins_by_point(problem, plan))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(300, 900), st.integers(3600, 7200))
def test_one_unit_needs_the_round_trip_between_two_points(out: int, home: int, dwell: int, gap: int) -> None:
    seconds = np.array([[0, 60, 60], [60, 0, out], [60, home, 0]], float)
    problem = car_and_video(
        seconds=seconds, metres=None, post_keys=["post"], point_keys=["a", "b"], dwell=np.array([dwell, dwell]),
        cars_at=[2], shift_seconds=4 * gap, gap_seconds=gap,
    )  # fmt: skip
    plan = solve_spacing(problem, Budget(iterations=1)).plan
    round_trip = 2 * dwell + out + home
    # The way over the post may be shorter than the way itself.
    shortest = 2 * dwell + min(out, 120) + min(home, 120)
    assert not plan.left_out
    if plan.units_used == 1:
        assert worst_gap(problem, plan) >= min(round_trip, shortest)
        assert gap >= shortest
    elif gap >= round_trip + 200:
        raise AssertionError("two units where one is enough")


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(6, 24), st.integers(60, 240), st.integers(300, 900))
def test_units_on_a_closed_tour_are_back_after_the_tour_shared_by_all(n: int, leg: int, dwell: int) -> None:
    at = np.concatenate([[0], np.arange(n)])
    away = np.abs(at[:, None] - at[None, :])
    gap = 7200
    problem = car_and_video(
        seconds=leg * np.minimum(away, n - away).astype(float), metres=None, post_keys=["post"],
        point_keys=[f"p{i:02}" for i in range(n)], dwell=np.full(n, dwell), cars_at=[8], shift_seconds=4 * gap,
        gap_seconds=gap,
    )  # fmt: skip
    outcome = solve_spacing(problem, Budget(iterations=2))
    tour = n * (leg + dwell)
    assert check_spacing(problem, outcome.plan) == outcome.objective
    assert not outcome.plan.left_out
    # No unit is faster than dwell alone; where all follow each other on one tour, they share its length.
    assert worst_gap(problem, outcome.plan) * outcome.plan.units_used >= n * dwell
    together = len({frozenset(route.points.tolist()) for route in outcome.plan.routes}) == 1
    if together and outcome.plan.units_used < 4:
        assert worst_gap(problem, outcome.plan) * outcome.plan.units_used >= tour
    assert bound_units(problem).units <= outcome.plan.units_used <= -(-tour // gap) + 1


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 1000))
def test_more_units_are_never_worse_and_the_order_of_posts_and_points_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 4000, (15, 2))
    seconds = np.abs(at[:, None] - at[None, :]).sum(axis=2) / 8
    dwell, priority = rng.integers(10, 16, 12) * 60, rng.integers(1, 9, 12)

    def lost(cars: int, posts: list[int], points: list[int]) -> tuple[int, float]:
        places = [*posts, *(3 + i for i in points)]
        problem = car_and_video(
            seconds=seconds[np.ix_(places, places)], metres=None, post_keys=[f"s{i}" for i in posts],
            point_keys=[f"p{i:02}" for i in points], dwell=dwell[points], cars_at=[int(i < cars) for i in posts],
            shift_seconds=8 * 3600, gap_seconds=2 * 3600, least_gap_seconds=3600, priority=priority[points],
        )  # fmt: skip
        outcome = solve_spacing(problem, Budget(iterations=2))
        return int(problem.priority[list(outcome.plan.left_out)].sum()), outcome.objective % (problem.units + 1)

    few = lost(1, [0, 1, 2], list(range(12)))
    more = lost(2, [0, 1, 2], list(range(12)))
    assert more[0] <= few[0]
    assert lost(2, [2, 0, 1], rng.permutation(12).tolist()) == more
