"""Colours and shapes, said once for the pages and their legends; never colour alone.

The categorical colours are Paul Tol's "bright" scheme (SRON technical note, 2021), safe for colour-blind readers.
"""

from __future__ import annotations

from typing import Final

FAMILY_COLOURS: Final = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#8C8C8C")
FAMILY_COLOURS_DARK: Final = ("#7AA9DA", "#FF8E9B", "#5CC274", "#E6D567", "#8CE0F7", "#D67BBA", "#B4B4B4")
FAMILY_SHAPES: Final = ("circle", "square", "triangle", "diamond", "down", "cross", "hexagon", "star", "pentagon")

UNIT_SHAPES: Final = {"standby": "square", "patrol": "arrow", "on_call": "diamond", "returning": "circle"}
"""A unit's state is read from its shape."""

UNIT_AGES: Final = ((180, "fresh"), (600, "old"))
"""Seconds since the last position, and how it is drawn: filled, hollow; beyond the last: dashed, place unknown."""

POST_SHAPES: Final = {"station": "star", "street_post": "pentagon", "kiosk": "hexagon"}

RING_MINUTES: Final = (1, 3, 5, 10)


def family_style(index: int) -> dict[str, str]:
    """Return colour and shape of the family at ``index``; the pair repeats only after 63 families."""
    return {
        "color": FAMILY_COLOURS[index % len(FAMILY_COLOURS)],
        "dark": FAMILY_COLOURS_DARK[index % len(FAMILY_COLOURS_DARK)],
        "shape": FAMILY_SHAPES[index % len(FAMILY_SHAPES)],
    }
