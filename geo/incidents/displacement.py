"""The weighted displacement difference: what changed in treated places beyond what changed in control places."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geo.errors import ParameterError


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedDisplacementDifference:
    """Change in the treated places minus change in the control places, with its standard error."""

    difference: float
    standard_error: float

    @property
    def z(self) -> float:
        """Difference in standard errors."""
        return self.difference / self.standard_error

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """Return the interval of ``z`` standard errors around the difference."""
        return self.difference - z * self.standard_error, self.difference + z * self.standard_error


def weighted_displacement_difference(
    treated: tuple[float, float], control: tuple[float, float]
) -> WeightedDisplacementDifference:
    """Return the difference of changes for counts (before, after).

    The standard error is the root of the sum of the four counts, each count being Poisson. Wheeler, A. P. and
    Ratcliffe, J. H. (2018). A simple weighted displacement difference test to evaluate place based crime
    interventions. Crime Science 7:11.
    """
    counts = (*treated, *control)
    if min(counts) < 0 or sum(counts) <= 0:
        raise ParameterError("Counts must be 0 or more and not all 0", "计数应不小于 0 且不全为 0")
    return WeightedDisplacementDifference(
        difference=(treated[1] - treated[0]) - (control[1] - control[0]),
        standard_error=math.sqrt(sum(counts)),
    )
