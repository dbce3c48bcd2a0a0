import numpy as np
import pytest

from benchmarks.cities import lattice
from geo.errors import InfeasibleError, ParameterError
from planners.posts.candidates import street_candidates

TOWN = lattice(3)  # nodes 0 to 8, row by row, 100 m apart; four streets meet at node 4
CORNERS = np.isin(np.arange(9), [0, 2, 6, 8])


def test_the_busiest_junction_stands_for_its_cell() -> None:
    found = street_candidates(TOWN, "patrol_car", spacing_m=1000.0)
    assert found.nodes.tolist() == [4]
    assert found.keys == ("n4",)
    assert found.lonlat[0] == pytest.approx(TOWN.node_lonlat[4])


def test_small_cells_hold_a_node_each() -> None:
    assert street_candidates(TOWN, "patrol_car", spacing_m=60.0).nodes.tolist() == list(range(9))


def test_among_equal_junctions_demand_decides_then_the_lowest_number() -> None:
    assert street_candidates(TOWN, "patrol_car", spacing_m=250.0, inside=CORNERS).nodes.tolist() == [0]
    # Demand at node 8 is within 250 m of nodes 2, 6 and 8, and 280 m away from node 0.
    found = street_candidates(
        TOWN, "patrol_car", spacing_m=250.0, inside=CORNERS, demand_lonlat=TOWN.node_lonlat[[8]], weights=[7.0]
    )
    assert found.nodes.tolist() == [2]
    assert found.demand_near.tolist() == [7.0]


def test_a_limit_keeps_the_cells_with_most_demand() -> None:
    found = street_candidates(
        TOWN, "patrol_car", spacing_m=60.0, demand_lonlat=TOWN.node_lonlat[[8, 3, 3]], weights=[2.0, 1.5, 1.5], most=2
    )
    assert found.nodes.tolist() == [3, 8]
    assert found.demand_near.tolist() == [3.0, 2.0]


def test_no_street_and_no_spacing_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="no site to choose"):
        street_candidates(TOWN, "patrol_car", spacing_m=60.0, inside=np.zeros(9, bool))
    with pytest.raises(ParameterError, match="above 0 m"):
        street_candidates(TOWN, "patrol_car", spacing_m=0.0)
