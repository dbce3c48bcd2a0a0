"""What lies within sight of points (cameras, alarms): metres of street, calls, and the blind spots.

Sight is a circle: a camera sees what is within its reach in metres, equality included. Streets are cut into pieces of
bounded length, each seen when its middle is; a street with two directions counts once. The pieces and the calls are rows
of a ``Coverage`` whose seconds are metres, so that the best next cameras are a covering problem (``mclp``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.crs import pick_metric_crs, to_metric
from geo.errors import ParameterError
from geo.streets.graph import StreetGraph
from planners.arrays import read_only
from planners.posts.coverage import Coverage

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetPieces:
    """Pieces of streets.

    Attributes
    ----------
    lonlat : float64[k, 2], the middle of each
    metres : float64[k]
    arc : int32[k]
    """

    lonlat: Floats
    metres: Floats
    arc: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What points see.

    Attributes
    ----------
    share : of the weight (metres or calls) that at least one point sees
    weight_seen, weight_total
    blind : int32, rows that no point sees, by falling weight
    loss : float64[m], what each point alone sees
    """

    share: float
    weight_seen: float
    weight_total: float
    blind: npt.NDArray[np.int32]
    loss: Floats


def street_pieces(graph: StreetGraph, *, longest_m: float = 25.0) -> StreetPieces:
    """Cut every street, once for both directions, into equal pieces of at most ``longest_m``."""
    if not longest_m > 0:
        raise ParameterError("Pieces must be longer than 0 m", "分段长度应大于 0 米")
    once = np.flatnonzero((graph.reverse < 0) | (np.arange(graph.arcs) <= graph.reverse))
    middles: list[Floats] = []
    lengths: list[Floats] = []
    owners: list[npt.NDArray[np.int32]] = []
    for arc in once.tolist():
        line = graph.geometry_lonlat[graph.geometry_offsets[arc] : graph.geometry_offsets[arc + 1]]
        metres = float(graph.metres[arc])
        count = max(1, math.ceil(metres / longest_m))
        # Within one street, degrees of longitude shrink alike: shares of its length are what counts.
        scale = np.array([math.cos(math.radians(float(line[0, 1]))), 1.0])
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*(np.diff(line, axis=0) * scale).T))])
        wanted = (np.arange(count) + 0.5) / count * along[-1]
        middles.append(np.column_stack([np.interp(wanted, along, line[:, 0]), np.interp(wanted, along, line[:, 1])]))
        lengths.append(np.full(count, metres / count))
        owners.append(np.full(count, arc, np.int32))
    return StreetPieces(
        lonlat=read_only(np.concatenate(middles), np.float64),
        metres=read_only(np.concatenate(lengths), np.float64),
        arc=read_only(np.concatenate(owners), np.int32),
    )


def sight_coverage(points_lonlat: Floats, targets_lonlat: Floats, *, reach_m: float) -> Coverage:
    """Return which point sees which target; ``seconds`` of the coverage are metres."""
    points, targets = np.asarray(points_lonlat, np.float64), np.asarray(targets_lonlat, np.float64)
    both = np.concatenate([points, targets])
    crs = pick_metric_crs((*both.min(axis=0), *both.max(axis=0)))
    tree, xy = cKDTree(to_metric(points, crs)), to_metric(targets, crs)
    # A little farther, and then by the distance itself, so that equality sees.
    found = [tree.query_ball_point(at, reach_m * (1 + 1e-9) + 1e-9, return_sorted=True) for at in xy]
    counts = np.array([len(sites) for sites in found], np.int64)
    sites = np.array([site for row in found for site in row], np.int64)
    rows = np.repeat(np.arange(len(targets)), counts)
    metres = np.hypot(*(tree.data[sites] - xy[rows]).T) if len(rows) else np.zeros(0)
    kept = metres <= reach_m * (1 + 1e-12)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=len(targets)))])
    return Coverage(
        indptr=indptr,
        sites=sites[kept].astype(np.int32),
        seconds=metres[kept],
        nearest_seconds=np.asarray(tree.query(xy)[0], np.float64),
        count=len(points),
        radius_seconds=reach_m * (1 + 1e-12),
    )


def seen(coverage: Coverage, weights: npt.ArrayLike, *, points: npt.ArrayLike | None = None) -> Seen:
    """Return what ``points`` (all of them unless given) see of ``weights`` float64[n]."""
    held = np.asarray(weights, np.float64)
    on = np.ones(coverage.count, bool)
    if points is not None:
        on[:] = False
        on[np.asarray(points, np.int64)] = True
    times = coverage.count_open(on)
    total, sight = math.fsum(held.tolist()), math.fsum(held[times > 0].tolist())
    blind = np.flatnonzero(times == 0)
    rows = coverage.row_of_pair()
    alone = np.where(times == 1, held, 0.0)
    loss = np.bincount(coverage.sites, weights=alone[rows], minlength=coverage.count)
    loss[~on] = 0.0
    return Seen(
        share=sight / total if total > 0 else float("nan"),
        weight_seen=sight,
        weight_total=total,
        blind=read_only(blind[np.argsort(-held[blind], kind="stable")], np.int32),
        loss=read_only(loss, np.float64),
    )
