"""Points of one gap and kind, and attempts to pack them into rounds of a set number of units."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.cadence import Round
from planners.patrol.spacing.manning import Fleet, detours, manned
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.rounds import pack

Ints = npt.NDArray[np.int64]
Legs = npt.NDArray[np.int32]

_HEAT = 100.0
"""Seconds by which a packing may get longer at first."""
_SMALL_SHARES = (1 / 12, 1 / 6)
"""Shares of the units that are on small rounds where sizes are mixed."""
_LARGEST = 6
"""Most units on one round, where a smaller number divides the visits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Points of one gap that the same kinds may visit.

    Attributes
    ----------
    points : int64[n], by key
    legs, via, back : int32[n, n], ways between points, by how much they are longer over a post, and the part to that post
    out, home : int64[pools, n] and int64[n, pools], ways from and to the posts of the kind
    near : int64[n, n - 1], points by rising way
    dwell, priority : int64[n]
    visits : how often a point is visited in the shift
    """

    points: Ints
    kind: int
    legs: Legs
    via: Legs
    back: Legs
    out: Ints
    home: Ints
    near: Ints
    dwell: Ints
    priority: Ints
    gap: int
    shift: int

    @property
    def number(self) -> dict[int, int]:
        """Position of each point in the group."""
        return {int(p): i for i, p in enumerate(self.points)}

    @property
    def visits(self) -> int:
        """How often a point is visited in a shift."""
        return -(-self.shift // self.gap)

    @property
    def alike(self) -> bool:
        """Whether all ways are as long, so that no round is shorter than another."""
        off = self.legs[~np.eye(len(self.legs), dtype=np.bool_)]
        return not len(off) or bool(off.min() == off.max())

    @property
    def work(self) -> float:
        """Units that dwell and the nearest ways alone ask for."""
        off = self.legs + np.eye(len(self.legs), dtype=np.int64) * NO_WAY
        ways = np.minimum(off.min(axis=0), NO_WAY - 1) if len(self.points) > 1 else np.zeros(1)
        return float((self.dwell + ways).sum()) / self.gap

    @classmethod
    def of(cls, problem: SpacingProblem, points: Ints, kind: int) -> Group:
        """Take the ways of points from the problem, in the order of their keys."""
        points = points[np.argsort(np.array([problem.point_keys[p] for p in points]), kind="stable")]
        places = points + problem.posts
        legs = problem.seconds[kind][np.ix_(places, places)].astype(np.int64)
        fleet = Fleet(problem, kind)
        every = np.arange(len(fleet.pools))
        out, home = fleet.ways(problem, points)
        via, back = detours(legs.astype(np.int64), out, home, every)
        both = np.minimum(legs, legs.T)
        np.fill_diagonal(both, -1)
        return cls(
            points=points, kind=kind, legs=np.ascontiguousarray(legs, np.int32),
            via=via, back=back, out=out, home=home,
            near=np.ascontiguousarray(np.argsort(both, axis=1, kind="stable")[:, min(1, len(points) - 1) :]),
            dwell=problem.dwell[points].astype(np.int64), priority=problem.priority[points].astype(np.int64),
            gap=int(problem.gap[points[0]]), shift=problem.shift_seconds,
        )  # fmt: skip


@dataclass(slots=True, eq=False)
class Packing:
    """Rounds of a set number of units through points of a group; points that find no room are absent.

    With ``by_priority`` the absent points are those that matter least, else they are hard ones, which find room sooner or later.
    """

    group: Group
    units: Ints
    bits: npt.NDArray[np.uint64]
    by_priority: bool = False
    heat: float = _HEAT
    strict: bool = False
    looks: int = 0
    after: Ints = field(init=False)
    round_of: Ints = field(init=False)
    weight: Ints = field(init=False)
    spare: Ints = field(init=False)
    own: Ints = field(init=False)
    via: Legs = field(init=False)
    back: Legs = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.group.points)
        self.strict = self.strict or self.by_priority
        self.after, self.round_of = np.zeros(n, np.int64), np.full(n, -1)
        self.weight = self.group.priority.copy() if self.by_priority else np.ones(n, np.int64)
        self.spare = np.zeros(len(self.units), np.int64)
        self.own = np.full((len(self.units), 1), -1)
        self.via, self.back = self.group.via, self.group.back

    def improve(self, steps: int) -> int:
        """Search for some steps; return how many points are absent."""
        group = self.group
        self.looks += 1
        whole = bool((self.round_of >= 0).all())
        absent, _, self.heat = pack(
            self.bits, steps, self.heat, 0.9997 if whole else 1.0, group.legs, group.dwell, self.via, self.back, self.own,
            group.out, group.home, group.near, self.units, self.spare, group.shift, group.gap, self.after, self.round_of, self.weight,
            0 if self.by_priority else 1, int(self.strict),
        )  # fmt: skip
        if absent == 0 and not self.strict:
            # Rounds that are short enough as wholes: from now on each stretch must be.
            self.strict, self.weight[:], self.heat = True, 1, _HEAT / 2
            return self.improve(steps)
        return int(absent)

    @property
    def absent(self) -> tuple[int, ...]:
        """Points that found no room."""
        return tuple(self.group.points[self.round_of < 0].tolist())

    def rounds(self) -> tuple[list[Round], list[int]]:
        """Return the rounds that have points, and their numbers."""
        found, numbers = [], []
        for r in range(len(self.units)):
            held = np.flatnonzero(self.round_of == r)
            if not len(held):
                continue
            order = [int(held[0])]
            while (follow := int(self.after[order[-1]])) != order[0]:
                order.append(follow)
            points = tuple(self.group.points[order].tolist())
            found.append(Round(points=points, units=min(int(self.units[r]), len(order)), kind=self.group.kind))
            numbers.append(r)
        return found, numbers

    def late(self, problem: SpacingProblem) -> dict[int, int]:
        """Return by how many seconds which rounds are late when they alone have all units."""
        found, numbers = self.rounds()
        made = manned(problem, found, extra=0, held=self.held(numbers))
        self.turn({numbers[r]: points for r, points in made.turned.items()})
        self.hold({numbers[r]: pools for r, pools in made.pools.items()}, made.unused[self.group.kind])
        self.tighten([numbers[r] for r in made.late if r not in made.pools])
        return {numbers[r]: seconds for r, seconds in made.late.items()}

    def held(self, numbers: list[int]) -> list[tuple[int, ...]]:
        """Return the posts that some rounds hold."""
        return [tuple(self.own[r][self.own[r] >= 0].tolist()) for r in numbers]

    def hold(self, pools: dict[int, tuple[int, ...]], unused: tuple[int, ...]) -> None:
        """Keep the posts of rounds for them: each has its own and those that no unit has."""
        group = self.group
        self.own = np.full((len(self.units), max((len(p) for p in pools.values()), default=1)), -1)
        for r, mine in pools.items():
            self.own[r, : len(mine)] = mine
        self.via, self.back = detours(group.legs.astype(np.int64), group.out, group.home, np.array(unused, np.int64))

    def turn(self, turned: dict[int, tuple[int, ...]]) -> None:
        """Take over orders of rounds."""
        for points in turned.values():
            order = np.array([self.group.number[p] for p in points])
            self.after[order] = np.roll(order, -1)

    def tighten(self, late: list[int]) -> None:
        """Give rounds that are late with any posts less room than they take now, and others room again."""
        if late:
            self.spare = self.spare * 3 // 4
        for r in late:
            held = np.flatnonzero(self.round_of == r)
            length = int(self.group.dwell[held].sum() + self.group.legs[held, self.after[held]].sum())
            self.spare[r] = max(0, int(self.units[r]) * self.group.gap - length) + 1

    def again(self, bits: npt.NDArray[np.uint64]) -> Packing:
        """Return a packing that begins with the same rounds, with draws of its own."""
        other = self.with_units(self.units, bits)
        other.strict, other.heat = True, _HEAT / 4
        other.own, other.via, other.back = self.own, self.via, self.back
        if self.by_priority:
            other.by_priority, other.weight = True, self.group.priority.copy()
        return other

    def with_units(self, units: Ints, bits: npt.NDArray[np.uint64]) -> Packing:
        """Return a packing for other rounds that keeps what still has a round, with draws of its own."""
        other = Packing(group=self.group, units=units, bits=bits, by_priority=self.by_priority)
        kept = np.zeros(max(len(units), len(self.units)) + 1, np.bool_)
        same = min(len(units), len(self.units))
        kept[:same] = units[:same] >= self.units[:same]
        other.after[:] = self.after
        other.round_of[:] = np.where((self.round_of >= 0) & kept[self.round_of], self.round_of, -1)
        other.via, other.back = self.via, self.back
        other.own = np.full((len(units), self.own.shape[1]), -1)
        other.own[:same] = np.where(kept[:same, None], self.own[:same], -1)
        return other


def bases(visits: int) -> tuple[int, ...]:
    """Return how many units a round may have so that they end where they began: divisors of the visits.

    The largest comes first, for its rounds are packed best.
    """
    found = tuple(k for k in range(min(visits, _LARGEST), 1, -1) if visits % k == 0)
    return (*found, 1) if found or not 1 < visits <= 2 * _LARGEST else (visits, 1)


def composed(units: int, base: int, visits: int) -> Ints:
    """Return rounds of ``base`` units, and fewer on the last, that make up a number of units."""
    found: list[int] = []
    for size in sorted((k for k in bases(visits) if k <= base), reverse=True):
        while sum(found) + size <= units:
            found.append(size)
    return np.array(found, np.int64)


def mixed(units: int, visits: int) -> list[Ints]:
    """Return rounds of unlike sizes that make up a number of units: mostly large ones, some small.

    Few units on a large round leave little time unused, but a large round has to go from one far village to the next.
    """
    largest, *smaller = bases(visits)
    # With many units small rounds alone never need the fewest.
    alone = smaller if units <= 2 * _LARGEST else []
    found = {tuple(composed(units, base, visits).tolist()) for base in (largest, *alone)}
    for share in _SMALL_SHARES:
        for size in smaller:
            small = round(units * share / size)
            sizes = [*composed(units - small * size, largest, visits).tolist(), *[size] * small]
            found.add(tuple(sorted(sizes, reverse=True)))
    return [np.array(sizes, np.int64) for sizes in sorted(found, reverse=True)]


def fewer(sizes: Ints, units: int) -> Ints:
    """Return the rounds that are left for a number of units: the last ones lose theirs, or one more gets what is missing."""
    found, over = sizes.tolist(), int(sizes.sum()) - units
    while over > 0:
        taken = min(over, found[-1])
        over -= taken
        found[-1] -= taken
        if found[-1] == 0:
            found.pop()
    return np.array([*found, -over] if over < 0 else found, np.int64)
