"""Other solvers of location problems, each asked in its usual way: spopt, HiGHS, CP-SAT, FasterPAM."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planners.contract import Budget, Observer, Termination, silent
from planners.integer_program import IntegerProgram, solve_program
from planners.posts.allocation import AllocationProblem
from planners.posts.coverage import Coverage
from planners.posts.mclp import program_of as cover_program
from planners.posts.median_program import program_of as median_program
from planners.posts.reduce import merge_alike

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A peer's answer, recomputed by us where it gives sites; ``seconds`` counts building its model."""

    seconds: float
    objective: float | None
    bound: float | None
    proved: bool

    @property
    def words(self) -> str:
        """Value and proof in words."""
        if self.objective is None:
            return "no plan"
        return f"{self.objective:,.6g}" + (", proved" if self.proved else ", not proved")


SPOPT: Final = ("spopt.locate", "pulp")


def lacking(*modules: str) -> str | None:
    """Return why a peer cannot be asked, None where all of the modules can be imported.

    spopt may lie there for its data alone, without what it needs to run.
    """
    for module in modules:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(module)
        except ImportError as error:
            lost = (error.name or module).split(".")[0]
            return "not installed" if lost == module.split(".")[0] else f"installed without {lost}, which it needs"
    return None


def highs_median(problem: AllocationProblem, *, seconds: float) -> Theirs:
    """Solve the program with a variable a pair by HiGHS as it comes."""
    return _by_highs(lambda: median_program(problem)[0], seconds)


def highs_cover(coverage: Coverage, weights: Floats, p: int, *, seconds: float, observe: Observer = silent) -> Theirs:
    """Solve maximal covering by HiGHS as it comes, once rows with the same sites are merged, until it is proved."""
    usable = np.ones(coverage.count, bool)

    def build() -> IntegerProgram:
        return cover_program(merge_alike(coverage.indptr, coverage.sites, weights, usable, q=p))

    return _by_highs(build, seconds, observe)


def highs_center(problem: AllocationProblem, *, seconds: float) -> Theirs:
    """Solve the program of the p-centre with a variable a pair by HiGHS as it comes."""

    def build() -> IntegerProgram:
        median, rows, _ = median_program(problem)
        n, pairs = len(problem.weights), len(rows)
        m = len(median.costs) - pairs
        times = median.costs[m:] / problem.weights[rows]
        far = sparse.csr_matrix((times, (rows, m + np.arange(pairs))), shape=(n, m + pairs))
        worst = sparse.csr_matrix(
            (-np.ones(n), (median.rows.shape[0] + np.arange(n), np.zeros(n, np.int64))),
            shape=(median.rows.shape[0] + n, 1),
        )
        return IntegerProgram(
            costs=np.append(np.zeros(m + pairs), 1.0), lower=np.append(median.lower, 0.0),
            upper=np.append(median.upper, np.inf), whole=np.append(median.whole, False),
            rows=sparse.csr_matrix(sparse.hstack([sparse.vstack([median.rows, far]), worst])),
            row_lower=np.append(median.row_lower, np.full(n, -np.inf)),
            row_upper=np.append(median.row_upper, np.zeros(n)), sense=-1,
        )  # fmt: skip

    return _by_highs(build, seconds)


def _by_highs(build: Callable[[], IntegerProgram], seconds: float, observe: Observer = silent) -> Theirs:
    began = time.perf_counter()
    program = build()
    answer = solve_program(program, Budget(seconds=seconds), observe=observe, began=began)
    objective = None if answer.values is None else float(program.costs @ answer.values + program.constant)
    return Theirs(
        seconds=time.perf_counter() - began, objective=objective, bound=answer.bound,
        proved=answer.termination is Termination.OPTIMAL,
    )  # fmt: skip


def spopt_model(kind: str, costs: Floats, weights: Floats, *, p: int, radius: float | None, seconds: float) -> Theirs:
    """Build spopt's ``PMedian``, ``PCenter`` or ``MCLP`` from a cost table and solve it with HiGHS."""
    pulp: Any = importlib.import_module("pulp")
    locate: Any = importlib.import_module("spopt.locate")

    began = time.perf_counter()
    if kind == "MCLP":
        model = locate.MCLP.from_cost_matrix(costs, weights, radius, p_facilities=p)
    elif kind == "PMedian":
        model = locate.PMedian.from_cost_matrix(costs, weights, p_facilities=p)
    else:
        model = locate.PCenter.from_cost_matrix(costs, p_facilities=p)
    left = max(1.0, seconds - (time.perf_counter() - began))
    model.problem.solve(pulp.HiGHS(msg=False, timeLimit=left))
    opened = [j for j, variable in enumerate(model.fac_vars) if (variable.value() or 0) > 0.5]
    taken = time.perf_counter() - began
    if not opened:
        return Theirs(seconds=taken, objective=None, bound=None, proved=False)
    near = costs[:, opened].min(axis=1)
    values = {
        "MCLP": weights[near <= (radius or 0)].sum,
        "PMedian": (weights * near).sum,
        "PCenter": near.max,
    }
    # Its status says optimal at the time limit too; only the solution status tells the two apart.
    proved = model.problem.sol_status == pulp.LpSolutionOptimal and taken < seconds
    return Theirs(seconds=taken, objective=float(values[kind]()), bound=None, proved=proved)


def cpsat_cover(coverage: Coverage, weights: Floats, p: int, *, seconds: float) -> Theirs:
    """Solve maximal covering of whole weights, rows merged, by OR-Tools CP-SAT with two workers in its own process."""
    began = time.perf_counter()
    reduced = merge_alike(coverage.indptr, coverage.sites, weights, np.ones(coverage.count, bool), q=p)
    merging = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cover.npz"
        np.savez(
            path, starts=reduced.row_starts, columns=reduced.row_sites, weights=reduced.weights,
            shape=np.array([len(reduced.sites), p]),
        )  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.cpsat_cover", str(path), str(seconds)]
        root = Path(__file__).resolve().parent.parent
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return Theirs(
        seconds=found["seconds"] + merging, objective=found["objective"], bound=found["bound"], proved=found["proved"]
    )


def faster_pam(problem: AllocationProblem, *, seed: int) -> Theirs:
    """Run one start of FasterPAM (kmedoids) on equal weights."""
    kmedoids: Any = importlib.import_module("kmedoids")

    began = time.perf_counter()
    found = kmedoids.fasterpam(problem.seconds, problem.p, random_state=seed)
    return Theirs(seconds=time.perf_counter() - began, objective=float(found.loss), bound=None, proved=False)
