"""The reading process: it reads nothing else, calls nobody, is stopped at its limits, and the next file is read again."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import geopandas as gpd
import orjson
import psutil
import pyarrow as pa
import pytest
import shapely

from geo.errors import FileError, GeometryError, LimitError, UnavailableError
from geo.store.confine import landlock_version
from geo.store.limits import ReadLimits
from geo.store.reading import read_file, read_layer
from geo.store.sandbox import Sandbox, _answer, shared_sandbox

POINT = '{"type":"Point","coordinates":[108.95,34.27]}'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as warm:
        yield warm


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.geojson"
    path.write_text(POINT, encoding="utf-8")
    return path


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Serve GeoJSON on this host and note every request."""
    hits: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(POINT.encode())

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", hits
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.mark.parametrize("suffix", [".kml", ".geojson", ".gpx", ".csv", ".gpkg", ".shp", ".xlsx"])
def test_a_virtual_file_reads_no_other_file_and_makes_no_request(
    suffix: str, tmp_path: Path, server: tuple[str, list[str]], sandbox: Sandbox
) -> None:
    address, hits = server
    other = tmp_path / "other.gpkg"
    gpd.GeoDataFrame({"secret": ["绝密"]}, geometry=[shapely.Point(1, 2)], crs=4326).to_file(other)
    for source in (str(other), f"/vsicurl/{address}/x.geojson", f"{address}/x.geojson"):
        text = f'<OGRVRTDataSource><OGRVRTLayer name="other"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
        path = tmp_path / f"upload{suffix}"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileError) as refused:
            read_layer(path, frame="WGS84", sandbox=sandbox)
        assert "GDAL virtual file that points at other files" in refused.value.en
        assert "绝密" not in refused.value.en
    assert hits == []


