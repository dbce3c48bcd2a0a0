"""What a store checks before it keeps a draft or an edition, and the edition that follows; the same for every adapter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from geo.errors import ConflictError, ForbiddenError, NotFoundError, ParameterError
from geo.grids.changes import Changes, difference, refuse_moved, standing_of
from geo.grids.drafts import DraftRecord
from geo.grids.editions import EditionRecord, Timeline
from geo.store.edition_values import KeptDraft, draft_of, draft_values
from geo.store.port import Json, Principal
from geo.store.records import Record, records
from geo.store.scope import refuse
from geo.store.values import instant_of, load
from geo.tables.grids import Grids


def next_draft(
    principal: Principal,
    draft: DraftRecord,
    known: KeptDraft | None,
    *,
    seen: int,
    changes: Changes | None,
    work: Mapping[str, Json] | None,
    only: Collection[str] | None,
    at: int,
    zone: tzinfo | None,
) -> KeptDraft:
    """Return what to store for a draft that is saved; see ``geo.store.port.Store.save_draft`` for the errors.

    The rows of ``known`` are not looked at.
    """
    if draft.state == "published":
        raise ParameterError(
            "A draft becomes published by publish_draft alone", "发布须通过 publish_draft 进行，不能直接保存为已发布"
        )
    _require_area(principal, draft)
    require_seen(draft, known, seen=seen, zone=zone)
    body: Any = {"touched": [], "gone": []} if known is None else load(known.values["record"])
    touched, gone = frozenset(body["touched"]), frozenset(body["gone"])
    replaced = None
    if changes is not None:
        replaced = frozenset(only) if only is not None and known is not None else None
        left: frozenset[str] = touched - replaced if replaced is not None else frozenset()
        told = frozenset(changes.touched)
        if replaced is not None and not told <= replaced:
            raise ParameterError("The rows tell of more codes than are to be replaced", "改动的行超出了要替换的编码")
        touched, gone = left | told, (gone & left) | frozenset(changes.gone)
    if tuple(sorted(touched)) != draft.touched:
        raise ParameterError(
            f"Draft {draft.draft_id} says that it touches {len(draft.touched)} grids, but its rows touch "
            f"{len(touched)}; make it with DraftRecord.saved",
            f"稿件 {draft.draft_id} 声明改动 {len(draft.touched)} 个网格，实际为 {len(touched)} 个，请用 saved 生成",
        )
    beside: Mapping[str, Json] = work if work is not None else ({} if known is None else load(known.values["work"]))
    values = draft_values(draft, tuple(sorted(gone)), beside, account=principal.account, at=at)
    if changes is None and known is not None:
        return KeptDraft(values={**values, "version": seen + 1}, grids=(), replaced=frozenset())
    grids = records((changes or Changes.none()).changed)
    return KeptDraft(values={**values, "version": seen + 1}, grids=grids, replaced=replaced)


def _require_area(principal: Principal, draft: DraftRecord) -> None:
    if not sees_draft(principal, draft.area):
        raise ForbiddenError(
            f"The draft is about {draft.area or 'everything'}, outside the area of account {principal.account}",
            f"稿件范围 {draft.area or '全部'} 不在账号 {principal.account} 的辖区内",
        )
    outside = [code for code in draft.touched if not code.startswith(draft.area)]
    if outside:
        refuse(outside, "grids")


def sees_draft(principal: Principal, area: str) -> bool:
    """Whether the account sees drafts about an area."""
    return not principal.scopes or area.startswith(tuple(principal.scopes))


def require_seen(draft: DraftRecord, known: KeptDraft | None, *, seen: int, zone: tzinfo | None) -> None:
    """Raise ``ConflictError`` unless the stored draft is the one that was seen; 0 means that there was none."""
    version = 0 if known is None else int(known.values["version"])
    if version == seen:
        return
    if known is None:
        raise ConflictError(
            f"Draft {draft.draft_id} is not there any more (was a backup restored?): begin a new one",
            f"稿件 {draft.draft_id} 已不存在（是否恢复过备份？），请新建",
            rows=[draft.draft_id],
        )
    who = known.values["row_by"]
    when = instant_of(known.values["row_at"]).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z").strip()
    raise ConflictError(
        f"Draft “{known.values['title']}” was saved by {who} at {when}, after you read it (version {version}, you saw "
        f"{seen}): read it again; nothing was written",
        f"稿件“{known.values['title']}”在您读取之后已由 {who} 于 {when} 保存（现为第 {version} 次，您看到第 {seen} 次），"
        "请重新读取；本次未写入任何数据",
        rows=[draft.draft_id],
    )


def require_publishable(
    principal: Principal, draft: DraftRecord, known: KeptDraft | None, *, seen: int, zone: tzinfo | None
) -> None:
    """Raise unless a draft was just published, and the stored one is approved and is the one that was seen."""
    if draft.state != "published" or draft.valid_from is None:
        raise ParameterError(
            f"Draft {draft.draft_id} is {draft.state}; publish it with DraftRecord.published first",
            f"稿件 {draft.draft_id} 状态为 {draft.state}，请先以 published 生成发布步骤",
        )
    _require_area(principal, draft)
    require_seen(draft, known, seen=seen, zone=zone)
    stored = None if known is None else draft_of(known.values)
    if stored is None or stored.state != "approved" or stored.touched != draft.touched or stored.base != draft.base:
        raise ConflictError(
            f"Draft {draft.draft_id} is not approved as it stands; read it again",
            f"稿件“{draft.title}”当前内容未经审核通过，请重新读取",
            rows=[draft.draft_id],
        )


def require_base(draft: DraftRecord, line: Timeline, moved: Mapping[str, int], principal: Principal) -> None:
    """Raise unless the base of a draft is the newest edition; the sentence says what moved and whether to rebase.

    ``moved`` are the codes that later editions changed, and the last of them that did.
    """
    head = line.head
    if head is None or draft.base > head.number or draft.base < 1:
        raise ConflictError(
            f"Edition {draft.base}, which the draft changes, is not there; record the grids as an edition first",
            f"稿件所依据的第 {draft.base} 版不存在，请先将现有网格登记为版本",
            rows=[draft.draft_id],
        )
    if draft.base == head.number:
        return
    where = standing_of(draft.touched, [code for code in moved if in_scope_of(principal, code)])
    raise refuse_moved(where, by={code: line.edition(moved[code]).recorded_by for code in where.moved})


def require_writable_codes(principal: Principal, codes: Sequence[str]) -> None:
    """Raise ``ForbiddenError`` if a grid with one of these codes lies outside the account's scope."""
    outside = [code for code in codes if not in_scope_of(principal, code)]
    if outside:
        refuse(outside, Grids.SPEC.name)


