"""Why a spaced plan leaves points out, and what one more unit would bring."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planners.contract import Budget
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.manning import Fleet
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.reach import WHY, reached
from planners.patrol.spacing.solve import solve_spacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What keeps points from being visited, in two languages.

    Attributes
    ----------
    points : left out, rising
    needed : units that the rounds need at least, proved, by kind; only kinds that have too few
    kind, post : of the one more unit, None where units are not what is short
    gained, priority_gained : how many points fewer, and how much priority less, a plan with one more unit leaves out
    """

    en: str
    zh: str
    points: tuple[int, ...]
    needed: dict[str, int]
    kind: str | None = None
    post: int | None = None
    gained: int = 0
    priority_gained: int = 0


def binding_constraint(problem: SpacingProblem, plan: SpacedPlan, *, budget: Budget | None = None) -> Binding | None:
    """Name what binds where a plan leaves points out, None where it leaves out none.

    What one more unit would bring is found by solving anew with it, so it is what this planner reaches within the budget, not a bound. A
    shortage of units is said to be proved only where the bound is above the units on shift.
    """
    left = plan.left_out
    if not left:
        return None
    _, hindered = reached(problem)
    parts: list[tuple[str, str]] = []
    for reason, (en, zh) in WHY.items():
        held = [p for p in left if hindered.get(p, "units") == reason]
        if held:
            names = _named(problem, held)
            parts.append(
                (f"{len(held)} points ({names}) are left out: {en}", f"{len(held)} 个点（{names}）未安排：{zh}")
            )
    short = [p for p in left if p not in hindered]
    if not short:
        return _joined(parts, left, {})
    needed = _needed(problem, set(hindered))
    for kind, units in needed.items():
        have = len(Fleet(problem, problem.kinds.index(kind)))
        gaps = sorted({int(problem.gap[p]) // 60 for p in short if problem.eligible[p, problem.kinds.index(kind)]})
        said = ", ".join(str(g) for g in gaps)
        parts.append(
            (
                f"gaps of {said} min need at least {units} units ({kind}), {have} are on shift (proved)",
                f"{said} 分钟的间隔至少需要 {units} 个巡组（{kind}），在班 {have} 个（已证明）",
            )
        )
    if not needed:
        parts.append(
            (
                "this is not proved: search longer, add units, or lengthen gaps or the shift",
                "尚未证明确实不足：可延长求解、增加巡组，或放宽间隔、延长班次",
            )
        )
    return _with_one_more(problem, plan, parts, short, needed, budget or Budget(iterations=2))


def _with_one_more(
    problem: SpacingProblem,
    plan: SpacedPlan,
    parts: list[tuple[str, str]],
    short: list[int],
    needed: dict[str, int],
    budget: Budget,
) -> Binding:
    worth = max(short, key=lambda p: (int(problem.priority[p]), problem.point_keys[p]))
    choices = [
        (int(problem.seconds[problem.kind_of(v), vehicle.start_post, problem.posts + worth]), vehicle.unit_keys, v)
        for v, vehicle in enumerate(problem.vehicles)
        if problem.eligible[worth, problem.kind_of(v)] and problem.may_go(v)
    ]
    number = min(choices)[2]
    vehicle = problem.vehicles[number]
    more = replace(vehicle, unit_keys=(*vehicle.unit_keys, f"{vehicle.unit_keys[0]}+1"))
    larger = replace(problem, vehicles=(*problem.vehicles[:number], more, *problem.vehicles[number + 1 :]))
    other = solve_spacing(larger, budget).plan
    before, after = (int(problem.priority[list(p.left_out)].sum()) for p in (plan, other))
    gained = max(0, len(plan.left_out) - len(other.left_out))
    priority = max(0, before - after)
    post = problem.post_keys[vehicle.start_post]
    parts.append(
        (
            f"one more unit ({vehicle.kind}) at {post} brings {gained} points with priority {priority}",
            f"在 {post} 增加一个巡组（{vehicle.kind}），可多安排 {gained} 个点（优先级合计 {priority}）",
        )
    )
    return replace(
        _joined(parts, plan.left_out, needed), kind=vehicle.kind, post=vehicle.start_post, gained=gained,
        priority_gained=priority,
    )  # fmt: skip


def _needed(problem: SpacingProblem, hindered: set[int]) -> dict[str, int]:
    """Return the proved least units of each kind that has fewer, over the points that only this kind may visit."""
    found = {}
    for k, kind in enumerate(problem.kinds):
        alone = problem.eligible[:, k] & (problem.eligible.sum(axis=1) == 1) & problem.on_rounds
        alone[sorted(hindered)] = False
        if not alone.any():
            continue
        eligible = np.where(alone[:, None], problem.eligible, False)
        units = bound_units(replace(problem, eligible=eligible, on_rounds=alone)).units
        if units > len(Fleet(problem, k)):
            found[kind] = units
    return found


def _joined(parts: list[tuple[str, str]], left: tuple[int, ...], needed: dict[str, int]) -> Binding:
    return Binding(en="; ".join(en for en, _ in parts), zh="；".join(zh for _, zh in parts), points=left, needed=needed)


def _named(problem: SpacingProblem, points: list[int]) -> str:
    names = ", ".join(problem.point_keys[p] for p in points[:5])
    return names + (f" … ({len(points)})" if len(points) > 5 else "")
