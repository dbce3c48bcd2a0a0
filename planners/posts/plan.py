"""Which sites are open, and which of them answers for which demand point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planners.arrays import read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostPlan:
    """Open sites and the site that answers for each demand point; arrays are read-only.

    Attributes
    ----------
    sites : int32[k], open sites, rising
    assignment : int32[n], the nearest open site that may serve the demand point (ties: lower index), -1 where none may
    """

    sites: npt.NDArray[np.int32]
    assignment: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", read_only(self.sites, np.int32))
        object.__setattr__(self, "assignment", read_only(self.assignment, np.int32))