def in_scope_of(principal: Principal, code: str) -> bool:
    """Whether the account sees a grid with this code."""
    return not principal.scopes or code.startswith(tuple(principal.scopes))


def require_unmoved(
    touched: Sequence[str], there: Mapping[str, Record], known: Mapping[str, Record], number: int
) -> None:
    """Raise ``ConflictError`` if grids that a draft touches are not in the collection as the edition in force has them."""
    past = [code for code in touched if there.get(code) != known.get(code)]
    if past:
        named = ", ".join(past[:5])
        raise ConflictError(
            f"Grids {named} were changed past edition {number}; record these changes as an edition, then rebase the "
            "draft; nothing was published",
            f"网格 {named} 在第 {number} 版之外被直接修改，请先登记为新版本，再将稿件变基；本次未发布",
            rows=past,
        )


def require_first_day(valid_from: date, today: date) -> None:
    """Raise ``ParameterError`` if an edition of the grids as they stand would begin later than today."""
    if valid_from > today:
        raise ParameterError(
            f"The grids as they stand are in use today, {today}; their edition cannot begin on {valid_from}",
            f"现有网格今日（{today}）已在使用，其版本生效日不能晚于今日（{valid_from}）",
        )


def require_whole_view(principal: Principal) -> None:
    """Raise ``ForbiddenError`` for an account that sees a part of the grids alone."""
    if principal.scopes:
        raise ForbiddenError(
            f"Account {principal.account} sees a part of the grids; an edition is recorded of all of them",
            f"账号 {principal.account} 只管辖部分网格，登记版本需要全域权限",
        )


