"""Search for the best ``p`` of ``m`` sites: a tree of open and closed sites, a Lagrangian bound at each node.

The root climbs in parts. Between them plans are made from what the relaxation leans to, sites that are too dear are
closed and those that are too cheap to be otherwise in a better plan are opened, and the problem is made smaller. Each
node then climbs from its parent's multipliers and splits on the site of which the relaxation is least sure. The node
with the lowest bound is next, so the bound of the whole rises while the best plan falls.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from planners.contract import Termination
from planners.posts.choice import Choice, Sites
from planners.posts.neighbours import Flags
from planners.posts.quota import choose
from planners.posts.volume import EVERY, SHARES, Climb, Relaxed
from planners.posts.watch import Watch

ROOT_ITERATIONS: Final = 3_000
NODE_ITERATIONS: Final = 120
CHUNK: Final = 100
NARROW: Final = 0.15
RELATIVE_SLACK: Final = 2e-7
NOISE: Final = (0.1, 0.2, 0.3)
LAST_GUESSES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The best plan, its cost, the proved bound and why the search ended."""

    sites: Sites
    value: float
    bound: float
    termination: Termination


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Node:
    bound: float
    fixed: Flags
    closed: Flags
    multipliers: npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ground:
    """The problem as it is now, with the first numbers of its sites and of those that are always open."""

    problem: Choice
    names: Sites
    always: Sites
    fixed: Flags
    closed: Flags
    relaxed: Relaxed | None = None

    def narrowed(self) -> _Ground:
        """Make the problem smaller by what is settled."""
        if self.relaxed is None:
            raise AssertionError
        fewer = self.problem.narrowed(self.fixed, self.closed, self.relaxed)
        return _Ground(
            problem=fewer.problem,
            names=self.names[fewer.left],
            always=np.union1d(self.always, self.names[fewer.always]),
            fixed=self.fixed[fewer.left],
            closed=self.closed[fewer.left],
            relaxed=fewer.relaxed,
        )


