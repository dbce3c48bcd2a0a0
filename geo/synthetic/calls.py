"""The table of calls: events with their intake, grade, clock, address and grid."""

from __future__ import annotations

from datetime import datetime

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.crs import to_metric
from geo.streets.graph import StreetGraph
from geo.synthetic.clock import STAGES, run_clock
from geo.synthetic.events import Events
from geo.synthetic.faces import which
from geo.synthetic.families import FAMILIES, INTAKES
from geo.synthetic.grids import Ground
from geo.synthetic.lattice import steps
from geo.synthetic.police import PoliceTree
from geo.synthetic.when import TIME_ZONE
from geo.tables.calls import Calls

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


def record_calls(
    events: Events,
    *,
    graph: StreetGraph,
    ground: Ground,
    police: PoliceTree,
    posts: Float,
    stations: Float,
    crs: str,
    as_of: datetime,
    rng: np.random.Generator,
) -> Calls:
    """Write the events down as a table of calls, in the order of their reports.

    ``posts`` and ``stations`` are float64[p, 2] and float64[s, 2] lon, lat. A call without a place stands at the station
    that took it, with ``placed`` False and no grid: maps must leave it out.
    """
    n = len(events)
    grid = which(ground.shapes, steps(events.lonlat))
    lonlat = events.lonlat.copy()
    lonlat[~events.placed] = np.round(stations[police.station_of_grid[grid[~events.placed]]], 6)
    gap, _ = cKDTree(to_metric(posts, crs)).query(to_metric(lonlat, crs))
    citizen = rng.random(n) < _by_family("citizen", events)
    # Nobody telephones twice about what a unit found by itself, and false calls come from outside.
    citizen |= events.repeat | events.false
    clock = run_clock(events, np.asarray(gap), citizen=citizen, as_of=as_of, rng=rng)
    filed = events.valid & (rng.random(n) < _by_family("filed", events))
    names = np.array([f.name for f in FAMILIES], dtype=object)
    codes = np.array(ground.code, dtype=object)
    columns = {
        "occurred_at": _utc(clock.occurred_at),
        "occurred_to": _utc(clock.occurred_to),
        "family": names[events.family],
        "intake": _intakes(events, citizen, rng),
        "priority": _priorities(events, rng),
        "valid": events.valid,
        "filed_case": filed,
        "citizen": citizen,
        "placed": events.placed,
        **{stage: _utc(clock.stage[stage]) for stage in STAGES},
        "grid_code": _only(events.placed, codes[grid]),
        "address": _addresses(events, graph, ground, grid),
        "synthetic": True,
    }
    frame = gpd.GeoDataFrame(columns, geometry=shapely.points(lonlat), crs=4326)
    order = np.argsort(clock.stage["reported_at"], kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)
    frame.insert(0, "call_id", _ids(frame["reported_at"]))
    return Calls.of(frame)


def _by_family(field: str, events: Events) -> Float:
    return np.array([float(getattr(f, field)) for f in FAMILIES])[events.family]


def _only(kept: npt.NDArray[np.bool_], values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the values with None where they are not ``kept``."""
    out = values.copy()
    out[~kept] = None
    return out


def _utc(times: npt.NDArray[np.datetime64]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(times, tz="UTC")


def _drawn(weights: Float, rng: np.random.Generator) -> Int:
    """Draw one column of each row of weights, int64[n]."""
    summed = np.cumsum(weights, axis=1)
    return np.asarray((summed <= (rng.random(len(weights)) * summed[:, -1])[:, None]).sum(axis=1), dtype=np.int64)


def _priorities(events: Events, rng: np.random.Generator) -> Int:
    return 1 + _drawn(np.array([f.priority for f in FAMILIES], dtype=float)[events.family], rng)


def _intakes(events: Events, citizen: npt.NDArray[np.bool_], rng: np.random.Generator) -> npt.NDArray[np.object_]:
    chosen = _drawn(np.array([f.intake for f in FAMILIES], dtype=float)[events.family], rng)
    # A repeat comes by the telephone, whatever way the first report took.
    chosen[events.repeat] = 0
    return _only(citizen, np.array(INTAKES, dtype=object)[chosen])


def _addresses(events: Events, graph: StreetGraph, ground: Ground, grid: Int) -> npt.NDArray[np.object_]:
    """Write the community and the street as it is called in the source; none for calls without a place."""
    streets = np.array(graph.names, dtype=object)[graph.name_ids[events.arc]]
    towns = np.array(ground.communities.name, dtype=object)[ground.community[grid]]
    text = [f"{town} {street}" if street else f"{town}（无名路）" for town, street in zip(towns, streets, strict=True)]
    return _only(events.placed, np.array(text, dtype=object))


def _ids(reported: pd.Series[pd.Timestamp]) -> list[str]:
    """Number the calls of each local day: JQ251122-00001."""
    local = reported.dt.tz_convert(TIME_ZONE).dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    days, first, row = np.unique(local, return_index=True, return_inverse=True)
    text = [str(d).replace("-", "")[2:] for d in days]
    turn = np.arange(len(local)) - first[row] + 1
    return [f"JQ{text[r]}-{k:05d}" for r, k in zip(row.tolist(), turn.tolist(), strict=True)]
