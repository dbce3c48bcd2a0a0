"""The warm process that forks a fresh, confined child for every foreign file; it opens none itself.

Started by ``geo.store.sandbox`` with a socket as its one argument. A request is one JSON message with one pipe: the
child works in its private folder, and the pipe gets one JSON line with how it ended.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from geo.store.confine import cut_network, die_with_parent, library_folders, limit_resources, only_these_files
from geo.store.limits import ReadLimits

LONGEST_MESSAGE: Final = 65_536
DRIVERS: Final = ("ESRI Shapefile", "GPKG", "XLSX")
"""The only drivers of GDAL that a child has; every other format is read by our own code."""

_GRACE_SECONDS: Final = 1.0


@dataclass(slots=True, kw_only=True)
class _Running:
    pid: int
    pipe: int
    until: float
    late: bool = False


def serve(handle: int) -> None:
    """Answer requests on the socket ``handle`` until its other end closes."""
    # The end of the starting process closes the socket; a death signal would follow its starting thread instead.
    no_network = cut_network()
    _preload()
    control = socket.socket(fileno=handle)
    running: dict[int, _Running] = {}  # by the handle that reports the end of the child
    poll = select.poll()
    poll.register(control, select.POLLIN)
    control.send(orjson.dumps({"ready": True, "no_network": no_network}))
    try:
        while True:
            for ready, _ in poll.poll(_wait(running)):
                if ready in running:
                    poll.unregister(ready)
                    _report(running.pop(ready), ready)
                elif not _start(control, running, poll):
                    return
            _kill_late(running)
    finally:
        for handle_of_end, child in running.items():
            os.kill(child.pid, signal.SIGKILL)
            _report(child, handle_of_end)


def _preload() -> None:
    import pyogrio
    import pyproj
    import shapely

    import geo.store.readers.task  # noqa: F401

    loose = set(pyogrio.list_drivers()) - set(DRIVERS)
    if loose:
        raise RuntimeError(f"GDAL still has drivers that may open other files: {sorted(loose)}")
    pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32649", always_xy=True).transform(108.9, 34.2)
    shapely.is_valid_reason(shapely.box(0, 0, 1, 1))


def skipped_drivers() -> str:
    """Return the value of ``GDAL_SKIP`` that leaves only ``DRIVERS``; GDAL reads it when it is first loaded."""
    import pyogrio

    already = {name.strip() for name in os.environ.get("GDAL_SKIP", "").split(",") if name.strip()}
    return ",".join(sorted((set(pyogrio.list_drivers()) | already) - set(DRIVERS)))


def _wait(running: dict[int, _Running]) -> float | None:
    if not running:
        return None
    return max(0.0, (min(child.until for child in running.values()) - time.monotonic()) * 1000) + 20


def _kill_late(running: dict[int, _Running]) -> None:
    now = time.monotonic()
    for child in running.values():
        if child.until <= now and not child.late:
            child.late = True
            os.kill(child.pid, signal.SIGKILL)


def _report(child: _Running, handle_of_end: int) -> None:
    _, status = os.waitpid(child.pid, 0)
    os.close(handle_of_end)
    code = os.waitstatus_to_exitcode(status)
    ended = {"exit": max(code, 0), "signal": max(-code, 0), "late": child.late}
    try:
        os.write(child.pipe, orjson.dumps(ended))
    except BrokenPipeError:
        return
    finally:
        os.close(child.pipe)


def _start(control: socket.socket, running: dict[int, _Running], poll: select.poll) -> bool:
    message, handles, _, _ = socket.recv_fds(control, LONGEST_MESSAGE, 1)
    if not message:
        return False
    request = orjson.loads(message)
    limits = ReadLimits.of(request["limits"])
    pid = os.fork()
    if pid == 0:
        _child(control, handles[0], running, request, limits)
    end = os.pidfd_open(pid)
    poll.register(end, select.POLLIN)
    running[end] = _Running(pid=pid, pipe=handles[0], until=time.monotonic() + limits.wall_seconds + _GRACE_SECONDS)
    return True


def _child(
    control: socket.socket,
    pipe: int,
    running: dict[int, _Running],
    request: dict[str, object],
    limits: ReadLimits,
) -> None:
    """Confine this process, do the task and end; never returns."""
    code = 70
    try:
        die_with_parent()
        control.close()
        os.close(pipe)
        for end, other in running.items():
            os.close(end)
            os.close(other.pipe)
        folder = Path(str(request["folder"]))
        os.chdir(folder)
        quiet = os.open("stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(quiet, 2)
        code = _task(folder, request, limits)
    except MemoryError:
        code = 71
    except BaseException:  # noqa: BLE001  # whatever it was, the parent gets a code and no stack of ours runs on
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _task(folder: Path, request: dict[str, object], limits: ReadLimits) -> int:
    from geo.store.readers.task import perform

    limit_resources(
        memory_bytes=limits.bytes_of(limits.memory_mb),
        file_bytes=limits.bytes_of(max(limits.answer_mb, limits.unpacked_mb)),
        cpu_seconds=limits.cpu_seconds,
        wall_seconds=limits.wall_seconds,
    )
    own = only_these_files(read=library_folders([Path(__file__).resolve().parents[1]]), write=[folder])
    return perform(folder, request, limits, own_files_only=own)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
