"""Spaced patrols: rounds that units follow each other on, as few units as can be, improved while time is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from geo.errors import InfeasibleError
from planners.contract import Budget, Observer, Outcome, Progress, Termination, silent, stopped_before_any_plan
from planners.patrol.mend.complete import completed
from planners.patrol.spacing import appointments
from planners.patrol.spacing.bound import bound_units
from planners.patrol.spacing.by_windows import solve_windows, suits_windows
from planners.patrol.spacing.cadence import Round
from planners.patrol.spacing.check import check_spacing
from planners.patrol.spacing.manning import Fleet, manned
from planners.patrol.spacing.packing import Group, Packing, bases, composed, fewer, mixed
from planners.patrol.spacing.plan import SpacedPlan
from planners.patrol.spacing.problem import SpacingProblem
from planners.patrol.spacing.reach import reached

_STEPS = 5000
"""Steps of a packing between two looks at the whole plan."""
_FIRST_STEPS = 2000
"""Steps of a packing before a first plan gets more units."""
_TRIES = 16
"""Packings that are tried for a first plan."""
_EXTRA = 3
"""Units that rounds may get beyond those that they were packed for, in all."""


@dataclass(slots=True, eq=False)
class _Search:
    """The rounds of one group that stand, and attempts with fewer units."""

    group: Group
    seed: np.random.SeedSequence
    limit: int
    current: Packing = field(init=False)
    standing: int = 0
    attempts: list[Packing] = field(default_factory=list)

    def bits(self) -> npt.NDArray[np.uint64]:
        """Return a generator for one packing: those that run side by side must not draw from the same."""
        return self.seed.spawn(1)[0].generate_state(1, np.uint64) | np.uint64(1)

    def begin(self, problem: SpacingProblem, ask: Callable[[], None]) -> None:
        """Pack all points so that their units are in time, or those of most priority with the units there are."""
        visits = self.group.visits
        units = min(self.limit, max(1, int(1.12 * self.group.work)))
        self.current = self._packing(units, bases(visits)[0])
        for number in range(_TRIES):
            ask()
            if self.current.improve(_FIRST_STEPS) == 0:
                late = self.current.late(problem)
                if not late or number > _TRIES // 2:
                    return
                continue
            if units < self.limit:
                units = min(self.limit, units + max(1, units // 50))
                self.current = self.current.with_units(composed(units, bases(visits)[0], visits), self.current.bits)
        if self.current.absent:
            self.current = self._packing(self.limit, bases(visits)[0], by_priority=True)
            for _ in range(_TRIES // 2):
                ask()
                self.current.improve(_FIRST_STEPS)
                late = self.current.late(problem)
                if not late:
                    return

    def aim(self, units: int) -> None:
        """Begin attempts with a number of units: one goes on from the rounds that stand."""
        mixes = mixed(units, self.group.visits)
        self.attempts = [
            self.current.with_units(fewer(self.current.units, units), self.bits()),
            *(Packing(group=self.group, units=sizes, bits=self.bits()) for sizes in mixes),
        ]

    def promising(self) -> list[Packing]:
        """Return the attempt that is nearest to its aim, and of the others the fewer points one leaves absent the oftener."""
        nearest = min(self.attempts, key=lambda a: (len(a.absent), not a.strict))
        others = [a for a in self.attempts if a is not nearest]
        return [nearest, *sorted(others, key=lambda a: a.looks * (1 + len(a.absent)))[:1]]

    @property
    def next(self) -> int:
        """Units to aim at: fewer where rounds got more than they were packed for."""
        return max(self.least, min(self.standing - 1, max(int(self.current.units.sum()), self.standing - _EXTRA)))

    @property
    def least(self) -> int:
        """Units below which no rounds can be."""
        return max(1, int(np.ceil(self.group.work - 1e-9)))

    def _packing(self, units: int, base: int, *, by_priority: bool = False) -> Packing:
        wanted = composed(units, base, self.group.visits)
        return Packing(group=self.group, units=wanted, bits=self.bits(), by_priority=by_priority)


@dataclass(slots=True, eq=False)
class _State:
    """The best plan so far."""

    problem: SpacingProblem
    unreachable: tuple[int, ...]
    searches: list[_Search]
    plan: SpacedPlan
    objective: float

    def offer(self, number: int, packing: Packing) -> bool:
        """Man the rounds of one group anew; return whether the plan is better now. Late rounds get less room."""
        packings = [packing if i == number else s.current for i, s in enumerate(self.searches)]
        plan, made = _assembled(self.problem, packings, self.unreachable, extra=_EXTRA)
        late = made.late.get(number, {})
        packing.turn(made.turned.get(number, {}))
        packing.hold(made.pools.get(number, {}), made.unused[packing.group.kind])
        packing.tighten([r for r in late if r not in made.pools.get(number, {})])
        if made.late:
            return False
        objective = check_spacing(self.problem, plan)
        if (objective, travel_seconds(self.problem, plan)) >= (
            self.objective,
            travel_seconds(self.problem, self.plan),
        ):
            return False
        self.plan, self.objective = plan, objective
        self.searches[number].current = packing
        self.searches[number].standing = made.units.get(number, 0)
        return True


def solve_spacing(problem: SpacingProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[SpacedPlan]:
    """Plan spaced patrols with few units, by rounds or, where visits are few, by windows; the better plan of both where both are tried.

    Points of one gap are packed into closed rounds by ruin and recreate; ``k`` units follow each other on a round of
    ``L`` seconds, so that each point is begun every ``L / k`` seconds. The units of a round divide the visits of the shift, so that each
    ends near where it began. Posts, begins and the order of a round are then chosen so that every unit is out and back in time;
    rounds where that fails get less room and are packed again. Attempts with one unit less go on as long as the budget lasts; the
    bound is proved by ``bound_units``. Where units are too few, points of least priority are left out.
    What is asked beside the rounds is put into their plan afterwards; see ``planners.patrol.mend.complete``.

    Raises
    ------
    InfeasibleError
        Naming the points that no unit on shift can visit.
    CancelledError
        Where the observer asks to stop before there is a first plan; until then the objective it is told is None.
    """
    if not problem.plain:
        return completed(problem, budget, solve_spacing, observe=observe)
    if suits_windows(problem):
        return solve_windows(problem, budget, _by_rounds, observe=observe)
    return _by_rounds(problem, budget, observe=observe)


def _by_rounds(problem: SpacingProblem, budget: Budget, *, observe: Observer = silent) -> Outcome[SpacedPlan]:
    began = time.perf_counter()

    def ask() -> None:
        if not observe(Progress(seconds=time.perf_counter() - began)):
            raise stopped_before_any_plan()

    state = _first(problem, budget.seed, ask)
    bound: float | None = None
    looks = budget.iterations or (0 if budget.seconds is None else 1 << 40)
    termination = Termination.ITERATIONS
    for look in range(1, looks + 1):
        spent = time.perf_counter() - began
        if not observe(Progress(seconds=spent, objective=state.objective, bound=bound)):
            termination = Termination.CANCELLED
            break
        if bound is None:
            bound, stopped = _bound(problem, state, observe, began)
            if stopped:
                termination = Termination.CANCELLED
                break
        if state.objective <= bound:
            break
        if budget.seconds is not None and spent > budget.seconds:
            termination = Termination.TIME
            break
        for number, search in enumerate(state.searches):
            _look(state, number, search, look)
    if bound is None and termination is not Termination.CANCELLED:
        bound, _ = _bound(problem, state, observe, began)
    if bound is not None and state.objective <= bound:
        termination = Termination.OPTIMAL
    return Outcome(
        plan=state.plan, objective=state.objective, bound=bound, sense=-1, termination=termination,
        seconds=time.perf_counter() - began, seed=budget.seed, solver="spaced rounds",
    )  # fmt: skip


def _bound(problem: SpacingProblem, state: _State, observe: Observer, began: float) -> tuple[float, bool]:
    """Return a proved bound on the objective, and whether the observer asked to stop before it was the best."""
    stopped = False

    def going() -> bool:
        nonlocal stopped
        stopped = stopped or not observe(Progress(seconds=time.perf_counter() - began, objective=state.objective))
        return not stopped

    return float(min(bound_units(problem, going=going).units, problem.price_of_leaving_out)), stopped


def travel_seconds(problem: SpacingProblem, plan: SpacedPlan) -> int:
    """Return the seconds that all units of a plan are under way."""
    total = 0
    for route in plan.routes:
        vehicle = problem.vehicles[route.vehicle]
        way = np.concatenate([[vehicle.start_post], route.points + problem.posts, [vehicle.end_post]])
        total += int(problem.seconds[problem.kind_of(route.vehicle), way[:-1], way[1:]].astype(np.int64).sum())
    return total


def _look(state: _State, number: int, search: _Search, look: int) -> None:
    """Go on with one attempt of a group, or now and then shorten the rounds that stand."""
    left = search.current.absent
    units = search.standing
    if left or (look % 5 == 4 and not search.group.alike):
        other = search.current.again(search.bits())
        other.improve(_STEPS // 2)
        state.offer(number, other)
    elif units > search.least:
        if not search.attempts or search.attempts[0].units.sum() >= units:
            search.aim(search.next)
        attempts = search.promising()
        # Both run to the end, so that the same seed gives the same plan on any number of processors.
        with ThreadPoolExecutor(len(attempts)) as threads:
            absent = list(threads.map(lambda attempt: attempt.improve(_STEPS), attempts))
        for attempt, left_out in zip(attempts, absent, strict=True):
            if left_out == 0 and state.offer(number, attempt):
                search.aim(search.next)
                break


def _first(problem: SpacingProblem, seed: int, ask: Callable[[], None]) -> _State:
    """Return a first plan; ``ask`` is called often and may raise."""
    groups, unreachable = _groups(problem)
    if not groups:
        raise InfeasibleError(
            "No unit on shift can reach any point; check kinds, posts and closed streets",
            "当班巡组无法到达任何必巡点，请检查类型、屯警点与封闭道路",
        )
    left = [len(Fleet(problem, kind)) for kind in range(len(problem.kinds))]
    searches = []
    # Groups of most priority a unit choose first.
    for number in sorted(range(len(groups)), key=lambda g: -groups[g].priority.sum() / groups[g].work):
        group = groups[number]
        search = _Search(group=group, seed=np.random.SeedSequence([seed, number]), limit=max(1, left[group.kind]))
        search.begin(problem, ask)
        left[group.kind] -= int(search.current.units.sum())
        searches.append(search)
    plan, made = _assembled(problem, [s.current for s in searches], unreachable, extra=problem.units)
    for number, search in enumerate(searches):
        search.standing = made.units.get(number, 0)
        search.current.hold(made.pools.get(number, {}), made.unused[search.group.kind])
    return _State(problem, unreachable, searches, plan, check_spacing(problem, plan))


@dataclass(slots=True, eq=False)
class _Made:
    """By group and round: lateness of rounds without units, orders that are in time, posts; by group the units; by kind the posts left."""

    late: dict[int, dict[int, int]] = field(default_factory=dict)
    turned: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    pools: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    unused: dict[int, tuple[int, ...]] = field(default_factory=dict)


def _assembled(
    problem: SpacingProblem, packings: list[Packing], unreachable: tuple[int, ...], *, extra: int
) -> tuple[SpacedPlan, _Made]:
    """Return the plan of some packings, and what became of their rounds."""
    rounds: list[Round] = []
    origin: list[tuple[int, int]] = []
    held: list[tuple[int, ...]] = []
    out = list(unreachable)
    for number, packing in enumerate(packings):
        found, numbers = packing.rounds()
        rounds += found
        origin += [(number, r) for r in numbers]
        held += packing.held(numbers)
        out += packing.absent
    sent = manned(problem, rounds, extra=extra, held=held)
    made = _Made(unused=sent.unused)
    for r, pools in sent.pools.items():
        made.pools.setdefault(origin[r][0], {})[origin[r][1]] = pools
    for r, seconds in sent.late.items():
        made.late.setdefault(origin[r][0], {})[origin[r][1]] = seconds
        out += rounds[r].points
    for r, points in sent.turned.items():
        made.turned.setdefault(origin[r][0], {})[origin[r][1]] = points
        made.units[origin[r][0]] = made.units.get(origin[r][0], 0) + sent.units[r]
    routes, missed = appointments.kept(problem, sent.routes)
    return SpacedPlan(routes=tuple(routes), left_out=tuple(sorted(out)), missed=missed), made


def _groups(problem: SpacingProblem) -> tuple[list[Group], tuple[int, ...]]:
    """Group points by gap and kinds; give each group the kind that needs the fewest units."""
    left = [len(Fleet(problem, kind)) for kind in range(len(problem.kinds))]
    usable, hindered = reached(problem)
    unreachable = tuple(sorted(hindered))
    keys: dict[tuple[int, bytes], list[int]] = {}
    for point in np.flatnonzero(usable.any(axis=1)).tolist():
        keys.setdefault((int(problem.gap[point]), usable[point].tobytes()), []).append(point)
    groups = []
    for _, points in sorted(keys.items()):
        choices = []
        for kind in np.flatnonzero(usable[points[0]]).tolist():
            group = Group.of(problem, np.array(points), kind)
            choices.append((group.work > left[kind], group.work, kind, group))
        _, work, kind, group = min(choices, key=lambda c: c[:3])
        left[kind] -= int(np.ceil(work))
        groups.append(group)
    return groups, unreachable
