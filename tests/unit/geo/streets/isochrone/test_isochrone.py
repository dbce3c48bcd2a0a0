from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.crs import pick_metric_crs
from geo.errors import ParameterError
from geo.streets.isochrone import isochrones
from geo.streets.osm import read_osm
from geo.streets.snap import Snapper
from geo.streets.speeds import NO_WAY, SpeedTable, arc_milliseconds


@pytest.fixture
def straight(write_osm):
    """One street of about 1,917 m to the east, driven at 36 km/h."""
    graph = read_osm(write_osm({1: (108.90, 0.0), 2: (108.91722, 0.0)}, [(10, [1, 2], {"highway": "primary"})]))
    table = SpeedTable.default().edited(profile="patrol_car", road_class="primary", kph=36)
    return graph, arc_milliseconds(graph, "patrol_car", speeds=table)


def town(write_osm, side: int = 12):
    """Streets on a square lattice, 200 m apart."""
    step = 0.0018
    nodes = {1 + r * side + c: (108.9 + c * step, 0.1 + r * step) for r in range(side) for c in range(side)}
    ways = [(100 + r, [1 + r * side + c for c in range(side)], {"highway": "residential"}) for r in range(side)]
    ways += [(200 + c, [1 + r * side + c for r in range(side)], {"highway": "tertiary"}) for c in range(side)]
    return read_osm(write_osm(nodes, ways))


def seconds_from(graph, milliseconds, source: int) -> np.ndarray:
    open_arcs = milliseconds < NO_WAY
    links = csr_array((milliseconds[open_arcs].astype(float), (graph.tails()[open_arcs], graph.heads[open_arcs])))
    return np.asarray(dijkstra(links, indices=source)) / 1000


def metric(area, graph):
    return area.to_crs(pick_metric_crs(graph.bounds)).geometry


def test_a_street_is_cut_where_the_time_runs_out(straight) -> None:
    graph, milliseconds = straight
    start = int(np.flatnonzero(graph.node_ids == 1)[0])
    found = isochrones(graph, seconds_from(graph, milliseconds, start), [1, 2], milliseconds=milliseconds)
    assert found.crs.to_epsg() == 4326
    assert found["minutes"].tolist() == [1, 2]
    for area, reached in zip(metric(found, graph), (600.0, 1200.0), strict=True):
        west, south, east, north = area.bounds
        assert area.geom_type == "Polygon"
        assert east - west == pytest.approx(reached + 120, abs=4)
        assert north - south == pytest.approx(120, abs=4)
        assert area.area == pytest.approx(reached * 120 + np.pi * 60**2, rel=0.02)


def test_the_start_in_the_middle_counts_both_ways(straight) -> None:
    graph, milliseconds = straight
    origin = Snapper(graph, "patrol_car").snap(np.array([[108.9090, 0.0]]))
    seconds = np.full(graph.nodes, np.inf)
    found = isochrones(graph, seconds, [0.5], milliseconds=milliseconds, origins=origin)
    west, _, east, _ = metric(found, graph)[0].bounds
    assert east - west == pytest.approx(2 * 300 + 120, abs=4)


def test_longer_limits_contain_shorter_ones(write_osm) -> None:
    graph = town(write_osm)
    milliseconds = arc_milliseconds(graph, "patrol_car")
    seconds = seconds_from(graph, milliseconds, 70)
    found = isochrones(graph, seconds, [5, 1, 3, 2], milliseconds=milliseconds)
    assert found["minutes"].tolist() == [1, 2, 3, 5]
    areas = list(metric(found, graph))
    for small, large in itertools.pairwise(areas):
        assert shapely.difference(small, large).area < 1e-5 * small.area
        assert large.area >= small.area
    assert all(area.is_valid for area in areas)


def test_the_area_is_that_of_buffered_streets(write_osm) -> None:
    graph = town(write_osm)
    milliseconds = arc_milliseconds(graph, "foot")
    seconds = seconds_from(graph, milliseconds, 70)
    found = metric(isochrones(graph, seconds, [6], milliseconds=milliseconds, fill_m2=0), graph)[0]
    parts = []
    for arc, tail in enumerate(graph.tails()):
        left = 360 - seconds[tail]
        if left > 0:
            line = shapely.LineString(graph.arc_lonlat(arc))
            share = min(1.0, left / (milliseconds[arc] / 1000))
            parts.append(shapely.LineString([line.coords[0], line.interpolate(share, normalized=True)]))
    import geopandas as gpd

    exact = gpd.GeoSeries(parts, crs=4326).to_crs(pick_metric_crs(graph.bounds)).buffer(60, 32).union_all()
    assert shapely.symmetric_difference(found, exact).area < 0.02 * exact.area


def test_small_blocks_are_filled_and_large_ones_not(write_osm) -> None:
    graph = town(write_osm, side=3)
    seconds = np.zeros(graph.nodes)
    milliseconds = arc_milliseconds(graph, "patrol_car")
    filled = metric(isochrones(graph, seconds, [10], milliseconds=milliseconds), graph)[0]
    open_blocks = metric(isochrones(graph, seconds, [10], milliseconds=milliseconds, fill_m2=0), graph)[0]
    assert len(filled.interiors) == 0
    assert len(open_blocks.interiors) == 4


def test_without_weights_dead_ends_are_cut_alike(straight) -> None:
    graph, milliseconds = straight
    seconds = seconds_from(graph, milliseconds, int(np.flatnonzero(graph.node_ids == 1)[0]))
    with_weights = isochrones(graph, seconds, [1], milliseconds=milliseconds)
    without = isochrones(graph, seconds, [1])
    assert metric(without, graph)[0].area == pytest.approx(metric(with_weights, graph)[0].area, rel=1e-3)


def test_nothing_reached_is_an_empty_area(straight) -> None:
    graph, milliseconds = straight
    found = isochrones(graph, np.full(graph.nodes, np.inf), [3, 5], milliseconds=milliseconds)
    assert found["minutes"].tolist() == [3, 5]
    assert found.geometry.is_empty.all()


@pytest.mark.parametrize("minutes", [[], [0], [-3], [601], [float("nan")]])
def test_limits_out_of_range_are_refused(straight, minutes: list[float]) -> None:
    graph, _ = straight
    with pytest.raises(ParameterError, match="Limits"):
        isochrones(graph, np.zeros(graph.nodes), minutes)
    with pytest.raises(ParameterError, match="Times"):
        isochrones(graph, np.zeros(graph.nodes + 1), [5])
