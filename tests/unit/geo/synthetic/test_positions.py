import networkx as nx
import numpy as np
import pytest
import shapely

from geo.crs import to_metric
from geo.streets.graph import CAR, ROAD_CLASSES, StreetGraph
from geo.synthetic.positions import StreetPositions, arc_lines, crossings, reachable


def test_positions_lie_on_their_streets_and_stand_for_their_length(
    graph: StreetGraph, positions: StreetPositions
) -> None:
    lines = arc_lines(graph, positions.arc, to_metric(graph.geometry_lonlat, positions.crs))
    assert shapely.distance(shapely.points(positions.xy), lines).max() < 1e-6
    assert positions.metres.max() <= 20.0 + 1e-9
    arcs = np.unique(positions.arc)
    once = shapely.length(arc_lines(graph, arcs, to_metric(graph.geometry_lonlat, positions.crs))).sum()
    assert positions.metres.sum() == pytest.approx(once)
    assert not np.isin(graph.reverse[arcs], arcs).any()


def test_directions_are_unit_vectors_along_the_street(graph: StreetGraph, positions: StreetPositions) -> None:
    assert np.allclose(np.hypot(*positions.along.T), 1.0)
    row = int(np.argmax(positions.metres))
    line = arc_lines(graph, positions.arc[row : row + 1], to_metric(graph.geometry_lonlat, positions.crs))[0]
    ahead = shapely.Point(positions.xy[row] + 0.5 * positions.along[row])
    assert line.distance(ahead) < 0.05


def test_class_weight_is_metres_times_weight(positions: StreetPositions) -> None:
    weight = positions.class_weight({"residential": 2.0})
    residential = positions.road_class == ROAD_CLASSES.index("residential")
    assert np.allclose(weight, np.where(residential, 2.0 * positions.metres, 0.0))


def test_reachable_is_the_largest_strong_component_of_networkx(graph: StreetGraph) -> None:
    may = (graph.access & CAR) > 0
    network = nx.DiGraph()
    network.add_nodes_from(range(graph.nodes))
    network.add_edges_from(zip(graph.tails()[may].tolist(), graph.heads[may].tolist(), strict=True))
    largest = max(nx.strongly_connected_components(network), key=len)
    assert set(np.flatnonzero(reachable(graph, CAR)).tolist()) == largest


def test_crossings_have_three_neighbours_or_more(graph: StreetGraph) -> None:
    may = (graph.access & CAR) > 0
    network = nx.Graph()
    network.add_nodes_from(range(graph.nodes))
    network.add_edges_from(
        (a, b) for a, b in zip(graph.tails()[may].tolist(), graph.heads[may].tolist(), strict=True) if a != b
    )
    ours = crossings(graph)
    degrees = dict(network.degree())
    loops = np.unique(graph.tails()[may][graph.tails()[may] == graph.heads[may]])
    for node in set(range(graph.nodes)) - set(loops.tolist()):
        assert ours[node] == (degrees[node] >= 3)
