"""Kernel density of calls along streets: a call spreads along the network, not through walls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from geo.cells.segments import SegmentCells
from geo.compiled import compiled
from geo.errors import InputError, ParameterError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Split = Literal["continuous", "discontinuous"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkDensity:
    """Calls per km of street at the middles of pieces of segments.

    Attributes
    ----------
    value : float64[k]
    segment : int64[k], rows of the segments
    from_m, to_m : float64[k], ends of each piece along its segment
    starts : int64[segments + 1], first piece of each segment
    cut_off : part of the calls' weight that was too thin to be followed, lost
    """

    value: Floats
    segment: Ints
    from_m: Floats
    to_m: Floats
    starts: Ints
    cut_off: float


def network_density(
    cells: SegmentCells,
    arcs: npt.ArrayLike,
    metres_along: npt.ArrayLike,
    *,
    reach_m: float,
    piece_m: float = 20.0,
    split: Split = "continuous",
    thinnest: float = 1e-4,
) -> NetworkDensity:
    """Return the density of calls at ``metres_along`` (float64[n]) of ``arcs`` (int[n], -1 counts nowhere), quartic along the streets.

    At a node with d street ends what arrives goes on in equal parts: ``discontinuous`` 1 / (d - 1) into each other street, lost at a dead
    end; ``continuous`` 2 / d into each other and 2 / d - 1 back, so that the density does not jump at nodes and nothing is lost. Parts
    below ``thinnest`` are not followed and are summed up in ``cut_off``. Okabe, A., Satoh, T. and Sugihara, K. (2009). A kernel density
    estimation method for networks. International Journal of GIS 23, 7-32.
    """
    arc, along = np.asarray(arcs, np.int64), np.asarray(metres_along, np.float64)
    if arc.shape != along.shape or (arc >= len(cells.of_arc)).any() or not np.isfinite(along[arc >= 0]).all():
        raise InputError(
            "Each call needs an arc of the network and metres along it", "每起警情需要有效的路段与沿线里程"
        )
    if not (0 < reach_m < np.inf and 0 < piece_m < np.inf and 0 < thinnest < 1):
        raise ParameterError(
            "Reach and pieces must be above 0 m, the thinnest part between 0 and 1",
            "带宽与分段长度应大于 0，截断比例应在 0 与 1 之间",
        )
    known = arc >= 0
    segment = cells.of_arc[arc[known]]
    forward = cells.arc[segment] == arc[known]
    length = cells.metres[segment]
    place = np.clip(np.where(forward, along[known], length - along[known]), 0.0, length)
    starts = _starts(cells, piece_m)
    indptr, ends = _ends(cells)
    value = np.zeros(starts[-1])
    lost = _spread(
        segment, place, cells.metres, cells.ends, starts, indptr, ends, reach_m, split == "continuous", thinnest, value
    )
    of_piece, first, size = _of_pieces(cells, starts)
    return NetworkDensity(
        value=value * 1000, segment=of_piece, from_m=first, to_m=first + size, starts=starts,
        cut_off=float(lost) / max(1, int(known.sum())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Streets cut into pieces, and what a call in the middle of each adds to the density at the middle of every other.

    Attributes
    ----------
    segment : int64[k], rows of the segments
    from_m, to_m : float64[k], ends of each piece along its segment
    starts : int64[segments + 1], first piece of each segment
    spread : float32[k, k] sparse, calls per km that a call on the row's piece adds at the column's
    """

    segment: Ints
    from_m: Floats
    to_m: Floats
    starts: Ints
    spread: csr_array

    @classmethod
    def of(
        cls,
        cells: SegmentCells,
        *,
        reach_m: float,
        piece_m: float,
        split: Split = "discontinuous",
        thinnest: float = 1e-3,
    ) -> Self:
        """Cut the streets; see ``network_density`` for the parameters."""
        starts = _starts(cells, piece_m)
        segment, first, size = _of_pieces(cells, starts)
        indptr, order = _ends(cells)
        row, piece, share = _rows(
            segment, first + size / 2, cells.metres, cells.ends, starts, indptr, order, reach_m,
            split == "continuous", thinnest,
        )  # fmt: skip
        spread = csr_array((share, piece, row), shape=(len(segment), len(segment)))
        return cls(segment=segment, from_m=first, to_m=first + size, starts=starts, spread=spread)

    def at(self, cells: SegmentCells, arcs: Ints, metres_along: Floats) -> Ints:
        """Return the piece on which each place lies, int64[n]; -1 for arc -1."""
        segment = cells.of_arc[np.maximum(arcs, 0)]
        length = cells.metres[segment]
        place = np.clip(np.where(cells.arc[segment] == arcs, metres_along, length - metres_along), 0, length)
        pieces = self.starts[segment + 1] - self.starts[segment]
        within = np.minimum((place / np.maximum(length, 1e-9) * pieces).astype(np.int64), pieces - 1)
        return np.where(arcs >= 0, self.starts[segment] + within, -1).astype(np.int64)

    def density(self, counts: npt.ArrayLike) -> Floats:
        """Return calls per km at the middles of pieces, float64[k], from calls on them, [k] or [k, m]."""
        return np.asarray(self.spread.T @ np.asarray(counts, np.float32), np.float64)


