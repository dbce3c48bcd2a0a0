"""Ramps rise in one direction and heat grows more opaque."""

import numpy as np
import pytest

from geo.tiles.palette import CATEGORICAL, FIRST_VISIBLE, SEQUENTIAL, Theme, heat_colors, ramp, ramp_hex


def luminance(colors: np.ndarray) -> np.ndarray:
    linear = (colors / 255.0) ** 2.2
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("theme", "sign"), [("light", -1), ("dark", 1)])
def test_a_sequential_ramp_changes_lightness_in_one_direction(theme: Theme, sign: int) -> None:
    steps = np.diff(luminance(ramp(theme, 32)))
    assert (np.sign(steps) == sign).all()


def test_hex_colors_hold_the_ends_of_the_ramp() -> None:
    colors = ramp_hex("light", 5)
    assert len(colors) == 5
    assert (colors[0], colors[-1]) == (SEQUENTIAL["light"][0], SEQUENTIAL["light"][-1])


def test_heat_is_clear_where_there_is_little_and_grows_more_opaque() -> None:
    alpha = heat_colors("dark")[:, 3].astype(int)
    assert (alpha[:FIRST_VISIBLE] == 0).all()
    assert (np.diff(alpha[FIRST_VISIBLE:]) >= 0).all()
    assert alpha[FIRST_VISIBLE] > 0


def test_kinds_have_colors_of_their_own() -> None:
    assert len(set(CATEGORICAL)) == len(CATEGORICAL)
