"""The map on paper: its frame, its scale, and what is where."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import shapely
from PIL import Image

from web.paper.map_picture import Areas, Legend, MapPicture, Marks, Ways, draw_map, framed, scale_length


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.5])
def test_the_frame_holds_the_bounds_at_the_true_ratio(ratio: float) -> None:
    west, south, east, north = framed((108.0, 34.0, 109.0, 34.4), ratio)
    assert west < 108.0
    assert east > 109.0
    assert south < 34.0
    assert north > 34.4
    on_ground = (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)
    assert on_ground == pytest.approx(ratio, rel=1e-3)


@pytest.mark.parametrize(("width", "length"), [(26_000.0, 5000.0), (900.0, 100.0), (51_000.0, 10_000.0)])
def test_the_scale_is_a_round_length(width: float, length: float) -> None:
    assert scale_length(width) == length


def test_an_area_is_filled_where_it_lies_and_its_hole_is_not() -> None:
    outer, inner = shapely.box(0, 0, 1, 1), shapely.box(0.4, 0.4, 0.6, 0.6)
    shapes = np.array([outer.difference(inner)], dtype=object)
    picture = MapPicture(
        bounds=(0, 0, 1, 1),
        areas=Areas(shapes=shapes, fills=["#ff0000"]),
        marks=Marks(lonlat=np.zeros((0, 2)), labels=[]),
        legend=Legend(title="警情", steps=(("0–2", "#ff0000"),)),
    )
    with Image.open(io.BytesIO(draw_map(picture, width_mm=100, height_mm=100))) as image:
        wide, high = image.size
        drawn = np.asarray(image.convert("RGB")).astype(int)
    filled, hole = drawn[int(high * 0.3), int(wide * 0.3)], drawn[high // 2, wide // 2]
    assert filled[0] > 200
    assert filled[1] < 80
    assert (hole == 255).all()


def test_a_way_is_drawn_over_the_paper() -> None:
    line = shapely.LineString([(109.0, 34.0), (109.01, 34.0), (109.01, 34.01)])
    ways = Ways(lines=np.array([line], dtype=object), colour="#0000ff")
    bounds = (109.0, 34.0, 109.01, 34.01)
    drawn = []
    for held in (ways, None):
        png = draw_map(MapPicture(bounds=bounds, ways=held), width_mm=60, height_mm=60)
        with Image.open(io.BytesIO(png)) as image:
            drawn.append(np.asarray(image.convert("RGB")).astype(int))
    blue = [((seen[..., 2] > 180) & (seen[..., 0] < 120)).sum() for seen in drawn]
    assert blue[0] > 200
    assert blue[1] == 0
