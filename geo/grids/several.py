"""Edits one after another as one: all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import ParameterError
from geo.grids.applied import Applied, applied
from geo.grids.topology import Coverage

if TYPE_CHECKING:
    from geo.grids.operations import AnyOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Edits made one after another; if one is refused, none is made."""

    operations: tuple[AnyOperation, ...]

    def apply(self, coverage: Coverage) -> Applied:
        """Return what the edit does; ``geo.grids.operations`` says what is refused."""
        if not self.operations:
            raise ParameterError("No edit is given", "没有给出任何编辑操作")
        done: list[Applied] = []
        now = coverage
        for operation in self.operations:
            done.append(operation.apply(now))
            now = done[-1].coverage
        return joined(coverage, done)


def joined(
    coverage: Coverage, done: Sequence[Applied], *, notes: Sequence[tuple[str, str]] = (), touched: Sequence[str] = ()
) -> Applied:
    """Return steps that were made one after another as one edit; its inverse takes them back in reverse order."""
    inverses: list[AnyOperation] = []
    codes = set(touched)
    for step in reversed(done):
        inverse = step.inverse
        inverses.extend(inverse.operations if isinstance(inverse, Several) else (inverse,))
        codes.update(step.changed_codes, step.added_codes, step.removed_codes)
    back = inverses[0] if len(inverses) == 1 else Several(operations=tuple(inverses))
    told = [note for step in done for note in step.notes]
    return applied(coverage, done[-1].coverage, codes, back, notes=[*told, *notes])
