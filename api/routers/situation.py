"""The current shift, the one clock, and the stream of positions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api.deps import As, InWorkspace
from api.events import event, stream
from api.schemas.problems import answers
from api.schemas.situation import Now, Situation
from api.services.positions import positions
from api.services.situation import situation as situation_now

router = APIRouter(prefix="/api", tags=["situation"])

EVERY_SECONDS = 2.0


@router.get("/situation", responses=answers())
def situation(workspace: InWorkspace, principal: As) -> Situation:
    """Return the last 24 hours of calls, the units on duty, posts and the open plan."""
    return situation_now(workspace, principal)


@router.get("/now", responses=answers())
def now(workspace: InWorkspace) -> Now:
    """Return the one clock that all panels obey."""
    return Now(now=workspace.clock.now(), source=workspace.clock.source, tz=workspace.settings.time_zone)


@router.get("/events", response_class=StreamingResponse, responses=answers())
async def events(request: Request, workspace: InWorkspace, principal: As) -> StreamingResponse:
    """Stream ``clock`` and ``units`` events every two seconds."""

    async def feed() -> AsyncIterator[bytes]:
        while not await request.is_disconnected():
            moment = workspace.clock.now()
            yield event("clock", {"now": moment.isoformat()})
            units = await asyncio.to_thread(positions, workspace, principal, moment)
            yield event("units", [unit.model_dump(mode="json") for unit in units])
            await asyncio.sleep(EVERY_SECONDS)

    return stream(feed())
