"""Files of the pages: addresses carry a hash, so browsers may keep them for ever."""

from __future__ import annotations

from fastapi import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Static(StaticFiles):
    """Static files with the cache header that their address allows."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; one asked for by its hash may be kept for a year."""
        response = await super().get_response(path, scope)
        hashed = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response
