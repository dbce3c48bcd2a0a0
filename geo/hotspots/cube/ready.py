"""Calls from columns to packed rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import InputError, ParameterError
from geo.hotspots.cube.layout import CASE, CITIZEN, VALID, locate, pack
from geo.hotspots.cube.segment import Rows, area_numbers
from geo.hotspots.when import MINUTES_PER_DAY, local_minutes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """Calls by number, with the names that the numbers stand for."""

    calls: CallChunk
    family_names: tuple[str, ...]
    area_codes: tuple[str, ...]
    period: tuple[int, int]

    def rows(self) -> Rows:
        """Pack the calls."""
        return self.calls.rows(families=len(self.family_names), areas=len(self.area_codes))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallChunk:
    """Some calls, by number.

    Attributes
    ----------
    lonlat : float64[n, 2] WGS84 degrees; not read where not ``placed``
    minutes : int32[n], local clock, minutes since 1970-01-01
    families : integer[n], numbers of family names
    sources : uint8[n], sum of ``layout.VALID``, ``CASE`` and ``CITIZEN``
    placed : bool[n]
    areas : integer[n], numbers of area codes, -1 for none
    """

    lonlat: npt.NDArray[np.float64]
    minutes: npt.NDArray[np.int32]
    families: npt.NDArray[np.integer]
    sources: npt.NDArray[np.uint8]
    placed: npt.NDArray[np.bool_]
    areas: npt.NDArray[np.integer]

    def __len__(self) -> int:
        return len(self.minutes)

    def check(self) -> None:
        """Raise ``InputError`` where the columns are not of one length."""
        if any(len(v) != len(self) for v in (self.lonlat, self.families, self.sources, self.placed, self.areas)):
            raise InputError(
                "Places, times and families of calls are not of one length", "警情的位置、时间、类别数量不一致"
            )

    def rows(self, *, families: int, areas: int) -> Rows:
        """Pack the calls, whose numbers of family and area must be below these.

        Raises
        ------
        InputError
            If lengths differ, a number has no name, a time is not of 1970 to 2048 or a coordinate is not finite.
        """
        self.check()
        for numbers, count in ((self.families, families), (self.areas, areas)):
            if len(numbers) and int(numbers.max()) >= count:
                raise InputError(
                    f"Number {int(numbers.max())} of a family or area has no name",
                    f"类别或区域编号 {int(numbers.max())} 没有对应的名称",
                )
        cells, where = locate(self.lonlat, self.placed, self.minutes)
        codes = pack(self.minutes, self.families, self.sources)
        return Rows(cells=cells, codes=codes, where=where, areas=area_numbers(self.areas, areas))


def ready(
    lonlat: npt.NDArray[np.float64],
    at: npt.NDArray[np.datetime64],
    families: Sequence[str] | npt.NDArray[np.object_],
    *,
    placed: npt.NDArray[np.bool_] | None = None,
    areas: Sequence[str | None] | npt.NDArray[np.object_] | None = None,
    valid: npt.NDArray[np.bool_] | None = None,
    case: npt.NDArray[np.bool_] | None = None,
    citizen: npt.NDArray[np.bool_] | None = None,
    period: tuple[np.datetime64, np.datetime64] | None = None,
) -> Ready:
    """Number calls of named columns; see ``Cube.of`` for the options and errors."""
    minutes = local_minutes(at)
    n = len(minutes)
    names, family = np.unique(np.asarray(families, dtype=object).astype(str), return_inverse=True)
    area_codes, area = _areas(areas, n)
    bits = (_flag(valid, n, True) * VALID) | (_flag(case, n, False) * CASE) | (_flag(citizen, n, True) * CITIZEN)
    chunk = CallChunk(
        lonlat=np.asarray(lonlat, dtype=np.float64), minutes=minutes, families=family, sources=bits.astype(np.uint8),
        placed=_flag(placed, n, True), areas=area,
    )  # fmt: skip
    chunk.check()
    return Ready(
        calls=chunk, family_names=tuple(str(v) for v in names), area_codes=area_codes, period=period_of(period, minutes)
    )


def _flag(given: npt.NDArray[np.bool_] | None, n: int, otherwise: bool) -> npt.NDArray[np.bool_]:  # noqa: FBT001
    return np.full(n, otherwise) if given is None else np.asarray(given, dtype=bool)


def _areas(
    areas: Sequence[str | None] | npt.NDArray[np.object_] | None, n: int
) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    if areas is None:
        return (), np.full(n, -1, dtype=np.int32)
    index = np.full(len(areas), -1, dtype=np.int32)
    known = np.array([isinstance(code, str) and bool(code) for code in areas], dtype=bool)
    codes, inverse = np.unique(np.asarray(areas, dtype=object)[known].astype(str), return_inverse=True)
    index[known] = inverse
    return tuple(str(code) for code in codes), index


def period_of(period: tuple[np.datetime64, np.datetime64] | None, minutes: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Return the period in minutes since 1970-01-01: as given, or whole days from the first to the last call."""
    if period is not None:
        first, last = (int(v) for v in local_minutes(np.array(period, dtype="datetime64[m]")))
        if first >= last or (len(minutes) and not (first <= minutes.min() and minutes.max() < last)):
            raise ParameterError(
                "Calls lie outside the period that the data is said to cover", "有警情不在所述数据时段内"
            )
        return first, last
    if not len(minutes):
        return 0, 0
    day = MINUTES_PER_DAY
    return int(minutes.min()) // day * day, (int(minutes.max()) // day + 1) * day
