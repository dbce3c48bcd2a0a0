"""The linear program behind the least number of units: moves between points, windows, and posts with few units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.paths import Clusters
from planners.patrol.spacing.problem import SpacingProblem

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ROUNDS = 60
"""Programs that are solved at most."""
_NEAR = 12
"""Moves to so many nearest points are in the program from the start."""
_HOUR = 3600.0
_LITTLE = 0.003
"""Units by which a program rises that was worth it."""
_MANY = 1 << 20
"""Units of a post that has as many as are needed."""
_PATIENCE = 3
"""Programs in a row that hardly rise before it is enough."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pools:
    """Units that leave from one post and end at one post.

    Attributes
    ----------
    into, out : float64[pools, n], seconds from the post to each point and from it to the post
    units : int64[pools]
    """

    into: Floats
    out: Floats
    units: Ints

    @classmethod
    def of(cls, problem: SpacingProblem, points: Ints) -> Pools:
        """Return the pools of units that may go out; units under way count as beside every point."""
        places = points + problem.posts
        into: list[Floats] = []
        out: list[Floats] = []
        units: list[int] = []
        for number, vehicle in enumerate(problem.vehicles):
            kind = problem.kind_of(number)
            may = problem.eligible[points, kind]
            if not problem.may_go(number) or not may.any() or not vehicle.available:
                continue
            seconds = problem.seconds[kind]
            into.append(np.where(may, seconds[vehicle.start_post, places], NO_WAY).astype(np.float64))
            out.append(np.where(may, seconds[places, vehicle.end_post], NO_WAY).astype(np.float64))
            units.append(vehicle.available)
        if problem.starts and into:
            into.append(np.zeros(len(points)))
            out.append(np.min(out, axis=0))
            units.append(len(problem.starts))
        shape = (len(units), len(points))
        return cls(into=np.reshape(into, shape), out=np.reshape(out, shape), units=np.array(units, np.int64))


@dataclass(slots=True, eq=False)
class _Rows:
    """Rows of a sparse matrix."""

    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)

    def add(self, columns: Ints, values: Floats | float, limit: float) -> None:
        self.row.append(np.full(len(columns), len(self.limit)))
        self.column.append(columns)
        self.value.append(np.broadcast_to(np.asarray(values, np.float64), columns.shape))
        self.limit.append(limit)

    def matrix(self, columns: int) -> csr_array:
        return csr_array(
            (np.concatenate(self.value), (np.concatenate(self.row), np.concatenate(self.column))),
            shape=(len(self.limit), columns),
        )


