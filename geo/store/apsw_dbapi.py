"""PEP 249 over apsw, as much of it as SQLAlchemy's SQLite dialect asks for.

The standard library links whatever SQLite the system has; the apsw wheel carries its own. apsw has no
transactions of its own and other error classes, so this module adds both. A transaction opens by itself before
the first statement, in the mode of ``Connection.isolation_level``, and ends with ``commit`` or ``rollback``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NoReturn

import apsw

apilevel: Final = "2.0"
threadsafety: Final = 1
paramstyle: Final = "qmark"
sqlite_version: Final = apsw.sqlite_lib_version()
sqlite_version_info: Final = tuple(int(part) for part in sqlite_version.split("."))
version: Final = apsw.apsw_version()

Value = None | int | float | str | bytes
Row = tuple[Value, ...]
Parameters = Sequence[object] | Mapping[str, object]

STRING: Final = str
BINARY: Final = bytes
NUMBER: Final = float
DATETIME: Final = dt.datetime
ROWID: Final = int
Binary: Final = bytes
Date: Final = dt.date
Time: Final = dt.time
Timestamp: Final = dt.datetime
DateFromTicks: Final = dt.date.fromtimestamp
TimestampFromTicks: Final = dt.datetime.fromtimestamp


class Warning(Exception):  # noqa: A001, N818  # the name that PEP 249 prescribes
    """Important warnings; SQLite has none."""


class Error(Exception):
    """Base of all errors of this module; ``sqlite_code`` is SQLite's extended result code, 0 when there is none."""

    sqlite_code: int = 0


class InterfaceError(Error):
    """The interface was used wrongly."""


class DatabaseError(Error):
    """The database says no, or is damaged."""


class DataError(DatabaseError):
    """A value does not fit."""


class OperationalError(DatabaseError):
    """Busy, locked, full, not readable, or SQL that does not parse."""


class IntegrityError(DatabaseError):
    """A constraint or a trigger refuses the change."""


class InternalError(DatabaseError):
    """SQLite contradicts itself."""


class ProgrammingError(DatabaseError):
    """Closed objects, wrong numbers of parameters, two threads on one cursor."""


class NotSupportedError(DatabaseError):
    """Not supported by SQLite."""


_CLASSES: Final[tuple[tuple[type[apsw.Error], type[Error]], ...]] = (
    (apsw.ConstraintError, IntegrityError),
    (apsw.MismatchError, IntegrityError),
    (apsw.TooBigError, DataError),
    (apsw.RangeError, ProgrammingError),
    (apsw.BindingsError, ProgrammingError),
    (apsw.MisuseError, ProgrammingError),
    (apsw.ConnectionClosedError, ProgrammingError),
    (apsw.CursorClosedError, ProgrammingError),
    (apsw.ThreadingViolationError, ProgrammingError),
    (apsw.IncompleteExecutionError, ProgrammingError),
    (apsw.InternalError, InternalError),
    (apsw.CorruptError, DatabaseError),
    (apsw.NotADBError, DatabaseError),
)
_CHANGES_ROWS: Final = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:insert|update|delete|replace|with)\b", re.IGNORECASE | re.DOTALL
)
_FOREIGN: Final = (apsw.Error, TypeError, OverflowError, UnicodeEncodeError)


def _translate(error: Exception) -> NoReturn:
    """Raise the class of PEP 249 that fits ``error``."""
    if isinstance(error, apsw.Error):
        target = next((ours for theirs, ours in _CLASSES if isinstance(error, theirs)), OperationalError)
        made = target(str(error))
        made.sqlite_code = getattr(error, "extendedresult", 0) or 0
        raise made from error
    if isinstance(error, TypeError):
        raise ProgrammingError(str(error)) from error
    raise DataError(str(error)) from error


