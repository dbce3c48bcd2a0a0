"""A draft beside its base: a map of what moves, a table per touched grid, totals that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import pick_metric_crs
from geo.grids.changes import chosen, difference
from geo.grids.crosswalk import GENERAL, Crosswalk, Placed, layer
from geo.grids.lineage import Lineage, LineageStep, build_lineage
from geo.grids.locate import AreaIndex
from geo.grids.overlap import overlay, remainder
from geo.grids.restate import Method, restate_figures
from geo.tables.grids import Grids
from geo.tables.spec import LONLAT

Plain = None | bool | int | float | str | Sequence["Plain"] | Mapping[str, "Plain"]

CALLS: Final = "calls"
"""The name under which ``placed`` holds calls."""

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "area_m2": ("area, m²", "面积（平方米）"),
    "households": ("households", "户数"),
    "population": ("population", "人口"),
    "calls": ("calls", "警情"),
    "points": ("points", "点位"),
    "workload": ("workload", "工作量"),
    "compactness": ("compactness (Polsby-Popper)", "紧凑度"),
}
"""What is compared, in English and Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """What a draft would change, against its base.

    Attributes
    ----------
    pieces : land that changes hands, in lon/lat: from_code, to_code (either may be empty), area_m2, a column of each
        kind of placed things, geometry
    grids : a row per touched grid: code, name, kind, fate, and for each measure before, after and the difference
    totals : a row per measure: before, after, in, out and what is left over (0 but for rounding)
    methods : how each measure came onto the new boundaries
    lineage : what became of the touched grids
    balance : coefficient of variation of the workload of all general grids, before and after; None without workload
    """

    pieces: gpd.GeoDataFrame
    grids: pd.DataFrame
    totals: pd.DataFrame
    methods: Mapping[str, Method | Literal["geometry"]]
    lineage: Lineage
    balance: tuple[float, float] | None

    def plain(self) -> dict[str, Plain]:
        """Return everything but the map as plain values, for printing and JSON."""
        return {
            "grids": _rows(self.grids),
            "totals": _rows(self.totals),
            "pieces": _rows(pd.DataFrame(self.pieces.drop(columns="geometry"))),
            "events": _rows(self.lineage.frame()[["fate", "fate_zh", "before", "after", "zh", "en"]]),
            "methods": dict(self.methods),
            "labels": {name: list(LABELS.get(name, (name, name))) for name in self.methods},
            "balance": None if self.balance is None else list(self.balance),
        }


def compare_draft(
    base: Grids,
    draft: Grids,
    *,
    placed: Mapping[str, Placed] | None = None,
    workload: Mapping[str, float] | None = None,
    steps: Sequence[LineageStep] | None = None,
) -> Comparison:
    """Compare a draft, as a whole table of grids, with its base.

    Parameters
    ----------
    placed
        Things with a place (``"calls"``, ``"points"``, ``"households"``): counted exactly before and after.
    workload
        Workload of the base's grids by code. On new boundaries it is shared out by calls where calls are placed, else
        by area. Households and population of the base that are not placed are shared out by area.
    steps
        The operations of the draft, for the lineage.
    """
    placed = dict(placed or {})
    named = {code for step in steps or () for code in (*step.before, *step.after)}
    touched = {*difference(base, draft).touched, *(named & {*base.keys, *draft.keys})}
    # Only what is touched is cut and counted; the rest is equal on both sides.
    before, after = chosen(base, sorted(touched)), chosen(draft, sorted(touched))
    own = {code for code, kind in zip(base.keys, base.frame["kind"], strict=True) if kind == GENERAL}
    lineage = build_lineage(before, after, placed=placed, steps=steps)
    pieces = _pieces(before, after, placed)
    table, methods, beyond = _measures(before, after, lineage.crosswalk, placed, workload)
    fates = {code: event for event in lineage.events for code in event.before}
    fates.update({code: event for event in lineage.events if event.fate != "gone" for code in event.after})
    names = {**_names(before), **_names(after)}
    head = pd.DataFrame({"code": sorted(touched)})
    head["name"] = [names[code][0] for code in head["code"]]
    head["kind"] = [names[code][1] for code in head["code"]]
    head["fate"] = [fates[code].fate for code in head["code"]]
    grids = head.merge(table, on="code", how="left")
    balance = None
    if workload is not None:
        untouched = [float(workload.get(code, 0.0)) for code in sorted(own - touched)]
        balance = (
            _variation([*untouched, *grids["workload_before"].dropna()]),
            _variation([*untouched, *grids["workload_after"].dropna()]),
        )
    return Comparison(
        pieces=pieces,
        grids=grids,
        totals=_totals(grids, pieces, methods, beyond),
        methods=methods,
        lineage=lineage,
        balance=balance,
    )