def _starts(cells: SegmentCells, piece_m: float) -> Ints:
    starts = np.zeros(len(cells) + 1, np.int64)
    np.cumsum(np.maximum(1, np.ceil(cells.metres / piece_m - 1e-9)).astype(np.int64), out=starts[1:])
    return starts


def _of_pieces(cells: SegmentCells, starts: Ints) -> tuple[Ints, Floats, Floats]:
    """Return the segment of each piece, where it begins along it, and its length."""
    pieces = np.diff(starts)
    segment = np.repeat(np.arange(len(cells), dtype=np.int64), pieces)
    size = cells.metres[segment] / pieces[segment]
    return segment, (np.arange(starts[-1]) - starts[segment]) * size, size


def _ends(cells: SegmentCells) -> tuple[Ints, Ints]:
    """Return the street ends at each node: segment * 2, plus 1 for its far end, as compressed rows."""
    node = cells.ends.ravel()
    order = np.argsort(node, kind="stable").astype(np.int64)
    indptr = np.zeros(int(node.max(initial=-1)) + 2, np.int64)
    np.cumsum(np.bincount(node, minlength=len(indptr) - 1), out=indptr[1:])
    return indptr, order


@compiled()
def _lay(
    value: Floats, starts: Ints, metres: Floats, end: int, begin: float, gone: float, part: float, reach: float
) -> None:
    """Add what runs along a segment from ``begin`` metres after its near ``end``, ``gone`` metres after the call."""
    segment, far = end // 2, end % 2
    pieces = starts[segment + 1] - starts[segment]
    size = metres[segment] / pieces
    for k in range(pieces):
        ahead = (k + 0.5) * size - begin
        if ahead < 0:
            continue
        u = (gone + ahead) / reach
        if u >= 1:
            break
        piece = pieces - 1 - k if far else k
        value[starts[segment] + piece] += part * 0.9375 / reach * (1 - u * u) ** 2


@compiled()
def _beyond(gone: float, reach: float) -> float:
    """Return how much of a call lies further than ``gone`` on one side."""
    u = min(gone / reach, 1.0)
    return float(0.5 - 0.9375 * (u - 2 * u**3 / 3 + u**5 / 5))


