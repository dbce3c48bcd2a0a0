"""The p-centre of OR-Library's pmed: exact on every instance, and what others need."""

from __future__ import annotations

from typing import Final

from benchmarks.harness import Options, Row, absent, against, duration, timed
from benchmarks.location_peers import SPOPT, highs_center, lacking, spopt_model
from benchmarks.locations import graphs
from planners.contract import Budget
from planners.posts.p_center import solve_p_center

EACH: Final = 10.0
PEER_SECONDS: Final = 60.0
PEER_SHOWN: Final = 2


def rows(options: Options) -> list[Row]:
    """Solve every instance, matrix of shortest paths included, then the smallest ones with the peers."""
    chosen = graphs(options.folder(), seed=options.seed, sample=options.sample)
    solve_p_center(chosen[0].problem(), Budget(seconds=EACH))  # compiled kernels are read once for a process
    found: list[Row] = []
    cap = options.seconds or PEER_SECONDS
    for number, graph in enumerate(chosen):
        matrix, problem = timed(graph.problem)
        outcome = solve_p_center(problem, Budget(seconds=10 * EACH))
        ours = matrix + outcome.seconds
        what = f"{graph.name} ({graph.nodes} nodes, {graph.p} posts)"
        found.append(
            Row(
                what=what, ours=f"{outcome.objective:g}, bound {outcome.bound:g}: {duration(ours)}",
                goal=f"exact, < {duration(EACH)}", met=outcome.proved and ours < EACH,
            )
        )  # fmt: skip
        if number >= PEER_SHOWN:
            continue
        answers = [("HiGHS", highs_center(problem, seconds=cap))]
        why = lacking(*SPOPT)
        if why is None:
            theirs = spopt_model("PCenter", problem.seconds, problem.weights, p=problem.p, radius=None, seconds=cap)
            answers.append(("spopt + HiGHS", theirs))
        else:
            found.append(absent(what, "spopt", ours=duration(ours), why=why))
        for peer, answer in answers:
            if answer.proved:
                found.append(against(what, ours=ours, peer=peer, theirs=matrix + answer.seconds, note=answer.words))
            else:
                figure = f"{answer.words} after {duration(answer.seconds)} (limit {duration(cap)})"
                found.append(Row(what=what, ours=duration(ours), peer=peer, peer_figure=figure))
    return found
