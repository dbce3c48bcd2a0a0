"""Drafts as they are drawn now: coverages in memory, made again from the kept edits after a restart."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import pandas as pd
import shapely

from api.services.draft_figures import CountedCalls, GridFigures
from api.services.draft_papers import DraftPaper
from geo.grids.applied import Applied, grids_named
from geo.grids.changes import Changes
from geo.grids.coverage_delta import changed_rows
from geo.grids.operations import AnyOperation
from geo.grids.topology import Coverage
from geo.tables.grids import Grids

KEPT_OPEN: Final = 8
"""Drafts whose coverage stays in memory; others are replayed when they are opened again."""
KEPT_STEPS: Final = 40
"""Edits that are undone without a replay."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """A draft as it stands after some edits: the coverage and its figures, now and at the base.

    Attributes
    ----------
    touched : codes that some edit touched
    differs : those of them that are not as they were at the base
    """

    base: Coverage
    base_figures: GridFigures
    coverage: Coverage
    figures: GridFigures
    touched: frozenset[str] = frozenset()
    differs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, base: Grids, counted: CountedCalls) -> Self:
        """Return the drawing of a draft that changes nothing yet."""
        coverage = Coverage.of(base)
        figures = GridFigures.of(coverage, counted)
        return cls(base=coverage, base_figures=figures, coverage=coverage, figures=figures)

    def edited(self, operation: AnyOperation) -> tuple[Self, Applied]:
        """Return the drawing after an edit, and what the edit did; a refused one raises and changes nothing."""
        done = operation.apply(self.coverage)
        touched = (*done.changed_codes, *done.added_codes, *done.removed_codes)
        return self.redrawn(done.coverage, touched), done

    def redrawn(self, coverage: Coverage, touched: tuple[str, ...]) -> Self:
        """Return the drawing with another coverage that differs in ``touched``."""
        now = replace(
            self,
            coverage=coverage,
            figures=self.figures.after(coverage, touched),
            touched=self.touched | frozenset(touched),
        )
        other = frozenset(code for code in touched if not _same(self.base, coverage, code))
        return replace(now, differs=(self.differs - frozenset(touched)) | other)

    def replayed(self, operations: Sequence[AnyOperation], *, steps: int = 0) -> tuple[Self, tuple[Self, ...]]:
        """Return the drawing after edits, and the drawings before the last ``steps`` of them, the oldest first.

        What the first edits touch is measured once, after them.
        """
        first = max(0, len(operations) - steps)
        coverage, touched = self.coverage, set(self.touched)
        for operation in operations[:first]:
            done = operation.apply(coverage)
            coverage = done.coverage
            touched.update(done.changed_codes, done.added_codes, done.removed_codes)
        now = self.redrawn(coverage, tuple(sorted(touched))) if first else self
        before = []
        for operation in operations[first:]:
            before.append(now)
            now = now.edited(operation)[0]
        return now, tuple(before)

    def resumed(self, coverage: Coverage) -> Self:
        """Return the drawing with a kept coverage that some edits made of the base."""
        rows, _ = changed_rows(self.base, coverage)
        gone = [code for code in self.base.codes if code not in coverage.row_of]
        return self.redrawn(coverage, tuple(sorted({*(coverage.codes[row] for row in rows), *gone})))

    def differing(self) -> tuple[str, ...]:
        """Return the codes of grids that are not as they were at the base, rising."""
        return tuple(sorted(self.differs))

    def changes(self, only: Collection[str]) -> Changes:
        """Return the rows among some codes that differ from the base."""
        codes = sorted(self.differs.intersection(only))
        there = [code for code in codes if code in self.coverage.row_of]
        return Changes(
            changed=grids_named(self.coverage, there), gone=tuple(c for c in codes if c not in self.coverage.row_of)
        )

    def whole(self, base: Grids) -> Grids:
        """Return the whole table of the draft: its general grids, and the special ones of its base."""
        general = self.coverage.grids.frame
        special = base.frame[base.frame["kind"] != "general"]
        frame = pd.concat([general, special], ignore_index=True) if len(special) else general
        order = np.argsort(frame["code"].to_numpy(dtype=object).astype(str), kind="stable")
        return Grids(frame.iloc[order].reset_index(drop=True))


def _same(base: Coverage, coverage: Coverage, code: str) -> bool:
    """Tell whether a grid is as it was at the base: to the last bit of its shape, and in its attributes."""
    was, is_ = base.row_of.get(code), coverage.row_of.get(code)
    if was is None or is_ is None:
        return was is is_
    if not shapely.equals_identical(base.shapes[was], coverage.shapes[is_]):
        return False
    one, other = base.attributes.iloc[was], coverage.attributes.iloc[is_]
    # A missing value equals another missing one, of whatever kind, and nothing else; asking NA itself is an error.
    return all(pd.isna(b) if pd.isna(a) else not pd.isna(b) and a == b for a, b in zip(one, other, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Open:
    """A drawing at a revision, with those before it, the oldest first."""

    paper: DraftPaper
    drawing: Drawing
    before: tuple[Drawing, ...]


class Drawings:
    """The drawings of the drafts that are being worked on; each has one writer at a time."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()

    @contextmanager
    def writing(self, draft_id: str) -> Iterator[None]:
        """Hold a draft, so that its reading, checking and keeping are one."""
        with self._guard:
            lock = self._locks.setdefault(draft_id, threading.RLock())
        with lock:
            yield

    def held(self, paper: DraftPaper) -> Drawing | None:
        """Return the drawing of a draft at just this revision, if it is in memory."""
        with self._guard:
            found = self._open.get(paper.record.draft_id)
            if found is None or found.paper.revision != paper.revision:
                return None
            self._open.move_to_end(paper.record.draft_id)
            return found.drawing

    def paper(self, draft_id: str) -> DraftPaper | None:
        """Return a draft as it was last kept or read here."""
        with self._guard:
            found = self._open.get(draft_id)
            return None if found is None else found.paper

    def before(self, paper: DraftPaper) -> Drawing | None:
        """Return the drawing before the last edit, if it is in memory."""
        with self._guard:
            found = self._open.get(paper.record.draft_id)
            if found is None or found.paper.revision != paper.revision or not found.before:
                return None
            return found.before[-1]

    def put(
        self, paper: DraftPaper, drawing: Drawing, *, back: bool = False, before: tuple[Drawing, ...] | None = None
    ) -> None:
        """Keep the drawing of a draft's new revision; ``back`` when its last edit was taken back.

        ``before`` are the drawings before its last edits, where they were made again.
        """
        draft_id = paper.record.draft_id
        with self._guard:
            found = self._open.get(draft_id)
            if before is None:
                before = ()
                if found is not None and found.paper.revision == paper.revision - 1:
                    before = found.before[:-1] if back else (*found.before, found.drawing)[-KEPT_STEPS:]
            self._open[draft_id] = _Open(paper=paper, drawing=drawing, before=before)
            self._open.move_to_end(draft_id)
            while len(self._open) > KEPT_OPEN:
                self._open.popitem(last=False)

    def forget(self, draft_id: str) -> None:
        """Let go of a draft that will not be drawn on any more."""
        with self._guard:
            self._open.pop(draft_id, None)
