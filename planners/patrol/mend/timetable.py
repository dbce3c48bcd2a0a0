"""A spaced plan as a temporal network that can be changed and read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from geo.errors import InputError
from planners.patrol.mend import network as nw
from planners.patrol.mend.network import Ints, Legs
from planners.patrol.spacing.asked import Appointment, Break, OptionalStop
from planners.patrol.spacing.check_asked import pin_kept, rests_at_post
from planners.patrol.spacing.plan import BrokenGap, Role, SpacedPlan, SpacedRoute
from planners.patrol.spacing.problem import SpacingProblem

_ROUND = int(Role.ROUND)
_SPARE = 64
"""Stops that can be added by hand before a timetable must be built again."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Lock:
    """A stop that stays with its unit and at its time."""

    unit: str
    point: int
    begin: int


@dataclass(slots=True, kw_only=True, eq=False)
class Timetable:
    """Routes and visits as a network; see ``planners.patrol.mend.network`` for its rows.

    Attributes
    ----------
    units : (vehicle, unit) of each number of a unit; its start is the node of that number, its end the node ``len(units)`` further on
    kind : int64[units], index of the kind of each unit
    net : int64[rows, n]; columns from ``used`` on are free
    base : int64[2, n], gap and least gap of the interval that ends at a node
    wish : int64[n], begins that are kept where nothing forces a change
    role, item : int64[n], role of a stop and index of its appointment, break or optional stop; -1 for other nodes
    stop : for each unit the nodes of its stops in the plan that it was made from, those that are done as -1
    """

    problem: SpacingProblem
    plan: SpacedPlan
    units: list[tuple[int, int]]
    kind: Ints
    legs: Legs
    net: Ints
    base: Ints
    wish: Ints
    role: Ints
    item: Ints
    used: int
    stop: list[list[int]]
    work: Ints

    @classmethod
    def of(cls, problem: SpacingProblem, plan: SpacedPlan, *, locks: Iterable[Lock] = ()) -> Timetable:
        """Read a plan; stops that are locked, done or pinned stay where they are.

        Raises
        ------
        InputError
            Naming a lock that is not in the plan.
        """
        units = [(v, u) for v, kind in enumerate(problem.vehicles) if problem.may_go(v) for u in range(kind.available)]
        size = 2 * len(units) + 2 * problem.points + sum(len(r.points) for r in plan.routes) + 2 * _SPARE
        size += 2 * sum(-(-gap.over // max(1, int(problem.gap[gap.point]))) for gap in plan.broken if gap.over > 0)
        net = np.zeros((nw.ROWS, size), np.int64)
        net[[nw.RP, nw.RN, nw.PP, nw.PN, nw.PT, nw.RT]] = -1
        net[nw.SY] = np.arange(size)
        net[nw.HI] = problem.shift_seconds
        net[nw.GAP] = nw.BIG
        made = cls(
            problem=problem, plan=plan, units=units, net=net, base=np.zeros((2, size), np.int64),
            kind=np.array([problem.kind_of(v) for v, _ in units], np.int64),
            legs=problem.seconds, wish=np.zeros(size, np.int64),
            role=np.full(size, -1, np.int64), item=np.full(size, -1, np.int64), used=2 * (len(units) + problem.points),
            stop=[[] for _ in units], work=np.zeros((nw.WORK, size + 1), np.int64),
        )  # fmt: skip
        made.base[0] = nw.BIG
        made._read(set(locks))
        return made

    @property
    def ends(self) -> range:
        """Nodes of the ends of routes, by number of the unit."""
        return range(len(self.units), 2 * len(self.units))

    def source(self, point: int) -> int:
        """Return the node of the visit of a point before the shift; that after it is ``points`` further on."""
        return 2 * len(self.units) + point

    def point_of(self, node: int) -> int:
        """Return the point of a stop, or of the visit before or after the shift."""
        first = self.source(0)
        if node < first + 2 * self.problem.points:
            return (node - first) % self.problem.points
        return nw.place_of(self.net, node) - self.problem.posts

    def unit_key(self, number: int) -> str:
        """Return the key of a unit."""
        return self.problem.unit_key(*self.units[number])

    def number_of(self, unit: str) -> int:
        """Return the number of a unit.

        Raises
        ------
        InputError
            Where no unit that may go out has that key.
        """
        for number in range(len(self.units)):
            if self.unit_key(number) == unit:
                return number
        raise InputError(f"There is no unit {unit} that may go out", f"没有可出巡的巡组 {unit}", rows=[unit])

    def route(self, number: int) -> list[int]:
        """Return the nodes of the stops of a unit that are still to be made."""
        found, at, end = [], int(self.net[nw.RN, number]), self.ends[number]
        while at != end:
            found.append(at)
            at = int(self.net[nw.RN, at])
        return found

    def away(self, number: int) -> bool:
        """Return whether a unit makes no stop any more."""
        return self.problem.start_of(*self.units[number]).free >= self.problem.shift_seconds

    def add(self, point: int, *, role: Role, item: int, dwell: int, wish: int) -> int:
        """Return a new stop that no unit makes yet and that is not among the visits of its point."""
        node = self.used
        if node >= self.net.shape[1]:
            more = self.net.shape[1]
            self.net = np.concatenate([self.net, np.zeros_like(self.net)], axis=1)
            self.net[[nw.RP, nw.RN, nw.PP, nw.PN, nw.PT, nw.RT], more:] = -1
            self.net[nw.SY, more:] = np.arange(more, 2 * more)
            self.net[nw.HI, more:] = self.problem.shift_seconds
            self.net[nw.GAP, more:] = nw.BIG
            self.base = np.concatenate([self.base, np.zeros_like(self.base)], axis=1)
            self.base[0, more:] = nw.BIG
            self.wish, self.work = np.resize(self.wish, 2 * more), np.zeros((nw.WORK, 2 * more + 1), np.int64)
            self.role, self.item = (np.concatenate([a, np.full(more, -1)]) for a in (self.role, self.item))
        self.used += 1
        self.net[nw.DW, node] = dwell
        self.net[nw.PT, node] = self.problem.posts + point
        self.net[nw.HI, node] = self.problem.shift_seconds - dwell
        self.net[nw.LK, node] = 0 if role == Role.ROUND else 2
        self.wish[node] = wish
        self.role[node], self.item[node] = role, item
        return node

    def link_visit(self, node: int) -> None:
        """Put a visit of the rounds among the visits of its point by its wish."""
        point = self.point_of(node)
        source, sink = self.source(point), self.source(point) + self.problem.points
        if self.net[nw.PN, source] < 0:
            self._tie(source, sink)
        after = int(self.net[nw.PN, source])
        while after != sink and self.wish[after] <= self.wish[node]:
            after = int(self.net[nw.PN, after])
        before = int(self.net[nw.PP, after])
        self._tie(before, node)
        self._tie(node, after)

    def unlink_visit(self, node: int) -> None:
        """Take a visit from among the visits of its point."""
        before, after = int(self.net[nw.PP, node]), int(self.net[nw.PN, node])
        self.net[nw.PP, node] = self.net[nw.PN, node] = -1
        self.net[nw.GAP, node], self.net[nw.LEAST, node] = nw.BIG, 0
        self._tie(before, after)

    def visits(self, point: int) -> list[int]:
        """Return the visits of a point in order, without those before and after the shift."""
        found, at = [], int(self.net[nw.PN, self.source(point)])
        while at >= 0 and at != self.source(point) + self.problem.points:
            found.append(at)
            at = int(self.net[nw.PN, at])
        return found

    def _tie(self, before: int, after: int) -> None:
        """Let two visits of a point follow each other."""
        point = self.point_of(after)
        source, sink = self.source(point), self.source(point) + self.problem.points
        self.net[nw.PN, before], self.net[nw.PP, after] = after, before
        # A visit at the very end of the gap belongs to the next shift.
        self.base[0, after] = int(self.problem.gap[point]) - (after == sink)
        self.base[1, after] = 0 if before == source or after == sink else int(self.problem.least_gap[point])
        nw.bind_gap(self.net, self.base, after)

    def _read(self, locks: set[Lock]) -> None:
        problem, net = self.problem, self.net
        first = self.source(0)
        both = np.concatenate([-problem.since.astype(np.int64), np.full(problem.points, problem.shift_seconds)])
        ends = slice(first, first + 2 * problem.points)
        net[nw.LO, ends] = net[nw.HI, ends] = self.wish[ends] = both
        together = self._read_units(locks)
        for group in together.values():
            for node, other in zip(group, [*group[1:], group[0]], strict=True):
                net[nw.SY, node] = other
        for number, pin in enumerate(problem.pins):
            if pin_kept(problem, self.plan, number):
                self._hold(pin.unit, pin.point, pin.earliest, pin.latest)
        if locks:
            lost = min(locks)
            raise InputError(
                f"The plan has no stop of {lost.unit} at {problem.place_key(lost.point)} at second {lost.begin} to lock",
                f"方案中没有巡组 {lost.unit} 在 {problem.place_key(lost.point)}（第 {lost.begin} 秒）的停留可锁定",
                rows=[lost.unit],
            )
        self._link_visits()
        for gap in self.plan.broken:
            self._allow(gap)

    def _link_visits(self) -> None:
        """Tie all visits of the rounds by point and time; see ``link_visit``."""
        problem, first = self.problem, self.source(0)
        visits = np.flatnonzero(self.role[: self.used] == _ROUND)
        points = self.net[nw.PT, visits] - problem.posts
        visits, points = visits[problem.on_rounds[points]], points[problem.on_rounds[points]]
        seen = np.unique(points)
        nodes = np.concatenate([first + seen, visits, first + problem.points + seen])
        of, rank = np.concatenate([seen, points, seen]), np.repeat([0, 1, 2], [len(seen), len(visits), len(seen)])
        order = np.lexsort((nodes, self.wish[nodes], rank, of))
        nodes, of, rank = nodes[order], of[order], rank[order]
        same = of[1:] == of[:-1]
        before, after, point = nodes[:-1][same], nodes[1:][same], of[1:][same]
        self.net[nw.PN, before], self.net[nw.PP, after] = after, before
        # A visit at the very end of the gap belongs to the next shift.
        self.base[0, after] = problem.gap[point] - (rank[1:][same] == 2)
        self.base[1, after] = np.where((rank[:-1][same] == 0) | (rank[1:][same] == 2), 0, problem.least_gap[point])
        self.net[nw.GAP, after], self.net[nw.LEAST, after] = self.base[0, after], self.base[1, after]

    def _read_units(self, locks: set[Lock]) -> dict[int, list[int]]:
        """Read all routes and return the stops of each appointment."""
        problem, net = self.problem, self.net
        routes = {(route.vehicle, route.unit): route for route in self.plan.routes}
        together: dict[int, list[int]] = {}
        for number, unit in enumerate(self.units):
            start = problem.start_of(*unit)
            net[nw.PT, number], net[nw.RT, number] = start.place, number
            net[nw.PT, number + len(self.units)] = problem.vehicles[unit[0]].end_post
            net[nw.RT, number + len(self.units)] = number
            net[nw.LO, number] = self.wish[number] = 0 if self.away(number) else start.free
            if start.done is not None and unit not in routes:
                raise InputError(
                    "The plan does not know a unit that is under way", "方案缺少已出发的巡组", rows=[start.unit]
                )
            at = self._read_route(number, routes.get(unit), locks, together)
            if unit in routes and not self.away(number):
                self._hold_rests(number, routes[unit])
            end = self.ends[number]
            net[nw.RN, at], net[nw.RP, end] = end, at
            if self.away(number):
                net[nw.W, number] = 0
            else:
                nw.reweigh(net, self.legs, int(self.kind[number]), at)
        return together

    def _allow(self, gap: BrokenGap) -> None:
        """Let a gap that is broken already stay as it is."""
        for node in (*self.visits(gap.point), self.source(gap.point) + self.problem.points):
            if (self.wish[self.net[nw.PP, node]], self.wish[node]) == (gap.before, gap.after):
                # A visit at the very end of the gap belongs to the next shift.
                self.net[nw.GAP, node] = max(int(self.base[0, node]), gap.after - gap.before)
                self.net[nw.LEAST, node] = min(int(self.base[1, node]), gap.after - gap.before)

    def _read_route(
        self, number: int, route: SpacedRoute | None, locks: set[Lock], together: dict[int, list[int]]
    ) -> int:
        """Read the stops of a unit and return its last node."""
        if route is None:
            return number
        problem, net, key = self.problem, self.net, self.unit_key(number)
        start = problem.start_of(*self.units[number])
        done = 0 if start.done is None else len(start.done.points)
        if not done:
            self.wish[number] = route.leave
        size, role = len(route.points), route.role.astype(np.int64)
        nodes = np.arange(self.used, self.used + size)
        self.used += size
        begin, dwell = route.begin.astype(np.int64), route.departure.astype(np.int64) - route.begin
        net[nw.DW, nodes], net[nw.PT, nodes] = dwell, problem.posts + route.points
        net[nw.HI, nodes], net[nw.LK, nodes] = problem.shift_seconds - dwell, np.where(role == _ROUND, 0, 2)
        self.wish[nodes], self.role[nodes] = begin, role
        self.item[nodes] = np.maximum(np.maximum(route.appointment, route.rest), route.optional)
        for k in np.flatnonzero(role != _ROUND).tolist():
            item = int(self.item[nodes[k]])
            self._window(int(nodes[k]))
            if role[k] == Role.APPOINTMENT:
                together.setdefault(item, []).append(int(nodes[k]))
            elif role[k] == Role.BREAK and k >= done and not problem.breaks[item].posts:
                net[nw.PT, nodes[k]] = -1
        fixed = list(range(done))
        for k in range(size) if locks else ():
            held = Lock(unit=key, point=int(route.points[k]), begin=int(begin[k]))
            if held in locks:
                locks.discard(held)
                fixed.append(k)
        net[nw.LK, nodes[fixed]] = 1
        net[nw.LO, nodes[fixed]] = net[nw.HI, nodes[fixed]] = begin[fixed]
        ahead = nodes[done:]
        self.stop[number] = [-1] * done + ahead.tolist()
        chain = np.concatenate([[number], ahead])
        net[nw.RT, ahead] = number
        net[nw.RN, chain[:-1]], net[nw.RP, ahead] = ahead, chain[:-1]
        places = net[nw.PT, chain]
        if (places >= 0).all():
            legs = self.legs[int(self.kind[number]), places[:-1], places[1:]]
            net[nw.W, chain[:-1]] = net[nw.DW, chain[:-1]] + legs
        else:
            for at in chain[:-1].tolist():
                nw.reweigh(net, self.legs, int(self.kind[number]), at)
        return int(chain[-1])

    def _hold_rests(self, number: int, route: SpacedRoute) -> None:
        """Keep a unit that takes a break at its own post there for as long as the break asks."""
        for index, item in enumerate(self.problem.breaks):
            if (route.rest == index).any() or not any(self.problem.concerns(w, *self.units[number]) for w in item.who):
                continue
            when = rests_at_post(self.problem, item, route)
            if when == "before":
                self.net[nw.LO, number] = max(int(self.net[nw.LO, number]), item.earliest + item.seconds)
            elif when == "after":
                latest = min(item.latest, self.problem.shift_seconds - item.seconds)
                self.net[nw.HI, self.ends[number]] = min(int(self.net[nw.HI, self.ends[number]]), latest)

    def _window(self, node: int) -> None:
        role, item = int(self.role[node]), int(self.item[node])
        asked: Appointment | OptionalStop | Break
        if role == Role.APPOINTMENT:
            asked = self.problem.appointments[item]
        elif role == Role.BREAK:
            asked = self.problem.breaks[item]
        elif role == Role.OPTIONAL:
            asked = self.problem.optional[item]
        else:
            return
        self.net[nw.LO, node], self.net[nw.HI, node] = asked.earliest, asked.latest

    def _hold(self, unit: str, point: int, earliest: int, latest: int) -> None:
        for node in self.route(self.number_of(unit)):
            here = self.role[node] == Role.ROUND and self.net[nw.PT, node] == self.problem.posts + point
            if here and earliest <= self.wish[node] <= latest and self.net[nw.LK, node] == 0:
                self.net[nw.LK, node] = 1
                self.net[nw.LO, node] = max(self.net[nw.LO, node], earliest)
                self.net[nw.HI, node] = min(self.net[nw.HI, node], latest)
                return
