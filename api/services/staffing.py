"""Staff of the grids: posts by template, vacancies and ratios on every level; counts, no persons."""

from __future__ import annotations

from typing import Final

import numpy as np

from api.schemas.grid_reports import Staffing, StaffRow
from api.services.communities import known_communities
from api.services.workspace import Workspace
from geo.errors import ParameterError
from geo.grids.staffing import TEMPLATES, staff_grids
from geo.grids.tree_sources import administrative_tree
from geo.store.port import Principal
from geo.tables.grid_posts import GridPosts

COMMUNITY_DIGITS: Final = 12
LEVELS: Final = ("county", "town", "community", "grid")


def _names(workspace: Workspace, principal: Principal) -> dict[str, str]:
    """Return the names of communities and of the towns above them, by code."""
    table = known_communities(workspace, principal)
    if table is None:
        return {}
    frame = table.frame
    rows = zip(frame["code"], frame["name"], frame["town_name"], strict=True)
    named: dict[str, str] = {}
    for code, name, town in rows:
        if isinstance(name, str):
            named[code] = name
        if isinstance(town, str) and len(code) == COMMUNITY_DIGITS:
            named[code[:9]] = town
    return named


def _of_template(posts: GridPosts, template: str) -> GridPosts:
    """Leave out posts of roles that only another template knows; a role that none knows stays, and is refused."""
    own = {rule.role for rule in TEMPLATES[template].rules}
    others = {rule.role for held in TEMPLATES.values() for rule in held.rules} - own
    return GridPosts(posts.frame[~posts.frame["role"].isin(sorted(others))].reset_index(drop=True))


def staffing(workspace: Workspace, principal: Principal, *, template: str, level: str) -> Staffing:
    """Count posts, people in posts and vacancies of all units of a level."""
    if template not in TEMPLATES:
        raise ParameterError(
            f"There is no template {template!r}; there are {', '.join(TEMPLATES)}",
            f"没有名为 {template!r} 的配员模板，可用：{'、'.join(TEMPLATES)}",
        )
    if level not in LEVELS:
        raise ParameterError(
            f"There is no level {level!r}; there are {', '.join(LEVELS)}",
            f"没有 {level!r} 这一层级，可用：{'、'.join(LEVELS)}",
        )
    grids = workspace.grids(principal)
    tree = administrative_tree([], names=_names(workspace, principal), grids=grids)
    made = staff_grids(
        tree, _of_template(workspace.store.table(principal, GridPosts), template), template=TEMPLATES[template]
    )
    frame = made.by_role(level)
    rows = [
        StaffRow(
            code=str(row["code"]), name=str(row["name"]), role=str(row["role"]), role_zh=str(row["role_zh"]),
            required=int(row["required"]), filled=int(row["filled"]), vacant=int(row["vacant"]),
            surplus=int(row["surplus"]), share=float(row["share"]) if np.isfinite(row["share"]) else None,
        )
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return Staffing(
        template=template, level=level,
        required=sum(row.required for row in rows), filled=sum(row.filled for row in rows),
        vacant=sum(row.vacant for row in rows), surplus=sum(row.surplus for row in rows),
        outside=sum(count.outside for count in made.roles), rows=rows,
    )  # fmt: skip
