"""Units from posts for rounds, and their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.balance import balanced
from planners.patrol.spacing.cadence import Round, best_cuts, round_seconds, routes_of, settle, swapped
from planners.patrol.spacing.plan import SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Legs = npt.NDArray[np.int32]

_CHANGES = 1600
"""Small changes of a round that is late before it is given up."""
_HOPELESS = 500
"""Seconds of lateness from which on few changes are tried."""
_AUCTIONS = 6
"""Times that rounds which want the same posts are fitted anew."""
_BID = 240
"""Seconds that a post with too many asking for it seems farther each time."""
_LATE = 1_000_000.0
"""Seconds that a post counts as away where its unit would be late."""
_HELD = 100_000
"""Seconds that a post of another round seems farther."""
_EVEN = 5
"""Seconds to which the beat of a round is made even."""


class Fleet:
    """Units of one kind that have no route yet; types that share their posts count as one."""

    def __init__(self, problem: SpacingProblem, kind: int) -> None:
        """Take all units of a kind that may go out and are not under way or away."""
        self.kind = kind
        started = {start.unit for start in problem.starts}
        pools: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, vehicle in enumerate(problem.vehicles):
            if vehicle.kind != problem.kinds[kind] or not problem.may_go(number):
                continue
            pool = pools.setdefault((vehicle.start_post, vehicle.end_post), [])
            pool += [(number, u) for u in range(vehicle.available) if vehicle.unit_keys[u] not in started]
        # The order of the input must not matter: units are taken by key.
        self.pools = sorted(
            ((posts, sorted(pool, key=lambda m: problem.unit_key(*m))) for posts, pool in pools.items() if pool),
            key=lambda item: problem.unit_key(*item[1][0]),
        )
        self.starts = np.array([posts[0] for posts, _ in self.pools], np.int64)
        self.homes = np.array([posts[1] for posts, _ in self.pools], np.int64)

    def __len__(self) -> int:
        return sum(len(pool) for _, pool in self.pools)

    def ways(self, problem: SpacingProblem, points: Ints) -> tuple[Ints, Ints]:
        """Return int64[pools, points] from the posts, and int64[points, pools] to them."""
        places = points + problem.posts
        matrix = problem.seconds[self.kind]
        return (
            np.ascontiguousarray(matrix[np.ix_(self.starts, places)].astype(np.int64)),
            np.ascontiguousarray(matrix[np.ix_(places, self.homes)].astype(np.int64)),
        )


def detours(legs: Ints, out: Ints, home: Ints, pools: Ints) -> tuple[Legs, Legs]:
    """Return int32[n, n]: by how many seconds the way from one point home and from that post to another is longer, and the way home.

    ``legs`` int64[n, n], ``out`` int64[posts, n] and ``home`` int64[n, posts] are ways; ``pools`` are the posts to choose from.
    """
    least, back = np.full_like(legs, 2 * NO_WAY), np.full_like(legs, NO_WAY)
    for pool in pools.tolist():
        way = home[:, pool][:, None] + out[pool][None, :]
        nearer = way < least
        np.copyto(least, way, where=nearer)
        np.copyto(back, np.broadcast_to(home[:, pool][:, None], back.shape), where=nearer)
    return np.clip(least - legs, 0, NO_WAY).astype(np.int32), np.minimum(back, NO_WAY).astype(np.int32)


@dataclass(slots=True, eq=False)
class Manned:
    """Routes of rounds; rounds that are late have none.

    Attributes
    ----------
    late : by how many seconds which rounds are late
    turned : the order of points in which a round was found to be in time, by round
    units : units that each round has
    pools : posts of its units that each round has, or would have were it in time; see ``Fleet.pools``
    unused : by kind the posts that have units left
    """

    routes: list[SpacedRoute] = field(default_factory=list)
    late: dict[int, int] = field(default_factory=dict)
    turned: dict[int, tuple[int, ...]] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    pools: dict[int, tuple[int, ...]] = field(default_factory=dict)
    unused: dict[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Fit:
    """A round in an order, where its units begin, and the pool of each unit; ``late`` as in ``settle``."""

    item: Round
    cuts: Ints
    crew: Ints
    late: int


def manned(
    problem: SpacingProblem, rounds: Sequence[Round], *, extra: int, held: Sequence[tuple[int, ...]] = ()
) -> Manned:
    """Give rounds units and times, as few as their length asks for and at most those that they have.

    Each round is cut for the posts that suit it best; then all units are given posts by linear assignment, and rounds that this makes
    late are fitted anew to the posts that are left. Rounds that are late get up to ``extra`` units more in all, while there are any.
    ``held`` are the posts that each round had before, see ``Fleet.pools``: others take them only where they are late otherwise.
    """
    made = Manned()
    for kind in range(len(problem.kinds)):
        fleet = Fleet(problem, kind)
        mine = [r for r in range(len(rounds)) if rounds[r].kind == kind]
        if not mine:
            made.unused[kind] = tuple(range(len(fleet.pools)))
            continue
        spare = min(extra, len(fleet) - sum(rounds[r].units for r in mine))
        fits: dict[int, _Fit] = {}
        for r in mine:
            free = np.array([len(pool) for _, pool in fleet.pools], np.int64)
            fit = _fitted(problem, rounds[r], fleet, free, _prices(fleet, mine, r, held))
            while fit.late > 0 and spare > 0 and fit.item.units < len(fit.item.points):
                spare -= 1
                fit = _fit(problem, replace(rounds[r], units=fit.item.units + 1), fleet, free, turn=True)
            if fit.late > 0:
                made.late[r] = max(fit.late, 1)
            else:
                fits[r] = fit
                made.turned[r] = fit.item.points
                made.units[r] = fit.item.units
        rows = _spread(problem, fleet, fits)
        made.turned |= {r: fit.item.points for r, fit in fits.items()}
        _send(problem, fleet, fits, rows, made, extra=spare)
        left = np.array([len(pool) for _, pool in fleet.pools], np.int64)
        for r in mine:
            np.subtract.at(left, list(made.pools.get(r, ())), 1)
        made.unused[kind] = tuple(np.flatnonzero(left > 0).tolist())
    made.routes.sort(key=lambda r: (r.vehicle, r.unit))
    return made


def _rows(problem: SpacingProblem, fleet: Fleet, fit: _Fit) -> Floats:
    """Return float64[units, pools], the ways of each unit of a round from each post, far longer where it would be late."""
    out, home = _ways(problem, fit.item, fleet)
    late = _swapped(problem, fit, fleet)
    way = np.minimum(out[:, fit.cuts].T + home[_ends(problem, fit)], NO_WAY)
    return np.where(late > 0, _LATE + late, way).astype(np.float64)


def _spread(problem: SpacingProblem, fleet: Fleet, fits: dict[int, _Fit]) -> dict[int, Floats]:
    """Fit rounds anew that want the same posts, at prices that rise, until all find some; return the ways of all units."""
    rows = {r: _rows(problem, fleet, fit) for r, fit in fits.items()}
    capacity = np.array([len(units) for _, units in fleet.pools], np.int64)
    price = np.zeros(len(capacity), np.int64)
    pool_of = np.repeat(np.arange(len(capacity)), capacity)
    for _ in range(_AUCTIONS):
        if not rows or sum(len(w) for w in rows.values()) > len(pool_of):
            break
        ways = np.concatenate(list(rows.values()))[:, pool_of]
        chosen = linear_sum_assignment(ways)[1]
        late = ways[np.arange(len(ways)), chosen] >= _LATE
        if not late.any():
            break
        wanted = np.concatenate([fit.crew for fit in fits.values()])
        price[np.unique(wanted[late])] += _BID
        for r, fit in fits.items():
            if price[fit.crew].any():
                other = _fit(problem, fit.item, fleet, capacity, turn=False, price=price)
                if other.late <= 0:
                    fits[r] = other
                    rows[r] = _rows(problem, fleet, other)
    return rows


def _send(
    problem: SpacingProblem, fleet: Fleet, fits: dict[int, _Fit], rows: dict[int, Floats], made: Manned, *, extra: int
) -> None:
    """Assign posts to the units of rounds that fit, and write their routes."""
    columns = [(pool, unit) for pool, (_, units) in enumerate(fleet.pools) for unit in units]
    wanted = [(r, u) for r, fit in fits.items() for u in range(fit.item.units)]
    if not wanted or len(wanted) > len(columns):
        made.late |= dict.fromkeys(fits, NO_WAY)
        for r in fits:
            del made.turned[r]
        return
    pool_of = np.array([pool for pool, _ in columns])
    ways = np.concatenate([rows[r] for r in fits])[:, pool_of]
    for row, (r, _) in enumerate(wanted):
        banned = {ban.who for ban in problem.bans if ban.point in fits[r].item.points}
        if banned:
            ways[row, [problem.unit_key(*unit) in banned for _, unit in columns]] = float(NO_WAY)
    _, chosen = linear_sum_assignment(ways)
    crews: dict[int, list[int]] = {}
    for (r, _), column in zip(wanted, chosen.tolist(), strict=True):
        crews.setdefault(r, []).append(column)
    unused = set(range(len(columns))) - set(chosen.tolist())
    # Rounds that must change posts come last, those with least time to spare first.
    late = []
    for r, crew in crews.items():
        fits[r].crew = pool_of[crew]
        made.pools[r] = tuple(pool_of[crew].tolist())
        if _times(problem, fits[r], fleet)[0] > 0:
            late.append(r)
            unused |= set(crew)
        else:
            made.routes += _routes(problem, fits[r], fleet, [columns[c][1] for c in crew])
    for r in late:
        item = fits[r].item
        banned = {ban.who for ban in problem.bans if ban.point in item.points}
        may = sorted(c for c in unused if problem.unit_key(*columns[c][1]) not in banned)
        free = np.bincount(pool_of[may], minlength=len(fleet.pools))
        fit = _fit(problem, item, fleet, free, turn=True)
        while fit.late > 0 and extra > 0 and fit.item.units < min(len(may), len(item.points)):
            extra -= 1
            fit = _fit(problem, replace(item, units=fit.item.units + 1), fleet, free, turn=True)
        if fit.late > 0:
            made.late[r] = fit.late
            del made.turned[r]
            continue
        crew = []
        for pool in fit.crew.tolist():
            crew.append(next(c for c in may if pool_of[c] == pool and c not in crew))
        unused -= set(crew)
        made.turned[r] = fit.item.points
        made.units[r] = fit.item.units
        made.pools[r] = tuple(fit.crew.tolist())
        made.routes += _routes(problem, fit, fleet, [columns[c][1] for c in crew])


def _prices(fleet: Fleet, mine: list[int], r: int, held: Sequence[tuple[int, ...]]) -> Ints | None:
    """Return the prices of posts that other rounds hold, None where the round holds none."""
    if not held or not held[r]:
        return None
    price = np.zeros(len(fleet.pools), np.int64)
    left = np.array([len(pool) for _, pool in fleet.pools], np.int64)
    for other in mine:
        if other != r:
            np.subtract.at(left, list(held[other]), 1)
    price[left <= 0] = _HELD
    return price


def _fitted(problem: SpacingProblem, item: Round, fleet: Fleet, free: Ints, price: Ints | None) -> _Fit:
    """Fit a round with as few of its units as can be."""
    most = min(item.units, len(item.points))
    fewest = -(-round_seconds(problem, item.points, item.kind) // int(problem.gap[item.points[0]]))
    for units in range(min(fewest, most), most + (price is not None)):
        fit = _fit(problem, replace(item, units=units), fleet, free, turn=False, price=price)
        if fit.late <= 0:
            return fit
    return _fit(problem, replace(item, units=most), fleet, free, turn=True)


def _fit(
    problem: SpacingProblem, item: Round, fleet: Fleet, free: Ints, *, turn: bool, price: Ints | None = None
) -> _Fit:
    """Choose order, begins and pools of one round; ``turn`` allows another order where it is late."""
    if item.units > free.sum():
        return _Fit(item, np.zeros(1, np.int64), np.zeros(1, np.int64), NO_WAY)
    points = np.array(item.points, np.int64)
    places = points + problem.posts
    square = problem.seconds[item.kind][np.ix_(places, places)].astype(np.int64)
    dwell, since, least = (x[points].astype(np.int64) for x in (problem.dwell, problem.since, problem.least_gap))
    legs = square[np.arange(len(points)), np.roll(np.arange(len(points)), -1)]
    along = np.concatenate([[0], np.cumsum(dwell + legs)])
    gap, shift = int(problem.gap[points[0]]), problem.shift_seconds
    times = np.zeros((shift // gap + 2, len(points)), np.int64)
    out, home = _ways(problem, item, fleet)
    late, cuts, crew = best_cuts(
        item.units, along, dwell, legs, since, gap, least, shift, out, home, free,
        np.zeros(len(free), np.int64) if price is None else price, times,
    )  # fmt: skip
    order = np.roll(np.arange(len(points)), -int(cuts[0]))
    cuts = cuts - cuts[0]
    if 0 < late < gap and turn:
        # The same round in another order, or cut elsewhere, may be in time.
        draws = np.random.default_rng(len(points)).random((_CHANGES if late < _HOPELESS else _CHANGES // 8, 5))
        late, order, cuts, crew = balanced(
            order, cuts, square, dwell, since, gap, least, shift, out, home, free, times, draws
        )  # fmt: skip
    return _Fit(replace(item, points=tuple(points[order].tolist())), cuts, crew, int(late))


def _ways(problem: SpacingProblem, item: Round, fleet: Fleet) -> tuple[Ints, Ints]:
    return fleet.ways(problem, np.array(item.points, np.int64))


def _ends(problem: SpacingProblem, fit: _Fit) -> Ints:
    """Return the stop at which each unit ends when it walks its last stretch whole."""
    k = len(fit.cuts)
    visits = -(-problem.shift_seconds // int(problem.gap[fit.item.points[0]]))
    return np.asarray((np.roll(fit.cuts, -(visits % k)) - 1) % len(fit.item.points), np.int64)


@dataclass(slots=True, eq=False)
class _Round:
    """What the times of a round follow from; see ``settle``."""

    along: Ints
    dwell: Ints
    legs: Ints
    since: Ints
    gap: int
    least: Ints
    shift: int
    visits: Ints
    times: Ints

    @classmethod
    def of(cls, problem: SpacingProblem, item: Round) -> _Round:
        points = np.array(item.points, np.int64)
        places = points + problem.posts
        dwell, since, least = (x[points].astype(np.int64) for x in (problem.dwell, problem.since, problem.least_gap))
        legs = problem.seconds[item.kind, places, np.roll(places, -1)].astype(np.int64)
        gap, shift = int(problem.gap[points[0]]), problem.shift_seconds
        return cls(
            along=np.concatenate([[0], np.cumsum(dwell + legs)]), dwell=dwell, legs=legs, since=since, gap=gap, least=least,
            shift=shift, visits=np.empty(len(points), np.int64), times=np.zeros((shift // gap + 2, len(points)), np.int64),
        )  # fmt: skip


def _swapped(problem: SpacingProblem, fit: _Fit, fleet: Fleet) -> Ints:
    r = _Round.of(problem, fit.item)
    out, home = _ways(problem, fit.item, fleet)
    return swapped(
        fit.cuts, r.along, r.dwell, r.legs, r.since, r.gap, r.least, r.shift, out, home, fit.crew, r.times
    )  # fmt: skip


def _times(problem: SpacingProblem, fit: _Fit, fleet: Fleet, beat: int = 0) -> tuple[int, Ints, Ints]:
    """Return the lateness, the visits and the times of a round whose visits lie at least ``beat`` seconds apart."""
    r = _Round.of(problem, fit.item)
    out, home = _ways(problem, fit.item, fleet)
    late = settle(
        fit.cuts, r.along, r.dwell, r.legs, r.since, r.gap, np.maximum(r.least, beat), r.shift, out[fit.crew, fit.cuts],
        home, fit.crew, r.visits, r.times,
    )  # fmt: skip
    return late, r.visits, r.times


def _routes(problem: SpacingProblem, fit: _Fit, fleet: Fleet, units: list[tuple[int, int]]) -> list[SpacedRoute]:
    """Return the routes of a round in the most even beat: with the largest least gap that still fits."""
    low, high = 0, int(problem.gap[fit.item.points[0]]) + 1
    while high - low > _EVEN:
        middle = (low + high) // 2
        low, high = (middle, high) if _times(problem, fit, fleet, middle)[0] <= 0 else (low, middle)
    _, visits, times = _times(problem, fit, fleet, low)
    return routes_of(problem, fit.item, units, fit.cuts, visits=visits, times=times)
