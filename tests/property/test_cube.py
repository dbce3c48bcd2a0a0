"""Whatever is asked of the cube, polygon, base and reporter too: it counts as going through the calls one by one."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter

START = np.datetime64("2025-03-03T00:00")
RNG = np.random.default_rng(8)
N = 1500
# Many calls at few places, and on round degrees where edges of polygons will lie.
LONLAT = np.round(RNG.normal((116.4, 39.9), 0.01, (N, 2)), RNG.integers(2, 8, (N, 1)).max() - RNG.integers(0, 6))
LONLAT[: N // 3] = np.round(LONLAT[: N // 3], 3)
AT = START + RNG.integers(0, 21 * 1440, N).astype("timedelta64[m]")
FAMILY = np.array(["a", "b", "c"], object)[RNG.integers(0, 3, N)]
AREA = np.array(["g1", "g2", None], object)[RNG.integers(0, 3, N)]
PLACED, VALID, CASE, CITIZEN = (RNG.uniform(size=N) < p for p in (0.8, 0.9, 0.3, 0.7))
CUBES = [
    Cube.of(
        LONLAT, AT, FAMILY, placed=PLACED, areas=AREA, valid=VALID, case=CASE, citizen=CITIZEN,
        period=(START, START + np.timedelta64(21, "D")), threads=threads,
    )
    for threads in (1, 2)
]  # fmt: skip

thousandths = st.integers(-25, 25).map(lambda v: v / 1000)
polygons = st.builds(
    lambda points: shapely.convex_hull(shapely.MultiPoint([(116.4 + x, 39.9 + y) for x, y in points])),
    st.lists(st.tuples(thousandths, thousandths), min_size=3, max_size=6),
).filter(lambda p: isinstance(p, shapely.Polygon) and p.area > 0)
filters = st.builds(
    lambda first, length, **rest: CubeFilter(
        start=START + np.timedelta64(first, "m"), end=START + np.timedelta64(first + length, "m"), **rest
    ),
    first=st.integers(-2000, 22 * 1440),
    length=st.integers(1, 23 * 1440) | st.integers(1, 90),
    base=st.sampled_from(["received", "valid", "cases"]),
    citizen_only=st.booleans(),
    families=st.none() | st.frozensets(st.sampled_from(["a", "b", "c", "d"]), min_size=1),
    hours=st.none() | st.frozensets(st.integers(0, 23), min_size=1),
    weekdays=st.none() | st.frozensets(st.integers(0, 6), min_size=1),
    within=st.none() | polygons,
    areas=st.none() | st.frozensets(st.sampled_from(["g1", "g2", "g3"]), min_size=1),
)


def passing(which: CubeFilter) -> list[int]:
    base = {"received": np.ones(N, bool), "valid": VALID, "cases": CASE}[which.base]
    return [
        i
        for i in range(N)
        if base[i]
        and (CITIZEN[i] or not which.citizen_only)
        and (which.families is None or FAMILY[i] in which.families)
        and which.start <= AT[i] < which.end
        and (which.hours is None or AT[i].item().hour in which.hours)
        and (which.weekdays is None or AT[i].item().weekday() in which.weekdays)
        and (which.areas is None or AREA[i] in which.areas)
        and (which.within is None or (PLACED[i] and which.within.covers(shapely.Point(LONLAT[i]))))
    ]


@settings(max_examples=120, deadline=None)
@given(which=filters, cube=st.sampled_from(CUBES))
def test_every_count_is_that_of_one_by_one(which: CubeFilter, cube: Cube) -> None:
    kept = passing(which)
    placed = [i for i in kept if PLACED[i]]
    total = cube.total(which)
    assert (total.n, total.unplaced) == (len(placed), len(kept) - len(placed))
    assert cube.by_hour(which).n.tolist() == np.bincount([AT[i].item().hour for i in placed], minlength=24).tolist()
    names = np.array([FAMILY[i] for i in placed], object)
    assert cube.by_family(which).n.tolist() == [(names == name).sum() for name in cube.family_names]
    by_area = cube.by_area(which)
    codes = [AREA[i] for i in placed]
    assert by_area.n.tolist() == [codes.count(code) for code in cube.area_codes]
    assert by_area.elsewhere == codes.count(None)
    assert int(cube.by_day(which).n.sum()) == len(placed)
    assert int(cube.over_time(which, step_minutes=7).n.sum()) == len(placed)
    chosen = cube.calls(which)
    assert sorted(chosen.minutes.tolist()) == sorted(AT[placed].astype("datetime64[m]").astype(int).tolist())
    assert sorted(map(tuple, chosen.lonlat.tolist())) == sorted(map(tuple, LONLAT[placed].tolist()))
    assert len(cube.calls(which, placed=False)) == total.unplaced


@settings(max_examples=40, deadline=None)
@given(which=filters, level=st.integers(6, 20))
def test_cells_hold_every_call_once(which: CubeFilter, level: int) -> None:
    cells = CUBES[0].cells(level, which)
    placed = [i for i in passing(which) if PLACED[i]]
    assert int(cells.counts.sum()) == len(placed)
    assert cells.counts.sum(axis=0).tolist() == CUBES[0].by_family(which).n.tolist()
    ranked = cells.counts.sum(axis=1)[cells.top(len(cells.counts))]
    assert (np.diff(ranked) <= 0).all()


@settings(max_examples=40, deadline=None)
@given(which=filters, z=st.integers(5, 14))
def test_the_grid_of_a_window_holds_the_calls_in_it(which: CubeFilter, z: int) -> None:
    scan = CUBES[1].scan(which)
    level = z + 8
    from geo.tiles.mercator import to_cells

    columns, rows = to_cells(LONLAT, level)
    window = (int(columns.min()) - 3, int(rows.min()) - 2, 40, 50)
    grid, found = scan.narrowed(level, *window).grid(level, *window)
    expected = np.zeros((50, 40))
    for i in passing(which):
        column, row = columns[i] - window[0], rows[i] - window[1]
        if PLACED[i] and column < 40 and row < 50:
            expected[row, column] += 1
    assert found == expected.sum()
    if level <= 20:
        np.testing.assert_array_equal(grid, expected)
        quicker, again = scan.narrowed(level, *window).grid(level, *window, few=True)
        assert again == found
        np.testing.assert_array_equal(quicker, expected)
