from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.errors import CoordinateError, FieldError, FileError
from geo.streets.graph import FOOT, ROAD_CLASSES
from geo.streets.parquet import read_parquet

NODES = pd.DataFrame({"node": [7, 8, 9], "lon": [108.90, 108.91, 108.92], "lat": [34.2, 34.2, 34.21]})
EDGES = pd.DataFrame({
    "u": [7, 8, 8], "v": [8, 7, 9], "length_m": [921.0, 921.0, 1500.0], "speed_kph": [60.0, 50.0, 0.0],
})  # fmt: skip


def write(folder: Path, nodes: pd.DataFrame, edges: pd.DataFrame) -> tuple[Path, Path]:
    nodes.to_parquet(folder / "nodes.parquet")
    edges.to_parquet(folder / "edges.parquet")
    return folder / "nodes.parquet", folder / "edges.parquet"


def test_edges_become_arcs_with_the_file_s_lengths_and_speeds(tmp_path: Path) -> None:
    graph = read_parquet(*write(tmp_path, NODES, EDGES))
    assert graph.node_ids.tolist() == [7, 8, 9]
    assert graph.heads.tolist() == [1, 0, 2]
    assert graph.metres.tolist() == [921.0, 921.0, 1500.0]
    assert graph.speed_kph[:2].tolist() == [60.0, 50.0]
    assert np.isnan(graph.speed_kph[2])
    assert graph.reverse.tolist() == [1, 0, -1]
    assert {ROAD_CLASSES[k] for k in graph.road_class} == {"other"}


def test_walking_back_along_one_way_edges_is_added_on_request(tmp_path: Path, arc_between) -> None:
    graph = read_parquet(*write(tmp_path, NODES, EDGES), foot_both_ways=True)
    assert graph.arcs == 4
    assert int(graph.access[arc_between(graph, 9, 8)]) == FOOT


def test_names_and_classes_are_read_where_they_are(tmp_path: Path, arc_between) -> None:
    edges = EDGES.assign(name=["东大街", "东大街", None], highway=["primary", "primary", "alley"])
    graph = read_parquet(*write(tmp_path, NODES, edges))
    assert graph.name(arc_between(graph, 7, 8)) == "东大街"
    assert graph.name(arc_between(graph, 8, 9)) == ""
    assert ROAD_CLASSES[graph.road_class[arc_between(graph, 7, 8)]] == "primary"
    assert ROAD_CLASSES[graph.road_class[arc_between(graph, 8, 9)]] == "other"


@pytest.mark.parametrize(
    ("nodes", "edges", "error", "match"),
    [
        (NODES.drop(columns="lat"), EDGES, FieldError, "lacks the field lat"),
        (NODES, EDGES.drop(columns=["u", "length_m"]), FieldError, "lacks the field u, length_m"),
        (NODES.assign(lon="x"), EDGES, FieldError, "not a number"),
        (NODES.assign(lon=[np.nan, 1, 2]), EDGES, CoordinateError, "1 nodes have no finite"),
        (NODES.assign(lon=[np.inf, 1, 2]), EDGES, CoordinateError, "1 nodes have no finite"),
        (NODES.rename(columns={"lon": "lat", "lat": "lon"}), EDGES, CoordinateError, "swapped"),
        (NODES.assign(node=[7, 7, 9]), EDGES, FieldError, "twice"),
        (NODES, EDGES.assign(v=[8, 7, 99]), FieldError, "names 1 nodes that are not"),
        (NODES, EDGES.assign(length_m=[1.0, -2.0, np.nan]), FieldError, "in 2 rows"),
        (NODES, EDGES.iloc[:0], FileError, "no street"),
    ],
)
def test_bad_tables_are_refused_with_one_sentence(tmp_path: Path, nodes, edges, error, match: str) -> None:
    with pytest.raises(error, match=match) as problem:
        read_parquet(*write(tmp_path, nodes, edges))
    assert "\n" not in problem.value.en
    assert problem.value.zh


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    nodes, edges = write(tmp_path, NODES, EDGES)
    edges.write_bytes(edges.read_bytes()[:-40])
    with pytest.raises(FileError, match="not a complete Parquet"):
        read_parquet(nodes, edges)
    with pytest.raises(FileError, match="does not exist"):
        read_parquet(nodes, tmp_path / "none.parquet")


@pytest.mark.shared_data
def test_xian_has_the_published_size(shared: Path) -> None:
    streets = shared / "streets"
    graph = read_parquet(streets / "xian_osm2021_nodes.parquet", streets / "xian_osm2021_edges.parquet")
    assert (graph.nodes, graph.arcs) == (123_995, 281_542)
