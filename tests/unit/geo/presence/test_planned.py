"""Planned visits against what was seen, case by case."""

from __future__ import annotations

import numpy as np
import pytest

from geo.errors import ParameterError
from geo.presence.intervals import Intervals
from geo.presence.legs import Sight
from geo.presence.planned import STATUSES, Visits, against_plan
from geo.presence.seen import Presence

END = 10_000.0


def made(seen: list[tuple[int, float, float]], unknown: list[tuple[int, float, float]]) -> Presence:
    one, other = (
        Intervals.of([p for p, _, _ in rows], [a for _, a, _ in rows], [b for _, _, b in rows], start=0.0, end=END)
        for rows in (seen, unknown)
    )
    return Presence(seen=one, unknown=other, places=2, duties=1, silent=0, sight=Sight())


def judged(
    begin: float,
    *,
    seen: list[tuple[int, float, float]],
    unknown: list[tuple[int, float, float]] | None = None,
    now: float = np.inf,
) -> tuple[str, float]:
    visits = Visits(place=np.array([0]), begin=np.array([begin]), dwell=np.array([600.0]))
    kept = against_plan(made(seen, unknown or []), visits, tolerance_seconds=300.0, late_seconds=1800.0, now=now)
    return STATUSES[kept.status[0]], float(kept.late_seconds[0])


def test_a_visit_within_the_tolerance_is_kept_before_and_after() -> None:
    assert judged(3000, seen=[(0, 2750, 3400)])[0] == "kept"
    status, late = judged(3000, seen=[(0, 3290, 3900)])
    assert status == "kept"
    assert late == pytest.approx(290.0)
    assert judged(3000, seen=[(0, 1000, 2705)])[0] == "kept"


def test_a_later_one_is_late_and_one_elsewhere_is_none() -> None:
    status, late = judged(3000, seen=[(0, 3400, 4000)])
    assert status == "late"
    assert late == pytest.approx(400.0)
    assert judged(3000, seen=[(1, 3000, 3600)])[0] == "not_seen"
    assert judged(3000, seen=[(0, 4900, 5600)])[0] == "not_seen"


def test_lost_is_unknown_and_not_absent() -> None:
    assert judged(3000, seen=[], unknown=[(0, 3200, 3250)])[0] == "unknown"
    assert judged(3000, seen=[], unknown=[(1, 3200, 3250)])[0] == "not_seen"
    assert judged(3000, seen=[(0, 3290, 3900)], unknown=[(0, 3200, 3250)])[0] == "kept"


def test_what_is_still_to_come_is_not_judged() -> None:
    assert judged(3000, seen=[], now=2999.0)[0] == "to_come"
    assert judged(3000, seen=[], now=3299.0)[0] == "to_come"
    assert judged(3000, seen=[], now=3301.0)[0] == "not_seen"


def test_the_minutes_of_a_visit_are_those_around_it() -> None:
    visits = Visits(place=np.array([0]), begin=np.array([3000.0]), dwell=np.array([600.0]))
    kept = against_plan(made([(0, 0.0, 3100.0), (0, 3800.0, 5000.0)], []), visits, tolerance_seconds=300.0)
    assert kept.seen_seconds[0] == pytest.approx(400.0 + 100.0)


def test_a_tolerance_beyond_lateness_is_refused() -> None:
    visits = Visits(place=np.array([0]), begin=np.array([3000.0]), dwell=np.array([600.0]))
    with pytest.raises(ParameterError, match="tolerance"):
        against_plan(made([], []), visits, tolerance_seconds=3600.0)