def _names(table: Grids) -> dict[str, tuple[str | None, str]]:
    names = [name if isinstance(name, str) else None for name in table.frame["name"]]
    return dict(zip(table.keys, zip(names, table.frame["kind"], strict=True), strict=True))


def _pieces(before: Grids, after: Grids, placed: Mapping[str, Placed]) -> gpd.GeoDataFrame:
    """Return the land of general grids that has another code after, or had none, or has none."""
    one, old = layer(before, GENERAL)
    other, new = layer(after, GENERAL)
    cut = overlay(one, other)
    left, left_m2 = remainder(one, other)
    taken, taken_m2 = remainder(other, one)
    lost, gained = np.flatnonzero(left_m2), np.flatnonzero(taken_m2)
    from_: list[str | None] = [*(old[i] for i in cut.one), *(old[i] for i in lost), *(None for _ in gained)]
    to: list[str | None] = [*(new[i] for i in cut.other), *(None for _ in lost), *(new[i] for i in gained)]
    frame = gpd.GeoDataFrame(
        {
            "from_code": pd.Series(from_, dtype=object),
            "to_code": pd.Series(to, dtype=object),
            "area_m2": np.concatenate([cut.area_m2, left_m2[lost], taken_m2[gained]]),
        },
        geometry=np.concatenate([cut.shapes, left[lost], taken[gained]]),
        crs=LONLAT,
    )
    moved = np.array([a != b for a, b in zip(from_, to, strict=True)], dtype=bool)
    frame = frame[moved].reset_index(drop=True)
    was, is_ = AreaIndex.of(before, kind=GENERAL), AreaIndex.of(after, kind=GENERAL)
    for name, things in placed.items():
        pairs = pd.DataFrame(
            {"from_code": was.at(things.lonlat), "to_code": is_.at(things.lonlat), name: things.weights}, dtype=object
        )
        counted = pairs.groupby(["from_code", "to_code"], dropna=False)[name].sum().to_dict()
        frame[name] = [
            int(counted.get((_key(a), _key(b)), 0)) for a, b in zip(frame["from_code"], frame["to_code"], strict=True)
        ]
    return frame


def _key(code: object) -> object:
    return code if isinstance(code, str) else np.nan


def _measures(
    before: Grids,
    after: Grids,
    walk: Crosswalk,
    placed: Mapping[str, Placed],
    workload: Mapping[str, float] | None,
) -> tuple[pd.DataFrame, dict[str, Method | Literal["geometry"]], dict[str, float]]:
    """Return the measures by grid, how they came about, and what of each shared-out one lies outside the new grids."""
    beyond: dict[str, float] = {}
    methods: dict[str, Method | Literal["geometry"]] = {"area_m2": "geometry"}
    was: dict[str, dict[str, float]] = {"area_m2": dict(zip(walk.source, walk.source_m2.tolist(), strict=True))}
    is_: dict[str, dict[str, float]] = {"area_m2": dict(zip(walk.target, walk.target_m2.tolist(), strict=True))}
    for name in ("households", "population"):
        given = _given(before, name)
        if name not in placed and given:
            whole = all(value == round(value) for value in given.values())
            rounded = {code: round(value, 3) for code, value in given.items()}
            shared = restate_figures(rounded, walk, edition="", decimals=0 if whole else 3)
            was[name], is_[name] = rounded, dict(zip(shared.codes, shared.values.tolist(), strict=True))
            methods[name], beyond[name] = "area", shared.outside / 10**shared.decimals
    for name, things in placed.items():
        was[name], is_[name] = _counted(before, things), _counted(after, things)
        methods[name] = "points"
    if workload is not None:
        held = {code: round(float(workload.get(code, 0.0)), 6) for code in walk.source}
        basis = CALLS if CALLS in walk.counts else "area"
        shared = restate_figures(held, walk, edition="", basis=basis, decimals=6)
        was["workload"], is_["workload"] = held, dict(zip(shared.codes, shared.values.tolist(), strict=True))
        methods["workload"] = "share" if basis == CALLS else "area"
        beyond["workload"] = shared.outside / 10**shared.decimals
    was["compactness"], is_["compactness"] = _compactness(before), _compactness(after)
    methods["compactness"] = "geometry"
    codes = sorted({*walk.source, *walk.target})
    columns: dict[str, object] = {"code": codes}
    for name in methods:
        first = np.array([was[name].get(code, np.nan) for code in codes])
        second = np.array([is_[name].get(code, np.nan) for code in codes])
        columns[f"{name}_before"], columns[f"{name}_after"] = first, second
        if name != "compactness":
            columns[f"{name}_change"] = np.nan_to_num(second) - np.nan_to_num(first)
        else:
            columns[f"{name}_change"] = second - first
    return pd.DataFrame(columns), methods, beyond


