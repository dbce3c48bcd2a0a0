"""A figure for each grid: calls, rates, population; with n, interval and the classes of the legend."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import shapely

from api.schemas.heat import Break, GridValue, GridValues
from api.services.calls_cube import calls_cube
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.workspace import Workspace
from geo.hotspots import choropleth as maps
from geo.store.port import Principal
from geo.tiles.palette import Theme, ramp_hex

Measure = Literal["calls", "calls_per_km2_week", "calls_per_1000", "population"]
_MEASURES: Final[Mapping[str, tuple[maps.Measure, str, str]]] = {
    "calls": ("count", "警情数", "calls"),
    "calls_per_km2_week": ("per_km2_week", "警情密度", "density of calls"),
    "calls_per_1000": ("per_1000_week", "千人警情", "calls per 1,000 people"),
}


def grid_values(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, measure: Measure, theme: Theme = "light"
) -> GridValues:
    """Return the figure of each general grid."""
    grids = workspace.grids(principal)
    frame = grids.frame[grids.frame["kind"] == "general"]
    edition = f"grids-{workspace.store.version('grids')}"
    codes = [str(code) for code in frame["code"]]
    if measure == "population":
        return _population(codes, frame["population"].to_numpy(dtype=np.float64), edition, theme)
    held = calls_cube(workspace, principal)
    which = wanted.cube(workspace.zone)
    figures = held.by_area(which)
    counted = dict(zip(figures.labels, figures.n.tolist(), strict=True))
    counts = np.array([counted.get(code, 0) for code in codes], dtype=np.int64)
    kind, label, label_en = _MEASURES[measure]
    version = workspace.store.version("grids")
    km2 = workspace.derived.get(
        "km2", (version, principal.scopes), lambda: shapely.area(np.asarray(grids.metric().geometry.array)) / 1e6
    )
    shown = maps.choropleth(
        codes, counts, weeks=held.weeks(which), measure=kind,
        km2=km2[(grids.frame["kind"] == "general").to_numpy()],
        population=frame["population"].to_numpy(dtype=np.float64),
    )  # fmt: skip
    first, last = held.span(which)
    colors = shown.colors(theme)
    values = {
        code: GridValue(
            n=int(n), value=_known(value), low=_known(low), high=_known(high), step=None if step < 0 else int(step)
        )
        for code, n, value, low, high, step in zip(
            shown.codes, shown.n, shown.value, shown.low, shown.high, shown.classes, strict=True
        )
    }
    return GridValues(
        measure=measure, label=label, label_en=label_en, unit=shown.unit_zh, unit_en=shown.unit_en, n=shown.total,
        start=moment(workspace, first), end=moment(workspace, last), edition=edition,
        breaks=_breaks(shown.breaks, shown.labels, colors), values=values,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _breaks(edges: npt.NDArray[np.float64], labels: tuple[str, ...], colors: list[str]) -> list[Break]:
    return [
        Break(start=float(edges[i]), end=float(edges[i + 1]), label=labels[i], color=colors[i])
        for i in range(len(labels))
    ]


def _population(codes: list[str], people: npt.NDArray[np.float64], edition: str, theme: Theme) -> GridValues:
    known = people[np.isfinite(people)]
    edges = np.unique(np.round(np.quantile(known, np.linspace(0, 1, 7)), -1)) if len(known) else np.array([0.0, 1.0])
    if len(edges) > 1:
        edges[-1] = max(edges[-1], known.max())
    else:
        edges = np.array([edges[0], edges[0] + 1])
    labels = tuple(f"{a:,.0f}–{b:,.0f}" for a, b in pairwise(edges))
    steps = np.clip(np.searchsorted(edges, people, side="right") - 1, 0, len(labels) - 1)
    values = {
        code: GridValue(
            n=None, value=_known(value), low=None, high=None, step=int(step) if np.isfinite(value) else None
        )
        for code, value, step in zip(codes, people, steps, strict=True)
    }
    return GridValues(
        measure="population", label="人口", label_en="population", unit="人", unit_en="people", n=int(known.sum()),
        start=None, end=None, edition=edition, breaks=_breaks(edges, labels, ramp_hex(theme, len(labels))),
        values=values,
    )  # fmt: skip
