"""Server-sent events: one way, over plain HTTP, with a heartbeat so that dead connections are noticed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from fastapi.responses import StreamingResponse


def event(name: str, body: object) -> bytes:
    """Return one event on the wire."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Answer with a stream of events that no proxy may hold back."""
    return StreamingResponse(
        events,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
