"""The store in memory and the one in SQLite, taken through the same steps, say the same at every step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pandas.testing import assert_frame_equal

from geo.errors import XungeError
from geo.store.memory import MemoryStore
from geo.store.port import DEMO, Principal, Query, Store
from geo.store.sql import SqlStore
from geo.tables.calls import Calls
from geo.tables.grids import Grids

START = datetime(2026, 1, 1, tzinfo=UTC)
CODES = ["36070200100100" + digit for digit in "1234"] + ["360703001001001"]
PRINCIPALS = st.sampled_from(
    [DEMO, Principal(account="wang", scopes=("360702",)), Principal(account="li", scopes=("360703", "360702001001001"))]
)
NUMBERS = st.integers(0, 14)
SUBSETS = st.sets(NUMBERS, max_size=8)
VARIANTS = st.integers(0, 3)
STEP = st.integers(0, 8)


def some_calls(numbers: set[int], variant: int) -> Calls:
    order = sorted(numbers, key=lambda number: (number * 7 + variant) % 15)
    frame = {
        "call_id": [f"C{number:02d}" for number in order],
        "occurred_at": pd.Series(
            [START + timedelta(hours=number + variant) for number in order], dtype="datetime64[us, UTC]"
        ),
        "family": ["盗窃" if number % 2 else "纠纷" for number in order],
        "valid": True,
        "placed": True,
        "priority": pd.array([None if number % 3 else 1 + variant for number in order], dtype="Int64"),
        "grid_code": pd.Series([(*CODES, None)[(number + variant) % 6] for number in order], dtype=object),
    }
    places = shapely.points(
        np.array([114 + 0.01 * number for number in order]), np.array([25.0 + 0.01 * variant] * len(order))
    )
    return Calls.of(gpd.GeoDataFrame(frame, geometry=places, crs=4326))


def some_grids(numbers: set[int], variant: int) -> Grids:
    codes = [code for place, code in enumerate(CODES) if place in numbers]
    shapes = [shapely.box(114 + i, 25, 114.5 + i, 25.5 + 0.1 * variant) for i in range(len(codes))]
    return Grids.of(
        gpd.GeoDataFrame({"code": codes, "kind": "general", "name": f"版本{variant}"}, geometry=shapes, crs=4326)
    )


class TwoStores(RuleBasedStateMachine):
    """Write and edit as several accounts; every answer and every refusal must be equal."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0
        self.folder = Path(tempfile.mkdtemp(prefix="xunge-two-"))
        self.stores: tuple[Store, Store] = (
            MemoryStore(clock=self.clock),
            SqlStore.open(self.folder / "s.db", clock=self.clock),
        )

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def both(self, ask: Callable[[Store], object]) -> object:
        self.seconds += 1
        answers = []
        for store in self.stores:
            try:
                answers.append(ask(store))
            except XungeError as error:
                answers.append((type(error), error.en, error.zh))
        if isinstance(answers[0], pd.DataFrame):
            assert_frame_equal(*answers)
        else:
            assert answers[0] == answers[1]
        return answers[0]

    @rule(principal=PRINCIPALS, numbers=SUBSETS, variant=VARIANTS)
    def put_calls(self, principal: Principal, numbers: set[int], variant: int) -> None:
        self.both(lambda store: store.put_table(principal, some_calls(numbers, variant), source="x"))

    @rule(principal=PRINCIPALS, numbers=SUBSETS, variant=VARIANTS)
    def upsert_calls(self, principal: Principal, numbers: set[int], variant: int) -> None:
        self.both(lambda store: store.upsert(principal, some_calls(numbers, variant), source="x"))

    @rule(principal=PRINCIPALS, numbers=SUBSETS, variant=VARIANTS, whole=st.booleans())
    def write_grids(self, principal: Principal, numbers: set[int], variant: int, whole: bool) -> None:
        table = some_grids(numbers, variant)
        self.both(lambda store: (store.put_table if whole else store.upsert)(principal, table, source="y"))

    @rule(principal=PRINCIPALS, numbers=SUBSETS, variant=VARIANTS, seen=STEP)
    def edit_grids(self, principal: Principal, numbers: set[int], variant: int, seen: int) -> None:
        table = some_grids(numbers, variant)
        self.both(lambda store: store.update_grids(principal, table, seen_version=seen, note="z"))

    @rule(
        principal=PRINCIPALS,
        west=STEP,
        width=STEP,
        start=STEP,
        hours=STEP,
        family=st.booleans(),
        limit=STEP,
        offset=STEP,
    )
    def ask(
        self, principal, west: int, width: int, start: int, hours: int, family: bool, limit: int, offset: int
    ) -> None:
        query = Query(
            bbox=None if west == 0 else (114 + 0.01 * west, 25.0, 114 + 0.01 * (west + width), 25.02),
            start=None if start == 0 else START + timedelta(hours=start),
            end=None if hours == 0 else START + timedelta(hours=start + hours),
            equals={"family": "盗窃"} if family else {},
            limit=limit,
            offset=offset,
        )
        self.both(lambda store: store.query(principal, "calls", query).matched)
        self.both(lambda store: store.query(principal, "calls", query).frame)

    @invariant()
    def the_same(self) -> None:
        for principal in (DEMO, Principal(account="wang", scopes=("360702",))):
            self.both(lambda store, who=principal: store.table(who, Calls).frame)
            self.both(lambda store, who=principal: store.table(who, Grids).frame)
            self.both(lambda store, who=principal: (store.count(who, "calls"), store.extent(who, "calls")))
            self.both(lambda store, who=principal: store.grid_history(who, CODES[0]))
        self.both(lambda store: (store.version("calls"), store.version("grids"), store.audit(DEMO)))

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)


TwoStores.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
TestTwoStores = TwoStores.TestCase
