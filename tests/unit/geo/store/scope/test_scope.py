"""Prefixes as ranges: the same rows as asking each text how it begins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geo.store.port import Principal
from geo.store.scope import prefix_ranges, scope_column

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("0379%_\ud7ff\ue000\U0010ffff中"), st.characters(exclude_categories=["Cs"])),
    max_size=6,
)


@given(TEXTS, TEXTS)
def test_a_text_is_in_the_range_just_when_it_begins_with_the_prefix(prefix: str, text: str) -> None:
    ((low, high),) = prefix_ranges([prefix])
    assert (text >= low and (high is None or text < high)) == text.startswith(prefix)


@given(TEXTS, TEXTS)
def test_ranges_hold_in_the_byte_order_of_utf_8_too(prefix: str, text: str) -> None:
    ((low, high),) = prefix_ranges([prefix])
    low_bytes, high_bytes = low.encode(), None if high is None else high.encode()
    assert (text.encode() >= low_bytes and (high_bytes is None or text.encode() < high_bytes)) == text.startswith(
        prefix
    )


def test_equal_prefixes_are_asked_once() -> None:
    assert prefix_ranges(["3607", "36", "3607"]) == [("36", "37"), ("3607", "3608")]


def test_which_collections_are_limited() -> None:
    west = Principal(account="west", scopes=("360702",))
    assert scope_column(west, "grids") == "code"
    assert scope_column(west, "calls") == "grid_code"
    assert scope_column(west, "posts") is None
    assert scope_column(Principal(account="all"), "grids") is None
