"""A coverage of grids held as shared arcs: what is dragged on one side moves on the other, by construction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, Self, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.arcs import LATTICE, CutRings, Int64s, cut_rings, ring_xy, to_degrees
from geo.tables.grids import Grids
from geo.tables.spec import LONLAT

if TYPE_CHECKING:
    from geo.grids.coverage_check import CoverageReport
    from geo.grids.reshape import Moved

Lock = Literal["", "parent", "outer", "view"]
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
_LOCKS: Final[tuple[Lock, ...]] = ("", "parent", "outer")
_PROPERTIES: Final = ("code", "name", "parent_code", "parent_name", "kind")


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """The general grids of a table as arcs on a lattice of 1e-7 degrees; values, never changed in place.

    Special grids lie on top of general ones and are not part of it.

    Attributes
    ----------
    attributes : columns of the general grids without their geometry
    shapes : object[n], polygons and multipolygons in degrees, those of the arcs to the last bit
    cut : arcs, their users (rows of ``attributes``), nodes and the rings made of them; an arc that an edit took away
        keeps its number, has no vertices and no users
    bounds : int64[a, 4], west, south, east, north of each arc
    codes : codes of the grids in row order
    lock_of_arc : int8[a], 0 free, 1 between communities, 2 outer boundary or taken away
    """

    attributes: pd.DataFrame
    shapes: npt.NDArray[np.object_]
    cut: CutRings
    bounds: Int64s
    codes: tuple[str, ...]
    lock_of_arc: npt.NDArray[np.int8]

    @classmethod
    def of(cls, grids: Grids) -> Self:
        """Cut the general grids into shared arcs; the same table gives the same arc numbers.

        Coordinates move to the lattice, at most half a centimetre. Gaps and overlaps stay as they are: see ``check``.

        Raises
        ------
        GeometryError
            If an edge belongs to more than two grids, or a ring vanishes on the lattice.
        """
        frame = grids.frame[grids.frame["kind"] == "general"].reset_index(drop=True)
        codes = [str(code) for code in frame["code"]]
        cut, shapes = cut_rings(np.asarray(frame.geometry.array, dtype=object), codes)
        attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        return cls(
            attributes=attributes,
            shapes=shapes,
            cut=cut,
            bounds=arc_bounds(cut.arcs),
            codes=tuple(codes),
            lock_of_arc=arc_locks(cut.users, parent_numbers(attributes)),
        )

    @cached_property
    def grids(self) -> Grids:
        """The general grids as a table."""
        return Grids(gpd.GeoDataFrame(self.attributes, geometry=self.shapes, crs=LONLAT))

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Row of each code."""
        return {code: row for row, code in enumerate(self.codes)}

    @cached_property
    def fingerprint(self) -> str:
        """What tells this coverage from others: its arcs, their users, and all attributes."""
        told = hashlib.sha256("\n".join(self.codes).encode())
        told.update(np.array([len(arc) for arc in self.cut.arcs]).tobytes())
        told.update(self.cut.users.tobytes())
        for arc in self.cut.arcs:
            told.update(arc.tobytes())
        told.update(pd.util.hash_pandas_object(self.attributes, index=False).to_numpy().tobytes())
        return told.hexdigest()

    def rows_as_grids(self, rows: Sequence[int]) -> Grids:
        """Return some rows as a table."""
        taken = list(rows)
        part = self.attributes.iloc[taken].reset_index(drop=True)
        return Grids(gpd.GeoDataFrame(part, geometry=self.shapes[taken], crs=LONLAT))

    @property
    def locks(self) -> list[Lock]:
        """Why each arc may not be moved by default: ``parent`` (between communities), ``outer``, or ``""``."""
        return [_LOCKS[number] for number in self.lock_of_arc.tolist()]

    def topojson(self, bbox: tuple[float, float, float, float] | None = None) -> dict[str, Json]:
        """Return the grids (those that meet west, south, east, north degrees) as a TopoJSON topology.

        Arc coordinates are whole lattice steps, delta-encoded. Beside the standard members stand, one for each arc:
        ``arc_ids``, the number to save it under; ``locked``; and ``lock``, the reason: ``parent``, ``outer`` or ``view``
        (the grid on the other side is not in this part). A vertex may be dragged when no arc at it is locked.
        """
        rows = self._rows(bbox)
        within = set(rows)
        used = sorted(
            {_arc(ref) for row in rows for polygon in self.cut.shapes[row] for ring in polygon for ref in ring.refs}
        )
        local = {arc: i for i, arc in enumerate(used)}
        lock: list[Lock] = []
        for arc in used:
            beyond = any(user >= 0 and user not in within for user in self.cut.users[arc].tolist())
            lock.append(_LOCKS[int(self.lock_of_arc[arc])] or ("view" if beyond else ""))
        part = self.attributes.iloc[rows]
        columns = {name: dict(zip(rows, part[name].tolist(), strict=True)) for name in _PROPERTIES}
        geometries: list[Json] = []
        for row in rows:
            polygons = [
                [[local[ref] if ref >= 0 else ~local[~ref] for ref in ring.refs] for ring in polygon]
                for polygon in self.cut.shapes[row]
            ]
            several = len(polygons) > 1
            properties = {name: _plain(values[row]) for name, values in columns.items()}
            geometries.append({
                "type": "MultiPolygon" if several else "Polygon", "id": properties["code"], "properties": properties,
                "arcs": cast("Json", polygons if several else polygons[0]),
            })  # fmt: skip
        arcs = [self.cut.arcs[arc] for arc in used]
        return {
            "type": "Topology",
            "bbox": _bbox(arcs),
            "transform": {"scale": [1 / LATTICE, 1 / LATTICE], "translate": [0, 0]},
            "objects": {"grids": {"type": "GeometryCollection", "geometries": geometries}},
            "arcs": [np.diff(arc, axis=0, prepend=0).tolist() for arc in arcs],
            "arc_ids": used,
            "locked": [bool(reason) for reason in lock],
            "lock": cast("Json", lock),
        }

    def check(self, *, gap_width_m: float = 1.0) -> CoverageReport:
        """Return gaps, overlaps and the area of the union; see ``geo.grids.coverage_check``."""
        from geo.grids.coverage_check import check_coverage

        return check_coverage(self, gap_width_m=gap_width_m)

    def moved(
        self,
        changes: Mapping[int, Int64s],
        *,
        allow_parent_change: bool = False,
        allow_outer_change: bool = False,
    ) -> Moved:
        """Return the coverage with some arcs replaced (int64[k, 2] on the lattice, by arc number), and what changed.

        All arcs that meet at a moved node must be given, with the same new end. Afterwards no two arcs cross or touch
        but at common nodes, and each grid is whole and keeps its orientation; for inner arcs that proves that there
        is neither gap nor overlap (see ``docs/explanation/coverage.md``).

        Raises
        ------
        GeometryError
            If that does not hold, or an arc is locked; the sentence names the grids and the place.
        ParameterError
            If an arc number is unknown or an arc is not int64[k, 2] within the globe.
        """
        from geo.grids.reshape import move_arcs

        return move_arcs(self, changes, allow_parent_change=allow_parent_change, allow_outer_change=allow_outer_change)

    def _rows(self, bbox: tuple[float, float, float, float] | None) -> list[int]:
        if bbox is None:
            return list(range(len(self.codes)))
        bounds = shapely.bounds(self.shapes)
        west, south, east, north = bbox
        meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        return [int(row) for row in np.flatnonzero(meets)]


