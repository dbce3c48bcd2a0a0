import math

import numpy as np
import pytest
from scipy.stats import poisson

from geo.cells.square import square_cells
from geo.errors import CancelledError, InputError, ParameterError
from geo.hotspots.accuracy import poisson_log_likelihood, rri
from geo.hotspots.forecast import choose_forecast, first_cells
from geo.hotspots.recency import CallHistory, last_weeks, recency, steady
from geo.hotspots.self_exciting import fit_self_exciting, prospective

TIME = 300.0


def history(
    seed: int, *, triggered: float = 0.0, days: float = 5.0, metres: float = 60.0, calls: int = 1200
) -> CallHistory:
    """Evenly spread calls over 4 km by 4 km, each of which triggers others."""
    rng = np.random.default_rng(seed)
    cells = square_cells((0, 0, 3999, 3999), size_m=250)
    xy, day = [rng.random((calls, 2)) * 4000], [rng.random(calls) * TIME]
    parents = (xy[0], day[0])
    while len(parents[0]):
        count = rng.poisson(triggered, len(parents[0]))
        place = np.repeat(parents[0], count, axis=0) + rng.normal(0, metres, (count.sum(), 2))
        when = np.repeat(parents[1], count) + rng.exponential(days, count.sum())
        parents = (place[when < TIME], when[when < TIME])
        xy.append(parents[0])
        day.append(parents[1])
    place, when = np.concatenate(xy), np.concatenate(day)
    cell = cells.locate(place)
    inside = cell >= 0
    return CallHistory(
        cell=cell[inside], day=when[inside], xy=place[inside], centres=cells.centres(),
        area_m2=np.full(len(cells), 250.0**2),
    )  # fmt: skip


def test_a_fit_finds_what_was_put_in() -> None:
    made = fit_self_exciting(history(1, triggered=0.5, calls=1500), start=0, end=TIME)
    assert made.triggered == pytest.approx(0.5, abs=0.1)
    assert made.days == pytest.approx(5, rel=0.25)
    assert made.metres == pytest.approx(60, rel=0.15)
    assert made.background.sum() * TIME == pytest.approx(1500, rel=0.15)
    assert fit_self_exciting(history(1), start=0, end=TIME).triggered < 0.12
    with pytest.raises(InputError, match="too few"):
        fit_self_exciting(history(1, calls=5), start=0, end=TIME)
    with pytest.raises(ParameterError):
        fit_self_exciting(history(1), start=1, end=1)


def test_a_process_goes_on_as_it_should() -> None:
    past = history(2, triggered=0.6)
    fitted = fit_self_exciting(past, start=0, end=TIME)
    now = 200.0
    expected = fitted.forecast(past, now)
    # The same by simulation of the fitted process over the next week, without space.
    rng = np.random.default_rng(0)
    age = now - past.day[past.day < now]
    total = 0
    for _ in range(400):
        when = [rng.random(rng.poisson(fitted.background.sum() * 7)) * 7]
        late = rng.exponential(fitted.days, rng.poisson(fitted.triggered * np.exp(-age / fitted.days)).sum())
        parents = np.concatenate([when[0], late[late < 7]])
        while len(parents):
            total += len(parents)
            children = np.repeat(parents, rng.poisson(fitted.triggered, len(parents)))
            children = children + rng.exponential(fitted.days, len(children))
            parents = children[children < 7]
    assert expected.sum() == pytest.approx(total / 400, rel=0.05)
    assert (expected > 0).all()


def test_the_method_that_made_the_calls_wins() -> None:
    steps: list[float] = []
    made = choose_forecast(history(3, triggered=0.7, days=4.0), TIME, weeks=6, observe=lambda x: not steps.append(x))  # type: ignore[func-returns-value]
    assert made.winner == "self_exciting"
    assert made.table[0].better_low > 0
    best, base = made.table[0], next(j for j in made.table if j.method == "last_weeks")
    assert (
        f"按对数似然，自激点过程最好：每起对数似然 {best.mean('log_likelihood'):.3f}，基线 {base.mean('log_likelihood'):.3f}；PAI"
        in made.sentence()
    )
    assert "by log likelihood, self-exciting point process is best" in made.sentence("en")
    assert {j.method for j in made.table} == {"last_weeks", "recency", "near_repeat", "self_exciting"}
    assert steps[-1] == 6 / 7
    assert made.expected.sum() == pytest.approx(made.baseline.sum(), rel=0.5)


