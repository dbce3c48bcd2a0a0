"""Who may take which step, in which state; every step is written down."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from geo.errors import ConflictError, ForbiddenError, ParameterError
from geo.grids.changes import Changes, Standing, chosen
from geo.grids.drafts import DraftRecord, Rules, clashes
from geo.tables.grids import Grids

T = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Who:
    account: str
    roles: frozenset[str]
    scopes: tuple[str, ...] = ()


STREET = Who("street", frozenset({"read", "edit", "review", "publish"}), ("532901001",))
COUNTY = Who("county", frozenset({"read", "review", "publish"}), ("532901",))
READER = Who("reader", frozenset({"read"}))
ADMIN = Who("admin", frozenset({"admin"}))


def at(minutes: int) -> datetime:
    return T + timedelta(minutes=minutes)


@pytest.fixture
def changes(mesh) -> Changes:
    return Changes(changed=chosen(mesh(1, 2), ["532901001001001"]))


@pytest.fixture
def draft(changes: Changes) -> DraftRecord:
    begun = DraftRecord.begun(draft_id="d1", title="东关调整 ", base=1, actor=STREET, at=at(0), area="532901001")
    return begun.saved(changes, actor=STREET, at=at(1))


def test_the_whole_way_from_draft_to_edition(draft: DraftRecord) -> None:
    assert (draft.state, draft.title, draft.author) == ("draft", "东关调整", "street")
    assert draft.touched == ("532901001001001",)
    noted = draft.taken("comment", actor=READER, at=at(2), reason="学校两侧要在一格", codes=["532901001001001"])
    submitted = noted.taken("submit", actor=STREET, at=at(3))
    approved = submitted.taken("approve", actor=COUNTY, at=at(4), reason="同意")
    done = approved.published(date(2026, 12, 1), actor=COUNTY, at=at(5))
    assert (done.state, done.valid_from) == ("published", date(2026, 12, 1))
    assert [s.step for s in done.steps] == ["begin", "save", "comment", "submit", "approve", "publish"]
    assert [s.account for s in done.steps] == ["street", "street", "reader", "street", "county", "county"]
    frame = done.frame()
    assert frame["after"].tolist() == ["draft", "draft", "draft", "submitted", "approved", "published"]
    assert frame["step_zh"].tolist()[3:] == ["报审", "审核通过", "发布"]
    assert frame["codes"][2] == "532901001001001"


def test_a_returned_draft_says_why_and_may_be_mended(draft: DraftRecord, changes: Changes) -> None:
    submitted = draft.taken("submit", actor=STREET, at=at(2))
    with pytest.raises(ParameterError, match="why"):
        submitted.taken("return", actor=COUNTY, at=at(3), reason=" ")
    returned = submitted.taken("return", actor=COUNTY, at=at(3), reason="小区被分割")
    assert (returned.state, returned.steps[-1].reason) == ("returned", "小区被分割")
    mended = returned.saved(changes, actor=STREET, at=at(4))
    assert mended.state == "draft"
    assert returned.taken("submit", actor=STREET, at=at(4)).state == "submitted"
    approved = submitted.taken("approve", actor=COUNTY, at=at(3))
    assert approved.taken("return", actor=COUNTY, at=at(4), reason="暂缓").state == "returned"


def test_steps_out_of_turn_are_refused(draft: DraftRecord, changes: Changes) -> None:
    with pytest.raises(ConflictError, match="is draft; to approve"):
        draft.taken("approve", actor=COUNTY, at=at(2))
    with pytest.raises(ConflictError):
        draft.published(date(2026, 12, 1), actor=COUNTY, at=at(2))
    submitted = draft.taken("submit", actor=STREET, at=at(2))
    with pytest.raises(ConflictError, match="submitted"):
        submitted.saved(changes, actor=STREET, at=at(3))
    assert submitted.taken("recall", actor=STREET, at=at(3)).state == "draft"
    gone = draft.taken("discard", actor=STREET, at=at(2))
    for step in ("submit", "comment", "discard"):
        with pytest.raises(ConflictError) as caught:
            gone.taken(step, actor=STREET, at=at(3), reason="x")
        assert "已作废" in caught.value.zh
    with pytest.raises(ParameterError, match="not a step"):
        draft.taken("publish", actor=COUNTY, at=at(3))


def test_roles_and_areas_are_kept_apart(draft: DraftRecord) -> None:
    submitted = draft.taken("submit", actor=STREET, at=at(2))
    with pytest.raises(ForbiddenError, match="role edit"):
        draft.taken("submit", actor=READER, at=at(2))
    with pytest.raises(ForbiddenError, match="of a street"):
        submitted.taken("approve", actor=STREET, at=at(3))
    with pytest.raises(ForbiddenError, match="outside the area"):
        submitted.taken("approve", actor=replace_scope(COUNTY, "532922"), at=at(3))
    both = Who("street", frozenset({"review", "edit"}), ("532901",))
    with pytest.raises(ForbiddenError, match="another account"):
        submitted.taken("approve", actor=both, at=at(3))
    alone = Rules(two_people=False)
    assert submitted.taken("approve", actor=both, at=at(3), rules=alone).state == "approved"
    assert submitted.taken("approve", actor=ADMIN, at=at(3)).state == "approved"
    assert submitted.may("approve", COUNTY)
    assert not submitted.may("approve", STREET)
    assert not submitted.may("save", STREET)
    with pytest.raises(ForbiddenError):
        DraftRecord.begun(draft_id="d", title="x", base=1, actor=STREET, at=T, area="532922")


def replace_scope(who: Who, scope: str) -> Who:
    return replace(who, scopes=(scope,))


def test_a_draft_stays_in_its_area(draft: DraftRecord, mesh) -> None:
    elsewhere = Changes(changed=mesh(1, 1, community="532922001001"))
    with pytest.raises(ForbiddenError, match="532922001001001"):
        draft.saved(elsewhere, actor=STREET, at=at(2))
    with pytest.raises(ForbiddenError):
        draft.saved(Changes(changed=Grids.empty(), gone=("999",)), actor=STREET, at=at(2))


def test_nothing_is_submitted_without_a_change_and_nothing_begun_without_a_name() -> None:
    empty = DraftRecord.begun(draft_id="d1", title="x", base=1, actor=STREET, at=at(0), area="532901001")
    with pytest.raises(ConflictError, match="changes nothing"):
        empty.taken("submit", actor=STREET, at=at(1))
    with pytest.raises(ParameterError, match="name"):
        DraftRecord.begun(draft_id="d1", title=" ", base=1, actor=STREET, at=at(0), area="532901001")


def test_a_rebase_keeps_the_state_where_nobody_touched_the_same_grids(draft: DraftRecord) -> None:
    approved = draft.taken("submit", actor=STREET, at=at(2)).taken("approve", actor=COUNTY, at=at(3))
    free = Standing(moved=("532901001001009",), clash=())
    moved = approved.rebased(4, free, actor=STREET, at=at(4))
    assert (moved.base, moved.state, moved.steps[-1].reason) == (4, "approved", "1 → 4")
    with pytest.raises(ConflictError, match="touches them too"):
        approved.rebased(4, Standing(moved=draft.touched, clash=draft.touched), actor=STREET, at=at(4))


def test_times_have_a_zone_and_run_forward(draft: DraftRecord) -> None:
    with pytest.raises(ParameterError, match="zone"):
        draft.taken("submit", actor=STREET, at=datetime(2026, 11, 22, 10))  # noqa: DTZ001
    with pytest.raises(ParameterError, match="clock"):
        draft.taken("submit", actor=STREET, at=at(-5))


def test_drafts_side_by_side_are_told_where_they_meet(draft: DraftRecord) -> None:
    other = replace(draft, draft_id="d2", touched=("532901001001001", "532901001001002"))
    apart = replace(draft, draft_id="d3", touched=("532901001001005",))
    over = replace(draft, draft_id="d4", state="discarded")
    assert clashes([draft, other, apart, over]) == [("d1", "d2", ("532901001001001",))]
