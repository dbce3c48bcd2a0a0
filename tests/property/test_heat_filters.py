"""Whatever is asked: the map's counts are those of going through the calls one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.tiles.heat import HeatMap
from geo.tiles.mercator import cell_km2, to_cells

START = np.datetime64("2025-03-03T00:00")
RNG = np.random.default_rng(5)
N = 600
LONLAT = np.column_stack([RNG.normal(116.4, 0.02, N), RNG.normal(39.9, 0.02, N)])
AT = START + RNG.integers(0, 21 * 1440, N).astype("timedelta64[m]")
FAMILY = np.array(["a", "b", "c"], object)[RNG.integers(0, 3, N)]
PLACED = RNG.uniform(size=N) < 0.8
INDEX = Cube.of(LONLAT, AT, FAMILY, placed=PLACED, period=(START, START + np.timedelta64(21, "D")))
HEAT = HeatMap.of(INDEX)

filters = st.builds(
    lambda families, first, length, hours, weekdays: CubeFilter(
        families=families, start=START + np.timedelta64(first, "m"), end=START + np.timedelta64(first + length, "m"),
        hours=hours, weekdays=weekdays,
    ),
    st.none() | st.frozensets(st.sampled_from(["a", "b", "c", "d"]), min_size=1),
    st.integers(-2000, 22 * 1440), st.integers(1, 23 * 1440),
    st.none() | st.frozensets(st.integers(0, 23), min_size=1),
    st.none() | st.frozensets(st.integers(0, 6), min_size=1),
)  # fmt: skip


def passes(which: CubeFilter, i: int) -> bool:
    at = AT[i].item()
    return (
        (which.families is None or FAMILY[i] in which.families)
        and which.start <= AT[i] < which.end
        and (which.hours is None or at.hour in which.hours)
        and (which.weekdays is None or at.weekday() in which.weekdays)
    )


@settings(max_examples=60, deadline=None)
@given(which=filters)
def test_counts_are_those_of_one_by_one(which: CubeFilter) -> None:
    kept = [i for i in range(N) if passes(which, i)]
    placed = [i for i in kept if PLACED[i]]
    total = INDEX.total(which)
    assert (total.n, total.unplaced) == (len(placed), len(kept) - len(placed))
    for figures in (INDEX.by_hour(which), INDEX.by_weekday(which), INDEX.by_family(which), INDEX.by_day(which)):
        assert figures.n.sum() == total.n
        assert ((figures.low <= figures.n) & (figures.n <= figures.high)).all()


@settings(max_examples=20, deadline=None)
@given(which=filters, z=st.integers(8, 13))
def test_the_map_holds_every_call_that_passes_and_no_other(which: CubeFilter, z: int) -> None:
    weeks = INDEX.weeks(which)
    columns, rows = to_cells(LONLAT, z)
    held = 0.0
    for x in range(columns.min() - 1, columns.max() + 2):
        for y in range(rows.min() - 1, rows.max() + 2):
            density = HEAT.density(z, x, y, which=which)
            if density is not None:
                assert density.min() >= 0
                area = cell_km2(y * 256 + np.arange(256) + 0.5, z + 8)
                held += float((density.sum(axis=1, dtype=np.float64) * area).sum()) * weeks
    assert np.isclose(held, INDEX.total(which).n, rtol=1e-3, atol=1e-3)
