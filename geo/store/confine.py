"""What the reading process gives up before it opens a foreign file: memory, time, the network, other files.

Limits of resources hold everywhere. The network is cut by an own network namespace and files by Landlock, where the
kernel offers them; ``Confinement`` says what was had. System call numbers are those of the generic table that x86-64
and aarch64 share for calls this young.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LANDLOCK_CREATE: Final = 444
_LANDLOCK_ADD: Final = 445
_LANDLOCK_RESTRICT: Final = 446
_RULE_PATH_BENEATH: Final = 1
_NEW_USER: Final = 0x10000000
_NEW_NET: Final = 0x40000000
_NO_NEW_PRIVILEGES: Final = 38
_PARENT_DEATH_SIGNAL: Final = 1
_READ: Final = 0b1 | 0b100 | 0b1000  # execute (shared libraries), read file, read folder
_TRUNCATE: Final = 1 << 14
_FILE_RIGHTS: Final = 0b1 | 0b10 | 0b100 | _TRUNCATE
_ALL_V1: Final = (1 << 13) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What holds for the reading process besides the limits of resources."""

    no_network: bool
    own_files_only: bool


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def cut_network() -> bool:
    """Move this process into a network namespace without any interface; False where the kernel forbids it.

    To be called before threads exist.
    """
    libc = _libc()
    if libc.unshare(_NEW_NET) == 0:
        return True
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER | _NEW_NET) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
    except OSError:
        return True
    return True


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the one that started it ends."""
    _libc().prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def landlock_version() -> int:
    """Return the version of Landlock that the kernel offers, 0 for none."""
    return max(0, int(_libc().syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def only_these_files(*, read: Iterable[Path], write: Iterable[Path]) -> bool:
    """Forbid this process every file but those below ``read`` and ``write``; False where the kernel cannot.

    From version 4 of Landlock on, connecting and listening by TCP are forbidden as well.
    """
    version = landlock_version()
    if version < 1:
        return False
    libc = _libc()
    rights = _ALL_V1 | (1 << 13 if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    ruleset = struct.pack("QQ", rights, 0b11) if version >= 4 else struct.pack("Q", rights)
    handle = libc.syscall(_LANDLOCK_CREATE, ruleset, ctypes.c_size_t(len(ruleset)), ctypes.c_uint32(0))
    if handle < 0:
        return False
    try:
        for paths, allowed in ((read, _READ), (write, rights)):
            for path in paths:
                _allow(libc, handle, path, allowed & rights)
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        return bool(libc.syscall(_LANDLOCK_RESTRICT, ctypes.c_int(handle), ctypes.c_uint32(0)) == 0)
    finally:
        os.close(handle)


def _allow(libc: ctypes.CDLL, handle: int, path: Path, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, target)
        libc.syscall(_LANDLOCK_ADD, ctypes.c_int(handle), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(target)


def limit_resources(*, memory_bytes: int, file_bytes: int, cpu_seconds: float, wall_seconds: float) -> None:
    """Bound address space (above what is held now), size of a written file, processor and wall time of this process."""
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    _lower(resource.RLIMIT_AS, held + memory_bytes)
    _lower(resource.RLIMIT_FSIZE, file_bytes)
    _lower(resource.RLIMIT_CPU, max(1, round(cpu_seconds)))
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 256)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def library_folders(extra: Sequence[Path]) -> list[Path]:
    """Return the folders that hold the interpreter, its packages and shared libraries, and ``extra``."""
    import sys

    found = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix, sys.exec_prefix) if p}
    found |= {Path(p) for p in ("/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/lib", "/lib64", "/usr/local/lib")}
    found |= {Path(p) for p in ("/dev/null", "/dev/urandom", "/proc/self", "/sys/devices/system/cpu", "/etc/localtime")}
    found |= {Path("/proc/meminfo"), Path("/proc/cpuinfo"), Path("/sys/fs/cgroup")}
    return [*sorted(found), *extra]
