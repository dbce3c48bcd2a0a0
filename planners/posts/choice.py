"""What a tree search asks of a problem that opens ``p`` of ``m`` sites at least cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from planners.posts.neighbours import Flags, Floats
from planners.posts.quota import Quota
from planners.posts.volume import Climb, Relaxed
from planners.posts.watch import Watch

Sites = npt.NDArray[np.int64]


class Choice(Protocol):
    """Open ``p`` of the sites 0 to ``m - 1``; less cost is better."""

    @property
    def p(self) -> int:
        """How many sites are open, the fixed ones included."""
        ...

    @property
    def quota(self) -> Quota:
        """Sites of which some must be open."""
        ...

    def first_multipliers(self) -> Floats:
        """Return where the first climb starts."""
        ...

    def climb(
        self, start: npt.NDArray[np.floating], climb: Climb, *, fixed: Flags, closed: Flags, best: float
    ) -> Relaxed:
        """Climb from multipliers."""
        ...

    def plan_near(self, lean: Floats, *, fixed: Flags, closed: Flags) -> tuple[float, Sites]:
        """Return a plan near what the relaxation leans to, of any open sites, and its true cost."""
        ...

    def shaken(self, sites: Sites, rng: np.random.Generator) -> tuple[float, Sites]:
        """Return a plan near another one, and its true cost."""
        ...

    def value(self, sites: Sites) -> float:
        """Return the true cost of a plan, inf where it is not allowed."""
        ...

    def narrowed(self, fixed: Flags, closed: Flags, relaxed: Relaxed) -> Narrowed:
        """Return the problem without closed sites, and without fixed ones where it can count them in."""
        ...

    def finished(self, value: float, watch: Watch, *, lean: Floats) -> Finish | None:
        """Search the whole problem another way where that pays, for plans below ``value``; None where it does not.

        ``lean`` float64[m] is higher for sites that a first plan should have open.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Narrowed:
    """A problem with fewer sites.

    Attributes
    ----------
    problem
    left : int64, the old numbers of its sites, rising
    always : int64, old numbers of sites that are open in all its plans beside those it lists
    relaxed : the climb so far, as it fits the sites and rows that are left
    """

    problem: Choice
    left: Sites
    always: Sites
    relaxed: Relaxed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finish:
    """What the other way found: a plan with its cost, or None, and a bound on all plans of the problem."""

    sites: Sites | None
    value: float
    bound: float
    proved: bool
