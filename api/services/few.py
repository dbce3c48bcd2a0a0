"""Small counts of places, hidden from accounts whose roles need no detail."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np

from api.schemas.heat import GridValue, GridValues, HeatFrames, HeatSummary
from api.schemas.heat_area import AreaFigures, Difference
from api.schemas.hot_places import HotPlaces
from api.services.filters import CallFilter
from api.services.report_parts import Writer
from api.services.workspace import Workspace
from geo.errors import ForbiddenError
from geo.incidents.suppress import suppress
from geo.store.port import Principal

_HIDDEN: Final = GridValue(n=None, value=None, low=None, high=None, step=None)


def few_for(workspace: Workspace, principal: Principal) -> int:
    """Return the count below which figures of places are hidden from an account, 0 where it sees all."""
    return Writer.of(workspace, principal, "zh").few


def values_shown(workspace: Workspace, principal: Principal, made: GridValues) -> GridValues:
    """Return figures by grid without small counts, and without as many others as would give these away."""
    few = few_for(workspace, principal)
    codes = [code for code, value in made.values.items() if value.n is not None]
    if not few or made.measure == "population" or not codes:
        return made
    cut = suppress([made.values[code].n or 0 for code in codes], threshold=few)
    hidden = {code for code, shown in zip(codes, cut.shown, strict=True) if not shown}
    values = {code: _HIDDEN if code in hidden else value for code, value in made.values.items()}
    return made.model_copy(update={"values": values, "n": cut.total, "few_hidden": len(hidden)})


def summary_shown(workspace: Workspace, principal: Principal, wanted: CallFilter, made: HeatSummary) -> HeatSummary:
    """Return the counts behind a heat map; where it is narrowed to an area, without those that rest on small counts.

    Raises
    ------
    ForbiddenError
        If the area itself has so few calls.
    """
    few = few_for(workspace, principal)
    if not few or not _narrowed(wanted):
        return made
    _enough(made.n, few)
    cut = suppress([f.n for f in made.by_family], threshold=few)
    families = [f for f, shown in zip(made.by_family, cut.shown, strict=True) if shown] if cut.total is not None else []
    hours, weekdays, days = (_some(few, n) for n in (made.by_hour, made.by_weekday, [day.n for day in made.by_day]))
    before = made.baseline is not None and 0 < made.baseline.n < few
    return made.model_copy(
        update={
            "by_family": families,
            "by_hour": [] if hours else made.by_hour,
            "by_weekday": [] if weekdays else made.by_weekday,
            "by_day": [] if days else made.by_day,
            "baseline": None if before else made.baseline,
            "few_hidden": len(made.by_family) - len(families) + hours + weekdays + days + before,
        }
    )


def frames_shown(workspace: Workspace, principal: Principal, wanted: CallFilter, made: HeatFrames) -> HeatFrames:
    """Return the slider's cube; where it is narrowed to an area, bins with few calls have no number and no picture."""
    few = few_for(workspace, principal)
    if not few or not _narrowed(wanted):
        return made
    counts = [n or 0 for n in made.n]
    cut = suppress(counts, threshold=few)
    shown = cut.shown & (cut.total is not None)
    cube = np.frombuffer(base64.b64decode(made.data), np.uint8).reshape(len(counts), -1).copy()
    cube[~shown] = 0
    return made.model_copy(
        update={
            "n": [n if one else None for n, one in zip(counts, shown.tolist(), strict=True)],
            "data": base64.b64encode(cube.tobytes()).decode(),
            "few_hidden": int((~shown).sum()),
        }
    )


def _narrowed(wanted: CallFilter) -> bool:
    return wanted.within is not None or wanted.areas is not None


def _enough(n: int, few: int) -> None:
    if 0 < n < few:
        raise ForbiddenError(
            f"There are fewer than {few} calls here, too few for your roles to see: choose a larger area or a longer period",
            f"此处警情少于 {few} 起，当前角色不能查看，请扩大范围或延长时段",
        )


def _some(few: int, counts: list[int]) -> bool:
    return any(0 < n < few for n in counts)


def area_shown(workspace: Workspace, principal: Principal, made: AreaFigures) -> AreaFigures:
    """Return the figures of an area without those that rest on small counts.

    Raises
    ------
    ForbiddenError
        If the area itself has so few calls.
    """
    few = few_for(workspace, principal)
    if not few:
        return made
    _enough(made.n, few)
    cut = suppress([f.n for f in made.families], threshold=few)
    clock = _some(few, [n for day in made.hour_by_weekday for n in day])
    trend = _some(few, [day.n for day in made.trend])
    near = 0 < made.near_repeats < few
    comparisons = [c for c in made.comparisons if not 0 < c.before_n < few]
    families = [f for f, shown in zip(made.families, cut.shown, strict=True) if shown] if cut.total is not None else []
    left = len(made.families) - len(families) + clock + trend + near + len(made.comparisons) - len(comparisons)
    return made.model_copy(
        update={
            "families": families,
            "hour_by_weekday": [] if clock else made.hour_by_weekday,
            "spread": None if clock else made.spread,
            "trend": [] if trend else made.trend,
            "near_repeats": 0 if near else made.near_repeats,
            "near_expected": None if near else made.near_expected,
            "comparisons": comparisons,
            "few_hidden": left,
        }
    )


def places_shown(workspace: Workspace, principal: Principal, made: HotPlaces) -> HotPlaces:
    """Return hot places without those that have few calls; the note says how many are left out."""
    few = few_for(workspace, principal)
    places = [place for place in made.places if not 0 < place.n < few]
    left = len(made.places) - len(places)
    if not left:
        return made
    return made.model_copy(
        update={
            "places": [place.model_copy(update={"rank": rank}) for rank, place in enumerate(places, start=1)],
            "note_zh": f"{made.note_zh}；另有 {left} 处警情少于 {few} 起，未显示",
            "note_en": f"{made.note_en}; {left} more with fewer than {few} calls are not shown",
        }
    )


def difference_shown(workspace: Workspace, principal: Principal, made: Difference) -> Difference:
    """Return two periods without grids of which one count is small: a change and one count give the other."""
    few = few_for(workspace, principal)
    up, down = (
        [grid for grid in grids if not (0 < grid.n < few or 0 < grid.before_n < few)] for grids in (made.up, made.down)
    )
    return made.model_copy(update={"up": up, "down": down}) if few else made