def shape_of(cut: CutRings, row: int) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the polygon or multipolygon of a row in degrees, made of its arcs."""
    polygons = [
        shapely.Polygon(
            to_degrees(ring_xy(rings[0], cut.arcs)), [to_degrees(ring_xy(ring, cut.arcs)) for ring in rings[1:]]
        )
        for rings in cut.shapes[row]
    ]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def arc_bounds(arcs: Sequence[Int64s]) -> Int64s:
    """Return west, south, east, north of each arc, int64[a, 4]."""
    if not len(arcs):
        return np.zeros((0, 4), np.int64)
    flat = np.concatenate(arcs)
    starts = np.r_[0, np.cumsum([len(arc) for arc in arcs])[:-1]]
    low, high = np.minimum.reduceat(flat, starts), np.maximum.reduceat(flat, starts)
    return np.hstack([low, high])


def parent_numbers(attributes: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return a number for the community of each row, int[n]; rows without one have one in common."""
    parents = np.array([p if isinstance(p, str) else "" for p in attributes["parent_code"]], dtype=np.str_)
    return np.asarray(np.unique(parents, return_inverse=True)[1], dtype=np.intp)


def arc_locks(users: npt.NDArray[np.int32], parent: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
    """Return 0 free, 1 between communities, 2 outer boundary for arcs with these users, int8[a]."""
    lock = np.where(users[:, 1] < 0, 2, 0)
    inner = users[:, 1] >= 0
    lock[inner] = parent[users[inner, 0]] != parent[users[inner, 1]]
    lock = lock.astype(np.int8)
    lock.setflags(write=False)
    return lock


def _arc(ref: int) -> int:
    return ref if ref >= 0 else ~ref


def _plain(value: object) -> Json:
    return value if isinstance(value, str) else None


def _bbox(arcs: Sequence[Int64s]) -> Json:
    if not arcs:
        return None
    bounds = arc_bounds(arcs)
    low, high = to_degrees(bounds[:, :2].min(axis=0)), to_degrees(bounds[:, 2:].max(axis=0))
    return [float(v) for v in (*low, *high)]
