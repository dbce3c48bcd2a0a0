"""A city's patrol task on any street graph: posts, must-visit points and camera rounds, placed by seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.errors import ParameterError
from geo.streets.graph import CAR, StreetGraph

Floats = npt.NDArray[np.float64]
Area = Literal["core", "whole"]

CORE_M: Final = (22_000.0, 20_000.0)
"""Width and height of the core of a city."""
_DEGREE_M: Final = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PatrolCity:
    """Where a city patrols; coordinates are WGS84 degrees at nodes of the graph.

    Attributes
    ----------
    posts, points : float64[n, 2]
    dwell_seconds : int64[points], 10 to 15 minutes in whole minutes
    video_dwell_seconds : int64[videos], 1 to 2 minutes a camera picture round
    """

    posts: Floats
    points: Floats
    dwell_seconds: npt.NDArray[np.int64]
    video_dwell_seconds: npt.NDArray[np.int64]


def patrol_city(
    graph: StreetGraph, *, seed: int, area: Area = "core", posts: int = 105, points: int = 323, videos: int = 200,
    core_m: tuple[float, float] = CORE_M,
) -> PatrolCity:  # fmt: skip
    """Place a patrol task by seed.

    In the core, points lie evenly over the street crossings of the densest window of ``core_m``; over the whole graph, two thirds lie in the
    core and one third anywhere. Posts are spread so that each next one is the candidate farthest from those before. Only
    crossings that a patrol car can leave and come back to are taken.
    """
    inside = _returning(graph)
    lonlat = graph.node_lonlat[inside]
    metres = (lonlat - lonlat.mean(axis=0)) * _DEGREE_M * np.array([np.cos(np.radians(lonlat[:, 1].mean())), 1.0])
    core = _densest(metres, core_m)
    if len(core) < 2:
        raise ParameterError("The street graph has too few crossings for patrols", "路网交叉口过少，无法布设巡逻点")
    rng = np.random.default_rng(seed)
    outer = 0 if area == "core" else points // 3
    chosen = np.concatenate(
        [_apart(metres, core, points - outer, rng), _apart(metres, np.arange(len(metres)), outer, rng)]
    )
    rng.shuffle(chosen)
    ground = core if area == "core" else np.arange(len(metres))
    standing = _farthest(metres, rng.choice(np.concatenate([chosen, rng.choice(ground, 4 * posts)]), 6 * posts), posts)
    return PatrolCity(
        posts=lonlat[standing],
        points=lonlat[chosen],
        dwell_seconds=60 * rng.integers(10, 16, len(chosen)),
        video_dwell_seconds=rng.integers(60, 121, videos),
    )


def _returning(graph: StreetGraph) -> npt.NDArray[np.int64]:
    """Return the nodes of the largest part of the graph where a car can drive from any to any."""
    open_ = (graph.access & CAR) > 0
    arcs = csr_array(
        (np.ones(int(open_.sum()), np.int8), (graph.tails()[open_], graph.heads[open_])),
        shape=(graph.nodes, graph.nodes),
    )
    _, label = connected_components(arcs, directed=True, connection="strong")
    return np.flatnonzero(label == np.bincount(label).argmax())


def _densest(metres: Floats, size: tuple[float, float]) -> npt.NDArray[np.int64]:
    """Return the nodes in the window of a size that holds most, of windows a tenth of it apart."""
    step = np.array(size) / 10
    cell = np.floor((metres - metres.min(axis=0)) / step).astype(np.int64)
    wide, high = (cell.max(axis=0) + 1).tolist()
    counts = np.zeros((wide + 10, high + 10), np.int64)
    np.add.at(counts, (cell[:, 0] + 10, cell[:, 1] + 10), 1)
    # Sums over the ten by ten cells whose last one is this cell.
    whole = np.pad(counts, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    held = whole[10:, 10:] - whole[:-10, 10:] - whole[10:, :-10] + whole[:-10, :-10]
    x, y = np.unravel_index(int(held.argmax()), held.shape)
    low = np.array([x, y]) - 10
    return np.flatnonzero(((cell >= low) & (cell < low + 10)).all(axis=1))


def _apart(
    metres: Floats, ground: npt.NDArray[np.int64], count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw nodes evenly over the built ground: first a square of 500 m that has streets, then a node in it."""
    if count == 0:
        return np.zeros(0, np.int64)
    squares = np.floor(metres[ground] / 500.0).astype(np.int64)
    _, which = np.unique(squares, axis=0, return_inverse=True)
    which = which.ravel()
    total = int(which.max()) + 1
    drawn = rng.choice(total, count, replace=total < count)
    order = np.argsort(which, kind="stable")
    begin = np.searchsorted(which[order], np.arange(total + 1))
    picks = begin[drawn] + (rng.random(count) * (begin[drawn + 1] - begin[drawn])).astype(np.int64)
    return np.asarray(ground[order[picks]], np.int64)


def _farthest(metres: Floats, candidates: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    chosen = [int(candidates[0])]
    away = np.hypot(*(metres[candidates] - metres[chosen[0]]).T)
    for _ in range(count - 1):
        at = int(away.argmax())
        chosen.append(int(candidates[at]))
        away = np.minimum(away, np.hypot(*(metres[candidates] - metres[candidates[at]]).T))
    return np.array(chosen, np.int64)
