"""Build a cube from any number of calls in bounded memory: split by place on disk, then sort piece by piece."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self

import numpy as np
import numpy.typing as npt

from geo.errors import UnavailableError
from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.files import FORMAT, Manifest, Opened, SegmentPaper, SegmentWriter, sweep, write_manifest
from geo.hotspots.cube.layout import CELL_LEVEL, EPOCH, WEEKS
from geo.hotspots.cube.ready import CallChunk
from geo.hotspots.cube.segment import Rows, area_numbers, hours_of
from geo.hotspots.cube.tail import read_tail, sorted_tail

BUCKETS: Final = 64
SORTED_AT_ONCE: Final = 6_000_000
CALLS_A_SEGMENT: Final = 25_000_000
_SAMPLE: Final = 1 << 16


def build_cube(
    folder: Path,
    chunks: Iterable[CallChunk],
    *,
    families: tuple[str, ...],
    areas: tuple[str, ...] = (),
    period: tuple[int, int] | None = None,
    source: str = "",
    threads: int = 1,
    sorted_at_once: int = SORTED_AT_ONCE,
    calls_a_segment: int = CALLS_A_SEGMENT,
    progress: Callable[[int], None] | None = None,
) -> Cube:
    """Write the cube of a stream of calls to ``folder`` and return it, mapped from there.

    An older cube in the folder stays as it is until the new one is whole. Segments hold spans of time, so that a
    scan of a period leaves out what cannot pass. ``source`` says of what the cube was made; ``period`` are local
    minutes since 1970-01-01 (whole days around the calls unless given); ``progress`` is told how many calls are read.

    Raises
    ------
    InputError
        If a chunk cannot be packed; see ``CallChunk.rows``.
    UnavailableError
        If the disk cannot be written.
    """
    area_type = area_numbers(np.zeros(0, np.int64), len(areas)).dtype
    papers: list[SegmentPaper] = []
    with _disk(folder), _Spool(folder / f"building-{uuid.uuid4().hex[:8]}", area_type) as spool:
        read = 0
        for chunk in chunks:
            spool.add(chunk.rows(families=len(families), areas=len(areas)))
            read += len(chunk)
            if progress is not None:
                progress(read)
        span = period or spool.days()
        with _Writers(folder, spool.time_cuts(calls_a_segment), area_type) as writers:
            for rows in spool.in_order(sorted_at_once):
                writers.add(rows)
            papers = writers.close()
    write_manifest(
        folder,
        Manifest(
            format=FORMAT, level=CELL_LEVEL, families=list(families), areas=list(areas), period=span, source=source, tail="",
            segments=papers,
        ),
    )  # fmt: skip
    sweep(folder, {paper["name"] for paper in papers})
    return open_cube(folder, check=False, threads=threads)


def open_cube(folder: Path, *, check: bool = True, threads: int = 1) -> Cube:
    """Map the cube in a folder, its newest calls too; see ``Opened.read`` for the errors."""
    opened = Opened.read(folder, check=check)
    manifest = opened.manifest
    newest = sorted_tail(read_tail(folder / manifest["tail"])[0], len(manifest["areas"])) if manifest["tail"] else []
    return Cube(
        segments=(*opened.segments, *newest), family_names=tuple(manifest["families"]), area_codes=tuple(manifest["areas"]),
        period=(manifest["period"][0], manifest["period"][1]), threads=threads,
    )  # fmt: skip


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as problem:
        raise UnavailableError(
            f"The cube of calls could not be written to {folder}: {problem.strerror}",
            f"无法将警情立方体写入 {folder}：{problem.strerror}",
        ) from problem


class _Spool:
    """Calls on disk in buckets by place, not yet sorted; a bucket that is too large is split again."""

    def __init__(self, folder: Path, area_type: npt.DTypeLike, *, cuts: npt.NDArray[np.uint64] | None = None) -> None:
        self._folder, self._cuts = folder, cuts
        self._type = np.dtype([("cell", "<u8"), ("code", "<u4"), ("where", "<u4"), ("area", np.dtype(area_type))])
        self._files: dict[int, BinaryIO] = {}
        self._by_week = np.zeros(WEEKS, np.int64)
        self._hours = (WEEKS * 168, 0)
        folder.mkdir(parents=True)

    def add(self, rows: Rows) -> None:
        """Append calls; the first ones decide where the buckets end."""
        if not len(rows):
            return
        if self._cuts is None:
            self._cuts = _cuts(rows.cells)
        table = np.empty(len(rows), self._type)
        table["cell"], table["code"], table["where"], table["area"] = rows.cells, rows.codes, rows.where, rows.areas
        bucket = np.searchsorted(self._cuts, rows.cells, side="left").astype(np.uint8)
        table = table[np.argsort(bucket, kind="stable")]
        ends = np.cumsum(np.bincount(bucket, minlength=len(self._cuts) + 1))
        for number, (begin, end) in enumerate(zip(np.append(0, ends[:-1]).tolist(), ends.tolist(), strict=True)):
            if begin < end:
                table[begin:end].tofile(self._file(number))
        weeks = rows.codes >> np.uint32(20)
        self._by_week += np.bincount(weeks, minlength=WEEKS)
        low, high = hours_of(rows.codes)
        self._hours = min(self._hours[0], low), max(self._hours[1], high)

    def days(self) -> tuple[int, int]:
        """Return minutes of whole days around all calls."""
        if not self._by_week.any():
            return 0, 0
        low, high = self._hours
        return low // 24 * 1440 + EPOCH, -(-high // 24) * 1440 + EPOCH

    def time_cuts(self, calls: int) -> npt.NDArray[np.int64]:
        """Return the weeks at which segments of about so many ``calls`` start, but the first."""
        total = int(self._by_week.sum())
        parts = max(1, round(total / calls))
        goals = total * np.arange(1, parts) / parts
        return np.unique(np.searchsorted(np.cumsum(self._by_week), goals) + 1).astype(np.int64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        for file in self._files.values():
            file.close()

    def in_order(self, most: int) -> Iterable[Rows]:
        """Return all calls by rising cell and time, in pieces; the buckets are removed as they are read."""
        self._close()
        for number in sorted(self._files):
            path = self._folder / str(number)
            count = path.stat().st_size // self._type.itemsize
            if count <= most or not self._can_split(path):
                rows = self._rows(np.fromfile(path, self._type))
                path.unlink()
                yield rows.take(rows.order())
                continue
            yield from self._split(path, most)

    def _can_split(self, path: Path) -> bool:
        table = np.memmap(path, self._type, "r")
        return bool(table["cell"].min() < table["cell"].max())

    def _split(self, path: Path, most: int) -> Iterable[Rows]:
        table = np.memmap(path, self._type, "r")
        cuts = _cuts(table["cell"])
        # The last cut must leave something behind it, or a bucket would be split into itself.
        cuts = cuts[cuts < table["cell"].max()]
        if not len(cuts):
            cuts = np.array([table["cell"].min()])
        with _Spool(self._folder / f"{path.name}-split", self._type["area"], cuts=cuts) as finer:
            for begin in range(0, len(table), most):
                finer.add(self._rows(np.array(table[begin : begin + most])))
            del table
            path.unlink()
            yield from finer.in_order(most)

    def _file(self, number: int) -> BinaryIO:
        if number not in self._files:
            self._files[number] = (self._folder / str(number)).open("wb")
        return self._files[number]

    def _rows(self, table: npt.NDArray[np.void]) -> Rows:
        return Rows(
            cells=np.ascontiguousarray(table["cell"]), codes=np.ascontiguousarray(table["code"]),
            where=np.ascontiguousarray(table["where"]), areas=np.ascontiguousarray(table["area"]),
        )  # fmt: skip


class _Writers:
    """One segment a span of weeks, written side by side."""

    def __init__(self, folder: Path, cuts: npt.NDArray[np.int64], area_type: npt.DTypeLike) -> None:
        self._cuts = cuts
        stamp = uuid.uuid4().hex[:8]
        self._writers = [
            SegmentWriter(folder, f"segment-{stamp}-{i:02d}", area_type=area_type) for i in range(len(cuts) + 1)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers:
            writer.abandon()

    def add(self, rows: Rows) -> None:
        """Write calls in order, each to the segment of its week."""
        if len(self._writers) == 1:
            self._writers[0].add(rows)
            return
        part = np.searchsorted(self._cuts, rows.codes >> np.uint32(20), side="right")
        for number, writer in enumerate(self._writers):
            writer.add(rows.take(part == number))

    def close(self) -> list[SegmentPaper]:
        """Finish all segments; those without a call are left out."""
        papers = [writer.close() for writer in self._writers]
        self._writers = []
        return [paper for paper in papers if paper["lengths"]["codes"]]


def _cuts(cells: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return cells that split calls into about ``BUCKETS`` equal parts, judged by a sample."""
    sample = np.sort(cells[:: max(len(cells) // _SAMPLE, 1)])
    return np.unique(sample[np.arange(1, BUCKETS) * len(sample) // BUCKETS])
