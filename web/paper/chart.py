"""Charts for paper: bars by hour or day, and an hour × weekday table in colour."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.tiles.palette import SEQUENTIAL
from web.paper.font import chinese_font

BAR: Final = "#4477aa"
BEFORE: Final = "#9aa5b1"
INK: Final = "#1f2933"
_MM_PER_INCH: Final = 25.4


def bar_chart(
    values: Sequence[float],
    *,
    labels: Sequence[str],
    unit: str,
    before: Sequence[float] | None = None,
    names: tuple[str, str] = ("", ""),
    width_mm: float = 170.0,
    height_mm: float = 55.0,
) -> bytes:
    """Return a PNG with one bar a value; ``before`` adds a line to compare with; ``names`` are (now, before)."""
    figure, axes, font = _axes(width_mm, height_mm)
    places = np.arange(len(values))
    axes.bar(places, values, color=BAR, width=0.72, label=names[0])
    if before is not None:
        axes.plot(places, before, color=BEFORE, lw=1.6, marker="o", ms=2.5, label=names[1])
        axes.legend(prop=font, frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.0, ncols=2)
    every = max(1, -(-len(labels) // 24))
    axes.set_xticks(places[::every], [labels[i] for i in places[::every]])
    axes.set_ylim(bottom=0)
    axes.set_ylabel(unit, fontproperties=font)
    _words(axes, font)
    return _png(figure)


def week_chart(
    counts: npt.NDArray[np.float64], *, days: Sequence[str], unit: str, width_mm: float = 170.0, height_mm: float = 60.0
) -> bytes:
    """Return a PNG of counts by weekday and hour, float64[7, 24], darker where there are more, each with its number."""
    from matplotlib.colors import LinearSegmentedColormap

    figure, axes, font = _axes(width_mm, height_mm)
    ramp = LinearSegmentedColormap.from_list("calls", ["#ffffff", *SEQUENTIAL["light"]])
    top = max(1.0, float(counts.max()))
    axes.imshow(counts, cmap=ramp, vmin=0, vmax=top, aspect="auto")
    axes.set_xticks(range(24), [str(hour) for hour in range(24)])
    axes.set_yticks(range(len(days)), list(days))
    axes.set_xlabel(unit, fontproperties=font)
    small = font.copy()
    small.set_size(5.5)
    for (row, column), value in np.ndenumerate(counts):
        colour = "#ffffff" if value > 0.62 * top else INK
        axes.text(column, row, f"{value:g}", ha="center", va="center", color=colour, fontproperties=small)
    _words(axes, font)
    return _png(figure)


def _axes(width_mm: float, height_mm: float) -> tuple[Any, Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    figure = Figure(figsize=(width_mm / _MM_PER_INCH, height_mm / _MM_PER_INCH), dpi=200, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    font = FontProperties(fname=str(chinese_font().path), size=8)
    return figure, axes, font


def _words(axes: Any, font: Any) -> None:
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set_fontproperties(font)
    axes.tick_params(length=2, colors=INK)


def _png(figure: Any) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
