from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import kstest

from geo.synthetic.families import FAMILIES, Family
from geo.synthetic.when import YEAR, Year

AS_OF = datetime(2026, 11, 21, 20, 12, tzinfo=UTC)


def flat(**changes: object) -> Family:
    kept = {"name": "x", "share": 1.0, "bumps": (), "week": (1.0,) * 7, "season": (0.0, 0), "place": "homes"}
    return Family(**{**kept, "hot_share": 0.0, "hot": (1, 1, 1, 1), **changes})  # type: ignore[arg-type]


def drawn(family: Family, count: int = 40_000) -> tuple[Year, np.ndarray]:
    rng = np.random.default_rng(4)
    year = Year(as_of=AS_OF, families=(family,), rng=rng)
    return year, year.draw(0, count, rng)


def local(year: Year, seconds: np.ndarray) -> np.ndarray:
    return np.datetime64(year.start.replace(tzinfo=None), "s") + seconds.astype(np.int64)


def test_times_fill_the_year_and_never_leave_it() -> None:
    _, seconds = drawn(FAMILIES[0])
    assert seconds.min() >= 0
    assert seconds.max() < YEAR.total_seconds()
    assert seconds.min() < 86_400
    assert seconds.max() > YEAR.total_seconds() - 86_400


def test_the_year_starts_365_days_before_on_the_local_clock() -> None:
    year, _ = drawn(flat())
    assert year.start.utcoffset() == timedelta(hours=8)
    assert year.start.astimezone(UTC) == AS_OF - timedelta(days=365)


def test_draws_follow_the_summed_intensity() -> None:
    year, seconds = drawn(FAMILIES[2])
    steps = year.rates[0] * np.diff(year.edges)
    summed = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    assert kstest(seconds, lambda t: np.interp(t, year.edges, summed)).pvalue > 0.001


def test_late_weekend_nights_belong_to_the_evening_before() -> None:
    year, _ = drawn(flat(late_weekend=3.0))
    stamp = np.datetime64(year.start.replace(tzinfo=None, minute=0), "h") + np.arange(len(year.rates[0]))
    day = np.array([str(s)[:10] for s in stamp])
    noise = {d: year.rates[0][(day == d)].min() for d in set(day)}
    raised = {str(s) for s, r in zip(stamp, year.rates[0], strict=True) if r > 2.5 * noise[str(s)[:10]]}
    # 2026-03-06 is a Friday: its evening and the small hours of Saturday are raised, those of Friday are not.
    assert {"2026-03-06T20", "2026-03-06T23", "2026-03-07T00", "2026-03-07T04"} <= raised
    assert not {"2026-03-06T02", "2026-03-06T19", "2026-03-07T05", "2026-03-08T21"} & raised


def test_weekdays_are_those_of_the_calendar() -> None:
    only_sunday = flat(week=(0.0,) * 6 + (1.0,))
    year, seconds = drawn(only_sunday, 500)
    days = {datetime.fromisoformat(str(s)).weekday() for s in local(year, seconds)}
    assert days == {6}


def test_season_and_trend_show_in_the_months() -> None:
    year, seconds = drawn(flat(season=(0.5, 196), trend=0.0), 60_000)  # peak in mid-July
    month = np.array([int(str(s)[5:7]) for s in local(year, seconds)])
    per_month = np.bincount(month, minlength=13)
    assert per_month[7] > 1.8 * per_month[1]


def test_days_scatter_more_than_chance() -> None:
    _, seconds = drawn(flat(), 73_000)
    day = (seconds // 86_400).astype(int)
    counts = np.bincount(day, minlength=365)
    assert counts.var() / counts.mean() > 1.8


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_every_family_has_a_positive_intensity_all_year(family: Family) -> None:
    year, _ = drawn(family, 1)
    assert (year.rates > 0).all()
