"""Small counts of places reach only the roles that need them, and nothing else gives them away."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from api.services.choropleth import grid_values
from api.services.few import (
    area_shown,
    difference_shown,
    frames_shown,
    places_shown,
    summary_shown,
    values_shown,
)
from api.services.filters import CallFilter, parse_filter
from api.services.heat import frames_of, summary
from api.services.heat_area import area_figures
from api.services.heat_difference import difference
from api.services.hot_places import hot_places
from api.services.workspace import Workspace
from api.settings import Settings
from geo.errors import ForbiddenError
from geo.store.port import DEMO, Principal
from geo.store.sql import SqlStore

READER = Principal(account="reader", roles=frozenset({"read"}))
SHORT = parse_filter(start="2026-09-01T00:00:00+08:00", end="2026-11-01T00:00:00+08:00")


@pytest.fixture
def workspace(untouched_home: Path) -> Iterator[Workspace]:
    settings = Settings(home=untouched_home)
    store = SqlStore.open(settings.database)
    yield Workspace(settings, store)
    store.close()


def counts(workspace: Workspace) -> dict[str, int]:
    made = grid_values(workspace, DEMO, SHORT, measure="calls")
    return {code: value.n or 0 for code, value in made.values.items()}


def test_grids_with_few_calls_say_nothing_and_the_total_does_not_tell(workspace: Workspace) -> None:
    made = grid_values(workspace, READER, SHORT, measure="calls")
    shown = values_shown(workspace, READER, made)
    real = counts(workspace)
    hidden = {code for code, value in shown.values.items() if value.n is None}
    assert {code for code, n in real.items() if 0 < n < 5} <= hidden
    assert len(hidden) == shown.few_hidden > 0
    assert all(value == made.values[code] for code, value in shown.values.items() if code not in hidden)
    assert all((v.value, v.low, v.high, v.step) == (None,) * 4 for c, v in shown.values.items() if c in hidden)
    assert shown.n is not None
    assert shown.n - sum(value.n or 0 for value in shown.values.values()) >= 5
    assert values_shown(workspace, DEMO, made) == made
    people = grid_values(workspace, READER, SHORT, measure="population")
    assert values_shown(workspace, READER, people) == people


def test_a_grid_with_few_calls_has_no_page_for_a_reader(workspace: Workspace) -> None:
    code = next(code for code, n in counts(workspace).items() if 0 < n < 5)
    made = area_figures(workspace, READER, replace(SHORT, areas=frozenset({code})))
    with pytest.raises(ForbiddenError, match="fewer than 5"):
        area_shown(workspace, READER, made)
    assert area_shown(workspace, DEMO, made) == made


def test_an_area_keeps_what_rests_on_enough_calls(workspace: Workspace) -> None:
    real = counts(workspace)
    code = max(real, key=lambda c: real[c])
    made = area_figures(workspace, READER, replace(SHORT, areas=frozenset({code})), windows=True)
    shown = area_shown(workspace, READER, made)
    assert (shown.n, shown.interval) == (made.n, made.interval)
    assert shown.few_hidden > 0
    assert not any(0 < f.n < 5 for f in shown.families)
    assert not any(0 < day.n < 5 for day in shown.trend)
    assert not any(0 < n < 5 for day in shown.hour_by_weekday for n in day)
    assert not any(0 < c.before_n < 5 for c in shown.comparisons)
    assert shown.spread is None or shown.hour_by_weekday
    left = made.n - sum(f.n for f in shown.families)
    assert left == 0 or left >= 5


def test_a_heat_map_of_one_grid_hides_what_rests_on_few_calls(workspace: Workspace) -> None:
    real = counts(workspace)
    code = max(real, key=lambda c: real[c])
    narrowed = replace(SHORT, areas=frozenset({code}))
    made = summary(workspace, READER, narrowed, zoom=13, theme="light")
    shown = summary_shown(workspace, READER, narrowed, made)
    assert shown.n == made.n == real[code]
    assert any(0 < day.n < 5 for day in made.by_day)
    assert shown.by_day == []
    assert not any(0 < f.n < 5 for f in shown.by_family)
    assert not any(0 < n < 5 for n in [*shown.by_hour, *shown.by_weekday])
    assert shown.few_hidden >= 1
    assert summary_shown(workspace, DEMO, narrowed, made) == made
    whole = summary(workspace, READER, SHORT, zoom=13, theme="light")
    assert summary_shown(workspace, READER, SHORT, whole) == whole
    few = next(c for c, n in real.items() if 0 < n < 5)
    scarce = replace(SHORT, areas=frozenset({few}))
    with pytest.raises(ForbiddenError, match="fewer than 5"):
        summary_shown(workspace, READER, scarce, summary(workspace, READER, scarce, zoom=13, theme="light"))


def test_a_bin_of_the_slider_with_few_calls_has_neither_number_nor_picture(workspace: Workspace) -> None:
    real = counts(workspace)
    narrowed = replace(SHORT, areas=frozenset({max(real, key=lambda c: real[c])}))
    made = frames_of(workspace, READER, narrowed, by="day")
    shown = frames_shown(workspace, READER, narrowed, made)
    pictures = np.frombuffer(base64.b64decode(shown.data), np.uint8).reshape(len(made.n), -1)
    before = np.frombuffer(base64.b64decode(made.data), np.uint8).reshape(len(made.n), -1)
    hidden = [n is None for n in shown.n]
    assert all(one for one, n in zip(hidden, made.n, strict=True) if n and n < 5)
    assert sum(hidden) == shown.few_hidden > 0
    assert before[hidden].any()
    assert not pictures[hidden].any()
    assert (pictures[~np.array(hidden)] == before[~np.array(hidden)]).all()
    assert frames_shown(workspace, DEMO, narrowed, made) == made


def test_hot_places_with_few_calls_are_left_out_and_the_note_says_so(workspace: Workspace) -> None:
    made = hot_places(workspace, READER, CallFilter(), method="segments", limit=200)
    many = [place for place in made.places if place.n >= 5]
    assert len(many) > 1
    made = made.model_copy(update={"places": [many[0].model_copy(update={"n": 3}), *many[1:]]})
    shown = places_shown(workspace, READER, made)
    assert [place.rank for place in shown.places] == list(range(1, len(many)))
    assert all(place.n >= 5 for place in shown.places)
    assert "另有 1 处" in shown.note_zh
    assert places_shown(workspace, DEMO, made) is made


def test_no_change_of_a_grid_gives_a_small_count_away(workspace: Workspace) -> None:
    made = difference(workspace, READER, SHORT, against="previous", other=None, zoom=13, theme="light")
    shown = difference_shown(workspace, READER, made)
    assert all(grid.n >= 5 or grid.n == 0 for grid in [*shown.up, *shown.down])
    assert all(grid.before_n >= 5 or grid.before_n == 0 for grid in [*shown.up, *shown.down])
    assert difference_shown(workspace, DEMO, made) == made
