"""What posts are worth: share reached in time with its interval, times, grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from api.services.demand import Demand
from geo.store.port import Json

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Share of demand reached in time (of all, unreachable included) and times of what is reachable."""

    share: float
    interval: tuple[float, float]
    mean_seconds: float | None
    p90_seconds: float | None
    worst_seconds: float | None
    unreachable_calls: int

    def as_json(self, posts: int) -> dict[str, Json]:
        """Return the figures as a plan keeps them."""
        return {
            "posts": posts,
            "share": self.share,
            "interval": list(self.interval),
            "mean_seconds": self.mean_seconds,
            "p90_seconds": self.p90_seconds,
            "worst_seconds": self.worst_seconds,
            "unreachable_calls": self.unreachable_calls,
        }


def share_interval(hit: float, weights: Floats) -> tuple[float, float]:
    """Return Clopper and Pearson's interval, 95 %, of the share ``hit / sum(weights)``.

    Calls count one each. Weights that are no counts are worth ``(sum w)^2 / sum w^2`` observations (Kish 1965).
    """
    total = float(weights.sum())
    n = total if bool((weights == np.floor(weights)).all()) else total**2 / float((weights**2).sum())
    k = min(n, hit / total * n)
    low = 0.0 if k <= 0 else float(beta.ppf(0.025, k, n - k + 1))
    high = 1.0 if k >= n else float(beta.ppf(0.975, k + 1, n - k))
    return low, high


def response(nearest: Floats, needs: Demand, limit_seconds: float) -> Response:
    """Compute the figures of nearest-post seconds, float64[k]; equality is in time."""
    weights = needs.weights
    counted = weights > 0
    reached = np.isfinite(nearest) & counted
    covered = float(weights[nearest <= limit_seconds].sum())
    mean = p90 = worst = None
    if reached.any():
        times, counts = nearest[reached], weights[reached]
        order = np.argsort(times, kind="stable")
        running = np.cumsum(counts[order])
        mean = float(np.average(times, weights=counts))
        p90 = float(times[order][min(len(order) - 1, np.searchsorted(running, 0.9 * running[-1]))])
        worst = float(times.max())
    return Response(
        share=covered / float(weights.sum()), interval=share_interval(covered, weights), mean_seconds=mean,
        p90_seconds=p90, worst_seconds=worst, unreachable_calls=round(float(weights[counted & ~reached].sum())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridRows:
    """The grid of each demand point as a number, so that means by grid take no time; -1 is outside."""

    codes: tuple[str, ...]
    rows: npt.NDArray[np.int64]

    @classmethod
    def of(cls, needs: Demand) -> GridRows:
        """Number the grids of the demand."""
        known = np.array([code is not None for code in needs.grids], bool)
        rows = np.full(len(needs.grids), -1, np.int64)
        codes, inverse = np.unique(needs.grids[known].astype(str), return_inverse=True)
        rows[known] = inverse.ravel()
        return cls(codes=tuple(str(code) for code in codes), rows=rows)

    def seconds(self, nearest: Floats, weights: Floats) -> dict[str, float]:
        """Return the demand-weighted mean seconds of each grid with reachable demand."""
        known = np.isfinite(nearest) & (self.rows >= 0)
        rows, count = self.rows[known], len(self.codes)
        totals = np.bincount(rows, weights=weights[known], minlength=count)
        sums = np.bincount(rows, weights=(weights * np.where(known, nearest, 0.0))[known], minlength=count)
        return {self.codes[i]: float(sums[i] / totals[i]) for i in np.flatnonzero(totals > 0).tolist()}

    def unreachable(self, nearest: Floats) -> list[str]:
        """Return the grids that have demand and none of it reachable."""
        known = self.rows >= 0
        reached = np.bincount(self.rows[known & np.isfinite(nearest)], minlength=len(self.codes))
        return [code for code, times in zip(self.codes, reached.tolist(), strict=True) if not times]


def seconds_by_grid(nearest: Floats, needs: Demand) -> dict[str, float]:
    """Return the demand-weighted mean seconds of each grid with reachable demand."""
    return GridRows.of(needs).seconds(nearest, needs.weights)


def unreachable_grids(nearest: Floats, needs: Demand) -> list[str]:
    """Return the grids that have demand and none of it reachable."""
    return GridRows.of(needs).unreachable(nearest)


def worst_of(by_grid: Mapping[str, float]) -> str | None:
    """Return the grid that is reached last."""
    return max(by_grid, key=lambda code: by_grid[code]) if by_grid else None
