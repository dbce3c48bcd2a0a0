"""OR-Library's p-median optima (Beasley 1985), and a ring whose answers are known by hand."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from planners.contract import Budget
from planners.posts.allocation import AllocationProblem, build_allocation
from planners.posts.p_center import solve_p_center
from planners.posts.p_median import solve_p_median


def problem_of(nodes: int, p: int, edges: list[tuple[int, int, int]]) -> AllocationProblem:
    last = {(min(a, b), max(a, b)): c for a, b, c in edges}
    ends = np.array(list(last))
    graph = csr_array((list(last.values()), (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    keys = [str(k) for k in range(nodes)]
    return build_allocation(shortest_path(graph, directed=False), weights=np.ones(nodes), site_keys=keys, p=p)


def test_a_ring_is_shared_out_evenly() -> None:
    problem = problem_of(15, 3, [(k, (k + 1) % 15, 2) for k in range(15)])
    median, center = solve_p_median(problem, Budget()), solve_p_center(problem, Budget())
    assert (median.objective, median.bound) == (3 * (2 + 2 + 4 + 4), 36.0)
    assert (center.objective, center.bound) == (4.0, 4.0)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["pmed1", "pmed3", "pmed5", "pmed7", "pmed9", "pmed13", "pmed15"])
def test_published_optima_are_found_and_proved(shared: Path, name: str) -> None:
    folder = shared / "bench" / "pmed"
    with (folder / "optima.csv").open() as text:
        optimum = {row["instance"]: float(row["optimum"]) for row in csv.DictReader(text)}[name]
    numbers = [int(word) for word in gzip.decompress((folder / f"{name}.txt.gz").read_bytes()).split()]
    edges = [(a - 1, b - 1, c) for a, b, c in zip(numbers[3::3], numbers[4::3], numbers[5::3], strict=True)]
    outcome = solve_p_median(problem_of(numbers[0], numbers[2], edges), Budget())
    assert outcome.objective == outcome.bound == optimum
