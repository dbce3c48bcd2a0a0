"""Pairs within a limit are those of the whole table."""

import numpy as np
import pytest

from benchmarks.cities import City, lattice, with_forbidden_turns
from geo.streets.snap import Places
from geo.streets.travel import Travel
from planners.posts.build import build_coverage
from planners.posts.on_streets import coverage_on_streets


def places(graph, rng: np.random.Generator, count: int) -> Places:
    arc = rng.integers(0, graph.arcs, count).astype(np.int32)
    ok = rng.random(count) > 0.1
    return Places(
        arc=np.where(ok, arc, -1).astype(np.int32),
        metres_along=(rng.random(count) * graph.metres[arc]).astype(np.float32),
        offset_m=np.where(ok, rng.random(count) * 20, np.inf).astype(np.float32),
        lonlat=graph.node_lonlat[graph.heads[arc]],
        ok=ok,
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threads", [1, 2])
def test_pairs_and_seconds_equal_the_table(seed: int, threads: int) -> None:
    rng = np.random.default_rng(seed)
    graph = lattice(14)
    if seed % 2:
        graph = with_forbidden_turns(City.of("lattice", graph), share=0.2, seed=seed).graph
    milliseconds = rng.integers(1, 9000, graph.arcs).astype(np.int32)
    travel = Travel(graph, milliseconds, engine="cold", threads=threads)
    sites, demand = places(graph, rng, 30), places(graph, rng, 80)
    table = travel.matrix(sites, demand)
    for limit in (0.0, 4.0, 20.0, float(np.sort(table[np.isfinite(table)])[200]), 1e6):
        found = travel.within(sites, demand, limit_seconds=limit)
        rows, columns = np.nonzero(table <= limit)
        assert found.destinations.tolist() == columns.tolist()
        assert found.seconds.tolist() == table[rows, columns].tolist()
        assert np.repeat(np.arange(30), np.diff(found.indptr)).tolist() == rows.tolist()
    nearest = travel.nearest(sites, demand)
    assert np.isfinite(nearest).tolist() == np.isfinite(table.min(axis=0)).tolist()
    reached = np.isfinite(nearest)
    assert nearest[reached] == pytest.approx(table.min(axis=0)[reached], abs=0.0011)


def test_coverage_on_streets_is_that_of_the_table() -> None:
    rng = np.random.default_rng(3)
    graph = lattice(12)
    travel = Travel(graph, rng.integers(500, 9000, graph.arcs).astype(np.int32), engine="cold")
    sites, demand = places(graph, rng, 12), places(graph, rng, 60)
    table = travel.matrix(sites, demand).T
    wanted = build_coverage(table, demand=60, sites=12, radius_seconds=15.0, closed=[2])
    found = coverage_on_streets(travel, sites, demand, radius_seconds=15.0, closed=[2])
    for name in ("indptr", "sites", "seconds"):
        assert getattr(found, name).tolist() == getattr(wanted, name).tolist()
    finite = np.isfinite(wanted.nearest_seconds)
    assert np.isfinite(found.nearest_seconds).tolist() == finite.tolist()
    assert found.nearest_seconds[finite] == pytest.approx(wanted.nearest_seconds[finite], abs=0.0011)
