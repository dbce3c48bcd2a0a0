"""The areas of villages and communities, where they were imported."""

from __future__ import annotations

from api.services.workspace import Workspace
from geo.store.port import Principal
from geo.tables.communities import Communities


def known_communities(workspace: Workspace, principal: Principal) -> Communities | None:
    """Return the areas of communities; None where none were imported, so that crossings are not looked for.

    They are never made of the grids themselves: a grid that left its community would take the border along.
    """
    version = (workspace.store.version(Communities.SPEC.name), principal.scopes)
    table = workspace.derived.get("table:communities", version, lambda: workspace.store.table(principal, Communities))
    return table if len(table) else None
