"""Forecasts of the coming week on held-out weeks of real calls, beside the plain baseline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.harness import Options, Row, duration, timed
from geo.cells.square import square_cells
from geo.crs import pick_metric_crs, to_metric
from geo.hotspots.forecast import Choice, choose_forecast
from geo.hotspots.recency import CallHistory

_FILE = Path("incidents") / "houston_crime_2010.parquet"
_KINDS = ("burglary", "robbery", "auto theft")


def rows(options: Options) -> list[Row]:
    """Return the table for Houston; ``sample`` sets the held-out weeks."""
    folder = options.folder()
    if folder is None or not (folder / _FILE).exists():
        return [Row(what="forecast of real calls", ours=None, peer=f"the data folder has no {_FILE}")]
    weeks = options.sample or 12
    table = pd.read_parquet(folder / _FILE)
    found: list[Row] = []
    for kind in _KINDS:
        history, end = houston(table, kind)
        seconds, made = timed(lambda history=history, end=end: choose_forecast(history, end, weeks=weeks))  # type: ignore[misc]
        found += _table(kind, history, made, seconds)
    return found


def houston(table: pd.DataFrame, kind: str) -> tuple[CallHistory, float]:
    """Return the calls of one kind within 40 km of their middle in cells of 500 m, and the end of the last whole day."""
    mine = table[(table["offense"] == kind) & table["lon"].notna() & table["lat"].notna()]
    lonlat = mine[["lon", "lat"]].to_numpy(np.float64)
    middle = np.median(lonlat, axis=0)
    near = np.abs(lonlat - middle).max(axis=1) < 0.4
    xy = to_metric(lonlat[near], pick_metric_crs([*middle, *middle]))
    when = pd.to_datetime(mine["occurred_local"]).to_numpy()[near]
    day = (when - when.min()) / np.timedelta64(1, "D")
    cells = square_cells((*xy.min(axis=0).tolist(), *xy.max(axis=0).tolist()), size_m=500)
    cell = cells.locate(xy)
    history = CallHistory(cell=cell, day=day, xy=xy, centres=cells.centres(), area_m2=np.full(len(cells), 500.0**2))
    return history, float(np.floor(day.max()))


def _table(kind: str, history: CallHistory, made: Choice, seconds: float) -> list[Row]:
    base = next(j for j in made.table if j.method == "last_weeks")
    found = []
    for judged in made.table:
        figures = ", ".join(f"{m} {judged.mean(m):.3f}" for m in ("log_likelihood", "pai", "pei", "rri"))
        gain = (
            ""
            if judged is base
            else f"; {judged.better:+.3f} ({judged.better_low:+.3f} to {judged.better_high:+.3f}) a call"
        )
        found.append(
            Row(
                what=f"Houston, {kind}, {len(history.cell):,} calls, {made.weeks} weeks held out ({made.n} calls): {judged.title('en')}",
                ours=figures, peer="baseline" if judged is not base else "",
                peer_figure=None if judged is base else f"pai {base.mean('pai'):.3f}{gain}",
                goal="the winner is no worse than the baseline" if judged is made.table[0] else "",
                met=judged.mean("log_likelihood") >= base.mean("log_likelihood") if judged is made.table[0] else None,
            )
        )  # fmt: skip
    found.append(Row(what=f"Houston, {kind}: all methods, {made.weeks} weeks", ours=duration(seconds)))
    return found
