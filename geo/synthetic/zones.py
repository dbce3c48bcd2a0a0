"""Zones with population: the real ones of Coquimbo, and made-up ones for a city that has none."""

from __future__ import annotations

import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from geo.crs import to_lonlat
from geo.errors import FileError
from geo.streets.aequilibrae import package_file
from geo.synthetic.borders import shared_segments
from geo.synthetic.lattice import Shapes, as_points, steps, to_lattice
from geo.synthetic.positions import RESIDENTS, StreetPositions
from geo.synthetic.shares import totals

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """Areas with population that tile the land.

    Attributes
    ----------
    shapes : Polygon or MultiPolygon[z] in lattice steps, a valid coverage
    people : int64[z]
    """

    shapes: Shapes
    people: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        self.people.setflags(write=False)

    def __len__(self) -> int:
        return len(self.people)


def read_coquimbo_zones() -> Zones:
    """Read the 133 zones of Coquimbo - La Serena from the example project inside the aequilibrae wheel.

    Raises
    ------
    UnavailableError
        If the wheel is not installed.
    FileError
        If the wheel holds another project than expected.
    """
    archive = package_file("aequilibrae", "reference_files", "coquimbo.zip")
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as held:
            file = held.extract("project_database.sqlite", folder)
            # Plain SQL and the geometry's own bytes: the spatial driver of GDAL would open every table.
            database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
            try:
                rows = database.execute("SELECT population, geometry FROM zones ORDER BY zone_id").fetchall()
            finally:
                database.close()
    except (OSError, KeyError, zipfile.BadZipFile, sqlite3.Error) as problem:
        raise FileError(
            f"coquimbo.zip of the aequilibrae wheel cannot be read: {problem}",
            "aequilibrae 安装包中的 coquimbo.zip 无法读取",
        ) from problem
    shapes = to_lattice(shapely.from_wkb([plain_wkb(bytes(row[1])) for row in rows]))
    return Zones(shapes=tiled(shapes), people=np.array([row[0] for row in rows], dtype=np.int64))


def plain_wkb(blob: bytes) -> bytes:
    """Take the WKB out of a SpatiaLite geometry.

    Its envelope ends with the mark 0x7C at byte 38, its body is WKB without the byte-order mark, and every
    member of a collection begins with the mark 0x69 where WKB has the byte order.
    """
    if len(blob) < 45 or blob[0] != 0x00 or blob[38] != 0x7C or blob[-1] != 0xFE or blob[1] != 1:
        raise FileError("A zone has no readable geometry", "分区几何无法读取")
    body = bytearray(b"\x01" + blob[39:-1])
    if int.from_bytes(body[1:5], "little") == 6:
        at = 9
        for _ in range(int.from_bytes(body[5:9], "little")):
            body[at] = 1
            rings = int.from_bytes(body[at + 5 : at + 9], "little")
            at += 9
            for _ in range(rings):
                at += 4 + 16 * int.from_bytes(body[at : at + 4], "little")
    return bytes(body)


def tiled(shapes: Shapes) -> Shapes:
    """Return areas in lattice steps without overlaps and without gaps of up to half a metre, still on the lattice."""
    if bool(shapely.coverage_is_valid(shapes)):
        return shapes
    cleaned = shapely.coverage_clean(shapes, gap_width=50.0)  # type: ignore[attr-defined]
    return np.asarray(shapely.transform(cleaned, np.rint), dtype=object)


def made_up_zones(positions: StreetPositions, *, count: int, people_per_km2: float) -> Zones:
    """Divide the built-up land around the streets into about ``count`` zones with made-up population.

    The land is everything within 60 m of a street after holes of up to 240 m are closed; zones are the cells
    nearest to centres of street length, and their people follow it.
    """
    weight = positions.class_weight(RESIDENTS)
    weight = weight if weight.sum() > 0 else positions.metres.copy()
    centres = centres_of(positions.xy, weight, count)
    streets = shapely.points(np.unique(np.rint(positions.xy / 40.0), axis=0) * 40.0)
    land = shapely.buffer(shapely.union_all(shapely.buffer(streets, 180.0, quad_segs=2)), -120.0)
    land = shapely.simplify(max(shapely.get_parts(land), key=shapely.area), 8.0)
    land = shapely.polygons(shapely.get_exterior_ring(land))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=land))
    cut = shapely.get_parts(shapely.intersection(cells, land))
    cut = cut[shapely.get_type_id(cut) == shapely.GeometryType.POLYGON]
    degrees = shapely.transform(cut, lambda c: to_lonlat(c, positions.crs))
    lines = shapely.union_all(shapely.boundary(to_lattice(degrees)), grid_size=1)
    pieces = np.asarray(shapely.get_parts(shapely.polygonize([lines])), dtype=object)
    shapes = _without_crumbs(pieces)
    area = shapely.area(shapes)
    inside = _count_inside(shapes, positions, weight)
    scale = float(shapely.area(land)) / 1e6 * people_per_km2
    share = inside / inside.sum() if inside.sum() > 0 else area / area.sum()
    return Zones(shapes=shapes, people=np.maximum(np.rint(share * scale), 1).astype(np.int64))


def _without_crumbs(pieces: Shapes) -> Shapes:
    """Join pieces under a fifth of the middle size to the neighbour with the longest shared border."""
    while len(pieces) > 1:
        area = np.asarray(shapely.area(pieces))
        least = int(area.argmin())
        if area[least] >= 0.2 * np.median(area):
            break
        borders = shared_segments(pieces).borders()
        touching = borders.neighbours(len(pieces))[least]
        keep = np.arange(len(pieces)) != least
        if touching:
            host = max(touching, key=lambda other: (touching[other], other))
            pieces = pieces.copy()
            pieces[host] = shapely.coverage_union_all(pieces[[host, least]])
        pieces = pieces[keep]
    return pieces


def _count_inside(shapes: Shapes, positions: StreetPositions, weight: Float) -> Float:
    points = as_points(steps(positions.lonlat()))
    zone, point = shapely.STRtree(points).query(shapes, predicate="contains")
    return totals(zone, weight[point], len(shapes))


def centres_of(xy: Float, weight: Float, count: int, *, rounds: int = 25) -> Float:
    """Return ``count`` centres by weighted Lloyd iterations from spread seeds, float64[count, 2]."""
    count = min(count, len(xy))
    chosen = [int(weight.argmax())]
    gap = ((xy - xy[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        chosen.append(int((gap * weight).argmax()))
        gap = np.minimum(gap, ((xy - xy[chosen[-1]]) ** 2).sum(axis=1))
    return settled(xy[chosen].astype(np.float64), xy, weight, rounds=rounds)


def settled(centres: Float, xy: Float, weight: Float, *, rounds: int) -> Float:
    """Move centres to the middle of what is nearest to them, ``rounds`` times (Lloyd 1982), float64[c, 2]."""
    count = len(centres)
    for _ in range(rounds):
        near = np.asarray(cKDTree(centres).query(xy)[1], dtype=np.int64)
        total = totals(near, weight, count)
        moved = np.stack([totals(near, weight * xy[:, k], count) for k in (0, 1)], axis=1)
        moved = np.where(total[:, None] > 0, moved / np.maximum(total, 1e-12)[:, None], centres)
        if np.abs(moved - centres).max() < 0.01:
            break
        centres = moved
    return centres
