"""Staffing of grids (网格配员): posts by template, vacancies and ratios on every level; counts, not persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import FieldError, ParameterError
from geo.grids.rollup import roll_up
from geo.grids.tree import Tree
from geo.tables.grid_posts import GridPosts
from geo.tables.persons import without_persons

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRule:
    """How many of a role each unit of a level needs.

    Attributes
    ----------
    role : key, in both tables
    count : posts a unit; None for as many as there are (the N of "1+3+N"), which are counted but never vacant
    per : key of the level in the tree (``grid``, ``community``, ``town``)
    """

    role: str
    zh: str
    en: str
    count: int | None
    per: str = "grid"

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 0:
            raise ParameterError(
                f"Role {self.role} cannot have {self.count} posts", f"岗位“{self.zh}”人数不能为 {self.count}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTemplate:
    """A way of staffing grids: one rule a role."""

    name: str
    zh: str
    rules: tuple[PostRule, ...]

    def __post_init__(self) -> None:
        roles = [rule.role for rule in self.rules]
        if len(set(roles)) != len(roles):
            raise ParameterError(
                f"Template {self.name} names a role twice: {', '.join(roles)}",
                f"模板“{self.zh}”中岗位重复：{'、'.join(roles)}",
            )


ONE_WORKER: Final = StaffTemplate(
    name="one-worker",
    zh="一格一员",
    rules=(PostRule(role="worker", zh="网格员", en="grid worker", count=1),),
)
"""Exactly one worker a grid."""

ONE_THREE_N: Final = StaffTemplate(
    name="1+3+N",
    zh="1+3+N",
    rules=(
        PostRule(role="chief", zh="网格长", en="grid chief", count=1),
        PostRule(role="core", zh="网格骨干", en="core staff", count=3),
        PostRule(role="volunteer", zh="网格力量", en="further helpers", count=None),
    ),
)
"""One chief, three core staff, as many helpers as there are; who the three are, each place says itself."""

TEMPLATES: Final[Mapping[str, StaffTemplate]] = MappingProxyType({t.name: t for t in (ONE_WORKER, ONE_THREE_N)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoleCount:
    """One role on every unit of a tree, with all units below it.

    Attributes
    ----------
    required : int64[n], posts by template; 0 throughout for an open role
    filled : int64[n], people in posts
    vacant : int64[n], posts without anyone: summed unit by unit, so that a surplus elsewhere hides none
    surplus : int64[n], people beyond the posts, likewise; 0 for an open role
    outside : people of units that are not in the tree
    """

    rule: PostRule
    required: Int64s
    filled: Int64s
    vacant: Int64s
    surplus: Int64s
    outside: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Staffing:
    """Posts of a tree of units: the counts of a unit are its own plus those of the units right below it.

    Attributes
    ----------
    roles : one for each role of the templates
    served : what the posts serve (households, grids…), int64[n] or float64[n] by name, summed over the tree
    holders : display names by unit and role; empty unless they were asked for
    """

    tree: Tree
    roles: tuple[RoleCount, ...]
    served: Mapping[str, npt.NDArray[np.generic]]
    holders: Mapping[tuple[str, str], tuple[str, ...]]

    def by_role(self, level: str) -> pd.DataFrame:
        """Return a row per unit of a level and role: code, name, role, zh, required, filled, vacant, surplus, share.

        ``share`` is the part of the posts that is filled; empty where none is required.
        """
        rows = self.tree.at(level)
        frames = []
        for count in self.roles:
            required, vacant = count.required[rows], count.vacant[rows]
            frame = pd.DataFrame(
                {
                    "code": self.tree.codes[rows].astype(object),
                    "name": [self.tree.names[row] for row in rows.tolist()],
                    "role": count.rule.role,
                    "role_zh": count.rule.zh,
                    "required": required,
                    "filled": count.filled[rows],
                    "vacant": vacant,
                    "surplus": count.surplus[rows],
                    "share": _ratio(required - vacant, required),
                }
            )
            if self.holders:
                role = count.rule.role
                frame["holders"] = ["、".join(self.holders.get((str(code), role), ())) for code in frame["code"]]
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def by_unit(self, level: str) -> pd.DataFrame:
        """Return a row per unit of a level: code, name, posts over all roles, and what each filled post serves."""
        rows = self.tree.at(level)
        closed = [count for count in self.roles if count.rule.count is not None]
        open_ = [count for count in self.roles if count.rule.count is None]
        required, filled, vacant, surplus = (
            _total([getattr(count, name)[rows] for count in closed], len(rows))
            for name in ("required", "filled", "vacant", "surplus")
        )
        columns: dict[str, object] = {
            "code": self.tree.codes[rows].astype(object),
            "name": [self.tree.names[row] for row in rows.tolist()],
            "required": required,
            "filled": filled,
            "vacant": vacant,
            "surplus": surplus,
            "open_filled": _total([count.filled[rows] for count in open_], len(rows)),
            "share": _ratio(required - vacant, required),
        }
        for name, values in self.served.items():
            here = values[rows]
            columns[name] = here
            columns[f"{name}_per_filled"] = _ratio(here, filled)
        return pd.DataFrame(columns)


def staff_grids(
    tree: Tree,
    posts: GridPosts,
    *,
    template: StaffTemplate = ONE_WORKER,
    templates: Mapping[str, StaffTemplate] | None = None,
    served: Mapping[str, Mapping[str, float]] | None = None,
    show_holders: bool = False,
) -> Staffing:
    """Count posts, vacancies and ratios over a tree.

    Parameters
    ----------
    templates
        Other templates by unit code, for that unit and all below it.
    served
        What posts serve, by name and unit code, such as households by grid; units are counted besides.
    show_holders
        Whether the display names of holders go into the result. Off, they are read by nothing.

    Raises
    ------
    FieldError
        If a filled post has a role that no template knows, or a display name is a number of a person.
    ParameterError
        If templates mean different things by one role, or name a level or unit that the tree does not have.
    """
    used = [template, *(templates or {}).values()]
    rules = _rules(used)
    for rule in rules.values():
        tree.depth(rule.per)
    of_row = _template_of(tree, templates or {})
    frame = posts.frame
    role_of = [str(role) for role in frame["role"]]
    unknown = sorted(set(role_of) - rules.keys())
    if unknown:
        raise FieldError(
            f"No template has the roles {', '.join(unknown[:5])}; it has {', '.join(rules)}",
            f"模板中没有岗位 {'、'.join(unknown[:5])}，可用的有 {'、'.join(rules)}",
            rows=unknown,
        )
    unit = tree.rows_of([str(code) for code in frame["unit_code"]]) if len(frame) else np.zeros(0, dtype=np.int32)
    people = frame["filled"].to_numpy(dtype=np.int64)
    counts = [
        _count(tree, rule, [held.rules for held in used], of_row, unit, people, np.array([r == role for r in role_of]))
        for role, rule in rules.items()
    ]
    return Staffing(
        tree=tree,
        roles=tuple(counts),
        served=MappingProxyType(_served(tree, served or {})),
        holders=MappingProxyType(_holders(frame) if show_holders else {}),
    )


def _rules(templates: Sequence[StaffTemplate]) -> dict[str, PostRule]:
    rules: dict[str, PostRule] = {}
    for template in templates:
        for rule in template.rules:
            known = rules.setdefault(rule.role, rule)
            if (known.per, known.count is None) != (rule.per, rule.count is None):
                raise ParameterError(
                    f"The templates mean different things by {rule.role}; give it two names",
                    f"各模板对岗位“{rule.role}”的定义不一致，请分别命名",
                )
    return rules


def _template_of(tree: Tree, others: Mapping[str, StaffTemplate]) -> Int64s:
    """Return the index of the template of each row: its own, else that of the unit above."""
    found = np.full(len(tree), -1, dtype=np.int64)
    for index, code in enumerate(others, start=1):
        found[tree.row(code)] = index
    for row in range(len(tree)):  # rows stand level by level, so the unit above is already known
        if found[row] < 0:
            above = int(tree.parent[row])
            found[row] = 0 if above < 0 else found[above]
    return found


def _count(
    tree: Tree,
    rule: PostRule,
    rules_of: Sequence[tuple[PostRule, ...]],
    of_row: Int64s,
    unit: npt.NDArray[np.int32],
    people: Int64s,
    mine: npt.NDArray[np.bool_],
) -> RoleCount:
    n = len(tree)
    posts = np.array([sum(r.count or 0 for r in rules if r.role == rule.role) for rules in rules_of], dtype=np.int64)
    own_required = np.where(tree.level == tree.depth(rule.per), posts[of_row], 0)
    own_filled = np.zeros(n, dtype=np.int64)
    held = mine & (unit >= 0) if len(mine) else np.zeros(0, dtype=bool)
    np.add.at(own_filled, unit[held], people[held])
    open_ = rule.count is None
    vacant = np.maximum(own_required - own_filled, 0)
    surplus = np.zeros(n, dtype=np.int64) if open_ else np.maximum(own_filled - own_required, 0)
    rows = np.arange(n)
    summed = [
        np.asarray(roll_up(tree, rows, own).values, dtype=np.int64)
        for own in (own_required, own_filled, vacant, surplus)
    ]
    return RoleCount(
        rule=rule,
        required=summed[0],
        filled=summed[1],
        vacant=summed[2],
        surplus=summed[3],
        outside=int(people[mine & (unit < 0)].sum()) if len(mine) else 0,
    )


def _served(tree: Tree, served: Mapping[str, Mapping[str, float]]) -> dict[str, npt.NDArray[np.generic]]:
    made: dict[str, npt.NDArray[np.generic]] = {"units": np.asarray(roll_up(tree, tree.leaves).values)}
    for name, values in served.items():
        codes = list(values)
        rows = tree.rows_of(codes) if codes else np.zeros(0, dtype=np.int32)
        held = np.array([values[code] for code in codes])
        if len(held) and (held == np.round(held)).all():
            held = held.astype(np.int64)
        made[name] = np.asarray(roll_up(tree, rows, held).values)
    return made


def _holders(frame: pd.DataFrame) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return display names by unit and role; a name is a name, not an identity or telephone number."""
    shown = pd.DataFrame({"shown": frame["holder"].astype(object)})
    kept, _ = without_persons(shown)
    if "shown" not in kept or not kept["shown"].equals(shown["shown"]):
        raise FieldError(
            "A display name holds an identity or telephone number; only a name may be shown",
            "显示名称中含有身份证号或电话号码，只允许显示称呼",
        )
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for code, role, name in zip(frame["unit_code"], frame["role"], frame["holder"], strict=True):
        if isinstance(name, str) and name:
            found[str(code), str(role)] = (*found.get((str(code), str(role)), ()), name)
    return found


def _ratio(part: npt.NDArray[np.generic], whole: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    one, other = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    share: npt.NDArray[np.float64] = np.full(len(one), np.nan)
    return np.divide(one, other, out=share, where=other > 0)


def _total(columns: Sequence[Int64s], size: int) -> Int64s:
    return np.sum(columns, axis=0, dtype=np.int64) if len(columns) else np.zeros(size, dtype=np.int64)
