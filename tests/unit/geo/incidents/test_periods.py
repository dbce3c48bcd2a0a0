from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.incidents.periods import Period, count_in, earlier_years, period_before, same_season, years_before

DAYS = st.dates(date(2012, 1, 1), date(2030, 12, 31))


def of(first: date, last: date) -> Period:
    return Period(first=first, last=last)


def test_a_statistical_day_runs_from_eight_to_eight() -> None:
    day = of(date(2026, 11, 21), date(2026, 11, 21))
    assert (day.start.isoformat(), day.end.isoformat(), day.days) == ("2026-11-21T08:00:00", "2026-11-22T08:00:00", 1)
    assert day.label() == "2026-11-21 周六 08:00 至 2026-11-22 周日 08:00"
    assert day.label("en").startswith("2026-11-21 Sat 08:00 to ")
    at = np.array(["2026-11-21T07:59", "2026-11-21T08:00", "2026-11-22T07:59", "2026-11-22T08:00", "NaT"], "M8[m]")
    assert count_in(at, [day, period_before(day), years_before(day)]).tolist() == [2, 1, 0]


def test_whole_months_stay_whole_months() -> None:
    february = of(date(2025, 2, 1), date(2025, 2, 28))
    assert years_before(february) == of(date(2024, 2, 1), date(2024, 2, 29))
    assert period_before(february) == of(date(2025, 1, 1), date(2025, 1, 31))
    assert period_before(of(date(2025, 1, 1), date(2025, 3, 31))) == of(date(2024, 10, 1), date(2024, 12, 31))
    assert period_before(of(date(2025, 3, 3), date(2025, 3, 9))) == of(date(2025, 2, 24), date(2025, 3, 2))


def test_leap_day_and_five_years() -> None:
    leap = of(date(2024, 2, 29), date(2024, 2, 29))
    assert [p.first for p in earlier_years(leap)] == [
        date(2023, 2, 28), date(2022, 2, 28), date(2021, 2, 28), date(2020, 2, 29), date(2019, 2, 28),
    ]  # fmt: skip


@given(DAYS, st.integers(0, 40), st.integers(1, 6))
def test_weekdays_stay_weekdays_and_dates_are_near(first: date, more: int, years: int) -> None:
    period = of(first, date.fromordinal(first.toordinal() + more))
    back = years_before(period, years=years, aligned="weekday")
    assert back.first.weekday() == first.weekday()
    assert back.days == period.days
    same = years_before(period, years=years)
    assert abs((back.first - same.first).days) <= 3


def test_seasons_hold_the_middle() -> None:
    assert same_season(of(date(2026, 11, 20), date(2026, 11, 26))) == of(date(2025, 9, 1), date(2025, 11, 30))
    assert same_season(of(date(2026, 1, 5), date(2026, 1, 11))) == of(date(2024, 12, 1), date(2025, 2, 28))
    assert same_season(of(date(2025, 12, 5), date(2025, 12, 6))) == of(date(2024, 12, 1), date(2025, 2, 28))
    assert same_season(of(date(2025, 3, 1), date(2025, 3, 2))) == of(date(2024, 3, 1), date(2024, 5, 31))


def test_backward_periods_are_refused() -> None:
    with pytest.raises(ParameterError, match="ends on 2026-01-01"):
        of(date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(ParameterError, match="hour from 0 to 23"):
        Period(first=date(2026, 1, 1), last=date(2026, 1, 1), day_start=24)
    with pytest.raises(ParameterError, match="1 or more"):
        years_before(of(date(2026, 1, 1), date(2026, 1, 1)), years=0)
