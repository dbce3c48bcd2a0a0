"""Which area a point lies in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from geo.errors import CoordinateError
from geo.grids.area_cells import AreaCells, area_cells
from geo.grids.outlines import Outlines, outlines_of
from geo.grids.points_in_areas import rows_of_points
from geo.tables.spec import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaIndex:
    """Areas (grids, police grids) prepared for looking up many points.

    A point on a common boundary, and one in several areas (a special grid on a general one), belongs to the area with
    the lowest code. For general grids alone, index those alone (``kind``). Areas and points are taken to the lattice
    of 1e-7 degrees (half a centimetre at most), where every test is exact.

    Attributes
    ----------
    codes : object[k], rising
    outlines : the areas' rings on the lattice, in that order
    cells : the raster over them
    threads : how many may work on one call; all give the same answers
    """

    codes: npt.NDArray[np.object_]
    outlines: Outlines
    cells: AreaCells
    threads: int = 1

    @classmethod
    def of(cls, table: Table, *, kind: str | None = None, threads: int = 1) -> Self:
        """Index a table of areas; ``kind`` keeps only rows of that kind (``"general"``)."""
        frame = table.frame if kind is None else table.frame[table.frame["kind"] == kind]
        codes = frame[table.SPEC.key].to_numpy(dtype=object)
        order = np.argsort(codes.astype(str), kind="stable")
        outlines = outlines_of(np.array(frame.geometry.array, dtype=object)[order], threads=threads)
        cells = area_cells(outlines, threads=threads)
        return cls(codes=codes[order], outlines=outlines, cells=cells, threads=threads)

    def rows(self, lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
        """Return the index into ``codes`` of the area of each point (float64[n, 2] degrees), int32[n]; -1 outside all.

        Raises
        ------
        CoordinateError
            If a coordinate is not finite.
        """
        places = np.asarray(lonlat, dtype=np.float64)
        if not np.isfinite(places).all():
            row = int(np.flatnonzero(~np.isfinite(places).all(axis=1))[0])
            raise CoordinateError(
                f"Point {row + 1} has a coordinate that is not a finite number",
                f"第 {row + 1} 个点的坐标无效",
                rows=[str(row)],
            )
        return rows_of_points(self.outlines, self.cells, places, threads=self.threads)

    def at(self, lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
        """Return the code of the area of each point (float64[n, 2] lon, lat degrees), object[n]; None outside all."""
        # The last entry serves row -1.
        return np.append(self.codes, [None])[self.rows(lonlat)]
