"""A population of sweeps that is crossed, improved and thinned out: hybrid genetic search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from planners.patrol.sweep.ground import Ground
from planners.patrol.sweep.search import Routes, Rules, empty_routes, improve
from planners.patrol.sweep.split import crossed, scanned, split

FEW: Final = 12
BROOD: Final = 20
ELITE: Final = 4
CLOSE: Final = 5
REPAIR_SHARE: Final = 0.5
WANTED_SHARE: Final = 0.3
PATIENCE: Final = 4000
LOOK: Final = 50
MERGE_SHARE: Final = 0.2
STRICT: Final = 1e6
FREE: Final = 1 << 40
"""A rule that nothing breaks."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Routes of one member: tasks in order, and what each route costs and carries."""

    routes: tuple[tuple[int, ...], ...]
    costs: Ints
    loads: Ints
    follow: Ints
    lead: Ints
    total: int

    @property
    def order(self) -> Ints:
        """Return all tasks in one order."""
        return np.array([task for route in self.routes for task in route], np.int64)

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
    members: list[Draft]
    breaches: list[tuple[int, int]]
    apart: Floats
    kept: list[tuple[bool, bool]]
    idle: int = 0

    @classmethod
    def begin(cls, ground: Ground, *, most: int, capacity: int | None, limit: int | None, seed: int) -> Population:
        """Return an empty population."""
        tasks = len(ground.demand) - 1
        legs = ground.dist[: 2 * tasks, : 2 * tasks]
        typical = float(np.median(legs)) + 1.0
        heavy = float(max(1, ground.demand.max()))
        return cls(
            ground=ground, most=most, capacity=FREE if capacity is None else capacity, limit=FREE if limit is None else limit,
            rng=np.random.default_rng(seed), load_price=max(0.1, typical / heavy), cost_price=2.0,
            work=empty_routes(most, tasks), members=[], breaches=[], apart=np.zeros((0, 0)), kept=[],
        )  # fmt: skip

    def keeps(self, draft: Draft) -> bool:
        """Return whether a draft keeps the rules."""
        return draft.above(self.capacity, self.limit) == (0, 0)

    def tighten(self, limit: int) -> None:
        """Let no route cost more than a new limit."""
        self.limit = limit
        self.breaches = [draft.above(self.capacity, limit) for draft in self.members]
        self.idle = 0

    def first(self) -> Draft:
        """Return a member made by path scanning at prices so high that the rules are kept where routes suffice."""
        order = self._scanned(np.arange(len(self.ground.demand) - 1), np.zeros(len(self.ground.demand) - 1))
        rules = Rules(self.capacity, self.limit, STRICT, STRICT)
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

    def adapt(self) -> None:
        """Move the prices so that about a third of all members keep each rule."""
        load = sum(k[0] for k in self.kept) / max(1, len(self.kept))
        cost = sum(k[1] for k in self.kept) / max(1, len(self.kept))
        self.load_price = _moved(self.load_price, load)
        self.cost_price = _moved(self.cost_price, cost)

    def restart(self) -> None:
        """Forget all members."""
        self.members, self.breaches, self.apart, self.idle = [], [], np.zeros((0, 0)), 0

    def _improved(self, rules: Rules) -> Draft:
        tasks = len(self.ground.demand) - 1
        improve(self.rng.permutation(tasks), self.work, self.ground, rules)
        return _draft(self.work, tasks)

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
        follow = np.array([m.follow for m in self.members]).reshape(-1, len(draft.follow))
        row = ((draft.follow != follow) & (draft.lead != follow)).mean(axis=1)
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
        self.apart = self.apart[np.ix_(left, left)]


def search(
    population: Population, *, found: Callable[[Draft], bool], on: Callable[[], bool], iterations: int | None
) -> bool:
    """Breed until ``on`` says no or the iterations are over; True where the iterations ended it.

    ``found`` is given every new member and says whether it is a new best.
    """
    born, bred = 0, 0
    while on():
        if iterations is not None and born >= iterations:
            return True
        young = bred < 4 * FEW and len(population.members) < FEW
        draft = population.seed(bred) if young else population.child()
        population.idle = 0 if found(draft) else population.idle + 1
        born, bred = born + 1, bred + 1
        if born % LOOK == 0:
            population.adapt()
        if population.idle >= PATIENCE:
            population.restart()
            bred = 0
    return False


def _moved(price: float, share: float) -> float:
    if share < WANTED_SHARE - 0.05:
        return min(1e6, price * 1.2)
    if share > WANTED_SHARE + 0.05:
        return max(0.01, price * 0.85)
    return price


def _draft(work: Routes, tasks: int) -> Draft:
    routes, follow, lead = [], np.full(tasks, tasks, np.int64), np.full(tasks, tasks, np.int64)
    used = np.flatnonzero(work.length > 0)
    for r in used.tolist():
        row = work.task[r, 1 : work.length[r] + 1].astype(np.int64)
        follow[row[:-1]], lead[row[1:]] = row[1:], row[:-1]
        routes.append(tuple(row.tolist()))
    return Draft(
        tuple(routes), work.cost[used].copy(), work.load[used].copy(), follow, lead, int(work.cost[used].sum())
    )
