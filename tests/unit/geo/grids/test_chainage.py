"""A line measured along itself."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from pyproj import Geod

from geo.errors import CoordinateError, FieldError, GeometryError, ParameterError
from geo.grids.chainage import ChainedLine, read, written

GEOD = Geod(ellps="WGS84")
BENT = [(100.0, 25.0), (100.01, 25.0), (100.02, 25.005), (100.02, 25.02)]


def xy(shape: shapely.Geometry) -> list[tuple[float, float]]:
    return [tuple(c) for c in shapely.get_coordinates(shape).tolist()]


def test_chainage_is_measured_on_the_ellipsoid() -> None:
    line = ChainedLine.of(shapely.LineString(BENT))
    lon, lat = zip(*BENT, strict=True)
    assert line.length_m == pytest.approx(GEOD.line_length(lon, lat), abs=1e-6)
    assert line.metres[0] == 0.0
    assert line.metres[1] == pytest.approx(GEOD.inv(100.0, 25.0, 100.01, 25.0)[2])


def test_places_and_chainages_go_to_and_fro() -> None:
    line = ChainedLine.of(shapely.LineString(BENT))
    asked = np.linspace(0, line.length_m, 50)
    along, off = line.locate(line.at(asked))
    assert along == pytest.approx(asked, abs=0.01)
    assert off == pytest.approx(np.zeros(50), abs=0.01)
    assert line.at(line.metres).tolist() == [list(c) for c in BENT]
    along, off = line.locate(np.array([[100.005, 25.001]]))
    assert off[0] == pytest.approx(GEOD.inv(100.005, 25.0, 100.005, 25.001)[2], rel=1e-4)
    assert along[0] == pytest.approx(line.metres[1] / 2, rel=1e-6)


def test_pieces_hold_the_vertices_of_the_line_and_share_their_ends() -> None:
    line = ChainedLine.of(shapely.LineString(BENT))
    cuts = [0.0, 700.0, float(line.metres[1]), 1500.25, line.length_m]
    pieces = [line.piece(a, b) for a, b in pairwise(cuts)]
    for one, other in pairwise(pieces):
        assert xy(one)[-1] == xy(other)[0]
    every = [place for piece in pieces for place in xy(piece)]
    assert [place for place in every if place in BENT] == [BENT[0], BENT[1], BENT[1], BENT[2], BENT[3]]
    assert xy(line.piece(0, line.length_m)) == BENT
    lengths = [GEOD.geometry_length(piece) for piece in pieces]
    assert lengths == pytest.approx(np.diff(cuts), abs=0.01)


def test_parts_are_joined_and_run_as_the_first_does() -> None:
    there = [list(place) for place in BENT]
    for parts, wanted in (
        ([BENT[:2], BENT[1:]], there),
        ([BENT[1:], BENT[:2]], there),
        # The second part is drawn against the first.
        ([BENT[2:], BENT[2::-1]], there),
        ([BENT[1::-1], BENT[1:]], there[::-1]),
    ):
        assert ChainedLine.of(shapely.MultiLineString(parts)).vertices.tolist() == wanted


def test_a_ring_begins_where_its_first_part_does() -> None:
    ring = [(0.0, 0.0), (0.01, 0.0), (0.01, 0.01), (0.0, 0.01)]
    parts = [[ring[2], ring[3], ring[0]], [ring[0], ring[1], ring[2]]]
    line = ChainedLine.of(shapely.MultiLineString(parts))
    assert line.vertices.tolist() == [list(ring[k]) for k in (2, 3, 0, 1, 2)]
    assert line.at(0.0).tolist() == line.at(line.length_m).tolist()


def test_a_broken_line_is_refused_with_the_places_or_taken_with_breaks() -> None:
    near, far = [(0.0, 0.0), (0.0, 0.01)], [(0.0, 0.03), (0.0, 0.02)]
    shape = shapely.MultiLineString([near, far, [(0.0, 0.04), (0.0, 0.05)]])
    with pytest.raises(GeometryError, match=r"3 parts, which end at 0.000000 0.010000"):
        ChainedLine.of(shape)
    line = ChainedLine.of(shape, allow_breaks=True)
    step = GEOD.inv(0, 0, 0, 0.01)[2]
    assert line.length_m == pytest.approx(3 * step, rel=1e-4)
    assert line.vertices[:, 1].tolist() == [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]
    piece = line.piece(step / 2, line.length_m - step / 2)
    assert piece.geom_type == "MultiLineString"
    assert [len(part.coords) for part in piece.geoms] == [2, 2, 2]
    at_break = float(line.metres[1])
    assert line.at(at_break).tolist() == [[0.0, 0.02]]
    assert xy(line.piece(0, at_break)) == near
    assert xy(line.piece(at_break, at_break + 1))[0] == (0.0, 0.02)
    # A place beside the gap belongs to the nearer end.
    assert line.locate(np.array([[0.0, 0.014]]))[0][0] == pytest.approx(at_break)


def test_many_places_on_a_long_line_agree_with_looking_at_every_edge() -> None:
    rng = np.random.default_rng(4)
    walk = np.array([100.0, 30.0]) + np.cumsum(rng.normal(scale=0.002, size=(700, 2)), axis=0)
    line = ChainedLine.of(shapely.LineString(walk))
    places = walk[rng.integers(0, 700, 200)] + rng.normal(scale=0.01, size=(200, 2))
    along, off = line.locate(places)
    for place, a, d in zip(places, along, off, strict=True):
        scale = np.array([np.cos(np.radians(place[1])) * 111_412.88, 111_132.95])
        flat = shapely.LineString((walk - place) * scale)
        assert d == pytest.approx(shapely.distance(flat, shapely.Point(0, 0)), rel=0.01)
        there = line.at(a)[0]
        assert GEOD.inv(*place, *there)[2] == pytest.approx(d, rel=1e-3, abs=0.01)


def test_an_official_length_stretches_the_chainage() -> None:
    plain = ChainedLine.of(shapely.LineString(BENT))
    line = ChainedLine.of(shapely.LineString(BENT), length_m=plain.length_m * 1.01)
    assert line.length_m == plain.length_m * 1.01
    assert line.at(line.length_m / 2)[0] == pytest.approx(plain.at(plain.length_m / 2)[0])
    with pytest.raises(ParameterError, match="is said to be 9,999,999 m"):
        ChainedLine.of(shapely.LineString(BENT), length_m=9_999_999)


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        (shapely.Point(0, 0), GeometryError),
        (shapely.box(0, 0, 1, 1), GeometryError),
        (shapely.LineString(), GeometryError),
        (None, GeometryError),
        (shapely.LineString([(1, 1), (1, 1)]), GeometryError),
        (shapely.LineString([(500_000, 3_000_000), (500_010, 3_000_000)]), CoordinateError),
    ],
)
def test_what_is_no_line_is_refused(shape: shapely.Geometry, error: type[Exception]) -> None:
    with pytest.raises(error):
        ChainedLine.of(shape)


def test_a_chainage_must_be_on_the_line() -> None:
    line = ChainedLine.of(shapely.LineString(BENT))
    for asked in (-1.0, line.length_m + 1, float("nan")):
        with pytest.raises(ParameterError, match="is not on the line"):
            line.at(asked)
        with pytest.raises(ParameterError, match="is not on the line"):
            line.piece(0.0, asked)
    with pytest.raises(ParameterError, match="must end after it begins"):
        line.piece(5.0, 5.0)
    with pytest.raises(CoordinateError, match="Point 2"):
        line.locate(np.array([[0.0, 0.0], [np.inf, 0.0]]))


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0.0, "K0+000"), (12345.6, "K12+345.6"), (999.9999, "K1+000"), (7.25, "K0+007.25"), (-5.0, "-K0+005")],
)
def test_chainages_are_written_as_on_a_mark(metres: float, text: str) -> None:
    assert written(metres) == text


def test_chainages_are_read() -> None:
    assert [read(text) for text in ("K12+345.6", " 12+345.6", "k0+7", "350.5")] == [12345.6, 12345.6, 7.0, 350.5]
    for text in ("", "K12", "K1+2345", "-5", "nan", "十二"):
        with pytest.raises(FieldError, match="no chainage"):
            read(text)
