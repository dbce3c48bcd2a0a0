"""Flags change the state of calls, and every decision can be taken back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import ParameterError
from geo.incidents.flags import (
    REASONS,
    STATES,
    Findings,
    as_decided,
    count_flags,
    decided,
    flag_states,
    has_flag,
    kept_decisions,
    left_out_of,
)


def frame(valid: list[bool], placed: list[bool], **masks: list[bool]) -> pd.DataFrame:
    found = Findings(rows=len(valid))
    for code, mask in masks.items():
        found.add(code, np.array(mask))
    flags = found.written(np.array(valid), np.array(placed))
    return pd.DataFrame({"valid": valid, "placed": placed, "flags": pd.Series(flags, dtype=object)})


def test_only_placeholders_and_places_far_off_act_by_themselves() -> None:
    made = as_decided(frame([True] * 3, [True] * 3, repeat=[1, 0, 0], placeholder=[0, 1, 0]))  # type: ignore[list-item]
    assert made["valid"].tolist() == [True, True, True]
    assert made["placed"].tolist() == [True, False, True]
    assert made["flags"].tolist() == ["repeat=open", "placeholder=accepted", None]


def test_accepting_leaves_out_and_undoing_brings_back_what_the_file_said() -> None:
    calls = frame([True, False, True], [True, True, True], repeat=[True, True, False])
    every = np.ones(3, dtype=bool)
    accepted = as_decided(calls.assign(flags=decided(calls["flags"], "repeat", "accepted", rows=every)))
    assert accepted["valid"].tolist() == [False, False, True]
    undone = as_decided(accepted.assign(flags=decided(accepted["flags"], "repeat", "open", rows=every)))
    pd.testing.assert_frame_equal(undone, calls)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(sorted(REASONS)), min_size=1, max_size=5, unique=True),
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(STATES)), max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_any_decisions_taken_back_leave_the_call_as_it_came(
    codes: list[str],
    steps: list[tuple[int, str]],
    valid: bool,
    placed: bool,
) -> None:
    first = as_decided(frame([valid], [placed], **{code: [True] for code in codes}))
    calls = first
    for which, state in steps:
        flags = decided(calls["flags"], codes[which % len(codes)], state, rows=np.array([True]))  # type: ignore[arg-type]
        calls = as_decided(calls.assign(flags=flags))
    for code in codes:
        flags = decided(calls["flags"], code, REASONS[code].first, rows=np.array([True]))
        calls = as_decided(calls.assign(flags=flags))
    pd.testing.assert_frame_equal(calls, first)


def test_decisions_outlive_the_same_file() -> None:
    fresh = frame([True, True], [True, True], repeat=[True, True])["flags"]
    before = pd.Series(["repeat=dismissed", None], dtype=object)
    assert kept_decisions(fresh, before).tolist() == ["repeat=dismissed", "repeat=open"]


def test_counts_by_state_and_effects() -> None:
    flags = pd.Series(["repeat=open clock_long=accepted", "repeat=accepted", None], dtype=object)
    assert count_flags(flags) == {
        "repeat": {"open": 1, "accepted": 1, "dismissed": 0}, "clock_long": {"open": 0, "accepted": 1, "dismissed": 0},
    }  # fmt: skip
    assert left_out_of(flags, "clock").tolist() == [True, False, False]
    assert has_flag(flags, "repeat", "open").tolist() == [True, False, False]
    assert flag_states("unheard=open repeat=open imported=invalid") == {"repeat": "open"}
    with pytest.raises(ParameterError, match="no reason 'nothing'"):
        has_flag(flags, "nothing")
