"""Why a plan does not make all required visits, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planners.patrol.bound import units_by_kind
from planners.patrol.plan import PatrolPlan, Reason
from planners.patrol.problem import PatrolProblem

_WHY: dict[Reason, tuple[str, str]] = {
    "no_unit": ("no unit of a kind that may go there is on shift", "本班次没有可前往的巡组类型"),
    "no_way": ("no street leads there and back", "没有可往返的道路"),
    "window": ("no unit can be there before its latest time", "没有巡组能在最晚时刻前到达"),
    "shift": ("going there, staying and coming back takes longer than the shift", "往返加驻守超出班次时长"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The constraint that keeps required visits from being made, in two languages, and the visits concerned."""

    en: str
    zh: str
    visits: tuple[int, ...]


def binding_constraint(problem: PatrolProblem, plan: PatrolPlan) -> Binding | None:
    """Name what binds where a plan leaves required visits out; None where it makes them all.

    A shortage of units is said only where the lower bound proves it.
    """
    left = tuple(sorted({item.visit for item in plan.impossible} | set(plan.missed)))
    if not left:
        return None
    parts: list[tuple[str, str]] = []
    for reason, (en, zh) in _WHY.items():
        visits = [item.visit for item in plan.impossible if item.reason == reason]
        if visits:
            names = _named(problem, visits)
            parts.append(
                (
                    f"{len(visits)} visits ({names}) cannot be made: {en}",
                    f"{len(visits)} 次任务（{names}）无法完成：{zh}",
                )
            )
    if plan.missed:
        parts.append(_shortage(problem, plan))
    return Binding(en="; ".join(en for en, _ in parts), zh="；".join(zh for _, zh in parts), visits=left)


def _shortage(problem: PatrolProblem, plan: PatrolPlan) -> tuple[str, str]:
    names = _named(problem, list(plan.missed))
    missed_en, missed_zh = f"{len(plan.missed)} visits ({names})", f"{len(plan.missed)} 次任务（{names}）"
    needed = problem.required.copy()
    needed[[item.visit for item in plan.impossible]] = False
    by_kind, all_kinds = units_by_kind(problem, needed)
    have = {k: sum(v.available for v in problem.vehicles if v.kind == k) for k in problem.kinds}
    for kinds, wanted in sorted(by_kind.items(), key=lambda item: (len(item[0]), item[0])):
        there = sum(have[kind] for kind in kinds)
        if wanted > there:
            short = ", ".join(kinds)
            en = f"at least {wanted} units ({short}) are needed, {there} are on shift"
            zh = f"至少需要 {wanted} 个巡组（{short}），在班 {there} 个"
            return (
                f"{missed_en} are missed: {en}; add {wanted - there} or ask for fewer or shorter visits",
                f"{missed_zh}未安排：{zh}，请增加 {wanted - there} 个，或减少任务、缩短驻守",
            )
    if all_kinds > problem.units:
        return (
            f"{missed_en} are missed: at least {all_kinds} units are needed, {problem.units} are on shift",
            f"{missed_zh}未安排：至少需要 {all_kinds} 个巡组，在班 {problem.units} 个",
        )
    narrow = bool(
        (np.diff(problem.window[list(plan.missed)], axis=1) < min(v.shift_seconds for v in problem.vehicles) // 2).any()
    )
    what_en, what_zh = ("windows and shift", "时间窗与班次") if narrow else ("the shift", "班次时长")
    return (
        f"{missed_en} found no room within {what_en}, not proved: search longer, add units or widen the windows",
        f"{missed_zh}在{what_zh}内未能排入，尚未证明不可行：可延长求解、增加巡组或放宽时间窗",
    )


def _named(problem: PatrolProblem, visits: list[int]) -> str:
    names = ", ".join(problem.visit_key(v) for v in visits[:5])
    return names + (f" … ({len(visits)})" if len(visits) > 5 else "")
