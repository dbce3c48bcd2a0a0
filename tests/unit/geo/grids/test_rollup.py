"""Totals over a tree."""

import numpy as np
import pytest

from geo.errors import LimitError, NotFoundError, ParameterError
from geo.grids.rollup import carried, roll_up
from geo.grids.tree import POLICE, Tree


def tree() -> Tree:
    """Two stations b1 and b2 under b; areas b1x, b1y, b2x."""
    codes = ["b", "b1", "b2", "b1x", "b1y", "b2x"]
    return Tree.of(levels=POLICE[:3], codes=codes, parents=[None, "b", "b", "b1", "b1", "b2"])


def test_records_are_counted_on_every_level_and_outside() -> None:
    held = tree()
    rolled = roll_up(held, held.rows_of(["b1x", "b1x", "b1y", "b2", "nobody", "b2x"]))
    assert {code: rolled.of(code) for code in held.codes} == {"b": 5, "b1": 3, "b2": 2, "b1x": 2, "b1y": 1, "b2x": 1}
    assert (rolled.inside, rolled.outside, rolled.outside_count, rolled.total) == (5, 1, 1, 6)
    assert rolled.sentence() == (
        "6 in all: 5 inside the units, 1 (1 records) outside all of them",
        "合计 6：区划内 5，区划外 1（1 条）",
    )
    table = rolled.table("branch")
    assert table.to_dict("list") == {"code": ["b1", "b2"], "name": ["b1", "b2"], "value": [3, 2]}
    assert "none outside" in roll_up(held, held.rows_of(["b1x"])).sentence()[0]
    with pytest.raises(NotFoundError):
        rolled.of("x")


def test_whole_numbers_are_exact_beyond_what_a_float_holds() -> None:
    held = tree()
    values = np.array([2**53, 1, 2**53 + 1])
    rolled = roll_up(held, held.rows_of(["b1x", "b1y", "b2x"]), values)
    assert rolled.of("b") == 2**54 + 2
    assert rolled.of("b1") == 2**53 + 1
    assert rolled.values.dtype == np.int64
    assert roll_up(held, held.rows_of(["b1x", "b2x"]), np.array([True, True])).of("b") == 2
    with pytest.raises(LimitError, match="larger unit"):
        roll_up(held, held.rows_of(["b1x", "b2x"]), np.array([2**62, 2**62]))
    with pytest.raises(LimitError, match="larger unit"):
        roll_up(held, held.rows_of(["b1x"]), np.array([2**63], dtype=np.uint64))


def test_float_sums_are_compensated_and_add_up_to_the_last_bit() -> None:
    held = tree()
    rows = held.rows_of(["b1x"] * 10 + ["b1y", "b2x"])
    values = np.array([0.1] * 10 + [0.7, 1e9])
    rolled = roll_up(held, rows, values)
    assert rolled.of("b1x") == pytest.approx(1.0, abs=rolled.unit)
    assert rolled.of("b1x") + rolled.of("b1y") == rolled.of("b1")
    assert rolled.of("b1") + rolled.of("b2") == rolled.of("b")
    assert rolled.unit <= 2.0**-51 * values.sum() * 2
    big = roll_up(held, held.rows_of(["b1x"] * 3), np.array([1e100, 1.0, -1e100]))
    assert big.of("b1x") == pytest.approx(1.0, abs=big.unit)
    assert roll_up(held, held.rows_of(["b"]), np.zeros(1)).of("b") == 0.0


def test_values_that_cannot_be_summed_are_refused() -> None:
    held = tree()
    for values in (np.array([np.nan]), np.array([np.inf]), np.array(["1"])):
        with pytest.raises(ParameterError, match="not a finite number"):
            roll_up(held, held.rows_of(["b"]), values)
    with pytest.raises(ParameterError, match="2 values are given for 1"):
        roll_up(held, held.rows_of(["b"]), np.ones(2))
    with pytest.raises(ParameterError, match="Row 6"):
        roll_up(held, np.array([6]))
    with pytest.raises(LimitError):
        roll_up(held, held.rows_of(["b", "b"]), np.array([1e308, 1e308]))


def test_nothing_to_sum_is_nothing() -> None:
    assert roll_up(tree(), np.zeros(0, dtype=np.int32)).total == 0
    assert roll_up(tree(), np.zeros(0, dtype=np.int32), np.zeros(0)).total == 0.0


def test_a_crosswalk_carries_whole_numbers_by_largest_remainders() -> None:
    held = tree()
    other = Tree.of(levels=POLICE[:2], codes=["p", "p1", "p2", "p3"], parents=[None, "p", "p", "p"])
    source = roll_up(held, held.rows_of(["b1x"] * 10 + ["b1y"] * 5 + ["b2x", "nobody", "b2"]))
    shares = {"b1x": {"p1": 1 / 3, "p2": 1 / 3, "p3": 1 / 3}, "b1y": {"p2": 0.5}}
    moved = carried(source, "station", other, shares)
    # 10 in three: 4, 3, 3; 5 by half: 2.5 and 2.5, the known one first; b2x has no counterpart; 2 were in no station.
    assert [moved.of(code) for code in ("p1", "p2", "p3", "p")] == [4, 6, 3, 13]
    assert moved.outside == 2 + 1 + 2
    assert moved.total == source.total == 18


def test_a_crosswalk_carries_amounts() -> None:
    held = tree()
    other = Tree.of(levels=POLICE[:2], codes=["p", "p1", "p2"], parents=[None, "p", "p"])
    source = roll_up(held, held.rows_of(["b1x", "b1y"]), np.array([10.5, 4.0]))
    moved = carried(source, "station", other, {"b1x": {"p1": 0.2, "p2": 0.8}, "b1y": {"p1": 0.25}})
    assert moved.of("p1") == pytest.approx(3.1)
    assert moved.of("p2") == pytest.approx(8.4)
    assert moved.outside == pytest.approx(3.0)
    assert moved.total == pytest.approx(source.total, rel=1e-15)
    for wrong in ({"p1": 1.5}, {"p1": -0.1}, {"p1": 0.6, "p2": 0.6}, {"p1": float("nan")}):
        with pytest.raises(ParameterError, match="not parts of a whole"):
            carried(source, "station", other, {"b1x": wrong})
