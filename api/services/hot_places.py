"""Hot places by several methods: where calls gather beyond chance, each with its figures and a sentence why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import maximum_filter
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from api.schemas.hot_places import Concentrated, HotPlace, HotPlaces
from api.services.filters import CallFilter
from api.services.hot_cells import Standing, standing_by_gi_star, standing_by_local_moran
from api.services.hot_found import RATE, Found
from api.services.hot_ground import (
    CellKind,
    Cells,
    Floats,
    HotGround,
    Ints,
    cells_of,
    ground,
    in_metres,
    kept,
    land,
    lonlat_json,
)
from api.services.hot_streets import REACH_M, by_streets
from api.services.hot_words import METHODS, RUNS, SCAN_RUNS, HotMethod, chance, note
from api.services.place_names import PlaceNames
from api.services.workspace import Workspace
from geo.cells.contiguity import Lists
from geo.cells.square import SquareCells, squares_within
from geo.crs import to_lonlat
from geo.errors import InputError, LimitError, NotFoundError
from geo.hotspots.concentration import concentration
from geo.hotspots.cube.figures import Chosen
from geo.hotspots.density_clusters import density_clusters
from geo.hotspots.kernel_density import kernel_density
from geo.hotspots.scan_windows import scan_space_time
from geo.hotspots.when import hour_of_week
from geo.hotspots.why_here import near_repeats_at, why_here
from geo.store.port import Principal

LISTED: Final = 20
MOST_LISTED: Final = 200
_BANDWIDTH_M: Final = 200.0
_KDE_CELL_M: Final = 100.0
_SCAN_CELL_M: Final = 400.0
_SCAN_LONGEST: Final = 14
_CLUSTER_REACH_M: Final = 120.0
_SPOT_M: Final = 20.0
_FEWEST: Final = 3
_NEAR_M: Final = 100.0
_NEAR_DAYS: Final = 7.0
_MOST_FOR_REPEATS: Final = 800
"""Calls of a place beyond which near repeats say nothing: with so many, nearly every call follows another one."""
_MOST_FOR_CLUSTERS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Searched:
    """The calls of a filter, what was found among them, in how many cells, and the list that is shown."""

    here: HotGround
    found: Sequence[Found]
    shown: HotPlaces


def hot_places(
    workspace: Workspace,
    principal: Principal,
    wanted: CallFilter,
    *,
    method: HotMethod = "gi_star",
    cells: CellKind = "square",
    size_m: float = 250.0,
    limit: int = LISTED,
) -> HotPlaces:
    """Return the hot places of a filter; the list is what stands out at a false discovery rate of 5 %."""
    return _searched(workspace, principal, wanted, method, cells, size_m, limit).shown


def calls_of_place(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, place: str, method: HotMethod, cells: CellKind,
    size_m: float,
) -> Chosen:  # fmt: skip
    """Return the calls of one hot place by its id in the list of the same search, or raise ``NotFoundError``."""
    for limit in (LISTED, MOST_LISTED):
        made = _searched(workspace, principal, wanted, method, cells, size_m, limit)
        for found, shown in zip(made.found, made.shown.places, strict=True):
            if shown.id == place:
                return made.here.calls.rows(found.rows)
    raise NotFoundError(
        f"The search finds no hot place {place}; list the places anew", f"没有热点 {place}，请重新列出热点清单"
    )


def _searched(
    workspace: Workspace, principal: Principal, wanted: CallFilter, method: HotMethod, cells: CellKind, size_m: float,
    limit: int,
) -> _Searched:  # fmt: skip
    kind: CellKind = "segment" if method == "segments" else cells
    key = ("hot", wanted, method, kind, size_m, limit)
    return kept(workspace, principal, key, lambda: _search(workspace, principal, wanted, method, kind, size_m, limit))


def _search(
    workspace: Workspace, principal: Principal, wanted: CallFilter, method: HotMethod, kind: CellKind, size_m: float,
    limit: int,
) -> _Searched:  # fmt: skip
    here = ground(workspace, principal, wanted)
    found: list[Found] = []
    count = 0
    if len(here) >= _FEWEST:
        found, count = _found(workspace, principal, here, wanted, method, kind, size_m, limit)
    found = sorted(found, key=lambda f: (-len(f.rows), -f.score))[:limit]
    names = PlaceNames(workspace, principal)
    zh, en = METHODS[method]
    note_zh, note_en = note(method, len(here), some=bool(found))
    shown = HotPlaces(
        method=method, cells=kind, size_m=_size(method, kind, size_m), label_zh=zh, label_en=en, note_zh=note_zh,
        note_en=note_en, n=len(here), n_unplaced=here.unplaced, n_cells=count, start=here.start, end=here.end,
        basis=wanted.basis, places=_described(here, found, names, english(workspace)),
    )  # fmt: skip
    return _Searched(here=here, found=found, shown=shown)


def _found(
    workspace: Workspace, principal: Principal, here: HotGround, wanted: CallFilter, method: HotMethod,
    kind: CellKind, size_m: float, limit: int,
) -> tuple[list[Found], int]:  # fmt: skip
    if method == "clusters":
        return _by_clusters(here, limit), len(here)
    if method in ("gi_star", "local_moran", "segments"):
        held = cells_of(workspace, principal, kind, size_m)
        judged = standing_by_local_moran if method == "local_moran" else standing_by_gi_star
        return _by_cells(held, here, judged), len(held)
    boundary = _land_of(workspace, principal, here, wanted)
    if method == "network":
        return by_streets(workspace, here, boundary)
    return _by_density(here, boundary) if method == "kde" else _by_scan(here, boundary)


def _land_of(workspace: Workspace, principal: Principal, here: HotGround, wanted: CallFilter) -> BaseGeometry:
    """Return the land on which calls of a filter may lie, in metres: even calls are spread over no other."""
    whole = land(workspace, principal)
    if wanted.within is None and not wanted.areas:
        return whole
    part = whole
    if wanted.within is not None:
        part = part.intersection(in_metres(np.array([wanted.within], dtype=object), here.crs)[0])
    if wanted.areas:
        frame = workspace.grids(principal).frame
        held = np.asarray(frame[frame["code"].isin(wanted.areas)].geometry.array, dtype=object)
        part = part.intersection(shapely.union_all(in_metres(held, here.crs)))
    return part


def _size(method: HotMethod, kind: CellKind, size_m: float) -> float:
    own = {"kde": _BANDWIDTH_M, "network": REACH_M, "scan": _SCAN_CELL_M, "clusters": _CLUSTER_REACH_M}
    return own.get(method, size_m if kind in ("square", "hexagon") else 0.0)


def _by_cells(cells: Cells, here: HotGround, judged: Callable[[Ints, Lists], Standing]) -> list[Found]:
    """Neighbouring cells that stand out together are one place."""
    cell = cells.locate(here.xy)
    counts = np.bincount(cell[cell >= 0], minlength=len(cells))
    if len(cells) < 3 or not counts.any():
        return []
    made = judged(counts, cells.lists)
    score, p, q = made.score, made.p, made.q
    hot = (q <= RATE) & (score > 0) & (counts > 0)
    found = []
    mean = counts.mean()
    for members in _together(hot, cells.lists):
        rows = np.flatnonzero(np.isin(cell, members))
        best = members[np.argmin(q[members])]
        found.append(
            Found(
                shape=shapely.union_all(cells.shapes[members]), rows=rows, score=float(score[best]), p=float(p[best]),
                q=float(q[best]), usual=float(mean * len(members)),
            )
        )  # fmt: skip
    return found


def _together(hot: npt.NDArray[np.bool_], lists: tuple[Ints, Ints]) -> list[Ints]:
    indptr, indices = lists
    rows = np.repeat(np.arange(len(hot)), np.diff(indptr))
    both = hot[rows] & hot[indices]
    graph = csr_array((np.ones(int(both.sum())), (rows[both], indices[both])), shape=(len(hot), len(hot)))
    group = connected_components(graph, directed=False)[1]
    members = np.flatnonzero(hot)
    return [members[group[members] == g] for g in np.unique(group[members])]


def _by_density(here: HotGround, boundary: BaseGeometry) -> tuple[list[Found], int]:
    """Peaks, each against the highest peak of as many calls spread evenly over the land."""
    squares = squares_within(boundary, size_m=_KDE_CELL_M)
    rows, columns = squares.inside.shape
    bounds = (
        squares.west, squares.south, squares.west + columns * _KDE_CELL_M, squares.south + rows * _KDE_CELL_M,
    )  # fmt: skip

    def smooth(xy: Floats, weights: npt.ArrayLike | None = None) -> Floats:
        made = kernel_density(xy, bounds, size_m=_KDE_CELL_M, bandwidth_m=_BANDWIDTH_M, weights=weights).value
        return np.where(squares.inside, made, 0.0)

    density = smooth(here.xy)
    highest = _highest_by_chance(squares, smooth, len(here))
    around = 2 * round(_BANDWIDTH_M / _KDE_CELL_M) + 1
    row, column = np.nonzero((density == maximum_filter(density, size=around)) & (density > 0))
    middle = np.column_stack([squares.west + (column + 0.5) * _KDE_CELL_M, squares.south + (row + 0.5) * _KDE_CELL_M])
    usual = len(here) / boundary.area * np.pi * _BANDWIDTH_M**2
    found: list[Found] = []
    for i in np.argsort(-density[row, column], kind="stable"):
        value = float(density[row[i], column[i]])
        p = float(((highest >= value).sum() + 1) / (RUNS + 1))
        if p > RATE or len(found) >= 200:
            break
        if any(np.hypot(*(np.array(f.shape.centroid.coords[0]) - middle[i])) < 2 * _BANDWIDTH_M for f in found):
            continue
        inside = np.flatnonzero(np.hypot(*(here.xy - middle[i]).T) <= _BANDWIDTH_M)
        shape = shapely.Point(middle[i]).buffer(_BANDWIDTH_M)
        found.append(Found(shape=shape, rows=inside, score=value, p=p, q=None, usual=usual))
    return found, int(squares.inside.sum())


def _highest_by_chance(squares: SquareCells, smooth: object, n: int) -> Floats:
    rng = np.random.default_rng(0)
    centres = squares.centres()
    even = np.full(len(centres), 1 / len(centres))
    assert callable(smooth)
    return np.array([float(smooth(centres, rng.multinomial(n, even)).max()) for _ in range(RUNS)])


def _by_scan(here: HotGround, boundary: BaseGeometry) -> tuple[list[Found], int]:
    """Cylinders that last to the end of the period, beyond what their places and days alone explain."""
    squares = squares_within(boundary, size_m=_SCAN_CELL_M)
    cell = squares.locate(here.xy)
    begin, end = here.span[0] // 1440, (here.span[1] - 1) // 1440
    day = (here.calls.minutes // 1440 - begin).astype(np.int64)
    inside = np.flatnonzero(cell >= 0)
    days = end - begin + 1
    if days < 4 or len(inside) < _FEWEST:
        raise InputError(
            "A scan for what is still on needs a period of at least 4 days with calls",
            "时空扫描需要至少 4 天且有警情的时段",
        )
    places, place = np.unique(cell[inside], return_inverse=True)
    centres = squares.centres()[places]
    made = scan_space_time(
        centres, place.reshape(-1), day[inside], days=days, longest=min(_SCAN_LONGEST, days // 2), share=0.05,
        runs=SCAN_RUNS,
    )  # fmt: skip
    found = []
    for cluster in made.clusters:
        if cluster.p > RATE or cluster.n < _FEWEST:
            continue
        of = np.isin(place.reshape(-1), cluster.places) & (day[inside] >= cluster.first_day)
        shape = shapely.union_all(squares.shapes()[places[cluster.places]])
        found.append(
            Found(shape=shape, rows=inside[of], score=cluster.llr, p=cluster.p, q=None, usual=cluster.expected)
        )
    return found, len(places)


def _by_clusters(here: HotGround, limit: int) -> list[Found]:
    """Dense groups; no test goes with them, and the list says so."""
    if len(here) > _MOST_FOR_CLUSTERS:
        raise LimitError(
            f"{len(here):,} calls are too many for DBSCAN ({_MOST_FOR_CLUSTERS:,}): shorten the period or choose classes",
            f"{len(here)} 起超出 DBSCAN 上限（{_MOST_FOR_CLUSTERS} 起），请缩短时段或选择类别",
        )
    least = max(8, round(2 * np.sqrt(len(here)) / 10))
    label = density_clusters(here.xy, reach_m=_CLUSTER_REACH_M, least=int(least))
    size = np.bincount(label[label >= 0])
    found = []
    for k in np.argsort(-size, kind="stable")[:limit]:
        rows = np.flatnonzero(label == k)
        spots = np.unique(np.round(here.xy[rows] / _SPOT_M), axis=0) * _SPOT_M
        shape = shapely.MultiPoint(spots).buffer(2 * _SPOT_M, quad_segs=2).simplify(_SPOT_M / 2)
        found.append(Found(shape=shape, rows=rows, score=float(len(rows)), p=None, q=None, usual=None))
    return found


def _described(here: HotGround, found: Sequence[Found], names: PlaceNames, labels: dict[str, str]) -> list[HotPlace]:
    middles = np.array([_middle(here, f) for f in found]).reshape(-1, 2)
    lonlat = to_lonlat(middles, here.crs) if len(found) else middles
    called = names.of(lonlat)
    weeks = hour_of_week(here.calls.minutes)
    words = here.words()
    places = []
    for rank, (one, at, (name, grid)) in enumerate(zip(found, lonlat, called, strict=True), start=1):
        repeats = _repeats(here, one.rows)
        kinds = np.bincount(here.calls.families[one.rows], minlength=len(here.calls.family_names))
        classes = {here.calls.family_names[k]: int(kinds[k]) for k in np.flatnonzero(kinds)}
        table = np.bincount(weeks[one.rows], minlength=168)
        zh, en = (
            why_here(
                table, period_zh=words[0], period_en=words[1], classes=spoken, usual=one.usual, near_repeats=repeats
            )
            for spoken in (classes, {labels.get(k, k): v for k, v in classes.items()})
        )
        far = np.hypot(*(here.xy[one.rows] - middles[rank - 1]).T) if len(one.rows) else np.zeros(1)
        told = chance(one)
        places.append(
            HotPlace(
                id=f"{round(at[0], 5)},{round(at[1], 5)}", rank=rank, name=name, grid_code=grid, lon=float(at[0]),
                lat=float(at[1]), radius_m=float(np.quantile(far, 0.95)), n=zh.n, interval=(zh.low, zh.high),
                usual=one.usual, score=one.score, p=one.p, q=one.q, chance_zh=told[0], chance_en=told[1],
                why_zh=zh.sentence("zh"), why_en=en.sentence("en"), geometry=lonlat_json(one.shape, here.crs),
            )
        )  # fmt: skip
    return places


def _repeats(here: HotGround, rows: Ints) -> int:
    """Return how many calls follow another one of their own class nearby and within days."""
    if not 2 <= len(rows) <= _MOST_FOR_REPEATS:
        return 0
    kinds = here.calls.families[rows]
    found = 0
    for kind in np.unique(kinds):
        of = rows[kinds == kind]
        if len(of) > 1:
            found += int(near_repeats_at(here.xy[of], here.days[of], reach_m=_NEAR_M, within_days=_NEAR_DAYS).sum())
    return found


def _middle(here: HotGround, one: Found) -> Floats:
    if len(one.rows):
        return np.asarray(np.median(here.xy[one.rows], axis=0), np.float64)
    return np.array(one.shape.centroid.coords[0])


def english(workspace: Workspace) -> dict[str, str]:
    """Return the English names of families."""
    held = workspace.facts().get("families")
    rows = held if isinstance(held, list) else []
    return {str(row["id"]): str(row.get("label_en") or row["id"]) for row in rows if isinstance(row, dict)}


def concentrated(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, cells: CellKind, size_m: float
) -> Concentrated:
    """Return the 80-20 curve over cells and the Gini coefficient."""

    def build() -> Concentrated:
        here = ground(workspace, principal, wanted)
        held = cells_of(workspace, principal, cells, size_m)
        cell = held.locate(here.xy)
        made = concentration(np.bincount(cell[cell >= 0], minlength=len(held)), shares=(0.2, 0.5, 0.8))
        step = max(1, len(made.places) // 120)
        at = np.unique(np.r_[np.arange(0, len(made.places), step), len(made.places) - 1])
        return Concentrated(
            cells=cells, size_m=size_m, n=made.n, of=made.of, gini=made.gini, shares=list(made.shares),
            needed=list(made.needed), by_chance=list(made.by_chance), chance_low=list(made.chance_low),
            chance_high=list(made.chance_high), places=made.places[at].tolist(), calls=made.calls[at].tolist(),
            start=here.start, end=here.end,
        )  # fmt: skip

    return kept(workspace, principal, ("concentration", wanted, cells, size_m), build)
