"""Whatever is split, merged, shifted and renamed: lineage replays it, shares sum to one, figures lose nothing."""

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.grids.changes import apply_changes, difference, require_sound, standing
from geo.grids.comparison import compare_draft
from geo.grids.editions import replay
from geo.grids.lineage import LineageStep, build_lineage, descent
from geo.grids.restate import restate_figures
from geo.tables.grids import Grids

Line = list[tuple[str, int, int]]


def grids_of(line: Line) -> Grids:
    shapes = [shapely.box(100 + a / 1e5, 25.6, 100 + b / 1e5, 25.605) for _, a, b in line]
    return Grids.of(gpd.GeoDataFrame({"code": [c for c, _, _ in line], "kind": "general"}, geometry=shapes, crs=4326))


def changed(line: Line, rng: np.random.Generator, number: int) -> tuple[Line, LineageStep]:
    """Do one random operation on grids that lie side by side."""
    held = list(line)
    at = int(rng.integers(0, len(held)))
    code, a, b = held[at]
    kind = str(rng.choice(["split", "merge", "shift", "rename"]))
    fresh = f"N{number:03d}"
    if kind == "split" and b - a >= 2:
        cut = int(rng.integers(a + 1, b))
        names = [(code, fresh), (fresh, code), (fresh, f"{fresh}b")][int(rng.integers(0, 3))]
        held[at : at + 1] = [(names[0], a, cut), (names[1], cut, b)]
        return held, LineageStep(kind="split", before=(code,), after=tuple(sorted(names)))
    if at + 1 < len(held):
        other, _, end = held[at + 1]
        if kind == "merge" and len(held) > 2:
            kept = [code, other, fresh][int(rng.integers(0, 3))]
            held[at : at + 2] = [(kept, a, end)]
            return held, LineageStep(kind="merge", before=(code, other), after=(kept,))
        if kind == "shift" and end - a >= 2:
            cut = int(rng.integers(a + 1, end))
            held[at : at + 2] = [(code, a, cut), (other, cut, end)]
            return held, LineageStep(kind="shift", before=(code, other), after=(code, other))
    held[at] = (fresh, a, b)
    return held, LineageStep(kind="rename", before=(code,), after=(fresh,))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 8), st.integers(0, 12))
def test_an_edition_follows_from_the_one_before(seed: int, grids: int, operations: int) -> None:
    rng = np.random.default_rng(seed)
    bounds = np.cumsum(rng.integers(1, 40, grids + 1)).tolist()
    line: Line = [(f"G{i:03d}", a, b) for i, (a, b) in enumerate(itertools.pairwise(bounds))]
    old, steps, editions = grids_of(line), [], [grids_of(line)]
    for number in range(operations):
        line, step = changed(line, rng, number)
        steps.append(step)
        editions.append(grids_of(line))
    new = editions[-1]

    for lineage in (build_lineage(old, new), build_lineage(old, new, steps=steps)):
        made = lineage.replay(old)
        assert made.keys == sorted(new.keys)
        assert (
            shapely.to_wkb(made.frame.geometry).tolist()
            == shapely.to_wkb(new.frame.sort_values("code").geometry).tolist()
        )
        before = sorted(code for event in lineage.events for code in event.before)
        after = sorted(code for event in lineage.events if event.fate != "gone" for code in event.after)
        assert before == sorted(old.keys)
        assert after == sorted(new.keys)
    assert {b for _, b in descent(steps, old.keys, new.keys)} == set(new.keys)
    chain = replay(editions[0], [difference(a, b) for a, b in itertools.pairwise(editions)])
    assert len(difference(chain, new)) == 0

    walk = build_lineage(old, new).crosswalk
    assert np.asarray(walk.shares().sum(axis=1)).ravel() == pytest.approx(np.ones(len(old)))
    assert (walk.outside_m2 == 0).all()
    figures = {code: int(rng.integers(0, 500)) for code in old.keys}
    restated = restate_figures(figures, walk, edition="2")
    assert int(restated.units.sum()) == sum(figures.values())
    assert restated.outside == 0
    totals = compare_draft(old, new).totals
    assert totals["left_over"].abs().max() < 1e-2

    changes = difference(old, new)
    require_sound(old, changes)
    assert len(difference(apply_changes(old, changes), new)) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31))
def test_two_drafts_meet_just_where_their_grids_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    line: Line = [(f"G{i:03d}", 20 * i, 20 * i + 20) for i in range(8)]
    base = grids_of(line)
    one, _ = changed(line, rng, 1)
    other, _ = changed(line, rng, 2)
    mine, theirs = difference(base, grids_of(one)), difference(base, grids_of(other))
    where = standing(mine, base, grids_of(other))
    assert where.rebasable == (not set(mine.touched) & set(theirs.touched))
    if where.rebasable:
        both = apply_changes(apply_changes(base, theirs), mine)
        assert len(difference(both, apply_changes(apply_changes(base, mine), theirs))) == 0
        require_sound(grids_of(other), mine)
