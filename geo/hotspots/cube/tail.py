"""The newest calls of a live cube: in memory to be read, and in a log so that a crash loses none."""

from __future__ import annotations

import os
import struct
import weakref
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.hotspots.cube.segment import SPARE_U16, SPARE_U32, Rows, Segment, joined, renumbered

_HEAD: Final = struct.Struct("<4sIiI")  # mark, calls, weight, checksum of the calls
_MARK: Final = b"CALL"
_ROW: Final = np.dtype([("cell", "<u8"), ("code", "<u4"), ("where", "<u4"), ("area", "<u4")])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Calls that were added (weight 1) or taken back (weight -1) at once."""

    rows: Rows
    weight: int


class TailLog:
    """A file to which batches are appended; what a crash cut off at its end is dropped on opening."""

    def __init__(self, path: Path) -> None:
        self.batches, end = read_tail(path)
        self._file = path.open("ab", buffering=0)
        if self._file.tell() > end:
            self._file.truncate(end)
        # A log that nobody closed, because nothing was left to be done, closes with its last reader.
        weakref.finalize(self, self._file.close)

    def write(self, batches: list[Batch]) -> None:
        """Append batches; when this returns they are on disk, but not yet in ``batches``."""
        parts = []
        for batch in batches:
            body = _table(batch.rows).tobytes()
            parts += [_HEAD.pack(_MARK, len(batch.rows), batch.weight, zlib.crc32(body)), body]
        end, rest = self._file.seek(0, os.SEEK_END), memoryview(b"".join(parts))
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            os.fsync(self._file.fileno())
        except OSError:
            # Half a batch in the middle would hide all that come after it.
            self._file.truncate(end)
            raise

    def segments(self, areas: int) -> list[Segment]:
        """Return the calls added, and those taken back, sorted."""
        self.batches = [
            Batch(rows=joined(parts), weight=weight)
            for weight in (1, -1)
            if (parts := [b.rows for b in self.batches if b.weight == weight])
        ]
        return sorted_tail(self.batches, areas)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return sum(len(b.rows) for b in self.batches)


def sorted_tail(batches: list[Batch], areas: int) -> list[Segment]:
    """Return the calls that batches added, and those that they took back, sorted."""
    made = []
    for weight in (1, -1):
        parts = [b.rows for b in batches if b.weight == weight]
        if parts:
            made.append(Segment.of(renumbered(joined(parts), areas), weight=weight))
    return made


def wide(rows: Rows) -> Rows:
    """Return calls with area numbers of 32 bits, as the log keeps them."""
    if rows.areas.dtype == np.uint32:
        return rows
    numbers = np.where(rows.areas == SPARE_U16, SPARE_U32, rows.areas.astype(np.uint32)).astype(np.uint32)
    return Rows(cells=rows.cells, codes=rows.codes, where=rows.where, areas=numbers)


def _table(rows: Rows) -> npt.NDArray[np.void]:
    table = np.empty(len(rows), _ROW)
    table["cell"], table["code"], table["where"], table["area"] = rows.cells, rows.codes, rows.where, rows.areas
    return table


def read_tail(path: Path) -> tuple[list[Batch], int]:
    """Return the whole batches of a log, and the byte at which the last of them ends."""
    batches: list[Batch] = []
    data = path.read_bytes() if path.exists() else b""
    at = 0
    while at + _HEAD.size <= len(data):
        mark, count, weight, crc = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + count * _ROW.itemsize
        body = data[at + _HEAD.size : end]
        if mark != _MARK or end > len(data) or zlib.crc32(body) != crc:
            break
        table = np.frombuffer(body, _ROW)
        rows = Rows(
            cells=table["cell"].copy(), codes=table["code"].copy(), where=table["where"].copy(),
            areas=table["area"].copy(),
        )  # fmt: skip
        batches.append(Batch(rows=rows, weight=weight))
        at = end
    return batches, at
