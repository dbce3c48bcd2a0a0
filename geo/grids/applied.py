"""What an edit did: the coverage after it, the grids that changed, and the edit that takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import NotFoundError
from geo.grids.area import areas_m2
from geo.grids.topology import Coverage
from geo.tables.grids import Grids

if TYPE_CHECKING:
    from geo.grids.operations import AnyOperation

Line = tuple[tuple[int, int], ...]
"""Vertices on the lattice of 1e-7 degrees."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Applied:
    """An edit that was made.

    Attributes
    ----------
    coverage : after the edit; arcs that are still there keep their numbers
    changed_codes : grids that were there before and after, in another shape or with other attributes
    added_codes, removed_codes : grids that came and went
    before_m2, after_m2 : areas of all these grids, before and after
    inverse : the edit that restores every byte; it fits ``coverage`` only
    notes : what else the user should know, (English, Chinese)
    """

    coverage: Coverage
    changed_codes: tuple[str, ...]
    added_codes: tuple[str, ...]
    removed_codes: tuple[str, ...]
    before_m2: Mapping[str, float]
    after_m2: Mapping[str, float]
    inverse: AnyOperation
    notes: tuple[tuple[str, str], ...] = ()

    @cached_property
    def changed(self) -> Grids:
        """The changed grids as they are now."""
        return grids_named(self.coverage, self.changed_codes)

    @cached_property
    def added(self) -> Grids:
        """The new grids."""
        return grids_named(self.coverage, self.added_codes)


def applied(
    before: Coverage,
    after: Coverage,
    touched: Iterable[str],
    inverse: AnyOperation,
    *,
    notes: Sequence[tuple[str, str]] = (),
) -> Applied:
    """Return what happened between two coverages to the grids ``touched``."""
    codes = sorted(set(touched))
    old = {code: before.row_of[code] for code in codes if code in before.row_of}
    new = {code: after.row_of[code] for code in codes if code in after.row_of}
    areas = areas_m2(np.concatenate([before.shapes[[*old.values()]], after.shapes[[*new.values()]]])).tolist()
    return Applied(
        coverage=after,
        changed_codes=tuple(code for code in codes if code in old and code in new),
        added_codes=tuple(code for code in codes if code in new and code not in old),
        removed_codes=tuple(code for code in codes if code in old and code not in new),
        before_m2=dict(zip(old, areas[: len(old)], strict=True)),
        after_m2=dict(zip(new, areas[len(old) :], strict=True)),
        inverse=inverse,
        notes=tuple(notes),
    )


def grids_named(coverage: Coverage, codes: Sequence[str]) -> Grids:
    """Return some grids as a table, in the order of their codes given."""
    return coverage.rows_as_grids([coverage.row_of[code] for code in codes])


def row_named(coverage: Coverage, code: str) -> int:
    """Return the row of a grid; a code that is not there raises ``NotFoundError``."""
    row = coverage.row_of.get(code)
    if row is None:
        raise NotFoundError(
            f"There is no general grid {code} in this edition", f"当前版本中没有网格 {code}", rows=[code]
        )
    return row
