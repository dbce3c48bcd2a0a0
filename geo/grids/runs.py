"""Rings walked from node to node: which arc each piece is, old or new, and where the ring starts in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geo.grids.arcs import Int64s, Ring

Place = tuple[int, int]
Edge = tuple[Place, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An arc: its number, its vertices, the rows on its two sides (the second -1 outside)."""

    number: int
    line: list[Place]
    rows: tuple[int, int]


def places_of(line: Int64s) -> list[Place]:
    """Return the vertices of a line as pairs of plain whole numbers."""
    return [(x, y) for x, y in line.tolist()]


def edges_of(line: Sequence[Place]) -> list[Edge]:
    """Return the edges of a line, each with its lower end first."""
    return [(a, b) if a < b else (b, a) for a, b in pairwise(line)]


class Runs:
    """The arcs of a part of a coverage that is cut anew, each numbered when a ring first meets it.

    Parameters
    ----------
    before
        Lines that had a number in this part; the same line gets the same number again.
    fresh
        The first number that was never used.
    edges
        The two rows at each edge of the part.
    is_node
        Whether each vertex of the part is a node.
    """

    def __init__(
        self,
        before: Mapping[int, Int64s],
        *,
        fresh: int,
        edges: Mapping[Edge, tuple[int, int]],
        is_node: Mapping[Place, bool],
    ) -> None:
        self.is_node = is_node
        self.made: dict[int, Run] = {}
        self._edges = edges
        self._fresh = fresh
        self._by_key: dict[tuple[Place, ...], Run] = {}
        self._by_number: dict[int, Run] = {}
        self._before: dict[tuple[Place, ...], tuple[int, list[Place]]] = {}
        for number, line in before.items():
            places = places_of(line)
            for lone in {False, places[0] == places[-1]}:
                self._before[_key(places, lone=lone)] = (number, places)

    def hold(self, number: int, line: Int64s) -> None:
        """Make an arc known that is not cut anew, for rings that have it beside others."""
        if number not in self._by_number:
            places = places_of(line)
            run = Run(number=number, line=places, rows=(-1, -1))
            self._by_number[number] = self._by_key[_key(places, lone=False)] = run

    def ring(self, places: Sequence[Place], is_node: Mapping[Place, bool] | None = None) -> Ring:
        """Return the ring that starts at ``places[0]`` (its closing vertex left out) as references to arcs."""
        flags = self.is_node if is_node is None else is_node
        breaks = [i for i, place in enumerate(places) if flags[place]]
        first = breaks[0] if breaks else min(range(len(places)), key=lambda i: places[i])
        turned = [*places[first:], *places[:first], places[first]]
        stops = [i - first for i in breaks] or [0]
        refs = [self._reference(turned[a : b + 1], lone=not breaks) for a, b in pairwise([*stops, len(places)])]
        slot, offset = self._begin(refs, places[0])
        return Ring(refs=tuple(refs), slot=slot, offset=offset)

    def _reference(self, line: list[Place], *, lone: bool) -> int:
        key = _key(line, lone=lone)
        run = self._by_key.get(key)
        if run is None:
            number, places = self._before.get(key, (self._fresh, line))
            self._fresh = max(self._fresh, number + 1)
            run = Run(number=number, line=places, rows=self._edges[edges_of(line[:2])[0]])
            self._by_key[key] = self._by_number[number] = self.made[number] = run
        if line[0] != line[-1]:
            return run.number if run.line[0] == line[0] else ~run.number
        onward = run.line[run.line.index(line[0]) + 1] == line[1]
        return run.number if onward else ~run.number

    def _begin(self, refs: Sequence[int], start: Place) -> tuple[int, int]:
        """Return the reference, and how many vertices into it, at which a ring starts."""
        for slot, ref in enumerate(refs):
            line = self._by_number[ref if ref >= 0 else ~ref].line
            onward = line[:-1] if ref >= 0 else line[:0:-1]
            if start in onward:
                return slot, onward.index(start)
        raise AssertionError  # every vertex of a ring is in one of its arcs


def _key(line: Sequence[Place], *, lone: bool) -> tuple[Place, ...]:
    """Return the same value for a line and its reverse, and for a closed one without a node wherever it starts."""
    if line[0] != line[-1]:
        return tuple(line) if line[0] < line[-1] else tuple(line[::-1])
    least = min(range(len(line) - 1), key=lambda i: line[i]) if lone else 0
    turned = (*line[least:-1], *line[: least + 1])
    return min(turned, turned[::-1])
