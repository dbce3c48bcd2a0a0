"""A store in one SQLite file: its connections, its rules and its copies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import apsw
import sqlalchemy as sa

from geo.errors import FileError, UnavailableError
from geo.store import apsw_dbapi
from geo.store.engines import Engines

READERS: Final = 32
"""Connections that read at the same time at most; a further one waits."""

_COMMON: Final[dict[str, str | int]] = {
    "foreign_keys": "ON",
    "recursive_triggers": "ON",
    "trusted_schema": "OFF",
    "temp_store": "MEMORY",
    "cache_size": -16384,
}

_WRITING: Final[dict[str, str | int]] = {
    "cache_size": -262144,  # a write of a million rows touches every index all over; taken only as it is needed
    "secure_delete": "FAST",  # removed calls do not stay readable in pages that are written anyway
    "journal_size_limit": 64 << 20,
    "threads": 2,  # helpers that sort while an index is built
}


def has_wal_fix(version: tuple[int, ...]) -> bool:
    """Whether this SQLite is free of the bug of 3.7.0 to 3.51.2 that can lose commits when a WAL is reset.

    Source: https://sqlite.org/wal.html#walresetbug (fixed in 3.51.3, 3.50.7 and 3.44.6).
    """
    if version[:2] == (3, 50):
        return version >= (3, 50, 7)
    if version[:2] == (3, 44):
        return version >= (3, 44, 6)
    return version >= (3, 51, 3)


def require_sqlite(version: tuple[int, ...] = apsw_dbapi.sqlite_version_info) -> None:
    """Raise ``UnavailableError`` when the linked SQLite has the WAL bug."""
    if not has_wal_fix(version):
        found = ".".join(str(part) for part in version)
        raise UnavailableError(
            f"SQLite {found} can lose committed data (WAL-reset bug); install apsw 3.51.3 or newer",
            f"SQLite {found} 存在可能丢失已提交数据的缺陷（WAL 重置），请安装 apsw 3.51.3 或更新版本",
        )


def require_path(path: Path) -> None:
    """Make an empty private file at ``path`` unless there is one; raise ``FileError`` where there can be none."""
    if path.is_dir():
        raise FileError(f"{path} is a folder; name a file", f"{path} 是目录，请给出文件名")
    if not path.parent.is_dir():
        raise FileError(
            f"The folder {path.parent} does not exist; make it first", f"目录 {path.parent} 不存在，请先创建"
        )
    if not path.exists():
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise FileError(
                f"{path} cannot be made ({error.strerror})", f"无法创建 {path}（{error.strerror}）"
            ) from error


def peeking(path: Path) -> sa.Engine:
    """Return an engine that changes nothing, not even the mode of the file.

    A log beside the file belongs to a process that writes, or to one that was killed: it is only read. Without one,
    a connection that could write takes the log away again that it makes, which one that could not write leaves.
    """
    logged = path.with_name(f"{path.name}-wal").exists()
    return sa.create_engine(
        "sqlite://",
        module=apsw_dbapi,
        poolclass=sa.NullPool,
        creator=lambda: apsw_dbapi.connect(str(path), read_only=logged, create=False, pragmas={"query_only": "ON"}),
    )


def sqlite_engines(path: Path, *, busy_seconds: float) -> Engines:
    """Return the engines of the file: writing begins with the lock, every commit is on the disk when it returns."""
    name = str(path)

    def write() -> apsw_dbapi.Connection:
        pragmas = {"journal_mode": "WAL", "synchronous": "FULL", **_COMMON, **_WRITING}
        made = apsw_dbapi.connect(
            name, timeout=busy_seconds, isolation_level="IMMEDIATE", pragmas=pragmas, create=False
        )
        if made.raw.pragma("journal_mode") != "wal":
            made.close()
            raise UnavailableError(
                f"{path} lies on a file system without shared memory; put the store on a local disk",
                f"{path} 所在的文件系统不支持共享内存，请把数据库放在本地磁盘",
            )
        return made

    def read() -> apsw_dbapi.Connection:
        pragmas = {**_COMMON, "query_only": "ON"}
        return apsw_dbapi.connect(name, timeout=busy_seconds, pragmas=pragmas, create=False)

    return Engines(
        writer=sa.create_engine(
            "sqlite://", module=apsw_dbapi, creator=write, poolclass=sa.QueuePool, pool_size=1, max_overflow=0
        ),
        reader=sa.create_engine(
            "sqlite://", module=apsw_dbapi, creator=read, poolclass=sa.QueuePool, pool_size=8, max_overflow=READERS - 8
        ),
        place=name,
    )


def raw_of(connection: sa.Connection) -> apsw.Connection:
    """Return the connection of apsw beneath one of SQLAlchemy."""
    inner = connection.connection.driver_connection
    if not isinstance(inner, apsw_dbapi.Connection):
        raise TypeError("not a connection to SQLite")
    return inner.raw


def online_copy(connection: sa.Connection, target: Path) -> None:
    """Copy the whole database to ``target`` while others read and write; the copy is one moment, in one file."""
    with_part = partial_of(target)
    copy = apsw.Connection(str(with_part))
    try:
        copy.pragma("synchronous", "OFF")
        with copy.backup("main", raw_of(connection), "main") as running:
            while not running.done:
                running.step(-1)
        finish(copy, with_part, target)
    finally:
        copy.close(True)
        with_part.unlink(missing_ok=True)


def partial_of(target: Path) -> Path:
    """Return a new private file beside ``target`` to build it in."""
    part = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise FileError(
            f"The backup {target} cannot be written ({error.strerror})", f"无法写入备份 {target}（{error.strerror}）"
        ) from error
    return part


def finish(copy: apsw.Connection, part: Path, target: Path) -> None:
    """Fold the log of the copy into its file, check it, and give it its name once it is on the disk."""
    copy.pragma("journal_mode", "DELETE")
    verdict = copy.pragma("quick_check", 1)
    copy.close()
    if verdict != "ok":
        raise FileError(f"The copy {target} is damaged: {verdict}", f"备份 {target} 已损坏：{verdict}")
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
