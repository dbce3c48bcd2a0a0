"""Plans, jobs and documents: plain values in, the same values out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from geo.errors import ConflictError, EncodingError, NotFoundError, ParameterError
from geo.store.port import DEMO, JobRecord, PlanRecord, Store

AT = datetime(2026, 11, 22, 4, 12, 0, 1, tzinfo=UTC)
BODY = {
    "groups": 54, "bound": 52.0, "share": 0.1 + 0.2, "proved": False, "longest": None, "big": 2**70,
    "stops": [{"name": "东关市场", "at": [114.9300001, 25.8500001]}, []], "quote": "'; DROP TABLE plans; -- \u0000 \u2028",
}  # fmt: skip


def plan(plan_id: str = "p1", *, kind: str = "patrol", days: int = 0) -> PlanRecord:
    return PlanRecord(
        plan_id=plan_id,
        kind=kind,
        title="早班 54 组",
        created_at=AT + timedelta(days=days),
        created_by="demo",
        body=BODY,
    )


def job(job_id: str = "j1", *, days: int = 0) -> JobRecord:
    return JobRecord(
        job_id=job_id,
        kind="patrol.solve",
        state="queued",
        share=0.0,
        message="",
        created_at=AT + timedelta(days=days),
        created_by="demo",
    )


def test_a_plan_comes_back_as_it_was(store: Store) -> None:
    store.add_plan(DEMO, plan())
    assert store.plan(DEMO, "p1") == plan()
    store.add_plan(DEMO, replace(plan(), title="改", body={}))
    assert store.plan(DEMO, "p1") == replace(plan(), title="改", body={})
    assert len(store.plans(DEMO)) == 1


def test_plans_are_newest_first_and_by_kind(store: Store) -> None:
    for made in (plan("a", days=1), plan("b", days=3), plan("c", kind="posts", days=2), plan("d", days=3)):
        store.add_plan(DEMO, made)
    assert [made.plan_id for made in store.plans(DEMO)] == ["d", "b", "c", "a"]
    assert [made.plan_id for made in store.plans(DEMO, "posts")] == ["c"]
    assert store.plans(DEMO, "none") == []


def test_a_list_of_plans_needs_their_short_values_alone(store: Store) -> None:
    body = {**BODY, "issue": {"at": "2026-11-22T04:12:00+00:00", "tasks": [1, 2]}, "page": "长" * 201}
    store.add_plan(DEMO, replace(plan(), body=body))
    (made,) = store.plans(DEMO, "patrol", headings=True)
    short = {name: BODY[name] for name in ("groups", "bound", "share", "proved", "longest", "big", "quote")}
    assert made == replace(plan(), body={**short, "issue": {"at": "2026-11-22T04:12:00+00:00"}})


def test_plans_are_found_by_a_span_of_ids(store: Store) -> None:
    for number, name in enumerate(("patrol-20261121-a", "patrol-20261122-b", "patrol-20261123-c", "posts-1")):
        store.add_plan(DEMO, plan(name, days=number))
    span = ("patrol-20261121", "patrol-20261123")
    assert [made.plan_id for made in store.plans(DEMO, between=span)] == ["patrol-20261122-b", "patrol-20261121-a"]
    assert store.plans(DEMO, "posts", between=span) == []


def test_a_plan_is_replaced_only_while_it_is_still_the_one_that_was_seen(store: Store) -> None:
    store.add_plan(DEMO, plan())
    store.add_plan(DEMO, replace(plan(), body={"version": 2}), seen=plan())
    with pytest.raises(ConflictError, match="p1"):
        store.add_plan(DEMO, replace(plan(), body={"version": 3}), seen=plan())
    with pytest.raises(ConflictError, match="new"):
        store.add_plan(DEMO, plan("new"), seen=plan("new"))
    assert store.plan(DEMO, "p1").body == {"version": 2}


def test_a_kept_plan_does_not_change_with_the_value_it_was_made_from(store: Store) -> None:
    body = {"stops": [1, 2]}
    store.add_plan(DEMO, replace(plan(), body=body))
    body["stops"].append(3)
    assert store.plan(DEMO, "p1").body == {"stops": [1, 2]}


def test_jobs_move_on(store: Store) -> None:
    store.put_job(DEMO, job())
    assert store.job(DEMO, "j1") == job()
    done = replace(
        job(), state="done", share=1.0, message="完成", finished_at=AT + timedelta(seconds=3), result={"plan_id": "p1"}
    )
    store.put_job(DEMO, done)
    assert store.job(DEMO, "j1") == done
    failed = replace(job("j2", days=1), state="failed", problem={"code": "infeasible", "zh": "车辆不足"})
    store.put_job(DEMO, failed)
    assert store.jobs(DEMO) == [failed, done]


def test_documents_are_replaced_by_name(store: Store) -> None:
    assert store.document(DEMO, "speeds") is None
    store.put_document(DEMO, "speeds", BODY)
    store.put_document(DEMO, "设置", {"夜": True})
    assert store.document(DEMO, "speeds") == BODY
    store.put_document(DEMO, "speeds", {})
    assert store.document(DEMO, "speeds") == {}
    assert store.document(DEMO, "设置") == {"夜": True}


def test_what_is_not_there_is_not_found(store: Store) -> None:
    for ask in (store.plan, store.job):
        for key in ("x", "", "\x00"):
            with pytest.raises(NotFoundError):
                ask(DEMO, key)
    assert store.document(DEMO, "\x00") is None


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": float("inf")}, {"x": {1, 2}}, {"x": AT}, {"x": b"bytes"}])
def test_values_that_are_not_json_are_refused(store: Store, body: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="JSON"):
        store.add_plan(DEMO, replace(plan(), body=body))
    with pytest.raises(ParameterError, match="JSON"):
        store.put_document(DEMO, "x", body)
    assert store.plans(DEMO) == []
    assert store.document(DEMO, "x") is None


def test_text_that_cannot_be_encoded_is_refused(store: Store) -> None:
    for bad in (
        replace(plan(), title="\ud800"),
        replace(plan(), body={"x": "\ud800"}),
        replace(plan(), plan_id="\x00"),
    ):
        with pytest.raises(EncodingError):
            store.add_plan(DEMO, bad)
    assert store.plans(DEMO) == []


def test_times_need_a_zone_and_keep_their_instant(store: Store) -> None:
    with pytest.raises(ParameterError, match="zone"):
        store.add_plan(DEMO, replace(plan(), created_at=AT.replace(tzinfo=None)))
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    store.add_plan(DEMO, replace(plan(), created_at=beijing))
    assert store.plan(DEMO, "p1").created_at == AT
