"""How an export of calls is read: which column is what; remembered by the headers of the file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, Literal, Self

from geo.errors import FieldError
from geo.tables.calls import Calls
from geo.tables.headers import FRAME_HEADERS, HEADERS, PLACE_PAIRS, TIMES_OF_DAY
from geo.tables.persons import names_person

_FULL_WIDTH: Final = str.maketrans({"（": "(", "）": ")", "：": ":", "，": ","})
_CONSTANTS: Final = frozenset({"family", "intake", "valid", "filed_case", "citizen"})
_OWN: Final = frozenset({"placed", "flags", "source", "synthetic"})
"""Columns that no file fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsProfile:
    """The mapping of an export.

    Attributes
    ----------
    fields : field of the file to column of the calls
    lon, lat : fields of coordinates in the frame ``frame`` (x and y where it is projected)
    place_text : a field with coordinates inside its text, such as ``(37.85, -122.27)``
    frame : a name of ``geo.frames``, ``EPSG:n``, one of these after ``swapped``, or ``auto``
    frame_field : a field that names the frame of each row, which wins
    clock : column of the calls to the field of the time of the day that belongs to its day
    constants : what fills a column that no field does (family, intake, valid, filed_case, citizen)
    values : values of a column, by what the file writes
    time_format, time_order : a pattern of ``strptime``; ``month`` or ``day`` first in 04/05/2026
    source : the system that the calls come from; its numbers are its own
    """

    fields: Mapping[str, str]
    lon: str | None = None
    lat: str | None = None
    place_text: str | None = None
    frame: str | None = None
    frame_field: str | None = None
    clock: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str | bool] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    time_format: str | None = None
    time_order: Literal["month", "day"] | None = None
    time_zone: str | None = None
    source: str = ""

    def used(self) -> frozenset[str]:
        """Return the fields of the file that are read."""
        own = (self.lon, self.lat, self.place_text, self.frame_field, *self.clock.values())
        return frozenset([*self.fields, *(name for name in own if name is not None)])

    def to_json(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def of_json(cls, plain: Mapping[str, object]) -> Self:
        """Return the profile of plain values; unknown members raise ``FieldError``."""
        odd = sorted(set(plain) - set(cls.__dataclass_fields__) - {"table", "scale"})
        if odd or not isinstance(plain.get("fields"), Mapping):
            told = ", ".join(odd) or "fields is needed"
            raise FieldError(f"The mapping of calls is not understood: {told}", f"警情字段对应表无法识别：{told}")
        return cls(**{name: value for name, value in plain.items() if name in cls.__dataclass_fields__})  # type: ignore[arg-type]

    def checked(self, names: Sequence[str]) -> Self:
        """Return the profile, or raise ``FieldError`` naming what the file or the calls do not have."""
        named = sorted(name for name in self.used() if names_person(name))
        if named:
            raise FieldError(
                f"{', '.join(named)} names persons and is never imported", f"{'、'.join(named)} 属于个人信息，不予导入"
            )
        missing = sorted(self.used() - set(names))
        if missing:
            has = ", ".join(names[:30])
            raise FieldError(
                f"The file has no field {', '.join(missing)}; it has: {has}",
                f"文件中没有字段 {'、'.join(missing)}；现有字段：{has}",
            )
        columns = [*self.fields.values(), *self.clock]
        odd = sorted(set(columns) - set(Calls.SPEC.names)) + sorted(set(columns) & _OWN)
        odd += sorted(set(self.constants) - _CONSTANTS)
        twice = sorted({c for c in self.fields.values() if list(self.fields.values()).count(c) > 1})
        if odd or twice:
            told = ", ".join(odd or twice)
            raise FieldError(
                f"Calls have no column {told} to fill" if odd else f"Several fields are mapped to {told}",
                f"警情表没有可填的列 {told}" if odd else f"多个字段对应同一列：{told}",
            )
        return self


def signature(names: Sequence[str]) -> str:
    """Return what tells files with the same headers: the same for any order, width of signs, case and blanks."""
    text = "\x1f".join(sorted({_plain(name) for name in names}))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def guess(names: Sequence[str]) -> CallsProfile:
    """Return the mapping that the headers suggest; what does not match stays out."""
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(_plain(name), name)
    lon, lat = next(
        (
            (by_plain[_plain(x)], by_plain[_plain(y)])
            for x, y in PLACE_PAIRS
            if _plain(x) in by_plain and _plain(y) in by_plain
        ),
        (None, None),
    )
    taken = {lon, lat}
    fields: dict[str, str] = {}
    words = {
        c.name: (c.name, c.label_zh, *HEADERS["calls"].get(c.name, ()))
        for c in Calls.SPEC.columns
        if c.name not in _OWN
    }
    for rank in range(max(len(w) for w in words.values())):
        for column, options in words.items():
            found = by_plain.get(_plain(options[rank])) if rank < len(options) else None
            if found is not None and found not in fields and found not in taken and column not in fields.values():
                fields[found] = column
    clock = {}
    for column, options in TIMES_OF_DAY.items():
        found = next((by_plain[_plain(o)] for o in options if _plain(o) in by_plain), None)
        if found is not None and column in fields.values() and found not in fields:
            clock[column] = found
    frame_field = next((by_plain[_plain(w)] for w in FRAME_HEADERS if _plain(w) in by_plain), None)
    return CallsProfile(fields=fields, lon=lon, lat=lat, clock=clock, frame_field=frame_field)


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name.translate(_FULL_WIDTH)).lower()