@dataclass(slots=True, eq=False)
class Program:
    """Points that units of some kinds visit, and the moves, sets and posts that are in the program so far.

    With ``as_many_as_needed`` each post that has a unit has as many as are needed.
    """

    problem: SpacingProblem
    points: Ints
    as_many_as_needed: bool = False
    legs: Floats = field(init=False)
    again: Floats = field(init=False)
    pools: Pools = field(init=False)
    gap: Ints = field(init=False)
    windows: Ints = field(init=False)
    dwell: Floats = field(init=False)
    arcs: Flags = field(init=False)
    first: Flags = field(init=False)
    last: Flags = field(init=False)
    alike: Flags = field(init=False)
    sets: list[tuple[Ints, float]] = field(default_factory=list)
    apart: list[tuple[Ints, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        problem, points = self.problem, self.points
        places = points + problem.posts
        n = len(points)
        self.legs = np.full((n, n), float(NO_WAY))
        for k, seconds in enumerate(problem.seconds):
            may = problem.eligible[points, k]
            both = may[:, None] & may[None, :]
            self.legs = np.where(both, np.minimum(self.legs, seconds[np.ix_(places, places)]), self.legs)
        self.gap = problem.gap[points].astype(np.int64)
        self.windows = -(-problem.shift_seconds // self.gap)
        self.dwell = problem.dwell[points].astype(np.float64)
        self.again = np.maximum(np.diagonal(self.legs), problem.least_gap[points] - self.dwell)
        self.again = np.maximum(self.again, 0.0)
        np.fill_diagonal(self.legs, NO_WAY)
        self.alike = self.gap[:, None] == self.gap[None, :]
        self.pools = Pools.of(problem, points)
        self.arcs = _nearest(self.legs, _NEAR)
        self.arcs |= self.arcs.T
        np.fill_diagonal(self.arcs, val=False)
        self.first, self.last = _nearest(self.pools.into, 4), _nearest(self.pools.out, 4)
        self.first |= _nearest(self.pools.into.T, 3).T
        self.last |= _nearest(self.pools.out.T, 3).T

    def solve(self, going: Callable[[], bool]) -> tuple[float, float]:
        """Return the least units, and what dwell alone asks for; of the programs solved until ``going`` says no."""
        best = 0.0
        work = float((self.dwell * (self.problem.shift_seconds // self.gap)).sum()) / self.problem.shift_seconds
        off = self.legs[~np.eye(len(self.points), dtype=np.bool_)]
        # Where all legs are alike, one round through all points costs no more than many: no set can help.
        plain = not len(off) or off.min() == off.max()
        clusters = Clusters(self.legs, self.dwell, self.gap, exact=self.problem.shift_seconds % self.gap == 0)
        stalled = 0
        for _ in range(_ROUNDS):
            if not going():
                break
            value, inside, moves, lacking = self._solve_once()
            if lacking:
                continue
            stalled = 0 if value > best + _LITTLE else stalled + 1
            best = max(best, value)
            if plain or stalled == _PATIENCE:
                break
            found = clusters.crowded(inside / self.windows.max(), [tuple(s.tolist()) for s, _ in self.apart])
            self.apart += found
            if not self._circling(moves / self.windows.max()) and not found:
                break
        return best, work

    def _solve_once(self) -> tuple[float, Floats, Floats, bool]:
        """Solve over the moves at hand; return value, moves within windows, all moves, and whether moves had to be added."""
        n, pools = len(self.points), self.pools
        tail, head = np.nonzero(self.arcs)
        cross = self.alike[tail, head]
        over_tail, over_head = np.append(tail[cross], np.arange(n)), np.append(head[cross], np.arange(n))
        from_post, to_first = np.nonzero(self.first)
        to_post, from_last = np.nonzero(self.last)
        sizes = [len(tail), len(over_tail), len(from_post), len(to_post), n, n, 1]
        at = np.concatenate([[0], np.cumsum(sizes)])
        move, over, start, end, wait, miss, unit = (np.arange(at[i], at[i + 1]) for i in range(7))
        over_cost = np.append(self.legs[tail, head][cross], self.again)
        shift, every = float(self.problem.shift_seconds), np.arange(n)

        balance = _Rows()
        for heads, tops, edge, points in ((head, over_head, start, to_first), (tail, over_tail, end, from_last)):
            order = np.concatenate([heads, tops, points, every])
            columns = np.concatenate([move, over, edge, miss])
            for i, held in enumerate(
                np.split(columns[np.argsort(order, kind="stable")], np.cumsum(np.bincount(order, minlength=n))[:-1])
            ):
                balance.add(held, 1.0, float(self.windows[i]))
        for pool in range(len(pools.units)):
            ins, outs = start[from_post == pool], end[to_post == pool]
            balance.add(np.append(ins, outs), np.append(np.ones(len(ins)), -np.ones(len(outs))), 0.0)

        limits = _Rows()
        into, out = pools.into[from_post, to_first], pools.out[to_post, from_last]
        limits.add(
            np.concatenate([move, over, start, end, wait, miss, unit]),
            np.concatenate([self.legs[tail, head], over_cost, into, out, np.ones(n), -self.dwell, [-shift]]) / _HOUR,
            -float((self.dwell * self.windows).sum()) / _HOUR,
        )
        limits.add(np.append(start, unit), np.append(np.ones(len(start)), -1.0), 0.0)
        for pool, most in enumerate(pools.units.tolist()):
            limits.add(start[from_post == pool], 1.0, float(_MANY if self.as_many_as_needed else most))
        budget = []
        for size in np.unique(self.gap):
            mine = np.flatnonzero(self.gap == size)
            count = int(self.windows[mine[0]])
            spare = int(count * size - self.problem.shift_seconds)
            each = 1 + (spare - 1) // int(self.dwell[mine].min()) if spare else 0
            limits.add(np.append(miss[mine], unit), np.append(np.ones(len(mine)), -float(each)), 0.0)
            crossing = over[self.gap[over_head] == size]
            budget.append(len(limits.limit))
            limits.add(np.append(crossing, unit), np.append(np.ones(len(crossing)), 1.0 - count), 0.0)
        number, number_over = np.full((n, n), -1), np.full((n, n), -1)
        number[tail, head], number_over[over_tail, over_head] = move, over
        fixed = len(limits.limit)
        for held, least in self.sets:
            inside = np.concatenate([number[np.ix_(held, held)].ravel(), number_over[np.ix_(held, held)].ravel()])
            inside = inside[inside >= 0]
            inside = inside[~np.isin(inside, number_over[held, held])]
            limits.add(
                np.append(inside, wait[held]), np.append(np.ones(len(inside)), np.full(len(held), -1.0 / least)),
                float((len(held) - 1) * self.windows[held].max()),
            )  # fmt: skip
        for held, parts in self.apart:
            inside = number[np.ix_(held, held)].ravel()
            limits.add(inside[inside >= 0], 1.0, float((len(held) - parts) * self.windows[held[0]]))
        total = int(at[-1])
        cost = np.zeros(total)
        cost[unit] = 1.0
        upper = np.full(total, np.inf)
        upper[miss] = 1.0
        result = linprog(  # type: ignore[call-overload]
            cost, A_ub=limits.matrix(total), b_ub=np.array(limits.limit), A_eq=balance.matrix(total),
            b_eq=np.array(balance.limit), bounds=[(0.0, most) for most in upper.tolist()], method="highs",
        )  # fmt: skip
        if result.x is None:
            return 0.0, np.zeros((n, n)), np.zeros((n, n)), self._everything()
        within, moves = np.zeros((n, n)), np.zeros((n, n))
        within[tail, head] = result.x[move]
        moves[over_tail, over_head] = result.x[over]
        np.fill_diagonal(moves, 0.0)
        equal, below = result.eqlin.marginals, result.ineqlin.marginals
        lacking = self._price(equal, below, budget, fixed)
        return float(result.fun), within, within + moves, lacking

    def _price(self, equal: Floats, below: Floats, budget: list[int], fixed: int) -> bool:
        """Add moves whose reduced cost is negative; return whether there were any."""
        n = len(self.points)
        into, out, post = equal[:n], equal[n : 2 * n], equal[2 * n :]
        time = -below[0] / _HOUR
        over = time * self.legs - into[None, :] - out[:, None]
        over = np.where(self.legs < NO_WAY, over, np.inf)
        within = over.copy()
        for (held, _), price in zip(self.sets, below[fixed : fixed + len(self.sets)], strict=True):
            within[np.ix_(held, held)] -= price
            over[np.ix_(held, held)] -= price
        for (held, _), price in zip(self.apart, below[fixed + len(self.sets) :], strict=True):
            within[np.ix_(held, held)] -= price
        for size, row in zip(np.unique(self.gap), budget, strict=True):
            mine = np.flatnonzero(self.gap == size)
            over[np.ix_(mine, mine)] -= below[row]
        over[~self.alike] = np.inf
        pool = below[2 : 2 + len(self.pools.units)]
        first = time * self.pools.into - into[None, :] - post[:, None] - pool[:, None] - below[1]
        last = time * self.pools.out - out[None, :] + post[:, None]
        found = False
        for reduced, have, way in (
            (np.minimum(within, over), self.arcs, self.legs), (first, self.first, self.pools.into), (last, self.last, self.pools.out),
        ):  # fmt: skip
            lacking = (reduced < -1e-9) & ~have & (way < NO_WAY)
            if lacking.shape[0] == lacking.shape[1] == n and way is self.legs:
                np.fill_diagonal(lacking, val=False)
            have[lacking] = True
            found = found or bool(lacking.any())
        return found

    def _everything(self) -> bool:
        found = False
        for have, way in ((self.arcs, self.legs), (self.first, self.pools.into), (self.last, self.pools.out)):
            more = (way < NO_WAY) & ~have
            have[more] = True
            found = found or bool(more.any())
        return found

    def _circling(self, share: Floats) -> bool:
        """Add sets of points inside which there are too many moves to wait for none; grow them from the busiest moves."""
        least_gap = self.problem.least_gap[self.points].astype(np.float64)
        known = {tuple(held.tolist()) for held, _ in self.sets}
        both = share + share.T
        before = len(self.sets)
        for i, j in np.argwhere(np.triu(both) > 0.3).tolist():
            held = [i, j]
            inside = both[i, j]
            while True:
                members = np.array(sorted(held))
                least = float(least_gap[members].min()) - float(self.dwell[members].sum()) - self._longest(members)
                if least < 120:
                    break
                if inside > len(held) - 1 + 1e-4 and tuple(members.tolist()) not in known:
                    known.add(tuple(members.tolist()))
                    self.sets.append((members, least))
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


def _nearest(ways: Floats, count: int) -> Flags:
    """Return bool of the same shape, the nearest few of each row."""
    found = np.zeros(ways.shape, np.bool_)
    near = np.argsort(ways, axis=1, kind="stable")[:, : min(count, ways.shape[1])]
    np.put_along_axis(found, near, values=True, axis=1)
    return found & (ways < NO_WAY)
