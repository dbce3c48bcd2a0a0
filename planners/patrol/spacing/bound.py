"""A proved least number of units for spaced patrols: a linear program over moves between points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUNDS = 40
_SAFE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsBound:
    """A lower bound on the units of any plan that leaves no point out, whole and as the linear programs give it.

    ``dwell_only`` is what dwell alone asks for, without any way.
    """

    units: int
    relaxed: float
    dwell_only: float


def bound_units(problem: SpacingProblem) -> UnitsBound:
    """Return the bound; points that share no kind of unit are bounded apart, and the whole numbers added.

    Let ``m`` be the gaps that begin in the shift. A point is begun in each of ``m`` windows, but for one visit of at most as many points
    as units can begin in the time that the ``m`` gaps exceed the shift. Each visit has a move in and a move out; each unit has one move
    from a post and one to a post. A unit that stays inside a set of ``s`` points for ``s + 1`` visits comes back to one of them,
    and must wait until its least gap is over: so moves inside the set are at most ``(s - 1) m`` plus waiting inside it
    divided by the least such wait. Dwell, moves and waiting must fit the shifts. Times obey the triangle
    inequality, so visits beyond those counted only cost time.
    """
    units, relaxed, dwell = 0, 0.0, 0.0
    for points in _apart(problem):
        found, work = _Program(problem, points).solve()
        units += max(1, math.ceil(found - _SAFE))
        relaxed += found
        dwell += work
    return UnitsBound(units=units, relaxed=relaxed, dwell_only=dwell)


def _apart(problem: SpacingProblem) -> list[Ints]:
    """Group points that are linked by kinds of units."""
    groups: list[tuple[npt.NDArray[np.bool_], list[int]]] = []
    for point in np.flatnonzero(problem.on_rounds).tolist():
        kinds, points = problem.eligible[point].copy(), [point]
        rest = []
        for other, held in groups:
            if (other & kinds).any():
                kinds, points = kinds | other, held + points
            else:
                rest.append((other, held))
        groups = [*rest, (kinds, points)]
    return [np.array(sorted(points), np.int64) for kinds, points in groups if kinds.any()]


@dataclass(slots=True, eq=False)
class _Program:
    problem: SpacingProblem
    points: Ints
    legs: Floats = field(init=False)
    into: Floats = field(init=False)
    out: Floats = field(init=False)
    sets: list[Ints] = field(init=False)
    waits: list[float] = field(init=False)
    arcs: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        problem, points = self.problem, self.points
        places = points + problem.posts
        n = len(points)
        self.legs = np.full((n, n), float(NO_WAY))
        self.into, self.out = np.full(n, float(NO_WAY)), np.full(n, float(NO_WAY))
        for k, seconds in enumerate(problem.seconds):
            may = problem.eligible[points, k]
            starts = np.unique([v.start_post for v in problem.vehicles if v.kind == problem.kinds[k]])
            homes = np.unique([v.end_post for v in problem.vehicles if v.kind == problem.kinds[k]])
            if not may.any() or not len(starts):
                continue
            both = may[:, None] & may[None, :]
            self.legs = np.where(both, np.minimum(self.legs, seconds[np.ix_(places, places)]), self.legs)
            self.into = np.where(
                may, np.minimum(self.into, seconds[np.ix_(starts.astype(np.int64), places)].min(axis=0)), self.into
            )
            self.out = np.where(
                may, np.minimum(self.out, seconds[np.ix_(places, homes.astype(np.int64))].min(axis=1)), self.out
            )
        if problem.starts:
            # A unit that is under way may stand beside a point already.
            self.into = np.minimum(self.into, 0.0)
        np.fill_diagonal(self.legs, NO_WAY)
        self.sets, self.waits = [], []
        near = np.argsort(self.legs, axis=1, kind="stable")[:, : min(12, n - 1)]
        self.arcs = np.zeros((n, n), np.bool_)
        np.put_along_axis(self.arcs, near, values=True, axis=1)
        self.arcs |= self.arcs.T
        np.fill_diagonal(self.arcs, val=False)

    def solve(self) -> tuple[float, float]:
        """Return the least units, and what dwell alone asks for."""
        problem = self.problem
        gap = problem.gap[self.points].astype(np.int64)
        windows = -(-problem.shift_seconds // gap)
        dwell = problem.dwell[self.points].astype(np.float64)
        best = 0.0
        work = float((dwell * (windows - 1)).sum()) / problem.shift_seconds
        for _ in range(_ROUNDS):
            value, flow, lacking = self._solve_once(gap, windows, dwell)
            if lacking:
                continue
            best = max(best, value)
            # Where all legs are alike, one round through all points costs no more than many: no set can help.
            off = self.legs[~np.eye(len(self.points), dtype=np.bool_)]
            if not len(off) or off.min() == off.max() or not self._separate(flow / windows.max(), dwell):
                break
        return best, work

    def _solve_once(self, gap: Ints, windows: Ints, dwell: Floats) -> tuple[float, Floats, bool]:
        """Solve over the arcs at hand; return value, moves, and whether arcs had to be added."""
        problem, n = self.problem, len(self.points)
        tail, head = np.nonzero(self.arcs)
        a = len(tail)
        shift = float(problem.shift_seconds)
        # Columns: moves, from posts, to posts, waiting, missing, units.
        post_in, post_out, wait, miss, units = a, a + n, a + 2 * n, a + 3 * n, a + 4 * n
        every = np.arange(n)
        ones = np.ones
        balance = coo_array(
            (
                ones(2 * a + 4 * n),
                (
                    np.concatenate([head, every, every, n + tail, n + every, n + every]),
                    np.concatenate(
                        [np.arange(a), post_in + every, miss + every, np.arange(a), post_out + every, miss + every]
                    ),
                ),
            ),
            shape=(2 * n, units + 1),
        )
        classes = np.unique(gap)
        rows: list[Ints] = []
        cols: list[Ints] = []
        values: list[Floats] = []
        limits: list[float] = []

        def row(columns: Ints, numbers: Floats, limit: float) -> None:
            rows.append(np.full(len(columns), len(limits)))
            cols.append(columns)
            values.append(numbers)
            limits.append(limit)

        hour = 3600.0
        row(
            np.concatenate([np.arange(a), post_in + every, post_out + every, wait + every, miss + every, [units]]),
            np.concatenate([self.legs[tail, head], self.into, self.out, ones(n), -dwell, [-shift]]) / hour,
            -float((dwell * windows).sum()) / hour,
        )
        row(np.append(post_in + every, units), np.append(ones(n), -1.0), 0.0)
        row(np.append(post_out + every, units), np.append(ones(n), -1.0), 0.0)
        for size in classes:
            mine = np.flatnonzero(gap == size)
            over = int(windows[mine[0]] * size - problem.shift_seconds)
            each = 1 + (over - 1) // int(dwell[mine].min()) if over else 0
            row(np.append(miss + mine, units), np.append(ones(len(mine)), -float(each)), 0.0)
        fixed = len(limits)
        number = np.full((n, n), -1)
        number[tail, head] = np.arange(a)
        for held, least in zip(self.sets, self.waits, strict=True):
            inside = number[np.ix_(held, held)].ravel()
            inside = inside[inside >= 0]
            row(
                np.concatenate([inside, wait + held]),
                np.concatenate([ones(len(inside)), np.full(len(held), -1.0 / least)]),
                float((len(held) - 1) * windows[held].max()),
            )
        limiting = csr_array(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), shape=(len(limits), units + 1)
        )
        cost = np.zeros(units + 1)
        cost[units] = 1.0
        upper = np.full(units + 1, np.inf)
        upper[miss:units] = 1.0
        result = linprog(  # type: ignore[call-overload]
            cost, A_ub=limiting, b_ub=np.array(limits), A_eq=balance.tocsr(), b_eq=np.concatenate([windows, windows]),
            bounds=[(0.0, most) for most in upper.tolist()], method="highs",
        )  # fmt: skip
        if result.x is None:
            return 0.0, np.zeros((n, n)), self._all_arcs()
        flow = np.zeros((n, n))
        flow[tail, head] = result.x[:a]
        dual = result.eqlin.marginals
        reduced = -result.ineqlin.marginals[0] * self.legs / hour - dual[None, :n] - dual[n:, None]
        for held, price in zip(self.sets, result.ineqlin.marginals[fixed:], strict=True):
            reduced[np.ix_(held, held)] -= price
        reduced[self.arcs] = 0.0
        np.fill_diagonal(reduced, 0.0)
        lacking = (reduced < -1e-9) & (self.legs < NO_WAY)
        self.arcs |= lacking
        return float(result.fun), flow, bool(lacking.any())

    def _all_arcs(self) -> bool:
        full = self.legs < NO_WAY
        more = bool((full & ~self.arcs).any())
        self.arcs |= full
        return more

    def _separate(self, share: Floats, dwell: Floats) -> bool:
        """Add sets of points inside which there are too many moves; grow them from the busiest moves."""
        least_gap = self.problem.least_gap[self.points].astype(np.float64)
        known = {tuple(held.tolist()) for held in self.sets}
        both = share + share.T
        before = len(self.sets)
        pairs = np.argwhere(np.triu(both) > 0.3)
        for i, j in pairs.tolist():
            held = [i, j]
            inside = both[i, j]
            while True:
                members = np.array(sorted(held))
                longest = self._longest(members)
                least = float(least_gap[members].min()) - float(dwell[members].sum()) - longest
                if least < 120:
                    break
                if inside > len(held) - 1 + 1e-4 and tuple(members.tolist()) not in known:
                    known.add(tuple(members.tolist()))
                    self.sets.append(members)
                    self.waits.append(least)
                gain = both[held].sum(axis=0)
                gain[held] = -1.0
                more = int(gain.argmax())
                if gain[more] <= 0.05:
                    break
                inside += gain[more]
                held.append(more)
        return len(self.sets) > before

    def _longest(self, members: Ints) -> float:
        """Return travel that no closed walk through each member once exceeds."""
        legs = self.legs[np.ix_(members, members)]
        np.fill_diagonal(legs, 0.0)
        return float(np.where(legs >= NO_WAY, 0.0, legs).max(axis=1).sum())
