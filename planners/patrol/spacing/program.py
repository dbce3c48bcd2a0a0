"""The linear program behind the least number of units: moves between points, windows, and posts with few units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.columns import Columns, Rows
from planners.patrol.spacing.paths import Clusters
from planners.patrol.spacing.ways import Ways

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
class _Solved:
    """The answer over the moves at hand, which is no bound where moves were ``lacking`` and have been added since.

    Attributes
    ----------
    within, moves : float64[n, n], moves within windows, and all moves but those from a point to itself
    """

    value: float
    within: Floats
    moves: Floats
    lacking: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Prices:
    """What the program would pay for one more of each row.

    Attributes
    ----------
    into, out : float64[n], of visits by the moves into and out of them
    post, pool : float64[pools], of the units that come back to a post, and of the units that it has
    time, unit : of the seconds of all units, and of first moves
    over : by gap, of moves over to a later window
    waits, walks : of the sets of each sort
    """

    into: Floats
    out: Floats
    post: Floats
    pool: Floats
    time: float
    unit: float
    over: dict[int, float]
    waits: Floats
    walks: Floats


@dataclass(slots=True, eq=False)
class Program:
    """The moves, sets and posts that are in the program so far.

    With ``as_many_as_needed`` each post that has a unit has as many as are needed.

    Attributes
    ----------
    sets : points and the least wait of a unit that comes back to one of them without leaving them
    apart : points of one gap and the walks that are at least needed to begin all of them in one window
    """

    ways: Ways
    as_many_as_needed: bool = False
    arcs: Flags = field(init=False)
    first: Flags = field(init=False)
    last: Flags = field(init=False)
    sets: list[tuple[Ints, float]] = field(default_factory=list)
    apart: list[tuple[Ints, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        pools = self.ways.pools
        self.arcs = _nearest(self.ways.legs, _NEAR)
        self.arcs |= self.arcs.T
        np.fill_diagonal(self.arcs, val=False)
        self.first, self.last = _nearest(pools.into, 4), _nearest(pools.out, 4)
        self.first |= _nearest(pools.into.T, 3).T
        self.last |= _nearest(pools.out.T, 3).T

    def solve(self, going: Callable[[], bool]) -> float:
        """Return the least units that the programs prove which are solved until ``going`` says no."""
        ways, best, stalled = self.ways, 0.0, 0
        clusters = Clusters(ways.legs, ways.dwell, ways.gap, exact=ways.shift % ways.gap == 0)
        for _ in range(_ROUNDS):
            if not going():
                break
            answer = self._solve_once()
            if answer.lacking:
                continue
            stalled = 0 if answer.value > best + _LITTLE else stalled + 1
            best = max(best, answer.value)
            if ways.even or stalled == _PATIENCE:
                break
            windows = ways.windows.max()
            found = clusters.crowded(answer.within / windows, [tuple(s.tolist()) for s, _ in self.apart])
            self.apart += found
            if not self._circling(answer.moves / windows) and not found:
                break
        return best

    def _solve_once(self) -> _Solved:
        """Solve over the moves at hand, and add those that it lacks."""
        n = len(self.ways.dwell)
        columns = Columns.of(arcs=self.arcs, alike=self.ways.alike, first=self.first, last=self.last)
        balance = self._balance(columns)
        limits = Rows()
        self._limit_time(limits, columns)
        self._limit_posts(limits, columns)
        over = self._limit_windows(limits, columns)
        cut = len(limits)
        self._limit_sets(limits, columns)
        cost, bounds = np.zeros(columns.total), np.full((columns.total, 2), [0.0, np.inf])
        cost[columns.unit], bounds[columns.miss, 1] = 1.0, 1.0
        result = linprog(  # type: ignore[call-overload]
            cost, A_ub=limits.matrix(columns.total), b_ub=np.array(limits.limit), A_eq=balance.matrix(columns.total),
            b_eq=np.array(balance.limit), bounds=bounds, method="highs",
        )  # fmt: skip
        within, moves = np.zeros((n, n)), np.zeros((n, n))
        if result.status != 0:
            # A program without an answer may lack moves; what was given up before its optimum is no bound.
            return _Solved(value=0.0, within=within, moves=moves, lacking=self._add_all())
        within[columns.tail, columns.head] = result.x[columns.move]
        moves[columns.over_tail, columns.over_head] = result.x[columns.over]
        np.fill_diagonal(moves, 0.0)
        equal, below, pools = result.eqlin.marginals, result.ineqlin.marginals, len(self.ways.pools.units)
        lacking = self._add_cheap(
            _Prices(
                into=equal[:n], out=equal[n : 2 * n], post=equal[2 * n :], pool=below[2 : 2 + pools],
                time=-float(below[0]) / _HOUR, unit=float(below[1]), over={size: float(below[row]) for size, row in over.items()},
                waits=below[cut : cut + len(self.sets)], walks=below[cut + len(self.sets) :],
            )
        )  # fmt: skip
        return _Solved(value=float(result.fun), within=within, moves=within + moves, lacking=lacking)

    def _balance(self, columns: Columns) -> Rows:
        """Return rows by which each visit has a move in and a move out, and as many units come to each post as leave it."""
        rows, every = Rows(), np.arange(columns.points)
        for point, moves in (
            (np.concatenate([columns.head, columns.over_head, columns.to_first, every]), columns.start),
            (np.concatenate([columns.tail, columns.over_tail, columns.from_last, every]), columns.end),
        ):
            mine = np.concatenate([columns.move, columns.over, moves, columns.miss])[np.argsort(point, kind="stable")]
            last = np.cumsum(np.bincount(point, minlength=columns.points))
            for i, held in enumerate(np.split(mine, last[:-1])):
                rows.add(held, 1.0, float(self.ways.windows[i]))
        for pool in range(len(self.ways.pools.units)):
            leave, come = columns.start[columns.from_post == pool], columns.end[columns.to_post == pool]
            rows.add(np.append(leave, come), np.append(np.ones(len(leave)), -np.ones(len(come))), 0.0)
        return rows

    def _limit_time(self, rows: Rows, columns: Columns) -> None:
        """Add the row by which dwell, moves and waiting fit the shifts."""
        ways, pools = self.ways, self.ways.pools
        across = columns.over_tail != columns.over_head
        over = np.append(ways.legs[columns.over_tail[across], columns.over_head[across]], ways.again)
        seconds = [
            ways.legs[columns.tail, columns.head], over, pools.into[columns.from_post, columns.to_first],
            pools.out[columns.to_post, columns.from_last], np.ones(columns.points), -ways.dwell, np.array([-float(ways.shift)]),
        ]  # fmt: skip
        every = [columns.move, columns.over, columns.start, columns.end, columns.wait, columns.miss, columns.unit]
        visits = float((ways.dwell * ways.windows).sum())
        rows.add(np.concatenate(every), np.concatenate(seconds) / _HOUR, -visits / _HOUR)

    def _limit_posts(self, rows: Rows, columns: Columns) -> None:
        """Add the row by which each unit leaves once at most, and those by which no more leave a post than it has."""
        rows.add(np.append(columns.start, columns.unit), np.append(np.ones(len(columns.start)), -1.0), 0.0)
        for pool, most in enumerate(self.ways.pools.units.tolist()):
            rows.add(columns.start[columns.from_post == pool], 1.0, float(_MANY if self.as_many_as_needed else most))

    def _limit_windows(self, rows: Rows, columns: Columns) -> dict[int, int]:
        """Add rows that limit the visits missing from a last window that is cut short, and the moves over; return the latter by gap."""
        ways, over = self.ways, dict[int, int]()
        for size in np.unique(ways.gap).tolist():
            mine = np.flatnonzero(ways.gap == size)
            count = int(ways.windows[mine[0]])
            spare = count * size - ways.shift
            # A point without a visit in the last window is begun in the ``spare`` seconds before it.
            each = 1 + (spare - 1) // int(ways.dwell[mine].min()) if spare else 0
            rows.add(np.append(columns.miss[mine], columns.unit), np.append(np.ones(len(mine)), -float(each)), 0.0)
            crossing = columns.over[ways.gap[columns.over_head] == size]
            over[size] = len(rows)
            rows.add(np.append(crossing, columns.unit), np.append(np.ones(len(crossing)), 1.0 - count), 0.0)
        return over

    def _limit_sets(self, rows: Rows, columns: Columns) -> None:
        """Add rows that limit the moves inside sets of points: those where units must wait, then those that need several walks."""
        windows = self.ways.windows
        for held, least in self.sets:
            inside = columns.inside(held)
            rows.add(
                np.append(inside, columns.wait[held]),
                np.append(np.ones(len(inside)), np.full(len(held), -1.0 / least)),
                float((len(held) - 1) * windows[held].max()),
            )
        for held, walks in self.apart:
            rows.add(columns.within(held), 1.0, float((len(held) - walks) * windows[held[0]]))

    def _add_cheap(self, prices: _Prices) -> bool:
        """Add moves whose reduced cost is negative; return whether there were any."""
        ways, pools = self.ways, self.ways.pools
        within = np.where(
            ways.legs < NO_WAY, prices.time * ways.legs - prices.into[None, :] - prices.out[:, None], np.inf
        )
        for (held, _), price in zip(self.sets, prices.waits, strict=True):
            within[np.ix_(held, held)] -= price
        over = np.where(ways.alike, within, np.inf)
        for (held, _), price in zip(self.apart, prices.walks, strict=True):
            within[np.ix_(held, held)] -= price
        for size, price in prices.over.items():
            mine = np.flatnonzero(ways.gap == size)
            over[np.ix_(mine, mine)] -= price
        first = prices.time * pools.into - prices.into[None, :] - (prices.post + prices.pool)[:, None] - prices.unit
        last = prices.time * pools.out - prices.out[None, :] + prices.post[:, None]
        found = False
        for reduced, have, way in (
            (np.minimum(within, over), self.arcs, ways.legs),
            (first, self.first, pools.into),
            (last, self.last, pools.out),
        ):
            lacking = (reduced < -1e-9) & ~have & (way < NO_WAY)
            have[lacking] = True
            found = found or bool(lacking.any())
        return found

    def _add_all(self) -> bool:
        """Add all moves; return whether any was lacking."""
        pools, found = self.ways.pools, False
        for have, way in ((self.arcs, self.ways.legs), (self.first, pools.into), (self.last, pools.out)):
            more = (way < NO_WAY) & ~have
            have[more] = True
            found = found or bool(more.any())
        return found

    def _circling(self, share: Floats) -> bool:
        """Add sets of points inside which there are too many moves to wait for none; grow them from the busiest moves.

        Returns whether any was added; ``share`` float64[n, n] are moves a window.
        """
        known = {tuple(held.tolist()) for held, _ in self.sets}
        both = share + share.T
        before = len(self.sets)
        for i, j in np.argwhere(np.triu(both) > 0.3).tolist():
            held = [i, j]
            inside = both[i, j]
            while True:
                members = np.array(sorted(held))
                least = self._least_wait(members)
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

    def _least_wait(self, members: Ints) -> float:
        """Return how long a unit waits at least that comes back to one of some points without leaving them."""
        ways = self.ways
        return float(ways.least_gap[members].min() - ways.dwell[members].sum()) - ways.longest(members)


def _nearest(ways: Floats, count: int) -> Flags:
    """Return bool of the same shape, the nearest few of each row."""
    found = np.zeros(ways.shape, np.bool_)
    near = np.argsort(ways, axis=1, kind="stable")[:, : min(count, ways.shape[1])]
    np.put_along_axis(found, near, values=True, axis=1)
    return found & (ways < NO_WAY)
