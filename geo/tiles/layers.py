"""Layers of features ready to be cut into vector tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from geo.errors import GeometryError, InputError
from geo.tiles.mercator import MAX_ZOOM, to_mercator

Value = str | int | float | bool
Properties = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorLayer:
    """Features of one kind in Web Mercator, in drawing order (the last lies on top).

    Attributes
    ----------
    name : str, the layer's name in the tile
    geometries : object[n] of valid points, lines or polygons, EPSG:3857
    properties : tuple of n mappings; ``n`` is the label, ``r`` its rank from 1 (first) to 6
    min_zooms : int8[n], the first zoom that shows the feature
    bounds : float64[n, 4]
    tree : spatial index of the geometries
    """

    name: str
    geometries: npt.NDArray[np.object_]
    properties: tuple[Properties, ...]
    min_zooms: npt.NDArray[np.int8]
    bounds: npt.NDArray[np.float64]
    tree: shapely.STRtree

    def __len__(self) -> int:
        return len(self.geometries)

    @classmethod
    def of(
        cls,
        name: str,
        geometries: npt.NDArray[np.object_],
        properties: Sequence[Properties],
        *,
        min_zooms: npt.NDArray[np.int8] | int = 0,
    ) -> Self:
        """Take geometries in lon/lat degrees, mend broken ones, and index them.

        Raises
        ------
        InputError
            If a feature has no property mapping or the other way round.
        GeometryError
            If a geometry is missing or empty, or mixes points, lines and polygons.
        """
        shapes = np.array(geometries, dtype=object)
        if len(shapes) != len(properties):
            raise InputError(
                f"Layer {name} has {len(shapes)} geometries but {len(properties)} rows of properties",
                f"图层 {name} 的图形数 {len(shapes)} 与属性数 {len(properties)} 不一致",
            )
        wrong = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise GeometryError(
                f"Layer {name}: feature {row + 1} has no geometry",
                f"图层 {name} 第 {row + 1} 个要素没有图形",
                rows=[str(row)],
            )
        projected = shapely.transform(shapes, to_mercator)
        broken = ~shapely.is_valid(projected)
        if broken.any():
            projected[broken] = [same_dimension(shape) for shape in shapely.make_valid(projected[broken])]
        mixed = shapely.get_type_id(projected) == shapely.GeometryType.GEOMETRYCOLLECTION
        if mixed.any():
            row = int(np.flatnonzero(mixed)[0])
            raise GeometryError(
                f"Layer {name}: feature {row + 1} mixes points, lines and polygons",
                f"图层 {name} 第 {row + 1} 个要素混有点、线、面",
                rows=[str(row)],
            )
        zooms = np.minimum(np.broadcast_to(np.asarray(min_zooms, dtype=np.int8), len(projected)), np.int8(MAX_ZOOM))
        bounds = shapely.bounds(projected)
        for array in (projected, zooms, bounds):
            array.setflags(write=False)
        held = tuple(MappingProxyType(dict(row)) for row in properties)
        return cls(
            name=name,
            geometries=projected,
            properties=held,
            min_zooms=zooms,
            bounds=bounds,
            tree=shapely.STRtree(projected),
        )


def same_dimension(shape: BaseGeometry) -> BaseGeometry:
    """Keep of a mended geometry only the parts of the highest dimension: a bow tie must not leave stray lines."""
    parts = shapely.get_parts(shape)
    if shape.geom_type != "GeometryCollection" or not len(parts):
        return shape
    parts = shapely.get_parts(parts)
    dimension = shapely.get_dimensions(parts)
    return shapely.union_all(parts[dimension == dimension.max()])
