import math

import numpy as np
import pytest

from geo.errors import InputError, LimitError, ParameterError
from geo.hotspots.scan import poisson_llr
from geo.hotspots.scan_windows import scan_space, scan_space_time, scan_time


def test_the_best_circle_by_brute_force() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        xy, population = rng.random((25, 2)), rng.integers(10, 100, 25)
        cases = rng.poisson(population / 20)
        cases[:3] += 4
        made = scan_space(xy, cases, population, runs=9)
        expected = population / population.sum() * cases.sum()
        best = 0.0
        for centre in range(25):
            near = np.argsort(np.hypot(*(xy - xy[centre]).T), kind="stable")
            for size in range(1, 25):
                inside = near[:size]
                if population[inside].sum() <= 0.5 * population.sum():
                    best = max(best, poisson_llr(cases[inside].sum(), expected[inside].sum(), cases.sum()))
        assert made.clusters[0].llr == pytest.approx(best)
        first = made.clusters[0]
        assert first.n == cases[first.places].sum()
        assert first.expected == pytest.approx(expected[first.places].sum())
        rows = np.concatenate([c.places for c in made.clusters])
        assert len(np.unique(rows)) == len(rows)


def test_published_ratios_of_new_york_leukaemia() -> None:
    # Two clusters of the published scan as two places of their size among the rest.
    made = scan_space(
        [[0, 0], [1e3, 0], [1e6, 0]],
        [85, 38, 552 - 85 - 38],
        [95249, 34083, 1057673 - 95249 - 34083],
        share=0.5,
        runs=99,
    )
    both = poisson_llr(85 + 38, (95249 + 34083) * 552 / 1057673, 552)
    assert made.clusters[0].llr == pytest.approx(both)
    apart = scan_space([[0, 0], [1e6, 0], [1e7, 0]], [85, 38, 429], [95249, 34083, 928341], share=0.1, runs=99)
    assert [c.llr for c in apart.clusters[:2]] == pytest.approx([11.577255, 9.019716], abs=1e-5)
    assert apart.clusters[0].p == 0.01


def test_false_alarms_come_as_often_as_said() -> None:
    rng = np.random.default_rng(9)
    xy, population = rng.random((12, 2)), np.full(12, 5.0)
    p = [
        found[0].p
        if (found := scan_space(xy, rng.multinomial(60, np.full(12, 1 / 12)), population, runs=49, seed=k).clusters)
        else 1.0
        for k in range(300)
    ]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.045)


def test_a_stretch_of_days_is_found_and_weekdays_are_not() -> None:
    n = np.tile([3, 3, 3, 3, 3, 9, 9], 8)
    n[20:24] += 12
    weights = np.tile([3, 3, 3, 3, 3, 9, 9], 8)
    first = scan_time(n, weights=weights, longest=10, runs=199).clusters[0]
    assert (first.first_day, first.last_day, first.p) == (20, 23, 0.005)
    best = max(
        poisson_llr(n[a:b].sum(), weights[a:b].sum() / weights.sum() * n.sum(), n.sum())
        for a in range(56)
        for b in range(a + 1, min(a + 10, 56) + 1)
    )
    assert first.llr == pytest.approx(best)
    assert scan_time(weights, weights=weights, runs=19).clusters == ()


@pytest.mark.parametrize("still_on", [True, False])
def test_space_time_by_brute_force(still_on: bool) -> None:
    rng = np.random.default_rng(6)
    xy = rng.random((9, 2)) * 1000
    place, day = rng.integers(0, 9, 200), rng.integers(0, 20, 200)
    near = np.argsort(np.hypot(*(xy - xy[0]).T), kind="stable")[:2]
    place, day = np.r_[place, np.repeat(near, 10)], np.r_[day, np.tile([18, 19], 10)]
    made = scan_space_time(xy, place, day, days=20, longest=5, still_on=still_on, runs=99, seed=2)
    total = len(place)
    of_place, of_day = np.bincount(place, minlength=9), np.bincount(day, minlength=20)
    best = (0.0, 0, 0)
    for centre in range(9):
        order = np.argsort(np.hypot(*(xy - xy[centre]).T), kind="stable")
        for size in range(1, 9):
            rows = order[:size]
            if of_place[rows].sum() > 0.5 * total:
                break
            for b in [20] if still_on else range(1, 21):
                for a in range(max(0, b - 5), b):
                    c = (np.isin(place, rows) & (day >= a) & (day < b)).sum()
                    best = max(best, (poisson_llr(c, of_place[rows].sum() * of_day[a:b].sum() / total, total), a, b))
    first = made.clusters[0]
    assert first.llr == pytest.approx(best[0])
    assert (first.first_day, first.last_day + 1) == best[1:]
    assert first.p <= 0.05
    assert set(first.places.tolist()) >= set(near.tolist()) or not still_on
    again = scan_space_time(xy, place, day, days=20, longest=5, still_on=still_on, runs=99, seed=2)
    assert [c.p for c in again.clusters] == [c.p for c in made.clusters]
    assert math.isfinite(first.radius_m)


def test_bad_scans_are_refused() -> None:
    with pytest.raises(InputError):
        scan_space([[0, 0], [1, 1]], [1, 1], [0.0, 1.0])
    with pytest.raises(InputError):
        scan_space_time([[0, 0]], [1], [0], days=5)
    with pytest.raises(ParameterError):
        scan_space_time([[0, 0]], [0], [9], days=5)
    with pytest.raises(ParameterError):
        scan_time([1, 2], runs=0)
    with pytest.raises(LimitError):
        scan_time(np.ones(20_000, int))
