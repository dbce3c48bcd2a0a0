"""The cube of calls: build, size, tiles, counts, appending; against DuckDB, sedonadb, Dask, datashader and a copy."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.cube_city import AREAS, DAYS, FAMILIES, MIDDLE, START, chunks, read_parquet, some_places, write_parquet
from benchmarks.cube_peers import LEVEL, Counts, in_memory, peers
from benchmarks.harness import Options, Row, absent, against, duration, interleaved, timed, within
from geo.hotspots.binning import bin_points
from geo.hotspots.cube.build import build_cube
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.files import size_on_disk
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.cube.live import LiveCube
from geo.hotspots.cube.ready import CallChunk
from geo.tiles.heat import HeatMap
from geo.tiles.mercator import to_cells

MILLIONS: Final = 100
BYTES_NEEDED: Final = 70
"""Room on the disk for each call while the benchmark runs: Parquet files, what is being sorted, the cube."""
TILES: Final = 200
THREADS: Final = 2
_EVERY: Final = CubeFilter(base="received")


def rows(options: Options) -> list[Row]:
    """Measure a synthetic city of ``--sample`` million calls (100) in a folder under ``--data`` (or the system's)."""
    millions = options.sample or MILLIONS
    calls = millions * 1_000_000
    parent = options.data or Path(tempfile.gettempdir())
    free = shutil.disk_usage(parent).free
    if free < calls * BYTES_NEEDED:
        need = calls * BYTES_NEEDED / 1e9
        return [
            Row(what=f"{millions} M calls: {need:.1f} GB of disk needed in {parent}, {free / 1e9:.1f} free", ours=None)
        ]
    with tempfile.TemporaryDirectory(prefix="xunge-cube-", dir=parent) as folder:
        return _measured(Path(folder), calls, f"{millions} M", options)


def _measured(folder: Path, calls: int, size: str, options: Options) -> list[Row]:
    for _ in write_parquet(folder / "calls", chunks(calls, seed=options.seed)):
        pass
    period = (START, START + DAYS * 1440)
    seconds, cube = timed(
        lambda: build_cube(
            folder / "cube",
            read_parquet(folder / "calls"),
            families=FAMILIES,
            areas=AREAS,
            period=period,
            threads=THREADS,
        )
    )
    each = size_on_disk(folder / "cube") / calls
    found = [
        within(f"{size}: build from Parquet", ours=seconds, at_most=300.0),
        Row(what=f"{size}: bytes a call on disk", ours=f"{each:.2f}", goal="<= 12", met=each <= 12),
    ]
    heat = HeatMap.of(cube)
    found.extend(_tiles(heat, size, options.seed))
    found.append(_screen(heat, size, options.seed))
    found.extend(_counts(cube, folder / "calls", size))
    found.append(_copy(cube, size))
    for what, work in (
        ("by hour and weekday, with trend by day", lambda: cube.profile(_EVERY).by_hour_of_week()),
        ("by grid", lambda: cube.by_area(_EVERY)),
        ("top 100 places of 150 m", lambda: cube.cells(18, _EVERY).top(100)),
    ):
        found.append(within(f"{size}: {what}", ours=interleaved([work], rounds=5)[0]))
    found.extend(_appending(folder / "cube", size))
    found.extend(_binning(options.seed))
    return found


def random_filter(rng: np.random.Generator) -> CubeFilter:
    """Return families, a period, hours and weekdays, each at random."""
    first, last = np.sort(rng.integers(0, DAYS * 24, 2)) * 60 + START
    return CubeFilter(
        families=frozenset(rng.choice(FAMILIES, rng.integers(1, len(FAMILIES) + 1), replace=False).tolist()),
        start=np.datetime64(int(first), "m"), end=np.datetime64(int(last) + 60, "m"),
        hours=frozenset(rng.choice(24, rng.integers(1, 25), replace=False).tolist()),
        weekdays=frozenset(rng.choice(7, rng.integers(1, 8), replace=False).tolist()),
    )  # fmt: skip


def _tiles(heat: HeatMap, size: str, seed: int) -> list[Row]:
    """Draw tiles where calls are, evenly from zoom 9 to 16, each with a filter of its own and nothing kept."""
    rng = np.random.default_rng(seed + 1)
    places = some_places(TILES, seed + 2)
    taken = []
    for number, place in enumerate(places):
        z = 9 + number % 8
        x, y = (int(v[0]) for v in to_cells(place[None, :], z))
        fresh = HeatMap(cube=heat.cube, extent=heat.extent)
        which = random_filter(rng)
        taken.append(timed(partial(fresh.tile_png, z, x, y, which=which))[0])
    p50, p95 = np.percentile(taken[8:], [50, 95])
    return [
        within(f"{size}: heat tile, any filter, z9 to z16, p50", ours=float(p50)),
        within(f"{size}: heat tile, any filter, z9 to z16, p95", ours=float(p95), at_most=0.1),
    ]


def _screen(heat: HeatMap, size: str, seed: int) -> Row:
    """Draw 15 tiles and all figures beside them for filters not seen before."""
    rng = np.random.default_rng(seed + 3)
    x, y = (int(v[0]) for v in to_cells(np.array([MIDDLE]), 12))

    def screen() -> None:
        which = random_filter(rng)
        fresh = HeatMap(cube=heat.cube, extent=heat.extent)
        for i in range(-2, 3):
            for j in range(-1, 2):
                fresh.tile_png(12, x + i, y + j, which=which)
        profile = fresh.cube.profile(which)
        profile.total(), profile.by_hour_of_week(), profile.by_family(), profile.over_time(step_minutes=1440)

    return within(
        f"{size}: a new filter on the screen (15 tiles and figures)",
        ours=interleaved([screen], rounds=5)[0],
        at_most=0.5,
    )


def _counts(cube: Cube, folder: Path, size: str) -> list[Row]:
    what = f"{size}: calls by cell and family"
    cube.cells(LEVEL, _EVERY)
    ours = interleaved([lambda: cube.cells(LEVEL, _EVERY)], rounds=5)[0]
    counted = _table(cube)
    found, best = [within(what, ours=ours, at_most=1.0)], float("inf")
    for name, count in peers(folder).items():
        if count is None:
            found.append(absent(f"{what}, from Parquet", name, ours=duration(ours)))
            continue
        theirs, table = timed(count)
        best = min(best, theirs)
        found.append(against(f"{what}, from Parquet", ours=ours, peer=name, theirs=theirs, note=_same(counted, table)))
    if np.isfinite(best):
        found.append(against(f"{what}, from Parquet", ours=ours, peer="the best of them", theirs=best, at_least=10.0))
    held = in_memory(folder)
    if held is None:
        found.append(absent(f"{what}, cells in memory", "duckdb", ours=duration(ours), goal=">= 2x"))
    else:
        table = held()
        ours, theirs = interleaved([lambda: cube.cells(LEVEL, _EVERY), held], rounds=5)
        found.append(
            against(
                f"{what}, cells in memory",
                ours=ours,
                peer="duckdb",
                theirs=theirs,
                at_least=2.0,
                note=_same(counted, table),
            )
        )
    return found


def _table(cube: Cube) -> Counts:
    held = cube.cells(LEVEL, _EVERY)
    cell, family = np.nonzero(held.counts)
    table = np.column_stack([held.columns[cell], held.rows[cell], family, held.counts[cell, family]])
    return table[np.lexsort(table[:, 2::-1].T)]


def _same(ours: Counts, theirs: Counts) -> str:
    return "same counts" if np.array_equal(ours, theirs) else "OTHER COUNTS"


def _copy(cube: Cube, size: str) -> Row:
    """Compare the bytes a second of a scan of the whole city with those of a copy in memory."""
    source = np.concatenate([np.asarray(s.codes) for s in cube.segments])
    target = np.empty_like(source)
    extent = HeatMap.of(cube).extent
    level = 16
    left, top = extent.left >> 4, extent.top >> 4
    width, height = (extent.right >> 4) - left + 1, (extent.bottom >> 4) - top + 1
    scan = Cube(segments=cube.segments, family_names=FAMILIES, area_codes=AREAS, period=cube.period).scan(
        CubeFilter(families=frozenset(FAMILIES[:7]), hours=frozenset(range(6, 22)))
    )
    ours, theirs = interleaved(
        [lambda: scan.grid(level, left, top, width, height), lambda: np.copyto(target, source)], rounds=9
    )
    speed = [source.nbytes / 1e9 / seconds for seconds in (ours, theirs)]
    return Row(
        what=f"{size}: scan on one thread", ours=f"{speed[0]:.2f} GB/s", peer="copy in memory",
        peer_figure=f"{speed[1]:.2f} GB/s", ratio=speed[0] / speed[1], goal=">= 0.333x", met=speed[0] * 3 >= speed[1],
    )  # fmt: skip


def _appending(folder: Path, size: str) -> list[Row]:
    """Add calls one by one while another thread counts and draws."""
    new = next(chunks(10_000, seed=99))
    reads = 0
    waited: list[float] = []
    with LiveCube(folder, threads=1, check=False) as live:
        stop = threading.Event()

        def read() -> None:
            nonlocal reads
            x, y = (int(v[0]) for v in to_cells(np.array([MIDDLE]), 14))
            while not stop.is_set():
                cube = live.cube()
                window = (22, x << 8, y << 8, 256, 256)
                cube.scan(_EVERY).narrowed(*window).grid(*window)
                reads += 1

        reader = threading.Thread(target=read)
        reader.start()
        half = len(new) // 2
        seconds = _sent(live, new, range(half), waited, every=0.0)
        waited.clear()
        _sent(live, new, range(half, len(new)), waited, every=0.001)
        stop.set()
        reader.join()
    speed = half / seconds
    return [
        Row(
            what=f"{size}: calls added one by one, all on disk, while {reads} tiles were read",
            ours=f"{speed:.0f} a second", goal=">= 1000 a second", met=speed >= 1000,
        ),
        within(f"{size}: from sending a call to having it on disk, at 1000 a second, p95", ours=float(np.percentile(waited, 95))),
    ]  # fmt: skip


def _sent(live: LiveCube, new: CallChunk, numbers: range, waited: list[float], *, every: float) -> float:
    """Send calls, one ``every`` so many seconds, and return how long it took until all were on disk."""
    began = time.perf_counter()
    pending = []
    for k, number in enumerate(numbers):
        time.sleep(max(began + k * every - time.perf_counter(), 0.0))
        sent = time.perf_counter()
        done = live.submit(_one(new, number))
        done.add_done_callback(lambda _, sent=sent: waited.append(time.perf_counter() - sent))  # type: ignore[misc]
        pending.append(done)
    for done in pending:
        done.result()
    return time.perf_counter() - began


def _one(chunk: CallChunk, number: int) -> CallChunk:
    part = slice(number, number + 1)
    return CallChunk(
        lonlat=chunk.lonlat[part], minutes=chunk.minutes[part], families=chunk.families[part],
        sources=chunk.sources[part], placed=chunk.placed[part], areas=chunk.areas[part],
    )  # fmt: skip


def _binning(seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    n = 10_000_000
    x, y = rng.uniform(size=n), rng.uniform(size=n)
    what = f"{n // 1_000_000} M points in 1024 x 1024 cells"

    def ours() -> object:
        return bin_points(x, y, bounds=(0.0, 0.0, 1.0, 1.0), shape=(1024, 1024))

    ours()
    theirs = _datashader(x, y)
    taken = interleaved([ours, *([theirs] if theirs else [])], rounds=9)
    speed = n / taken[0] / 1e6
    found = [Row(what=what, ours=f"{speed:.0f} M points a second", goal=">= 200 M", met=speed >= 200)]
    if theirs is None:
        found.append(absent(what, "datashader"))
    else:
        found.append(against(what, ours=taken[0], peer="datashader", theirs=taken[1]))
    return found


def _datashader(x: object, y: object) -> Callable[[], object] | None:
    try:
        datashader = importlib.import_module("datashader")
    except ImportError:
        return None
    import pandas as pd

    frame = pd.DataFrame({"x": x, "y": y})
    canvas = datashader.Canvas(plot_width=1024, plot_height=1024, x_range=(0.0, 1.0), y_range=(0.0, 1.0))
    canvas.points(frame, "x", "y", datashader.count())
    return lambda: canvas.points(frame, "x", "y", datashader.count())
