"""A live cube counts what was added and not taken back, also after a crash at any moment."""

import shutil
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError, UnavailableError
from geo.hotspots.cube.build import build_cube, open_cube
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.files import read_manifest
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.cube.intake import Intake
from geo.hotspots.cube.live import LiveCube
from geo.hotspots.cube.ready import CallChunk

START = int(np.datetime64("2024-01-01", "m").astype(int))
RECEIVED = CubeFilter(base="received")


def calls(numbers: list[int]) -> CallChunk:
    """Calls that their number alone describes; number 7 has no place."""
    n = np.array(numbers, dtype=np.int64)
    return CallChunk(
        lonlat=np.column_stack([116 + n % 5 * 0.001, 39 + n % 3 * 0.001]), minutes=(START + n * 61).astype(np.int32),
        families=n % 2, sources=np.full(len(n), 5, np.uint8), placed=n != 7, areas=n % 4 - 1,
    )  # fmt: skip


def empty(folder: Path) -> Path:
    build_cube(folder, [], families=("a", "b"), areas=("x", "y", "z"))
    return folder


def held(cube: Cube) -> Counter[int]:
    minutes = np.concatenate([cube.calls(RECEIVED).minutes, cube.calls(RECEIVED, placed=False).minutes])
    return Counter(((minutes - START) // 61).tolist())


def counted(cube: Cube) -> list[int]:
    return [*cube.by_family(RECEIVED).n.tolist(), *cube.by_area(RECEIVED).n.tolist(), cube.total(RECEIVED).unplaced]


def expected(numbers: Counter[int]) -> list[int]:
    some = [n for n in numbers.elements() if n != 7]
    return [
        *(sum(n % 2 == k for n in some) for k in (0, 1)),
        *(sum(n % 4 == k for n in some) for k in (1, 2, 3)),
        numbers[7],
    ]


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "back", "flush", "merge", "whole", "reopen"]),
        st.lists(st.integers(0, 12), min_size=1, max_size=5),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_it_holds_what_was_added_and_not_taken_back(tmp_path: Path, steps: list[tuple[str, list[int]]]) -> None:
    shutil.rmtree(tmp_path / "cube", ignore_errors=True)
    live = LiveCube(empty(tmp_path / "cube"), tail_calls=9)
    known: Counter[int] = Counter()
    for step, numbers in steps:
        if step == "add":
            live.add(calls(numbers))
            known.update(numbers)
        elif step == "back":
            some = list((Counter(numbers) & known).elements())
            live.take_back(calls(some))
            known.subtract(some)
        elif step == "flush":
            live.flush()
        elif step == "reopen":
            live.close()
            live = LiveCube(tmp_path / "cube", tail_calls=9)
        else:
            live.merge(whole=step == "whole")
        assert held(live.cube()) == +known
        assert counted(live.cube()) == expected(+known)
    live.close()
    assert held(open_cube(tmp_path / "cube")) == +known


def test_a_log_that_a_crash_cut_short_loses_only_what_was_not_answered(tmp_path: Path) -> None:
    with LiveCube(empty(tmp_path)) as live:
        live.add(calls([1, 2]))
        live.add(calls([3]))
    log = tmp_path / read_manifest(tmp_path)["tail"]
    whole = log.read_bytes()
    for cut in range(len(whole)):
        log.write_bytes(whole[:cut])
        some = held(open_cube(tmp_path))
        assert some in (Counter(), Counter([1, 2]))
        assert (some == Counter([1, 2])) == (cut >= len(whole) - 36)
    log.write_bytes(whole[:-1])
    with LiveCube(tmp_path) as live:
        live.add(calls([4]))
    assert held(open_cube(tmp_path)) == Counter([1, 2, 4])


@pytest.mark.parametrize("moment", ["write_manifest", "write_merged"])
def test_a_crash_while_a_segment_is_made_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    live = LiveCube(empty(tmp_path))
    for numbers in ([1, 2], [2]):
        live.add(calls(numbers))
        live.flush()
    live.add(calls([5]))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"geo.hotspots.cube.live.{moment}", crash)
    with pytest.raises(KeyboardInterrupt):
        live.flush()
    with pytest.raises(KeyboardInterrupt):
        live.merge(whole=True)
    monkeypatch.undo()
    live.close()
    with LiveCube(tmp_path) as again:
        assert held(again.cube()) == Counter([1, 2, 2, 5])
        kept = {p.name for p in tmp_path.iterdir()}
        manifest = read_manifest(tmp_path)
        assert kept == {"cube.json", manifest["tail"], *(s["name"] for s in manifest["segments"])}


def test_readers_see_whole_batches_while_calls_arrive_and_segments_merge(tmp_path: Path) -> None:
    seen: list[int] = []
    with LiveCube(empty(tmp_path), tail_calls=40) as live:
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                seen.append(live.cube().total(RECEIVED).n)

        reader = threading.Thread(target=read)
        reader.start()
        for k in range(150):
            live.add(calls([k * 10 + i for i in range(8, 14)]))
        stop.set()
        reader.join()
        assert live.cube().total(RECEIVED).n == 900
    assert seen == sorted(seen)
    assert all(n % 6 == 0 for n in seen)
    assert len(read_manifest(tmp_path)["segments"]) < 20


def test_new_families_areas_and_days_are_known(tmp_path: Path) -> None:
    with LiveCube(empty(tmp_path)) as live:
        live.name(families=("c", "a"), areas=("w",))
        made = calls([3])
        made.families[0], made.areas[0] = 2, 3
        live.add(made)
        cube = live.cube()
        assert (cube.family_names, cube.area_codes) == (("a", "b", "c"), ("x", "y", "z", "w"))
        assert cube.by_family().n.tolist() == [0, 0, 1]
        assert cube.by_area().n.tolist() == [0, 0, 0, 1]
        assert cube.period == (START, START + 1440)


def test_calls_that_wait_together_are_all_kept_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    wrong = calls([1])
    wrong.families[0] = 9
    with LiveCube(empty(tmp_path), tail_calls=100) as live:
        waiting = [live.submit(calls([n % 13])) for n in range(300)]
        refused = live.submit(wrong)
        waiting.append(live.submit(calls([3])))
        for done in waiting:
            done.result(timeout=30)
        with pytest.raises(InputError, match="has no name"):
            refused.result(timeout=30)
        expected = Counter([*(n % 13 for n in range(300)), 3])
        assert held(live.cube()) == expected
        assert held(open_cube(tmp_path)) == expected
        late = [live.submit(calls([5])) for _ in range(20)]
    assert all(done.done() for done in late)
    assert held(open_cube(tmp_path)) == expected + Counter({5: 20})


@pytest.mark.parametrize("fault", [OSError(28, "no space left"), UnavailableError("away", "不可用")])
def test_a_fault_of_the_disk_is_told_to_all_that_wait_in_one_go(fault: Exception) -> None:
    busy, gathered = threading.Event(), threading.Event()
    tried: list[int] = []

    def put(batches: list[tuple[CallChunk, int]]) -> None:
        tried.append(len(batches[0][0]))
        if len(tried) == 1:
            busy.set()
            gathered.wait(30)
        else:
            raise fault

    intake = Intake(put)
    first = intake.submit(calls([1]))
    assert busy.wait(30)
    waiting = [intake.submit(calls([2])) for _ in range(50)]
    gathered.set()
    first.result(timeout=30)
    for done in waiting:
        with pytest.raises(type(fault)):
            done.result(timeout=30)
    intake.close()
    assert tried == [1, 50]
