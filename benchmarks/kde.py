"""Kernel density on the plane, against KDEpy's transform on the same points and raster."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.harness import Options, Row, absent, against, duration, interleaved
from benchmarks.peers import peer
from geo.errors import CheckError
from geo.hotspots.kernel_density import kernel_density

GOAL = 2.0
_POINTS, _SIDE = 1_000_000, 1024


def rows(options: Options) -> list[Row]:
    """Return the table; ``sample`` sets the points."""
    n = options.sample or _POINTS
    rng = np.random.default_rng(options.seed)
    wide = _SIDE * 10.0
    xy = np.clip(rng.normal(wide / 2, wide / 8, (n, 2)), 1.0, wide - 1.0)
    kernel_density(xy[:10], (0, 0, wide, wide), size_m=10, bandwidth_m=50)
    kdepy = peer("KDEpy")
    found = []
    for bandwidth in (50.0, 150.0, 400.0):

        def ours(b: float = bandwidth) -> Any:
            return kernel_density(xy, (0, 0, wide, wide), size_m=10, bandwidth_m=b)

        made = ours()
        what = f"{n:,} points, {_SIDE} x {_SIDE}, bandwidth {bandwidth:g} m (error of a call <= {made.error_share:.2%} of its peak)"
        if kdepy is None:
            found.append(absent(what, "KDEpy", ours=duration(interleaved([ours], rounds=3)[0]), goal=f">= {GOAL:g}x"))
            continue
        # Its raster must reach beyond every point.
        edge = np.arange(-1, _SIDE + 1) * 10 + 5.0
        grid = np.stack(np.meshgrid(edge, edge, indexing="ij"), axis=-1).reshape(-1, 2)

        def theirs(b: float = bandwidth, grid: Any = grid) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return kdepy.FFTKDE(bw=b, kernel="gaussian").fit(xy).evaluate(grid)

        other = theirs().reshape(_SIDE + 2, _SIDE + 2)[1:-1, 1:-1].T * n * 1e6
        # Neither is exact: both are held against the plain sum over all points at some cells.
        cells = rng.integers(_SIDE // 4, 3 * _SIDE // 4, (20, 2))
        exact = np.array(
            [
                np.exp(-((xy - cell[::-1] * 10 - 5) ** 2).sum(axis=1) / (2 * bandwidth**2)).sum()
                / (2 * np.pi * bandwidth**2)
                for cell in cells
            ]
        ) * 1e6  # fmt: skip
        off, his = (float(np.abs(found_[*cells.T] - exact).max() / made.value.max()) for found_ in (made.value, other))
        if off > made.error_share:
            raise CheckError(f"Densities are off by {off:g} of the highest", f"核密度误差达最高值的 {off:g}")
        mine, peers = interleaved([ours, theirs], rounds=3)
        found.append(
            against(
                what,
                ours=mine,
                peer="KDEpy, FFT",
                theirs=peers,
                at_least=GOAL,
                note=f"off by {his:.1e} of the highest, ours {off:.1e}",
            )
        )
    return found
