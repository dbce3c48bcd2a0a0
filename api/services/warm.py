"""Compute what the first page needs before the first request is answered."""

from __future__ import annotations

import gc
import logging
import time

from api.services import heat
from api.services.filters import CallFilter
from api.services.grids import edition
from api.services.page import context
from api.services.place import PROFILE
from api.services.search import street_names
from api.services.situation import situation
from api.services.tiles import layers
from api.services.workspace import Workspace
from geo.store.port import DEMO

log = logging.getLogger("xunge")


def warm(workspace: Workspace) -> None:
    """Build the indexes of calls, grids and streets; parallel requests would otherwise all wait for them."""
    began = time.perf_counter()
    context(workspace, DEMO, language=workspace.settings.language)
    situation(workspace, DEMO)
    workspace.grid_index(DEMO)
    workspace.police_index(DEMO)
    layers(workspace, DEMO, "grids")
    if workspace.store.count(DEMO, "calls"):
        heat.summary(workspace, DEMO, CallFilter(citizen="only"), zoom=13, theme="light")
    if workspace.settings.streets.exists():
        layers(workspace, DEMO, "streets")
        street_names(workspace)
        workspace.snapper(PROFILE)
        workspace.travel(PROFILE)
    edition(workspace, DEMO)
    # All that is held now stays: later collections of garbage need not look through it, which takes 0.1 s and more.
    gc.collect()
    gc.freeze()
    log.info("ready after %.1f s", time.perf_counter() - began)
