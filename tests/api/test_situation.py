"""What is on duty now: one truth for cards, map, stream and the list of who is soonest."""

from __future__ import annotations

from fastapi.testclient import TestClient

from api.app import create_app
from api.clock import FixedClock
from api.services.positions import positions
from api.settings import Settings
from geo.store.port import DEMO
from geo.store.sql import SqlStore


def test_the_cards_and_the_stream_show_the_same_units(client: TestClient) -> None:
    workspace = client.app.state.workspace  # type: ignore[attr-defined]
    shown = client.get("/api/situation").json()["units"]
    streamed = [u.model_dump(mode="json") for u in positions(workspace, DEMO, workspace.clock.now())]
    states = {u["unit_id"]: u["state"] for u in shown}
    assert states == {u["unit_id"]: u["state"] for u in streamed}
    assert len(shown) > 0


def test_units_keep_their_own_lag_while_the_demo_clock_runs_on(demo_home, tmp_path) -> None:
    store = SqlStore.open(Settings(home=demo_home).database)
    try:
        with TestClient(create_app(Settings(home=demo_home), store, warm_up=False)) as client:
            workspace = client.app.state.workspace  # type: ignore[attr-defined]
            now = workspace.clock.now()
            ages = {u.unit_id: u.age_seconds for u in positions(workspace, DEMO, now)}
            workspace.clock = FixedClock(now.replace(microsecond=0))
            later = {u["unit_id"]: u["age_seconds"] for u in client.get("/api/situation").json()["units"]}
    finally:
        store.close()
    assert len(set(ages.values())) > 1, "not every position is of this second"
    for unit, age in later.items():
        assert age is None or abs(age - ages[unit]) < 5


def test_nobody_comes_from_a_post_where_nobody_stands(client: TestClient) -> None:
    posts = client.get("/api/collections/posts/items?state=fixed&limit=1000").json()["features"]
    on_duty = {u["unit_id"] for u in client.get("/api/situation").json()["units"]}
    units = client.get("/api/collections/units/items?limit=1000").json()["features"]
    manned = {u["properties"]["post_id"] for u in units if u["id"] in on_duty}
    empty = next(p for p in posts if p["id"] not in manned)
    lon, lat = empty["geometry"]["coordinates"]
    soonest = client.get(f"/api/locate?lon={lon}&lat={lat}").json()["soonest"]
    assert empty["id"] not in [s["id"] for s in soonest]
    assert {s["id"] for s in soonest if s["kind"] == "post"} <= manned


def test_the_open_plan_says_its_bound_and_whether_it_is_proved(client: TestClient) -> None:
    plan = client.get("/api/situation").json()["plan"]
    assert plan["units"] >= plan["lower_bound"] > 0
    assert plan["worst_gap_minutes"] > 0
    assert plan["worst_gap_point"]
    assert isinstance(plan["proved"], bool)
    rows = client.get("/api/plans").json()["plans"]
    assert all(row["title_en"] and isinstance(row["proved"], bool) for row in rows)
