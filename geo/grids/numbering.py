"""Numbers for grids: minted in reading order, kept where the land did not change, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import FieldError, LimitError, ParameterError
from geo.grids.layout import UNIT15, CodeLayout, Sentence
from geo.grids.same_land import same_land
from geo.tables.grids import Grids

BAND_M: Final = 500.0
"""Height of a row band unless another is given."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceUse:
    """How full a space of serials is: ``held`` serials in use, ``retired`` ones not given again, of ``size``."""

    space: str
    parent: str
    held: int
    retired: int
    size: int

    @property
    def left(self) -> int:
        """Serials never used."""
        return self.size - self.held - self.retired

    @property
    def nearly_full(self) -> bool:
        """Whether 900 of 999 serials, or a like share of another space, are gone."""
        return 10 * (self.held + self.retired) >= 9 * (self.size + 1)

    def sentence(self) -> Sentence:
        """Return how full it is, in English and Chinese."""
        en = f"{self.held} serials in use and {self.retired} retired of {self.size}, {self.left} left"
        zh = f"顺序号共 {self.size} 个，在用 {self.held} 个，停用 {self.retired} 个，剩余 {self.left} 个"
        return (
            f"Community {self.parent}: {en}; think of dividing it before they run out",
            f"社区（村）{self.parent}：{zh}，请在用尽前考虑调整社区（村）",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReport:
    """What is wrong with the codes of a layer.

    Attributes
    ----------
    malformed : code and what is wrong with it, in English and Chinese
    duplicates : codes that occur more than once
    misplaced : code and stated parent, where the code belongs to another parent
    collisions : codes that were retired and are in use again
    nearly_full : spaces with 900 of 999 serials gone, or a like share
    """

    malformed: Mapping[str, Sentence]
    duplicates: tuple[str, ...]
    misplaced: tuple[tuple[str, str], ...]
    collisions: tuple[str, ...]
    nearly_full: tuple[SpaceUse, ...]

    @property
    def good(self) -> bool:
        """Whether every code may stand; a space that is nearly full is no fault."""
        return not (self.malformed or self.duplicates or self.misplaced or self.collisions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumbering:
    """New codes for a layer.

    Attributes
    ----------
    codes : the code of each new row
    kept : whether the row kept the code of the same land
    retired : old codes that no row bears any more, sorted
    nearly_full : spaces of the new layer that are nearly full
    """

    codes: tuple[str, ...]
    kept: tuple[bool, ...]
    retired: tuple[str, ...]
    nearly_full: tuple[SpaceUse, ...]


def check_codes(
    codes: Sequence[str],
    *,
    layout: CodeLayout = UNIT15,
    parents: Sequence[str | None] | None = None,
    retired: Iterable[str] = (),
) -> CodeReport:
    """Check codes against a layout, each other, the stated parents of their grids and the codes given up before."""
    held = np.asarray(codes, dtype=np.str_)
    valid = layout.valid(held) if len(held) else np.zeros(0, dtype=np.bool_)
    unique, times = np.unique(held, return_counts=True) if len(held) else (held, np.zeros(0, dtype=np.int64))
    misplaced: list[tuple[str, str]] = []
    if parents is not None:
        stated = np.array([p if isinstance(p, str) else "" for p in parents], dtype=np.str_)
        rows = np.flatnonzero(valid & (stated != ""))
        rows = rows[layout.parents_of(held[rows]) != stated[rows]]
        misplaced = list(zip(held[rows].tolist(), stated[rows].tolist(), strict=True))
    given_up = set(retired)
    malformed = {code: layout.problem(code) for code in held[~valid].tolist()}
    return CodeReport(
        malformed={code: wrong for code, wrong in malformed.items() if wrong is not None},
        duplicates=tuple(unique[times > 1].tolist()),
        misplaced=tuple(misplaced),
        collisions=tuple(sorted(given_up.intersection(unique.tolist()))),
        nearly_full=_nearly_full(set(held[valid].tolist()), given_up, layout),
    )


def reading_order(
    lonlat: npt.NDArray[np.float64], *, group: Ints | None = None, band_m: float = BAND_M, ties: Ints | None = None
) -> Ints:
    """Return the rows (float64[n, 2] degrees) in reading order, int64[n]: group by group, north to south, west to east.

    Each group is cut into row bands ``band_m`` high from its northernmost place down; inside a band the order is west
    to east, then north to south, then that of ``ties``.

    Raises
    ------
    ParameterError
        If the band height is not a positive number of metres.
    """
    if not (np.isfinite(band_m) and band_m > 0):
        raise ParameterError(
            f"The band height is {band_m:g} m; it must be above 0", f"行带高度为 {band_m:g} 米，应大于 0"
        )
    n = len(lonlat)
    of = np.zeros(n, dtype=np.int64) if group is None else group
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    north = np.full(int(of.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(north, of, lat)
    middle = np.radians(north[of])
    metres_per_degree = 111_132.95 - 559.85 * np.cos(2 * middle) + 1.18 * np.cos(4 * middle)
    band = np.floor((north[of] - lat) * metres_per_degree / band_m).astype(np.int64)
    last = np.arange(n) if ties is None else ties
    return np.lexsort((last, -lat, lon, band, of)).astype(np.int64)


def mint(
    spaces: Sequence[str],
    lonlat: npt.NDArray[np.float64],
    *,
    layout: CodeLayout = UNIT15,
    band_m: float = BAND_M,
    retired: Iterable[str] = (),
) -> list[str]:
    """Return fresh codes for grids with centres float64[n, 2] degrees, numbered from 1 in each space in reading order.

    Codes in ``retired`` (given up before, or held by grids of another kind) are passed over.

    Raises
    ------
    FieldError
        If a space does not follow the layout.
    LimitError
        If a space has more grids than serials; the sentence names the community.
    """
    names, group = np.unique(np.asarray(spaces, dtype=np.str_), return_inverse=True)
    _require_spaces(names.tolist(), layout)
    sizes = np.bincount(group, minlength=len(names))
    gone = _serials_of(retired, layout, set(names.tolist()))
    room = np.full(len(names), len(layout.serials))
    for k, space in enumerate(names.tolist()):
        room[k] -= len(gone.get(space, ()))
    for k in np.flatnonzero(sizes > room)[:1].tolist():
        raise _full(layout, str(names[k]), int(sizes[k]), resting=room[k] < len(layout.serials))
    order = reading_order(lonlat, group=group.astype(np.int64), band_m=band_m)
    first = np.cumsum(sizes) - sizes
    serial = np.empty(len(order), dtype=np.int64)
    serial[order] = np.arange(len(order)) - first[group[order]] + layout.serials[0]
    for k, space in enumerate(names.tolist()):
        if space in gone:
            free = np.array([number for number in layout.serials if number not in gone[space]], dtype=np.int64)
            mine = group == k
            serial[mine] = free[serial[mine] - layout.serials[0]]
    digits = layout.serial.digits
    return [f"{space}{k:0{digits}d}" for space, k in zip(spaces, serial.tolist(), strict=True)]


def _serials_of(codes: Iterable[str], layout: CodeLayout, spaces: set[str]) -> dict[str, set[int]]:
    """Return the serials of some codes by space, of these spaces only."""
    held: dict[str, set[int]] = {}
    for code in codes:
        if layout.space(code) in spaces and layout.problem(code) is None:
            held.setdefault(layout.space(code), set()).add(int(code[-layout.serial.digits :]))
    return held


def renumber(
    old: Grids,
    new: Grids,
    *,
    layout: CodeLayout = UNIT15,
    spaces: Sequence[str] | None = None,
    same_share: float = 0.999,
    band_m: float = BAND_M,
    retired: Iterable[str] = (),
    reuse_retired: bool = False,
) -> Renumbering:
    """Number a new layer so that land that did not change keeps its code.

    A grid is the same land as an old one of the same kind and space if their common area is at least ``same_share``
    of both. All others get serials never used in their space, in reading order: first those above the highest of
    the same kind, then those that were left out. Codes in ``retired`` and old codes that fall out are given again only
    if a space is full otherwise and ``reuse_retired`` is set. What the ``code`` column of the new layer holds is not
    looked at.

    Parameters
    ----------
    spaces
        The space of each new row, the parts of its code before the serial; the parent's code where none is given.

    Raises
    ------
    FieldError
        If a space, or an old code, does not follow the layout.
    LimitError
        If a space is full; the sentence names the community.
    """
    given = _spaces(new, spaces)
    _require_spaces(sorted(set(given)), layout)
    old_codes = [str(code) for code in old.frame["code"]]
    bad = next((wrong for code in old_codes if (wrong := layout.problem(code)) is not None), None)
    if bad is not None:
        raise FieldError(*bad)
    kinds_old, kinds_new = old.frame["kind"].tolist(), new.frame["kind"].tolist()
    keys = [f"{kind} {layout.space(code)}" for kind, code in zip(kinds_old, old_codes, strict=True)]
    keys += [f"{kind} {space}" for kind, space in zip(kinds_new, given, strict=True)]
    group = np.unique(np.array(keys, dtype=np.str_), return_inverse=True)[1].astype(np.int64)
    shapes_old = np.asarray(old.frame.geometry.array, dtype=object)
    shapes_new = np.asarray(new.frame.geometry.array, dtype=object)
    # Old rows in code order: where two are equally good, the lower code is kept.
    rank = np.argsort(np.array(old_codes, dtype=np.str_), kind="stable")
    split = len(old_codes)
    pairs = same_land(
        shapes_old[rank], shapes_new, old_group=group[:split][rank], new_group=group[split:], at_least=same_share
    )
    codes: list[str] = [""] * len(new)
    for a, b in zip(rank[pairs.old].tolist(), pairs.new.tolist(), strict=True):
        codes[b] = old_codes[a]
    fresh = np.array([row for row, code in enumerate(codes) if not code], dtype=np.int64)
    before = set(retired)
    gone = set(old_codes) - set(codes)
    if len(fresh):
        pool = _Pool(layout, old_codes, kinds_old, before)
        names, of = np.unique(np.array([given[row] for row in fresh.tolist()], dtype=np.str_), return_inverse=True)
        centres = shapely.get_coordinates(shapely.centroid(shapes_new[fresh]))
        order = reading_order(centres, group=of.astype(np.int64), band_m=band_m)
        pool.resting = (before | gone) - set(codes)
        pool.may_reuse = reuse_retired
        pool.wanted = dict(zip(names.tolist(), np.bincount(of).tolist(), strict=True))
        for row in fresh[order].tolist():
            codes[row] = pool.take(given[row], kinds_new[row])
    now = set(codes)
    return Renumbering(
        codes=tuple(codes),
        kept=tuple(np.isin(np.arange(len(codes)), fresh, invert=True).tolist()),
        retired=tuple(sorted(set(old_codes) - now)),
        nearly_full=_nearly_full(now, (before | set(old_codes)) - now, layout),
    )


class _Pool:
    """Serials that are still free, by space."""

    def __init__(self, layout: CodeLayout, codes: Sequence[str], kinds: Sequence[str], retired: Iterable[str]) -> None:
        self._layout = layout
        self._used: dict[str, set[int]] = {}
        self._top: dict[tuple[str, str], int] = {}
        self.resting: set[str] = set()
        self.may_reuse = False
        self.wanted: dict[str, int] = {}
        size = layout.serial.digits
        for code, kind in zip(codes, kinds, strict=True):
            space, serial = code[:-size], int(code[-size:])
            self._used.setdefault(space, set()).add(serial)
            self._top[space, kind] = max(self._top.get((space, kind), 0), serial)
        for code in retired:
            if len(code) == layout.length:
                self._used.setdefault(code[:-size], set()).add(int(code[-size:]))

    def take(self, space: str, kind: str) -> str:
        used = self._used.setdefault(space, set())
        serials = self._layout.serials
        serial = self._top.get((space, kind), serials[0] - 1) + 1
        while serial in used:
            serial += 1
        if serial > serials[-1]:
            serial = next((free for free in serials if free not in used), 0)
        if serial:
            used.add(serial)
            self._top[space, kind] = max(self._top.get((space, kind), 0), serial)
            return self._written(space, serial)
        again = next((code for n in serials if (code := self._written(space, n)) in self.resting), None)
        if again is None or not self.may_reuse:
            raise _full(self._layout, space, self.wanted[space], resting=again is not None)
        self.resting.discard(again)
        return again

    def _written(self, space: str, serial: int) -> str:
        return space + self._layout.serial.written(serial)


def _spaces(new: Grids, spaces: Sequence[str] | None) -> list[str]:
    if spaces is not None:
        if len(spaces) != len(new):
            raise ParameterError(
                f"{len(spaces)} number spaces are given for {len(new)} grids",
                f"给出了 {len(spaces)} 个编码前缀，但有 {len(new)} 个网格",
            )
        return [str(space) for space in spaces]
    parents = new.frame["parent_code"].tolist()
    lost = [str(code) for code, parent in zip(new.frame["code"], parents, strict=True) if not isinstance(parent, str)]
    if lost:
        raise FieldError(
            f"{len(lost)} grids do not say to which community they belong (first: {lost[0]})",
            f"{len(lost)} 个网格未注明所属村（社区），第一个为 {lost[0]}",
            rows=lost[:100],
        )
    return [str(parent) for parent in parents]


def _require_spaces(spaces: Sequence[str], layout: CodeLayout) -> None:
    serial = layout.serial.written(layout.serials[0])
    for space in spaces:
        wrong = layout.problem(space + serial)
        if wrong is not None:
            raise FieldError(
                f"Community {space!r} cannot be numbered: {wrong[0]}",
                f"社区（村）“{space}”无法编号：{wrong[1]}",
                rows=[space],
            )


def _full(layout: CodeLayout, space: str, wanted: int, *, resting: bool) -> LimitError:
    parent, size = layout.parent_of_space(space), len(layout.serials)
    en, zh = (", or allow retired ones to be given again", "，或允许重新使用停用的顺序号") if resting else ("", "")
    return LimitError(
        f"The {size} serials of community {parent} do not suffice for {wanted} more grids; divide the community{en}",
        f"社区（村）{parent} 的 {size} 个顺序号不足以再编 {wanted} 个网格，请调整社区（村）{zh}",
        rows=[parent],
    )


def _nearly_full(held: set[str], retired: Iterable[str], layout: CodeLayout) -> tuple[SpaceUse, ...]:
    in_use: dict[str, int] = {}
    gone: dict[str, int] = {}
    for code in held:
        space = layout.space(code)
        in_use[space] = in_use.get(space, 0) + 1
    for code in set(retired) - held:
        space = layout.space(code)
        gone[space] = gone.get(space, 0) + 1
    uses = (
        SpaceUse(
            space=space,
            parent=layout.parent_of_space(space),
            held=in_use.get(space, 0),
            retired=gone.get(space, 0),
            size=len(layout.serials),
        )
        for space in sorted(in_use.keys() | gone.keys())
    )
    return tuple(use for use in uses if use.nearly_full)
