"""Linear grids of the demo city: its longest main road cut by chainage, each piece owned on five levels."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from geo.errors import GeometryError
from geo.grids.chainage import ChainedLine
from geo.grids.linear import Segment, cut_line, even_segments
from geo.streets.graph import ROAD_CLASSES, StreetGraph
from geo.synthetic.grids import COUNTY, Communities
from geo.synthetic.lattice import STEPS_PER_DEGREE, Shapes
from geo.tables.linear_grids import LinearGrids

MAIN: Final = ("motorway", "trunk", "primary", "secondary", "tertiary")
SEGMENT_M: Final = 1_500.0


def draw_linear_grids(graph: StreetGraph, communities: Communities, land: Shapes) -> LinearGrids:
    """Cut the longest unbroken main road into segments of about 1.5 km.

    ``land`` holds the outlines of the communities in lattice steps: the one at the middle of a segment owns it on the
    lowest level.
    """
    road = _longest(graph)
    if road is None:
        return LinearGrids.empty()
    name, shape = road
    line = ChainedLine.of(shape)
    title = f"{name}（示范路段）"
    wanted = even_segments(line, about_m=min(SEGMENT_M, line.length_m / 4), prefix=f"{COUNTY}L01")
    segments = [
        Segment(
            code=one.code, start_m=one.start_m, end_m=one.end_m, name=f"{name}第{k + 1}段",
            owners=("示范省路长办", "示范市路长办", "示范县路长办", *_local(communities, land, line, one)),
        )
        for k, one in enumerate(wanted)
    ]  # fmt: skip
    frame = cut_line(title, line, segments).frame.copy()
    frame["version"], frame["synthetic"] = 1, True
    return LinearGrids.of(gpd.GeoDataFrame(frame, geometry="geometry", crs=4326))


def _local(communities: Communities, land: Shapes, line: ChainedLine, one: Segment) -> tuple[str | None, str | None]:
    """Return the owners at a segment's middle: the office of the town, the community; the nearest one off the land."""
    piece = line.piece(one.start_m, one.end_m)
    middle = shapely.line_interpolate_point(piece, 0.5, normalized=True)
    at = shapely.transform(middle, lambda c: c * float(STEPS_PER_DEGREE))
    row = int(np.argmin(shapely.distance(land, at)))
    return f"{communities.town_name[row]}路长办", communities.name[row]


def _longest(graph: StreetGraph) -> tuple[str, shapely.LineString] | None:
    """Return the name and line of the longest named main road that does not branch; its carriageways count as lines."""
    arcs = np.arange(graph.arcs)
    main = np.isin(graph.road_class, [ROAD_CLASSES.index(name) for name in MAIN])
    wanted = np.flatnonzero(((graph.reverse < 0) | (arcs < graph.reverse)) & main & (graph.name_ids > 0))
    best: tuple[float, str, shapely.LineString] | None = None
    for name in np.unique(graph.name_ids[wanted]).tolist():
        lines = [shapely.LineString(graph.arc_lonlat(int(a))) for a in wanted[graph.name_ids[wanted] == name]]
        merged = shapely.line_merge(shapely.multilinestrings(lines))
        for part in shapely.get_parts(merged):
            if part.is_simple and not part.is_closed and (best is None or part.length > best[0]):
                best = (float(part.length), str(graph.names[name]), part)
    if best is None:
        return None
    try:
        ChainedLine.of(best[2])
    except GeometryError:
        return None
    return best[1], best[2]
