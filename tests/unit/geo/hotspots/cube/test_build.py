"""A cube on disk is the cube in memory, however it was built, and a damaged one is refused."""

from pathlib import Path

import numpy as np
import pytest

from geo.errors import FileError, InputError
from geo.hotspots.cube.build import build_cube, open_cube
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.files import MANIFEST, read_manifest, size_on_disk
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.cube.ready import CallChunk

FAMILIES = ("盗窃", "纠纷", "求助")
AREAS = ("g1", "g2", "g3")
START = int(np.datetime64("2024-01-01", "m").astype(int))


def chunk(n: int, seed: int, *, spread: float = 0.05) -> CallChunk:
    rng = np.random.default_rng(seed)
    return CallChunk(
        lonlat=rng.normal((116.4, 39.9), spread, (n, 2)), minutes=(START + rng.integers(0, 525_600, n)).astype(np.int32),
        families=rng.integers(0, 3, n), sources=rng.integers(0, 8, n).astype(np.uint8), placed=rng.uniform(size=n) < 0.9,
        areas=rng.integers(-1, 3, n),
    )  # fmt: skip


@pytest.fixture(scope="module")
def chunks() -> list[CallChunk]:
    return [chunk(3000, 1), chunk(0, 2), chunk(500, 3, spread=0.0), chunk(2500, 4, spread=3.0)]


def columns(chunks: list[CallChunk]) -> CallChunk:
    return CallChunk(**{name: np.concatenate([getattr(c, name) for c in chunks]) for name in CallChunk.__slots__})


def memory(whole: CallChunk) -> Cube:
    return Cube.of(
        whole.lonlat, whole.minutes.astype("datetime64[m]"), np.array(FAMILIES, object)[whole.families],
        placed=whole.placed, areas=np.array([*AREAS, None], object)[whole.areas],
        valid=(whole.sources & 1) > 0, case=(whole.sources & 2) > 0, citizen=(whole.sources & 4) > 0,
    )  # fmt: skip


WHICH = [
    CubeFilter(),
    CubeFilter(base="received", hours=frozenset({0, 22})),
    CubeFilter(base="cases", citizen_only=True, families=frozenset({"纠纷"}), start=np.datetime64("2024-05-05T10:17")),
    CubeFilter(areas=frozenset({"g2"}), end=np.datetime64("2024-05-05T10:17")),
]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sorted_at_once": 300},
        {"calls_a_segment": 1000},
        {"sorted_at_once": 700, "calls_a_segment": 900, "threads": 2},
    ],
)
def test_a_cube_on_disk_counts_as_one_in_memory(
    tmp_path: Path, chunks: list[CallChunk], options: dict[str, int]
) -> None:
    built = build_cube(tmp_path / "cube", chunks, families=FAMILIES, areas=AREAS, source="v1", **options)
    again = open_cube(tmp_path / "cube")
    held = memory(columns(chunks))
    assert len(built) == len(again) == len(held) == 6000
    assert again.period == held.period
    assert read_manifest(tmp_path / "cube")["source"] == "v1"
    assert sorted(p.name for p in (tmp_path / "cube").iterdir()) == sorted(
        [MANIFEST, *(p["name"] for p in read_manifest(tmp_path / "cube")["segments"])]
    )
    for which in WHICH:
        assert again.total(which) == held.total(which)
        assert again.by_family(which).n.tolist() == [
            dict(zip(held.family_names, held.by_family(which).n.tolist(), strict=True))[name] for name in FAMILIES
        ]
        assert again.by_hour_of_week(which).counts.tolist() == held.by_hour_of_week(which).counts.tolist()
        assert again.by_area(which).n.tolist() == held.by_area(which).n.tolist()
        ours, theirs = again.calls(which), held.calls(which)
        assert sorted(zip(*ours.lonlat.T.tolist(), ours.minutes.tolist(), strict=True)) == sorted(
            zip(*theirs.lonlat.T.tolist(), theirs.minutes.tolist(), strict=True)
        )
        cells, held_cells = again.cells(14, which), held.cells(14, which)
        assert cells.counts.sum(axis=1).tolist() == held_cells.counts.sum(axis=1).tolist()
        assert cells.columns.tolist() == held_cells.columns.tolist()


def test_places_keep_seven_decimals(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lonlat = np.round(np.column_stack([rng.uniform(-180, 180, 2000), rng.uniform(-85, 85, 2000)]), 7)
    held = Cube.of(lonlat, np.repeat(np.datetime64("2024-01-01"), 2000), ["a"] * 2000).calls()
    assert {tuple(p) for p in held.lonlat.tolist()} == {tuple(p) for p in lonlat.tolist()}


def test_a_call_takes_few_bytes(tmp_path: Path) -> None:
    build_cube(tmp_path, [chunk(200_000, 5, spread=0.001)], families=FAMILIES, areas=AREAS)
    assert size_on_disk(tmp_path) / 200_000 <= 12


@pytest.mark.parametrize("column", ["cells", "starts", "codes", "where", "areas"])
def test_a_damaged_file_is_refused_and_the_cube_can_be_built_again(tmp_path: Path, column: str) -> None:
    build_cube(tmp_path, [chunk(1000, 5)], families=FAMILIES, areas=AREAS)
    path = tmp_path / read_manifest(tmp_path)["segments"][0]["name"] / column
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FileError, match="damaged"):
        open_cube(tmp_path)
    path.write_bytes(data[:-1])
    with pytest.raises(FileError, match="damaged"):
        open_cube(tmp_path, check=False)
    build_cube(tmp_path, [chunk(1000, 5)], families=FAMILIES, areas=AREAS)
    assert len(open_cube(tmp_path)) == 1000


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no cube"):
        open_cube(tmp_path)
    build_cube(tmp_path, [chunk(100, 5)], families=FAMILIES, areas=AREAS, source="abc")
    path = tmp_path / MANIFEST
    path.write_text(path.read_text("utf-8").replace("abc", "abd"), "utf-8")
    with pytest.raises(FileError, match="damaged"):
        open_cube(tmp_path)


def test_a_build_that_fails_half_way_leaves_the_old_cube(tmp_path: Path) -> None:
    build_cube(tmp_path, [chunk(1000, 5)], families=FAMILIES, areas=AREAS)
    bad = chunk(10, 6)
    bad.families[3] = 7
    with pytest.raises(InputError, match="has no name"):
        build_cube(tmp_path, [chunk(500, 5), bad], families=FAMILIES, areas=AREAS)
    assert len(open_cube(tmp_path)) == 1000
    assert len(list(tmp_path.iterdir())) == 2


def test_times_out_of_reach_are_named(tmp_path: Path) -> None:
    late = chunk(10, 6)
    late.minutes[4] = int(np.datetime64("2051-01-01", "m").astype(int))
    with pytest.raises(InputError, match="Call 5 is of 2051"):
        build_cube(tmp_path, [late], families=FAMILIES, areas=AREAS)


def test_no_calls_make_an_empty_cube(tmp_path: Path) -> None:
    cube = build_cube(tmp_path, [], families=FAMILIES)
    assert (len(cube), cube.total().n, cube.cells(12).counts.shape) == (0, 0, (0, 3))
