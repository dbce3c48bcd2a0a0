"""Hot-spot tours on the team orienteering instances of Chao, Golden and Wasil."""

from __future__ import annotations

from benchmarks.harness import Options, Row, duration
from benchmarks.routing_instances import chao, known, sampled
from benchmarks.routing_peers import pyvrp_prize
from planners.contract import Budget
from planners.patrol.hot_spots.solve import solve_hot_spots

_SECONDS = 20.0
_SEEDS = 5


def rows(options: Options) -> list[Row]:
    """Solve each instance with five seeds, and let PyVRP solve it for the same seconds with each."""
    best = known(options.folder(), "top", key="Instance", value="BKS_reward")
    folder, seconds = options.folder(), options.seconds or _SECONDS
    assert folder is not None
    archive = folder / "bench" / "top" / "chao_top.tar.xz"
    names = sampled(best, seed=options.seed, sample=options.sample)
    solve_hot_spots(chao(archive, names[0]), Budget(iterations=10))  # compiled kernels are read once for a process
    found = []
    for name in names:
        problem = chao(archive, name)
        ours, theirs, bound = [], [], 0.0
        for seed in range(options.seed, options.seed + _SEEDS):
            outcome = solve_hot_spots(problem, Budget(seconds=seconds, seed=seed))
            ours.append(outcome.objective)
            bound = outcome.bound or 0.0
            theirs.append(pyvrp_prize(problem, seconds=seconds, seed=seed) or 0.0)
        never = all(a >= b for a, b in zip(ours, theirs, strict=True))
        found.append(
            Row(
                what=f"{name} (best known {best[name]:.0f}, bound {bound:.0f}), {duration(seconds)}, {_SEEDS} seeds",
                ours=f"{min(ours):.0f} to {max(ours):.0f}",
                peer="PyVRP as it comes",
                peer_figure=f"{min(theirs):.0f} to {max(theirs):.0f}",
                ratio=sum(ours) / max(1.0, sum(theirs)),
                goal="the best known reached, never worse",
                met=max(ours) >= best[name] and never,
            )
        )
    return found
