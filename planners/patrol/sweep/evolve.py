"""A population of sweeps that is crossed, improved and thinned out: hybrid genetic search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import eigsh

from planners.patrol.sweep.ground import Ground
from planners.patrol.sweep.routes import COST, LENGTH, LOAD, TASK, Routes, Rules, empty_routes
from planners.patrol.sweep.search import improve
from planners.patrol.sweep.split import crossed, scanned, split

FEW: Final = 12
BROOD: Final = 20
ELITE: Final = 4
CLOSE: Final = 5
YOUNG: Final = 48
REPAIR_SHARE: Final = 0.5
WANTED_SHARE: Final = 0.3
PATIENCE: Final = 8000
LOOK: Final = 50
STEP: Final = 1.18
FIRST_STEP: Final = 1.7
FIRST_LOOK: Final = 6
MERGE_SHARE: Final = 0.4
STRICT: Final = 1e4
GRAIN: Final = 1 / 64
"""Prices are whole multiples of it, so that sums of prices are exact and no move seems better than its own undoing."""
FREE: Final = 1 << 40
"""A rule that nothing breaks."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Routes of one member, what each costs and carries, and its tasks in the order of routes by their direction from the depot."""

    routes: tuple[tuple[int, ...], ...]
    order: Ints
    costs: Ints
    loads: Ints
    follow: Ints
    lead: Ints
    total: int

    def above(self, capacity: int, limit: int) -> tuple[int, int]:
        """Return the load and the cost above the rules."""
        return int(np.maximum(self.loads - capacity, 0).sum()), int(np.maximum(self.costs - limit, 0).sum())


