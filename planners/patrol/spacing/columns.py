"""Columns and rows of the program behind the least number of units."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """The moves that are in a program, and the numbers of its columns.

    Attributes
    ----------
    tail, head : of the moves within a window
    over_tail, over_head : of the moves over to a later window, those from a point to itself last
    from_post, to_first : pools and points of first moves
    to_post, from_last : pools and points of last moves
    move, over, start, end, wait, miss, unit : numbers of the columns of each sort; waits and missing visits have one a point
    move_at, over_at : int64[n, n], numbers of the moves between two points, -1 where there is none and from a point to itself
    """

    tail: Ints
    head: Ints
    over_tail: Ints
    over_head: Ints
    from_post: Ints
    to_first: Ints
    to_post: Ints
    from_last: Ints
    move: Ints
    over: Ints
    start: Ints
    end: Ints
    wait: Ints
    miss: Ints
    unit: Ints
    move_at: Ints
    over_at: Ints

    @classmethod
    def of(cls, *, arcs: Flags, alike: Flags, first: Flags, last: Flags) -> Columns:
        """Number the columns of moves between points, bool[n, n], and from and to posts, bool[pools, n]."""
        every = np.arange(len(arcs))
        tail, head = np.nonzero(arcs)
        cross = alike[tail, head]
        over_tail, over_head = np.append(tail[cross], every), np.append(head[cross], every)
        from_post, to_first = np.nonzero(first)
        to_post, from_last = np.nonzero(last)
        sizes = [len(tail), len(over_tail), len(from_post), len(to_post), len(every), len(every), 1]
        move, over, start, end, wait, miss, unit = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        move_at, over_at = np.full(arcs.shape, -1), np.full(arcs.shape, -1)
        move_at[tail, head], over_at[over_tail, over_head] = move, over
        np.fill_diagonal(over_at, -1)
        return cls(
            tail=tail, head=head, over_tail=over_tail, over_head=over_head, from_post=from_post, to_first=to_first,
            to_post=to_post, from_last=from_last, move=move, over=over, start=start, end=end, wait=wait, miss=miss, unit=unit,
            move_at=move_at, over_at=over_at,
        )  # fmt: skip

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.miss)

    @property
    def total(self) -> int:
        """How many columns there are."""
        return int(self.unit[-1]) + 1

    def within(self, held: Ints) -> Ints:
        """Return the moves within a window between some points."""
        found = self.move_at[np.ix_(held, held)].ravel()
        return found[found >= 0]

    def inside(self, held: Ints) -> Ints:
        """Return all moves between some points, but those from a point to itself."""
        over = self.over_at[np.ix_(held, held)].ravel()
        return np.append(self.within(held), over[over >= 0])


@dataclass(slots=True, eq=False)
class Rows:
    """Rows of a sparse matrix, and what each may come to."""

    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.limit)

    def add(self, columns: Ints, values: Floats | float, limit: float) -> None:
        """Add a row with these values in these columns."""
        self.row.append(np.full(len(columns), len(self.limit)))
        self.column.append(columns)
        self.value.append(np.broadcast_to(np.asarray(values, np.float64), columns.shape))
        self.limit.append(limit)

    def matrix(self, columns: int) -> csr_array:
        """Return the rows as a matrix of so many columns."""
        return csr_array(
            (np.concatenate(self.value), (np.concatenate(self.row), np.concatenate(self.column))),
            shape=(len(self.limit), columns),
        )
