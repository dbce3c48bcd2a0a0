"""Where the calls of an export are: coordinates in any frame, inside texts, or by the address book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.errors import FrameError
from geo.frames import inside_china
from geo.incidents import cells
from geo.incidents.address_book import AddressBook, Match
from geo.incidents.clean_places import Ground, is_placeholder
from geo.incidents.flags import Findings
from geo.incidents.frame_hypotheses import Verdict, detect, in_wgs84, known_frame
from geo.incidents.profile import CallsProfile

Lonlat = npt.NDArray[np.float64]
Note = tuple[str, str]
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Located:
    """Float64[n, 2] lon, lat in WGS84 (NaN without a place), the frame that they came in, and what was noticed.

    ``review`` are addresses that the book does not settle, with what it offers.
    """

    lonlat: Lonlat
    frame: str
    verdict: Verdict | None = None
    notes: tuple[Note, ...] = ()
    review: tuple[tuple[str, Match], ...] = field(default_factory=tuple)


def locate(
    table: pa.Table,
    profile: CallsProfile,
    found: Findings,
    *,
    points: Lonlat | None,
    source_frame: str | None,
    ground: Ground,
    book: AddressBook | None = None,
    addresses: npt.NDArray[np.object_] | None = None,
) -> Located:
    """Return the places of the rows of an export.

    ``points`` are those of a layer, in WGS84 already if ``source_frame`` says so. Errors of ``detect`` where the frame is
    to be found, and ``FrameError`` where none is stated.
    """
    notes: list[Note] = []
    verdict: Verdict | None = None
    frame = source_frame or profile.frame
    if points is not None and source_frame is not None:
        lonlat = points.copy()
    else:
        xy = points if points is not None else _pairs(table, profile, notes, ground)
        lonlat, frame, verdict = _converted(xy, table, profile, found, ground)
        if verdict is not None:
            notes.append((verdict.sentence_en, verdict.sentence_zh))
    review: tuple[tuple[str, Match], ...] = ()
    if book is not None and addresses is not None:
        review = _looked_up(lonlat, addresses, book, found, notes)
    return Located(lonlat=lonlat, frame=frame or "", verdict=verdict, notes=tuple(notes), review=review)


def _pairs(table: pa.Table, profile: CallsProfile, notes: list[Note], ground: Ground) -> Lonlat:
    xy = np.full((table.num_rows, 2), np.nan)
    if profile.lon is not None and profile.lat is not None:
        for i, name in enumerate((profile.lon, profile.lat)):
            xy[:, i], odd = cells.numbers(table.column(name))
            if odd:
                notes.append(
                    (
                        f"{odd} cells of {name} hold no number: no place",
                        f"{name} 列有 {odd} 个单元格不是数字，按无坐标处理",
                    )
                )
        xy[~np.isfinite(xy).all(axis=1)] = np.nan
    elif profile.place_text is not None:
        xy = cells.pairs(table.column(profile.place_text))
        if _latitude_first(xy, ground):
            xy = xy[:, ::-1].copy()
    return xy


def _latitude_first(xy: Lonlat, ground: Ground) -> bool:
    known = xy[np.isfinite(xy).all(axis=1)]
    if not len(known):
        return False
    if (np.abs(known[:, 1]) > 90).mean() > 0.5:
        return True
    if ground.bounds is None:
        return False
    west, south, east, north = ground.bounds
    x, y = np.median(known, axis=0)
    return bool(south <= x <= north and west <= y <= east)


def _converted(
    xy: Lonlat, table: pa.Table, profile: CallsProfile, found: Findings, ground: Ground
) -> tuple[Lonlat, str, Verdict | None]:
    n = len(xy)
    given = np.asarray(np.isfinite(xy).all(axis=1), dtype=bool)
    frames = np.full(n, None, dtype=object)
    if profile.frame_field is not None:
        frames = _frames_of_rows(table, profile.frame_field, given, required=profile.frame is None)
    rest = given & cells.blank(frames)
    verdict = None
    if rest.any() or not given.any():
        wanted = profile.frame
        if wanted == AUTO:
            verdict = _detected(xy[rest], ground)
            wanted = verdict.frame
        if wanted is None and given.any():
            raise FrameError(
                "The file does not say in which coordinate frame it is; state it, or let the streets tell (--frame auto)",
                "文件没有标明坐标系，请用 --frame 指明，或用 --frame auto 按路网判断",
            )
        frames[rest] = wanted
    lonlat = np.full((n, 2), np.nan)
    holder = given & is_placeholder(xy)
    for frame in sorted({str(f) for f in frames[given]}):
        rows = given & (frames == frame)
        lonlat[rows], unsure = in_wgs84(xy[rows], frame)
        mask = np.zeros(n, dtype=bool)
        mask[np.flatnonzero(rows)[unsure]] = True
        found.add("frame_unsure", mask & ~holder)
    lonlat[holder] = np.clip(
        xy[holder], [-180, -90], [180, 90]
    )  # as they stand, so that they are told for what they are
    label = Counter(str(f) for f in frames[given]).most_common()
    return lonlat, ", ".join(name for name, _ in label), verdict


def _frames_of_rows(
    table: pa.Table, name: str, given: npt.NDArray[np.bool_], *, required: bool
) -> npt.NDArray[np.object_]:
    said = cells.objects(cells.texts(table.column(name)))
    known = {text: known_frame(str(text)) for text in set(said[given]) if text is not None}
    odd = sorted(text for text, frame in known.items() if frame is None)
    if odd and required:
        raise FrameError(
            f"{name} names frames that are not known: {', '.join(odd[:5])}",
            f"{name} 列中有无法识别的坐标系：{'、'.join(odd[:5])}",
        )
    return np.array([known.get(text) for text in said], dtype=object)


def _detected(xy: Lonlat, ground: Ground) -> Verdict:
    if not len(xy):
        return Verdict(frame="WGS84", sure="assumed", shares={}, score=0.0, points=0)
    if ground.bounds is None:
        degrees = bool((np.abs(xy[:, 0]) <= 180).all() and (np.abs(xy[:, 1]) <= 90).all())
        if degrees and not inside_china(xy).any():
            return Verdict(frame="WGS84", sure="assumed", shares={}, score=0.0, points=len(xy))
        raise FrameError(
            "Without streets or grids nothing tells the frame; state it (--frame)",
            "没有路网或网格，无法判断坐标系，请用 --frame 指明",
        )
    return detect(xy, ground.bounds, ground.street_m)


def _looked_up(
    lonlat: Lonlat, addresses: npt.NDArray[np.object_], book: AddressBook, found: Findings, notes: list[Note]
) -> tuple[tuple[str, Match], ...]:
    n = len(lonlat)
    asked = ~np.isfinite(lonlat).all(axis=1) & ~cells.blank(addresses)
    rows = np.flatnonzero(asked)
    if not rows.size:
        return ()
    matches: Sequence[Match] = book.find_all([str(addresses[row]) for row in rows])
    kinds = np.full(n, "", dtype=object)
    kinds[rows] = [match.found for match in matches]
    lonlat[rows] = [(match.lon, match.lat) for match in matches]
    found.add("address_near", kinds == "near")
    found.add("address_unsure", kinds == "unsure")
    counts = Counter(match.found for match in matches)
    same, near, unsure, unknown = (counts[kind] for kind in ("exact", "near", "unsure", "unknown"))
    en = f"Address book ({len(book):,} entries): {same} exact, {near} nearly, {unsure} uncertain (to review), {unknown} unknown"
    zh = f"地址库（{len(book):,} 条）：精确 {same}，近似 {near}，无法确定 {unsure}（待核），未找到 {unknown}"
    notes.append((en, zh))
    seen: dict[str, Match] = {}
    for row, match in zip(rows, matches, strict=True):
        if match.found in ("unsure", "near"):
            seen.setdefault(str(addresses[row]), match)
    return tuple(sorted(seen.items())[:500])
