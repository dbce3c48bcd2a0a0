import numpy as np
import pytest

from benchmarks.cities import lattice
from geo.synthetic.patrol_city import patrol_city


@pytest.mark.parametrize("area", ["core", "whole"])
def test_places_lie_on_the_streets_and_follow_the_seed(area: str) -> None:
    graph = lattice(40)
    one, same, other = (
        patrol_city(graph, seed=seed, area=area, posts=12, points=60, videos=20, core_m=(2000.0, 2000.0))  # type: ignore[arg-type]
        for seed in (1, 1, 2)
    )
    nodes = {tuple(place) for place in graph.node_lonlat.tolist()}
    assert all(tuple(place) in nodes for place in np.concatenate([one.posts, one.points]).tolist())
    assert np.array_equal(one.points, same.points)
    assert not np.array_equal(one.points, other.points)
    assert (len(one.posts), len(one.points), len(one.video_dwell_seconds)) == (12, 60, 20)
    assert one.dwell_seconds.min() >= 600
    assert one.dwell_seconds.max() <= 900
    assert len(np.unique(one.posts, axis=0)) == 12


def test_the_core_is_no_larger_than_asked() -> None:
    found = patrol_city(lattice(60), seed=3, area="core", posts=5, points=50, core_m=(2000.0, 1500.0)).points
    wide, high = np.ptp(found, axis=0) * 111_320 * np.array([np.cos(np.radians(34.2)), 1])
    assert wide <= 2020
    assert high <= 1520
