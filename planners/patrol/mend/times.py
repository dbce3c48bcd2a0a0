"""Begin times of a timetable: as they were wherever that can be, with as little as possible over a gap that cannot be kept."""

from __future__ import annotations

import numpy as np

from planners.patrol.mend import network as nw
from planners.patrol.mend.conflict import Conflict, explain
from planners.patrol.mend.network import Ints
from planners.patrol.mend.timetable import Timetable


def begins(table: Timetable) -> Ints | Conflict:
    """Return begins that keep all that binds and are as wished where they can be, or the conflict that forbids any."""
    x, y = np.zeros_like(table.wish), np.zeros_like(table.wish)
    failed = nw.earliest(table.net, x, table.work, table.used)
    if failed >= 0:
        return explain(table, failed, x)
    nw.latest(table.net, y, table.work, table.used)
    nw.nearest(table.net, table.wish, y, x, table.work, table.used)
    return x


def eased(table: Timetable) -> Ints | Conflict:
    """Return such begins where gaps may be broken: of each conflict the gap of least priority gives way, by as little as it must.

    Returns the conflict where it is no gap that binds.
    """
    given: list[int] = []
    found = begins(table)
    while isinstance(found, Conflict):
        if found.binds not in ("gap", "least_gap"):
            return found
        row = nw.GAP if found.binds == "gap" else nw.LEAST
        table.net[row, found.node] = nw.BIG if row == nw.GAP else 0
        given.append(found.node)
        found = begins(table)
    return squeeze(table, given, found)


def squeeze(table: Timetable, nodes: list[int], x: Ints) -> Ints:
    """Make the gaps before these visits as short as they can be, one after the other, dearest points first.

    ``x`` are times that the timetable allows; returns those that it allows then.
    """
    trial, priority = np.zeros_like(x), table.problem.priority
    for node in sorted(set(nodes), key=lambda n: (-int(priority[table.point_of(n)]), int(table.wish[n]), n)):
        before = int(table.net[nw.PP, node])
        low, high = int(table.base[0, node]), int(x[node] - x[before])
        while low < high:
            table.net[nw.GAP, node] = (low + high) // 2
            if nw.earliest(table.net, trial, table.work, table.used) < 0:
                high = (low + high) // 2
            else:
                low = (low + high) // 2 + 1
        table.net[nw.GAP, node] = low
        found = begins(table)
        if not isinstance(found, Conflict):
            x = found
    return x
