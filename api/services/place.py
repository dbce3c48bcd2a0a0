"""What is at a place, who gets there first, and the way between two places."""

from __future__ import annotations

import numpy as np
import orjson
import shapely

from api.schemas.place import GridHere, Located, PoliceGridHere, Route, SnappedHere, Soonest, StationHere
from api.services.positions import manned_posts, positions
from api.services.shifts import span_at
from api.services.workspace import Workspace
from geo.errors import CoordinateError, ParameterError
from geo.store.port import Principal
from geo.streets.isochrone import isochrones
from geo.streets.speeds import PROFILES
from geo.tables.shifts import Shifts

SOONEST = 5
PROFILE = "response_car"


def check_profile(profile: str) -> str:
    """Return ``profile`` if it is known, else raise ``ParameterError``."""
    if profile not in PROFILES:
        raise ParameterError(
            f"Unknown profile {profile!r}; there are {', '.join(PROFILES)}",
            f"未知出行方式 {profile!r}，可用：{', '.join(PROFILES)}",
        )
    return profile


def check_lonlat(lon: float, lat: float) -> np.ndarray:
    """Return float64[1, 2], or raise ``CoordinateError`` for what is not a longitude and a latitude."""
    if not (np.isfinite(lon) and np.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise CoordinateError(
            f"({lon}, {lat}) is not a longitude and a latitude in degrees", f"({lon}, {lat}) 不是有效的经纬度"
        )
    return np.array([[lon, lat]])


def locate(workspace: Workspace, principal: Principal, lon: float, lat: float) -> Located:
    """Name the grid, police grid and station of a place, and list the five soonest posts or units by street time."""
    at = check_lonlat(lon, lat)
    grid, police, station = _areas(workspace, principal, at)
    soonest, snapped = _soonest(workspace, principal, at)
    return Located(
        lon=lon, lat=lat, grid=grid, police_grid=police, station=station, soonest=soonest, profile=PROFILE,
        snapped=snapped,
    )  # fmt: skip


def _areas(
    workspace: Workspace, principal: Principal, at: np.ndarray
) -> tuple[GridHere | None, PoliceGridHere | None, StationHere | None]:
    grid = police = station = None
    code = workspace.grid_index(principal).at(at)[0]
    if code is not None:
        row = workspace.grids(principal).frame.set_index("code").loc[code]
        grid = GridHere(code=code, name=row["name"], parent_name=row["parent_name"])
    code = workspace.police_index(principal).at(at)[0]
    if code is not None:
        row = workspace.police_grids(principal).frame.set_index("code").loc[code]
        police = PoliceGridHere(code=code, name=row["name"], area_name=row["area_name"])
        station = StationHere(code=row["station_code"], name=row["station_name"])
    return grid, police, station


def _soonest(workspace: Workspace, principal: Principal, at: np.ndarray) -> tuple[list[Soonest], SnappedHere | None]:
    place = workspace.snap(PROFILE, at)
    if not place.ok[0]:
        return [], None
    snapped = SnappedHere(lon=float(at[0, 0]), lat=float(at[0, 1]), offset_m=float(place.offset_m[0]))
    candidates = _responders(workspace, principal)
    if not candidates:
        return [], snapped
    lonlat = np.array([(c[4], c[5]) for c in candidates])
    origins = workspace.snap(PROFILE, lonlat)
    travel = workspace.travel(PROFILE)
    seconds = travel.matrix(origins, place)[:, 0]
    found = []
    for i in np.argsort(seconds, kind="stable")[:SOONEST]:
        if not np.isfinite(seconds[i]):
            break
        kind, key, name, state, _, _ = candidates[int(i)]
        metres = travel.path(origins, int(i), place, 0).metres
        found.append(
            Soonest(kind=kind, id=key, name=name, seconds=float(seconds[i]), metres=float(metres), state=state)
        )
    return found, snapped


def _responders(workspace: Workspace, principal: Principal) -> list[tuple[str, str, str, str, float, float]]:
    now = workspace.clock.now()
    shift = span_at(workspace.store.table(principal, Shifts), now, workspace.zone)
    found = []
    posts = workspace.posts(principal).frame
    posts = posts[posts["state"] == "fixed"]
    # Nobody comes from a post where nobody stands; where no unit is known, every post counts.
    manned = manned_posts(workspace, principal, shift)
    if manned:
        posts = posts[posts["post_id"].isin(manned)]
    for row, point in zip(posts.itertuples(index=False), posts.geometry, strict=True):
        state = "manned" if row.post_id in manned else "unmanned"
        found.append(("post", row.post_id, row.name, state, point.x, point.y))
    found += [
        ("unit", unit.unit_id, unit.name, unit.state, unit.lon, unit.lat)
        for unit in positions(workspace, principal, now)  # where the map shows them
        if unit.state != "on_call" and unit.kind != "foot" and unit.seen_at is not None
    ]
    return found


def route(workspace: Workspace, origin: np.ndarray, destination: np.ndarray, profile: str) -> Route:
    """Return the quickest way along the streets between two places."""
    check_profile(profile)
    places = workspace.snap(profile, np.vstack([origin, destination]))
    path = workspace.travel(profile).path(places, 0, places, 1)
    return Route(
        seconds=float(path.seconds[-1]), metres=float(path.metres), profile=profile,
        coordinates=[(float(x), float(y)) for x, y in path.lonlat],
        cumulative_seconds=[float(s) for s in path.seconds], names=list(path.names),
    )  # fmt: skip


def rings(workspace: Workspace, at: np.ndarray, minutes: list[float], profile: str) -> bytes:
    """Return true isochrones around a place as GeoJSON, the largest first so that smaller ones draw on top."""
    check_profile(profile)
    if not minutes or min(minutes) <= 0 or max(minutes) > 60 or len(minutes) > 8:
        raise ParameterError(
            "minutes must be 1 to 8 numbers above 0 and up to 60", "minutes 应为 1 至 8 个大于 0、不超过 60 的数"
        )
    place = workspace.snap(profile, at)
    if not place.ok[0]:
        raise ParameterError("There is no street within reach of this place", "该位置附近没有可通行的道路")
    travel = workspace.travel(profile)
    shapes = isochrones(
        workspace.graph(), travel.node_seconds(place)[0], sorted(minutes, reverse=True),
        milliseconds=travel.milliseconds, origins=place,
    )  # fmt: skip
    features = [
        {
            "type": "Feature",
            "properties": {"minutes": float(row.minutes), "profile": profile},
            "geometry": orjson.Fragment(shapely.to_geojson(shapely.set_precision(row.geometry, 1e-6))),
        }
        for row in shapes.itertuples(index=False)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})
