"""Linear grids (段): cut a border, river or highway by chainage into owned segments, check them, find a place on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import ParameterError
from geo.grids.chainage import ChainedLine, written
from geo.tables.linear_grids import LinearGrids
from geo.tables.spec import LONLAT

OWNERS: Final = ("owner_province", "owner_prefecture", "owner_county", "owner_town", "owner_village")
"""The five levels of owner: 省, 市州, 县区, 乡镇街道, 村社区."""

Owners = tuple[str | None, str | None, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A wanted piece of a line from one chainage to another, metres, and its owners from province to village."""

    code: str
    start_m: float
    end_m: float
    name: str | None = None
    owners: Owners = (None, None, None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of a line, and the segments at it."""

    line: str
    start_m: float
    end_m: float
    codes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.line} {written(self.start_m)}-{written(self.end_m)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainageReport:
    """What is wrong with the segments of lines.

    Attributes
    ----------
    gaps : stretches without a segment, with the segments before and after
    overlaps : stretches with several segments
    beyond : codes whose chainage is not rising, or not on their line
    detached : codes whose shape is not the piece of the line between their chainages
    unknown : codes whose line is not given
    unowned : codes that lack an owner, and the levels at which they do
    """

    gaps: tuple[Stretch, ...]
    overlaps: tuple[Stretch, ...]
    beyond: tuple[str, ...]
    detached: tuple[str, ...]
    unknown: tuple[str, ...]
    unowned: Mapping[str, tuple[str, ...]]

    @property
    def whole(self) -> bool:
        """Whether every metre of every line belongs to one segment; owners may still be missing."""
        return not (self.gaps or self.overlaps or self.beyond or self.detached or self.unknown)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """Where points lie on segments.

    Attributes
    ----------
    rows : int32[n], row of the table, -1 where no segment is near enough
    metres : float64[n], chainage on the line of that segment, NaN where there is none
    offset_m : float64[n], distance from the line, infinity where there is none
    """

    rows: npt.NDArray[np.int32]
    metres: npt.NDArray[np.float64]
    offset_m: npt.NDArray[np.float64]


def cut_line(name: str, line: ChainedLine, segments: Sequence[Segment]) -> LinearGrids:
    """Cut a line into segments; each holds the vertices of the line between its chainages and the two cut places.

    Raises
    ------
    ParameterError
        If a chainage is not on the line or not rising; the sentence names the segment.
    """
    shapes = []
    for segment in segments:
        try:
            shapes.append(line.piece(segment.start_m, segment.end_m))
        except ParameterError as wrong:
            raise ParameterError(
                f"Segment {segment.code} of {name}: {wrong.en}",
                f"{name} 的段 {segment.code}：{wrong.zh}",
                rows=[segment.code],
            ) from wrong
    columns: dict[str, Sequence[object]] = {
        "code": [segment.code for segment in segments],
        "name": [segment.name for segment in segments],
        "line": [name] * len(segments),
        "start_m": [segment.start_m for segment in segments],
        "end_m": [segment.end_m for segment in segments],
    }
    for k, owner in enumerate(OWNERS):
        columns[owner] = [segment.owners[k] for segment in segments]
    return LinearGrids.of(gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=LONLAT), crs=LONLAT))


def even_segments(line: ChainedLine, *, about_m: float, prefix: str, digits: int = 3) -> list[Segment]:
    """Return segments of equal length near ``about_m``, with codes of ``prefix`` and a number from 1.

    Raises
    ------
    ParameterError
        If the length is not above 0, or makes more segments than ``digits`` can number.
    """
    if not (np.isfinite(about_m) and about_m > 0):
        raise ParameterError(f"A segment cannot be {about_m:g} m long", f"段长 {about_m:g} 米无效，应大于 0")
    count = max(1, round(line.length_m / about_m))
    if count >= 10**digits:
        raise ParameterError(
            f"{count:,} segments cannot be numbered with {digits} digits; make them longer",
            f"{count:,} 个段超出 {digits} 位顺序号，请加大段长",
        )
    # Cuts at whole metres are what a mark can show; the ends stay exact.
    cuts = [0.0, *(float(round(line.length_m * k / count)) for k in range(1, count)), line.length_m]
    if count > 1 and min(b - a for a, b in pairwise(cuts)) <= 0:
        cuts = [line.length_m * k / count for k in range(count)] + [line.length_m]
    return [Segment(code=f"{prefix}{k + 1:0{digits}d}", start_m=cuts[k], end_m=cuts[k + 1]) for k in range(count)]


def check_segments(
    table: LinearGrids, lines: Mapping[str, ChainedLine], *, tolerance_m: float = 0.01
) -> ChainageReport:
    """Check that segments cover their lines (by name) once from end to end, and have owners at all five levels.

    Gaps and overlaps up to the tolerance are let pass. A shape is detached if it does not run along the piece of line
    between its chainages within the tolerance or half a metre, whichever is more.
    """
    frame = table.frame
    rows = list(zip(frame["code"], frame["line"], frame["start_m"], frame["end_m"], frame.geometry, strict=True))
    unknown = [code for code, name, *_ in rows if name not in lines]
    beyond, detached = [], []
    gaps: list[Stretch] = []
    overlaps: list[Stretch] = []
    for name in sorted(lines):
        line = lines[name]
        held = []
        for code, of, start, end, shape in rows:
            if of != name:
                continue
            if not (0 <= start < end <= line.length_m + tolerance_m):
                beyond.append(code)
                continue
            held.append((float(start), min(float(end), line.length_m), str(code)))
            if not _runs_along(line, held[-1][0], held[-1][1], shape, max(tolerance_m, 0.5)):
                detached.append(code)
        found = _uncovered(name, line.length_m, sorted(held), tolerance_m)
        gaps += found[0]
        overlaps += found[1]
    unowned = {}
    owners = frame[list(OWNERS)]
    for code, values in zip(frame["code"], owners.itertuples(index=False), strict=True):
        lacking = tuple(OWNERS[k] for k, value in enumerate(values) if not (isinstance(value, str) and value))
        if lacking:
            unowned[str(code)] = lacking
    return ChainageReport(
        gaps=tuple(gaps),
        overlaps=tuple(overlaps),
        beyond=tuple(beyond),
        detached=tuple(detached),
        unknown=tuple(unknown),
        unowned=unowned,
    )


def _uncovered(
    name: str, length_m: float, held: Sequence[tuple[float, float, str]], tolerance_m: float
) -> tuple[list[Stretch], list[Stretch]]:
    """Return the gaps and the overlaps of segments (start, end, code) sorted by start."""
    gaps: list[Stretch] = []
    overlaps: list[Stretch] = []
    reached, last = 0.0, ""
    for start, end, code in held:
        if start > reached + tolerance_m:
            around = tuple(c for c in (last, code) if c)
            gaps.append(Stretch(line=name, start_m=reached, end_m=start, codes=around))
        if end > reached:
            reached, last = end, code
    if length_m > reached + tolerance_m:
        gaps.append(Stretch(line=name, start_m=reached, end_m=length_m, codes=(last,) if last else ()))
    # Between two neighbouring cuts the same segments hold; stretches with several are reported.
    cuts = sorted({m for start, end, _ in held for m in (start, end)})
    running: list[tuple[float, float, str]] = []
    at = 0
    for low, high in pairwise(cuts):
        while at < len(held) and held[at][0] <= low:
            running.append(held[at])
            at += 1
        running = [one for one in running if one[1] > low]
        codes = tuple(sorted(code for _, _, code in running))
        if len(codes) < 2:
            continue
        before = overlaps[-1] if overlaps else None
        if before is not None and before.codes == codes and before.end_m == low:
            overlaps[-1] = Stretch(line=name, start_m=before.start_m, end_m=high, codes=codes)
        else:
            overlaps.append(Stretch(line=name, start_m=low, end_m=high, codes=codes))
    return gaps, [one for one in overlaps if one.end_m - one.start_m > tolerance_m]


def _runs_along(line: ChainedLine, start_m: float, end_m: float, shape: shapely.Geometry, tolerance_m: float) -> bool:
    piece = line.piece(start_m, end_m)
    middle = float(np.cos(np.radians(shapely.get_coordinates(piece)[:, 1].mean())))
    scale = np.array([111_320.0 * middle, 111_320.0])
    one, other = (shapely.transform(held, lambda c: c * scale) for held in (piece, shape))
    return bool(shapely.hausdorff_distance(one, other) <= tolerance_m)


def locate_on_segments(
    table: LinearGrids,
    lines: Mapping[str, ChainedLine],
    lonlat: npt.NDArray[np.float64],
    *,
    max_m: float = 500.0,
) -> Located:
    """Find the segment and chainage of points float64[n, 2] degrees on the nearest line at most ``max_m`` away.

    A segment holds its start but not its end, except at the end of a line; of several the lowest code counts.

    Raises
    ------
    CoordinateError
        If a coordinate is not finite.
    """
    places = np.asarray(lonlat, dtype=np.float64).reshape(-1, 2)
    rows = np.full(len(places), -1, dtype=np.int32)
    metres, offset = np.full(len(places), np.nan), np.full(len(places), np.inf)
    frame = table.frame
    of_line = frame["line"].to_numpy(dtype=object)
    codes = frame["code"].to_numpy(dtype=object).astype(str)
    start, end = frame["start_m"].to_numpy(dtype=np.float64), frame["end_m"].to_numpy(dtype=np.float64)
    for name in sorted(lines):
        along, apart = lines[name].locate(places)
        mine = np.flatnonzero(of_line == name)
        row = np.full(len(places), -1, dtype=np.int32)
        last = lines[name].length_m
        # From the highest code down, so that the lowest is written last.
        for k in mine[np.argsort(codes[mine], kind="stable")][::-1].tolist():
            row[(along >= start[k]) & ((along < end[k]) | ((along >= last) & (end[k] >= last)))] = k
        better = (apart < offset) & (apart <= max_m) & (row >= 0)
        rows[better], metres[better], offset[better] = row[better], along[better], apart[better]
    return Located(rows=rows, metres=metres, offset_m=offset)
