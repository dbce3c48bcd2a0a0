"""A cube that calls are added to and taken from while it is read."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

from geo.hotspots.cube.cube import Cube
from geo.hotspots.cube.files import Manifest, Opened, SegmentPaper, map_segment, sweep, write_manifest
from geo.hotspots.cube.intake import Intake
from geo.hotspots.cube.layout import unpack_minutes
from geo.hotspots.cube.merge import write_merged
from geo.hotspots.cube.ready import CallChunk
from geo.hotspots.cube.segment import Segment
from geo.hotspots.cube.tail import Batch, TailLog, wide
from geo.hotspots.when import MINUTES_PER_DAY

TAIL_CALLS: Final = 20_000
MOST_SMALL: Final = 8
_TIMES_LARGER: Final = 4


class LiveCube:
    """A cube on disk with a log of the newest calls.

    What ``add`` and ``take_back`` were given is on disk when they return, and what ``submit`` was given when its future
    is done: calls that wait at the same time are packed and flushed together. The newest calls are sorted when they
    are read; from ``tail_calls`` on they become a segment of their own, and small segments are merged in the
    background. Readers hold a ``Cube`` that never changes.
    """

    def __init__(self, folder: Path, *, threads: int = 1, check: bool = True, tail_calls: int = TAIL_CALLS) -> None:
        """Open a cube that ``build_cube`` made; see ``Opened.read`` for the errors."""
        opened = Opened.read(folder, check=check)
        self._folder, self._threads, self._tail_calls = folder, threads, tail_calls
        self._manifest: Manifest = opened.manifest
        self._segments = {p["name"]: s for p, s in zip(opened.manifest["segments"], opened.segments, strict=True)}
        self._lock, self._one_merge = threading.RLock(), threading.Lock()
        self._cube: Cube | None = None
        self._merger = ThreadPoolExecutor(1, thread_name_prefix="cube-merge")
        self._merging: Future[bool] | None = None
        self._logging = threading.Lock()
        self._intake: Intake | None = None
        if not self._manifest["tail"]:
            self._manifest = {**self._manifest, "tail": _tail_name()}
            write_manifest(folder, self._manifest)
        self._log = TailLog(folder / self._manifest["tail"])
        for batch in self._log.batches:
            self._stretch(batch)
        sweep(folder, {*self._segments, self._manifest["tail"]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cube(self) -> Cube:
        """Return the calls as they are now."""
        with self._lock:
            if self._cube is None:
                self._cube = Cube(
                    segments=(*self._segments.values(), *self._log.segments(len(self._manifest["areas"]))),
                    family_names=tuple(self._manifest["families"]), area_codes=tuple(self._manifest["areas"]),
                    period=(self._manifest["period"][0], self._manifest["period"][1]), threads=self._threads,
                )  # fmt: skip
            return self._cube

    def name(self, *, families: tuple[str, ...] = (), areas: tuple[str, ...] = ()) -> None:
        """Give numbers to families and areas that have none yet: the next ones, in the order given."""
        with self._lock:
            new = [n for n in families if n not in self._manifest["families"]]
            more = [c for c in areas if c not in self._manifest["areas"]]
            if new or more:
                self._write({
                    **self._manifest,
                    "families": [*self._manifest["families"], *new], "areas": [*self._manifest["areas"], *more],
                })  # fmt: skip

    def add(self, chunk: CallChunk) -> None:
        """Add calls; for the errors see ``CallChunk.rows``."""
        self._put([(chunk, 1)])

    def take_back(self, chunk: CallChunk) -> None:
        """Take calls back that were added with the same values; a corrected call is taken back and added anew."""
        self._put([(chunk, -1)])

    def submit(self, chunk: CallChunk) -> Future[None]:
        """Add calls soon, together with others that wait; the future is done when they are on disk and counted."""
        with self._lock:
            if self._intake is None:
                self._intake = Intake(self._put)
            return self._intake.submit(chunk)

    def mark(self, *, source: str, period: tuple[int, int]) -> None:
        """Say of what the calls now are, and which local minutes since 1970-01-01 they cover; see ``build_cube``."""
        with self._lock:
            self._write({**self._manifest, "source": source, "period": period})

    def flush(self) -> None:
        """Make a segment of the newest calls."""
        with self._logging, self._lock:
            self._flush()

    def merge(self, *, whole: bool = False) -> bool:
        """Merge small segments of about one size, or with ``whole`` all; return whether there was anything to do."""
        with self._one_merge:
            return self._merge(whole=whole)

    def _merge(self, *, whole: bool) -> bool:
        with self._lock:
            names = list(self._segments) if whole else self._small()
            chosen = {name: self._segments[name] for name in names}
            areas = len(self._manifest["areas"])
        if len(chosen) < 2 and not any(s.weight < 0 for s in chosen.values()):
            return False
        papers = write_merged(self._folder, list(chosen.values()), areas=areas)
        with self._lock:
            self._replace(set(chosen), papers, tail=self._manifest["tail"])
            # No segment is being written now: adding waits for the lock, and there is one merge at a time.
            sweep(self._folder, {*self._segments, self._manifest["tail"]})
        return True

    def close(self) -> None:
        """Wait for calls and a merge under way and close the log."""
        if self._intake is not None:
            self._intake.close()
        self._merger.shutdown(wait=True)
        self._log.close()

    def _put(self, chunks: list[tuple[CallChunk, int]]) -> None:
        with self._logging:
            with self._lock:
                families, areas = len(self._manifest["families"]), len(self._manifest["areas"])
            batches = [
                Batch(rows=wide(chunk.rows(families=families, areas=areas)), weight=weight) for chunk, weight in chunks
            ]
            batches = [batch for batch in batches if len(batch.rows)]
            if not batches:
                return
            # Readers do not wait for the disk: the log has a lock of its own.
            self._log.write(batches)
            with self._lock:
                self._log.batches.extend(batches)
                for batch in batches:
                    self._stretch(batch)
                self._cube = None
                if len(self._log) >= self._tail_calls:
                    self._flush()
                    if len(self._small()) > MOST_SMALL and (self._merging is None or self._merging.done()):
                        self._merging = self._merger.submit(self.merge)

    def _flush(self) -> None:
        if not len(self._log):
            return
        areas = len(self._manifest["areas"])
        papers = write_merged(self._folder, self._log.segments(areas), areas=areas)
        old = self._folder / self._manifest["tail"]
        self._replace(set(), papers, tail=_tail_name())
        self._log.close()
        self._log = TailLog(self._folder / self._manifest["tail"])
        old.unlink(missing_ok=True)

    def _stretch(self, batch: Batch) -> None:
        """Let the period cover the whole days of new calls."""
        minutes = unpack_minutes(batch.rows.codes, batch.rows.where)
        day = MINUTES_PER_DAY
        first, last = int(minutes.min()) // day * day, (int(minutes.max()) // day + 1) * day
        low, high = self._manifest["period"]
        period = (first, last) if low == high else (min(low, first), max(high, last))
        self._manifest = {**self._manifest, "period": period}

    def _small(self) -> list[str]:
        """Return the smaller segments of which none is much larger than those before it together."""
        ranked = sorted(self._segments, key=lambda name: len(self._segments[name]))
        chosen: list[str] = []
        total = 0
        for name in ranked:
            if total and len(self._segments[name]) > _TIMES_LARGER * total:
                break
            chosen.append(name)
            total += len(self._segments[name])
        return chosen

    def _replace(self, gone: set[str], papers: list[SegmentPaper], *, tail: str) -> None:
        kept = [paper for paper in self._manifest["segments"] if paper["name"] not in gone]
        self._write({**self._manifest, "segments": [*kept, *papers], "tail": tail})
        held: dict[str, Segment] = {name: s for name, s in self._segments.items() if name not in gone}
        for paper in papers:
            held[paper["name"]] = map_segment(self._folder, paper, check=False)
        self._segments = held

    def _write(self, manifest: Manifest) -> None:
        write_manifest(self._folder, manifest)
        self._manifest = manifest
        self._cube = None


def _tail_name() -> str:
    return f"tail-{uuid.uuid4().hex[:8]}.log"