class Cursor:
    """One statement at a time and its rows."""

    arraysize: int = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._cursor: apsw.Cursor | None = connection.raw.cursor()
        self._buffer: Iterator[Row] | None = None
        self._writes = False
        self.description: tuple[tuple[str, str | None, None, None, None, None, bool], ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def _open(self) -> apsw.Cursor:
        if self._cursor is None:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        return self._cursor

    def _describe(self, cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        # Asked before the first step: afterwards apsw knows no columns of an empty result.
        columns = cursor.get_description()
        self.description = tuple((name, kind, None, None, None, None, True) for name, kind in columns) or None
        self._writes = not cursor.is_readonly
        return True

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement; ``?`` takes a sequence, ``:name`` a mapping."""
        cursor = self._fresh()
        raw = self.connection.raw
        cursor.exec_trace = self._describe
        try:
            cursor.execute(sql, parameters)
            if self._writes and _CHANGES_ROWS.match(sql):
                if self.description is not None:
                    # RETURNING: the count is known only when all rows are out.
                    self._buffer = iter(cursor.fetchall())
                self.rowcount = raw.changes()
                self.lastrowid = raw.last_insert_rowid()
        except _FOREIGN as error:
            _translate(error)
        return self

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Cursor:
        """Run one statement for each set of parameters; ``rowcount`` adds them up, changes by triggers included."""
        cursor = self._fresh()
        raw = self.connection.raw
        before = raw.total_changes()
        try:
            for _row in cursor.executemany(sql, parameters):
                raise ProgrammingError("executemany() cannot return rows")
            self.rowcount = raw.total_changes() - before
        except _FOREIGN as error:
            _translate(error)
        return self

    def _fresh(self) -> apsw.Cursor:
        self._open().close(force=True)
        self.connection.begin()
        self._cursor = self.connection.raw.cursor()
        self._buffer = None
        self._writes = False
        self.description = None
        self.rowcount = -1
        self.lastrowid = None
        return self._cursor

    def _rows(self) -> Iterator[Row]:
        cursor = self._open()
        return cursor if self._buffer is None else self._buffer

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        try:
            return next(self._rows())
        except _FOREIGN as error:
            _translate(error)

    def fetchone(self) -> Row | None:
        """Return the next row, or None."""
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Return up to ``size`` rows (``arraysize`` when left out)."""
        try:
            return list(islice(self._rows(), self.arraysize if size is None else size))
        except _FOREIGN as error:
            _translate(error)

    def fetchall(self) -> list[Row]:
        """Return all remaining rows."""
        try:
            return list(self._rows())
        except _FOREIGN as error:
            _translate(error)

    def close(self) -> None:
        """Forget the statement and its rows."""
        if self._cursor is not None:
            self._cursor.close(force=True)
            self._cursor = None

    def setinputsizes(self, sizes: object) -> None:
        """Do nothing: SQLite needs no sizes."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing: SQLite needs no sizes."""


class Connection:
    """A connection; ``isolation_level`` is ``"DEFERRED"``, ``"IMMEDIATE"``, ``"EXCLUSIVE"`` or None for autocommit."""

    Warning = Warning
    Error = Error
    InterfaceError = InterfaceError
    DatabaseError = DatabaseError
    DataError = DataError
    OperationalError = OperationalError
    IntegrityError = IntegrityError
    InternalError = InternalError
    ProgrammingError = ProgrammingError
    NotSupportedError = NotSupportedError

    def __init__(self, raw: apsw.Connection, *, isolation_level: str | None) -> None:
        self._raw: apsw.Connection | None = raw
        self.isolation_level = isolation_level

    @property
    def raw(self) -> apsw.Connection:
        """The connection of apsw beneath."""
        if self._raw is None:
            raise ProgrammingError("Cannot operate on a closed database.")
        return self._raw

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.raw.in_transaction

    def begin(self) -> None:
        """Open a transaction unless one is open or ``isolation_level`` is None."""
        if self.isolation_level is not None and not self.raw.in_transaction:
            self._run(f"BEGIN {self.isolation_level or 'DEFERRED'}")

    def cursor(self) -> Cursor:
        """Return a new cursor."""
        return Cursor(self)

    def commit(self) -> None:
        """Make the changes lasting."""
        if self.raw.in_transaction:
            self._run("COMMIT")

    def rollback(self) -> None:
        """Take the changes back."""
        if self.raw.in_transaction:
            self._run("ROLLBACK")

    def close(self) -> None:
        """Take back what is not committed and close."""
        if self._raw is not None:
            raw, self._raw = self._raw, None
            raw.close(True)

    def create_function(
        self, name: str, narg: int, func: Callable[..., object] | None, *, deterministic: bool = False
    ) -> None:
        """Register a scalar function, or remove it with None."""
        try:
            self.raw.create_scalar_function(name, func, narg, deterministic=deterministic)
        except _FOREIGN as error:
            _translate(error)

    def _run(self, sql: str) -> None:
        try:
            self.raw.execute(sql)
        except _FOREIGN as error:
            _translate(error)


def connect(
    database: str,
    *,
    timeout: float = 5.0,
    isolation_level: str | None = "DEFERRED",
    pragmas: Mapping[str, str | int] | None = None,
    read_only: bool = False,
    create: bool = True,
) -> Connection:
    """Open a file (or ``":memory:"``), wait up to ``timeout`` seconds for locks, and set ``pragmas`` in their order.

    Raises
    ------
    OperationalError
        If the file cannot be opened, or is missing and ``create`` is false.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    if create and not read_only:
        flags |= apsw.SQLITE_OPEN_CREATE
    try:
        raw = apsw.Connection(database, flags=flags)
        try:
            raw.set_busy_timeout(round(timeout * 1000))
            for name, value in (pragmas or {}).items():
                raw.pragma(name, value)
        except BaseException:
            raw.close(True)
            raise
    except _FOREIGN as error:
        _translate(error)
    return Connection(raw, isolation_level=isolation_level)
