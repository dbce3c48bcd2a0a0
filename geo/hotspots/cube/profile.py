"""What passes a filter by hour of the period and by family: the source of every figure over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.errors import ParameterError
from geo.hotspots.cube.figures import Figure, Figures
from geo.hotspots.cube.layout import EPOCH, code_hours
from geo.hotspots.when import MINUTES_PER_DAY, HourByWeekday, hours_table
from geo.incidents.poisson import poisson_interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """Counts of one scan.

    Attributes
    ----------
    hours : int64[k], hours since ``layout.EPOCH``, rising; n : int64[k], calls on the map in them
    families : int64[f], calls on the map by family
    unplaced : calls that pass but have no place
    span : local minutes since 1970-01-01 of the filter within the period of the data
    """

    hours: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]
    families: npt.NDArray[np.int64]
    names: tuple[str, ...]
    unplaced: int
    span: tuple[int, int]
    weeks: float

    @classmethod
    def of(
        cls,
        base: int,
        by_hour: npt.NDArray[np.int64],
        families: npt.NDArray[np.int64],
        *,
        names: tuple[str, ...],
        unplaced: int,
        span: tuple[int, int],
        weeks: float,
    ) -> Self:
        """Read counts by hour code, the first of which is ``base``."""
        held = np.flatnonzero(by_hour)
        return cls(
            hours=code_hours(held + base), n=by_hour[held], families=families, names=names, unplaced=unplaced,
            span=span, weeks=weeks,
        )  # fmt: skip

    def total(self) -> Figure:
        """Return how many calls pass."""
        n = int(self.n.sum())
        low, high = poisson_interval(n)
        return Figure(n=n, low=float(low), high=float(high), unplaced=self.unplaced, weeks=self.weeks)

    def by_hour(self) -> Figures:
        """Return calls by hour of day, 24 figures."""
        return self._by(self.hours % 24, tuple(f"{hour:02d}" for hour in range(24)))

    def by_weekday(self) -> Figures:
        """Return calls by day of week, Monday first (labels 1 to 7)."""
        return self._by(self.hours % 168 // 24, tuple(str(day) for day in range(1, 8)))

    def by_hour_of_week(self) -> HourByWeekday:
        """Return calls by weekday and hour."""
        return hours_table(_sums(self.hours % 168, self.n, 168))

    def by_family(self) -> Figures:
        """Return calls by family, in the order of ``names``."""
        return Figures.of(self.names, self.families, unplaced=self.unplaced)

    def over_time(
        self, *, step_minutes: int, offset_minutes: int = 0, minutes: npt.NDArray[np.int32] | None = None
    ) -> Figures:
        """Return calls in steps of equal length over the span; labels are the steps' local starts.

        Steps of other than whole hours need the ``minutes`` of the calls, int32[n].
        """
        if step_minutes < 1:
            raise ParameterError("A step of time must be a minute or longer", "时间步长至少为 1 分钟")
        first, last = self.span
        begin = (first - offset_minutes) // step_minutes * step_minutes + offset_minutes
        k = max(0, -(-(last - begin) // step_minutes)) if last > first else 0
        labels = clock_labels(
            begin + np.arange(k, dtype=np.int64) * step_minutes, days=step_minutes % MINUTES_PER_DAY == 0
        )
        at = self.hours * 60 + EPOCH if minutes is None else minutes.astype(np.int64)
        weights = self.n if minutes is None else np.ones(len(at), np.int64)
        return self._by((at - begin) // step_minutes, labels, weights)

    def by_month(self) -> Figures:
        """Return calls by calendar month of the span (labels ``2026-11``)."""
        first, last = (
            int(v)
            for v in np.array([self.span[0], max(self.span[1] - 1, self.span[0])], "datetime64[m]")
            .astype("datetime64[M]")
            .astype(np.int64)
        )
        labels = tuple(str(np.int64(m).astype("datetime64[M]")) for m in range(first, last + 1))
        at = (self.hours * 60 + EPOCH).astype("datetime64[m]").astype("datetime64[M]").astype(np.int64)
        return self._by(at - first, labels)

    def _by(
        self, kind: npt.NDArray[np.int64], labels: tuple[str, ...], weights: npt.NDArray[np.int64] | None = None
    ) -> Figures:
        n = self.n if weights is None else weights
        known = (kind >= 0) & (kind < len(labels))
        sums = _sums(kind[known], n[known], len(labels))
        return Figures.of(labels, sums, unplaced=self.unplaced, elsewhere=int(n[~known].sum()))


def clock_labels(minutes: npt.NDArray[np.int64], *, days: bool) -> tuple[str, ...]:
    """Return dates (``2026-11-22``) or moments (``2026-11-22T08:00``) of minutes since 1970-01-01."""
    moments = minutes.astype("datetime64[m]")
    return tuple(str(v) for v in (moments.astype("datetime64[D]") if days else moments))


def _sums(kind: npt.NDArray[np.int64], n: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    out = np.zeros(size, np.int64)
    np.add.at(out, kind, n)
    return out
