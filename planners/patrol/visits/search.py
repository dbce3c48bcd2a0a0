"""Large neighbourhood search over periodic rounds: points taken out of all their days and put where they cost least."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import compiled
from planners.patrol.visits.days import NEVER, choose_days

Ints = npt.NDArray[np.int64]


class Country(NamedTuple):
    """What the search reads: places, days and the rhythm of each point.

    ``legs`` int64[p + 1, p + 1], ``near`` int64[p, p] points by distance, ``service``, ``low``, ``high``, ``first``, ``latest``,
    ``last``, ``lost`` int64[p] (``lost`` the price of leaving out), ``units``, ``length`` int64[d], ``may`` bool[p, d], ``unit`` the
    price of a route.
    """

    legs: Ints
    near: Ints
    service: Ints
    low: Ints
    high: Ints
    first: Ints
    latest: Ints
    last: Ints
    lost: Ints
    units: Ints
    length: Ints
    may: npt.NDArray[np.bool_]
    unit: int


class Book(NamedTuple):
    """Routes of all days, a place of ``stop`` a row of points plus one between two posts.

    ``stop`` int32[d, k, w] between two posts, ``stops`` and ``used`` int64[d, k], ``on`` bool[p, d],
    ``out`` bool[p] the points left out, ``cost`` int64[1].
    """

    stop: npt.NDArray[np.int32]
    stops: Ints
    used: Ints
    on: npt.NDArray[np.bool_]
    out: npt.NDArray[np.bool_]
    cost: Ints


def empty_book(points: int, days: int, most: int) -> Book:
    """Return a book without routes, all points left out."""
    return Book(
        stop=np.zeros((days, most, points + 2), np.int32), stops=np.zeros((days, most), np.int64),
        used=np.zeros((days, most), np.int64), on=np.zeros((points, days), np.bool_), out=np.ones(points, np.bool_),
        cost=np.zeros(1, np.int64),
    )  # fmt: skip


@compiled()
def copy_book(source: Book, target: Book) -> None:
    """Make one book equal to another."""
    points, days = source.on.shape
    for point in range(points):
        target.out[point] = source.out[point]
        for day in range(days):
            target.on[point, day] = source.on[point, day]
    target.cost[0] = source.cost[0]
    for day in range(days):
        for k in range(source.stops.shape[1]):
            target.stops[day, k], target.used[day, k] = source.stops[day, k], source.used[day, k]
            for i in range(source.stops[day, k] + 2):
                target.stop[day, k, i] = source.stop[day, k, i]


@compiled()
def _draw(state: npt.NDArray[np.uint64]) -> float:
    """Return the next draw in [0, 1) of an xorshift generator (Marsaglia 2003)."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    drawn: float = (x >> np.uint64(11)) * (1.0 / 9007199254740992.0)
    return drawn


@compiled()
def _best_place(
    point: int, day: int, book: Book, land: Country, state: npt.NDArray[np.uint64], blink: float
) -> tuple[int, int, int]:
    """Return the cost, route and place of the cheapest insertion on a day; each place is missed with chance ``blink``."""
    best, route, place = NEVER, -1, -1
    legs, here, need = land.legs, point + 1, land.service[point]
    most = land.length[day]
    for k in range(land.units[day]):
        count = book.stops[day, k]
        if count == 0:
            alone = legs[0, here] + legs[here, 0]
            if alone + need <= most and alone + land.unit < best:
                best, route, place = alone + land.unit, k, 0
            break
        row = book.stop[day, k]
        left = most - book.used[day, k] - need
        for i in range(count + 1):
            a, b = row[i], row[i + 1]
            more = legs[a, here] + legs[here, b] - legs[a, b]
            if more < best and more <= left and _draw(state) >= blink:
                best, route, place = more, k, i
    return best, route, place


@compiled()
def _put(point: int, day: int, k: int, place: int, book: Book, land: Country) -> None:
    row = book.stop[day, k]
    count = book.stops[day, k]
    if count == 0:
        row[0], row[1] = 0, 0
        book.cost[0] += land.unit
    for i in range(count + 1, place, -1):
        row[i + 1] = row[i]
    row[place + 1] = point + 1
    more = (
        land.legs[row[place], point + 1] + land.legs[point + 1, row[place + 2]] - land.legs[row[place], row[place + 2]]
    )
    book.stops[day, k] = count + 1
    book.used[day, k] += more + land.service[point]
    book.cost[0] += more
    book.on[point, day] = True


@compiled()
def _take(point: int, day: int, book: Book, land: Country) -> None:
    """Take a point out of a day; an empty route goes behind the others."""
    units = land.units[day]
    for k in range(units):
        row, count = book.stop[day, k], book.stops[day, k]
        for i in range(1, count + 1):
            if row[i] == point + 1:
                less = land.legs[row[i - 1], row[i]] + land.legs[row[i], row[i + 1]] - land.legs[row[i - 1], row[i + 1]]
                for j in range(i, count + 1):
                    row[j] = row[j + 1]
                book.stops[day, k] = count - 1
                book.used[day, k] -= less + land.service[point]
                book.cost[0] -= less
                book.on[point, day] = False
                if count == 1:
                    book.cost[0] -= land.unit
                    _close(day, k, units, book)
                return


