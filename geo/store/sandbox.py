"""Foreign files are read by a child process with limits, forked from a warm one; only plain data comes back."""

from __future__ import annotations

import atexit
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

import orjson
import pyarrow as pa

from geo.errors import (
    CoordinateError,
    EncodingError,
    FieldError,
    FileError,
    FrameError,
    GeometryError,
    InputError,
    LimitError,
    ParameterError,
    UnavailableError,
)
from geo.store.limits import ReadLimits

_ERRORS: Final[dict[str, type[InputError]]] = {
    kind.code: kind
    for kind in (
        CoordinateError, EncodingError, FieldError, FileError, FrameError, GeometryError, LimitError, ParameterError,
        InputError,
    )
}  # fmt: skip
_START_SECONDS: Final = 60.0
_MOST_AT_ONCE: Final = 2
_PLAIN: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_int64, pa.types.is_float64,
                 pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_binary, pa.types.is_large_binary)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What a child says: facts as plain JSON values, and columns of plain types."""

    facts: Mapping[str, object]
    table: pa.Table


class Sandbox:
    """A warm process that reads foreign files; safe to use from several threads.

    It starts with the first task, starts again after it was lost, and ends with ``close`` or with this process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._no_network = False
        self._closed = False

    def start(self) -> None:
        """Start the warm process now, so that the first file need not wait half a second for it."""
        with self._lock:
            self._ready()

    @property
    def no_network(self) -> bool:
        """Whether the kernel cut the network off from the readers (besides that none of them uses it)."""
        self.start()
        return self._no_network

    @property
    def pid(self) -> int | None:
        """The warm process, if it runs."""
        return None if self._process is None else self._process.pid

    def run(self, task: Mapping[str, object], folder: Path, *, limits: ReadLimits) -> Answer:
        """Perform ``task`` in a child whose private folder is ``folder``.

        Raises
        ------
        InputError
            What the child found wrong with the file, in the class that it named.
        LimitError
            When the child took more memory or time than it may.
        FileError
            When the child was brought down by the file.
        """
        request = orjson.dumps({**task, "folder": str(folder), "limits": limits.facts()})
        with self._slots:
            ended = self._ended(request, limits)
        return _answer(ended, folder, limits)

    def close(self) -> None:
        """End the warm process and its children."""
        with self._lock:
            self._closed = True
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ended(self, request: bytes, limits: ReadLimits) -> dict[str, int]:
        reading, writing = os.pipe()
        try:
            try:
                with self._lock:
                    control = self._ready()
                    try:
                        socket.send_fds(control, [request], [writing])
                    except OSError:  # it died since: once more with a new one
                        self._stop()
                        socket.send_fds(self._ready(), [request], [writing])
            finally:
                os.close(writing)
            said = _read_line(reading, limits.wall_seconds + 10)
        finally:
            os.close(reading)
        if said is None:
            with self._lock:
                self._stop()
            return {"exit": 0, "signal": 9, "late": 1}
        if not said:  # the warm process itself was lost
            with self._lock:
                self._stop()
            raise UnavailableError("The file reader was lost on the way; try again", "文件读取进程意外终止，请重试")
        return dict(orjson.loads(said))

    def _ready(self) -> socket.socket:
        if self._closed:
            raise UnavailableError("The file reader is shut down", "文件读取进程已关闭")
        if self._process is not None and self._process.poll() is None and self._control is not None:
            return self._control
        self._stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        home = str(Path(__file__).resolve().parents[2])
        # Isolated and by its own command line: neither the parent's __main__ nor its environment is run or seen.
        command = f"import sys; sys.path.insert(0, {home!r}); from geo.store.warm_server import serve; serve({theirs.fileno()})"
        with theirs, tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-X", "utf8", "-c", command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=[theirs.fileno()],
                env=_environment(),
                start_new_session=True,
                cwd="/",
            )
            theirs.close()
            ours.settimeout(_START_SECONDS)
            try:
                hello = ours.recv(1024)
            except TimeoutError:
                hello = b""
            if not hello:
                complaints.seek(0)
                tail = complaints.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
                self._stop()
                ours.close()
                raise UnavailableError(
                    f"The file reader did not start: {tail[-1] if tail else 'no word from it'}",
                    f"文件读取进程未能启动：{tail[-1] if tail else '没有应答'}",
                )
        ours.settimeout(None)
        self._no_network = bool(orjson.loads(hello)["no_network"])
        self._control = ours
        return ours

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(timeout=3)  # a closed socket ends it
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return kept | {
        "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PROJ_NETWORK": "OFF",
        "GDAL_SKIP": _skipped(),
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
        "OGR_SQLITE_LIST_VIRTUAL_OGR": "NO",
        "OGR_XLSX_HEADERS": "FORCE",
    }


