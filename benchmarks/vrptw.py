"""The routing core on Solomon's instances with time windows; the objective is the distance, units are free."""

from __future__ import annotations

from benchmarks.harness import Options, Row, duration
from benchmarks.routing_instances import SCALE, known, sampled, solomon
from benchmarks.routing_peers import pyvrp_routes
from planners.contract import Budget
from planners.patrol.routes import solve_routes

_SECONDS = 15.0
_SEEDS = 5
_EQUAL = 0.006
"""Published lengths have two decimals."""


def rows(options: Options) -> list[Row]:
    """Solve each instance with five seeds, and let PyVRP solve it for the same seconds with each."""
    best = known(options.folder(), "vrptw_solomon", key="instance", value="distance")
    folder, seconds = options.folder(), options.seconds or _SECONDS
    assert folder is not None
    found = []
    for name in sampled(best, seed=options.seed, sample=options.sample):
        problem = solomon(folder / "bench" / "vrptw_solomon" / f"{name}.txt")
        ours, theirs = [], []
        for seed in range(options.seed, options.seed + _SEEDS):
            ours.append(solve_routes(problem, Budget(seconds=seconds, seed=seed)).objective / SCALE)
            other = pyvrp_routes(problem, seconds=seconds, seed=seed)
            theirs.append(float("inf") if other is None else other / SCALE)
        reached = min(ours) <= best[name] + _EQUAL
        never = all(a <= b + 1e-9 for a, b in zip(ours, theirs, strict=True))
        found.append(
            Row(
                what=f"{name} (best known {best[name]:.2f}), {duration(seconds)}, {_SEEDS} seeds",
                ours=f"{min(ours):.2f} to {max(ours):.2f}",
                peer="PyVRP as it comes",
                peer_figure=f"{min(theirs):.2f} to {max(theirs):.2f}",
                ratio=sum(theirs) / sum(ours),
                goal="the best known reached, never worse",
                met=reached and never,
            )
        )
    return found
