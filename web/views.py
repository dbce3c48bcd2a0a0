"""What a page is told before it asks the server anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyView:
    """A class of calls, as the user names it."""

    id: str
    label_zh: str
    label_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Classes of calls that the user counts as one family; ``FamilyView`` is one class."""

    id: str
    label_zh: str
    label_en: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """A shift: start in minutes after local midnight, and length."""

    id: str
    name: str
    start_minute: int
    length_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Everything that a page shows before its first request.

    Attributes
    ----------
    title
        Name of the city or area.
    bounds
        West, south, east, north in degrees.
    now, data_as_of
        ISO 8601 with offset; ``data_as_of`` is the last moment that the data know of.
    tz_minutes
        Offset of local time from UTC in minutes; all times are shown in it.
    counts, versions
        By collection: how many items, and the version that the page saw.
    synthetic_note_zh, synthetic_note_en
        Shown on every page while ``demo`` is true.
    """

    title: str
    bounds: tuple[float, float, float, float]
    now: str
    tz_minutes: int
    families: tuple[FamilyView, ...]
    shifts: tuple[ShiftView, ...]
    attribution: str
    data_as_of: str
    counts: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    synthetic_note_zh: str = ""
    synthetic_note_en: str = ""
    demo: bool = False
    groups: tuple[GroupView, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        plain = asdict(self)
        plain["counts"] = dict(self.counts)
        plain["versions"] = dict(self.versions)
        return plain
