from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import osmium
import pytest

from geo.errors import FileError, LimitError
from geo.streets.osm import read_osm
from geo.streets.pbf import read_ways

NODES = {1: (108.90, 34.20), 2: (108.91, 34.20), 3: (108.92, 34.20), 4: (108.91, 34.21)}
WAYS = [
    (10, [1, 2, 3], {"highway": "primary", "name": "East Road", "name:zh": "东大街"}),
    (11, [2, 4], {"highway": "residential", "ref": "X12"}),
    (12, [1, 4], {"highway": "construction"}),
    (13, [3, 4, 1, 3], {"highway": "pedestrian", "area": "yes"}),
    (14, [1, 2], {"building": "yes"}),
]


def test_ways_with_a_street_class_become_ways_and_the_rest_is_counted(write_osm) -> None:
    held = read_ways(write_osm(NODES, WAYS))
    assert held.ways.ids.tolist() == [10, 11]
    assert [held.ways.names[i] for i in held.ways.name_ids] == ["东大街", "X12"]
    assert held.ways_read == 4
    assert held.skipped == {"not a street": 1, "area": 1}


def test_every_format_holds_the_same_streets(write_osm, tmp_path: Path) -> None:
    plain = write_osm(NODES, WAYS)
    text = plain.read_bytes()
    (tmp_path / "a.osm.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.osm.bz2").write_bytes(bz2.compress(text))
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as out:
        for item in osmium.FileProcessor(str(plain)):
            out.add(item)
    expected = read_osm(plain)
    # Nodes 1 to 4 all stay: two dead ends, one crossing, one dead end; 3 two-way streets.
    assert (expected.nodes, expected.arcs) == (4, 6)
    for name in ("a.osm.gz", "a.osm.bz2", "a.osm.pbf"):
        graph = read_osm(tmp_path / name)
        assert graph.heads.tolist() == expected.heads.tolist()
        assert graph.node_lonlat.tolist() == expected.node_lonlat.tolist()
        assert graph.names == expected.names


def test_a_street_does_not_jump_over_nodes_that_a_clipped_file_lacks(write_osm) -> None:
    nodes = {at: (108.9 + at / 1000, 34.2) for at in (1, 2, 4, 5, 6)}
    held = read_ways(write_osm(nodes, [(10, [1, 2, 3, 4, 5, 99, 6], {"highway": "residential"})]))
    assert held.nodes_missing == 2
    assert [held.ways.refs[a:b].tolist() for a, b in zip(held.ways.offsets, held.ways.offsets[1:], strict=False)] == [
        [0, 1],
        [2, 3],
        [4],
    ]
    graph = read_osm(write_osm(nodes, [(10, [1, 2, 3, 4, 5, 99, 6], {"highway": "residential"})]))
    assert sorted(graph.node_ids.tolist()) == [1, 2, 4, 5]


def _one_sentence(problem: pytest.ExceptionInfo[FileError]) -> None:
    assert "\n" not in problem.value.en
    assert problem.value.zh


@pytest.mark.parametrize("name", ["a.osm", "a.osm.pbf", "a.osm.gz", "a.osm.bz2"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(FileError, match="empty") as problem:
        read_osm(tmp_path / name)
    _one_sentence(problem)


def test_a_file_without_streets_is_refused(write_osm) -> None:
    with pytest.raises(FileError, match="no street that can be used"):
        read_osm(write_osm(NODES, [(14, [1, 2], {"building": "yes"})]))
    with pytest.raises(FileError, match="no street that can be used"):
        read_osm(write_osm(NODES, [(14, [1], {"highway": "primary"})]))


def test_a_missing_file_and_an_unknown_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_osm(tmp_path / "none.osm.pbf")
    (tmp_path / "town.dwg").write_bytes(b"AC1032")
    with pytest.raises(FileError, match="not one of the street formats"):
        read_osm(tmp_path / "town.dwg")


def test_a_truncated_pbf_is_refused(write_osm, tmp_path: Path) -> None:
    whole = tmp_path / "whole.osm.pbf"
    with osmium.SimpleWriter(str(whole)) as out:
        for item in osmium.FileProcessor(str(write_osm(NODES, WAYS))):
            out.add(item)
    for kept in (10, len(whole.read_bytes()) // 2, len(whole.read_bytes()) - 5):
        cut = tmp_path / "cut.osm.pbf"
        cut.write_bytes(whole.read_bytes()[:kept])
        with pytest.raises(FileError, match=r"cut\.osm\.pbf cannot be read") as problem:
            read_osm(cut)
        _one_sentence(problem)


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a pbf at all", b"\x00" * 4096, b"<osm></osm>"])
def test_a_pbf_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.osm.pbf").write_bytes(content)
    with pytest.raises(FileError, match="cannot be read") as problem:
        read_osm(tmp_path / "other.osm.pbf")
    _one_sentence(problem)


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    bomb = """<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
    ]><osm version="0.6"><node id="1" lon="1" lat="1"><tag k="name" v="&b;"/></node></osm>"""
    (tmp_path / "bomb.osm").write_text(bomb)
    with pytest.raises(FileError, match="entit"):
        read_osm(tmp_path / "bomb.osm")


def test_xml_cut_in_the_middle_is_refused(write_osm, tmp_path: Path) -> None:
    text = write_osm(NODES, WAYS).read_bytes()
    (tmp_path / "cut.osm").write_bytes(text[: len(text) // 2])
    with pytest.raises(FileError, match="cannot be read"):
        read_osm(tmp_path / "cut.osm")


@pytest.mark.parametrize("lon", ["NaN", "inf", "east"])
def test_a_coordinate_that_is_no_number_is_refused(write_osm, lon: str) -> None:
    path = write_osm(NODES, WAYS)
    path.write_text(path.read_text().replace('lon="108.9"', f'lon="{lon}"'))
    with pytest.raises(FileError, match="cannot be read"):
        read_osm(path)


def test_a_file_that_swells_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb.osm.gz").write_bytes(gzip.compress(b"<osm>" + b" " * (1 << 26)))
    with pytest.raises(LimitError, match="swells"):
        read_osm(tmp_path / "bomb.osm.gz")


def test_a_cut_gzip_is_refused(write_osm, tmp_path: Path) -> None:
    packed = gzip.compress(write_osm(NODES, WAYS).read_bytes())
    (tmp_path / "cut.osm.gz").write_bytes(packed[:-20])
    with pytest.raises(FileError, match="cut off"):
        read_osm(tmp_path / "cut.osm.gz")
