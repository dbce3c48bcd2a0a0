"""Ways between the candidates of two positions: searches over arcs that stop as soon as all are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from geo.streets.graph import StreetGraph

_Ints = npt.NDArray[np.int32]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArcGraph:
    """Arcs as the nodes of a search, so that forbidden turns and U-turns are seen.

    Attributes
    ----------
    indptr : int32[m + 1], rows of ``out`` of each arc
    out : int32[r], arcs that may follow; those that the profile may not use and forbidden turns are left out
    extra : float64[r], seconds that the turn is charged with
    seconds, metres : float64[m]
    """

    indptr: _Ints
    out: _Ints
    extra: _Floats
    seconds: _Floats
    metres: _Floats

    @classmethod
    def of(cls, graph: StreetGraph, seconds: _Floats, *, turn_back_seconds: float, turn_seconds: float = 0.0) -> Self:
        """Join the arcs of finite ``seconds``, float64[m], at their nodes.

        A turn by 90 degrees or more is charged with ``turn_seconds``, a lesser one with 1 - cos of that, a U-turn with
        ``turn_back_seconds`` instead.
        """
        usable = np.isfinite(seconds)
        first, last = graph.indptr[graph.heads].astype(np.int64), graph.indptr[graph.heads + 1].astype(np.int64)
        size = np.where(usable, last - first, 0)
        into = np.repeat(np.arange(graph.arcs), size)
        out = np.arange(len(into)) + np.repeat(first - (np.cumsum(size) - size), size)
        kept = usable[out]
        if len(graph.forbidden_turns):
            banned = graph.forbidden_turns.astype(np.int64)
            kept &= ~np.isin(into * graph.arcs + out, banned[:, 0] * graph.arcs + banned[:, 1])
        into, out = into[kept], out[kept]
        # At the end of a blind alley turning back is no choice.
        back = (graph.reverse[into] == out) & (np.bincount(into, minlength=graph.arcs)[into] > 1)
        return cls(
            indptr=np.r_[0, np.cumsum(np.bincount(into, minlength=graph.arcs))].astype(np.int32),
            out=out.astype(np.int32),
            extra=np.where(back, turn_back_seconds, turn_seconds * _bend(graph, into, out)),
            seconds=np.where(usable, seconds, np.inf),
            metres=graph.metres.astype(np.float64),
        )


def _bend(graph: StreetGraph, into: npt.NDArray[np.int64], out: npt.NDArray[np.int64]) -> _Floats:
    """Return 1 - cos of the change of direction between arcs, at most 1; 0 where an arc has none."""
    wide = np.cos(np.radians(graph.node_lonlat[:, 1].mean()))
    xy = graph.geometry_lonlat * np.array([wide, 1.0])
    first, last = graph.geometry_offsets[:-1], graph.geometry_offsets[1:] - 1
    leave, arrive = xy[first + 1] - xy[first], xy[last] - xy[last - 1]
    size = np.hypot(*arrive.T)[into] * np.hypot(*leave.T)[out]
    along = np.einsum("ij,ij->i", arrive[into], leave[out])
    bend = np.clip(1.0 - along / np.where(size > 0, size, 1.0), 0.0, 1.0)
    return np.asarray(np.where(size > 0, bend, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workspace:
    """Arrays that searches share: cost and seconds at the begin of each arc, from which arc and which start, a heap."""

    entry: _Floats
    entry_seconds: _Floats
    parent: _Ints
    origin: _Ints
    wanted: _Ints
    done: npt.NDArray[np.bool_]
    touched: _Ints
    keys: _Floats
    items: _Ints

    @classmethod
    def of(cls, arcs: ArcGraph) -> Self:
        """Make room for searches on a graph; not to be shared between threads."""
        m = len(arcs.seconds)
        return cls(
            entry=np.full(m, np.inf), entry_seconds=np.full(m, np.inf), parent=np.full(m, -1, np.int32),
            origin=np.full(m, -1, np.int32), wanted=np.zeros(m, np.int32), done=np.zeros(m, bool),
            touched=np.zeros(m, np.int32), keys=np.zeros(2 * len(arcs.out) + 1), items=np.zeros(2 * len(arcs.out) + 1, np.int32),
        )  # fmt: skip

    @property
    def arrays(self) -> tuple[_Floats, _Floats, _Ints, _Ints, _Ints, npt.NDArray[np.bool_], _Ints, _Floats, _Ints]:
        """The arrays in the order in which the kernel takes them."""
        return (
            self.entry, self.entry_seconds, self.parent, self.origin, self.wanted, self.done, self.touched,
            self.keys, self.items,
        )  # fmt: skip

    def clear(self, marks: int) -> None:
        """Forget the last search."""
        touched = self.touched[:marks]
        self.entry[touched] = np.inf
        self.parent[touched] = -1
        self.done[touched] = False


@compiled()
def spread(  # noqa: C901 - one kernel: calls between kernels cost more than its branches
    indptr: _Ints, out: _Ints, extra: _Floats, seconds: _Floats, metres: _Floats,
    source: _Ints, source_share: _Floats, source_cost: _Floats, target: _Ints, target_share: _Floats,
    per_metre: float, per_second: float, most_seconds: float, wider: float,
    entry: _Floats, entry_seconds: _Floats, parent: _Ints, origin: _Ints, wanted: _Ints, done: npt.NDArray[np.bool_],
    touched: _Ints, keys: _Floats, items: _Ints,
) -> tuple[_Floats, _Ints, _Floats, int]:  # fmt: skip
    """Return for each target the least cost of a source and the way from it, which source, the seconds, and the marks.

    One search from all sources at once: what a way costs adds up along it. It ends when all targets are settled, or
    ``wider`` beyond the first of them.
    """
    cost = np.full(len(target), np.inf)
    came = np.full(len(target), -1, np.int32)
    spent = np.full(len(target), np.inf)
    different = 0
    for j in range(len(target)):
        if wanted[target[j]] == 0:
            different += 1
        wanted[target[j]] += 1
    marks = 0
    size = 0
    for i in range(len(source)):
        a = source[i]
        if not np.isfinite(source_cost[i]):
            continue
        for j in range(len(target)):
            if target[j] == a and target_share[j] >= source_share[i]:
                ahead = target_share[j] - source_share[i]
                at = source_cost[i] + ahead * (metres[a] * per_metre + seconds[a] * per_second)
                if at < cost[j]:
                    cost[j] = at
                    came[j] = i
                    spent[j] = ahead * seconds[a]
        left = 1.0 - source_share[i]
        for e in range(indptr[a], indptr[a + 1]):
            b = out[e]
            used = left * seconds[a]
            at = source_cost[i] + left * metres[a] * per_metre + (used + extra[e]) * per_second
            if used <= most_seconds and at < entry[b]:
                if not np.isfinite(entry[b]):
                    touched[marks] = b
                    marks += 1
                entry[b] = at
                entry_seconds[b] = used
                parent[b] = a
                origin[b] = i
                size = _push(keys, items, size, at, b)
    found = 0
    most = np.inf
    while size > 0:
        key = keys[0]
        a = items[0]
        size = _pop(keys, items, size)
        if key > most:
            break
        if done[a] or key > entry[a]:
            continue
        done[a] = True
        if wanted[a] > 0:
            found += 1
            most = min(most, key + wider)
            if found == different:
                break
        used = entry_seconds[a] + seconds[a]
        if used > most_seconds:
            continue
        step = key + metres[a] * per_metre + seconds[a] * per_second
        for e in range(indptr[a], indptr[a + 1]):
            b = out[e]
            at = step + extra[e] * per_second
            if at < entry[b]:
                if not np.isfinite(entry[b]):
                    touched[marks] = b
                    marks += 1
                entry[b] = at
                entry_seconds[b] = used
                parent[b] = a
                origin[b] = origin[a]
                size = _push(keys, items, size, at, b)
    for j in range(len(target)):
        b = target[j]
        wanted[b] = 0
        if np.isfinite(entry[b]):
            at = entry[b] + target_share[j] * (metres[b] * per_metre + seconds[b] * per_second)
            if at < cost[j]:
                cost[j] = at
                came[j] = origin[b]
                spent[j] = entry_seconds[b] + target_share[j] * seconds[b]
    return cost, came, spent, marks


@compiled()
def _push(keys: _Floats, items: _Ints, size: int, key: float, item: int) -> int:
    k = size
    while k > 0:
        up = (k - 1) >> 1
        if keys[up] <= key:
            break
        keys[k] = keys[up]
        items[k] = items[up]
        k = up
    keys[k] = key
    items[k] = item
    return size + 1


@compiled()
def _pop(keys: _Floats, items: _Ints, size: int) -> int:
    size -= 1
    key = keys[size]
    item = items[size]
    k = 0
    while True:
        down = 2 * k + 1
        if down >= size:
            break
        if down + 1 < size and keys[down + 1] < keys[down]:
            down += 1
        if keys[down] >= key:
            break
        keys[k] = keys[down]
        items[k] = items[down]
        k = down
    keys[k] = key
    items[k] = item
    return size
