"""Merge segments into one, in bounded memory; calls that were taken back go with those that they take back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.hotspots.cube.files import SegmentPaper, SegmentWriter
from geo.hotspots.cube.layout import NOWHERE
from geo.hotspots.cube.segment import Rows, Segment, area_numbers, joined, renumbered

MERGED_AT_ONCE: Final = 4_000_000


def write_merged(
    folder: Path, segments: Sequence[Segment], *, areas: int, at_once: int = MERGED_AT_ONCE
) -> list[SegmentPaper]:
    """Write what segments come to: one segment of calls, and one of calls taken back from other segments, if any."""
    kind = area_numbers(np.zeros(0, np.int64), areas).dtype
    stamp = uuid.uuid4().hex[:8]
    writers = {
        weight: SegmentWriter(folder, f"segment-{stamp}-{name}", area_type=kind, weight=weight)
        for weight, name in ((1, "more"), (-1, "less"))
    }
    papers: list[SegmentPaper] = []
    try:
        for rows, left in _merged(segments, areas, at_once):
            for weight, writer in writers.items():
                writer.add(_repeated(rows, np.maximum(left * weight, 0)))
        for weight in list(writers):
            paper = writers[weight].close()
            if paper["lengths"]["codes"]:
                papers.append(paper)
                del writers[weight]
    finally:
        for writer in writers.values():
            writer.abandon()
    return papers


def _merged(segments: Sequence[Segment], areas: int, at_once: int) -> Iterator[tuple[Rows, npt.NDArray[np.int64]]]:
    """Return different calls in order, with how often each is left over (below 0: taken back)."""
    cuts = _cuts(segments, at_once)
    for low, high in pairwise(cuts):
        parts, weights = [], []
        for segment in segments:
            a, b = np.searchsorted(segment.cells, np.array([low, high], dtype=np.uint64))
            parts.append(renumbered(segment.rows(int(a), int(b)), areas))
            weights.append(np.full(len(parts[-1]), segment.weight, np.int64))
        rows, weight = joined(parts), np.concatenate(weights)
        if not len(rows):
            continue
        order = np.lexsort((rows.areas, rows.where, rows.codes, rows.cells))
        rows, weight = rows.take(order), weight[order]
        new = np.ones(len(rows), bool)
        new[1:] = (
            (rows.cells[1:] != rows.cells[:-1]) | (rows.codes[1:] != rows.codes[:-1])
            | (rows.where[1:] != rows.where[:-1]) | (rows.areas[1:] != rows.areas[:-1])
        )  # fmt: skip
        yield rows.take(new), np.add.reduceat(weight, np.flatnonzero(new))


def _cuts(segments: Sequence[Segment], at_once: int) -> list[int]:
    """Return rising cells between which the segments together hold about ``at_once`` calls."""
    largest = max(segments, key=len)
    total = sum(len(segment) for segment in segments)
    goals = np.arange(1, -(-total // at_once)) * len(largest) * at_once // max(total, 1)
    at = np.searchsorted(largest.starts, goals)
    inner = np.unique(largest.cells[np.minimum(at, len(largest.cells) - 1)]) if len(goals) else np.zeros(0, np.uint64)
    return [0, *(int(v) for v in inner if v > 0), NOWHERE + 1]


def _repeated(rows: Rows, times: npt.NDArray[np.int64]) -> Rows:
    return rows.take(np.repeat(np.arange(len(rows)), times))
