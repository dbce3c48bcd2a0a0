"""What a tree must hold: one place for each unit, no circle, parents one level up, codes by the rule of their level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.errors import TableError
from geo.grids.tree import Level, Mask, Tree

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Level int64[n] and row of the parent int64[n] (-1 for roots), in the order of the input."""

    level: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int64]


class _Breaches:
    """Sentences in both languages with the codes that they concern."""

    def __init__(self) -> None:
        self.en: list[str] = []
        self.zh: list[str] = []
        self.rows: list[str] = []

    def note(self, en: str, zh: str, codes: Sequence[str]) -> None:
        if not len(codes):
            return
        named, more = [str(code) for code in codes[:5]], len(codes) - 5
        self.en.append(f"{en} ({', '.join(named)}{f' and {more} more' if more > 0 else ''})")
        self.zh.append(f"{zh}（{'、'.join(named)}{f' 等 {len(codes)} 个' if more > 0 else ''}）")
        self.rows.extend(str(code) for code in codes)

    def throw(self) -> None:
        if self.en:
            raise TableError(
                f"The tree cannot stand: {'; '.join(self.en)}",
                f"层级树无法成立：{'；'.join(self.zh)}",
                rows=self.rows[:100],
                breaches=self.en,
            )


def checked_levels(
    levels: tuple[Level, ...], codes: Texts, parents: Sequence[str | None], level: Sequence[str] | None
) -> Placed:
    """Find the level and the parent of each row, or raise ``TableError`` with everything that is wrong."""
    found = _Breaches()
    if len(parents) != len(codes) or (level is not None and len(level) != len(codes)):
        raise TableError(
            f"{len(codes)} codes, {len(parents)} parents and {len(level or codes)} levels do not match",
            f"编码 {len(codes)} 个、上级 {len(parents)} 个、层级 {len(level or codes)} 个，数量不一致",
        )
    unique, times = np.unique(codes, return_counts=True)
    found.note("codes that occur more than once", "编码重复", unique[times > 1].tolist())
    found.note("a unit without a code", "有单位没有编码", ["-"] if (codes == "").any() else [])
    parent = _parents(codes, parents, found)
    depth = _depths(codes, parent, len(levels), found) if level is None else _stated(levels, codes, level, found)
    found.throw()
    has = parent >= 0
    top = int(depth.min(initial=len(levels)))
    found.note(
        "units without a unit above, though not on the highest level",
        "不在最高层却没有上级",
        codes[~has & (depth > top)].tolist(),
    )
    wrong = np.flatnonzero(has)[depth[parent[has]] != depth[has] - 1]
    found.note("units whose parent is not on the level above", "上级不在上一层", codes[wrong].tolist())
    found.throw()
    return Placed(level=depth, parent=parent)


def _parents(codes: Texts, parents: Sequence[str | None], found: _Breaches) -> npt.NDArray[np.int64]:
    stated = np.array([p if isinstance(p, str) else "" for p in parents], dtype=np.str_)
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    at = np.minimum(np.searchsorted(codes, stated, sorter=order), len(order) - 1)
    row = order[at]
    known = codes[row] == stated
    has = stated != ""
    found.note("units whose parent does not exist", "上级不存在", codes[has & ~known].tolist())
    return np.where(has & known, row, -1).astype(np.int64)


def _depths(codes: Texts, parent: npt.NDArray[np.int64], levels: int, found: _Breaches) -> npt.NDArray[np.int64]:
    depth = np.where(parent < 0, 0, -1)
    for _ in range(levels):
        open_ = np.flatnonzero(depth < 0)
        above = depth[parent[open_]]
        depth[open_[above >= 0]] = above[above >= 0] + 1
    lost = np.flatnonzero((depth < 0) | (depth >= levels))
    climb, jump = lost.copy(), parent
    # Jumps of 1, 2, 4, ... steps up: whoever is not beyond a root after n steps is in a circle or below one.
    for _ in range(len(codes).bit_length() + 1):
        climb = np.where(climb >= 0, jump[climb], -1)
        jump = np.where(jump >= 0, jump[jump], -1)
    circle = lost[climb >= 0]
    found.note("units above each other in a circle", "上下级成环", codes[circle].tolist())
    found.note(f"units deeper than {levels} levels", f"层级超过 {levels} 层", codes[lost[climb < 0]].tolist())
    return np.where(depth < 0, 0, depth).astype(np.int64)


def _stated(levels: tuple[Level, ...], codes: Texts, level: Sequence[str], found: _Breaches) -> npt.NDArray[np.int64]:
    number = {held.key: k for k, held in enumerate(levels)}
    unknown = [str(code) for code, key in zip(codes, level, strict=True) if key not in number]
    found.note("units on a level that the tree does not have", "所属层级不存在", unknown)
    return np.array([number.get(key, 0) for key in level], dtype=np.int64)


def require_rules(tree: Tree) -> None:
    """Raise ``TableError`` if codes do not follow the rule of their level."""
    found = _Breaches()
    for depth, level in enumerate(tree.levels):
        rows = np.flatnonzero(tree.level == depth)
        codes = tree.codes[rows]
        if level.layouts:
            _by_layout(tree, level, rows, found)
            continue
        if level.digits is not None:
            bad = ~_digits(codes, level.digits)
            found.note(
                f"codes of a {level.en} that are not {level.digits} digits",
                f"{level.zh}编码应为 {level.digits} 位数字",
                codes[bad].tolist(),
            )
            if level.lead is not None and not bad.any():
                padded = np.char.str_len(np.char.rstrip(codes, "0")) <= level.lead
                found.note(
                    f"codes of a {level.en} that do not end in {level.digits - level.lead} zeros",
                    f"{level.zh}编码末 {level.digits - level.lead} 位应为 0",
                    codes[~padded].tolist(),
                )
        below = rows[tree.parent[rows] >= 0]
        if level.nested and len(below):
            lead = tree.levels[depth - 1].lead
            above = tree.codes[tree.parent[below]]
            short = above if lead is None else above.astype(f"<U{lead}")
            bad = ~np.char.startswith(tree.codes[below], short)
            found.note(
                f"codes of a {level.en} that do not begin like their parent's",
                f"{level.zh}编码与上级编码的前几位不一致",
                tree.codes[below][bad].tolist(),
            )
    found.throw()


def _by_layout(tree: Tree, level: Level, rows: npt.NDArray[np.int64], found: _Breaches) -> None:
    codes = tree.codes[rows]
    fits = np.zeros(len(rows), dtype=np.bool_)
    placed = tree.parent[rows] < 0
    for layout in level.layouts:
        valid = layout.valid(codes)
        fits |= valid
        mine = np.flatnonzero(valid & ~placed)
        placed[mine] = layout.parents_of(codes[mine]) == tree.codes[tree.parent[rows[mine]]]
    names = " / ".join(layout.name for layout in level.layouts)
    found.note(f"codes of a {level.en} that are not {names}", f"{level.zh}编码不符合 {names}", codes[~fits].tolist())
    found.note(
        f"codes of a {level.en} that belong to another parent",
        f"{level.zh}编码所示的上级与实际上级不同",
        codes[fits & ~placed].tolist(),
    )


def _digits(codes: Texts, digits: int) -> Mask:
    ascii_only = np.char.isdecimal(codes) & np.array([code.isascii() for code in codes.tolist()], dtype=np.bool_)
    fits: Mask = ascii_only & (np.char.str_len(codes) == digits)
    return fits
