"""What routes depend on: the workspace, the principal, the language."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from api.errors import language_of
from api.jobs.runner import JobRunner
from api.services.workspace import Workspace
from geo.store.port import DEMO, Principal


def _workspace(request: Request) -> Workspace:
    return cast("Workspace", request.app.state.workspace)


def _principal() -> Principal:
    return DEMO


def _jobs(request: Request) -> JobRunner:
    return cast("JobRunner", request.app.state.jobs)


def _counting(request: Request) -> CapacityLimiter:
    return cast("CapacityLimiter", request.app.state.counting)


def _language(request: Request) -> Literal["zh", "en"]:
    return "en" if language_of(request) == "en" else "zh"


InWorkspace = Annotated[Workspace, Depends(_workspace)]
As = Annotated[Principal, Depends(_principal)]
InJobs = Annotated[JobRunner, Depends(_jobs)]
InTurn = Annotated[CapacityLimiter, Depends(_counting)]
Language = Annotated[Literal["zh", "en"], Depends(_language)]
