"""Why no times keep a timetable: the constraint that binds, in a sentence, and by how many minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from planners.patrol.mend import network as nw
from planners.patrol.mend.network import Ints
from planners.patrol.mend.timetable import Timetable
from planners.patrol.problem import NO_WAY
from planners.patrol.spacing.plan import Role

Binds = Literal["gap", "least_gap", "shift", "window", "lock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What binds, for which point (index, -1 where none) and unit (key, "" where none), and by how many seconds.

    ``node`` is the node whose gap or least gap to the visit before binds, or that is too late.
    """

    binds: Binds
    point: int
    unit: str
    over: int
    node: int
    en: str
    zh: str


def explain(table: Timetable, failed: int, x: Ints) -> Conflict:
    """Return the constraint that binds where ``raise_lower`` failed at a node with begins ``x``.

    It is the gap of least priority on the chain of causes if there is one, else a least gap, else what limits the node that failed.
    """
    edges, over = chain(table, failed, x)
    # The interval of a gap ends at the later visit: the tail of an edge back in time, the head of one forward.
    gaps = [s for s, _, by in edges if by == nw.BY_GAP]
    if gaps:
        return _of_gap(table, min(gaps, key=lambda n: int(table.problem.priority[table.point_of(n)])), over, "gap")
    least = [t for _, t, by in edges if by == nw.BY_LEAST and table.net[nw.LEAST, t] > 0]
    if least:
        return _of_gap(table, least[0], over, "least_gap")
    return _of_limit(table, failed, over, x)


def chain(table: Timetable, failed: int, x: Ints) -> tuple[list[tuple[int, int, int]], int]:
    """Return the edges (from, to, kind) that lead to a node, last first, and by how many seconds they cannot be kept."""
    net, work = table.net, table.work
    edges: list[tuple[int, int, int]] = []
    seen = {failed}
    at = failed
    while (before := int(work[nw.CAUSE, at])) >= 0:
        edges.append((before, at, int(work[nw.EDGE, at])))
        if before in seen:
            break
        seen.add(before)
        at = before
    late = int(x[failed] - net[nw.HI, failed])
    if late > 0:
        return edges, late
    length = 0
    for s, t, by in edges:
        if by == nw.BY_ROUTE:
            length += int(net[nw.W, s])
        elif by == nw.BY_LEAST:
            length += int(net[nw.LEAST, t])
        elif by == nw.BY_GAP:
            length -= int(net[nw.GAP, s])
    return edges, max(length, 1)


def _of_gap(table: Timetable, node: int, over: int, binds: Binds) -> Conflict:
    point = table.point_of(node)
    key, minutes = table.problem.point_keys[point], _minutes(over)
    allowed = int((table.problem.gap if binds == "gap" else table.problem.least_gap)[point]) / 60
    if binds == "gap":
        en = f"{key} would wait {minutes} min longer than its gap of {allowed:g} min"
        zh = f"{key} 的间隔将超过规定的 {allowed:g} 分钟，超出 {minutes} 分钟"
    else:
        en = f"{key} would be visited {minutes} min sooner than its least gap of {allowed:g} min"
        zh = f"{key} 两次到点将短于最小间隔 {allowed:g} 分钟，短 {minutes} 分钟"
    return Conflict(binds=binds, point=point, unit="", over=over, node=node, en=en, zh=zh)


def _of_limit(table: Timetable, node: int, over: int, x: Ints) -> Conflict:
    number = int(table.net[nw.RT, node])
    unit = table.unit_key(number) if number >= 0 else ""
    if number >= 0 and (node in table.ends or (table.role[node] == Role.ROUND and table.net[nw.LK, node] == 0)):
        # A visit of the rounds has no window of its own: what binds is the way that is left to the end of the shift.
        back, at = int(x[node]), node
        while at != table.ends[number]:
            back += int(table.net[nw.W, at])
            at = int(table.net[nw.RN, at])
        minutes = _minutes(back - table.problem.shift_seconds)
        if back >= NO_WAY:
            return Conflict(
                binds="shift", point=-1, unit=unit, over=over, node=node,
                en=f"Unit {unit} has no street left to its next stops or back to its post",
                zh=f"巡组 {unit} 没有可走的道路前往后续点位或归队",
            )  # fmt: skip
        return Conflict(
            binds="shift", point=-1, unit=unit, over=over, node=node,
            en=f"Unit {unit} would be back {minutes} min after its shift ends", zh=f"巡组 {unit} 将晚于班次结束 {minutes} 分钟归队",
        )  # fmt: skip
    minutes = _minutes(over)
    point = table.point_of(node)
    key = table.problem.place_key(point)
    locked = table.net[nw.LO, node] == table.net[nw.HI, node]
    if locked:
        en = f"Unit {unit} would be {minutes} min late for its stop at {key}, whose time is set"
        zh = f"巡组 {unit} 将比 {key} 的指定时刻晚 {minutes} 分钟"
    else:
        en = f"Unit {unit} would begin at {key} {minutes} min after the latest time for it"
        zh = f"巡组 {unit} 在 {key} 的开始时刻将晚于最晚时刻 {minutes} 分钟"
    return Conflict(binds="lock" if locked else "window", point=point, unit=unit, over=over, node=node, en=en, zh=zh)


def _minutes(seconds: int) -> str:
    return f"{max(1, -(-seconds // 60))}"
