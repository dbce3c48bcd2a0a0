"""From crew hours to people: how many officers and auxiliaries a timetable takes, with rest, leave and training."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geo.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """People that a week of crew hours takes."""

    crew_hours: float
    officers: int
    auxiliaries: int


def workforce(
    crew_hours_a_week: float, *, officers: int = 1, auxiliaries: int = 1, hours_a_week: float = 40.0,
    absent_share: float = 0.15,
) -> Workforce:  # fmt: skip
    """Return how many people must be on the books so that every crew is whole.

    ``crew_hours * members / (hours_a_week * (1 - absent_share))``, rounded up: leave, training and sickness are absence.

    Parameters
    ----------
    officers, auxiliaries
        Members of a crew; a crew has at least one police officer (民警).
    """
    if officers < 1 or auxiliaries < 0:
        raise ParameterError("A crew has at least one police officer", "每个巡组至少应有一名民警")
    if not (crew_hours_a_week >= 0 and hours_a_week > 0 and 0 <= absent_share < 1):
        raise ParameterError(
            "Hours a week must be above 0 and the share absent at least 0 and below 1",
            "每周工时须大于 0，缺勤比例须不小于 0 且小于 1",
        )
    shifts = crew_hours_a_week / (hours_a_week * (1.0 - absent_share))
    return Workforce(
        crew_hours=crew_hours_a_week,
        officers=math.ceil(shifts * officers - 1e-9),
        auxiliaries=math.ceil(shifts * auxiliaries - 1e-9),
    )
