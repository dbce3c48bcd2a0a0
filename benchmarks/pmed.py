"""The p-median of OR-Library's pmed: when the optimum is found, when it is proved, and what others need."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from benchmarks.harness import Options, Row, absent, against, duration, timed
from benchmarks.location_peers import SPOPT, Theirs, faster_pam, highs_median, lacking, spopt_model
from benchmarks.locations import Graph, graphs
from planners.contract import Budget, Outcome, Progress
from planners.posts.allocation import AllocationProblem
from planners.posts.p_median import solve_p_median
from planners.posts.plan import PostPlan

FOUND: Final = 1.0
ALL: Final = 600.0
PEER_SECONDS: Final = 60.0
PEER_SHOWN: Final = ("pmed1", "pmed5", "pmed6", "pmed7", "pmed9", "pmed15")
TIMES_FASTER: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """One instance: seconds count the matrix of shortest paths."""

    graph: Graph
    problem: AllocationProblem
    outcome: Outcome[PostPlan]
    matrix: float
    found: float
    proved: float


def rows(options: Options) -> list[Row]:
    """Solve every instance, then a few of them with the peers."""
    chosen = graphs(options.folder(), seed=options.seed, sample=options.sample)
    solve(chosen[0], seconds=10.0)  # compiled kernels are read once for a process
    solved = [solve(graph, seconds=ALL) for graph in chosen]
    return [*summary(solved), *(each(one) for one in solved), *_peers(solved, options)]


def solve(graph: Graph, *, seconds: float) -> Solved:
    """Solve one instance and note when its best plan was first reported."""
    matrix, problem = timed(graph.problem)
    seen: list[tuple[float, float]] = []

    def observe(progress: Progress) -> bool:
        if progress.objective is not None and (not seen or progress.objective < seen[-1][1] - 1e-9):
            seen.append((progress.seconds, progress.objective))
        return True

    outcome = solve_p_median(problem, Budget(seconds=seconds), observe=observe)
    first = next((at for at, value in seen if value <= outcome.objective * (1 + 1e-12)), outcome.seconds)
    return Solved(
        graph=graph, problem=problem, outcome=outcome, matrix=matrix, found=matrix + first,
        proved=matrix + outcome.seconds,
    )  # fmt: skip


def summary(solved: list[Solved]) -> list[Row]:
    """Return the slowest find, the proofs, the agreement with published optima and the time of all."""
    slowest = max(solved, key=lambda one: one.found)
    known = [one for one in solved if one.graph.optimum is not None]
    equal = sum(one.outcome.objective == one.graph.optimum for one in known)
    proved = sum(one.outcome.proved for one in solved)
    total = sum(one.proved for one in solved)
    longest = max(solved, key=lambda one: one.proved)
    return [
        Row(
            what=f"optimum found, slowest of {len(solved)} ({slowest.graph.name})", ours=duration(slowest.found),
            goal=f"< {duration(FOUND)}", met=slowest.found < FOUND,
        ),
        Row(
            what="equal to the published optimum", ours=f"{equal} of {len(known)}", goal="all",
            met=equal == len(known) if known else None,
        ),
        Row(
            what=f"proved (slowest {longest.graph.name}, {duration(longest.proved)})", ours=f"{proved} of {len(solved)}",
            goal="all", met=proved == len(solved),
        ),
        Row(what="all of it, matrices included", ours=duration(total), goal=f"< {duration(ALL)}", met=total < ALL),
    ]  # fmt: skip


def each(one: Solved) -> Row:
    """Return what one instance took."""
    outcome = one.outcome
    return Row(
        what=f"{one.graph.name} ({one.graph.nodes} nodes, {one.graph.p} posts)",
        ours=f"{outcome.objective:g}, bound {outcome.bound:g}: found {duration(one.found)}, proved {duration(one.proved)}",
        goal=f"found < {duration(FOUND)}, proved", met=one.found < FOUND and outcome.proved,
    )  # fmt: skip


def _peers(solved: list[Solved], options: Options) -> list[Row]:
    shown = [one for one in solved if one.graph.name in PEER_SHOWN] or solved[:2]
    cap = options.seconds or PEER_SECONDS
    found: list[Row] = []
    for one in shown:
        problem, name = one.problem, one.graph.name
        found.append(_row(one, "HiGHS", highs_median(problem, seconds=cap), cap))
        why = lacking(*SPOPT)
        if why is None:
            theirs = spopt_model("PMedian", problem.seconds, problem.weights, p=problem.p, radius=None, seconds=cap)
            found.append(_row(one, "spopt + HiGHS", theirs, cap, at_least=TIMES_FASTER))
        else:
            found.append(absent(f"{name}: found and proved", "spopt", ours=duration(one.proved), why=why))
    found.append(_pam(solved, options.seed))
    return found


def _row(one: Solved, peer: str, theirs: Theirs, cap: float, *, at_least: float | None = None) -> Row:
    what = f"{one.graph.name}: found and proved"
    if not theirs.proved:
        return Row(
            what=what, ours=duration(one.proved), peer=peer,
            peer_figure=f"{theirs.words} after {duration(theirs.seconds)} (limit {duration(cap)})",
        )  # fmt: skip
    return against(
        what, ours=one.proved, peer=peer, theirs=one.matrix + theirs.seconds, at_least=at_least, note=theirs.words
    )


def _pam(solved: list[Solved], seed: int) -> Row:
    what = f"mean gap to the optimum, {len(solved)} instances"
    why = lacking("kmedoids")
    if why is not None:
        return absent(what, "FasterPAM (kmedoids)", ours="0 %", why=why)
    began = time.perf_counter()
    gaps = [
        (faster_pam(one.problem, seed=seed).objective or 0.0) / one.outcome.objective - 1.0
        for one in solved
        if one.outcome.proved
    ]
    return Row(
        what=what, ours="0 %", peer="FasterPAM, one start",
        peer_figure=f"{100 * sum(gaps) / max(len(gaps), 1):.2f} % (most {100 * max(gaps):.2f} %), "
        f"{duration(time.perf_counter() - began)} in all",
    )  # fmt: skip
