"""The routing core on the X instances of capacitated vehicle routing, up to 300 customers."""

from __future__ import annotations

import numpy as np

from benchmarks.harness import Options, Row, duration
from benchmarks.routing_instances import cvrp, known, sampled
from benchmarks.routing_peers import pyvrp_routes
from planners.contract import Budget
from planners.patrol.routes import solve_routes

_SECONDS = 60.0
_CUSTOMERS = 300
_MOST_GAP = 0.005


def rows(options: Options) -> list[Row]:
    """Solve each instance, and let PyVRP solve it for the same seconds with the same seed."""
    best = known(options.folder(), "cvrp_x", key="instance", value="bks")
    small = [name for name in best if int(name.split("-")[1][1:]) - 1 <= _CUSTOMERS]
    folder, seconds = options.folder(), options.seconds or _SECONDS
    assert folder is not None
    found, gaps, others = [], [], []
    for name in sampled(small, seed=options.seed, sample=options.sample):
        problem = cvrp(folder / "bench" / "cvrp_x" / f"{name}.vrp.gz")
        outcome = solve_routes(problem, Budget(seconds=seconds, seed=options.seed))
        theirs = pyvrp_routes(problem, seconds=seconds, seed=options.seed)
        gaps.append(outcome.objective / best[name] - 1)
        if theirs is not None:
            others.append(theirs / best[name] - 1)
        found.append(
            Row(
                what=f"{name} (best known {best[name]:,.0f}), {duration(seconds)}",
                ours=f"{outcome.objective:,.0f} ({gaps[-1]:+.2%})",
                peer="PyVRP as it comes",
                peer_figure=None if theirs is None else f"{theirs:,.0f} ({others[-1]:+.2%})",
                ratio=None if theirs is None else theirs / outcome.objective,
            )
        )
    mean = float(np.mean(gaps))
    return [
        Row(
            what=f"mean gap to the best known, {len(gaps)} instances of at most {_CUSTOMERS} customers",
            ours=f"{mean:.2%}", peer="PyVRP as it comes", peer_figure=f"{np.mean(others):.2%}" if others else None,
            goal=f"<= {_MOST_GAP:.1%}", met=mean <= _MOST_GAP,
        ),
        *found,
    ]  # fmt: skip
