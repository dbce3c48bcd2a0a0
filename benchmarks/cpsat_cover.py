"""``python -m benchmarks.cpsat_cover FILE SECONDS``: maximal covering by OR-Tools CP-SAT, in a process of its own.

OR-Tools carries its own HiGHS, whose symbols clash with those of highspy in one process. FILE holds ``starts`` and
``columns`` (rows and the sites that cover them), ``weights`` and ``shape`` (sites, posts); the answer is JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

import numpy as np


def main(path: str, seconds: float) -> dict[str, Any]:
    """Build and solve with two workers; weights are whole."""
    cp_model: Any = importlib.import_module("ortools.sat.python.cp_model")
    with np.load(path) as data:
        starts, columns, weights = data["starts"], data["columns"], data["weights"]
        sites, posts = (int(value) for value in data["shape"])
    began = time.perf_counter()
    model = cp_model.CpModel()
    opened = [model.new_bool_var("") for _ in range(sites)]
    model.add(sum(opened) <= posts)
    covered = []
    for i in range(len(weights)):
        one = model.new_bool_var("")
        model.add_bool_or([opened[j] for j in columns[starts[i] : starts[i + 1]].tolist()] + [one.negated()])
        covered.append(one)
    model.maximize(cp_model.LinearExpr.weighted_sum(covered, np.rint(weights).astype(int).tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = max(1.0, seconds - (time.perf_counter() - began))
    status = solver.solve(model)
    known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "seconds": time.perf_counter() - began,
        "objective": float(solver.objective_value) if known else None,
        "bound": float(solver.best_objective_bound),
        "proved": bool(status == cp_model.OPTIMAL),
    }


if __name__ == "__main__":
    json.dump(main(sys.argv[1], float(sys.argv[2])), sys.stdout)
