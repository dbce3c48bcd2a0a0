"""The street network as read-only arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from geo.errors import FileError, InputError

CAR: Final = 1
MOTORCYCLE: Final = 2
FOOT: Final = 4
RESPONSE: Final = 8
"""Access bits of an arc: patrol car, motorcycle, on foot, response car with lights on."""

ROAD_CLASSES: Final = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link",
    "secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential",
    "living_street", "service", "track", "pedestrian", "footway", "path", "steps", "cycleway", "other",
)  # fmt: skip
"""Road classes in the order of ``StreetGraph.road_class``: the values of OpenStreetMap's ``highway``."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetGraph:
    """A directed street network in compressed sparse rows; all arrays are read-only.

    ``n`` nodes, ``m`` arcs; arc ``a`` leaves the node ``u`` with ``indptr[u] <= a < indptr[u + 1]`` and enters
    ``heads[a]``. Node coordinates and geometry are WGS84 degrees, lon before lat. Seconds are no part of
    it: they are a weighting (``geo.streets.speeds``).

    Attributes
    ----------
    indptr : int32[n + 1]
    heads : int32[m]
    metres : float32[m], length of the arc along its geometry
    arc_ids : int64[m], identity in the source (OpenStreetMap way, row of a line layer)
    node_ids : int64[n], identity in the source
    node_lonlat : float64[n, 2]
    geometry_offsets : int32[m + 1], rows of ``geometry_lonlat`` of each arc, both ends included
    geometry_lonlat : float64[k, 2]
    road_class : int8[m], index into ``ROAD_CLASSES``
    name_ids : int32[m], index into ``names``; 0 is the empty name
    names : tuple of str, ``names[0] == ""``
    access : uint8[m], bits ``CAR | MOTORCYCLE | FOOT | RESPONSE``
    speed_kph : float32[m], limit or speed in the source, NaN where it says nothing
    reverse : int32[m], the arc of the same street the other way, -1 where there is none
    forbidden_turns : int32[t, 2], pairs (arc in, arc out) that may not follow each other by vehicle
    source : str, what it was read from, shown as attribution
    """

    indptr: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    metres: npt.NDArray[np.float32]
    arc_ids: npt.NDArray[np.int64]
    node_ids: npt.NDArray[np.int64]
    node_lonlat: npt.NDArray[np.float64]
    geometry_offsets: npt.NDArray[np.int32]
    geometry_lonlat: npt.NDArray[np.float64]
    road_class: npt.NDArray[np.int8]
    name_ids: npt.NDArray[np.int32]
    names: tuple[str, ...]
    access: npt.NDArray[np.uint8]
    speed_kph: npt.NDArray[np.float32]
    reverse: npt.NDArray[np.int32]
    forbidden_turns: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    source: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        n, m = self.nodes, self.arcs
        if n == 0 or m == 0:
            raise FileError("The street file holds no street that can be used", "路网文件中没有可用的道路")
        sizes = {
            "indptr": n + 1, "heads": m, "metres": m, "arc_ids": m, "node_ids": n, "geometry_offsets": m + 1,
            "road_class": m, "name_ids": m, "access": m, "speed_kph": m, "reverse": m,
        }  # fmt: skip
        for name, size in sizes.items():
            if len(getattr(self, name)) != size:
                raise InputError(f"Street array {name} is not of length {size}", f"路网数组 {name} 长度应为 {size}")
        if self.indptr[0] != 0 or self.indptr[-1] != m or (np.diff(self.indptr) < 0).any():
            raise InputError("Street array indptr does not rise from 0 to the number of arcs", "路网数组 indptr 无效")
        if not np.isfinite(self.node_lonlat).all() or not np.isfinite(self.geometry_lonlat).all():
            raise InputError("A street has a coordinate that is not finite", "路网含有无效坐标")

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_lonlat)

    @property
    def arcs(self) -> int:
        """Number of directed arcs."""
        return len(self.heads)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        low, high = self.node_lonlat.min(axis=0), self.node_lonlat.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def tails(self) -> npt.NDArray[np.int32]:
        """Return the node that each arc leaves, int32[m]."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.indptr))

    def arc_lonlat(self, arc: int) -> npt.NDArray[np.float64]:
        """Return the geometry of one arc, float64[k, 2]."""
        return self.geometry_lonlat[self.geometry_offsets[arc] : self.geometry_offsets[arc + 1]]

    def name(self, arc: int) -> str:
        """Return the street name of an arc, possibly empty."""
        return self.names[int(self.name_ids[arc])]

    def save(self, path: Path) -> None:
        """Write the arrays to one ``.npz`` file (uncompressed, so that it opens fast)."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("names", "source")}
        names = np.array(self.names, dtype=np.str_)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, names=names, source=np.array(self.source), **arrays)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote; a damaged file raises ``FileError``."""
        try:
            with np.load(path, allow_pickle=False) as held:
                arrays = {key: held[key] for key in held.files}
        except (OSError, ValueError, EOFError, KeyError) as problem:
            raise FileError(
                f"{path.name} is not a street file of xunge: {problem}", f"{path.name} 不是巡格的路网文件"
            ) from problem
        names = tuple(str(v) for v in arrays.pop("names"))
        source = str(arrays.pop("source"))
        return cls(names=names, source=source, **arrays)
