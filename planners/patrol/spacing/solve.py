"""Spaced patrols: rounds that units follow each other on, as few units as can be, improved while time is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing import appointments, tour
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.cadence import Beat, Round, ends, route_of, timed
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]

_KICKS = 12_000
"""Kicks of the tour between two looks at the whole plan."""
_SPARES = (240, 360, 300, 180, 120, 600, 1200)
"""Seconds of each gap that are kept free for the ways from and to the posts, tried in turn."""


@dataclass(slots=True)
class _Group:
    """Points of one gap that the same kinds may visit, and the best tour through them for one kind."""

    points: Ints
    kind: int
    legs: Ints
    near: Ints
    dwell: Ints
    gap: int
    tour: Ints
    orders: dict[tuple[int, int], Ints] = field(default_factory=dict)

    def improve(self, kicks: int, seed: int) -> None:
        self.tour = tour.search(self.tour, self.legs, self.near, _draws(kicks, seed))

    def rounds(self, period: int, most: int, kicks: int, seed: int) -> list[Round] | None:
        """Cut the tour into closed rounds, or return None where one point alone is too long."""
        held = self.orders.get((period, most), self.tour)
        units, order, cuts = tour.search_cut(held, self.legs, self.near, self.dwell, period, most, _draws(kicks, seed))
        if units == 0:
            return None
        self.orders[period, most] = order
        found = []
        for part in np.split(order, cuts[1:]):
            held = part
            if len(part) > 4:
                legs = np.ascontiguousarray(self.legs[np.ix_(part, part)])
                held = part[tour.search(np.arange(len(part)), legs, tour.neighbours(legs), _draws(100, 1))]
            length = int(self.dwell[held].sum()) + int(self.legs[held, np.roll(held, -1)].sum())
            found.append(
                Round(points=tuple(int(p) for p in self.points[held]), units=-(-length // period), kind=self.kind)
            )
        return found


def _draws(kicks: int, seed: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).random((kicks, 5))


def solve_spacing(problem: SpacingProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[SpacedPlan]:
    """Plan spaced patrols with few units.

    Points of one gap are joined in a short closed tour, which is cut into rounds; ``k`` units follow each other on a round of
    ``L`` seconds, so that each point is begun every ``L / k`` seconds. A round has at most as many units as there are gaps in the
    shift, so that its units end near where they began. The tour is improved by iterated local search and cut again,
    as long as the budget lasts; the bound is proved by ``bound_units``.
    Where units are too few, points of least priority are left out.

    Raises
    ------
    InfeasibleError
        Naming the points that no unit on shift can visit.
    """
    began = time.perf_counter()
    groups, unreachable = _groups(problem)
    if not groups:
        raise InfeasibleError(
            "No unit on shift can reach any point; check kinds, posts and closed streets",
            "当班巡组无法到达任何必巡点，请检查类型、屯警点与封闭道路",
        )
    for number, group in enumerate(groups):
        group.improve(_KICKS, budget.seed + number)
    plan = _fitted(problem, groups, unreachable)
    bound: float | None = None
    looks = budget.iterations or (0 if budget.seconds is None else 1 << 40)
    termination = Termination.ITERATIONS
    best = check_spacing(problem, plan)
    dropped = _dropped(groups, problem)
    for look in range(1, looks + 1):
        spent = time.perf_counter() - began
        if not observe(Progress(seconds=spent, objective=best, bound=bound)):
            termination = Termination.CANCELLED
            break
        if bound is None:
            bound = float(min(bound_units(problem).units, problem.price_of_leaving_out))
        if best <= bound:
            termination = Termination.OPTIMAL
            break
        if budget.seconds is not None and spent > budget.seconds:
            termination = Termination.TIME
            break
        for number, group in enumerate(groups):
            group.improve(_KICKS, budget.seed + 7919 * look + number)
        other = _planned(
            problem,
            groups,
            (*unreachable, *dropped),
            kicks=4000,
            seed=budget.seed + look,
            spares=(_SPARES[look % 5],),
            floor=plan.units_used,
        )
        if other is not None and _better(problem, other, plan):
            plan, best = other, check_spacing(problem, other)
    if bound is None:
        bound = float(min(bound_units(problem).units, problem.price_of_leaving_out))
    if best <= bound:
        termination = Termination.OPTIMAL
    return Outcome(
        plan=plan, objective=best, bound=bound, sense=-1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="spaced rounds",
    )  # fmt: skip


def travel_seconds(problem: SpacingProblem, plan: SpacedPlan) -> int:
    """Return the seconds that all units of a plan are under way."""
    total = 0
    for route in plan.routes:
        vehicle = problem.vehicles[route.vehicle]
        way = np.concatenate([[vehicle.start_post], route.points + problem.posts, [vehicle.end_post]])
        total += int(problem.seconds[problem.kind_of(route.vehicle), way[:-1], way[1:]].astype(np.int64).sum())
    return total


def _better(problem: SpacingProblem, one: SpacedPlan, other: SpacedPlan) -> bool:
    first, second = check_spacing(problem, one), check_spacing(problem, other)
    return (first, travel_seconds(problem, one)) < (second, travel_seconds(problem, other))


def _groups(problem: SpacingProblem) -> tuple[list[_Group], tuple[int, ...]]:
    """Group points by gap and kinds; give each group the kind that needs the fewest units."""
    left = np.array([sum(v.available for i, v in enumerate(problem.vehicles)
                         if v.kind == kind and problem.may_go(i)) for kind in problem.kinds])  # fmt: skip
    posts = {v.start_post for v in problem.vehicles} | {v.end_post for v in problem.vehicles}
    usable = np.zeros((problem.points, len(problem.kinds)), np.bool_)
    for k, legs in enumerate(problem.seconds):
        inside = sorted(posts)
        out = (legs[inside][:, problem.posts :] < NO_WAY).any(axis=0)
        home = (legs[problem.posts :][:, inside] < NO_WAY).any(axis=1)
        usable[:, k] = out & home & problem.eligible[:, k] & (left[k] > 0)
    unreachable = tuple(np.flatnonzero(~usable.any(axis=1)).tolist())
    keys: dict[tuple[int, bytes], list[int]] = {}
    for point in np.flatnonzero(usable.any(axis=1)).tolist():
        keys.setdefault((int(problem.gap[point]), usable[point].tobytes()), []).append(point)
    groups = []
    for (gap, _), points in sorted(keys.items()):
        choices = []
        for kind in np.flatnonzero(usable[points[0]]).tolist():
            group = _group(problem, np.array(points), kind, gap)
            length = int(group.dwell.sum()) + int(tour.tour_seconds(group.tour, group.legs))
            need = -(-length // gap)
            choices.append((need > left[kind], need, kind, group))
        _, need, kind, group = min(choices, key=lambda c: c[:3])
        left[kind] -= need
        groups.append(group)
    return groups, unreachable


def _group(problem: SpacingProblem, points: Ints, kind: int, gap: int) -> _Group:
    # The order of the input must not matter: points are taken by key.
    points = points[np.argsort(np.array([problem.point_keys[p] for p in points]), kind="stable")]
    places = points + problem.posts
    legs = np.ascontiguousarray(problem.seconds[kind][np.ix_(places, places)].astype(np.int64))
    return _Group(
        points=points, kind=kind, legs=legs, near=tour.neighbours(legs), gap=gap,
        dwell=problem.dwell[points].astype(np.int64), tour=tour.nearest_first(legs, 0),
    )  # fmt: skip


def _fitted(problem: SpacingProblem, groups: list[_Group], unreachable: tuple[int, ...]) -> SpacedPlan:
    """Return a first plan; where units are too few, leave out points of least priority until they suffice."""
    while True:
        plan = _planned(problem, groups, (*unreachable, *_dropped(groups, problem, unreachable)), kicks=1000, seed=1)
        if plan is not None:
            return plan
        _drop(problem, groups)
        if not any(len(group.points) for group in groups):
            return SpacedPlan(
                routes=(), left_out=tuple(range(problem.points)), missed=tuple(range(len(problem.appointments)))
            )


def _dropped(groups: list[_Group], problem: SpacingProblem, unreachable: tuple[int, ...] = ()) -> tuple[int, ...]:
    kept = {int(p) for group in groups for p in group.points} | set(unreachable)
    return tuple(p for p in range(problem.points) if p not in kept)


def _drop(problem: SpacingProblem, groups: list[_Group]) -> None:
    """Take from the largest group the point that frees the most time for the least priority."""
    costs = []
    for number, group in enumerate(groups):
        if not len(group.points):
            continue
        before, after = np.roll(group.tour, 1), np.roll(group.tour, -1)
        saved = np.empty(len(group.points))
        saved[group.tour] = (
            group.dwell[group.tour] + group.legs[before, group.tour] + group.legs[group.tour, after]
            - np.where(before == after, 0, group.legs[before, after])
        )  # fmt: skip
        worth = problem.priority[group.points]
        at = min(range(len(saved)), key=lambda i, w=worth, s=saved: (w[i], -s[i]))  # type: ignore[misc]
        costs.append((int(worth[at]), -float(saved[at]) / group.gap, number, at))
    _, _, number, at = min(costs)
    group = groups[number]
    if len(group.points) == 1:
        groups.pop(number)
        return
    kept = np.delete(group.points, at)
    order = group.tour[group.tour != at]
    smaller = _group(problem, kept, group.kind, group.gap)
    smaller.tour = np.ascontiguousarray(np.where(order > at, order - 1, order))
    smaller.improve(20, 1)
    groups[number] = smaller


def _planned(
    problem: SpacingProblem,
    groups: list[_Group],
    out: tuple[int, ...],
    *,
    kicks: int,
    seed: int,
    spares: tuple[int, ...] = _SPARES,
    floor: int | None = None,
) -> SpacedPlan | None:
    """Return the plan that these tours give with the first of the spares that fits, or None where none does."""
    best: list[SpacedRoute] | None = None
    for spare in spares:
        rounds = _cut(problem, groups, spare, kicks=kicks, seed=seed)
        fewest = sum(r.units for r in rounds or ())
        best = None if not rounds or (floor is not None and fewest > floor) else _manned(problem, rounds)
        if best is not None:
            break
    if best is None:
        return None
    routes, missed = appointments.kept(problem, best)
    return SpacedPlan(routes=tuple(routes), left_out=tuple(sorted(out)), missed=missed)


def _cut(problem: SpacingProblem, groups: list[_Group], spare: int, *, kicks: int, seed: int) -> list[Round] | None:
    """Cut all tours into rounds with at most one unit for each gap of the shift."""
    rounds: list[Round] = []
    for group in groups:
        most = max(1, -(-problem.shift_seconds // group.gap))
        found = group.rounds(group.gap - spare, most, kicks, seed) if group.gap > spare else None
        if found is None:
            return None
        rounds += found
    return rounds


def _manned(problem: SpacingProblem, rounds: list[Round]) -> list[SpacedRoute] | None:
    """Give the rounds units from posts, and times; None where units are too few or their ways too long."""
    routes: list[SpacedRoute] = []
    for kind in sorted({r.kind for r in rounds}):
        mine = [r for r in rounds if r.kind == kind]
        types = [i for i, v in enumerate(problem.vehicles) if v.kind == problem.kinds[kind] and problem.may_go(i)]
        units = [(t, n) for t in types for n in range(problem.vehicles[t].available)]
        if sum(r.units for r in mine) > len(units):
            return None
        legs = problem.seconds[kind].astype(np.int64)
        start = np.array([problem.vehicles[t].start_post for t, _ in units])
        end = np.array([problem.vehicles[t].end_post for t, _ in units])
        nearest_out, nearest_home = legs[start].min(axis=0), legs[:, end].min(axis=1)
        drafts = [_drafted(problem, r, nearest_out, nearest_home) for r in mine]
        if any(beat is None for beat in drafts) or sum(b.round.units for b in drafts if b is not None) > len(units):
            return None
        first = np.concatenate([ends(problem, b)[0] for b in drafts if b is not None])
        last = np.concatenate([ends(problem, b)[1] for b in drafts if b is not None])
        # The longest way decides whether a beat fits: higher powers shun long ways.
        ways = np.minimum(np.stack([legs[np.ix_(start, first)].T, legs[np.ix_(last, end)]]), NO_WAY) / 60.0
        _, chosen = linear_sum_assignment((ways**4).sum(axis=0))
        free = sorted(set(range(len(units))) - set(chosen.tolist()))
        at = 0
        for draft in drafts:
            assert draft is not None
            crew = chosen[at : at + draft.round.units].tolist()
            at += draft.round.units
            beat = _refit(problem, draft.round, legs, start[crew], end[crew])
            while beat is None and free and draft.round.units < len(draft.round.points):
                # The ways to real posts are too long: one more unit from the nearest post that is left.
                draft = replace(draft, round=replace(draft.round, units=draft.round.units + 1))  # noqa: PLW2901
                held = np.array(draft.round.points) + problem.posts
                crew.append(free.pop(int(legs[np.ix_(start[free], held)].min(axis=1).argmin())))
                beat = _refit(problem, draft.round, legs, start[crew], end[crew])
            if beat is None:
                return None
            routes += [route_of(problem, beat, j, vehicle=units[u][0], unit=units[u][1]) for j, u in enumerate(crew)]
    return sorted(routes, key=lambda r: (r.vehicle, r.unit))


def _drafted(problem: SpacingProblem, item: Round, out: Ints, home: Ints) -> Beat | None:
    """Return the timing of a round with its units, or with one more where they cannot be out and home in time."""
    for units in range(item.units, min(item.units + 2, len(item.points)) + 1):
        best, least = None, NO_WAY
        points = np.array(item.points, np.int64) + problem.posts
        for shift in range(min(len(points), -(-len(points) // units) + 1)):
            turned = Round(points=item.points[shift:] + item.points[:shift], units=units, kind=item.kind)
            places = np.roll(points, -shift)
            _, beat = timed(problem, turned, np.tile(out[places], (units, 1)), np.tile(home[places], (units, 1)))
            if beat is None:
                continue
            first, last = ends(problem, beat)
            rank = int(max(out[first].max(), home[last].max()))
            if best is None or rank < least:
                best, least = beat, rank
        if best is not None:
            return best
    return None


def _refit(problem: SpacingProblem, item: Round, legs: Ints, start: Ints, end: Ints) -> Beat | None:
    """Return the timing of a round for the posts that its units really have."""
    for shift in range(-(-len(item.points) // item.units)):
        turned = replace(item, points=item.points[shift:] + item.points[:shift])
        places = np.array(turned.points, np.int64) + problem.posts
        _, beat = timed(problem, turned, legs[np.ix_(start, places)], legs[np.ix_(places, end)].T)
        if beat is not None:
            return beat
    return None