@dataclass(slots=True)
class Population:
    """Members that keep the rules and members that do not; the rules' prices follow how many keep them.

    ``capacity`` and ``limit`` may be tightened while it lives (``limit`` for the longest route).
    """

    ground: Ground
    most: int
    capacity: int
    limit: int
    rng: np.random.Generator
    load_price: float
    cost_price: float
    work: Routes
    spots: Floats
    members: list[Draft]
    breaches: list[tuple[int, int]]
    apart: Floats
    follows: Ints
    kept: list[tuple[bool, bool]]
    stop: Ints
    idle: int = 0
    bred: int = 0

    @classmethod
    def begin(
        cls,
        ground: Ground,
        *,
        most: int,
        capacity: int | None,
        limit: int | None,
        seed: int | tuple[int, ...],
        spots: Floats | None = None,
        stop: Ints | None = None,
    ) -> Population:
        """Return an empty population.

        ``spots`` float64[t, 2] are those of ``spots_of``; once ``stop`` int64[1] is not 0, the improvement of a member ends at the next
        street.
        """
        tasks = len(ground.demand) - 1
        thin = 1 + tasks // 200
        legs = ground.dist[: 2 * tasks : thin, : 2 * tasks : thin]
        typical = float(np.median(legs)) + 1.0
        heavy = float(max(1, ground.demand.max()))
        return cls(
            ground=ground, most=most, capacity=FREE if capacity is None else capacity, limit=FREE if limit is None else limit,
            rng=np.random.default_rng(seed), load_price=_grained(typical / heavy), cost_price=2.0,
            work=empty_routes(most, tasks), spots=spots_of(ground.close) if spots is None else spots, members=[], breaches=[], apart=np.zeros((0, 0)),
            follows=np.zeros((0, tasks), np.int64), kept=[],
            stop=np.zeros(1, np.int64) if stop is None else stop,
        )  # fmt: skip

    def keeps(self, draft: Draft) -> bool:
        """Return whether a draft keeps the rules."""
        return draft.above(self.capacity, self.limit) == (0, 0)

    def tighten(self, limit: int) -> None:
        """Let no route cost more than a new limit."""
        self.limit = limit
        self.breaches = [draft.above(self.capacity, limit) for draft in self.members]
        self.idle = 0

    def first(self, *, strict: bool = True) -> Draft:
        """Return a member made by path scanning; with ``strict`` at prices so high that the rules are kept where routes suffice."""
        order = self._scanned(np.arange(len(self.ground.demand) - 1), np.zeros(len(self.ground.demand) - 1))
        prices = (STRICT, STRICT) if strict else (self.load_price, self.cost_price)
        rules = Rules(self.capacity, self.limit, *prices)
        split(order, self.work, self.ground, rules)
        draft = self._improved(rules)
        self._add(draft)
        return draft

    def seed(self, number: int) -> Draft:
        """Return the next member made from nothing: by path scanning, or at random."""
        tasks = len(self.ground.demand) - 1
        if number % 2 == 0 or tasks > 400:
            return self.grown(self._scanned(np.arange(tasks), self.rng.random(tasks)))
        return self.grown(self.rng.permutation(tasks))

    def child(self) -> Draft:
        """Return a member made of two others, or of one whose routes near to each other are driven anew."""
        fitness = self._fitness(np.arange(len(self.members)))
        if self.rng.random() < MERGE_SHARE:
            return self.grown(self._merged(self._chosen(fitness)))
        one, other = self._chosen(fitness).order, self._chosen(fitness).order
        first, last = self.rng.integers(0, len(one), 2)
        order: Ints = crossed(one, other, int(first), int(last))
        return self.grown(order)

    def grown(self, order: Ints) -> Draft:
        """Cut an order into routes, improve them, add them to the population; return the best that came of it."""
        rules = Rules(self.capacity, self.limit, self.load_price, self.cost_price)
        split(order, self.work, self.ground, rules)
        draft = self._improved(rules)
        self._add(draft)
        load, cost = draft.above(self.capacity, self.limit)
        self.kept = [*self.kept[-99:], (load == 0, cost == 0)]
        if (load or cost) and self.rng.random() < REPAIR_SHARE:
            draft = self._improved(Rules(self.capacity, self.limit, 10 * self.load_price, 10 * self.cost_price))
            if self.keeps(draft):
                self._add(draft)
        return draft

    def adapt(self, *, fast: bool = False) -> None:
        """Move the prices so that about a third of all members keep each rule."""
        load = sum(k[0] for k in self.kept) / max(1, len(self.kept))
        cost = sum(k[1] for k in self.kept) / max(1, len(self.kept))
        step = FIRST_STEP if fast else STEP
        self.load_price = _moved(self.load_price, load, step)
        self.cost_price = _moved(self.cost_price, cost, step)
        if fast:
            self.kept = []

    def step(self, found: Callable[[Draft], bool]) -> None:
        """Breed one member more; ``found`` is given it and says whether it is a new best."""
        young = self.bred < YOUNG and len(self.members) < FEW
        draft = self.seed(self.bred) if young else self.child()
        self.idle = 0 if found(draft) else self.idle + 1
        self.bred += 1
        if self.bred <= YOUNG:
            if self.bred % FIRST_LOOK == 0:
                self.adapt(fast=True)
        elif self.bred % LOOK == 0:
            self.adapt()
        if self.idle >= PATIENCE:
            self.restart()

    def restart(self) -> None:
        """Forget all members."""
        self.members, self.breaches, self.apart, self.follows = [], [], np.zeros((0, 0)), self.follows[:0]
        self.idle, self.bred = 0, 0

    def adopt(self, draft: Draft) -> None:
        """Take in a member of another population."""
        self._add(draft)

    def _improved(self, rules: Rules) -> Draft:
        tasks = len(self.ground.demand) - 1
        improve(self.rng.permutation(tasks), self.work, self.ground, rules, self.stop)
        return _draft(self.work, self.spots)

    def _chosen(self, fitness: Floats) -> Draft:
        one, other = self.rng.integers(0, len(fitness), 2)
        return self.members[int(one if fitness[one] <= fitness[other] else other)]

    def _merged(self, draft: Draft) -> Ints:
        """Return an order in which a few routes near to each other are scanned anew (merge and split of Tang and others 2009)."""
        route_of = np.empty(len(self.ground.demand) - 1, np.int64)
        for number, route in enumerate(draft.routes):
            route_of[list(route)] = number
        seed = int(self.rng.integers(len(route_of)))
        beside = [route_of[seed], *route_of[self.ground.near[seed]]]
        some = list(dict.fromkeys(int(r) for r in beside))[: int(self.rng.integers(2, 5))]
        merged = np.array([task for r in some for task in draft.routes[r]], np.int64)
        rest = [task for r, route in enumerate(draft.routes) if r not in some for task in route]
        return np.concatenate([self._scanned(merged, self.rng.random(len(merged))), np.array(rest, np.int64)])

    def _scanned(self, tasks: Ints, draws: Floats) -> Ints:
        order: Ints = scanned(tasks, self.ground, draws, self.capacity)
        return order

    def _fitness(self, group: Ints) -> Floats:
        """Return ranks by cost and by distance from others, lower is better."""
        breaches = np.array(self.breaches, np.float64)[group]
        values = np.array([self.members[i].total for i in group]) + breaches @ [self.load_price, self.cost_price]
        few = np.sort(self.apart[np.ix_(group, group)], axis=1)[:, 1 : 1 + CLOSE]
        spread = few.mean(axis=1) if few.shape[1] else np.zeros(len(group))
        ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
        lonely = np.argsort(np.argsort(-spread, kind="stable"), kind="stable")
        return np.asarray(ranks + max(0.0, 1.0 - ELITE / len(group)) * lonely, np.float64)

    def _add(self, draft: Draft) -> None:
        row = ((draft.follow != self.follows) & (draft.lead != self.follows)).mean(axis=1)
        self.follows = np.concatenate([self.follows, draft.follow[None]])
        self.members.append(draft)
        self.breaches.append(draft.above(self.capacity, self.limit))
        n = len(self.members)
        wider = np.zeros((n, n))
        wider[:-1, :-1], wider[-1, :-1], wider[:-1, -1] = self.apart, row, row
        self.apart = wider
        breaks = np.array([breach != (0, 0) for breach in self.breaches])
        for group in (np.flatnonzero(breaks), np.flatnonzero(~breaks)):
            if len(group) > FEW + BROOD:
                self._thin(group)
                break

    def _thin(self, group: Ints) -> None:
        """Take members out of a group until few are left: twins first, then those of worst fitness."""
        gone: list[int] = []
        while len(group) > FEW:
            fitness = self._fitness(group)
            near = self.apart[np.ix_(group, group)] + np.eye(len(group))
            twins = (near <= 0).any(axis=1)
            fitness[twins] += 10 * len(group)
            totals = [self.members[i].total for i in group]
            fitness[int(np.argmin(totals))] = -1.0
            worst = int(np.argmax(fitness))
            gone.append(int(group[worst]))
            group = np.delete(group, worst)
        left = np.delete(np.arange(len(self.members)), gone)
        self.members = [self.members[i] for i in left]
        self.breaches = [self.breaches[i] for i in left]
        self.apart, self.follows = self.apart[np.ix_(left, left)], self.follows[left]


