"""A map for paper: streets, areas in classes, outlines and numbered places, with legend, scale and north."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.streets.graph import ROAD_CLASSES, StreetGraph
from web.paper.font import chinese_font

PAPER: Final = "#ffffff"
STREET: Final = "#c3cad2"
OUTLINE: Final = "#52606d"
INK: Final = "#1f2933"
METRES_PER_DEGREE: Final = 111_320.0
THICK_WITHIN_M: Final = 6_000.0
"""Width of a map on which streets have their full width."""
_MM_PER_INCH: Final = 25.4
ARROWS_EVERY: Final = 40
"""Vertices of a way between two arrows at most; a short way has closer ones."""
LEAST_ARROWS: Final = 10

WIDTHS: Final = {
    "motorway": 1.6, "motorway_link": 0.8, "trunk": 1.6, "trunk_link": 0.8, "primary": 1.4, "primary_link": 0.8,
    "secondary": 1.1, "secondary_link": 0.7, "tertiary": 0.8, "tertiary_link": 0.6, "unclassified": 0.4,
    "residential": 0.3, "living_street": 0.3,
}  # fmt: skip
"""Width of each road class in points."""

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Streets:
    """Lines in EPSG:4326, and the width of each in points, float64[n]."""

    lines: Shapes
    widths: npt.NDArray[np.float64]

    @classmethod
    def of(cls, graph: StreetGraph) -> Self:
        """Return each street once, main roads wider; paths and service roads are left out, paper is too small."""
        arc = np.arange(graph.arcs)
        width = np.array([WIDTHS.get(kind, 0.0) for kind in ROAD_CLASSES])[graph.road_class]
        once = np.flatnonzero(((graph.reverse < 0) | (arc < graph.reverse)) & (width > 0))
        counts = np.diff(graph.geometry_offsets)[once]
        rows = np.repeat(graph.geometry_offsets[once] - np.r_[0, np.cumsum(counts)[:-1]], counts) + np.arange(
            counts.sum()
        )
        lines = shapely.linestrings(graph.geometry_lonlat[rows], indices=np.repeat(np.arange(len(once)), counts))
        return cls(lines=lines, widths=width[once])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Areas:
    """Polygons in EPSG:4326 and the fill of each, ``#rrggbb``; an empty text leaves one unfilled."""

    shapes: Shapes
    fills: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """Places drawn as numbered discs (or bare discs where a label is empty): float64[n, 2] lon, lat."""

    lonlat: npt.NDArray[np.float64]
    labels: Sequence[str]
    colour: str = "#b42318"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """Lines in EPSG:4326 drawn over the streets, such as the route of a crew, with arrows that tell the direction."""

    lines: Shapes
    colour: str = "#175cd3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """Title, (label, ``#rrggbb``) a class, and a note with n and the period."""

    title: str
    steps: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapPicture:
    """What is drawn, from below: areas, streets, outlines, ways, marks; ``bounds`` = west, south, east, north in degrees."""

    bounds: tuple[float, float, float, float]
    areas: Areas | None = None
    streets: Streets | None = None
    outlines: Shapes | None = None
    ways: Ways | None = None
    marks: Marks | None = None
    legend: Legend | None = None
    north: str = "北"


def draw_map(picture: MapPicture, *, width_mm: float = 170.0, height_mm: float = 120.0, dpi: int = 200) -> bytes:
    """Return a PNG of ``width_mm`` by ``height_mm``: north is up, a degree east and one north have their true ratio."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    figure = Figure(figsize=(width_mm / _MM_PER_INCH, height_mm / _MM_PER_INCH), dpi=dpi, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    west, south, east, north = framed(picture.bounds, width_mm / height_mm)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("auto")
    font = FontProperties(fname=str(chinese_font().path))
    view = shapely.box(west, south, east, north)
    _draw_layers(axes, picture, view)
    if picture.marks is not None:
        _draw_marks(axes, picture.marks, font)
    _draw_scale(axes, (west, south, east, north), font)
    axes.annotate(
        picture.north, xy=(0.965, 0.96), xytext=(0.965, 0.88), xycoords="axes fraction", fontproperties=font, fontsize=9,
        ha="center", va="center", color=INK, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.2},
    )  # fmt: skip
    if picture.legend is not None:
        _draw_legend(axes, picture.legend, font)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})  # the version of the library is no part of the map
    return out.getvalue()


def framed(bounds: tuple[float, float, float, float], ratio: float) -> tuple[float, float, float, float]:
    """Return the bounds widened by 3 % and to the sides' ratio (width over height on the ground)."""
    west, south, east, north = bounds
    middle = math.cos(math.radians((south + north) / 2))
    wide, high = max(east - west, 1e-4) * middle * 1.06, max(north - south, 1e-4) * 1.06
    wide, high = max(wide, high * ratio), max(high, wide / ratio)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / middle / 2, y - high / 2, x + wide / middle / 2, y + high / 2


def scale_length(width_m: float) -> float:
    """Return a round length, 1, 2 or 5 times a power of ten, near a fifth of the width of the map, in metres."""
    aim = width_m / 5
    power = 10.0 ** math.floor(math.log10(aim))
    return max(step * power for step in (1, 2, 5) if step * power <= aim)


def _draw_layers(axes: Any, picture: MapPicture, view: shapely.Polygon) -> None:
    from matplotlib.collections import LineCollection, PathCollection

    if picture.areas is not None:
        seen = shapely.intersects(picture.areas.shapes, view)
        paths = [_path(shape) for shape in picture.areas.shapes[seen]]
        fills = [fill or "none" for fill, shown in zip(picture.areas.fills, seen, strict=True) if shown]
        axes.add_collection(PathCollection(paths, facecolors=fills, edgecolors="#ffffff", linewidths=0.25, alpha=0.85))
    if picture.streets is not None:
        seen = shapely.intersects(picture.streets.lines, view)
        lines = [shapely.get_coordinates(line) for line in picture.streets.lines[seen]]
        widths = picture.streets.widths[seen] * _thinner(view.bounds)
        axes.add_collection(LineCollection(lines, colors=STREET, linewidths=widths, capstyle="round"))
    if picture.outlines is not None:
        rings = shapely.get_parts(shapely.boundary(picture.outlines[~shapely.is_empty(picture.outlines)]))
        lines = [shapely.get_coordinates(ring) for ring in rings]
        axes.add_collection(LineCollection(lines, colors=OUTLINE, linewidths=0.8))
    if picture.ways is not None:
        _draw_ways(axes, picture.ways)


def _draw_ways(axes: Any, ways: Ways) -> None:
    from matplotlib.collections import LineCollection

    lines = [shapely.get_coordinates(line) for line in ways.lines]
    axes.add_collection(LineCollection(lines, colors=ways.colour, linewidths=1.8, alpha=0.8, zorder=3))
    for line in lines:
        every = max(1, min(ARROWS_EVERY, len(line) // LEAST_ARROWS))
        for first in range(every // 2, len(line) - 1, every):
            if (line[first] != line[first + 1]).any():
                axes.annotate(
                    "", xy=line[first + 1], xytext=line[first], zorder=4,
                    arrowprops={"arrowstyle": "-|>", "color": ways.colour, "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
                )  # fmt: skip


def _thinner(bounds: tuple[float, float, float, float]) -> float:
    """Return by how much streets are thinner where a whole city must fit on the paper."""
    west, south, east, north = bounds
    metres = (east - west) * METRES_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    return min(1.0, math.sqrt(THICK_WITHIN_M / metres))


def _path(shape: Any) -> Any:
    """Return a polygon with holes as one path, for which the direction of its rings does not matter."""
    from matplotlib.path import Path

    rings = shapely.get_rings(shapely.orient_polygons(shape))
    corners = [shapely.get_coordinates(ring) for ring in rings]
    codes = [np.r_[Path.MOVETO, np.full(len(c) - 2, Path.LINETO), Path.CLOSEPOLY] for c in corners]
    return Path(np.concatenate(corners), np.concatenate(codes)) if corners else Path(np.zeros((0, 2)))


def _draw_marks(axes: Any, marks: Marks, font: Any) -> None:
    if not len(marks.lonlat):
        return
    axes.scatter(
        marks.lonlat[:, 0], marks.lonlat[:, 1], s=110 if any(marks.labels) else 14, c=marks.colour,
        edgecolors=PAPER, linewidths=0.8, zorder=5,
    )  # fmt: skip
    for (x, y), label in zip(marks.lonlat.tolist(), marks.labels, strict=True):
        axes.text(
            x, y, label, fontproperties=font, fontsize=6.5, color=PAPER, ha="center", va="center_baseline", zorder=6
        )


def _draw_scale(axes: Any, bounds: tuple[float, float, float, float], font: Any) -> None:
    west, south, east, north = bounds
    metres = (east - west) * METRES_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    length = scale_length(metres)
    share = length / metres
    axes.plot([0.03, 0.03 + share], [0.035, 0.035], color=INK, lw=2.5, transform=axes.transAxes, solid_capstyle="butt")
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.text(
        0.03 + share / 2, 0.045, words, transform=axes.transAxes, fontproperties=font, fontsize=8, color=INK,
        ha="center", va="bottom",
    )  # fmt: skip


def _draw_legend(axes: Any, legend: Legend, font: Any) -> None:
    from matplotlib.patches import Patch

    boxes = [Patch(facecolor=colour, edgecolor="#9aa5b1", linewidth=0.4, label=label) for label, colour in legend.steps]
    title = legend.title + (f"\n{legend.note}" if legend.note else "")
    small = font.copy()
    small.set_size(8)
    shown = axes.legend(
        handles=boxes, title=title, prop=small, title_fontproperties=small, loc="lower right", framealpha=0.94,
        edgecolor="#9aa5b1", fancybox=False, borderpad=0.8, alignment="left",
    )  # fmt: skip
    shown.set_zorder(10)
