"""What every answer carries and every request must satisfy, whatever the route."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from api.errors import language_of, problem_response
from api.settings import Settings
from geo.errors import ForbiddenError
from web.assets import csp

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def _host(request: Request) -> str:
    host = request.headers.get("host", "")
    return host.rsplit(":", 1)[0] if not host.endswith("]") else host


def install(app: FastAPI, settings: Settings) -> None:
    """Check host and origin, set the security headers and a fresh nonce for each page.

    A name that is not ours is refused (DNS rebinding); a write whose Origin is another site is refused
    (request forgery): there are no cookies to steal, but a page elsewhere must not move a boundary here.
    """
    allowed = {*settings.allowed_hosts, settings.host}

    @app.middleware("http")
    async def _guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.nonce = secrets.token_urlsafe(16)
        refused = _refusal(request, allowed)
        response = problem_response(refused, language_of(request)) if refused else await call_next(request)
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Content-Security-Policy", csp(request.state.nonce))
        return response


def _refusal(request: Request, allowed: set[str]) -> ForbiddenError | None:
    if _host(request) not in allowed:
        return ForbiddenError(
            "This server does not answer under that name; add it to XUNGE_ALLOWED_HOSTS",
            "服务器未配置该主机名，请在 XUNGE_ALLOWED_HOSTS 中添加",
        )
    origin = request.headers.get("origin")
    if request.method not in SAFE_METHODS and origin and urlsplit(origin).netloc != request.headers.get("host"):
        return ForbiddenError("A change must come from this server's own pages", "更改必须来自本系统页面")
    return None
