"""Hand-made OpenStreetMap files for the street tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest

from geo.streets.graph import StreetGraph

Node = tuple[float, float]
Way = tuple[int, Sequence[int], Mapping[str, str]]
Relation = tuple[int, Sequence[tuple[str, int, str]], Mapping[str, str]]
WriteOsm = Callable[..., Path]


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


@pytest.fixture
def write_osm(tmp_path: Path) -> WriteOsm:
    def write(
        nodes: Mapping[int, Node], ways: Sequence[Way], relations: Sequence[Relation] = (), *, name: str = "town.osm"
    ) -> Path:
        lines = ["<?xml version='1.0' encoding='UTF-8'?>", '<osm version="0.6" generator="hand">']
        lines += [f'<node id="{at}" version="1" lon="{lon}" lat="{lat}"/>' for at, (lon, lat) in nodes.items()]
        for at, refs, tags in ways:
            inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            lines.append(f'<way id="{at}" version="1">{inner}{_tags(tags)}</way>')
        for at, members, tags in relations:
            inner = "".join(f'<member type="{form}" ref="{ref}" role="{role}"/>' for form, ref, role in members)
            lines.append(f'<relation id="{at}" version="1">{inner}{_tags(tags)}</relation>')
        path = tmp_path / name
        path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def arc_between() -> Callable[[StreetGraph, int, int], int]:
    """Return the only arc between two nodes of the source."""

    def find(graph: StreetGraph, tail: int, head: int) -> int:
        found = np.flatnonzero((graph.node_ids[graph.tails()] == tail) & (graph.node_ids[graph.heads] == head))
        assert len(found) == 1
        return int(found[0])

    return find