def test_calls_without_memory_are_not_oversold() -> None:
    made = choose_forecast(history(4), TIME, weeks=6, methods=("last_weeks", "recency"))
    judged = {j.method: j for j in made.table}
    assert judged["recency"].mean("log_likelihood") >= judged["last_weeks"].mean("log_likelihood")
    assert judged["last_weeks"].better == 0
    only = choose_forecast(history(4), TIME, weeks=4, methods=("last_weeks",))
    assert only.winner == "last_weeks"
    assert "nothing beats" in only.sentence("en")
    assert (only.expected == last_weeks(history(4), TIME)).all()


def test_the_future_never_leaks_into_a_forecast() -> None:
    past = history(5, triggered=0.5)
    rng = np.random.default_rng(1)
    late = past.day >= 280
    moved = CallHistory(
        cell=np.where(late, rng.permutation(past.cell), past.cell), day=past.day, xy=past.xy, centres=past.centres,
        area_m2=past.area_m2,
    )  # fmt: skip
    for forecast in (last_weeks, recency, prospective):
        assert (forecast(past, 280.0) == forecast(moved, 280.0)).all()
    a, b = (fit_self_exciting(h.before(280.0), start=0, end=280.0).forecast(h, 280.0) for h in (past, moved))
    assert (a == b).all()


def test_measures_by_hand() -> None:
    assert rri([6, 2, 2], [3, 1, 1], np.array([True, False, False])) == pytest.approx(1)
    assert rri([6, 2, 2], [1, 2, 2], np.array([True, False, False])) == pytest.approx((1 / 6) / (5 / 10))
    assert math.isnan(rri([0, 2], [1, 2], np.array([True, False])))
    n, mean = np.array([0, 3, 7]), np.array([0.5, 2.0, 9.0])
    assert poisson_log_likelihood(n, mean) == pytest.approx(poisson.logpmf(n, mean).sum())
    assert poisson_log_likelihood([1], [0.0]) == -math.inf
    assert first_cells(np.array([1.0, 5, 5, 0]), [0, 1, 2, 9], np.ones(4), 0.5).tolist() == [False, True, True, False]
    assert first_cells(np.array([5.0, 5]), [1, 2], np.ones(2), 0.1).tolist() == [False, True]


def test_recency_by_hand() -> None:
    cells = np.array([[0.0, 0.0], [500.0, 0.0]])
    # Three calls in the latest week in cell 0, six two weeks ago in cell 1.
    past = CallHistory(
        cell=np.array([0, 0, 0, 1, 1, 1, 1, 1, 1]), day=np.array([20.0, 20, 20, 0, 1, 2, 3, 4, 5]), xy=np.zeros((9, 2)),
        centres=cells, area_m2=np.ones(2),
    )  # fmt: skip
    assert past.weeks(21.0) == 3
    assert recency(past, 21.0, half_life_weeks=1) == pytest.approx([3 / 1.75, 6 * 0.25 / 1.75])
    assert last_weeks(past, 21.0, weeks=3).tolist() == [1, 2]
    assert steady(np.array([0.0, 4.0])) == pytest.approx([0.02, 3.98])
    risk = prospective(past, 21.0, reach_m=100, cell_m=200)
    assert risk.sum() == pytest.approx(3)


def test_bad_trials_are_refused() -> None:
    past = history(6)
    with pytest.raises(InputError, match="weeks of calls are too few"):
        choose_forecast(past, 40.0)
    with pytest.raises(ParameterError):
        choose_forecast(past, TIME, area_share=1.5)
    with pytest.raises(CancelledError):
        choose_forecast(past, TIME, weeks=2, observe=lambda _: False)
    with pytest.raises(InputError, match="no cell"):
        CallHistory(
            cell=np.array([9]), day=np.zeros(1), xy=np.zeros((1, 2)), centres=np.zeros((2, 2)), area_m2=np.ones(2)
        )
