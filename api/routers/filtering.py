"""The filter of calls as addresses spell it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from api.deps import As, InWorkspace
from api.services.family_filter import with_families
from api.services.filters import Basis, CallFilter, Citizen, parse_filter


def _asked(
    workspace: InWorkspace,
    principal: As,
    families: Annotated[str | None, Query(description="classes or families of classes, with commas")] = None,
    start: Annotated[str | None, Query(alias="from", description="ISO 8601")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601, not included")] = None,
    hours: Annotated[str | None, Query(description="0-5,20 by the local clock")] = None,
    weekdays: Annotated[str | None, Query(description="1-7, 1 is Monday")] = None,
    basis: Basis = "valid",
    citizen: Citizen = "any",
    within: Annotated[str | None, Query(description="outline: lon,lat;lon,lat;… in WGS84; several parted by |")] = None,
    areas: Annotated[str | None, Query(description="codes of general grids, with commas")] = None,
) -> CallFilter:
    wanted = parse_filter(
        families=families, start=start, end=end, hours=hours, weekdays=weekdays, basis=basis, citizen=citizen,
        within=within, areas=areas,
    )  # fmt: skip
    return with_families(workspace, principal, wanted)


AskedCalls = Annotated[CallFilter, Depends(_asked)]
