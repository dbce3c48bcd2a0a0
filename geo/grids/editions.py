"""Dated editions (版本) of the grids: from when each holds, and since when that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

import pandas as pd

from geo.errors import ConflictError, NotFoundError, ParameterError
from geo.grids.changes import Changes, apply_changes
from geo.tables.grids import Grids


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRecord:
    """An edition without its grids.

    Attributes
    ----------
    number : counts from 1 in the order of publication
    valid_from : the first day on which it holds
    recorded_at : when it was published, aware
    base : number of the edition that it follows; None for the first
    draft_id : the draft that it was, or None for one that was recorded from the table as it stood
    grids : how many it has; ``changed`` and ``gone`` of them differ from its base
    in_force_version : version of the grids collection when it took effect; None before that day
    """

    number: int
    title: str
    valid_from: date
    recorded_at: datetime
    recorded_by: str
    base: int | None = None
    draft_id: str | None = None
    note: str = ""
    grids: int = 0
    changed: int = 0
    gone: int = 0
    in_force_version: int | None = None

    @property
    def name(self) -> str:
        """What figures are labelled with: number, day, title."""
        return f"第{self.number}版 {self.valid_from.isoformat()} {self.title}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All editions in the order of publication, each following the one before.

    An edition holds from its day until the day of the next one; of two with the same day the later is a correction and
    the earlier holds no more. Nothing is ever changed or removed, so what was known at any moment can be asked again.
    """

    editions: tuple[EditionRecord, ...] = ()

    @classmethod
    def of(cls, editions: Sequence[EditionRecord]) -> Self:
        """Return the timeline of editions in any order.

        Raises
        ------
        ConflictError
            If they are not a chain whose days and times of recording never run backwards.
        """
        held = tuple(sorted(editions, key=lambda edition: edition.number))
        for place, edition in enumerate(held):
            before = held[place - 1] if place else None
            follows = edition.base == (before.number if before else None)
            ordered = before is None or (
                before.valid_from <= edition.valid_from and before.recorded_at <= edition.recorded_at
            )
            if not follows or not ordered or edition.number != place + 1:
                raise ConflictError(
                    f"Edition {edition.number} does not follow edition {before.number if before else 'none'}: "
                    "the record of editions is damaged; restore a backup",
                    f"第 {edition.number} 版未接续前一版，版本记录已损坏，请恢复备份",
                )
        return cls(editions=held)

    @property
    def head(self) -> EditionRecord | None:
        """The newest edition, in force or not yet; new drafts begin from it."""
        return self.editions[-1] if self.editions else None

    def edition(self, number: int) -> EditionRecord:
        """Return one edition; an unknown number raises ``NotFoundError``."""
        if not 1 <= number <= len(self.editions):
            raise NotFoundError(
                f"There is no edition {number}; there are {len(self.editions)}",
                f"没有第 {number} 版，共有 {len(self.editions)} 版",
                rows=[str(number)],
            )
        return self.editions[number - 1]

    def on(self, day: date, *, known_at: datetime | None = None) -> EditionRecord:
        """Return the edition that held on a day, as known now or as known at a moment.

        Raises
        ------
        NotFoundError
            If no edition held then, or none was known.
        """
        known = [edition for edition in self._known(known_at) if edition.valid_from <= day]
        if not known:
            told = "" if known_at is None else f" ({known_at.isoformat()})"
            raise NotFoundError(f"No edition held on {day}{told}", f"{day} 当日没有生效的版本{told}", rows=[str(day)])
        return known[-1]

    def valid_to(self, number: int, *, known_at: datetime | None = None) -> date | None:
        """Return the day on which an edition ends (no longer in force), or None while it is the last."""
        self.edition(number)
        later = [edition.valid_from for edition in self._known(known_at) if edition.number > number]
        return min(later) if later else None

    def due(self, today: date) -> tuple[EditionRecord, ...]:
        """Return the editions whose day has come but that have not taken effect, oldest first."""
        return tuple(e for e in self.editions if e.in_force_version is None and e.valid_from <= today)

    def require_day(self, valid_from: date) -> None:
        """Raise ``ParameterError`` if a new edition may not begin on this day: it would precede the newest one."""
        if self.head is not None and valid_from < self.head.valid_from:
            raise ParameterError(
                f"A new edition cannot begin on {valid_from}, before edition {self.head.number} of "
                f"{self.head.valid_from}; choose that day (a correction) or a later one",
                f"新版本的生效日 {valid_from} 早于第 {self.head.number} 版的 {self.head.valid_from}；请选当日（更正）或以后的日期",
            )

    def frame(self) -> pd.DataFrame:
        """Return a row per edition: number, title, valid_from, valid_to, recorded_at, recorded_by, base, counts, note."""
        rows = [
            {
                "number": e.number,
                "title": e.title,
                "valid_from": e.valid_from.isoformat(),
                "valid_to": None if (to := self.valid_to(e.number)) is None else to.isoformat(),
                "recorded_at": e.recorded_at,
                "recorded_by": e.recorded_by,
                "base": e.base,
                "grids": e.grids,
                "changed": e.changed,
                "gone": e.gone,
                "note": e.note,
            }
            for e in self.editions
        ]
        names = [
            "number",
            "title",
            "valid_from",
            "valid_to",
            "recorded_at",
            "recorded_by",
            "base",
            "grids",
            "changed",
            "gone",
            "note",
        ]
        # As objects, since pandas would turn an open end into NaN.
        return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in names})

    def _known(self, known_at: datetime | None) -> tuple[EditionRecord, ...]:
        if known_at is None:
            return self.editions
        return tuple(edition for edition in self.editions if edition.recorded_at <= known_at)


def replay(first: Grids, changes: Sequence[Changes]) -> Grids:
    """Return the edition that follows from the first one by the changes of all later ones in order."""
    grids = first
    for step in changes:
        grids = apply_changes(grids, step)
    return grids
