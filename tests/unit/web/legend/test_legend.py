"""Legends: never colour alone, and readable for colour-blind eyes."""

from __future__ import annotations

import pytest

from web.legend import legends
from web.palette import FAMILY_COLOURS, FAMILY_COLOURS_DARK, UNIT_SHAPES, family_style
from web.views import FamilyView

LIGHT_GROUND, DARK_GROUND = "#eef2f6", "#0a121c"


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, two: str) -> float:
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_families_differ_in_shape_or_colour() -> None:
    styles = [tuple(sorted(family_style(i).items())) for i in range(63)]
    assert len(set(styles)) == 63


def test_neighbours_differ_in_shape_and_colour() -> None:
    for i in range(30):
        one, two = family_style(i), family_style(i + 1)
        assert one["shape"] != two["shape"]
        assert one["color"] != two["color"]


def test_each_state_of_a_unit_has_a_shape_of_its_own() -> None:
    assert len(set(UNIT_SHAPES.values())) == len(UNIT_SHAPES) == 4


def test_dots_stand_out_from_the_ground_at_night() -> None:
    assert min(_contrast(color, DARK_GROUND) for color in FAMILY_COLOURS_DARK) >= 4.5


def test_the_two_palettes_go_together() -> None:
    assert len(FAMILY_COLOURS) == len(FAMILY_COLOURS_DARK)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_scripts_get_all_of_it() -> None:
    held = legends([FamilyView(id="a", label_zh="甲", label_en="A")])
    assert set(held) == {"families", "units", "ages", "posts", "rings", "ramps"}
    assert held["rings"] == [1, 3, 5, 10]
    assert set(held["ramps"]) == {"light", "dark"}
