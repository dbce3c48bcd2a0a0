"""Gi*, local Moran and density clusters, against esda and scikit-learn on the same places."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.harness import Options, Row, absent, against, interleaved, within
from benchmarks.peers import peer
from geo.cells.contiguity import with_self
from geo.cells.square import square_cells
from geo.errors import CheckError
from geo.hotspots.density_clusters import density_clusters
from geo.hotspots.gi_star import gi_star
from geo.hotspots.gi_star_raster import gi_star_raster
from geo.hotspots.local_moran import local_moran

GOAL = 100.0
_SIDE = 200


def rows(options: Options) -> list[Row]:
    """Return the table; ``sample`` sets the cells to a side."""
    side = options.sample or _SIDE
    cells = square_cells((0, 0, side * 100 - 1, side * 100 - 1), size_m=100)
    y = np.random.default_rng(options.seed).poisson(3.0, (side, side)).astype(np.float64)
    lists = cells.neighbours()
    starred = with_self(lists)
    gi_star_raster(y)
    local_moran(y.ravel(), *lists, runs=1)
    what = f"{side} x {side} cells, queen"
    esda, libpysal = peer("esda"), peer("libpysal")
    found: list[Row] = []
    if esda is None or libpysal is None:
        ours = interleaved([lambda: gi_star_raster(y), lambda: local_moran(y.ravel(), *lists, runs=99)], rounds=5)
        found.append(absent(f"Gi*, {what}", "esda", ours=f"{ours[0] * 1e3:.3g} ms", goal=f">= {GOAL:g}x"))
        found.append(absent(f"local Moran, 99 permutations, {what}", "esda", ours=f"{ours[1] * 1e3:.3g} ms"))
    else:
        found += _with_esda(esda, libpysal, y, lists, starred, what)
    return [*found, _clusters(options)]


def _with_esda(
    esda: Any, libpysal: Any, y: Any, lists: tuple[Any, Any], starred: tuple[Any, Any], what: str
) -> list[Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = libpysal.weights.lat2W(*y.shape, rook=False)
        flat = y.ravel()

        def theirs() -> Any:
            return esda.G_Local(flat, weights, transform="B", star=True, permutations=0).Zs

        def moran() -> Any:
            return esda.Moran_Local(flat, weights, permutations=99, seed=0, n_jobs=1)

        gap = float(np.abs(theirs() - gi_star_raster(y).ravel()).max())
        values = float(np.nanmax(np.abs(moran().Is - local_moran(flat, *lists, runs=1).value)))
        if gap > 1e-13 or values > 1e-12:
            raise CheckError(
                f"Scores differ from esda's by {gap:g} and {values:g}", f"与 esda 结果相差 {gap:g} 与 {values:g}"
            )
        raster, sparse, peers = interleaved(
            [lambda: gi_star_raster(y), lambda: gi_star(flat, *starred), theirs], rounds=3
        )
        mine, his = interleaved([lambda: local_moran(flat, *lists, runs=99), moran], rounds=1)
    note = f"largest difference {gap:.1e}"
    return [
        against(
            f"Gi*, {what}: moving sums", ours=raster, peer="esda, analytic", theirs=peers, at_least=GOAL, note=note
        ),
        against(f"Gi*, {what}: neighbour lists", ours=sparse, peer="esda, analytic", theirs=peers),
        against(
            f"local Moran, 99 permutations, {what}", ours=mine, peer="esda", theirs=his, note=f"I differs {values:.1e}"
        ),
    ]


def _clusters(options: Options) -> Row:
    xy = np.random.default_rng(options.seed).random((100_000, 2)) * 30_000
    what = "DBSCAN, 100,000 points, 200 m, 10 points"
    density_clusters(xy[:100], reach_m=200.0, least=10)
    cluster = peer("sklearn.cluster")
    if cluster is None:
        return within(
            f"{what} (scikit-learn is not installed)",
            ours=interleaved([lambda: density_clusters(xy, reach_m=200.0, least=10)], rounds=3)[0],
        )

    def theirs() -> Any:
        return cluster.DBSCAN(eps=200.0, min_samples=10).fit(xy).labels_

    if not (theirs() == density_clusters(xy, reach_m=200.0, least=10)).all():
        raise CheckError("Clusters differ from scikit-learn's", "聚类结果与 scikit-learn 不一致")
    ours, peers = interleaved([lambda: density_clusters(xy, reach_m=200.0, least=10), theirs], rounds=3)
    return against(what, ours=ours, peer="scikit-learn", theirs=peers, note="same labels")
