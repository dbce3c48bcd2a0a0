"""The demo's week of positions: units of every shift round their points, those on duty now along the open plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.services.features import parse_instant
from api.services.open_plan import open_plan_record
from api.services.patrol_ground import PROFILE_OF
from api.services.shifts import span_at
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_metric
from geo.errors import InfeasibleError
from geo.presence.positions import Floats
from geo.store.port import DEMO
from geo.synthetic.tracks import Round, Turn, Way, draw_tracks, rounds_of, share_out
from geo.tables.shifts import Shifts

DAYS: Final = 7


def keep_tracks(workspace: Workspace, *, seed: int) -> int:
    """Draw the positions of the last week and keep them; return how many."""
    points = workspace.points(DEMO).frame
    points = points[points["mode"] != "video"].reset_index(drop=True)
    units = workspace.units(DEMO).frame
    lonlat = shapely.get_coordinates(np.asarray(points.geometry.array))
    crs = pick_metric_crs((*lonlat.min(axis=0), *lonlat.max(axis=0)))
    posts = workspace.posts(DEMO).frame.set_index("post_id").geometry
    rounds: dict[str, Round] = {}
    for (_, kind), crew in units.groupby(["shift_id", "kind"], sort=True):
        mine = points[points["mode"] == kind].reset_index(drop=True)
        rounds |= _rounds(workspace, str(kind), crew, posts, mine, crs)
    now = workspace.clock.now()
    made = draw_tracks(rounds, _turns(workspace, units), _planned(workspace), until=now.timestamp(), seed=seed)
    return workspace.history.append(made)


def _rounds(
    workspace: Workspace, kind: str, crew: gpd.GeoDataFrame, posts: gpd.GeoSeries, points: gpd.GeoDataFrame, crs: str
) -> dict[str, Round]:
    if points.empty:
        return {}
    profile = PROFILE_OF[kind]
    spots = shapely.get_coordinates(np.asarray(points.geometry.array))
    home = shapely.get_coordinates(np.asarray(posts.loc[crew["post_id"]].array))
    places = workspace.snap(profile, spots)
    travel = workspace.travel(profile)

    def way(start: int, end: int) -> Way | None:
        try:
            path = travel.path(places, start, places, end)
        except InfeasibleError:
            return None
        return np.asarray(path.lonlat, np.float64), np.asarray(path.seconds, np.float64)

    dwell = points["dwell_seconds"].to_numpy(np.float64)
    shared = share_out(to_metric(home, crs), to_metric(spots, crs))
    return _found(crew["unit_id"], shared, dwell, way)


def _found(
    names: pd.Series, shared: Sequence[Sequence[int]], dwell: Floats, way: Callable[[int, int], Way | None]
) -> dict[str, Round]:
    made = (rounds_of(str(name), stops, dwell, way) for name, stops in zip(names, shared, strict=True))
    return {found.unit_id: found for found in made if found is not None}


def _turns(workspace: Workspace, units: gpd.GeoDataFrame) -> list[Turn]:
    now = workspace.clock.now().astimezone(workspace.zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    shifts = workspace.store.table(DEMO, Shifts).frame.set_index("shift_id")
    out = []
    for back in range(DAYS, -1, -1):
        for name, shift in zip(units["unit_id"], units["shift_id"], strict=True):
            begin = midnight - timedelta(days=back) + timedelta(minutes=int(shifts.loc[shift, "start_minute"]))
            until = begin + timedelta(minutes=int(shifts.loc[shift, "length_minutes"]))
            if begin < now:
                out.append(Turn(unit_id=str(name), begin=begin.timestamp(), until=until.timestamp()))
    return out


def _planned(workspace: Workspace) -> dict[str, Floats]:
    """Return the lines of the open plan, degrees and seconds since 1970."""
    shift = span_at(workspace.store.table(DEMO, Shifts), workspace.clock.now(), workspace.zone)
    record = open_plan_record(workspace, DEMO, shift)
    if record is None:
        return {}
    start = parse_instant(str(cast("Mapping[str, object]", record.body["shift"])["start"])).timestamp()
    routes = cast("Sequence[Mapping[str, object]]", record.body.get("routes") or ())
    lines = {
        str(route["unit_id"]): np.array(route["line"], np.float64)
        for route in routes
        if len(cast("list[object]", route["line"])) > 1
    }
    return {unit: line + np.array([0.0, 0.0, start]) for unit, line in lines.items()}
