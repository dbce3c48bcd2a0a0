"""The errors that a user may meet, each one sentence in two languages and a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class XungeError(Exception):
    """Base of all expected errors: one sentence that says what is wrong, where, and what to do.

    Parameters
    ----------
    en, zh
        The same sentence in English and in Chinese.
    rows
        Keys or row numbers of the records concerned; the first few go into reports.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, en: str, zh: str, *, rows: Sequence[str] = ()) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
        self.rows = tuple(rows)

    def sentence(self, language: str = "zh") -> str:
        """Return the sentence in ``"zh"`` or ``"en"``."""
        return self.zh if language.startswith("zh") else self.en


class InputError(XungeError):
    """What came in cannot be used."""

    code = "input"
    exit_code = 2


class FrameError(InputError):
    """A layer has no coordinate frame, an unknown one, or not the one it claims."""

    code = "input.frame"


class CoordinateError(InputError):
    """A coordinate is NaN, infinite, swapped or out of range."""

    code = "input.coordinate"


class GeometryError(InputError):
    """A geometry is broken, of the wrong kind or too deep."""

    code = "input.geometry"


class FieldError(InputError):
    """A field is missing, unknown or of the wrong kind."""

    code = "input.field"


class FileError(InputError):
    """A file is empty, truncated, of an unknown or refused format."""

    code = "input.file"


class EncodingError(InputError):
    """Text is damaged or in another encoding than stated."""

    code = "input.encoding"


class TableError(InputError):
    """A table breaches its specification; all breaches are listed together."""

    code = "input.table"

    def __init__(self, en: str, zh: str, *, rows: Sequence[str] = (), breaches: Sequence[str] = ()) -> None:
        super().__init__(en, zh, rows=rows)
        self.breaches = tuple(breaches)


class ParameterError(InputError):
    """A parameter of a request, command or problem is out of its range."""

    code = "input.parameter"


class LimitError(InputError):
    """Input is larger or slower than the limits allow."""

    code = "input.limit"
    exit_code = 7


class NotFoundError(XungeError):
    """What was asked for does not exist."""

    code = "not_found"
    exit_code = 3


class ConflictError(XungeError):
    """Somebody else changed it since it was read: read again, nothing is lost."""

    code = "conflict"
    exit_code = 4


class InfeasibleError(XungeError):
    """No plan meets the constraints; the sentence names the one that binds."""

    code = "infeasible"
    exit_code = 5


class ForbiddenError(XungeError):
    """The account may not see or do this."""

    code = "forbidden"
    exit_code = 6


class UnavailableError(XungeError):
    """Something optional is not there: a network, a package, a browser."""

    code = "unavailable"
    exit_code = 8


class CheckError(XungeError):
    """A plan does not pass the recomputation of its claims."""

    code = "check"
    exit_code = 9


class CancelledError(XungeError):
    """The user stopped the work."""

    code = "cancelled"
    exit_code = 130