@compiled()
def _spread_one(
    s: int,
    at: float,
    metres: Floats,
    ends: Ints,
    starts: Ints,
    indptr: Ints,
    order: Ints,
    reach: float,
    continuous: bool,  # noqa: FBT001
    thinnest: float,
    value: Floats,
    stack_end: Ints,
    stack_gone: Floats,
    stack_part: Floats,
    touched: Ints,
) -> tuple[float, int]:
    """Lay one call; return what was lost and how many segments it ran along (the first of them in ``touched``, some twice)."""
    lost = 0.0
    _lay(value, starts, metres, 2 * s, at, 0.0, 1.0, reach)
    # A piece whose middle is the call itself is laid once: the other way starts a hair later.
    _lay(value, starts, metres, 2 * s + 1, metres[s] - at + 1e-9, 1e-9, 1.0, reach)
    touched[0] = s
    laid = 1
    stack_end[0], stack_gone[0], stack_part[0] = 2 * s + 1, metres[s] - at, 1.0
    stack_end[1], stack_gone[1], stack_part[1] = 2 * s, at, 1.0
    top = 2
    while top > 0:
        top -= 1
        came, gone, part = stack_end[top], stack_gone[top], stack_part[top]
        if gone >= reach:
            continue
        node = ends[came // 2, came % 2]
        degree = indptr[node + 1] - indptr[node]
        for k in range(indptr[node], indptr[node + 1]):
            end = order[k]
            if continuous:
                share = part * (2.0 / degree - (1.0 if end == came else 0.0))
            elif end == came:
                continue
            else:
                share = part / (degree - 1)
            if abs(share) < thinnest or top >= len(stack_end) - 2:
                lost += abs(share) * _beyond(gone, reach)
                continue
            _lay(value, starts, metres, end, 0.0, gone, share, reach)
            if laid < len(touched):
                touched[laid] = end // 2
            laid += 1
            stack_end[top], stack_gone[top], stack_part[top] = end ^ 1, gone + metres[end // 2], share
            top += 1
    return lost, laid


@compiled()
def _spread(
    segment: Ints,
    place: Floats,
    metres: Floats,
    ends: Ints,
    starts: Ints,
    indptr: Ints,
    order: Ints,
    reach: float,
    continuous: bool,  # noqa: FBT001
    thinnest: float,
    value: Floats,
) -> float:
    lost = 0.0
    # What is still to follow: the street end that is arrived at, metres gone, part left.
    stack_end, stack_gone, stack_part = np.empty(4096, np.int64), np.empty(4096), np.empty(4096)
    touched = np.empty(1, np.int64)
    for i in range(len(segment)):
        gone, _ = _spread_one(
            segment[i], place[i], metres, ends, starts, indptr, order, reach, continuous, thinnest, value,
            stack_end, stack_gone, stack_part, touched,
        )  # fmt: skip
        lost += gone
    return lost


@compiled()
def _rows(
    segment: Ints,
    place: Floats,
    metres: Floats,
    ends: Ints,
    starts: Ints,
    indptr: Ints,
    order: Ints,
    reach: float,
    continuous: bool,  # noqa: FBT001
    thinnest: float,
) -> tuple[Ints, npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return what each call lays on which piece, as compressed rows."""
    stack_end, stack_gone, stack_part = np.empty(4096, np.int64), np.empty(4096), np.empty(4096)
    touched, value = np.empty(1 << 16, np.int64), np.zeros(starts[-1])
    row = np.zeros(len(segment) + 1, np.int64)
    piece, share = np.empty(1 << 12, np.int32), np.empty(1 << 12, np.float32)
    k = 0
    for i in range(len(segment)):
        _, laid = _spread_one(
            segment[i], place[i], metres, ends, starts, indptr, order, reach, continuous, thinnest, value,
            stack_end, stack_gone, stack_part, touched,
        )  # fmt: skip
        # Where more segments were run along than are remembered, all are looked through.
        every = laid > len(touched)
        for j in range(len(metres) if every else laid):
            of = j if every else touched[j]
            for at in range(starts[of], starts[of + 1]):
                if value[at] != 0.0:
                    if k == len(piece):
                        piece = np.concatenate((piece, np.empty(len(piece), np.int32)))
                        share = np.concatenate((share, np.empty(len(share), np.float32)))
                    piece[k], share[k] = at, value[at] * 1000
                    value[at] = 0.0
                    k += 1
        row[i + 1] = k
    return row, piece[:k].copy(), share[:k].copy()
