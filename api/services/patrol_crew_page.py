"""Read-only pages for the phones of crews: off unless the settings allow them; they send nothing, and know no person."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final, cast

from api.services.open_plan import require_planner
from api.services.patrol_routes import Body
from api.services.patrol_settings import settings
from api.services.patrol_sheet import chosen_routes, sheet_document
from api.services.patrol_versions import body_at, patrol_record
from api.services.workspace import Workspace
from geo.errors import ForbiddenError, NotFoundError
from geo.store.port import DEMO, Json, Principal
from web.paper.document import Lang
from web.paper.html import to_html

DOCUMENT: Final = "crew_links"
KEPT: Final = 2_000
"""How many links are kept, the newest."""


def crew_links(workspace: Workspace, principal: Principal, plan_id: str) -> Body:
    """Return an address for each crew of a plan; one that was made stays."""
    require_planner(principal)
    _require_on(workspace, principal)
    body = patrol_record(workspace, principal, plan_id).body
    with workspace.planning:
        held = dict(workspace.store.document(principal, DOCUMENT) or {})
        known = {(str(link["plan_id"]), str(link["unit_id"])): token for token, link in _links(held).items()}
        links: list[Json] = []
        for route in chosen_routes(body, None):
            unit = str(route["unit_id"])
            token = known.get((plan_id, unit)) or secrets.token_urlsafe(18)
            held[token] = {"plan_id": plan_id, "unit_id": unit}
            links.append({"unit_id": unit, "url": f"/crew/{token}"})
        workspace.store.put_document(principal, DOCUMENT, dict(list(held.items())[-KEPT:]))
        workspace.store.add_audit(principal, action="crew links", subject=plan_id, detail=f"{len(links)} crews")
    return {"links": links}


def crew_page(workspace: Workspace, token: str, *, lang: Lang, nonce: str) -> str:
    """Return the sheet of a crew as it was last issued, or as it is planned where nothing was issued yet."""
    _require_on(workspace, DEMO)
    link = _links(workspace.store.document(DEMO, DOCUMENT) or {}).get(token)
    if link is None:
        raise NotFoundError("There is no such crew page; ask for a new link", "没有该任务页面，请重新获取链接")
    plan_id = str(link["plan_id"])
    body = body_at(workspace, DEMO, plan_id)
    issued = cast("Mapping[str, Json] | None", body.get("issue"))
    if issued is not None:
        body = body_at(workspace, DEMO, plan_id, int(cast("int", issued["version"])))
    return to_html(
        sheet_document(workspace, body, plan_id=plan_id, unit_ids=[str(link["unit_id"])], lang=lang), nonce=nonce
    )


def _links(held: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    return {token: cast("Mapping[str, Json]", link) for token, link in held.items()}


def _require_on(workspace: Workspace, principal: Principal) -> None:
    if not settings(workspace, principal).settings.crew_page:
        raise ForbiddenError(
            "Pages for crews are off; an administrator may allow them in the patrol settings (crew_page)",
            "巡组手机页面未启用，可由管理员在巡逻设置（crew_page）中开启",
        )
