"""Which calls a map or a count is about, and the tables by which compiled loops tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import ParameterError
from geo.hotspots.cube.layout import CASE, CITIZEN, EPOCH, KINDS, VALID, WEEKS, hour_codes

Base = Literal["received", "valid", "cases"]
_BASE_BITS: Final[dict[Base, int]] = {"received": 0, "valid": VALID, "cases": CASE}


@dataclass(frozen=True, slots=True, kw_only=True)
class CubeFilter:
    """Base, reporter, families, period, hours, weekdays and area of calls; ``None`` lets everything through.

    ``start <= time < end`` by the local clock; ``hours`` are 0 to 23; ``weekdays`` are 0 (Monday) to 6. Times may be
    given as naive ``datetime`` or ``datetime64`` and are kept by the minute. ``within`` is a polygon in WGS84 degrees,
    its edge counts as inside; ``areas`` are codes of areas. Equal filters are interchangeable as keys.
    """

    base: Base = "valid"
    citizen_only: bool = False
    families: frozenset[str] | None = None
    start: np.datetime64 | datetime | None = None
    end: np.datetime64 | datetime | None = None
    hours: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None
    within: shapely.Polygon | shapely.MultiPolygon | None = None
    areas: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.base not in _BASE_BITS:
            raise ParameterError(
                f"There is no base {self.base}; use received, valid or cases",
                f"没有口径 {self.base}，可用 received（接报）、valid（有效）、cases（案件）",
            )
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _minute(name, value))
        if not self.first < self.last:
            raise ParameterError(
                f"The period ends ({self.end}) before it starts ({self.start})",
                f"时段的结束（{self.end}）早于开始（{self.start}）",
            )
        for name, most in (("hours", 23), ("weekdays", 6)):
            held = getattr(self, name)
            if held is not None:
                if not held or not all(0 <= v <= most for v in held):
                    raise ParameterError(
                        f"{name} must be one or more of 0 to {most}", f"{name} 应为 0 至 {most} 中的一个或多个"
                    )
                object.__setattr__(self, name, frozenset(int(v) for v in held))
        for name in ("families", "areas"):
            held = getattr(self, name)
            if held is not None:
                object.__setattr__(self, name, frozenset(str(v) for v in held))
        if self.within is not None:
            _check_area(self.within)

    @property
    def first(self) -> int:
        """Minutes since 1970-01-01 at which the period starts, or the smallest number."""
        return int(np.iinfo(np.int32).min) if self.start is None else int(np.asarray(self.start).astype(np.int64))

    @property
    def last(self) -> int:
        """Minutes since 1970-01-01 before which the period ends, or the largest number."""
        return int(np.iinfo(np.int32).max) if self.end is None else int(np.asarray(self.end).astype(np.int64))

    def hour_mask(self) -> npt.NDArray[np.bool_]:
        """Return which of the 168 hours of the week (0 is Monday 00:00) pass, bool[168]."""
        mask = np.zeros((7, 24), dtype=bool)
        days = sorted(self.weekdays) if self.weekdays is not None else list(range(7))
        hours = sorted(self.hours) if self.hours is not None else list(range(24))
        mask[np.ix_(days, hours)] = True
        return mask.ravel()

    def sources(self) -> npt.NDArray[np.bool_]:
        """Return which of the 8 combinations of source bits pass, bool[8]."""
        wanted = _BASE_BITS[self.base] | (CITIZEN if self.citizen_only else 0)
        return np.asarray((np.arange(8) & wanted) == wanted, dtype=np.bool_)


EVERYTHING: Final = CubeFilter()
"""All valid calls."""


class Tables(NamedTuple):
    """What compiled loops look up: an answer for each hour, each kind and each area.

    ``hours`` (from hour code ``base`` on) holds 0 for no, 1 for the whole hour, 2 for minutes from ``head`` on,
    3 for minutes before ``tail``, 4 for both. ``areas`` is indexed by the stored number; empty lets all pass.
    """

    hours: npt.NDArray[np.uint8]
    base: int
    head: int
    tail: int
    kinds: npt.NDArray[np.uint8]
    areas: npt.NDArray[np.uint8]


class Masks(NamedTuple):
    """The same as ``Tables`` in a few numbers, where whole hours and at most 32 families are asked for."""

    first: np.uint32
    length: np.uint32
    hours: np.uint32
    days: np.uint32
    families: np.uint32
    sources: np.uint32


def hour_table(first: int, last: int, mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.uint8], int, int, int]:
    """Return ``hours, base, head, tail`` of ``Tables`` for minutes since 1970-01-01 and a mask of the week's hours."""
    limit = WEEKS * 168 * 60
    begin, end = (min(max(v - EPOCH, 0), limit) for v in (first, last))
    if end <= begin:
        return np.zeros(0, np.uint8), 0, 0, 60
    low, high = begin // 60, -(-end // 60)
    base = (low // 168) << 8
    hours = np.arange(low, high)
    at = hour_codes(hours) - base
    table = np.zeros(int(at[-1]) + 1, np.uint8)
    table[at] = mask[hours % 168]
    head, tail = begin - low * 60, end - (high - 1) * 60
    if high - low == 1 and head > 0 and tail < 60:
        table[at[0]] *= 4
    else:
        table[at[0]] *= 2 if head > 0 else 1
        table[at[-1]] *= 3 if tail < 60 else 1
    return table, base, head, tail


def tables_of(
    which: CubeFilter, first: int, last: int, families: tuple[str, ...], areas: tuple[str, ...]
) -> tuple[Tables, Masks | None]:
    """Return the tables of a filter for minutes ``first`` to ``last``, and masks where they say the same."""
    hours, base, head, tail = hour_table(first, last, which.hour_mask())
    held = np.array([which.families is None or name in which.families for name in families], dtype=bool)
    sources = which.sources()
    kinds = np.zeros(KINDS, np.uint8)
    kinds[: 8 * len(families)] = (held[:, None] & sources[None, :]).ravel()
    allowed = np.zeros(0, np.uint8)
    if which.areas is not None:
        allowed = np.array([*(code in which.areas for code in areas), False], dtype=np.uint8)
    tables = Tables(hours=hours, base=base, head=head, tail=tail, kinds=kinds, areas=allowed)
    if which.areas is not None or len(families) > 32 or (hours > 1).any() or not len(hours):
        return tables, None
    ends = hour_codes(np.array([first - EPOCH, last - EPOCH], dtype=np.int64) // 60) << 12
    ends = np.clip(ends, 0, (1 << 32) - 1)
    days = which.weekdays if which.weekdays is not None else range(7)
    clock = which.hours if which.hours is not None else range(24)
    bits = (
        ends[0], ends[1] - ends[0], sum(1 << h for h in clock), sum(1 << d for d in days),
        sum(1 << i for i in np.flatnonzero(held).tolist()), sum(1 << i for i in np.flatnonzero(sources).tolist()),
    )  # fmt: skip
    return tables, Masks(*(np.uint32(v) for v in bits))


def _check_area(within: object) -> None:
    if not isinstance(within, shapely.Polygon | shapely.MultiPolygon) or within.is_empty or not within.is_valid:
        raise ParameterError(
            "The area must be a valid polygon in degrees, with something inside",
            "区域应为有效的多边形（经纬度），且不能为空",
        )


def _minute(name: str, value: np.datetime64 | datetime) -> np.datetime64:
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise ParameterError(f"{name} must be local clock time without a zone", f"{name} 应为不带时区的本地时间")
    moment = np.asarray(value).astype("datetime64[m]")[()]
    if np.isnat(moment):
        raise ParameterError(f"{name} is not a time", f"{name} 不是有效时间")
    return cast("np.datetime64", moment)
