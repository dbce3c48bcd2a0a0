"""Populations that breed side by side, a thread each, and give each other their best."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from planners.patrol.sweep.evolve import FREE, Draft, Population
from planners.patrol.sweep.problem import SweepProblem

EPOCH: Final = 100
"""Members that each population breeds before the best of all is known to all."""
GIFTS: Final = 5
"""Epochs between gifts."""
AGE: Final = 1000
"""Members that a population has bred before it is given the best of another: a new beginning stays its own for a while."""
EPOCH_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.05

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Island:
    """One population and its best plan."""

    problem: SweepProblem
    population: Population
    bound: float = 0.0
    value: float = math.inf
    best: Draft | None = None

    def heard(self, draft: Draft) -> bool:
        """Keep a draft that is the best so far; with the goal "longest" ask for a shorter longest route from then on."""
        limit = FREE if self.problem.limit is None else self.problem.limit
        if draft.above(self.population.capacity, limit) != (0, 0):
            return False
        value = float(draft.costs.max()) if self.problem.goal == "longest" else float(draft.total)
        if value >= self.value:
            return False
        self.value, self.best = value, draft
        self.tighten()
        return True

    def tighten(self) -> None:
        """With the goal "longest", ask for routes half-way between the longest so far and the bound."""
        if self.problem.goal == "longest" and self.bound > 0 and self.best is not None:
            self.population.tighten(int(min(self.value - 1, max(self.bound, (self.value + self.bound) / 2))))

    def breed(self, births: int, until: float) -> int:
        """Breed so many members, fewer where the best is proved, the time (``time.perf_counter()``) is over, or a stop is asked."""
        for born in range(births):
            if self.population.stop[0] or self.value <= self.bound or time.perf_counter() >= until:
                return born
            self.population.step(self.heard)
        return births

    def given(self, draft: Draft) -> None:
        """Hear of another population's best plan, and take it in unless this one is young."""
        if self.heard(draft) and self.population.bred >= AGE:
            self.population.adopt(draft)


@dataclass(slots=True, eq=False)
class Islands:
    """Populations on as many threads; the answer does not depend on how many of them there really are."""

    members: list[Island]
    pool: ThreadPoolExecutor
    stop: npt.NDArray[np.int64]
    born: int = 0
    epochs: int = 0

    @property
    def value(self) -> float:
        """The best objective so far."""
        return min(island.value for island in self.members)

    @property
    def best(self) -> Draft | None:
        """The best plan so far, that of the first where several are as good."""
        return min(self.members, key=lambda island: island.value).best

    def together(self, work: Callable[[Island], T], on: Callable[[], bool]) -> list[T]:
        """Do work on every island at once and return the answers; a stop is asked where ``on``, asked every 50 ms, says no."""
        tasks: list[Future[T]] = [self.pool.submit(work, island) for island in self.members]
        try:
            while True:
                if not on():
                    self.stop[0] = 1
                if not wait(tasks, timeout=LOOK_SECONDS).not_done:
                    return [task.result() for task in tasks]
        except BaseException:
            self.stop[0] = 1
            raise

    def search(self, on: Callable[[], bool], *, iterations: int | None) -> None:
        """Breed until ``on`` says no, the best is proved, or so many members are bred."""
        while on():
            births = EPOCH
            if iterations is not None:
                births = min(EPOCH, -(-(iterations - self.born) // len(self.members)))
            if births <= 0 or self.value <= self.members[0].bound:
                return
            # A limit on members makes the answer repeat: no clock may end an epoch then.
            until = math.inf if iterations is not None else time.perf_counter() + EPOCH_SECONDS
            self.born += sum(self.together(partial(_bred, births=births, until=until), on))
            self.epochs += 1
            if self.epochs % GIFTS == 0:
                self.share()

    def share(self) -> None:
        """Give the best plan to all."""
        best = self.best
        if best is not None:
            for island in self.members:
                island.given(best)


def _bred(island: Island, *, births: int, until: float) -> int:
    return island.breed(births, until)