def _given(table: Grids, name: str) -> dict[str, float]:
    frame = table.frame[table.frame["kind"] == GENERAL]
    values = pd.to_numeric(frame[name], errors="coerce")
    return {str(c): float(v) for c, v in zip(frame["code"], values, strict=True) if np.isfinite(v)}


def _counted(table: Grids, things: Placed) -> dict[str, float]:
    index = AreaIndex.of(table, kind=GENERAL)
    rows = index.rows(things.lonlat)
    total = np.bincount(rows[rows >= 0], weights=things.weights[rows >= 0], minlength=len(index.codes))
    return dict(zip(index.codes.tolist(), total.tolist(), strict=True))


def _compactness(table: Grids) -> dict[str, float]:
    shapes, codes = layer(table, GENERAL)
    return dict(zip(codes, polsby_popper(shapes).tolist(), strict=True))


def polsby_popper(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Return 4 pi area / perimeter² of polygons in degrees, float64[n]: 1 for a circle (Polsby and Popper 1991)."""
    if not len(shapes):
        return np.zeros(0)
    metric = gpd.GeoSeries(shapes, crs=LONLAT).to_crs(pick_metric_crs(shapely.total_bounds(shapes)))
    perimeter = np.maximum(metric.length.to_numpy(dtype=np.float64), 1e-9)
    return np.asarray(4 * np.pi * metric.area.to_numpy(dtype=np.float64) / perimeter**2)


def _totals(
    grids: pd.DataFrame, pieces: gpd.GeoDataFrame, methods: Mapping[str, str], beyond: Mapping[str, float]
) -> pd.DataFrame:
    """Return before + in - out = after for each measure that adds up: in and out is what no grid had or has."""
    rows = []
    for name, method in methods.items():
        if name == "compactness":
            continue
        was, is_ = float(grids[f"{name}_before"].sum()), float(grids[f"{name}_after"].sum())
        if name in beyond:
            new, gone = 0.0, beyond[name]
        else:
            new = float(pieces.loc[pieces["from_code"].isna(), name].sum())
            gone = float(pieces.loc[pieces["to_code"].isna(), name].sum())
        rows.append(
            {
                "measure": name,
                "method": method,
                "before": was,
                "after": is_,
                "in": new,
                "out": gone,
                "left_over": is_ - was - new + gone,
            }
        )
    return pd.DataFrame(rows, columns=["measure", "method", "before", "after", "in", "out", "left_over"])


def _variation(values: Sequence[float]) -> float:
    held = np.asarray(values, dtype=np.float64)
    mean = float(held.mean()) if len(held) else 0.0
    return float(held.std() / mean) if mean > 0 else 0.0


def _rows(frame: pd.DataFrame) -> list[Plain]:
    """Return rows as plain values: no NaN, no NumPy scalars."""
    columns = {
        str(name): [
            None if gone else value for value, gone in zip(frame[name].tolist(), frame[name].isna(), strict=True)
        ]
        for name in frame.columns
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