def edition_of_draft(
    draft: DraftRecord, line: Timeline, changes: Changes, before: Collection[str], *, account: str, now: datetime
) -> EditionRecord:
    """Return the edition that a published draft becomes; ``before`` are those of its codes that its base has."""
    head = line.edition(draft.base)
    if draft.valid_from is None:
        raise ParameterError(f"Draft {draft.draft_id} has no day", f"稿件 {draft.draft_id} 没有生效日")
    line.require_day(draft.valid_from)
    missing = [code for code in changes.gone if code not in before]
    if missing:
        raise NotFoundError(
            f"Grids {', '.join(missing[:5])} shall end but are not in edition {head.number}; nothing was published",
            f"待撤销的网格 {'、'.join(missing[:5])} 不在第 {head.number} 版中，未发布",
            rows=missing,
        )
    return EditionRecord(
        number=head.number + 1,
        title=draft.title,
        valid_from=draft.valid_from,
        recorded_at=max(now, head.recorded_at),
        recorded_by=account,
        base=head.number,
        draft_id=draft.draft_id,
        note=draft.steps[-1].reason,
        grids=head.grids + len(set(changes.changed.keys) - set(before)) - len(changes.gone),
        changed=len(changes.changed),
        gone=len(changes.gone),
    )


def last_in_force(line: Timeline) -> EditionRecord | None:
    """Return the edition that the grids were last made to be."""
    return next((edition for edition in reversed(line.editions) if edition.in_force_version is not None), None)


def edition_of_table(
    line: Timeline,
    base: Grids,
    grids: Grids,
    moved: Collection[str],
    *,
    title: str,
    note: str,
    valid_from: date,
    today: date,
    account: str,
    now: datetime,
    version: int,
) -> tuple[EditionRecord, Changes] | None:
    """Return the edition of the grids as they stand, and what it changes; None if nothing did.

    ``base`` are the grids of the edition in force and ``moved`` the codes that editions after it change.
    """
    head, changes = line.head, difference(base, grids)
    if head is not None and not len(changes):
        return None
    waits = head is not None and head.in_force_version is None
    if head is not None and waits:
        where = standing_of(changes.touched, list(moved))
        if not where.rebasable:
            raise refuse_moved(where)
        valid_from = max(valid_from, head.valid_from)
    else:
        require_first_day(valid_from, today)
    line.require_day(valid_from)
    new = set(changes.changed.keys) - set(base.keys)
    record = EditionRecord(
        number=1 if head is None else head.number + 1,
        title=title,
        valid_from=valid_from,
        recorded_at=now if head is None else max(now, head.recorded_at),
        recorded_by=account,
        base=None if head is None else head.number,
        note=note,
        grids=(0 if head is None else head.grids) + len(new) - len(changes.gone),
        changed=len(changes.changed),
        gone=len(changes.gone),
        in_force_version=None if waits else version,
    )
    return record, changes


def said_of(draft: DraftRecord) -> str:
    """Return what the audit says of the last step of a draft."""
    step = draft.steps[-1]
    return f"{draft.title}: {step.reason}" if step.reason else draft.title


def told_of(changes: Changes, edition: EditionRecord) -> str:
    """Return what the audit says of an edition that takes effect."""
    touched = changes.touched
    return f"{edition.name}: {len(touched)} grids ({', '.join(touched[:20])}{'…' if len(touched) > 20 else ''})"
