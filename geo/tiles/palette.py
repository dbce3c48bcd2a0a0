"""Colours of maps and legends, kept in one place so that both always agree."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Theme = Literal["light", "dark"]

SEQUENTIAL: Final[dict[Theme, tuple[str, ...]]] = {
    "light": ("#fff3b8", "#fedd83", "#fdbd4b", "#f7942b", "#e56b17", "#c5470a", "#912f06", "#521704"),
    "dark": ("#2a2560", "#4d2585", "#7a2a93", "#a83592", "#d24a80", "#ee6f68", "#f8a071", "#fbe0a6"),
}
"""Low to high: light goes from pale yellow to dark brown, dark from deep violet to pale orange."""

CATEGORICAL: Final = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")
"""Colours for up to seven kinds that differ for colour-blind readers too (Paul Tol's bright scheme)."""

FIRST_VISIBLE: Final = 20
"""Heat steps below this one are transparent, so that thin smoke does not cover the streets."""
_ALPHA_STOPS: Final = (0.0, 0.15, 1.0)
_ALPHA: Final = (45.0, 135.0, 220.0)


def _channels(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def ramp(theme: Theme, steps: int = 256) -> npt.NDArray[np.uint8]:
    """Return ``steps`` opaque colours of the sequential ramp, uint8[steps, 3]."""
    stops = np.array([_channels(color) for color in SEQUENTIAL[theme]], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, steps)
    columns = [np.interp(at, np.arange(len(stops)), stops[:, k]) for k in range(3)]
    return np.stack(columns, axis=1).round().astype(np.uint8)


def ramp_hex(theme: Theme, steps: int) -> list[str]:
    """Return ``steps`` colours of the sequential ramp as ``#rrggbb``, low to high."""
    return ["#" + "".join(f"{int(v):02x}" for v in row) for row in ramp(theme, steps)]


def heat_colors(theme: Theme) -> npt.NDArray[np.uint8]:
    """Return the 256 colours of heat tiles with rising opacity, uint8[256, 4]."""
    alpha = np.zeros(256)
    alpha[FIRST_VISIBLE:] = np.interp(np.linspace(0, 1, 256 - FIRST_VISIBLE), _ALPHA_STOPS, _ALPHA)
    return np.column_stack([ramp(theme), alpha.round().astype(np.uint8)])
