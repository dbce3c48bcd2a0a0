import tempfile
import warnings
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import FileError
from geo.streets.aequilibrae import package_file
from geo.synthetic.positions import StreetPositions
from geo.synthetic.zones import Zones, centres_of, plain_wkb, read_coquimbo_zones, tiled


def test_coquimbo_has_its_published_zones_and_people() -> None:
    zones = read_coquimbo_zones()
    assert len(zones) == 133
    assert zones.people.sum() == 451_834
    assert bool(shapely.coverage_is_valid(zones.shapes))


def test_coquimbo_zones_equal_what_gdal_reads() -> None:
    zones = read_coquimbo_zones()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(package_file("aequilibrae", "reference_files", "coquimbo.zip")) as held,
    ):
        file = held.extract("project_database.sqlite", folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = gpd.read_file(file, layer="zones").sort_values("zone_id")
    assert zones.people.tolist() == theirs["population"].tolist()
    scaled = shapely.transform(np.asarray(theirs.geometry.array), lambda c: c * 1e7)
    assert shapely.hausdorff_distance(zones.shapes, scaled).max() < 1.0


def test_a_damaged_geometry_is_refused() -> None:
    with pytest.raises(FileError, match="no readable geometry"):
        plain_wkb(b"\x00\x01" + b"\x00" * 60)


def test_gaps_and_overlaps_are_closed_on_the_lattice() -> None:
    # Four boxes around a slit of 20 steps; the right one overlaps its neighbours by 10.
    boxes = [
        shapely.box(0, 0, 1000, 1000),
        shapely.box(1020, 0, 2000, 1000),
        shapely.box(0, -500, 2000, 0),
        shapely.box(0, 1000, 2000, 1500),
        shapely.box(1990, -500, 3000, 1500),
    ]
    out = tiled(np.array(boxes, dtype=object))
    assert bool(shapely.coverage_is_valid(out))
    assert shapely.area(out).sum() == shapely.area(shapely.box(0, -500, 3000, 1500))
    corners = shapely.get_coordinates(out)
    assert (corners == np.rint(corners)).all()


def test_made_up_zones_tile_one_piece_of_land(zones: Zones, positions: StreetPositions) -> None:
    assert 4 <= len(zones) <= 9
    assert bool(shapely.coverage_is_valid(zones.shapes))
    whole = shapely.coverage_union_all(zones.shapes)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    area_km2 = gpd.GeoSeries(shapely.transform(zones.shapes, lambda c: c / 1e7), crs=4326).to_crs(3067).area.sum() / 1e6
    assert zones.people.sum() == pytest.approx(12_000 * area_km2, rel=0.02)


def test_centres_settle_in_the_middle_of_two_heaps() -> None:
    rng = np.random.default_rng(5)
    heaps = np.vstack([rng.normal(0, 1, (200, 2)), rng.normal(50, 1, (200, 2))])
    centres = centres_of(heaps, np.ones(400), 2)
    expected = np.array([heaps[:200].mean(axis=0), heaps[200:].mean(axis=0)])
    np.testing.assert_allclose(centres[np.argsort(centres[:, 0])], expected, atol=1e-9)
