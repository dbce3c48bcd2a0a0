"""Find gaps and overlaps in a coverage of grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.grids.faults import Fault
from geo.grids.layer_check import check_shapes
from geo.grids.rough import read_rough
from geo.grids.topology import Coverage

__all__ = ["CoverageReport", "Fault", "check_coverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """What is wrong with a coverage, and how large it is.

    Attributes
    ----------
    gaps : holes in the union; a lake that belongs to no grid is one too
    overlaps : places that belong to two grids
    mismatched : codes of grids that share a line with a neighbour but not its vertices, or leave a narrow crack
    broken : codes of grids that cross themselves on the lattice of 1e-7 degrees; they cannot be edited
    area_m2 : area of the union on the ellipsoid
    parts : separate pieces of the union
    """

    gaps: tuple[Fault, ...]
    overlaps: tuple[Fault, ...]
    mismatched: tuple[str, ...]
    broken: tuple[str, ...]
    area_m2: float
    parts: int

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.gaps or self.overlaps or self.mismatched or self.broken)


def check_coverage(coverage: Coverage, *, gap_width_m: float = 1.0) -> CoverageReport:
    """Look for gaps (holes in the union), overlaps, and lines that are shared without sharing vertices."""
    report = check_shapes(
        read_rough(coverage.codes, np.array(coverage.shapes, dtype=object)),
        coverage.attributes["parent_code"].tolist(),
        parents=None,
        gap_width_m=gap_width_m,
        sliver_width_m=0.0,
    )
    return CoverageReport(
        gaps=report.of("gap"),
        overlaps=report.of("overlap"),
        mismatched=tuple(sorted(code for fault in report.of("mismatch") for code in fault.codes)),
        broken=tuple(sorted(code for fault in report.of("broken") for code in fault.codes)),
        area_m2=report.area_m2,
        parts=report.parts,
    )
