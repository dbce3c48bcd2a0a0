"""Peaks of density along the streets, each against the highest peak of as many calls spread evenly along them."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from api.services.hot_found import RATE, Found
from api.services.hot_ground import SNAP_M, Floats, HotGround, Ints, in_metres
from api.services.workspace import FIRST_PROFILE, Workspace
from geo.cells.segments import SegmentCells
from geo.crs import to_lonlat
from geo.hotspots.network_density import Pieces
from geo.streets.snap import Places
from geo.streets.speeds import NO_WAY, arc_milliseconds

REACH_M: Final = 200.0
RUNS: Final = 199
_PIECE_M: Final = 50.0
_POOL: Final = 60_000
"""Even draws by which it is known how often each piece is hit: a piece of mean length 3 times or more in a city of 20,000."""
_AT_ONCE: Final = 20
_MOST_PLACES: Final = 200


def by_streets(workspace: Workspace, here: HotGround, boundary: BaseGeometry) -> tuple[list[Found], int]:
    """Return pieces of street around each peak that have at least half its density, and how many pieces there are."""
    graph = workspace.graph()
    cells = SegmentCells.of(graph)
    if not len(cells):
        return [], 0
    path = workspace.settings.streets.stat()
    pieces = workspace.derived.get(
        "street_pieces", (path.st_mtime_ns, path.st_size),
        lambda: Pieces.of(cells, reach_m=REACH_M, piece_m=_PIECE_M),
    )  # fmt: skip
    lines = in_metres(cells.shapes(graph), here.crs)
    places = _snapped(workspace, here.xy, here.crs)
    piece = pieces.at(
        cells, np.where(places.ok, places.arc, -1).astype(np.int64), places.metres_along.astype(np.float64)
    )
    middle = _along(lines, cells, pieces.segment, (pieces.from_m + pieces.to_m) / 2)
    # Calls are laid on streets that cars use: evenly means along these.
    usable = np.zeros(len(cells), bool)
    usable[cells.of_arc[arc_milliseconds(graph, FIRST_PROFILE) < NO_WAY]] = True
    counted = shapely.contains_xy(boundary, middle) & usable[pieces.segment]
    if not counted.any() or not (piece >= 0).any():
        return [], len(pieces.segment)
    offsets = places.offset_m[places.ok].astype(np.float64)
    share = _even_share(
        workspace, cells, pieces, lines, np.where(counted, pieces.to_m - pieces.from_m, 0), offsets, here.crs
    )
    n = int((piece >= 0).sum())
    value = np.where(counted, pieces.density(np.bincount(piece[piece >= 0], minlength=len(middle))), 0.0)
    highest = _highest_by_chance(pieces, share, n, counted)
    free = value > 0
    found: list[Found] = []
    while free.any() and len(found) < _MOST_PLACES:
        best = int(np.argmax(np.where(free, value, -1.0)))
        p = float(((highest >= value[best]).sum() + 1) / (RUNS + 1))
        if p > RATE:
            break
        far = np.hypot(*(middle - middle[best]).T)
        mine = np.flatnonzero(free & (far <= REACH_M) & (value >= value[best] / 2))
        shape = shapely.union_all([_line(lines, cells, pieces, int(k)) for k in mine])
        found.append(
            Found(
                shape=shape, rows=np.flatnonzero(np.isin(piece, mine)), score=float(value[best]), p=p, q=None,
                usual=float(n * share[mine].sum()),
            )
        )  # fmt: skip
        free &= far > REACH_M
    return found, int(counted.sum())


def _snapped(workspace: Workspace, xy: Floats, crs: str) -> Places:
    return workspace.snapper(FIRST_PROFILE).snap(to_lonlat(xy, crs), SNAP_M)


def _even_share(
    workspace: Workspace, cells: SegmentCells, pieces: Pieces, lines: np.ndarray, size: Floats, offsets: Floats, crs: str
) -> Floats:  # fmt: skip
    """Return the chance of each piece to get a call that happens anywhere along the streets, float64[k].

    A draw is displaced as far as some call lies from its street and then snapped as calls are: near a crossing or
    between carriageways it ends where a real call would, which need not be where it was drawn.
    """
    rng = np.random.default_rng(0)
    ends = np.cumsum(size)
    at = rng.uniform(0, ends[-1], _POOL)
    k = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
    xy = _along(lines, cells, pieces.segment[k], pieces.from_m[k] + np.clip(at - (ends[k] - size[k]), 0, size[k]))
    away, turn = rng.choice(offsets, _POOL), rng.uniform(0, 2 * np.pi, _POOL)
    places = _snapped(workspace, xy + np.column_stack([away * np.cos(turn), away * np.sin(turn)]), crs)
    hit = pieces.at(cells, np.where(places.ok, places.arc, -1).astype(np.int64), places.metres_along.astype(np.float64))
    share = np.bincount(hit[hit >= 0], minlength=len(size)).astype(np.float64)
    return np.asarray(share / share.sum(), np.float64)


def _highest_by_chance(pieces: Pieces, share: Floats, n: int, counted: np.ndarray) -> Floats:
    """Return the highest density of ``n`` even calls in each run, float64[runs]."""
    rng = np.random.default_rng(1)
    highest: list[float] = []
    while len(highest) < RUNS:
        drawn = rng.multinomial(n, share, size=min(_AT_ONCE, RUNS - len(highest)))
        highest += pieces.density(drawn.T)[counted].max(axis=0).tolist()
    return np.array(highest)


def _along(lines: np.ndarray, cells: SegmentCells, segment: Ints, metres: Floats) -> Floats:
    part = np.clip(metres / np.maximum(cells.metres[segment], 1e-9), 0, 1)
    return shapely.get_coordinates(shapely.line_interpolate_point(lines[segment], part, normalized=True))


def _line(lines: np.ndarray, cells: SegmentCells, pieces: Pieces, k: int) -> BaseGeometry:
    length = max(float(cells.metres[pieces.segment[k]]), 1e-9)
    return substring(
        lines[pieces.segment[k]], pieces.from_m[k] / length, min(1.0, pieces.to_m[k] / length), normalized=True
    )
