"""What the legends of the pages say: a shape, a colour and the key of its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geo.tiles.palette import SEQUENTIAL
from web.palette import POST_SHAPES, RING_MINUTES, UNIT_AGES, UNIT_SHAPES, family_style
from web.views import FamilyView


def legends(families: Sequence[FamilyView]) -> dict[str, Any]:
    """Return colours and shapes of families, unit states, ages of positions, posts, rings and heat for the scripts."""
    return {
        "families": {family.id: family_style(index) for index, family in enumerate(families)},
        "units": dict(UNIT_SHAPES),
        "ages": [list(step) for step in UNIT_AGES],
        "posts": dict(POST_SHAPES),
        "rings": list(RING_MINUTES),
        "ramps": {theme: list(colours) for theme, colours in SEQUENTIAL.items()},
    }
