"""Patrol plans that several people, or a crew and a planner, change at once: nothing is lost, nothing is half written."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.deps import _principal
from api.schemas.patrol import Accept, Issue, LockStops, MoveStop, PatrolQuestion, StopRef
from api.services import patrol_edits, patrol_issue, patrol_versions
from api.services.patrol import plan_patrol
from api.services.patrol_kept import Kept
from api.services.patrol_versions import Step
from api.services.plans import plan_body
from api.services.workspace import Workspace
from geo.errors import ConflictError, XungeError
from geo.store.port import DEMO, Principal
from geo.store.sql import SqlStore

READER = Principal(account="reader", roles=frozenset({"read"}))


@pytest.fixture(scope="module")
def workspace(patrols: TestClient) -> Workspace:
    return patrols.app.state.workspace  # type: ignore[attr-defined, no-any-return]


def planned(workspace: Workspace, **asked: Any) -> dict[str, Any]:
    question = PatrolQuestion.model_validate(
        {"shift_id": "night", "day": "2026-11-24", "seconds": 5, "iterations": 1, "weights": {"irregular": 0}, **asked}
    )
    made = plan_patrol(workspace, DEMO, question, lambda _: True)
    return plan_body(workspace, DEMO, str(made["plan_id"]))


def crew(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = max((r for r in plan["routes"] if r["kind"] != "video"), key=lambda r: len(r["stops"]))
    return found


def test_a_task_accepted_while_the_plan_is_edited_stays_accepted(workspace: Workspace) -> None:
    plan = planned(workspace)
    unit = str(crew(plan)["unit_id"])
    patrol_issue.issue(workspace, DEMO, plan["plan_id"], Issue(version=1))
    kept = Kept.open(workspace, DEMO, plan["plan_id"], seen=1)
    body = kept.body(kept.plan)
    patrol_issue.accept(workspace, DEMO, plan["plan_id"], Accept(unit_id=unit, number=1))
    kept.keep(workspace, DEMO, body, Step(action="move", zh="改", en="changed"))
    issue: Any = plan_body(workspace, DEMO, plan["plan_id"])["issue"]
    assert {c["unit_id"]: c["state"] for c in issue["crews"]}[unit] == "accepted"


def test_of_edits_at_once_one_is_made_and_the_others_are_told_who_was_faster(workspace: Workspace) -> None:
    plan = planned(workspace)
    asked = LockStops(version=1, stops=[StopRef(unit_id=str(crew(plan)["unit_id"]))])
    start, ends = threading.Barrier(3), list[str]()

    def edit() -> None:
        start.wait()
        try:
            patrol_edits.lock(workspace, DEMO, plan["plan_id"], asked, on=True)
        except ConflictError as refused:
            ends.append(refused.zh)
        else:
            ends.append("")

    hands = [threading.Thread(target=edit) for _ in range(3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(bool(end) for end in ends) == [False, True, True]
    assert all("第 1 版" in end and "+00:00" not in end for end in ends if end)
    assert plan_body(workspace, DEMO, plan["plan_id"])["version"] == 2


def test_another_program_that_is_faster_is_noticed(workspace: Workspace) -> None:
    plan = planned(workspace)
    unit = str(crew(plan)["unit_id"])
    asked = LockStops(version=1, stops=[StopRef(unit_id=unit)])
    store = SqlStore.open(workspace.settings.database)
    try:
        other = Workspace(workspace.settings, store)
        seen = store.plan(DEMO, plan["plan_id"])
        patrol_edits.lock(other, DEMO, plan["plan_id"], asked, on=True)
        with pytest.raises(ConflictError, match="version 1"):
            patrol_edits.lock(workspace, DEMO, plan["plan_id"], asked, on=True)
        with pytest.raises(ConflictError, match="another program"):
            workspace.store.add_plan(DEMO, seen, seen=seen)
    finally:
        store.close()
    assert plan_body(workspace, DEMO, plan["plan_id"])["version"] == 2


def test_after_an_edit_regularity_and_its_price_say_which_version_they_are_of(workspace: Workspace) -> None:
    plan = planned(workspace, day="2026-12-20", handover=False)
    name, route = plan["plan_id"], crew(plan)
    price = {
        "extra_units": 1,
        "reserve_seconds": 25,
        "cost_zh": "不规律的代价：多用 1 组",
        "cost_en": "price: 1 more crew",
    }
    held = {
        "level": "low",
        "hit_ratio": 1.2,
        "n": 3,
        "imagined": True,
        "zh": "规律性 低",
        "en": "regularity low",
        **price,
    }
    patrol_versions.put_back(workspace, DEMO, workspace.store.plan(DEMO, name), {"regularity": held})
    begin = datetime.fromisoformat(route["stops"][0]["begin"])
    for version in (1, 2):
        asked = MoveStop(version=version, unit_id=route["unit_id"], index=0, begin=begin, soft=True)
        answer: Any = patrol_edits.move(workspace, DEMO, name, asked)
        assert answer["ok"], answer["sentence_zh"]
        assert "还差 3 夜" in answer["sentence_zh"]
        told = answer["regularity"]
        assert told["level"] == "low"
        assert told["cost_zh"] == "不规律的代价：多用 1 组（第 1 版）"
        assert told["zh"].startswith("规律性 低（第 1 版，修改后未核对：")
        assert told["zh"].count("第 1 版") == told["zh"].count("还差 3 夜") == 1
    rows = patrol_versions.versions(workspace, DEMO, name).versions
    assert all("还差" not in row.note_zh for row in rows)


def test_after_an_event_there_is_no_bound_and_the_plan_says_why(patrols: TestClient, workspace: Workspace) -> None:
    plan = planned(workspace, day="2026-11-26", handover=False)
    route = crew(plan)
    event = {"kind": "away", "unit_id": route["unit_id"]}
    url = f"/api/patrol/plans/{plan['plan_id']}"
    at = route["stops"][0]["depart"]
    answer = patrols.post(f"{url}/replan", json={"version": 1, "at": at, "events": [event]}).json()
    assert answer["bound"] is answer["lower_bound_units"] is None
    assert f"（{plan['lower_bound_units']} 组）" in answer["bound_note_zh"]
    body = patrols.get(f"/api/plans/{plan['plan_id']}").json()
    assert f"事件前的理论下限 {plan['lower_bound_units']} 组" in body["sentence_zh"]
    assert "（第 1 版）" in body["cover"]["zh"]
    stale = patrols.post(f"{url}/resolve", json={"version": 1, "seconds": 1})
    assert stale.status_code == 409
    assert "第 1 版" in stale.json()["detail_zh"]
    assert patrols.get(f"{url}/versions/1").json()["bound_note_zh"] is None


def test_a_forbidden_stop_of_nothing_is_refused(workspace: Workspace) -> None:
    with pytest.raises(XungeError) as refused:
        planned(workspace, forbidden=[{"unit_id": "XZ999", "point_id": "NOWHERE"}])
    assert "NOWHERE" in refused.value.zh
    assert "XZ999" in refused.value.zh


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("lock", {"version": 1, "stops": [{"unit_id": "X"}]}),
        ("move", {"version": 1, "unit_id": "X", "index": 0}),
        ("resolve", {"version": 1}),
        ("issue", {"version": 1}),
        ("restore", {"version": 1, "to": 1}),
        ("replan", {"version": 1, "events": [{"kind": "away", "unit_id": "X"}]}),
        ("crew-links", None),
    ],
)
def test_who_may_only_read_changes_no_plan(patrols: TestClient, workspace: Workspace, what: str, asked: Any) -> None:
    name = next(p.plan_id for p in workspace.store.plans(DEMO, "patrol"))
    before = workspace.store.plan(DEMO, name)
    patrols.app.dependency_overrides[_principal] = lambda: READER  # type: ignore[attr-defined]
    try:
        answer = patrols.post(f"/api/patrol/plans/{name}/{what}", json=asked)
        seen = patrols.get(f"/api/plans/{name}")
        settings = patrols.get("/api/patrol/settings").json()
        changed = patrols.put(
            "/api/patrol/settings", json={"seen_version": settings["version"], "settings": settings["settings"]}
        )
    finally:
        patrols.app.dependency_overrides.clear()  # type: ignore[attr-defined]
    assert answer.status_code in (403, 409)
    assert answer.status_code == 403 or what in ("issue", "restore")
    assert seen.status_code == 200
    assert changed.status_code == 403
    assert workspace.store.plan(DEMO, name) == before
