from datetime import UTC, datetime

import pandas as pd
import pytest

from geo.synthetic.city import DemoCity, build_demo
from geo.synthetic.sizes import HELSINKI
from geo.synthetic.units import SHIFTS, draw_shifts, shift_at


def test_three_shifts_cover_the_day() -> None:
    frame = draw_shifts().frame
    minutes = sorted(
        (start + k) % 1440
        for start, length in zip(frame["start_minute"], frame["length_minutes"], strict=True)
        for k in range(length)
    )
    assert minutes == list(range(1440))


@pytest.mark.parametrize(
    ("hour", "name"), [(0, "夜班"), (7, "夜班"), (8, "早班"), (15, "早班"), (16, "中班"), (23, "中班")]
)
def test_the_shift_of_an_hour_in_beijing(hour: int, name: str) -> None:
    moment = datetime(2026, 3, 4, hour, 30, tzinfo=UTC) - pd.Timedelta(hours=8)
    assert SHIFTS[shift_at(moment)][1] == name


def test_units_are_spread_over_the_shifts_and_have_an_officer(city: DemoCity) -> None:
    units = city.units.frame
    assert len(units) == HELSINKI.units
    assert units["shift_id"].value_counts().to_dict() == {"early": 5, "middle": 5, "night": 5}
    assert (units["officers"] >= 1).all()
    assert units["name"].is_unique
    assert set(units["post_id"]) <= set(city.posts.frame["post_id"])
    assert units["synthetic"].all()


def test_only_the_shift_on_duty_has_positions_of_20_seconds_to_11_minutes(city: DemoCity) -> None:
    units = city.units.frame
    duty = units["shift_id"] == "night"
    age = (pd.Timestamp(city.as_of) - units.loc[duty, "seen_at"]).dt.total_seconds()
    assert (age.min(), age.max()) == (20, 660)
    assert units.loc[~duty, "seen_at"].isna().all()
    assert (units.loc[~duty, "state"] == "standby").all()


def test_units_standing_by_are_at_their_post(city: DemoCity) -> None:
    units = city.units.frame
    posts = city.posts.frame.set_index("post_id").geometry
    still = units[units["state"] == "standby"]
    assert len(still) >= 10
    assert all(place.equals(posts[post]) for place, post in zip(still.geometry, still["post_id"], strict=True))


def test_another_moment_has_another_shift_on_duty() -> None:
    noon = build_demo("helsinki", seed=7, calls=1_000, as_of=datetime(2026, 6, 1, 4, 0, tzinfo=UTC))
    seen = noon.units.frame[noon.units.frame["seen_at"].notna()]
    assert set(seen["shift_id"]) == {"early"}
    assert noon.calls.frame["reported_at"].max() <= pd.Timestamp("2026-06-01T04:00Z")
