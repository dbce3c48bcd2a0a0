"""Pairs of the same land."""

import numpy as np
import pytest
import shapely

from geo.errors import ParameterError
from geo.grids.same_land import SameLand, same_land


def pairs(
    old: list[shapely.Polygon], new: list[shapely.Polygon], *, at_least: float = 0.999, groups: str = ""
) -> SameLand:
    letters = [ord(c) for c in groups] if groups else [0] * (len(old) + len(new))
    return same_land(
        np.array(old, dtype=object), np.array(new, dtype=object),
        old_group=np.array(letters[: len(old)], dtype=np.int64), new_group=np.array(letters[len(old) :], dtype=np.int64),
        at_least=at_least,
    )  # fmt: skip


def test_the_share_is_that_of_the_larger_one() -> None:
    found = pairs([shapely.box(0, 0, 10, 1)], [shapely.box(1, 0, 9, 1)], at_least=0.5)
    assert found.share.tolist() == pytest.approx([0.8])
    assert not len(pairs([shapely.box(0, 0, 10, 1)], [shapely.box(1, 0, 9, 1)], at_least=0.81).new)


def test_equal_land_counts_however_it_is_written() -> None:
    square = shapely.box(100.0, 30.0, 100.01, 30.01)
    turned = shapely.Polygon(np.roll(np.array(square.exterior.coords)[:-1], 1, axis=0)[::-1])
    more = shapely.segmentize(square, 0.003)
    for other in (square, turned, more):
        found = pairs([square], [other], at_least=1.0)
        assert found.new.tolist() == [0]


def test_other_groups_and_neighbours_do_not_count() -> None:
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    assert len(pairs([left], [right]).new) == 0
    assert len(pairs([left], [left], groups="ab").new) == 0
    found = pairs([left, right], [right, left])
    assert (found.old.tolist(), found.new.tolist()) == ([1, 0], [0, 1])
    assert len(pairs([], [left]).new) == len(pairs([left], []).new) == 0


def test_each_row_is_in_one_pair_made_from_the_largest_common_area_down() -> None:
    old = [shapely.box(0, 0, 8, 1), shapely.box(0, 0, 10, 1)]
    found = pairs(old, [shapely.box(0, 0, 9, 1), shapely.box(0, 0, 7, 1)], at_least=0.5)
    assert (found.old.tolist(), found.new.tolist()) == ([1, 0], [0, 1])


@pytest.mark.parametrize("share", [0.0, -1.0, 1.01, float("nan")])
def test_a_share_is_above_0_and_at_most_1(share: float) -> None:
    with pytest.raises(ParameterError):
        pairs([], [], at_least=share)
