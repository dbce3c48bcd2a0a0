"""Other rounds for the same units: near-by points packed anew, so that none keeps its place in the shift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planners.patrol.guess.presence import REMOTE
from planners.patrol.guess.strands import Strand, strands
from planners.patrol.guess.turns import way_seconds
from planners.patrol.spacing.asked import Start
from planners.patrol.spacing.manning import manned
from planners.patrol.spacing.packing import Group, Packing
from planners.patrol.spacing.plan import SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

_STEPS = 1500
"""Steps of a packing between two looks whether all points have room."""
_LOOKS = 4
_MANNINGS = 4
"""Times that rounds which are late are packed and manned again."""
_TOGETHER = 2
"""Neighbouring rounds that are packed anew together."""
_HEAT = 100.0
"""Seconds by which rounds may get longer at first while their points find room."""
_COOL = 20.0
"""The same while they are only shortened."""


class Repacking:
    """A walk through the ways to share out the points of a plan's closed rounds; units and gaps stay.

    Points of two rounds beside each other are taken out and packed anew; where not all of them find room again, or the
    plan drives more than allowed, the walk stays where it is.
    """

    def __init__(self, problem: SpacingProblem, plan: SpacedPlan, *, limit: int, rng: np.random.Generator) -> None:
        """Take the rounds of a plan; ``limit`` are the seconds that its units may drive in all."""
        self.problem, self.plan, self.limit, self.rng = problem, plan, limit, rng
        self._begun = False
        self._bits = rng.integers(1, 1 << 62, 1).astype(np.uint64) | np.uint64(1)
        rounds: dict[tuple[int, int], list[Strand]] = {}
        self._kept: list[SpacedRoute] = []
        late = {gap.point for gap in plan.broken}
        for strand in strands(problem, plan):
            order = strand.order or ()
            gaps = set() if late.intersection(order) else set(problem.gap[list(order)].tolist())
            if len(gaps) == 1 and problem.kinds[strand.kind] not in REMOTE and problem.plain:
                rounds.setdefault((strand.kind, gaps.pop()), []).append(strand)
            else:
                self._kept += [plan.routes[i] for i in strand.routes]
        kinds = {kind for kind, _ in rounds}
        busy = [route for route in self._kept if problem.kind_of(route.vehicle) in kinds]
        away = tuple(
            Start(unit=problem.unit_key(r.vehicle, r.unit), place=problem.vehicles[r.vehicle].start_post, free=0)
            for r in busy
        )
        # Units that do something else are no choice for rounds.
        self._ground = replace(problem, starts=away) if away else problem
        self._packings = [self._packing(kind, found) for (kind, _), found in sorted(rounds.items())]
        self.movable = [i for i, packing in enumerate(self._packings) if len(packing.units) > 1]

    def step(self) -> bool:
        """Pack some rounds anew; return whether ``plan`` is another one now."""
        if not self.movable:
            return False
        packing = self._packings[self.movable[int(self.rng.integers(len(self.movable)))]]
        held = [(p.after.copy(), p.round_of.copy()) for p in self._packings]
        # At first rounds are only shortened, which leaves room for others.
        if self._begun:
            self._scatter(packing)
        self._begun = True
        if _settled(packing):
            _shortened(packing)
            for _ in range(_MANNINGS):
                plan = self._manned()
                if plan is not None and way_seconds(self.problem, list(plan.routes)) <= self.limit:
                    self.plan = plan
                    return True
                if not all(_settled(p) for p in self._packings):
                    break
        for p, (after, round_of) in zip(self._packings, held, strict=True):
            p.after[:], p.round_of[:] = after, round_of
        return False

    def _packing(self, kind: int, found: list[Strand]) -> Packing:
        points = np.concatenate([np.array(s.order, np.int64) for s in found])
        group = Group.of(self.problem, points, kind)
        packing = Packing(group=group, units=np.array([s.units for s in found]), bits=self._bits, strict=True)
        for r, strand in enumerate(found):
            order = np.array([group.number[p] for p in strand.order or ()], np.int64)
            packing.after[order] = np.roll(order, -1)
            packing.round_of[order] = r
        return packing

    def _scatter(self, packing: Packing) -> None:
        """Take the points of some neighbouring rounds out."""
        centre = int(self.rng.integers(len(packing.round_of)))
        near = packing.round_of[np.concatenate([[centre], packing.group.near[centre]])]
        _, first = np.unique(near, return_index=True)
        packing.spare[:] = 0
        packing.round_of[np.isin(packing.round_of, near[np.sort(first)[:_TOGETHER]])] = -1
        packing.weight[:], packing.heat = 1, _HEAT

    def _manned(self) -> SpacedPlan | None:
        """Give all rounds posts and times; None, and less room for those that are late, where some are."""
        found = [(i, *pair) for i, p in enumerate(self._packings) for pair in zip(*p.rounds(), strict=True)]
        made = manned(self._ground, [item for _, item, _ in found], extra=0)
        for i, packing in enumerate(self._packings):
            packing.turn({found[n][2]: points for n, points in made.turned.items() if found[n][0] == i})
            _tighten(packing, [found[n][2] for n in made.late if found[n][0] == i])
        if made.late:
            return None
        routes = sorted((*self._kept, *made.routes), key=lambda route: (route.vehicle, route.unit))
        return replace(self.plan, routes=tuple(routes))


def _tighten(packing: Packing, late: list[int]) -> None:
    """Give rounds that are late less room than they take now."""
    group = packing.group
    for r in late:
        held = np.flatnonzero(packing.round_of == r)
        length = int(group.dwell[held].sum() + group.legs[held, packing.after[held]].sum())
        packing.spare[r] = max(0, int(packing.units[r]) * group.gap - length) + 1


def _settled(packing: Packing) -> bool:
    """Search until all points have a round again; return whether they have."""
    return any(packing.improve(_STEPS) == 0 for _ in range(_LOOKS))


def _shortened(packing: Packing) -> None:
    packing.heat = _COOL
    packing.improve(_STEPS)
