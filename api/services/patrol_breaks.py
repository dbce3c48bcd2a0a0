"""Breaks of crews: those that a level of duty or a question asks for, as the problem takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from api.schemas.patrol import PatrolQuestion
from api.schemas.patrol_asked import BreakRule
from api.services.patrol_problem import KIND_ORDER, UnitRows
from api.services.patrol_settings import KEYS
from api.services.patrol_terms import Terms
from geo.errors import NotFoundError
from planners.patrol.spacing.asked import Break
from planners.patrol.spacing.point_demands import Refused

HOUR: Final = 3600


def rules_of(question: PatrolQuestion, terms: Terms) -> Sequence[BreakRule]:
    """Return the breaks of a question, those of its level where it states none."""
    return terms.settings.levels[KEYS[question.level]].breaks if question.breaks is None else question.breaks


def breaks_of(
    rules: Sequence[BreakRule], units: UnitRows, *, kinds: Sequence[str], shift_seconds: int, at_posts: bool
) -> tuple[tuple[Break, ...], list[Refused]]:
    """Return the breaks that fit the shift, and those that do not; ``at_posts`` sends all to a post.

    Raises
    ------
    NotFoundError
        Naming a unit that is not on the shift.
    """
    found: list[Break] = []
    refused: list[Refused] = []
    posts = tuple(range(len(units.post_keys)))
    for number, rule in enumerate(rules, start=1):
        alike = sum(other.name == rule.name for other in rules) > 1
        key = f"{rule.name} {number}" if alike else rule.name
        who = _who(rule, units, kinds)
        length = round(60 * rule.minutes)
        earliest = round(HOUR * rule.after_hours)
        latest = min(round(HOUR * rule.before_hours), shift_seconds - length)
        if latest < earliest:
            refused.append(
                Refused(
                    point_id=key, code="break_outside",
                    en=f"The break {key} ({rule.minutes:g} min from hour {rule.after_hours:g}) does not fit the shift of "
                    f"{shift_seconds / HOUR:g} hours and is left away",
                    zh=f"休息“{key}”（第 {rule.after_hours:g} 小时起 {rule.minutes:g} 分）超出 {shift_seconds / HOUR:g} 小时的班次，未安排",
                )
            )  # fmt: skip
        elif who:
            held = posts if rule.at == "post" or at_posts else ()
            found.append(Break(key=key, who=who, earliest=earliest, latest=latest, seconds=length, posts=held))
    return tuple(found), refused


def _who(rule: BreakRule, units: UnitRows, kinds: Sequence[str]) -> tuple[str, ...]:
    if rule.who is None:
        return tuple(kinds)
    unknown = [name for name in rule.who if name not in units.names and name not in KIND_ORDER]
    if unknown:
        raise NotFoundError(
            f"The break {rule.name} is for {', '.join(unknown[:5])}, which is neither a unit of this shift nor a kind of unit",
            f"休息“{rule.name}”所指的 {'、'.join(unknown[:5])} 既不是本班次的巡组，也不是巡组类型",
            rows=unknown,
        )
    return tuple(name for name in rule.who if name in units.names or name in kinds)
