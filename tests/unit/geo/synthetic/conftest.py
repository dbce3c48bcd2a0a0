"""One small demo city for all tests of its parts."""

from __future__ import annotations

import numpy as np
import pytest

from geo.streets.aequilibrae import read_helsinki
from geo.streets.graph import StreetGraph
from geo.synthetic.city import DemoCity, build_demo
from geo.synthetic.grids import Ground, draw_grids
from geo.synthetic.positions import StreetPositions
from geo.synthetic.sizes import HELSINKI
from geo.synthetic.zones import Zones, made_up_zones

SEED = 7
CALLS = 12_000


@pytest.fixture(scope="session")
def city() -> DemoCity:
    return build_demo("helsinki", seed=SEED, calls=CALLS)


@pytest.fixture(scope="session")
def graph() -> StreetGraph:
    return read_helsinki()


@pytest.fixture(scope="session")
def positions(graph: StreetGraph) -> StreetPositions:
    return StreetPositions.of(graph)


@pytest.fixture(scope="session")
def zones(positions: StreetPositions) -> Zones:
    return made_up_zones(positions, count=6, people_per_km2=12_000.0)


@pytest.fixture(scope="session")
def ground(graph: StreetGraph, positions: StreetPositions, zones: Zones) -> Ground:
    return draw_grids(graph, positions, zones, sizes=HELSINKI, rng=np.random.default_rng(SEED))
