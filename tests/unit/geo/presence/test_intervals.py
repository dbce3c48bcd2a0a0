"""Intervals at places against minutes counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.presence.intervals import Intervals, everywhere

END = 60.0
PLACES = 3
ROWS = st.lists(st.tuples(st.integers(0, PLACES - 1), st.integers(-5, 65), st.integers(0, 20)), max_size=25)


def made(rows: list[tuple[int, int, int]], *, joined: float = 0.0) -> Intervals:
    return Intervals.of(
        [p for p, _, _ in rows], [float(b) for _, b, _ in rows], [float(b + n) for _, b, n in rows],
        start=0.0, end=END, joined=joined,
    )  # fmt: skip


def cells(rows: list[tuple[int, int, int]]) -> np.ndarray:
    """Count by brute force which unit cells of time are covered at each place."""
    out = np.zeros((PLACES, int(END)), bool)
    for place, begin, length in rows:
        out[place, max(0, begin) : max(0, min(int(END), begin + length))] = True
    return out


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_what_is_left_after_subtraction_is_what_brute_force_leaves(
    a: list[tuple[int, int, int]], b: list[tuple[int, int, int]]
) -> None:
    left = made(a).without(made(b)).seconds(PLACES, np.arange(END + 1))
    assert np.array_equal(left > 0.5, cells(a) & ~cells(b))


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_seconds_of_bins_are_the_covered_cells(rows: list[tuple[int, int, int]]) -> None:
    edges = np.array([0.0, 7.0, 20.0, 60.0])
    wanted = np.add.reduceat(cells(rows), [0, 7, 20], axis=1)
    assert np.allclose(made(rows).seconds(PLACES, edges), wanted)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_the_order_of_rows_changes_nothing(rows: list[tuple[int, int, int]]) -> None:
    one, other = made(rows), made(rows[::-1])
    for name in ("place", "begin", "until"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_near_intervals_are_joined_up_to_the_stated_seconds() -> None:
    rows = [(0, 0, 5), (0, 8, 2), (1, 8, 2)]
    assert len(made(rows)) == 3
    joined = made(rows).joined(3.0)
    assert joined.begin.tolist() == [0.0, 8.0]
    assert joined.until.tolist() == [10.0, 10.0]


def test_a_moment_touches_its_bin_and_covers_nothing() -> None:
    one = Intervals.of([1], [20.0], [20.0], start=0.0, end=END)
    edges = np.array([0.0, 20.0, 40.0, 60.0])
    assert one.touches(2, edges).tolist() == [[False] * 3, [False, True, False]]
    assert one.seconds(2, edges).sum() == 0


def test_an_interval_up_to_the_edge_of_a_bin_does_not_touch_the_next() -> None:
    one = Intervals.of([0], [5.0], [20.0], start=0.0, end=END)
    assert one.touches(1, np.array([0.0, 20.0, 40.0])).tolist() == [[True, False]]


def test_everywhere_is_the_same_at_every_place() -> None:
    made = everywhere(3, np.array([10.0]), np.array([25.0]), start=0.0, end=END)
    assert made.seconds(3, np.array([0.0, END]))[:, 0].tolist() == pytest.approx([15.0] * 3)
