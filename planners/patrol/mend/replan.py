"""A running shift mended after an event: only what must change does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from planners.patrol.mend import network as nw
from planners.patrol.mend.bound import least_overdue
from planners.patrol.mend.chances import with_optional
from planners.patrol.mend.conflict import Conflict, explain
from planners.patrol.mend.edit import changed_units
from planners.patrol.mend.events import Event, under_way
from planners.patrol.mend.network import Ints
from planners.patrol.mend.recover import Weights, drop, overdue_minutes, recovered, take_out, wanted
from planners.patrol.mend.timetable import Lock, Timetable
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.plan import Role, SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class OneMore:
    """What one more unit would bring: its key, and the overdue minutes (times priority) that it would save."""

    unit: str
    saved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """A mended plan, which passes the check of ``problem``; both go into the next change.

    Attributes
    ----------
    changed : keys of the crews whose stops or times to come differ from what they were told, rising
    reordered : those of them whose order of stops differs
    overdue : minutes over the gaps, times priority; ``before`` is what it would be if the event were merely let happen
    bound : proved least of ``overdue``
    binding : what keeps the worst broken gap from being kept, None where all are
    one_more_unit : None where no gap is broken, or no unit is left that would save any
    """

    problem: SpacingProblem
    plan: SpacedPlan
    changed: tuple[str, ...]
    reordered: tuple[str, ...]
    overdue: float
    before: float
    bound: float
    binding: Conflict | None
    one_more_unit: OneMore | None
    seconds: float
    seed: int


TOLD_MINUTES: Final = 10
"""Minutes over the gap of a point of mean priority that another order for one more crew must save."""


def replan(
    problem: SpacingProblem, plan: SpacedPlan, events: Sequence[Event], *, now: int, locks: Iterable[Lock] = (),
    iterations: int = 600, seed: int = 1,
) -> Replanned:  # fmt: skip
    """Mend a plan after events at ``now`` seconds of the shift.

    What has begun stays, and the next stop of each unit that the events leave alone. Of the rest, gaps are broken by as few minutes
    (times priority) as can be, where a crew that gets another order counts for ``TOLD_MINUTES``; then travel is short. Stops of the unit that is
    away are put back by regret, then improved by ruin and recreation, ``iterations`` times; the seed is input.

    Raises
    ------
    InfeasibleError
        Where what is held or locked can no longer be in time, naming it.
    InputError, ParameterError
        As ``under_way``, or naming a lock that is not in the plan.
    """
    began = time.perf_counter()
    left, draft = under_way(problem, plan, events, now=now)
    told = {lock for lock in locks if lock.begin > now}
    if not events:
        check_spacing(left, draft)
        over = overdue_minutes(problem, draft)
        return Replanned(
            problem=left, plan=draft, changed=(), reordered=(), overdue=over, before=over,
            bound=min(over, least_overdue(left, draft)), binding=_binding(left, draft), one_more_unit=None,
            seconds=time.perf_counter() - began, seed=seed,
        )  # fmt: skip
    out = [problem.unit_key(r.vehicle, r.unit) for r in plan.routes] + [s.unit for s in left.starts]
    let_happen, _ = _mended(left, draft, told, out, iterations=0, seed=seed, now=now)
    found, table = _mended(left, draft, told, out, iterations=iterations, seed=seed, now=now)
    check_spacing(left, found)
    overdue = overdue_minutes(left, found)
    spare = _spare(table, found, out) if overdue > 0 else None
    more = None
    if spare is not None:
        key = spare
        place = left.vehicles[table.units[table.number_of(key)][0]].start_post
        with_it = replace(left, starts=(*left.starts, Start(unit=key, place=place, free=now)))
        other, _ = _mended(with_it, draft, told, [*out, key], iterations=iterations // 3 + 1, seed=seed, now=now)
        saved = overdue - overdue_minutes(left, other)
        more = OneMore(unit=key, saved=saved) if saved > 0 else None
    return Replanned(
        problem=left, plan=found, changed=changed_units(left, plan, found), reordered=_reordered(left, plan, found),
        overdue=overdue, before=max(overdue, overdue_minutes(left, let_happen)),
        bound=min(overdue, least_overdue(left, draft)), binding=_binding(left, found),
        one_more_unit=more, seconds=time.perf_counter() - began, seed=seed,
    )  # fmt: skip


def _mended(
    problem: SpacingProblem,
    draft: SpacedPlan,
    locks: set[Lock],
    out: Sequence[str],
    *,
    iterations: int,
    seed: int,
    now: int,
) -> tuple[SpacedPlan, Timetable]:
    table = Timetable.of(problem, draft, locks={lock for lock in locks if _stands(problem, lock)})
    first = table.net[nw.RN].copy()
    for number in range(len(table.units)):
        if table.away(number):
            for node in table.route(number):
                if table.role[node] in (Role.ROUND, Role.APPOINTMENT):
                    table.net[nw.LK, node] = 0 if table.role[node] == Role.ROUND else 2
                    _unlock(table, node)
                    take_out(table, node)
                else:
                    drop(table, node)
            first[number] = table.net[nw.RN, number]
            table.net[nw.W, number] = 0
    wanted(table, after=now)
    first = np.concatenate([first, np.full(len(table.wish) - len(first), -1)])
    open_units = [n for n in range(len(table.units)) if table.unit_key(n) in set(out) and not table.away(n)]
    told = Weights().overdue * TOLD_MINUTES * float(problem.priority.mean())
    plan = recovered(
        table, open_units=open_units, iterations=iterations, seed=seed, weights=Weights(change=told), first=first
    )
    # Optional stops that the events took away may still be made by others; crews are told of no other ones.
    made = [{int(i) for route in held.routes for i in route.optional if i >= 0} for held in (draft, plan)]
    if made[0] - made[1] and iterations:
        stand = {lock for lock in locks if _stands(problem, lock)}
        plan = with_optional(problem, plan, locks=stand, only=made[0] - made[1], after=now)
    return plan, table


def _stands(problem: SpacingProblem, lock: Lock) -> bool:
    """Return whether the unit of a lock is still there and the stop not promised already."""
    start = next((s for s in problem.starts if s.unit == lock.unit), None)
    if start is None:
        return True
    held = () if start.done is None else start.done.begin.tolist()
    return start.free < problem.shift_seconds and lock.begin not in held


def _unlock(table: Timetable, node: int) -> None:
    """Let a stop that another unit must make begin at other times."""
    dwell = int(table.net[nw.DW, node])
    table.net[nw.LO, node], table.net[nw.HI, node] = 0, table.problem.shift_seconds - dwell
    if table.role[node] == Role.APPOINTMENT:
        item = table.problem.appointments[int(table.item[node])]
        table.net[nw.LO, node], table.net[nw.HI, node] = item.earliest, item.latest


def _reordered(problem: SpacingProblem, one: SpacedPlan, other: SpacedPlan) -> tuple[str, ...]:
    """Return the keys of the units whose order of stops differs, rising."""
    held = [{problem.unit_key(r.vehicle, r.unit): r.points.tobytes() for r in plan.routes} for plan in (one, other)]
    return tuple(sorted(key for key in held[0].keys() | held[1].keys() if held[0].get(key) != held[1].get(key)))


def _spare(table: Timetable, plan: SpacedPlan, out: Sequence[str]) -> str | None:
    """Return the unit at its post that is nearest to the points that are overdue."""
    late = [gap.point for gap in plan.broken if gap.over > 0]
    best: tuple[float, str] | None = None
    for number, (vehicle, _) in enumerate(table.units):
        key, kind = table.unit_key(number), int(table.kind[number])
        mine = [p for p in late if table.problem.eligible[p, kind]]
        if key in out or not mine:
            continue
        post = table.problem.vehicles[vehicle].start_post
        way = float(np.minimum(table.legs[kind, post, np.array(mine) + table.problem.posts], 1 << 20).mean())
        if best is None or (way, key) < best:
            best = (way, key)
    return None if best is None else best[1]


def _binding(problem: SpacingProblem, plan: SpacedPlan) -> Conflict | None:
    """Return what keeps a visit from being made where a gap is most over: the limit met at the position of least travel."""
    late = [gap for gap in plan.broken if gap.over > 0]
    if not late:
        return None
    worst = max(late, key=lambda gap: (int(problem.priority[gap.point]) * gap.over, -gap.point))
    fresh = Timetable.of(problem, plan)
    wish = min(problem.shift_seconds, (worst.before + worst.after) // 2)
    node = fresh.add(worst.point, role=Role.ROUND, item=-1, dwell=int(problem.dwell[worst.point]), wish=max(0, wish))
    fresh.link_visit(node)
    out = {(route.vehicle, route.unit) for route in plan.routes}
    best: tuple[int, int, int] | None = None
    for number in range(len(fresh.units)):
        kind = int(fresh.kind[number])
        if fresh.away(number) or fresh.units[number] not in out or not problem.eligible[worst.point, kind]:
            continue
        for at in (number, *fresh.route(number)):
            after = int(fresh.net[nw.RN, at])
            here, there = nw.place_of(fresh.net, at), nw.place_of(fresh.net, after)
            place = problem.posts + worst.point
            more = (
                int(fresh.legs[kind, here, place])
                + int(fresh.legs[kind, place, there])
                - int(fresh.legs[kind, here, there])
            )
            if worst.before <= fresh.wish[at] <= worst.after and (best is None or more < best[0]):
                best = (more, number, at)
    if best is None:
        return None
    nw.put_after(fresh.net, fresh.legs, int(fresh.kind[best[1]]), node, best[2])
    x: Ints = np.zeros_like(fresh.wish)
    failed = nw.earliest(fresh.net, x, fresh.work, fresh.used)
    return explain(fresh, failed, x) if failed >= 0 else None
