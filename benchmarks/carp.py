"""Capacitated arc routing on the public instances gdb, val, egl and kshs: cost found, proved bound, published best."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Options, Row, absent, duration
from geo.errors import FileError
from planners.contract import Budget, Outcome, Progress
from planners.patrol.sweep.plan import SweepPlan
from planners.patrol.sweep.problem import SweepProblem
from planners.patrol.sweep.solve import solve_sweep

SECONDS: Final = 60.0
BOUND_PATIENCE: Final = 2.0
"""Seconds for which the bound may still rise once the published lower bound is reached."""
ABOVE: Final = {"gdb": 0.0, "kshs": 0.0, "val": 0.0, "egl": 0.02}
"""How far above the published best cost each family may be, as a share."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """One instance; ``edges`` int64[e, 4] nodes from 0, cost, demand; ``lower`` and ``upper`` as published."""

    name: str
    nodes: int
    edges: npt.NDArray[np.int64]
    vehicles: int
    capacity: int
    lower: int
    upper: int

    @property
    def family(self) -> str:
        """Return gdb, val, egl or kshs."""
        return next((name for name in ABOVE if self.name.startswith(name)), self.name)

    def problem(self) -> SweepProblem:
        """Return the problem; as usual any number of routes is allowed and node 0 is the depot."""
        one, other, cost, demand = self.edges.T
        tasks = np.flatnonzero(demand > 0)
        return SweepProblem(
            nodes=self.nodes, tails=np.concatenate([one, other]), heads=np.concatenate([other, one]),
            cost=np.concatenate([cost, cost]), task_keys=tuple(f"{one[i]}-{other[i]}" for i in tasks),
            task_arcs=np.stack([tasks, tasks + len(cost)], axis=1), serve=np.stack([cost[tasks]] * 2, axis=1),
            demand=demand[tasks], depot=0, capacity=self.capacity, street_arcs=np.zeros(0, np.int32),
        )  # fmt: skip


def read_carp(path: Path) -> Instance:
    """Read one file: nodes, edges, rows of ends, cost and demand, then vehicles, capacity, best lower and upper bound."""
    try:
        rows = [
            [int(v) for v in line.split()] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
        ]
        nodes, edges = rows[0][0], rows[1][0]
        vehicles, capacity, lower, upper = (row[0] for row in rows[2 + edges : 6 + edges])
        table = np.array(rows[2 : 2 + edges], np.int64).reshape(edges, 4)
    except (ValueError, IndexError) as problem:
        raise FileError(
            f"{path.name} is not an instance of arc routing", f"{path.name} 不是弧路径算例文件"
        ) from problem
    return Instance(
        name=path.stem, nodes=nodes, edges=table, vehicles=vehicles, capacity=capacity, lower=lower, upper=upper
    )


def instances(folder: Path | None, *, sample: int | None, seed: int, only: str | None) -> list[Instance]:
    """Return the instances in ``bench/carp`` of a folder, or in the folder itself; a seeded sample of them where asked."""
    if folder is None:
        return []
    inside = folder / "bench" / "carp"
    paths = sorted((inside if inside.is_dir() else folder).glob("*.dat"))
    found = [read_carp(path) for path in paths if only is None or path.stem.startswith(only)]
    if sample is not None and sample < len(found):
        rng = np.random.default_rng(seed)
        found = [found[i] for i in sorted(rng.choice(len(found), sample, replace=False).tolist())]
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """What one instance came to; ``found`` is when the best plan was first reported."""

    instance: Instance
    outcome: Outcome[SweepPlan]
    found: float

    @property
    def above(self) -> float:
        """Return how far the cost is above the published best one, as a share."""
        return self.outcome.objective / self.instance.upper - 1.0


def solve(instance: Instance, *, seconds: float, seed: int) -> Solved:
    """Solve one instance until it is proved, equals the published lower bound while its own bound no longer rises, or the time is over."""
    seen: list[tuple[float, float]] = []
    bounds: list[tuple[float, float]] = [(0.0, 0.0)]

    def observe(progress: Progress) -> bool:
        if progress.objective is not None and (not seen or progress.objective < seen[-1][1]):
            seen.append((progress.seconds, progress.objective))
        if progress.bound is not None and progress.bound > bounds[-1][1]:
            bounds.append((progress.seconds, progress.bound))
        # Nothing better is left to find; the bound may still rise.
        found = bool(seen) and seen[-1][1] <= instance.lower
        return not found or progress.seconds - bounds[-1][0] < BOUND_PATIENCE

    outcome = solve_sweep(instance.problem(), Budget(seconds=seconds, seed=max(1, seed)), observe=observe)
    return Solved(instance=instance, outcome=outcome, found=seen[-1][0] if seen else outcome.seconds)


def rows(options: Options) -> list[Row]:
    """Solve the instances one after the other; a family's row comes before its instances'."""
    chosen = instances(options.folder(), sample=options.sample, seed=options.seed, only=options.only)
    if not chosen:
        return [absent("arc routing with capacity", "published best costs", why="no instances: --data FOLDER")]
    solve(chosen[0], seconds=5.0, seed=1)  # compiled kernels are read once for a process
    began = time.perf_counter()
    solved = [solve(one, seconds=options.seconds or SECONDS, seed=options.seed) for one in chosen]
    taken = time.perf_counter() - began
    found: list[Row] = []
    for family in sorted({one.family for one in chosen}):
        some = [one for one in solved if one.instance.family == family]
        found += [_family(family, some), *(_each(one) for one in some)]
    return [*found, Row(what=f"all {len(solved)} instances", ours=duration(taken))]


def _family(family: str, some: list[Solved]) -> Row:
    best = sum(one.outcome.objective <= one.instance.upper for one in some)
    proved = sum(one.outcome.proved for one in some)
    worst = max(one.above for one in some)
    mean = sum(one.above for one in some) / len(some)
    goal = ABOVE.get(family, 0.0)
    return Row(
        what=f"{family}: {len(some)} instances",
        ours=f"best known {best}, proved {proved}; above it mean {100 * mean:.2f} %, worst {100 * worst:.2f} %",
        peer="published", goal="all best known" if goal == 0 else f"each within {100 * goal:g} %", met=worst <= goal + 1e-12,
    )  # fmt: skip


def _each(one: Solved) -> Row:
    outcome, instance = one.outcome, one.instance
    bound = "-" if outcome.bound is None else f"{outcome.bound:g}"
    return Row(
        what=f"{instance.name} ({int((instance.edges[:, 3] > 0).sum())} streets)",
        ours=f"{outcome.objective:g}, bound {bound}{' proved' if outcome.proved else ''}; found {duration(one.found)}",
        peer="published", peer_figure=f"{instance.upper} (lower {instance.lower})", ratio=instance.upper / outcome.objective,
    )  # fmt: skip