def spots_of(close: Ints) -> Floats:
    """Return where tasks lie seen from the depot, float64[t, 2], by classical scaling of the ways between them (Torgerson 1952)."""
    squares = close.astype(np.float64) ** 2
    inner = -0.5 * (squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean())
    if len(inner) < 4 or not np.abs(inner).max() > 0:
        return np.zeros((len(inner) - 1, 2))
    values, vectors = eigsh(inner, k=2, which="LA", v0=np.linspace(-1.0, 2.0, len(inner)))
    spots = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(spots[:-1] - spots[-1], np.float64)


def _moved(price: float, share: float, step: float) -> float:
    if share < WANTED_SHARE - 0.05:
        price *= step
    elif share > WANTED_SHARE + 0.05:
        price /= step
    return _grained(price)


def _grained(price: float) -> float:
    return min(STRICT, max(1.0, round(price / GRAIN)) * GRAIN)


def _draft(work: Routes, spots: Floats) -> Draft:
    tasks = len(spots)
    used = np.flatnonzero(work.line[:, LENGTH] > 0)
    lengths = work.line[used, LENGTH]
    rows = [work.cell[r, 1 : n + 1, TASK] for r, n in zip(used.tolist(), lengths.tolist(), strict=True)]
    order = np.concatenate(rows)
    ends = np.cumsum(lengths)
    follow, lead = np.full(tasks, tasks, np.int64), np.full(tasks, tasks, np.int64)
    follow[order[:-1]], lead[order[1:]] = order[1:], order[:-1]
    follow[order[ends - 1]], lead[order[ends - lengths]] = tasks, tasks
    middles = np.add.reduceat(spots[order], ends - lengths)
    around = np.argsort(np.arctan2(middles[:, 1], middles[:, 0]), kind="stable").tolist()
    costs, loads = work.line[used, COST], work.line[used, LOAD]
    routes = tuple(tuple(row.tolist()) for row in rows)
    return Draft(routes, np.concatenate([rows[r] for r in around]), costs, loads, follow, lead, int(costs.sum()))