class Tree:
    """A search that is under way.

    Parameters
    ----------
    sites, value
        A plan and its cost.
    fixed, closed
        bool[m], sites that must and that may not be open.
    step
        All costs of plans are whole multiples of it, 0 where that is not known.
    low
        A bound that is known already.
    """

    def __init__(
        self,
        problem: Choice,
        sites: Sites,
        value: float,
        *,
        fixed: Flags,
        closed: Flags,
        step: float,
        watch: Watch,
        low: float = -np.inf,
    ) -> None:
        self.sites = sites
        self.value = value
        self.step = step
        self.watch = watch
        self._wide = problem
        self._ground = _Ground(
            problem=problem, names=np.arange(len(fixed)), always=np.zeros(0, np.int64),
            fixed=fixed.copy(), closed=closed.copy(),
        )  # fmt: skip
        self._heap: list[tuple[float, int, _Node]] = []
        self._count = 0
        self._low = low
        self._tried = np.inf
        self._guesses = 0
        self._rng = np.random.default_rng(watch.budget.seed)

    @property
    def enough(self) -> float:
        """The bound from which on a node can hold no better plan."""
        if self.step:
            return self.value - self.step + max(1e-6 * self.step, 1e-11 * abs(self.value))
        return self.value - RELATIVE_SLACK * abs(self.value)

    @property
    def bound(self) -> float:
        """What no plan can be below, as far as it is proved."""
        low = self._low
        if low >= self.enough:
            return self.value if self.step else min(self.value, max(low, self.enough))
        if self.step and np.isfinite(low):
            low = self.step * np.ceil(low / self.step - 1e-6 - 1e-11 * abs(low / self.step))
        return min(low, self.value)

    def run(self) -> Found:
        """Search until the best plan is proved or the budget ends."""
        ended = self.watch.ended
        if ended is None and self._low < self.enough:
            ended = self._root()
        nodes, limit = 1, self.watch.budget.iterations
        while ended is None and self._heap:
            bound, _, node = heapq.heappop(self._heap)
            self._low = max(self._low, bound)
            if bound >= self.enough:
                break
            if limit is not None and nodes >= limit:
                ended = Termination.ITERATIONS
                break
            before = self.value
            self._expand(node)
            nodes += 1
            if not self.watch.on(self.value, self.bound):
                ended = self.watch.ended
            elif self.value < before and self._finish():
                ended = self.watch.ended
                break
        if ended is None or self._low >= self.enough:
            self._low = max(self._low, self.enough) if ended is not None else np.inf
            ended = Termination.OPTIMAL
        return Found(sites=self.sites, value=self.value, bound=self.bound, termination=ended)

    def _root(self) -> Termination | None:
        """Climb in parts and split; return why the search ended, None where it did not."""
        at, step, done, narrow_at = self._wide.first_multipliers(), 1.0, 0, EVERY
        while done < ROOT_ITERATIONS:
            ground = self._ground
            share = SHARES[min(done // EVERY, len(SHARES) - 1)]
            climb = Climb(
                iterations=CHUNK, enough=self.enough, shares=np.array([share]), step=step, after=ground.relaxed
            )
            relaxed = ground.problem.climb(at, climb, fixed=ground.fixed, closed=ground.closed, best=self.value)
            at, step, done = relaxed.multipliers, relaxed.step, done + CHUNK
            self._low = max(self._low, relaxed.bound)
            self._ground = ground = _Ground(
                problem=ground.problem, names=ground.names, always=ground.always,
                fixed=ground.fixed, closed=ground.closed, relaxed=relaxed,
            )  # fmt: skip
            if self._low < self.enough:
                self._try(ground.problem.plan_near(relaxed.lean, fixed=ground.fixed, closed=ground.closed))
                self._guess(relaxed, fixed=ground.fixed, closed=ground.closed, times=2)
            if self._low >= self.enough:
                return None
            if not self.watch.on(self.value, self.bound):
                return self.watch.ended
            still = step <= 1e-3 or relaxed.iterations < CHUNK
            if still or done >= narrow_at:
                narrow_at = done + EVERY
                narrower = self._narrow()
                if narrower and self._ground.relaxed is not None:
                    at, step = self._ground.relaxed.multipliers, max(step, 0.3)
                if still and not narrower:
                    break
        ground = self._ground
        if ground.relaxed is None:
            return None
        for _ in range(LAST_GUESSES):
            self._guess(ground.relaxed, fixed=ground.fixed, closed=ground.closed)
            if not self.watch.on(self.value, self.bound):
                return self.watch.ended
        while self._narrow():
            pass
        if self._finish():
            return self.watch.ended
        self._plant()
        return None

    def _plant(self) -> None:
        """Split for the first time."""
        ground = self._ground
        if ground.relaxed is not None:
            at = ground.relaxed.multipliers
            node = _Node(bound=self._low, fixed=ground.fixed, closed=ground.closed, multipliers=at)
            self._split(node, ground.relaxed)

    def _narrow(self) -> bool:
        """Settle sites by the bound and make the problem smaller where that is worth it."""
        ground = self._ground
        if ground.relaxed is None or not len(ground.names):
            return False
        self._settle(ground.problem, ground.fixed, ground.closed, ground.relaxed)
        if (ground.fixed | ground.closed).mean() <= NARROW:
            return False
        fewer = ground.narrowed()
        smaller = len(fewer.names) < (1 - NARROW) * len(ground.names)
        if smaller:
            self._ground = fewer
        return smaller

    def _finish(self) -> bool:
        """Hand what the root left over to another search where that pays; say whether it did."""
        ground = self._ground
        if ground.relaxed is None or self.value >= self._tried:
            return False
        self._tried = self.value
        fixed, closed = ground.fixed.copy(), ground.closed.copy()
        self._settle(ground.problem, fixed, closed, ground.relaxed)
        left = _Ground(
            problem=ground.problem, names=ground.names, always=ground.always, fixed=fixed, closed=closed,
            relaxed=ground.relaxed,
        )  # fmt: skip
        left = left.narrowed()
        if left.relaxed is None:
            return False
        # The best plan may not be among those that are left; what remains of it is still the best place to start.
        lean = left.relaxed.lean + 2.0 * np.isin(left.names, self.sites)
        found = left.problem.finished(self.value, self.watch, lean=lean)
        if found is None:
            return False
        if found.sites is not None and found.value < self.value:
            self.value, self.sites = found.value, np.union1d(left.names[found.sites], left.always)
        self._low = max(self._low, found.bound)
        if found.proved:
            self._low = max(self._low, self.enough)
        elif self.watch.ended is None:
            self.watch.ended = Termination.ITERATIONS
        self.watch.on(self.value, self.bound, force=True)
        return True

    def _guess(self, relaxed: Relaxed, *, fixed: Flags, closed: Flags, times: int = 1) -> None:
        """Make plans from what the relaxation leans to, with noise, or from the best plan, shaken."""
        for _ in range(times):
            self._guesses += 1
            if self._guesses % 4 == 0:
                value, sites = self._wide.shaken(self.sites, self._rng)
                if value < self.value - 1e-12 * abs(self.value):
                    self.value, self.sites = value, sites
                    self.watch.on(self.value, self.bound, force=True)
            else:
                noise = NOISE[self._guesses // 4 % 3] * self._rng.random(len(relaxed.lean))
                lean = relaxed.lean + np.where(relaxed.lean > 0.01, noise, 0.0)
                self._try(self._ground.problem.plan_near(lean, fixed=fixed, closed=closed))

    def _try(self, found: tuple[float, Sites]) -> None:
        value, sites = found
        if value < self.value - 1e-12 * abs(self.value):
            self.value, self.sites = value, np.union1d(self._ground.names[sites], self._ground.always)
            self.watch.on(self.value, self.bound, force=True)

    def _expand(self, node: _Node) -> None:
        climb = Climb(iterations=NODE_ITERATIONS, enough=self.enough, shares=np.array([0.05]), step=0.1)
        fixed, closed = node.fixed.copy(), node.closed.copy()
        problem = self._ground.problem
        relaxed = problem.climb(node.multipliers, climb, fixed=fixed, closed=closed, best=self.value)
        if relaxed.bound >= self.enough:
            return
        self._try(problem.plan_near(relaxed.lean, fixed=fixed, closed=closed))
        self._guess(relaxed, fixed=fixed, closed=closed)
        bound = max(node.bound, relaxed.bound)
        self._split(_Node(bound=bound, fixed=fixed, closed=closed, multipliers=relaxed.multipliers), relaxed)

    def _settle(self, problem: Choice, fixed: Flags, closed: Flags, relaxed: Relaxed) -> None:
        """Close and open, in place, the sites that could be otherwise in no better plan."""
        free = ~fixed & ~closed
        if not 0 < problem.p - int(fixed.sum()) < int(free.sum()):
            return
        chosen = np.zeros(len(fixed), bool)
        choose(relaxed.reduced, problem.p, problem.quota.member, problem.quota.least, fixed, closed, chosen)
        inside, outside = free & chosen, free & ~chosen
        # To open one more, one of those inside must go, at best the dearest; the other way round alike.
        last_in, first_out, enough = relaxed.reduced[inside].max(), relaxed.reduced[outside].min(), self.enough
        fixed |= inside & (relaxed.bound - relaxed.reduced + first_out >= enough)
        closed |= outside & (relaxed.bound + relaxed.reduced - last_in >= enough)

    def _split(self, node: _Node, relaxed: Relaxed) -> None:
        """Settle the sites that the bound settles, and branch on one that is left."""
        fixed, closed, problem = node.fixed, node.closed, self._ground.problem
        self._settle(problem, fixed, closed, relaxed)
        free = ~fixed & ~closed
        left = problem.p - int(fixed.sum())
        if left <= 0 or int(free.sum()) <= left:
            sites = np.flatnonzero(fixed | (free & (left > 0)))
            if len(sites) == problem.p:
                self._try((problem.value(sites), sites))
            return
        unsure = np.where(free, np.abs(relaxed.lean - 0.5), np.inf)
        site = int(np.argmin(unsure))
        multipliers = node.multipliers.astype(np.float32)  # half the memory; any multipliers give a bound
        for opened, shut in _branches(node, site):
            self._count += 1
            child = _Node(bound=node.bound, fixed=opened, closed=shut, multipliers=multipliers)
            heapq.heappush(self._heap, (node.bound, self._count, child))


def _branches(node: _Node, site: int) -> Iterator[tuple[Flags, Flags]]:
    opened, shut = node.fixed.copy(), node.closed.copy()
    opened[site] = True
    shut[site] = True
    yield opened, node.closed
    yield node.fixed, shut
