"""Where calls of a report gather: grids with most calls, hot places, and places to watch for near repeats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from api.services.filters import CallFilter
from api.services.hot_places import hot_places
from api.services.report_periods import Span
from api.services.watch import watched
from api.services.workspace import Workspace
from geo.crs import pick_metric_crs, to_metric
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.figures import Chosen
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.why_here import near_repeats_at, why_here
from geo.store.port import Principal

TOP: Final = 10
CELL_M: Final = 250.0
"""Side of the squares in which hot places are looked for."""
NEAR_M: Final = 200.0
NEAR_DAYS: Final = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place on the list: a grid, or cells that stand out, with the sentence why."""

    rank: int
    code: str
    name: str
    n: int
    low: float
    high: float
    lon: float
    lat: float
    why_zh: str
    why_en: str
    outline: BaseGeometry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A place to watch: the class that repeats there, why, and until when."""

    family: str
    name: str
    n: int
    radius_m: float
    until: datetime
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The watch list as of ``now``, the classes that were tested over the calls since ``start``, and those that repeat."""

    now: datetime
    start: datetime
    runs: int
    places: tuple[Watched, ...]
    tested: tuple[str, ...]
    repeating: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What all lists of one report share: the calls on the map one by one, near repeats among them, names of grids."""

    cube: Cube
    which: CubeFilter
    span: Span
    chosen: Chosen
    near: npt.NDArray[np.bool_]
    names: dict[str, str]
    shapes: dict[str, BaseGeometry]

    @classmethod
    def of(cls, workspace: Workspace, principal: Principal, cube: Cube, which: CubeFilter, span: Span) -> Ground:
        """Read the calls of a span."""
        asked = replace(which, start=span.start, end=span.end)
        chosen = cube.calls(asked)
        frame = workspace.grids(principal).frame
        frame = frame[frame["kind"] == "general"]
        codes = [str(code) for code in frame["code"]]
        return cls(
            cube=cube, which=asked, span=span, chosen=chosen, near=_near(chosen),
            names=dict(zip(codes, [str(name) for name in frame["name"]], strict=True)),
            shapes=dict(zip(codes, frame.geometry.array, strict=True)),
        )  # fmt: skip

    def sentence(self, which: CubeFilter, rows: npt.NDArray[np.bool_], usual: float | None) -> tuple[str, str]:
        """Return why a place is on the list, in both languages."""
        profile = self.cube.profile(which)
        by_family = {n: int(k) for n, k in zip(profile.names, profile.families, strict=True) if k}
        told = why_here(
            profile.by_hour_of_week().counts, period_zh="本期", period_en="in the period", classes=by_family, usual=usual,
            near_repeats=int(self.near[rows].sum()),
        )  # fmt: skip
        return told.sentence("zh"), told.sentence("en")


def _near(chosen: Chosen) -> npt.NDArray[np.bool_]:
    """Return which calls follow one of their own class within 200 m and 7 days."""
    found = np.zeros(len(chosen), dtype=bool)
    if not len(chosen):
        return found
    xy = _metres(chosen.lonlat)
    days = chosen.minutes / 1440.0
    for family in np.unique(chosen.families):
        mine = np.flatnonzero(chosen.families == family)
        found[mine] = near_repeats_at(xy[mine], days[mine], reach_m=NEAR_M, within_days=NEAR_DAYS)
    return found


def _metres(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return to_metric(lonlat, pick_metric_crs([*lonlat.min(axis=0), *lonlat.max(axis=0)]))


def top_grids(ground: Ground) -> tuple[Place, ...]:
    """Return the grids with most calls, each with why; ties go by code."""
    figures = ground.cube.by_area(ground.which)
    order = np.lexsort((np.array(figures.labels, dtype=object).astype(str), -figures.n))[:TOP]
    usual = float(figures.n.sum()) / max(len(ground.names), 1)
    found = []
    for rank, row in enumerate((int(i) for i in order if figures.n[i] > 0), start=1):
        code = figures.labels[row]
        rows = ground.chosen.areas == ground.chosen.area_codes.index(code)
        zh, en = ground.sentence(replace(ground.which, areas=frozenset([code])), rows, usual)
        middle = shapely.point_on_surface(ground.shapes[code])
        found.append(
            Place(
                rank=rank, code=code, name=ground.names.get(code, code), n=int(figures.n[row]), low=float(figures.low[row]),
                high=float(figures.high[row]), lon=middle.x, lat=middle.y, why_zh=zh, why_en=en,
            )
        )  # fmt: skip
    return tuple(found)


def hot(workspace: Workspace, principal: Principal, ground: Ground, wanted: CallFilter) -> tuple[Place, ...]:
    """Return the hot places of the period as the page 警情热力 lists them."""
    found = hot_places(workspace, principal, wanted, method="gi_star", cells="square", size_m=CELL_M, limit=TOP)
    return tuple(
        Place(
            rank=place.rank, code=place.grid_code or "", name=_named(place.name, place.grid_code, ground.names), n=place.n,
            low=place.interval[0], high=place.interval[1], lon=place.lon, lat=place.lat, why_zh=place.why_zh,
            why_en=place.why_en, outline=shapely.geometry.shape(place.geometry),
        )
        for place in found.places
    )  # fmt: skip


def watch(workspace: Workspace, principal: Principal, ground: Ground, wanted: CallFilter) -> Watch:
    """Return the places to watch now, as the page 警情热力 lists them."""
    found = watched(
        workspace, principal, CallFilter(basis=wanted.basis, citizen=wanted.citizen, families=wanted.families)
    )
    return Watch(
        now=found.now, start=found.start, runs=found.runs,
        tested=tuple(family.family for family in found.families),
        repeating=tuple(family.family for family in found.families if family.reach_m is not None),
        places=tuple(
            Watched(
                family=spot.family, name=_named(spot.name, spot.grid_code, ground.names), n=spot.n, radius_m=spot.radius_m,
                until=spot.until, why_zh=spot.why_zh, why_en=spot.why_en,
            )
            for spot in found.places[: 2 * TOP]
        ),
    )  # fmt: skip


def _named(street: str, code: str | None, names: dict[str, str]) -> str:
    """Return the grid's name and the street's."""
    parts = [names.get(code or "", ""), street]
    return " · ".join(part for part in parts if part) or "—"
