"""A tree of units on named levels: the administrative one and the police one, each with its own codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.errors import NotFoundError, ParameterError
from geo.grids.layout import SPECIAL20, UNIT15, CodeLayout

Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
NO_PARENT: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level of a tree and the rule of its codes.

    Attributes
    ----------
    digits : length of a code, None for any text
    lead : how many leading digits the codes below have in common with it, None for the whole code
    nested : whether a code begins with the leading digits of its parent
    layouts : where given, codes follow one of them and their parent is the one that the layout says; instead of the above
    """

    key: str
    zh: str
    en: str
    digits: int | None = None
    lead: int | None = None
    nested: bool = True
    layouts: tuple[CodeLayout, ...] = ()


ADMINISTRATIVE: Final = (
    Level(key="province", zh="省", en="province", digits=6, lead=2),
    Level(key="prefecture", zh="市州", en="prefecture", digits=6, lead=4),
    Level(key="county", zh="县区", en="county", digits=6),
    Level(key="town", zh="乡镇街道", en="town or street", digits=9),
    Level(key="community", zh="村社区", en="village or community", digits=12),
    Level(key="grid", zh="网格", en="grid", layouts=(UNIT15, SPECIAL20)),
    Level(key="micro_grid", zh="微网格", en="micro-grid"),
)
"""省 → 市州 → 县区 → 乡镇街道 → 村社区 → 网格 → 微网格; the three highest bear the six digits of GB/T 2260."""

POLICE: Final = (
    Level(key="bureau", zh="市局", en="bureau", nested=False),
    Level(key="branch", zh="分局", en="branch", nested=False),
    Level(key="station", zh="派出所", en="station", nested=False),
    Level(key="police_area", zh="警务区", en="police area", nested=False),
    Level(key="police_grid", zh="警格", en="police grid", nested=False),
)
"""市局 → 分局 → 派出所 → 警务区 → 警格; codes are the police's own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """Units on levels; rows stand level by level from the top, inside a level in code order.

    Attributes
    ----------
    levels : from the top down
    codes : str[n]
    names : n names, the code where there is none
    level : int8[n], index into ``levels``
    parent : int32[n], row of the unit above, -1 for a root; always one level up
    """

    levels: tuple[Level, ...]
    codes: npt.NDArray[np.str_]
    names: tuple[str, ...]
    level: npt.NDArray[np.int8]
    parent: Rows

    @classmethod
    def of(
        cls,
        *,
        levels: Sequence[Level],
        codes: Sequence[str],
        parents: Sequence[str | None],
        names: Sequence[str | None] | None = None,
        level: Sequence[str] | None = None,
    ) -> Self:
        """Build and check a tree from codes and the codes of the units above.

        Parameters
        ----------
        parents
            None for a root; roots stand on the highest level that occurs.
        level
            Keys of the levels of each row; without it, roots are on the first level and all others one below their
            parent.

        Raises
        ------
        TableError
            With all breaches together: double or empty codes, unknown levels, a parent that is not on the level
            above, circles, codes that do not follow the rule of their level.
        """
        from geo.grids.tree_check import checked_levels, require_rules

        held = np.asarray(codes, dtype=np.str_)
        order_of = checked_levels(tuple(levels), held, parents, level)
        order = np.lexsort((held, order_of.level))
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        above = order_of.parent[order]
        tree = cls(
            levels=tuple(levels),
            codes=held[order],
            names=tuple(_name(names, codes, row) for row in order.tolist()),
            level=order_of.level[order].astype(np.int8),
            parent=np.where(above >= 0, place[above], NO_PARENT).astype(np.int32),
        )
        require_rules(tree)
        for array in (tree.codes, tree.level, tree.parent):
            array.setflags(write=False)
        return tree

    def __len__(self) -> int:
        return len(self.codes)

    def rows_of(self, codes: Sequence[str] | npt.NDArray[np.object_] | npt.NDArray[np.str_]) -> Rows:
        """Return the rows of codes, int32[k]; -1 for codes that are not in the tree."""
        asked = np.asarray(codes, dtype=np.str_)
        if not len(self):
            return np.full(len(asked), -1, dtype=np.int32)
        order = np.argsort(self.codes, kind="stable")
        at = np.minimum(np.searchsorted(self.codes, asked, sorter=order), len(order) - 1)
        rows = order[at]
        return np.where(self.codes[rows] == asked, rows, -1).astype(np.int32)

    def row(self, code: str) -> int:
        """Return the row of a code.

        Raises
        ------
        NotFoundError
            If it is not in the tree.
        """
        found = np.flatnonzero(self.codes == code)
        if not len(found):
            raise NotFoundError(f"The tree has no unit {code}", f"层级树中没有编码为 {code} 的单位")
        return int(found[0])

    def depth(self, level: str) -> int:
        """Return the index of a level by its key; an unknown one raises ``ParameterError``."""
        keys = [held.key for held in self.levels]
        if level not in keys:
            raise ParameterError(
                f"The tree has no level {level!r}; it has {', '.join(keys)}",
                f"层级树没有“{level}”层，现有：{'、'.join(held.zh for held in self.levels)}",
            )
        return keys.index(level)

    def at(self, level: str) -> Rows:
        """Return the rows on a level, in code order."""
        return np.flatnonzero(self.level == self.depth(level)).astype(np.int32)

    @property
    def roots(self) -> Rows:
        """Rows with nothing above."""
        return np.flatnonzero(self.parent < 0).astype(np.int32)

    @property
    def leaves(self) -> Rows:
        """Rows with nothing below."""
        inner = np.zeros(len(self), dtype=np.bool_)
        inner[self.parent[self.parent >= 0]] = True
        return np.flatnonzero(~inner).astype(np.int32)

    def children(self, row: int) -> Rows:
        """Return the rows right below a row."""
        return np.flatnonzero(self.parent == row).astype(np.int32)

    def path(self, row: int) -> list[int]:
        """Return the rows from the root down to a row."""
        up = [row]
        while self.parent[up[-1]] >= 0:
            up.append(int(self.parent[up[-1]]))
        return up[::-1]

    def within(self, row: int) -> Mask:
        """Return which rows are a unit or lie below it, bool[n]: the scope of an account that holds it."""
        inside = np.zeros(len(self), dtype=np.bool_)
        inside[row] = True
        for depth in range(int(self.level[row]) + 1, len(self.levels)):
            rows = np.flatnonzero(self.level == depth)
            inside[rows] = inside[self.parent[rows]]
        return inside

    def ancestors(self, rows: npt.NDArray[np.integer], level: str) -> Rows:
        """Return for each row the row above it on a level (itself if it is on it), int32[k]; -1 where there is none."""
        depth = self.depth(level)
        up = np.asarray(rows, dtype=np.int32).copy()
        for _ in self.levels:
            higher = (up >= 0) & (self.level[up] > depth)
            if not higher.any():
                break
            up[higher] = self.parent[up[higher]]
        up[(up >= 0) & (self.level[up] != depth)] = -1
        return up


def _name(names: Sequence[str | None] | None, codes: Sequence[str], row: int) -> str:
    name = names[row] if names is not None else None
    return name if isinstance(name, str) and name else str(codes[row])
