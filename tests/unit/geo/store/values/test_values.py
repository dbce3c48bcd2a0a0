"""Instants and texts on their way into a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.store.values import PACKED_FROM, instant_of, is_storable, microseconds, now, packed, unpacked


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=9, minutes=30))])
    )
)
def test_an_instant_comes_back_to_the_microsecond(instant: datetime) -> None:
    if not datetime(1, 1, 2, tzinfo=UTC) < instant < datetime(9999, 12, 31, tzinfo=UTC):
        return
    assert instant_of(microseconds(instant)) == instant


def test_instants_by_hand() -> None:
    assert microseconds(datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == 0
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1
    with pytest.raises(ParameterError, match="zone"):
        microseconds(datetime(2026, 1, 1))  # noqa: DTZ001  # the zone is missing on purpose


def test_the_clock_has_a_zone() -> None:
    assert now().tzinfo is not None


@given(st.text(alphabet=st.characters(), max_size=20))
def test_storable_texts_are_those_that_utf_8_holds_without_nul(text: str) -> None:
    held = "\x00" not in text and not any(0xD800 <= ord(char) <= 0xDFFF for char in text)
    assert is_storable(text) == held


@given(st.text(max_size=20), st.integers(0, 3))
def test_packed_text_comes_back_and_text_kept_before_is_read_as_it_is(text: str, times: int) -> None:
    body = '{"a":"' + text.replace('"', "") * (1 + times * PACKED_FROM // 8) + '"}'
    assert unpacked(packed(body)) == body
    assert unpacked(body) == body


def test_long_text_is_packed_and_short_text_is_not() -> None:
    long = '{"line":[' + ",".join(f"[24.{n:06d},60.17]" for n in range(8_000)) + "]}"
    assert len(packed(long)) < len(long) / 2
    assert packed('{"a":1}') == '{"a":1}'
