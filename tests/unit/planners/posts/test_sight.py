import math

import numpy as np
import pytest

from benchmarks.cities import lattice
from geo.errors import ParameterError
from planners.posts.sight import seen, sight_coverage, street_pieces

TOWN = lattice(3)  # nine nodes, twelve two-way streets of 100 m


def test_a_street_counts_once_whatever_its_directions() -> None:
    pieces = street_pieces(TOWN, longest_m=25.0)
    assert len(pieces.metres) == 48
    assert pieces.metres.sum() == pytest.approx(1200.0)
    assert pieces.metres.max() <= 25.0
    assert (np.bincount(pieces.arc, minlength=TOWN.arcs) > 0).sum() == 12


def test_pieces_are_no_longer_than_asked_and_lie_on_their_street() -> None:
    pieces = street_pieces(TOWN, longest_m=30.0)  # 100 m become four pieces
    first = pieces.lonlat[pieces.arc == pieces.arc[0]]
    a, b = TOWN.geometry_lonlat[TOWN.geometry_offsets[pieces.arc[0]] :][:2]
    assert first == pytest.approx(np.array([a + (b - a) * share for share in (0.125, 0.375, 0.625, 0.875)]))


def test_a_camera_at_a_corner_sees_the_first_piece_of_both_streets() -> None:
    pieces = street_pieces(TOWN, longest_m=25.0)
    corners = TOWN.node_lonlat[[0, 8]]
    found = seen(sight_coverage(corners, pieces.lonlat, reach_m=30.0), pieces.metres)
    assert found.weight_seen == pytest.approx(100.0)  # middles at 12.5 m are seen, those at 37.5 m are not
    assert found.weight_total == pytest.approx(1200.0)
    assert found.share == pytest.approx(1 / 12)
    assert found.loss == pytest.approx([50.0, 50.0])
    assert len(found.blind) == 44
    one = seen(sight_coverage(corners, pieces.lonlat, reach_m=30.0), pieces.metres, points=[1])
    assert one.weight_seen == pytest.approx(50.0)
    assert one.loss == pytest.approx([0.0, 50.0])


def test_what_two_cameras_see_is_lost_with_neither() -> None:
    pieces = street_pieces(TOWN, longest_m=25.0)
    both = TOWN.node_lonlat[[4, 4]]
    found = seen(sight_coverage(both, pieces.lonlat, reach_m=30.0), pieces.metres)
    assert found.weight_seen == pytest.approx(100.0)  # four streets meet
    assert found.loss.tolist() == [0.0, 0.0]


def test_blind_spots_come_by_falling_weight_and_equality_sees() -> None:
    at, calls = np.array([[108.9, 34.2]]), np.array([[108.9, 34.2004], [108.9, 34.21], [108.9, 34.22]])
    metres = float(sight_coverage(at, calls, reach_m=1e5).seconds[0])
    assert metres == pytest.approx(44.4, abs=0.2)  # 0.0004 degrees of latitude
    edge = seen(sight_coverage(at, calls, reach_m=metres), [1.0, 2.0, 5.0])
    assert edge.weight_seen == 1.0
    assert edge.blind.tolist() == [2, 1]
    assert seen(sight_coverage(at, calls, reach_m=metres - 0.001), [1.0, 2.0, 5.0]).weight_seen == 0.0


def test_nothing_to_see_has_no_share() -> None:
    at = np.array([[108.9, 34.2]])
    assert math.isnan(seen(sight_coverage(at, at, reach_m=10.0), [0.0]).share)


def test_pieces_without_length_are_refused() -> None:
    with pytest.raises(ParameterError, match="longer than 0 m"):
        street_pieces(TOWN, longest_m=0.0)
