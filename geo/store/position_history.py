"""Positions as they came, kept by day for as long as the user says: Parquet files beside the database.

Every batch is a file of its own, put in place by one rename; a day of many files is made one. A position that came twice
counts once whenever it is read.
"""

from __future__ import annotations

import math
import secrets
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import UnavailableError
from geo.presence.positions import Positions

DAY_SECONDS: Final = 86_400
MOST_FILES: Final = 24
"""A day of more files is made one."""
MOST_HELD: Final = 1_000_000
"""Rows of the files read last that are held: who reads day by day reads each file once."""
_EPOCH: Final = date(1970, 1, 1)
_SCHEMA: Final = pa.schema(
    [
        ("unit", pa.dictionary(pa.int32(), pa.string())),
        ("at_us", pa.int64()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
    ]
)


class PositionHistory:
    """Positions of all units by day (UTC), in a folder that is made with the first of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()
        self._holding = threading.Lock()
        # No file is ever changed: each has a name of its own.
        self._held: dict[Path, pa.Table] = {}

    def append(self, positions: Positions) -> int:
        """Keep positions and return how many were written; all of them or, where a day cannot be written, none of that day."""
        day = np.floor(positions.seconds / DAY_SECONDS).astype(np.int64)
        with self._writing:
            for number in np.unique(day).tolist():
                place = self._folder / (_EPOCH + timedelta(days=number)).isoformat()
                self._write(place, positions.where(day == number))
                if len(_files(place)) > MOST_FILES:
                    self._pack(place)
        return len(positions)

    def read(self, start: float, end: float) -> Positions:
        """Return the positions with ``start <= seconds < end``, seconds since 1970."""
        tables = []
        for place in self._days():
            if _meets(place, start, end):
                tables += [_within(self._read(file), start, end) for file in _files(place)]
        made = _joined([table for table in tables if table is not None])
        heard = np.bincount(made.unit, minlength=len(made.units)) > 0
        return made if heard.all() else made.where(np.ones(len(made), bool))

    def _read(self, file: Path) -> pa.Table | None:
        with self._holding:
            table = self._held.pop(file, None)
        table = _read(file) if table is None else table
        if table is not None and table.num_rows <= MOST_HELD:
            with self._holding:
                self._held[file] = table
                rows = sum(held.num_rows for held in self._held.values())
                while rows > MOST_HELD:
                    rows -= self._held.pop(next(iter(self._held))).num_rows
        return table

    def extent(self) -> tuple[float, float] | None:
        """Return the first and last second that any position tells of, None where there is none."""
        days = list(self._days())
        ends = [_joined([t for f in _files(d) if (t := _read(f)) is not None]) for d in (days[:1] + days[-1:])]
        if not ends or not len(ends[0]):
            return None
        return float(ends[0].seconds.min()), float(ends[-1].seconds.max())

    def version(self, start: float = -math.inf, end: float = math.inf) -> tuple[tuple[str, int], ...]:
        """Return a value that changes whenever positions of days that meet a span of seconds are kept or forgotten."""
        return tuple(
            (f"{d.name}/{f.name}", f.stat().st_size) for d in self._days() if _meets(d, start, end) for f in _files(d)
        )

    def forget(self, before: float) -> int:
        """Remove whole days that end before a moment, seconds since 1970; return how many days."""
        gone = 0
        with self._writing:
            for place in list(self._days()):
                end = ((date.fromisoformat(place.name) - _EPOCH).days + 1) * DAY_SECONDS
                if end <= before:
                    shutil.rmtree(place)
                    gone += 1
        if gone:
            with self._holding:
                self._held.clear()
        return gone

    def copy_to(self, folder: Path) -> int:
        """Copy all days into a folder that is not there yet, while positions may come in; return how many days.

        Nothing is kept or forgotten by this process meanwhile. Where another one packs a day, that day is copied again.

        Raises
        ------
        UnavailableError
            Naming a day that changes too often to be copied.
        """
        days = 0
        with self._writing:
            for place in list(self._days()):
                for _ in range(3):
                    try:
                        shutil.rmtree(folder / place.name, ignore_errors=True)
                        (folder / place.name).mkdir(parents=True)
                        for file in _files(place):
                            shutil.copy2(file, folder / place.name / file.name)
                    except FileNotFoundError:
                        continue
                    days += 1
                    break
                else:
                    # A day that is gone was forgotten; one that changes all the time must not be missing unsaid.
                    shutil.rmtree(folder / place.name, ignore_errors=True)
                    if place.is_dir():
                        raise UnavailableError(
                            f"Positions of {place.name} change while they are copied; try again",
                            f"{place.name} 的定位正在变动，无法复制，请重试",
                        )
        return days

    def _days(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from sorted(p for p in self._folder.iterdir() if p.is_dir() and _is_day(p.name))

    def _write(self, place: Path, positions: Positions) -> Path:
        try:
            place.mkdir(parents=True, exist_ok=True)
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            target = place / f"{stamp}-{secrets.token_hex(3)}.parquet"
            part = target.with_suffix(".part")
            pq.write_table(_table(positions), part, compression="zstd")
            part.replace(target)
        except OSError as problem:
            raise UnavailableError(
                f"Positions cannot be kept in {self._folder}: {problem}", f"无法在 {self._folder} 保存定位：{problem}"
            ) from problem
        return target

    def _pack(self, place: Path) -> None:
        """Make the files of a day one; a reader meanwhile sees positions twice at worst, which it counts once."""
        files = _files(place)
        whole = _joined([table for file in files if (table := _read(file)) is not None])
        self._write(place, whole)
        for file in files:
            file.unlink(missing_ok=True)


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True


def _files(place: Path) -> list[Path]:
    return sorted(place.glob("*.parquet"))


def _read(file: Path) -> pa.Table | None:
    """Return the rows of a file; None for one that was packed away meanwhile."""
    try:
        return pq.read_table(file, schema=_SCHEMA)
    except FileNotFoundError:
        return None


def _meets(place: Path, start: float, end: float) -> bool:
    """Return whether the day of a folder meets a span of seconds."""
    begin = (date.fromisoformat(place.name) - _EPOCH).days * DAY_SECONDS
    return begin < end and begin + DAY_SECONDS > start


def _within(table: pa.Table | None, start: float, end: float) -> pa.Table | None:
    """Return the rows of a moment in ``start <= seconds < end``."""
    if table is None:
        return None
    at = table.column("at_us").to_numpy() / 1e6
    kept = (at >= start) & (at < end)
    return table if kept.all() else table.filter(pa.array(kept))


def _table(positions: Positions) -> pa.Table:
    names = pa.DictionaryArray.from_arrays(pa.array(positions.unit), pa.array(list(positions.units), pa.string()))
    at = np.rint(positions.seconds * 1e6).astype(np.int64)
    return pa.table(
        [names, pa.array(at), pa.array(positions.lonlat[:, 0]), pa.array(positions.lonlat[:, 1])], schema=_SCHEMA
    )


def _joined(tables: list[pa.Table]) -> Positions:
    if not tables:
        return Positions.none()
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    if not whole.num_rows:
        return Positions.none()
    unit = whole.column("unit").combine_chunks()
    encoded = unit.chunk(0) if isinstance(unit, pa.ChunkedArray) else unit
    names = np.asarray(encoded.dictionary.to_pylist(), dtype=object)
    return Positions.of_codes(
        names, encoded.indices.to_numpy(zero_copy_only=False), whole.column("at_us").to_numpy() / 1e6,
        np.column_stack([whole.column("lon").to_numpy(), whole.column("lat").to_numpy()]),
    )  # fmt: skip
