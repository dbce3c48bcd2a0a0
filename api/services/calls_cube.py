"""The cube of calls beside the store: opened where it is of the calls as they are, built again where not.

A few calls that are written go into the cube as they are, without building it again.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import Final

import geopandas as gpd
import numpy as np

from api.services.features import parse_instant
from api.services.workspace import Workspace
from geo.errors import FileError, UnavailableError
from geo.hotspots.cube.build import build_cube, open_cube
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.files import read_manifest
from geo.hotspots.cube.from_calls import calls_ready
from geo.hotspots.cube.live import LiveCube
from geo.hotspots.cube.ready import CallChunk, Ready
from geo.store.port import DEMO, Principal
from geo.tables.calls import Calls
from geo.tiles.heat import HeatMap

FOLDER: Final = "cube"
_STORE_ID: Final = "store_id"
FOLLOWED: Final = 20_000
"""More calls than these at once are worth a new cube."""
log = logging.getLogger("xunge")


@dataclass(slots=True)
class _Followed:
    """The cube that takes calls in as they are written, and of what it is."""

    live: LiveCube | None = None
    source: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Let go of the folder."""
        if self.live is not None:
            self.live.close()
        self.live, self.source = None, ""


def calls_cube(workspace: Workspace, principal: Principal) -> Cube:
    """Return the cube of all calls that the principal may see, with the general grids as areas."""
    return heat_map(workspace, principal).cube


def heat_map(workspace: Workspace, principal: Principal) -> HeatMap:
    """Return what draws the calls, built once for each version of the calls and grids."""
    version = (*_versions(workspace), principal.scopes)
    return workspace.derived.get("cube", version, lambda: HeatMap.of(_cube(workspace, principal)))


def follow_calls(workspace: Workspace, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, seen: int) -> None:
    """Take calls (rows of their table) out of the cube and into it, where the cube is of version ``seen`` of the calls.

    Where it is not, or cannot be written, nothing is done: it is built again when it is asked for.
    """
    if len(new) > FOLLOWED or workspace.store.version("calls") != seen + 1:
        return
    held = _followed(workspace)
    folder = workspace.settings.home / FOLDER
    before, after = _source(workspace, seen), _source(workspace, seen + 1)
    with held.lock:
        try:
            manifest = read_manifest(folder)
            if manifest["source"] != before:
                return
            if held.live is None or held.source != before:
                held.close()
                held.live, held.source = LiveCube(folder, threads=workspace.settings.threads), before
            gone, made = (_ready_of(workspace, DEMO, Calls(frame)) for frame in (old, new))
            held.live.name(
                families=(*gone.family_names, *made.family_names), areas=(*gone.area_codes, *made.area_codes)
            )
            names = held.live.cube()
            held.live.take_back(_renumbered(gone, names))
            held.live.add(_renumbered(made, names))
            first, last = manifest["period"]
            starts, ends = made.period
            period = (min(first, starts), max(last, ends)) if first < last else (starts, ends)
            held.live.mark(source=after, period=period)
            held.source = after
        except (FileError, UnavailableError, OSError) as problem:
            held.close()
            log.warning("%s", problem)


def _followed(workspace: Workspace) -> _Followed:
    return workspace.derived.get("followed_calls", 0, _Followed)


def _renumbered(made: Ready, cube: Cube) -> CallChunk:
    """Return calls with the cube's numbers of families and areas."""
    families = np.array([cube.family_names.index(name) for name in made.family_names], dtype=np.int64)
    areas = np.array([*(cube.area_codes.index(code) for code in made.area_codes), -1], dtype=np.int64)
    return replace(made.calls, families=families[made.calls.families], areas=areas[made.calls.areas])


def _versions(workspace: Workspace) -> tuple[int, int, str]:
    return (
        workspace.store.version("calls"), workspace.store.version("grids"), str(workspace.facts().get("as_of") or ""),
    )  # fmt: skip


def _source(workspace: Workspace, calls_version: int) -> str:
    return json.dumps([_store_id(workspace), calls_version, *_versions(workspace)[1:], str(workspace.zone)])


def _cube(workspace: Workspace, principal: Principal) -> Cube:
    threads = workspace.settings.threads
    if principal.scopes:
        return Cube.from_ready(_ready(workspace, principal), threads=threads)
    folder = workspace.settings.home / FOLDER
    source = _source(workspace, workspace.store.version("calls"))
    held = _followed(workspace)
    with held.lock:
        if held.live is not None and held.source == source:
            return held.live.cube()
        held.close()
        try:
            if read_manifest(folder)["source"] == source:
                return open_cube(folder, threads=threads)
        except FileError as problem:
            if folder.exists():
                log.warning("%s", problem)
        made = _ready(workspace, principal)
        try:
            return build_cube(
                folder, [made.calls], families=made.family_names, areas=made.area_codes, period=made.period,
                source=source, threads=threads,
            )  # fmt: skip
        except UnavailableError as problem:
            # The map is drawn from memory where the folder cannot be written.
            log.warning("%s", problem)
            return Cube.from_ready(made, threads=threads)


def _store_id(workspace: Workspace) -> str:
    """Return a name that no other store has: versions alone start again with every new database."""
    held = workspace.store.document(DEMO, _STORE_ID)
    if held is None:
        workspace.store.put_document(DEMO, _STORE_ID, {"id": uuid.uuid4().hex})
        held = workspace.store.document(DEMO, _STORE_ID) or {}
    return str(held.get("id"))


def _ready(workspace: Workspace, principal: Principal) -> Ready:
    return _ready_of(workspace, principal, workspace.calls(principal))


def _ready_of(workspace: Workspace, principal: Principal, calls: Calls) -> Ready:
    placed = calls.frame["placed"].to_numpy(dtype=bool)
    points = calls.frame.geometry.array[placed]
    areas = np.full(len(placed), None, dtype=object)
    if placed.any():
        areas[placed] = workspace.grid_index(principal).at(np.column_stack([points.x, points.y]))
    return calls_ready(calls, zone=str(workspace.zone), areas=areas, period=_period(workspace, calls))


def _period(workspace: Workspace, calls: Calls) -> tuple[np.datetime64, np.datetime64] | None:
    """Return what the data cover: whole days from the first call, up to the moment that the data are of."""
    times = calls.frame["occurred_at"].dt.tz_convert(workspace.zone).dt.tz_localize(None)
    if not len(times):
        return None
    whole = times.to_numpy(dtype="datetime64[m]")
    as_of = workspace.facts().get("as_of")
    last = whole.max() + np.timedelta64(1, "m")
    if isinstance(as_of, str):
        local = parse_instant(as_of).astimezone(workspace.zone).replace(tzinfo=None)
        last = max(last, np.datetime64(local, "m"))
    return whole.min().astype("datetime64[D]").astype("datetime64[m]"), last