@lru_cache(maxsize=1)
def _skipped() -> str:
    from geo.store.warm_server import skipped_drivers

    return skipped_drivers()


def _read_line(reading: int, seconds: float) -> bytes | None:
    """Return what was written to the pipe until its end, or None after ``seconds``."""
    until = time.monotonic() + seconds
    said = b""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    while True:
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return None
        part = os.read(reading, 4096)
        if not part:
            return said
        said += part


def _answer(ended: Mapping[str, int], folder: Path, limits: ReadLimits) -> Answer:
    said = folder / "answer.json"
    if ended["exit"] == 0 and not ended["signal"] and not ended["late"]:
        facts = orjson.loads(_bounded(said, limits))
        table = pa.ipc.open_file(pa.BufferReader(_bounded(folder / "answer.arrow", limits))).read_all()
        table.validate(full=True)
        odd = [f.name for f in table.schema if not any(check(f.type) for check in _PLAIN)]
        if odd:
            raise FileError("The file reader gave back odd columns", "文件读取进程返回了异常的列")
        return Answer(facts=facts, table=table)
    if ended["exit"] == 2 and said.exists():
        wrong = orjson.loads(_bounded(said, limits))
        kind = _ERRORS.get(str(wrong.get("code")), FileError)
        raise kind(str(wrong["en"]), str(wrong["zh"]), rows=[str(r) for r in wrong.get("rows", [])][:100])
    if ended["late"] or ended["signal"] in (14, 24):
        raise LimitError(
            f"Reading the file took longer than the {limits.wall_seconds:g} s allowed; split it or simplify it",
            f"读取文件超过 {limits.wall_seconds:g} 秒上限，请拆分或简化文件",
        )
    if ended["exit"] == 71 or ended["signal"] in (6, 9, 25):
        raise LimitError(
            f"Reading the file needs more than the {limits.memory_mb:g} MB of memory allowed; split it",
            f"读取文件所需内存超过 {limits.memory_mb:g} MB 上限，请拆分文件",
        )
    raise FileError(
        "The file is damaged: the reader could not go on and was stopped; nothing was read",
        "文件已损坏：读取进程无法继续，已被终止，没有读入任何内容",
    )


def _bounded(path: Path, limits: ReadLimits) -> bytes:
    # A child could leave a link to a file that only the parent may read.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as odd:
        raise FileError("The file reader left no proper answer", "文件读取进程没有给出有效结果") from odd
    with os.fdopen(handle, "rb") as stream:
        if os.fstat(handle).st_size > limits.bytes_of(limits.answer_mb):
            raise LimitError("The layer is larger than allowed once read", "图层读取后超过大小上限")
        return stream.read()


@lru_cache(maxsize=4)
def _shared(_pid: int) -> Sandbox:
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox


def shared_sandbox() -> Sandbox:
    """Return the sandbox that this process shares; made on first use, closed when the process ends."""
    return _shared(os.getpid())


def remove_folder(folder: Path) -> None:
    """Remove a private folder whatever the child left in it."""
    shutil.rmtree(folder, ignore_errors=True)
