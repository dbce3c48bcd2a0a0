import numpy as np
import pytest

from geo.synthetic.families import FAMILIES
from geo.synthetic.hot_places import KNOTS, HotPlaces, draw_hot_places
from geo.synthetic.positions import RESIDENTS, StreetPositions


@pytest.fixture
def hot(positions: StreetPositions) -> HotPlaces:
    return draw_hot_places(positions, positions.class_weight(RESIDENTS), count=8, rng=np.random.default_rng(1))


def test_centres_run_straight_between_knots() -> None:
    centre = np.zeros((1, KNOTS, 2))
    centre[0, :, 0] = np.arange(KNOTS) * 10.0
    place = HotPlaces(kind=np.zeros(1, int), centre=centre, strength=np.ones((1, KNOTS)), spread_m=np.ones(1))
    at = place.centres_at(np.zeros(3, int), np.array([0.0, 0.5, 1.0]))
    assert at.tolist() == [[0.0, 0.0], [(KNOTS - 1) * 5.0, 0.0], [(KNOTS - 1) * 10.0, 0.0]]


def test_places_begin_on_streets_and_drift_by_hundreds_of_metres(hot: HotPlaces, positions: StreetPositions) -> None:
    gap, _ = positions.tree().query(hot.centre[:, 0])
    assert gap.max() < 1e-6
    moved = np.hypot(*(hot.centre[:, -1] - hot.centre[:, 0]).T)
    assert np.median(moved) > 250


def test_some_places_appear_and_some_fade(positions: StreetPositions) -> None:
    many = draw_hot_places(positions, positions.class_weight(RESIDENTS), count=60, rng=np.random.default_rng(2))
    change = many.strength[:, -1] / many.strength[:, 0]
    assert (change > 20).sum() >= 5
    assert (change < 1 / 20).sum() >= 5


def test_a_family_goes_to_the_kinds_it_has_affinity_to() -> None:
    place = HotPlaces(
        kind=np.arange(4), centre=np.zeros((4, KNOTS, 2)), strength=np.ones((4, KNOTS)), spread_m=np.ones(4)
    )
    drunk = next(f for f in FAMILIES if f.name == "醉酒滋事")
    count = 20_000
    chosen = place.choose(drunk, np.random.default_rng(3).random(count), np.random.default_rng(4))
    expected = np.array(drunk.hot) / sum(drunk.hot)
    share = np.bincount(chosen, minlength=4) / count
    assert np.abs(share - expected).max() < 5 * np.sqrt(0.25 / count)


def test_strength_of_the_day_decides() -> None:
    strength = np.ones((2, KNOTS)) * 1e-9
    strength[0, : KNOTS // 2], strength[1, KNOTS // 2 :] = 1.0, 1.0
    place = HotPlaces(kind=np.zeros(2, int), centre=np.zeros((2, KNOTS, 2)), strength=strength, spread_m=np.ones(2))
    chosen = place.choose(FAMILIES[0], np.array([0.0, 0.2, 0.8, 1.0]), np.random.default_rng(5))
    assert chosen.tolist() == [0, 0, 1, 1]
