"""The pages, in the order of their tabs."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.deps import As, InWorkspace
from api.services.page import context
from web.pages import PAGES, render

router = APIRouter(include_in_schema=False)


def _add(page: str, path: str) -> None:
    @router.get(path, response_class=HTMLResponse, name=page)
    def show(
        request: Request,
        workspace: InWorkspace,
        principal: As,
        lang: Literal["zh", "en"] | None = None,
        theme: Literal["light", "dark"] = "light",
        wall: bool = False,
    ) -> HTMLResponse:
        language = lang or workspace.settings.language
        seen = context(workspace, principal, language=language)
        html = render(page, seen, lang=language, theme=theme, nonce=request.state.nonce, wall=wall)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})


for _page, _path in PAGES.items():
    _add(_page, _path)
