"""Drafts and editions: kept whole, published in one piece or not at all, and asked again as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geo.errors import ConflictError, ForbiddenError, NotFoundError, ParameterError
from geo.grids.changes import Changes, apply_changes, difference, standing_of
from geo.grids.drafts import DraftRecord, Rules
from geo.grids.editions import EditionRecord
from geo.grids.lineage import LineageStep, build_lineage
from geo.store.port import DEMO, Principal, Store
from geo.tables.grids import Grids

DAY = date(2026, 11, 22)
LATER = date(2026, 12, 1)
ALONE = Rules(two_people=False)
WEST = Principal(account="west", roles=frozenset({"edit", "read"}), scopes=("360702",))
AT = datetime(2026, 11, 22, 4, tzinfo=UTC)


def code(serial: int, county: str = "360702") -> str:
    return f"{county}001001{serial:03d}"


def moved(table: Grids, *serials: int, by: float = 0.0001) -> Grids:
    """Return the grids with these serials, shifted."""
    frame = table.frame[table.frame["code"].isin([code(s) for s in serials])]
    return Grids.of(frame.set_geometry(frame.geometry.translate(by, 0)).reset_index(drop=True))


def save(
    store: Store, changes: Changes, *, draft_id: str = "d1", base: int = 1, area: str = "", **more: object
) -> DraftRecord:
    begun = DraftRecord.begun(draft_id=draft_id, title="东关调整", base=base, actor=DEMO, at=AT, area=area)
    return store.save_draft(DEMO, begun.saved(changes, actor=DEMO, at=AT), seen_version=0, changes=changes, **more)


def approve(store: Store, kept: DraftRecord) -> DraftRecord:
    ready = kept.taken("submit", actor=DEMO, at=AT).taken("approve", actor=DEMO, at=AT, rules=ALONE)
    return store.save_draft(DEMO, ready, seen_version=kept.version)


def publish(store: Store, kept: DraftRecord, day: date = DAY, *, today: date = DAY, **more: object) -> EditionRecord:
    done = kept.published(day, actor=DEMO, at=AT, rules=ALONE)
    return store.publish_draft(DEMO, done, seen_version=kept.version, today=today, **more)


@pytest.fixture
def first(store: Store, tables) -> Grids:
    """Put six grids in the store and record them as edition 1."""
    store.put_table(DEMO, tables.grids(6), source="x")
    store.record_edition(DEMO, title="首版", valid_from=DAY, today=DAY)
    return store.table(DEMO, Grids)


def test_a_draft_comes_back_as_it_was(store: Store, first: Grids) -> None:
    changes = Changes(changed=moved(first, 1, 2), gone=(code(4),))
    kept = save(store, changes, work={"strokes": [{"kind": "move", "to": [1149300001, None]}]})
    assert kept.version == 1
    assert store.draft(DEMO, "d1") == kept
    assert kept.touched == (code(1), code(2), code(4))
    held = store.draft_changes(DEMO, "d1")
    assert_frame_equal(held.changed.frame, changes.changed.frame)
    assert held.gone == changes.gone
    assert store.draft_work(DEMO, "d1") == {"strokes": [{"kind": "move", "to": [1149300001, None]}]}
    noted = kept.taken("comment", actor=DEMO, at=AT + timedelta(microseconds=1), reason="'; DROP TABLE drafts; --")
    again = store.save_draft(DEMO, noted, seen_version=1)
    assert again == replace(noted, version=2)
    assert len(store.draft_changes(DEMO, "d1")) == 3
    assert store.draft_work(DEMO, "d1")["strokes"]
    fewer = Changes(changed=moved(first, 2))
    store.save_draft(
        DEMO, again.saved(fewer, actor=DEMO, at=AT + timedelta(seconds=1)), seen_version=2, changes=fewer, work={}
    )
    assert store.draft_changes(DEMO, "d1").touched == (code(2),)
    assert store.draft_work(DEMO, "d1") == {}


def test_a_save_may_tell_of_some_codes_alone(store: Store, first: Grids) -> None:
    kept = save(store, Changes(changed=moved(first, 1, 2), gone=(code(4),)))
    part = Changes(changed=moved(first, 3), gone=(code(5),))
    after = replace(kept, touched=(code(1), code(3), code(4), code(5)))
    kept = store.save_draft(DEMO, after, seen_version=1, changes=part, only=(code(2), code(3), code(5)))
    held = store.draft_changes(DEMO, "d1")
    whole = Changes(changed=moved(first, 1, 3), gone=(code(4), code(5)))
    assert_frame_equal(held.changed.frame, whole.changed.frame)
    assert held.gone == whole.gone
    assert kept.touched == whole.touched
    back = Changes(changed=moved(first, 4, by=0.0002))
    after = replace(kept, touched=(code(1), code(3), code(4)))
    store.save_draft(DEMO, after, seen_version=2, changes=back, only=(code(4), code(5)))
    assert store.draft_changes(DEMO, "d1").changed.keys == [code(1), code(3), code(4)]
    assert store.draft_changes(DEMO, "d1").gone == ()
    with pytest.raises(ParameterError, match="more codes"):
        store.save_draft(DEMO, after, seen_version=3, changes=back, only=(code(3),))
    with pytest.raises(ParameterError, match="touches"):
        store.save_draft(DEMO, after, seen_version=3, changes=Changes.none(), only=(code(4),))
    assert store.draft(DEMO, "d1").version == 3


def test_drafts_lie_side_by_side_last_saved_first(store: Store, first: Grids) -> None:
    kept = [save(store, Changes(changed=moved(first, 1)), draft_id=name) for name in ("a", "b", "c")]
    store.save_draft(DEMO, kept[0].taken("comment", actor=DEMO, at=AT, reason="看一下"), seen_version=1)
    assert [draft.draft_id for draft in store.drafts(DEMO)] == ["a", "c", "b"]
    assert store.count(DEMO, "grids") == 6
    assert store.version("grids") == 1


def test_the_second_of_two_savers_is_told_who_was_first(store: Store, first: Grids) -> None:
    kept = save(store, Changes(changed=moved(first, 1)))
    mine = kept.taken("comment", actor=DEMO, at=AT, reason="一")
    li = Principal(account="li", roles=frozenset({"read", "edit"}))
    store.save_draft(li, kept.taken("comment", actor=li, at=AT, reason="二"), seen_version=1)
    with pytest.raises(ConflictError, match="was saved by li at 2026-11-22 13:") as caught:
        store.save_draft(DEMO, mine, seen_version=1)
    assert caught.value.rows == ("d1",)
    with pytest.raises(ConflictError):
        save(store, Changes(changed=moved(first, 2)))
    with pytest.raises(ConflictError, match="not there any more"):
        store.save_draft(DEMO, replace(mine, draft_id="d9"), seen_version=1)
    assert store.draft(DEMO, "d1").steps[-1].reason == "二"


def test_what_a_draft_says_and_holds_must_agree(store: Store, first: Grids) -> None:
    kept = save(store, Changes(changed=moved(first, 1)))
    with pytest.raises(ParameterError, match="touches"):
        store.save_draft(DEMO, replace(kept, touched=(code(2),)), seen_version=1)
    with pytest.raises(ParameterError, match="publish_draft alone"):
        store.save_draft(DEMO, replace(kept, state="published"), seen_version=1)
    with pytest.raises(NotFoundError):
        store.draft(DEMO, "none")
    for ask in (store.draft, store.draft_changes, store.draft_work):
        with pytest.raises(NotFoundError):
            ask(DEMO, "no\x00ne")


def test_an_account_keeps_and_sees_drafts_of_its_area(store: Store, tables) -> None:
    both = gpd.pd.concat([tables.grids(3).frame, tables.grids(2, county="360703", lon=115.5).frame], ignore_index=True)
    store.put_table(DEMO, Grids.of(both), source="x")
    with pytest.raises(ForbiddenError, match="recorded of all"):
        store.record_edition(WEST, title="首版", valid_from=DAY, today=DAY)
    store.record_edition(DEMO, title="首版", valid_from=DAY, today=DAY)
    west, east = tables.grids(3), tables.grids(2, county="360703", lon=115.5)
    save(store, Changes(changed=moved(west, 1)), draft_id="w", area="360702001")
    save(store, Changes(changed=Grids.of(east.frame.iloc[:1].assign(name="改"))), draft_id="e", area="360703")
    save(store, Changes(changed=moved(west, 2)), draft_id="all")
    assert [draft.draft_id for draft in store.drafts(WEST)] == ["w"]
    assert store.draft_changes(WEST, "w").touched == (code(1),)
    for ask in (store.draft, store.draft_changes, store.draft_work):
        with pytest.raises(NotFoundError):
            ask(WEST, "e")
    with pytest.raises(ForbiddenError, match="outside the area"):
        store.save_draft(WEST, replace(store.draft(DEMO, "e"), draft_id="x", version=0), seen_version=0)
    out = replace(store.draft(DEMO, "w"), draft_id="x", touched=(code(1, "360703"),))
    with pytest.raises(ForbiddenError):
        store.save_draft(WEST, out, seen_version=0, changes=Changes(changed=moved(west, 1)))
    assert store.edition_grids(WEST, 1).keys == [code(i) for i in (1, 2, 3)]
    assert store.edition_changes(WEST, 1).touched == (code(1), code(2), code(3))
    assert store.editions(WEST).editions[0].grids == 5


def test_publishing_changes_the_grids_and_keeps_both_editions(store: Store, first: Grids) -> None:
    fresh = first.frame.iloc[[3]].assign(code=code(9), name="新")
    made = gpd.GeoDataFrame(gpd.pd.concat([moved(first, 1, 2).frame, fresh], ignore_index=True), crs=4326)
    changes = Changes(changed=Grids.of(made), gone=(code(4),))
    kept = approve(store, save(store, changes, work={"n": 1}))
    steps = [LineageStep(kind="rename", before=(code(4),), after=(code(9),), note="换码")]
    edition = publish(store, kept, steps=steps)
    assert (edition.number, edition.base, edition.draft_id, edition.grids) == (2, 1, "d1", 6)
    assert (edition.changed, edition.gone, edition.in_force_version) == (3, 1, 2)
    now = store.table(DEMO, Grids)
    assert_frame_equal(now.frame, apply_changes(first, changes).frame)
    assert_frame_equal(store.edition_grids(DEMO, 2).frame, now.frame)
    assert_frame_equal(store.edition_grids(DEMO, 1).frame, first.frame)
    assert store.editions(DEMO).editions[1] == edition
    done = store.draft(DEMO, "d1")
    assert (done.state, done.edition, done.valid_from, done.version) == ("published", 2, DAY, 3)
    assert store.draft_work(DEMO, "d1") == {"n": 1}
    assert len(store.draft_changes(DEMO, "d1")) == 4
    assert store.edition_steps(DEMO, 2) == tuple(steps)
    assert store.edition_steps(DEMO, 1) is None
    assert store.moved_since(DEMO, 1) == (code(1), code(2), code(4), code(9))
    assert store.moved_since(DEMO, 2) == ()
    assert store.retired_codes(DEMO) == {code(4)}
    history = store.grid_history(DEMO, code(4))
    assert history["note"].tolist() == [edition.name]
    assert shapely.to_wkb(history.geometry.iloc[0]) == shapely.to_wkb(first.frame.geometry.iloc[3])
    lineage = build_lineage(store.edition_grids(DEMO, 1), store.edition_grids(DEMO, 2))
    assert_frame_equal(lineage.replay(store.edition_grids(DEMO, 1)).frame, now.frame)
    actions = [record.action for record in store.audit(DEMO)]
    assert actions[:4] == ["edition.in_force", "draft.publish", "draft.approve", "draft.save"]


def test_an_edition_of_a_later_day_waits_for_it(store: Store, first: Grids) -> None:
    changes = Changes(changed=moved(first, 1))
    edition = publish(store, approve(store, save(store, changes)), LATER)
    assert edition.in_force_version is None
    assert_frame_equal(store.table(DEMO, Grids).frame, first.frame)
    assert store.version("grids") == 1
    assert store.editions(DEMO).on(DAY).number == 1
    assert store.editions(DEMO).on(LATER).number == 2
    assert store.put_in_force(DEMO, today=DAY) == ()
    (done,) = store.put_in_force(DEMO, today=LATER + timedelta(days=3))
    assert (done.number, done.in_force_version) == (2, 2)
    assert_frame_equal(store.table(DEMO, Grids).frame, apply_changes(first, changes).frame)
    assert store.put_in_force(DEMO, today=LATER + timedelta(days=3)) == ()
    assert store.editions(DEMO).due(LATER) == ()


def test_what_was_known_on_a_day_can_be_asked_again(store: Store, first: Grids) -> None:
    before = store.editions(DEMO).editions[-1].recorded_at
    publish(store, approve(store, save(store, Changes(changed=moved(first, 1)))), DAY)
    line = store.editions(DEMO)
    assert line.on(DAY).number == 2
    assert line.on(DAY, known_at=before).number == 1
    assert line.valid_to(1) == DAY


def test_a_draft_whose_base_moved_is_told_which_grids_and_may_be_rebased(store: Store, first: Grids) -> None:
    mine = approve(store, save(store, Changes(changed=moved(first, 1)), draft_id="mine"))
    clash = approve(store, save(store, Changes(changed=moved(first, 5, 6, by=0.0003)), draft_id="clash"))
    publish(store, approve(store, save(store, Changes(changed=moved(first, 5)), draft_id="first")))
    with pytest.raises(ConflictError, match=r"005 \(demo\), none of which this draft touches: rebase") as caught:
        publish(store, mine)
    assert caught.value.rows == (code(5),)
    assert store.editions(DEMO).head.number == 2
    assert store.draft(DEMO, "mine") == mine
    where = standing_of(mine.touched, store.moved_since(DEMO, mine.base))
    rebased = store.save_draft(DEMO, mine.rebased(2, where, actor=DEMO, at=AT), seen_version=mine.version)
    edition = publish(store, rebased)
    assert edition.base == 2
    wanted = apply_changes(apply_changes(first, Changes(changed=moved(first, 5))), Changes(changed=moved(first, 1)))
    assert_frame_equal(store.table(DEMO, Grids).frame, wanted.frame)
    with pytest.raises(ConflictError, match="touches them too") as caught:
        publish(store, clash)
    assert caught.value.rows == (code(5),)
    assert "变基" not in caught.value.zh
    assert_frame_equal(store.table(DEMO, Grids).frame, wanted.frame)


def test_grids_changed_past_the_editions_are_not_overwritten(store: Store, first: Grids) -> None:
    kept = approve(store, save(store, Changes(changed=moved(first, 1, 2))))
    other = approve(store, save(store, Changes(changed=moved(first, 5)), draft_id="other"))
    store.update_grids(Principal(account="li"), moved(first, 2, by=0.0005), seen_version=1, note="直接")
    with pytest.raises(ConflictError, match="past edition 1") as caught:
        publish(store, kept)
    assert caught.value.rows == (code(2),)
    assert store.version("grids") == 2
    assert publish(store, other).in_force_version == 3  # other grids are free
    recorded = store.record_edition(DEMO, title="直接修改", valid_from=DAY, today=DAY)
    assert (recorded.number, recorded.changed, recorded.in_force_version) == (3, 1, 3)
    assert_frame_equal(store.edition_grids(DEMO, 3).frame, store.table(DEMO, Grids).frame)
    assert store.record_edition(DEMO, title="无", valid_from=DAY, today=DAY).number == 3


def test_the_same_grids_imported_again_are_no_change(store: Store, first: Grids) -> None:
    kept = approve(store, save(store, Changes(changed=moved(first, 1))))
    store.put_table(DEMO, first, source="again")
    assert publish(store, kept).in_force_version == 3


def test_direct_changes_go_on_top_of_an_edition_that_waits(store: Store, first: Grids) -> None:
    publish(store, approve(store, save(store, Changes(changed=moved(first, 1)))), LATER)
    store.update_grids(DEMO, moved(first, 4, by=0.0005), seen_version=1, note="直接")
    recorded = store.record_edition(DEMO, title="直接修改", valid_from=DAY, today=DAY)
    assert (recorded.number, recorded.valid_from, recorded.in_force_version) == (3, LATER, None)
    assert [e.number for e in store.put_in_force(DEMO, today=LATER)] == [2, 3]
    wanted = apply_changes(first, Changes(changed=moved(first, 1)))
    wanted = apply_changes(wanted, Changes(changed=moved(first, 4, by=0.0005)))
    assert_frame_equal(store.table(DEMO, Grids).frame, wanted.frame)
    publish(
        store, approve(store, save(store, Changes(changed=moved(first, 2)), draft_id="d2", base=3)), LATER, today=DAY
    )
    store.update_grids(DEMO, moved(first, 2, by=0.0007), seen_version=store.version("grids"), note="直接")
    with pytest.raises(ConflictError, match="002"):
        store.record_edition(DEMO, title="直接修改", valid_from=DAY, today=DAY)


def test_days_are_kept_in_order(store: Store, first: Grids) -> None:
    later = approve(store, save(store, Changes(changed=moved(first, 1))))
    publish(store, later, LATER)
    early = approve(store, save(store, Changes(changed=moved(first, 2)), draft_id="early", base=2))
    with pytest.raises(ParameterError, match="before edition 2"):
        publish(store, early, DAY)
    assert store.draft(DEMO, "early").state == "approved"
    store.update_grids(DEMO, moved(first, 5), seen_version=1, note="x")
    store.put_in_force(DEMO, today=LATER)
    with pytest.raises(ParameterError, match="cannot begin"):
        store.record_edition(DEMO, title="x", valid_from=LATER + timedelta(days=1), today=LATER)


def test_only_an_approved_draft_as_it_was_seen_is_published(store: Store, first: Grids) -> None:
    kept = save(store, Changes(changed=moved(first, 1)))
    forged = replace(kept, state="approved").published(DAY, actor=DEMO, at=AT, rules=ALONE)
    with pytest.raises(ConflictError, match="not approved"):
        store.publish_draft(DEMO, forged, seen_version=1, today=DAY)
    approved = approve(store, kept)
    with pytest.raises(ParameterError, match="published first"):
        store.publish_draft(DEMO, approved, seen_version=2, today=DAY)
    noted = store.save_draft(DEMO, approved.taken("comment", actor=DEMO, at=AT, reason="等等"), seen_version=2)
    with pytest.raises(ConflictError, match="was saved by demo"):
        publish(store, approved)
    with pytest.raises(ForbiddenError):
        publish_as(store, noted, Principal(account="east", roles=frozenset({"admin"}), scopes=("360703",)))
    assert publish(store, noted).number == 2
    with pytest.raises(ConflictError):
        publish(store, noted)


def publish_as(store: Store, kept: DraftRecord, who: Principal) -> None:
    done = kept.published(DAY, actor=DEMO, at=AT, rules=ALONE)
    store.publish_draft(who, done, seen_version=kept.version, today=DAY)


def test_a_draft_that_ends_what_is_not_there_changes_nothing(store: Store, first: Grids) -> None:
    kept = approve(store, save(store, Changes(changed=moved(first, 1), gone=(code(77),))))
    with pytest.raises(NotFoundError, match="077"):
        publish(store, kept)
    assert store.editions(DEMO).head.number == 1
    assert store.version("grids") == 1
    assert store.draft(DEMO, "d1") == kept


def test_without_an_edition_there_is_nothing_to_publish_on(store: Store, tables) -> None:
    store.put_table(DEMO, tables.grids(2), source="x")
    kept = approve(store, save(store, Changes(changed=moved(tables.grids(2), 1))))
    with pytest.raises(ConflictError, match="record the grids"):
        publish(store, kept)
    assert store.editions(DEMO).editions == ()
    for ask in (store.edition_grids, store.edition_changes, store.edition_steps):
        with pytest.raises(NotFoundError):
            ask(DEMO, 1)
    with pytest.raises(ParameterError, match="in use today"):
        store.record_edition(DEMO, title="x", valid_from=LATER, today=DAY)


def test_an_empty_store_has_an_empty_first_edition(store: Store) -> None:
    assert store.record_edition(DEMO, title="空", valid_from=DAY, today=DAY).grids == 0
    assert len(store.edition_grids(DEMO, 1)) == 0


def test_many_editions_replay_to_each_state(store: Store, tables) -> None:
    states = [tables.grids(5)]
    store.put_table(DEMO, states[0], source="x")
    store.record_edition(DEMO, title="1", valid_from=DAY, today=DAY)
    for number in range(2, 7):
        before = states[-1]
        frame = moved(before, number - 1, by=0.0002).frame
        fresh = before.frame.iloc[[0]].assign(code=code(50 + number))
        gone = (before.keys[-1],)
        changes = Changes(changed=Grids.of(gpd.pd.concat([frame, fresh], ignore_index=True)), gone=gone)
        states.append(apply_changes(before, changes))
        publish(store, approve(store, save(store, changes, draft_id=f"d{number}", base=number - 1)))
    for number, wanted in enumerate(states, start=1):
        assert_frame_equal(store.edition_grids(DEMO, number).frame, wanted.frame.sort_values("code", ignore_index=True))
        assert store.editions(DEMO).edition(number).grids == len(wanted)
    one, two = store.edition_grids(DEMO, 3), store.edition_grids(DEMO, 4)
    assert difference(one, two).touched == store.edition_changes(DEMO, 4).touched
