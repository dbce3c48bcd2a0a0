from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from geo.crs import to_metric
from geo.streets.graph import StreetGraph
from geo.synthetic.events import (
    FALSE_SHARE,
    NEAR_REPEAT_DAYS,
    REPEAT_SHARE,
    UNPLACED_SHARE,
    Events,
    Places,
    draw_events,
)
from geo.synthetic.families import BURGLARY, FAMILIES, FRAUD
from geo.synthetic.hot_places import draw_hot_places
from geo.synthetic.positions import RESIDENTS, StreetPositions, arc_lines
from geo.synthetic.when import YEAR

AS_OF = datetime(2026, 11, 21, 20, 12, tzinfo=UTC)
CALLS = 20_000
NAMES = [family.name for family in FAMILIES]


@pytest.fixture(scope="module")
def events(graph: StreetGraph, positions: StreetPositions) -> Events:
    rng = np.random.default_rng(11)
    people = positions.class_weight(RESIDENTS)
    hot = draw_hot_places(positions, people, count=6, rng=rng)
    return draw_events(Places(graph, positions, people), hot, as_of=AS_OF, calls=CALLS, rng=rng)


def test_counts_are_exact(events: Events) -> None:
    assert len(events) == CALLS
    assert events.repeat.sum() == round(REPEAT_SHARE * CALLS)
    assert events.false.sum() == round(FALSE_SHARE * CALLS)
    assert (~events.placed).sum() == round(UNPLACED_SHARE * CALLS)
    assert events.valid.mean() == pytest.approx(0.78)
    assert (events.family[~events.placed] == NAMES.index(FRAUD)).all()


def test_shares_of_families_are_within_chance(events: Events) -> None:
    first = ~events.repeat
    total = sum(family.share for family in FAMILIES)
    for index, family in enumerate(FAMILIES):
        expected = family.share / total
        seen = (events.family[first] == index).mean()
        # Five standard deviations of a binomial share: a false alarm once in a million.
        assert abs(seen - expected) < 5 * np.sqrt(expected * (1 - expected) / first.sum())


def test_times_rise_within_the_year(events: Events) -> None:
    assert (np.diff(events.seconds) >= 0).all()
    assert events.seconds[0] >= 0
    assert events.seconds[-1] < YEAR.total_seconds()


def test_every_call_is_within_25_metres_of_its_street(
    events: Events, graph: StreetGraph, positions: StreetPositions
) -> None:
    xy = to_metric(graph.geometry_lonlat, positions.crs)
    lines = arc_lines(graph, events.arc.astype(np.int32), xy)
    far = shapely.distance(shapely.points(to_metric(events.lonlat, positions.crs)), lines)
    assert far[~events.repeat].max() < 25.0
    assert far.max() < 30.0
    assert (np.round(events.lonlat, 6) == events.lonlat).all()


def test_repeats_are_close_to_an_earlier_call_of_their_family(events: Events, positions: StreetPositions) -> None:
    xy = to_metric(events.lonlat, positions.crs)
    firsts = np.flatnonzero(~events.repeat & events.placed)
    tree = cKDTree(xy[firsts])
    for row in np.flatnonzero(events.repeat)[::50].tolist():
        near = firsts[tree.query_ball_point(xy[row], 5.0)]
        lag = events.seconds[row] - events.seconds[near]
        assert ((lag > 0) & (lag <= 1500) & (events.family[near] == events.family[row])).any()


def knox(xy: np.ndarray, day: np.ndarray, *, metres: float, days: float) -> tuple[int, float]:
    """Return close pairs, and their mean when the times are shuffled (Knox 1964)."""
    pairs = cKDTree(xy).query_pairs(metres, output_type="ndarray")
    rng = np.random.default_rng(0)

    def close(when: np.ndarray) -> int:
        return int((np.abs(when[pairs[:, 0]] - when[pairs[:, 1]]) <= days).sum())

    return close(day), float(np.mean([close(rng.permutation(day)) for _ in range(40)]))


def test_burglaries_repeat_nearby_and_soon_more_than_chance(events: Events, positions: StreetPositions) -> None:
    xy, day = to_metric(events.lonlat, positions.crs), events.seconds / 86_400
    burglary = ~events.repeat & (events.family == NAMES.index(BURGLARY))
    seen, expected = knox(xy[burglary], day[burglary], metres=100, days=NEAR_REPEAT_DAYS + 1)
    assert seen > 1.25 * expected
    help_calls = ~events.repeat & (events.family == NAMES.index("求助"))
    seen, expected = knox(xy[help_calls], day[help_calls], metres=100, days=NEAR_REPEAT_DAYS + 1)
    assert seen < 1.15 * expected


def test_places_drift_between_the_quarters(events: Events, positions: StreetPositions) -> None:
    drunk = ~events.repeat & np.isin(events.family, [NAMES.index(n) for n in ("醉酒滋事", "打架斗殴")])
    cell = np.unique((to_metric(events.lonlat[drunk], positions.crs) // 250).astype(int), axis=0, return_inverse=True)[
        1
    ]
    share = events.seconds[drunk] / YEAR.total_seconds()
    early, late = share < 0.25, share > 0.75

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        counts = np.stack([np.bincount(cell[k], minlength=cell.max() + 1) for k in (one, other)]).astype(float)
        counts = counts[:, counts.sum(axis=0) > 0]
        expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0)[None, :] / counts.sum()
        return float(((counts - expected) ** 2 / expected).sum())

    rows = np.flatnonzero(early | late)
    rng = np.random.default_rng(1)
    by_chance = []
    for _ in range(30):
        mixed = rng.permutation(rows)
        by_chance.append(apart(mixed[: early.sum()], mixed[early.sum() :]))
    assert apart(np.flatnonzero(early), np.flatnonzero(late)) > 2 * max(by_chance)


def test_accidents_keep_to_main_streets(events: Events, graph: StreetGraph) -> None:
    main = np.isin(graph.road_class, range(10))
    by_family = [main[events.arc[events.family == NAMES.index(n)]].mean() for n in ("交通事故", "噪音扰民")]
    assert by_family[0] > by_family[1] + 0.1
