"""States of drafts kept in files beside the database, so that a long draft need not be drawn from its first edit on.

They are derived: a missing or damaged one only costs time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from api.services.draft_papers import DraftPaper, Stroke
from geo.errors import FileError
from geo.grids.coverage_delta import delta_bytes, with_delta
from geo.grids.topology import Coverage

EVERY: Final = 10
"""After so many edits a state is kept."""
LASTING: Final = 100
"""States after a multiple of so many edits stay; of others the newest ``NEWEST``."""
NEWEST: Final = 4

log = logging.getLogger("xunge")


class DrawingFiles:
    """Files of one installation; each is named by its draft, the number of edits, and what these were."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, paper: DraftPaper, base: Coverage, now: Coverage) -> None:
        """Keep the state of a draft after its last edit, if it is time to."""
        count = len(paper.strokes)
        if count == 0 or count % EVERY:
            return
        path = self._folder / _name(paper, count)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_bytes(delta_bytes(base, now))
            partial.replace(path)
            passing = [held for held in self._of(paper.record.draft_id) if _edits(held) % LASTING]
            for old in passing[:-NEWEST]:
                old.unlink(missing_ok=True)
        except OSError as problem:
            log.warning("the state of draft %s was not kept: %s", paper.record.draft_id, problem)

    def latest(self, paper: DraftPaper, base: Coverage, *, at_most: int) -> tuple[int, Coverage] | None:
        """Return the last kept state within the first ``at_most`` edits of a draft, and after how many edits it is."""
        for path in reversed(self._of(paper.record.draft_id)):
            count = _edits(path)
            if count > at_most or path.name != _name(paper, count):
                continue
            try:
                return count, with_delta(base, path.read_bytes())
            except (OSError, FileError) as problem:
                log.warning("%s: %s", path.name, problem)
        return None

    def forget(self, draft_id: str) -> None:
        """Remove the files of a draft that will not be drawn on any more."""
        for path in self._of(draft_id):
            path.unlink(missing_ok=True)

    def _of(self, draft_id: str) -> list[Path]:
        """Return the files of a draft, fewest edits first; where edits were taken back, some may be of others."""
        return sorted(self._folder.glob(f"{_digest(draft_id)}-*.npz"), key=lambda path: (_edits(path), path.name))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _edits(path: Path) -> int:
    return int(path.name.split("-")[1])


def _name(paper: DraftPaper, count: int) -> str:
    return f"{_digest(paper.record.draft_id)}-{count}-{_told(paper.drawn_on, paper.strokes[:count])}.npz"


def _told(drawn_on: int, strokes: Sequence[Stroke]) -> str:
    told = hashlib.sha256(str(drawn_on).encode())
    for stroke in strokes:
        told.update(b"\n")
        told.update(stroke.operation_text.encode())
    return told.hexdigest()[:24]
