"""Maximal covering on Lorena's SJC324, 500 and 818: optimal, equal to the known answers, and what others need."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.harness import Options, Row, absent, against, duration, timed
from benchmarks.location_peers import SPOPT, Theirs, highs_cover, lacking, spopt_model
from benchmarks.locations import RADIUS_M, Plane, random_plane, read_sjc
from planners.contract import Budget, Outcome
from planners.posts.build import build_mclp
from planners.posts.mclp import solve_mclp
from planners.posts.plan import PostPlan
from planners.posts.problem import MclpProblem

EACH: Final = 2.0
PEER_SECONDS: Final = 60.0


def rows(options: Options) -> list[Row]:
    """Solve every instance for each number of posts, table of distances to coverage included."""
    folder = options.folder()
    planes = (read_sjc(folder) if folder is not None else []) or [random_plane(818, seed=options.seed)]
    _solve(planes[0], planes[0].answers[0][0])  # compiled kernels are read once for a process
    found: list[Row] = []
    for plane in planes:
        for p, known in plane.answers:
            found += _one(plane, p, known, cap=options.seconds or PEER_SECONDS)
    return found


def _solve(plane: Plane, p: int) -> tuple[MclpProblem, Outcome[PostPlan]]:
    names = [str(k + 1) for k in range(len(plane.weights))]
    problem = build_mclp(plane.metres, weights=plane.weights, site_keys=names, p=p, radius_seconds=RADIUS_M)
    return problem, solve_mclp(problem, Budget(seconds=10 * EACH))


def _one(plane: Plane, p: int, known: float, *, cap: float) -> list[Row]:
    ours, (problem, outcome) = timed(lambda: _solve(plane, p))
    what = f"{plane.name}, {p} posts"
    right = outcome.proved and (np.isnan(known) or outcome.objective == known)
    found = [
        Row(
            what=what, ours=f"{outcome.objective:,.0f} of {plane.weights.sum():,.0f}, gap {outcome.gap or 0:.2%}: {duration(ours)}",
            goal=f"the known optimum, < {duration(EACH)}", met=right and ours < EACH,
        )
    ]  # fmt: skip
    answers = [("HiGHS, rows merged", highs_cover(problem.coverage, plane.weights, p, seconds=cap))]
    why = lacking(*SPOPT)
    if why is None:
        theirs = spopt_model("MCLP", plane.metres, plane.weights, p=p, radius=RADIUS_M, seconds=cap)
        answers.append(("spopt + HiGHS", theirs))
    else:
        found.append(absent(what, "spopt", ours=duration(ours), why=why))
    return found + [_against(what, ours, peer, answer, cap) for peer, answer in answers]


def _against(what: str, ours: float, peer: str, theirs: Theirs, cap: float) -> Row:
    if theirs.proved:
        return against(what, ours=ours, peer=peer, theirs=theirs.seconds, note=theirs.words)
    figure = f"{theirs.words} after {duration(theirs.seconds)} (limit {duration(cap)})"
    return Row(what=what, ours=duration(ours), peer=peer, peer_figure=figure)
