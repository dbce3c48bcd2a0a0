"""Counts of calls for reports, placed or not, from the cube."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from api.services.report_periods import Before, Span
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.filter import CubeFilter
from geo.hotspots.cube.profile import Profile
from geo.incidents.comparison import Comparison, compare_counts, compare_with_years

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Calls of one span: those on the map and those without a place, by hour and by family."""

    placed: Profile
    nowhere: Profile

    @property
    def n(self) -> int:
        """All calls."""
        return self.placed.total().n + self.nowhere.total().n

    @property
    def unplaced(self) -> int:
        """Calls without a place."""
        return self.nowhere.total().n

    def families(self) -> Ints:
        """Return calls by family, int64[f]."""
        return self.placed.families + self.nowhere.families

    def hours(self) -> Ints:
        """Return calls by hour of day, int64[24]."""
        return np.asarray(self.placed.by_hour().n + self.nowhere.by_hour().n, np.int64)

    def hours_of_week(self) -> Ints:
        """Return calls by weekday (row 0 is Monday) and hour, int64[7, 24]."""
        return self.placed.by_hour_of_week().counts + self.nowhere.by_hour_of_week().counts

    def days(self, *, starts_at: int) -> tuple[tuple[str, ...], Ints]:
        """Return the statistical days and their calls."""
        both = [p.over_time(step_minutes=1440, offset_minutes=starts_at * 60) for p in (self.placed, self.nowhere)]
        return both[0].labels, np.asarray(both[0].n + both[1].n, np.int64)


def counts(cube: Cube, which: CubeFilter, span: Span) -> Counts:
    """Count a span in one pass each over the calls with a place and without."""
    asked = replace(which, start=span.start, end=span.end)
    return Counts(placed=_profile(cube, asked, placed=True), nowhere=_profile(cube, asked, placed=False))


def _profile(cube: Cube, which: CubeFilter, *, placed: bool) -> Profile:
    scan = cube.scan(which, placed=placed)
    by_hour, by_kind = scan.counts()
    families = by_kind.reshape(-1, 8).sum(axis=1)[: len(cube.family_names)]
    return Profile.of(
        scan.tables.base, by_hour, families, names=cube.family_names, unplaced=0, span=cube.span(which),
        weeks=cube.weeks(which),
    )  # fmt: skip


def compared(n: int, earlier: Sequence[int], span: Span, before: Before, *, edition: str) -> Comparison:
    """Compare a count with those of the spans of a baseline that has some."""
    lengths = [part.days for part in before.spans]
    if before.baseline == "five_year_mean":
        return compare_with_years(n, earlier, days=span.days, year_days=lengths, edition=edition)
    return compare_counts(
        n, earlier[0], days=span.days, baseline_days=lengths[0], baseline=before.baseline, edition=edition
    )
