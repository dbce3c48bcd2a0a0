"""Period against period: the difference map, its legend, and the grids that changed beyond chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from scipy.stats import binom

from api.schemas.heat import LegendStep
from api.schemas.heat_area import Difference, GridChange
from api.services.calls_cube import heat_map
from api.services.filters import CallFilter
from api.services.heat import moment
from api.services.heat_periods import AGAINST, Against, before_of, compared, days_of
from api.services.workspace import Workspace
from geo.hotspots.false_discovery import adjusted
from geo.incidents.comparison import compare_counts
from geo.store.port import Principal
from geo.tiles import heat_difference as drawing
from geo.tiles.heat_scale import UNIT_EN, UNIT_ZH
from geo.tiles.palette import Theme

_SHOWN = 8
_FEWEST = 6


def difference_tile(
    workspace: Workspace, principal: Principal, wanted: CallFilter, z: int, x: int, y: int, *, against: Against,
    other: CallFilter | None, theme: Theme,
) -> bytes:  # fmt: skip
    """Return one tile of the difference map as PNG."""
    drawn = heat_map(workspace, principal)
    after = wanted.cube(workspace.zone)
    before, _ = before_of(workspace, drawn.cube, after, against=against, other=other)
    return drawing.difference_png(drawn, z, x, y, after=after, before=before, theme=theme)


def difference(
    workspace: Workspace, principal: Principal, wanted: CallFilter, *, against: Against, other: CallFilter | None,
    zoom: int, theme: Theme,
) -> Difference:  # fmt: skip
    """Return both counts, what their difference means, the legend, and the grids that changed most."""
    drawn = heat_map(workspace, principal)
    cube = drawn.cube
    after = wanted.cube(workspace.zone)
    before, kind = before_of(workspace, cube, after, against=against, other=other)
    new, old = cube.total(after), cube.total(before)
    (first, last), (begin, end) = cube.span(after), cube.span(before)
    zh, en = AGAINST[kind]
    up, down, tested = _grids(
        workspace, principal, cube.by_area(after).n, cube.by_area(before).n, cube.area_codes, days_of(cube, after),
        days_of(cube, before),
    )  # fmt: skip
    steps = drawing.legend(drawing.top(drawn, zoom, after=after, before=before), theme)
    return Difference(
        start=moment(workspace, first), end=moment(workspace, last), before_from=moment(workspace, begin),
        before_to=moment(workspace, end), label_zh=zh, label_en=en, n=new.n, before_n=old.n, n_unplaced=new.unplaced,
        before_unplaced=old.unplaced, comparison=compared(workspace, cube, after, before, kind, new.n, old.n),
        unit=UNIT_ZH, unit_en=UNIT_EN, legend=[LegendStep(value=v, color=c) for v, c in steps], tested=tested,
        up=up, down=down,
    )  # fmt: skip


def _grids(
    workspace: Workspace, principal: Principal, n: npt.NDArray[np.int64], before: npt.NDArray[np.int64],
    codes: tuple[str, ...], days: float, before_days: float,
) -> tuple[list[GridChange], list[GridChange], int]:  # fmt: skip
    """Return the grids that rose and fell most, judged together: given both counts' sum, one is binomial."""
    total = n + before
    tried = np.flatnonzero(total >= _FEWEST)
    share = days / (days + before_days)
    low = binom.cdf(n[tried], total[tried], share)
    high = binom.sf(n[tried] - 1, total[tried], share)
    q = adjusted(np.minimum(1.0, 2 * np.minimum(low, high)))
    gap = n[tried] - total[tried] * share
    score = gap / np.sqrt(np.maximum(total[tried] * share * (1 - share), 1e-9))
    frame = workspace.grids(principal).frame.set_index("code")

    def row(i: int) -> GridChange:
        k = int(tried[i])
        made = compare_counts(int(n[k]), int(before[k]), days=days, baseline_days=before_days)
        held = frame.loc[codes[k]] if codes[k] in frame.index else None
        middle = shapely.Point() if held is None else shapely.point_on_surface(held["geometry"])
        sure = q[i] <= 0.05
        return GridChange(
            code=codes[k], name="" if held is None else str(held["name"] or ""), lon=float(middle.x),
            lat=float(middle.y), n=int(n[k]), before_n=int(before[k]), ratio=made.ratio, p=made.p, q=float(q[i]),
            word_zh="变化明显" if sure else "可能只是偶然", word_en="clear change" if sure else "could be chance",
        )  # fmt: skip

    order = np.argsort(-score, kind="stable")
    up = [row(int(i)) for i in order[:_SHOWN] if gap[i] > 0]
    down = [row(int(i)) for i in order[::-1][:_SHOWN] if gap[i] < 0]
    return up, down, len(tried)