@compiled()
def _close(day: int, k: int, units: int, book: Book) -> None:
    last = k
    while last + 1 < units and book.stops[day, last + 1] > 0:
        last += 1
    for i in range(book.stops[day, last] + 2):
        book.stop[day, k, i] = book.stop[day, last, i]
    book.stops[day, k], book.used[day, k] = book.stops[day, last], book.used[day, last]
    book.stops[day, last], book.used[day, last] = 0, 0


@compiled()
def place_point(point: int, book: Book, land: Country, state: npt.NDArray[np.uint64], blink: float, work: Ints) -> None:
    """Put a point on its cheapest days, or leave it out where no days keep its frequency."""
    days = len(land.units)
    costs, chosen, reach = work[:days], work[days : 2 * days + 1], work[2 * days + 1 :]
    for day in range(days):
        costs[day] = NEVER
        if land.may[point, day]:
            costs[day] = _best_place(point, day, book, land, state, blink)[0]
    count = choose_days(
        costs, land.low[point], land.high[point], land.first[point], land.latest[point], land.last[point], chosen, reach
    )
    total = 0
    for i in range(count):
        total += costs[chosen[i]]
    if count == 0 or total >= land.lost[point]:
        book.out[point] = True
        book.cost[0] += land.lost[point]
        return
    book.out[point] = False
    for i in range(count):
        _, k, place = _best_place(point, chosen[i], book, land, state, 0.0)
        _put(point, chosen[i], k, place, book, land)


@compiled()
def _remove(point: int, book: Book, land: Country) -> None:
    if book.out[point]:
        book.cost[0] -= land.lost[point]
        book.out[point] = False
        return
    for day in range(len(land.units)):
        if book.on[point, day]:
            _take(point, day, book, land)


@compiled()
def _whole(
    book: Book, land: Country, state: npt.NDArray[np.uint64], most: int, gone: Ints, marks: npt.NDArray[np.bool_]
) -> int:
    """Take out some points near to each other and those left out; return how many."""
    points = len(land.service)
    for point in range(points):
        marks[point] = False
    size = 1 + int(_draw(state) * most)
    seed = int(_draw(state) * points)
    count = 0
    if _draw(state) < 0.3:
        for point in range(points):
            if book.out[point] and count < most:
                gone[count], marks[point], count = point, True, count + 1
    for i in range(points):
        if count >= size:
            break
        point = land.near[seed, i]
        if not marks[point] and _draw(state) < 0.7:
            gone[count], marks[point], count = point, True, count + 1
    for i in range(count):
        _remove(gone[i], book, land)
    return count


@compiled()
def _of_day(book: Book, land: Country, state: npt.NDArray[np.uint64], most: int, gone: Ints) -> tuple[int, int]:
    """Take some visits near to each other out of one day; return the day and how many."""
    points, days = len(land.service), len(land.units)
    day = int(_draw(state) * days)
    seed = int(_draw(state) * points)
    size = 1 + int(_draw(state) * most)
    count = 0
    for i in range(points):
        point = land.near[seed, i]
        if count >= size:
            break
        if book.on[point, day] and _draw(state) < 0.8:
            gone[count], count = point, count + 1
    for i in range(count):
        _take(gone[i], day, book, land)
    return day, count


@compiled()
def anneal(
    now: Book, trial: Book, best: Book, land: Country, state: npt.NDArray[np.uint64], steps: int, heat: float, most: int
) -> None:
    """Take ``steps`` steps of ruin and recreate at a temperature; ``best`` keeps the best book met."""
    points, days = len(land.service), len(land.units)
    gone, work = np.zeros(points + 1, np.int64), np.zeros(4 * days + 2, np.int64)
    marks = np.zeros(points, np.bool_)
    for _ in range(steps):
        copy_book(now, trial)
        good = True
        if _draw(state) < 0.5:
            count = _whole(trial, land, state, most, gone, marks)
            _shuffle(gone, count, land, state)
            for i in range(count):
                place_point(gone[i], trial, land, state, 0.02, work)
        else:
            day, count = _of_day(trial, land, state, most, gone)
            _shuffle(gone, count, land, state)
            for i in range(count):
                _, k, place = _best_place(gone[i], day, trial, land, state, 0.02)
                if k < 0:
                    good = False
                    break
                _put(gone[i], day, k, place, trial, land)
        if good and trial.cost[0] < now.cost[0] - heat * np.log(max(1e-12, _draw(state))):
            copy_book(trial, now)
            if now.cost[0] < best.cost[0]:
                copy_book(now, best)


@compiled()
def _shuffle(gone: Ints, count: int, land: Country, state: npt.NDArray[np.uint64]) -> None:
    """Put points in an order by chance, far ones first in one of three cases and rare ones first in another."""
    for i in range(count - 1, 0, -1):
        j = int(_draw(state) * (i + 1))
        gone[i], gone[j] = gone[j], gone[i]
    rule = int(_draw(state) * 3)
    if rule == 0:
        return
    for i in range(1, count):
        held = gone[i]
        key = -land.legs[0, held + 1] if rule == 1 else land.high[held]
        j = i - 1
        while j >= 0 and (-land.legs[0, gone[j] + 1] if rule == 1 else land.high[gone[j]]) > key:
            gone[j + 1] = gone[j]
            j -= 1
        gone[j + 1] = held


@compiled()
def fill(order: Ints, book: Book, land: Country, state: npt.NDArray[np.uint64]) -> None:
    """Put points on their days one after the other."""
    work = np.zeros(4 * len(land.units) + 2, np.int64)
    for point in order:
        place_point(point, book, land, state, 0.0, work)
