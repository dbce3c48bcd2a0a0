"""Erlang's formulas: the chance that a call finds every unit busy."""

from __future__ import annotations

from geo.errors import InfeasibleError, ParameterError


def erlang_b(servers: int, offered: float) -> float:
    """Return the share of calls lost where none may wait; ``offered`` is arrival rate times mean service time.

    By the recursion ``B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1))``, stable for any size. Erlang, A. K. (1917).
    """
    if servers < 0 or not offered >= 0:
        raise ParameterError("Units and offered load must be 0 or more", "单位数与话务量应不小于 0")
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Return the share of calls that must wait, where all wait in one queue.

    Raises
    ------
    InfeasibleError
        The load is not less than the units: the queue would grow for ever.
    """
    blocked = erlang_b(servers, offered)
    if offered >= servers:
        raise InfeasibleError(
            f"{servers} units cannot carry a load of {offered:g}; more than {offered:g} are needed",
            f"{servers} 个单位无法承担 {offered:g} 的话务量，单位数须大于 {offered:g}",
        )
    return servers * blocked / (servers - offered * (1.0 - blocked))
