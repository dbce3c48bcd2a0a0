"""What a database complains about, as a sentence for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from geo.errors import FileError, UnavailableError, XungeError
from geo.store import apsw_dbapi

try:
    from psycopg import Error as _PostgresError

    _POSTGRES: tuple[type[Exception], ...] = (_PostgresError,)
except ImportError:  # only stores in PostgreSQL need it
    _POSTGRES = ()

_DATABASE: Final[tuple[type[Exception], ...]] = (sa.exc.DBAPIError, apsw_dbapi.Error, *_POSTGRES)

_BUSY: Final = {5, 6}
_READ_ONLY: Final = {8}
_DISK: Final = {10, 13}
_DAMAGED: Final = {11, 26}
_CANNOT_OPEN: Final = {14}


@contextmanager
def faults(place: str) -> Iterator[None]:
    """Turn faults of the disk, the server or another writer into ``UnavailableError`` or ``FileError``.

    ``place`` names the store without a password. What is left is a fault of this program and passes.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise UnavailableError(
            f"The store {place} has too many readers at once; try again", f"存储 {place} 的并发读取过多，请稍后再试"
        ) from error
    except _DATABASE as error:
        known = _sentence(error.orig if isinstance(error, sa.exc.DBAPIError) else error, place)
        if known is None:
            raise
        raise known from error


def _sentence(error: BaseException | None, place: str) -> XungeError | None:
    if isinstance(error, apsw_dbapi.Error):
        return _of_sqlite(error.sqlite_code & 0xFF, place, str(error))
    if isinstance(error, _POSTGRES):
        state = getattr(error, "sqlstate", "")
        return _of_postgres(state, type(error).__name__, place, str(error).strip().splitlines()[0])
    return None


def _of_sqlite(code: int, place: str, words: str) -> XungeError | None:
    if code in _BUSY:
        return UnavailableError(
            f"Another process is writing to {place} and does not finish; nothing was written, try again",
            f"另一个进程正在写入 {place} 且迟迟未完成，本次未写入任何数据，请稍后再试",
        )
    if code in _READ_ONLY:
        return UnavailableError(
            f"{place} may not be written to ({words}); check the rights of the file and its folder",
            f"{place} 不可写（{words}），请检查文件和目录的权限",
        )
    if code in _DISK:
        return UnavailableError(
            f"The disk of {place} is full or fails ({words}); nothing was written",
            f"{place} 所在磁盘已满或出错（{words}），本次未写入任何数据",
        )
    if code in _DAMAGED:
        return FileError(
            f"{place} is damaged or is not a store ({words}); restore a backup",
            f"{place} 已损坏或不是本系统的数据库（{words}），请从备份恢复",
        )
    if code in _CANNOT_OPEN:
        return FileError(
            f"{place} cannot be opened ({words}); check that its folder exists and may be written to",
            f"无法打开 {place}（{words}），请检查目录是否存在、是否可写",
        )
    return None


def _of_postgres(state: str | None, kind: str, place: str, words: str) -> XungeError | None:
    if state == "42501":
        return UnavailableError(
            f"The database account of {place} lacks a right ({words}); ask the administrator of the database",
            f"{place} 的数据库账号权限不足（{words}），请联系数据库管理员",
        )
    if (not state and kind == "OperationalError") or (state or "")[:2] in {"08", "28", "3D", "53", "55", "57"}:
        return UnavailableError(
            f"The database {place} does not answer ({words}); nothing was written",
            f"数据库 {place} 无法使用（{words}），本次未写入任何数据",
        )
    return None