def test_gdal_itself_has_only_three_drivers_in_the_reader() -> None:
    from geo.store.sandbox import _environment
    from geo.store.warm_server import DRIVERS

    said = subprocess.run(
        [sys.executable, "-c", "import pyogrio, json; print(json.dumps(sorted(pyogrio.list_drivers())))"],
        env={**_environment(), "PYTHONPATH": str(Path(__file__).parents[5])},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert orjson.loads(said.stdout) == sorted(DRIVERS)


ATTACK = """
from pathlib import Path
from geo.store.confine import library_folders, only_these_files, cut_network
import sys, socket
cut = cut_network()
held = only_these_files(read=library_folders([]), write=[Path(sys.argv[1])])
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
print(cut, held, tried(lambda: Path(sys.argv[2]).read_text()), tried(lambda: Path(sys.argv[2]).write_text("x")),
      tried(lambda: Path(sys.argv[1], "own").write_text("x")), tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[3])), 2)))
"""


def test_code_in_the_reader_finds_no_other_file_and_no_network(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    if not landlock_version():
        pytest.skip("this kernel has no Landlock: drivers and checks are what protects other files here")
    secret = tmp_path / "secret.txt"
    secret.write_text("绝密", encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    address, hits = server
    said = subprocess.run(
        [sys.executable, "-c", ATTACK, str(own), str(secret), address.rpartition(":")[2]],
        cwd=Path(__file__).parents[5],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert said[1:5] == ["True", "PermissionError", "PermissionError", "done"]
    if said[0] == "True" or landlock_version() >= 4:
        assert said[5] != "done"
        assert hits == []
    assert secret.read_text(encoding="utf-8") == "绝密"


def test_wall_time_is_bounded_and_the_next_file_is_read(tmp_path: Path, small: Path, sandbox: Sandbox) -> None:
    tangle = tmp_path / "slow.csv"
    tangle.write_text("lon,lat\n" + "108.9,34.2\n" * 400_000, encoding="utf-8")
    with pytest.raises(LimitError, match=r"longer than the 0.2 s allowed") as refused:
        read_layer(tangle, frame="WGS84", sandbox=sandbox, limits=ReadLimits(wall_seconds=0.2))
    assert "0.2 秒" in refused.value.zh
    assert len(read_layer(small, frame="WGS84", sandbox=sandbox)) == 1


def test_memory_is_bounded_and_the_next_file_is_read(tmp_path: Path, small: Path, sandbox: Sandbox) -> None:
    big = tmp_path / "big.csv"
    big.write_text("lon,lat,text\n" + f"108.9,34.2,{'x' * 200}\n" * 300_000, encoding="utf-8")
    with pytest.raises(LimitError, match="more than the 100 MB of memory allowed"):
        read_layer(big, frame="WGS84", sandbox=sandbox, limits=ReadLimits(memory_mb=100))
    assert len(read_layer(small, frame="WGS84", sandbox=sandbox)) == 1


def test_a_reader_is_confined_where_the_kernel_can(small: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    (folder / "upload.geojson").write_text(POINT, encoding="utf-8")
    answer = sandbox.run({"file": "upload.geojson", "frame": "WGS84"}, folder, limits=ReadLimits())
    assert answer.facts["own_files_only"] is (landlock_version() > 0)
    assert answer.table.num_rows == 1


def test_the_size_and_rows_of_a_file_are_bounded(small: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    with pytest.raises(LimitError, match="more than the 1e-05 MB allowed"):
        read_layer(small, frame="WGS84", sandbox=sandbox, limits=ReadLimits(file_mb=1e-5))
    rows = tmp_path / "rows.csv"
    rows.write_text("lon,lat\n" + "108.9,34.2\n" * 11, encoding="utf-8")
    with pytest.raises(LimitError, match="11 rows, more than the 10 allowed"):
        read_layer(rows, frame="WGS84", sandbox=sandbox, limits=ReadLimits(rows=10))
    with pytest.raises(LimitError, match="2 columns, more than the 1 allowed"):
        read_layer(rows, frame="WGS84", sandbox=sandbox, limits=ReadLimits(columns=1))


def test_nothing_is_left_behind(small: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_layer(small, frame="WGS84", sandbox=sandbox)
    with pytest.raises(Exception, match="frame"):
        read_layer(small, sandbox=sandbox)
    assert [p.name for p in tmp_path.iterdir()] == ["small.geojson"]
    assert sandbox.pid is not None
    assert psutil.Process(sandbox.pid).children() == []


def test_a_lost_warm_process_is_replaced(small: Path) -> None:
    with Sandbox() as sandbox:
        read_layer(small, frame="WGS84", sandbox=sandbox)
        first = sandbox.pid
        assert first is not None
        os.kill(first, 9)
        psutil.Process(first).wait(10) if psutil.pid_exists(first) else None
        assert len(read_layer(small, frame="WGS84", sandbox=sandbox)) == 1
        assert sandbox.pid != first
        last = sandbox.pid
    assert last is not None
    assert not psutil.pid_exists(last)
    with pytest.raises(UnavailableError, match="shut down"):
        read_layer(small, frame="WGS84", sandbox=sandbox)


def test_several_threads_at_once(small: Path, sandbox: Sandbox) -> None:
    counts: list[int] = []

    def work() -> None:
        counts.append(len(read_file(small, frame="WGS84", sandbox=sandbox).frame))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert counts == [1] * 6


def test_the_warm_process_outlives_the_thread_that_started_it(small: Path) -> None:
    with Sandbox() as sandbox:
        thread = threading.Thread(target=lambda: read_layer(small, frame="WGS84", sandbox=sandbox))
        thread.start()
        thread.join()
        first = sandbox.pid
        time.sleep(0.1)
        assert len(read_layer(small, frame="WGS84", sandbox=sandbox)) == 1
        assert sandbox.pid == first


SCRIPT = """
import sys
from geo.store.reading import read_layer
from geo.store.sandbox import shared_sandbox
print("started", __name__)
print(len(read_layer(sys.argv[1], frame="WGS84")), shared_sandbox().pid)
if sys.argv[2] == "killed":
    import os, signal
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("ending", ["returns", "killed"])
def test_a_script_without_a_main_guard_leaves_no_process(ending: str, small: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(script), str(small), ending],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[5])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = ran.stdout.split()
    assert lines[:3] == ["started", "__main__", "1"], ran.stderr
    for _ in range(100):
        if not psutil.pid_exists(int(lines[3])):
            break
        time.sleep(0.05)
    assert not psutil.pid_exists(int(lines[3]))


def test_the_shared_sandbox_is_one() -> None:
    assert shared_sandbox() is shared_sandbox()


# What a child that its file has taken over could send.


def _sent(folder: Path, table: pa.Table) -> None:
    with pa.OSFile(str(folder / "answer.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def test_the_parent_takes_only_plain_columns(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_bytes(b"{}")
    _sent(tmp_path, pa.table({"c0": pa.array([[1]])}))
    with pytest.raises(FileError, match="odd columns"):
        _answer({"exit": 0, "signal": 0, "late": 0}, tmp_path, ReadLimits())


def test_the_parent_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "answer.json").symlink_to("/etc/hostname")
    with pytest.raises(FileError, match="no proper answer"):
        _answer({"exit": 0, "signal": 0, "late": 0}, tmp_path, ReadLimits())


def test_the_parent_scans_geometry_again(tmp_path: Path) -> None:
    import struct

    from geo.store.reading import _rebuilt
    from geo.store.sandbox import Answer

    deep = struct.pack("<BII", 1, 7, 1) * 100_000 + shapely.to_wkb(shapely.Point(1, 2))
    answer = Answer(facts={"names": []}, table=pa.table({"geometry": pa.array([deep], pa.large_binary())}))
    with pytest.raises(GeometryError, match="deep"):
        _rebuilt(answer, ReadLimits())


@pytest.mark.parametrize(("signal", "kind"), [(11, FileError), (6, LimitError), (9, LimitError), (24, LimitError)])
def test_how_a_child_ended_becomes_a_sentence(signal: int, kind: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(kind):
        _answer({"exit": 0, "signal": signal, "late": 0}, tmp_path, ReadLimits())
