"""Whatever the tree, totals add up; whatever the change of a layer, unchanged land keeps its number."""

from itertools import pairwise
from math import fsum

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grids.numbering import check_codes, renumber
from geo.grids.rollup import carried, roll_up
from geo.grids.tree import POLICE, Tree
from geo.tables.grids import Grids

HOMES = ("110101001001", "110101001002")


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Up to five levels, several roots, units without anything below on any level."""
    depth = [0] * draw(st.integers(1, 3))
    parent: list[str | None] = [None] * len(depth)
    for _ in range(draw(st.integers(0, 30))):
        above = draw(st.integers(0, len(depth) - 1))
        if depth[above] < 4:
            depth.append(depth[above] + 1)
            parent.append(f"u{above}")
    return Tree.of(levels=POLICE, codes=[f"u{k}" for k in range(len(depth))], parents=parent)


def add_up(tree: Tree, values: np.ndarray, own: np.ndarray) -> None:
    for row in range(len(tree)):
        below = values[tree.children(row)]
        assert values[row] == own[row] + below.sum()


@given(trees(), st.lists(st.tuples(st.integers(-1, 40), st.integers(-(2**50), 2**50)), max_size=60))
@settings(deadline=None)
def test_whole_numbers_add_up_on_every_level(tree: Tree, records: list[tuple[int, int]]) -> None:
    kept = [(row if row < len(tree) else -1, value) for row, value in records]
    rows, values = np.array([r for r, _ in kept], dtype=np.int64), np.array([v for _, v in kept], dtype=np.int64)
    rolled = roll_up(tree, rows, values)
    own = np.array([sum(v for r, v in kept if r == row) for row in range(len(tree))], dtype=np.int64)
    add_up(tree, rolled.values, own)
    assert rolled.total == sum(v for _, v in kept)
    assert rolled.outside == sum(v for r, v in kept if r < 0)
    counted = roll_up(tree, rows)
    assert counted.total == len(kept)
    assert counted.outside == counted.outside_count == sum(r < 0 for r, _ in kept)
    for row in range(len(tree)):
        inside = tree.within(row)
        assert rolled.values[row] == sum(v for r, v in kept if r >= 0 and inside[r])


@given(
    trees(),
    st.lists(st.tuples(st.integers(-1, 40), st.floats(-1e12, 1e12) | st.floats(-1e-6, 1e-6)), max_size=60),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_amounts_add_up_to_the_last_bit_in_any_order(tree: Tree, records: list[tuple[int, float]], order) -> None:  # type: ignore[no-untyped-def]
    kept = [(row if row < len(tree) else -1, value) for row, value in records]
    rows, values = np.array([r for r, _ in kept], dtype=np.int64), np.array([v for _, v in kept])
    rolled = roll_up(tree, rows, values)
    size = fsum(abs(v) for _, v in kept)
    for row in range(len(tree)):
        own = fsum(v for r, v in kept if r == row)
        below = rolled.values[tree.children(row)].tolist()
        order.shuffle(below)
        rest = rolled.values[row]
        for value in below:
            rest -= value
        # What is left is the unit's own sum, rounded once.
        assert abs(rest - own) <= 2.0**-51 * size
        assert fsum([rest, *below]) == rolled.values[row]
    for depth in range(1, len(tree.levels)):
        level = rolled.values[tree.level == depth]
        assert float(np.sum(level)) == fsum(level.tolist())
    assert abs(rolled.total - fsum(v for _, v in kept)) <= 2.0**-51 * size * (len(tree) + 1)


@given(trees(), st.data())
@settings(deadline=None)
def test_a_crosswalk_loses_and_makes_nothing(tree: Tree, data: st.DataObject) -> None:
    rows = np.array(data.draw(st.lists(st.integers(-1, len(tree) - 1), max_size=50)), dtype=np.int64)
    weight = data.draw(st.lists(st.integers(1, 10**6), min_size=len(rows), max_size=len(rows)))
    other = Tree.of(levels=POLICE[:2], codes=["p", "p1", "p2", "p3"], parents=[None, "p", "p", "p"])
    shares = {}
    for code in tree.codes[tree.level == 1].tolist():
        parts = np.array(data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)), dtype=float)
        full = parts.sum() if data.draw(st.booleans()) else 27.0
        shares[code] = {f"p{k + 1}": float(part / full) for k, part in enumerate(parts)}
    source = roll_up(tree, rows, np.array(weight, dtype=np.int64))
    moved = carried(source, "branch", other, shares)
    add_up(other, moved.values, np.zeros(4, dtype=np.int64) + np.where(other.level == 1, moved.values, 0))
    assert moved.total == source.total
    gone = sum(round(source.of(code) * (1 - sum(held.values()))) for code, held in shares.items())
    assert abs(moved.outside - gone - (source.total - sum(source.of(c) for c in shares))) <= len(shares)


@st.composite
def changes(draw: st.DrawFn) -> tuple[Grids, Grids, list[int]]:
    """A row of squares of two communities, and the row after some borders went and others came; which squares stayed."""
    n = draw(st.integers(2, 12))
    half = draw(st.integers(1, n - 1))
    cuts = sorted(set(range(n + 1)) - {k for k in draw(st.sets(st.integers(1, n - 1), max_size=4)) if k != half})
    places = sorted([float(k) for k in cuts] + [k + 0.5 for k in draw(st.sets(st.integers(0, n - 1), max_size=4))])
    names = draw(st.permutations(range(1, n + 1)))
    old = [(f"{HOMES[k >= half]}{names[k]:03d}", k, k + 1, HOMES[k >= half]) for k in range(n)]
    new = [(f"new{k}", a, b, HOMES[a >= half]) for k, (a, b) in enumerate(pairwise(places))]
    order = draw(st.permutations(range(len(new))))
    stayed = [k for k in range(n) if (float(k), float(k + 1)) in {(a, b) for _, a, b, _ in new}]
    return layer(old), layer([new[k] for k in order]), stayed


def layer(rows: list[tuple[str, float, float, str]]) -> Grids:
    columns = {"code": [r[0] for r in rows], "kind": "general", "parent_code": [r[3] for r in rows]}
    boxes = [shapely.box(a * 0.01, 0, b * 0.01, 0.01) for _, a, b, _ in rows]
    return Grids.of(gpd.GeoDataFrame(columns, geometry=boxes, crs=4326))


@given(changes(), st.sets(st.integers(1, 40), max_size=20))
@settings(max_examples=60, deadline=None)
def test_unchanged_land_keeps_its_number_and_no_number_is_given_twice(
    change: tuple[Grids, Grids, list[int]], given_up: set[int]
) -> None:
    old, new, stayed = change
    retired = [f"{home}{k:03d}" for home in HOMES for k in given_up if f"{home}{k:03d}" not in old.keys]
    made = renumber(old, new, retired=retired)
    assert sorted(code for code, kept in zip(made.codes, made.kept, strict=True) if kept) == sorted(
        old.keys[k] for k in stayed
    )
    fresh = {code for code, kept in zip(made.codes, made.kept, strict=True) if not kept}
    assert not fresh & (set(old.keys) | set(retired))
    assert set(made.retired) == set(old.keys) - set(made.codes)
    assert check_codes(made.codes, parents=new.frame["parent_code"].tolist(), retired=[*retired, *made.retired]).good
    # Done again, nothing changes.
    frame = new.frame.assign(code=list(made.codes))
    assert renumber(Grids.of(frame), new, retired=retired).codes == made.codes
