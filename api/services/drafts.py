"""Drafts of grids: begun, edited, undone, talked about, sent on their way; every edit is kept before it is answered."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

import numpy as np
import orjson
import shapely

from api.schemas import drafts as asked
from api.services import draft_blocks, draft_papers, editions
from api.services.counted_calls import counted_calls
from api.services.draft_operations import Ground, lineage_of, operation_of
from api.services.draft_papers import DraftPaper, Stroke, rules_for
from api.services.drawing_files import EVERY
from api.services.drawings import Drawing
from api.services.features import parse_bbox
from api.services.grids import MAX_GRIDS
from api.services.workspace import Workspace
from geo.errors import ConflictError, ForbiddenError, LimitError, ParameterError
from geo.grids.arcs import to_lattice
from geo.grids.drafts import DraftRecord, StepName
from geo.grids.topology import Json
from geo.store.port import Principal
from geo.tables.grids import Grids

STATES: Final[Mapping[str, asked.State]] = {"discarded": "withdrawn"}
STEPS: Final[Mapping[asked.Step, StepName]] = {
    "submit": "submit", "review": "approve", "publish": "publish", "return": "return", "withdraw": "discard",
}  # fmt: skip
MAX_CALLS: Final = 50_000
"""Calls of an area that the page counts itself while a line is moved; of more it waits for the answer."""
_NAMED: Final = {name: step for step, name in STEPS.items()}


def begin(workspace: Workspace, principal: Principal, wanted: asked.DraftBegin) -> asked.Draft:
    """Begin a draft on the newest edition; grids changed past the editions are recorded as one first."""
    with workspace.editing:
        base = editions.head(workspace, principal)
    now = datetime.now(UTC)
    record = DraftRecord.begun(
        draft_id=f"{now:%Y%m%d}-{secrets.token_hex(4)}", title=wanted.name, base=base.number, actor=principal, at=now,
        area=principal.scopes[0] if principal.scopes else "", rules=rules_for(principal),
    )  # fmt: skip
    paper = DraftPaper(record=record, drawn_on=base.number, changed_by=principal.account, changed_at=now)
    paper = draft_papers.keep(workspace.store, principal, paper)
    return shown(paper, principal)


def drafts(workspace: Workspace, principal: Principal) -> asked.Drafts:
    """Return all drafts, newest first."""
    return asked.Drafts(drafts=[shown(paper, principal) for paper in draft_papers.read_all(workspace.store, principal)])


def draft(workspace: Workspace, principal: Principal, draft_id: str) -> asked.Draft:
    """Return one draft."""
    return shown(draft_papers.read(workspace.store, principal, draft_id), principal)


def topology(workspace: Workspace, principal: Principal, draft_id: str, bbox: str | None) -> bytes:
    """Return the draft's grids that meet ``bbox`` as TopoJSON, with their figures; at most 400."""
    bounds = parse_bbox(bbox)
    if bounds is None:
        raise ParameterError("State the bbox of the area to edit", "请给出要编辑的范围 bbox")
    paper = draft_papers.read(workspace.store, principal, draft_id, known=workspace.drawings.paper(draft_id))
    drawn = drawing(workspace, principal, paper)
    part = drawn.coverage.topojson(bounds)
    objects = cast("Mapping[str, Mapping[str, Sequence[Mapping[str, Json]]]]", part["objects"])
    codes = [str(geometry["id"]) for geometry in objects["grids"]["geometries"]]
    if len(codes) > MAX_GRIDS:
        raise LimitError(
            f"{len(codes)} grids are in view; zoom in until there are at most {MAX_GRIDS}",
            f"当前范围有 {len(codes)} 个网格，请放大到 {MAX_GRIDS} 个以内再编辑",
        )
    changed = frozenset(paper.record.touched)
    body = {
        "draft_id": draft_id, "revision": paper.revision, "topology": part,
        "measures": {k: v.model_dump() for k, v in drawn.figures.shown(drawn.coverage, codes, changed=changed).items()},
        "base": {k: v.model_dump() for k, v in _base_figures(drawn, sorted(changed)).items()},
        "basis": drawn.figures.counted.basis.model_dump(),
        "balance": drawn.figures.balance(), "balance_before": drawn.base_figures.balance(),
        "operations": len(paper.strokes), "can_undo": bool(paper.strokes), "can_redo": bool(paper.undone),
        "calls": _calls_on(drawn, codes),
    }  # fmt: skip
    return orjson.dumps(body)


def units(workspace: Workspace, principal: Principal, draft_id: str, bbox: str | None) -> bytes:
    """Return the blocks that meet ``bbox`` as GeoJSON, each with the grid that it is in in the draft; at most 4,000."""
    bounds = parse_bbox(bbox)
    if bounds is None:
        raise ParameterError("State the bbox of the blocks to show", "请给出要显示的范围 bbox")
    paper = draft_papers.read(workspace.store, principal, draft_id, known=workspace.drawings.paper(draft_id))
    drawn = drawing(workspace, principal, paper)
    made = draft_blocks.shown(workspace, principal, drawn.coverage, bounds)
    return orjson.dumps({"draft_id": draft_id, "revision": paper.revision, "units": made})


def _calls_on(drawn: Drawing, codes: Sequence[str]) -> list[list[int]]:
    """Return where the counted calls around some grids are, x and y on the lattice in the order of x; too many are none."""
    if not codes:
        return [[], []]
    rows = [drawn.coverage.row_of[code] for code in codes]
    west, south, east, north = shapely.bounds(drawn.coverage.shapes[rows]).T
    box = np.array([west.min(), south.min(), east.max(), north.max()])
    lattice = to_lattice(drawn.figures.counted.within(box))
    if len(lattice) > MAX_CALLS:
        return [[], []]
    x, y = lattice[np.lexsort(lattice.T[::-1])].T
    return [x.tolist(), y.tolist()]


def edit(workspace: Workspace, principal: Principal, draft_id: str, wanted: asked.DraftEdit) -> asked.DraftChanged:
    """Make one edit of a draft and keep it.

    Raises
    ------
    ConflictError
        If somebody else edited the draft since the revision that was seen, or it is past editing.
    GeometryError
        If grids would overlap, leave a gap, be torn, or a lock would be broken; nothing is kept.
    """
    with workspace.drawings.writing(draft_id):
        paper = _editable(workspace, principal, draft_id, wanted.revision)
        drawn = drawing(workspace, principal, paper)
        ground = Ground(
            workspace=workspace, principal=principal, coverage=drawn.coverage,
            used=lambda: _used(workspace, principal, drawn),
        )  # fmt: skip
        operation = operation_of(ground, wanted.operation)
        after, done = drawn.edited(operation)
        codes = (*done.changed_codes, *done.added_codes, *done.removed_codes)
        _require_scope(principal, paper.record, codes)
        stroke = Stroke.of(operation, lineage_of(operation, done), principal)
        kept = paper.advanced(
            principal, strokes=(*paper.strokes, stroke), undone=(), touched=after.differing()
        )  # fmt: skip
        kept = draft_papers.keep(workspace.store, principal, kept, changes=after.changes(codes), only=codes)
        workspace.drawings.put(kept, after)
        workspace.drawing_files.keep(kept, after.base, after.coverage)
    return _changed(kept, drawn, after, codes, notes=done.notes)


def undo(workspace: Workspace, principal: Principal, draft_id: str, seen: int) -> asked.DraftChanged:
    """Take back the last edit; every byte is as before it."""
    with workspace.drawings.writing(draft_id):
        paper = _editable(workspace, principal, draft_id, seen)
        if not paper.strokes:
            raise ParameterError("The draft has no edit to take back", "没有可撤销的操作")
        drawn = drawing(workspace, principal, paper)
        before, earlier = workspace.drawings.before(paper), None
        if before is None:
            before, earlier = _replayed(workspace, principal, replace(paper, strokes=paper.strokes[:-1]))
        kept = paper.advanced(
            principal, strokes=paper.strokes[:-1], undone=(*paper.undone, paper.strokes[-1]),
            touched=before.differing(),
        )  # fmt: skip
        codes = _between(drawn, before)
        kept = draft_papers.keep(workspace.store, principal, kept, changes=before.changes(codes), only=codes)
        workspace.drawings.put(kept, before, back=True, before=earlier)
    return _changed(kept, drawn, before, codes)


def redo(workspace: Workspace, principal: Principal, draft_id: str, seen: int) -> asked.DraftChanged:
    """Make the edit again that was taken back last."""
    with workspace.drawings.writing(draft_id):
        paper = _editable(workspace, principal, draft_id, seen)
        if not paper.undone:
            raise ParameterError("The draft has no edit to make again", "没有可重做的操作")
        drawn = drawing(workspace, principal, paper)
        stroke = paper.undone[-1]
        after, done = drawn.edited(stroke.operation)
        kept = paper.advanced(
            principal, strokes=(*paper.strokes, stroke), undone=paper.undone[:-1], touched=after.differing()
        )
        codes = (*done.changed_codes, *done.added_codes, *done.removed_codes)
        kept = draft_papers.keep(workspace.store, principal, kept, changes=after.changes(codes), only=codes)
        workspace.drawings.put(kept, after)
        workspace.drawing_files.keep(kept, after.base, after.coverage)
    return _changed(kept, drawn, after, codes, notes=done.notes)


def comment(workspace: Workspace, principal: Principal, draft_id: str, text: str) -> asked.Draft:
    """Add a remark to a draft."""
    with workspace.drawings.writing(draft_id):
        paper = draft_papers.read(workspace.store, principal, draft_id)
        record = paper.record.taken(
            "comment", actor=principal, at=datetime.now(UTC), reason=text, rules=rules_for(principal)
        )
        kept = draft_papers.keep(workspace.store, principal, replace(paper, record=record))
    return shown(kept, principal)


def drawing(workspace: Workspace, principal: Principal, paper: DraftPaper) -> Drawing:
    """Return the drawing of a draft, from memory or by making its edits again."""
    held = workspace.drawings.held(paper)
    if held is not None:
        return held
    with workspace.drawings.writing(paper.record.draft_id):
        held = workspace.drawings.held(paper)
        if held is None:
            held, earlier = _replayed(workspace, principal, paper)
            workspace.drawings.put(paper, held, before=earlier)
        return held


def base_grids(workspace: Workspace, principal: Principal, paper: DraftPaper) -> Grids:
    """Return the edition that the edits of a draft are made on."""
    return workspace.store.edition_grids(principal, paper.drawn_on)


def _replayed(workspace: Workspace, principal: Principal, paper: DraftPaper) -> tuple[Drawing, tuple[Drawing, ...]]:
    """Return the drawing of a draft and those before its last edits, made again from a kept state or from the base."""
    drawn = Drawing.of(base_grids(workspace, principal, paper), counted_calls(workspace, principal))
    kept = workspace.drawing_files.latest(paper, drawn.base, at_most=len(paper.strokes) - EVERY)
    done = 0
    if kept is not None:
        done, drawn = kept[0], drawn.resumed(kept[1])
    left = [stroke.operation for stroke in paper.strokes[done:]]
    made = drawn.replayed(left, steps=2 * EVERY)
    # What was just made stays for long: later collections of garbage need not look through it.
    gc.freeze()
    return made


def _editable(workspace: Workspace, principal: Principal, draft_id: str, seen: int) -> DraftPaper:
    known = workspace.drawings.paper(draft_id)
    paper = draft_papers.read(workspace.store, principal, draft_id, known=known)
    rules_for(principal).require("save", principal, area=paper.record.area)
    paper.require_revision(seen)
    if not paper.record.may("save", principal, rules=rules_for(principal)):
        state = STATES.get(paper.record.state, paper.record.state)
        raise ConflictError(
            f"The draft “{paper.record.title}” is {state} and is not edited any more; have it returned, or begin another",
            f"草稿“{paper.record.title}”已报审或办结，不能再编辑；请先退回，或另建草稿",
        )
    return paper


def _used(workspace: Workspace, principal: Principal, drawn: Drawing) -> frozenset[str]:
    now = workspace.grids(principal).keys
    return workspace.store.retired_codes(principal) | frozenset(now) | frozenset(drawn.base.codes)


def _require_scope(principal: Principal, record: DraftRecord, codes: Sequence[str]) -> None:
    scopes = (record.area,) if record.area else principal.scopes
    outside = [code for code in codes if scopes and not code.startswith(scopes)]
    if outside:
        raise ForbiddenError(
            f"Grids {', '.join(outside[:5])} lie outside the area of this draft; nothing was changed",
            f"网格 {'、'.join(outside[:5])} 不在本稿范围内，未作任何改动",
            rows=outside,
        )


def _between(one: Drawing, other: Drawing) -> tuple[str, ...]:
    """Return the codes whose shapes differ between two drawings of one draft."""
    found = []
    for code in sorted(one.touched | other.touched):
        a, b = one.coverage.row_of.get(code), other.coverage.row_of.get(code)
        if a is None or b is None:
            if a is not b:
                found.append(code)
        elif one.coverage.shapes[a] is not other.coverage.shapes[b]:
            found.append(code)
    return tuple(found)


def _base_figures(drawn: Drawing, codes: Sequence[str]) -> dict[str, asked.Figures]:
    return drawn.base_figures.shown(drawn.base, codes, changed=frozenset())


def _changed(
    paper: DraftPaper,
    before: Drawing,
    after: Drawing,
    codes: Sequence[str],
    *,
    notes: Sequence[tuple[str, str]] = (),
) -> asked.DraftChanged:
    was, is_ = before.coverage.row_of, after.coverage.row_of
    moved = [code for code, n in after.figures.calls.items() if before.figures.calls.get(code) != n]
    told = sorted({*codes, *moved})
    return asked.DraftChanged(
        draft_id=paper.record.draft_id, revision=paper.revision, operations=len(paper.strokes),
        can_undo=bool(paper.strokes), can_redo=bool(paper.undone),
        changed=sorted(code for code in codes if code in was and code in is_),
        added=sorted(code for code in codes if code not in was),
        removed=sorted(code for code in codes if code not in is_),
        measures=after.figures.shown(after.coverage, told, changed=frozenset(paper.record.touched)),
        base=_base_figures(after, told),
        balance=after.figures.balance(), balance_before=after.base_figures.balance(),
        notes_zh=[zh for _, zh in notes], notes_en=[en for en, _ in notes],
    )  # fmt: skip


def shown(paper: DraftPaper, principal: Principal) -> asked.Draft:
    """Return a draft as it is answered."""
    record = paper.record
    rules = rules_for(principal)
    taken = [step for step in record.steps if step.step in _NAMED]
    remarks = [step for step in record.steps if step.step == "comment"]
    return asked.Draft(
        draft_id=record.draft_id, name=record.title,
        state=STATES.get(record.state, cast("asked.State", record.state)),
        base_version=record.base, revision=paper.revision, created_by=record.author, created_at=record.steps[0].at,
        changed_by=paper.changed_by, changed_at=paper.changed_at, operations=len(paper.strokes),
        can_undo=bool(paper.strokes) and record.may("save", principal, rules=rules),
        can_redo=bool(paper.undone) and record.may("save", principal, rules=rules),
        changed=list(record.touched),
        may=[
            step for step, name in STEPS.items()
            if record.may(name, principal, rules=rules) and (step != "submit" or record.touched)
        ],
        steps=[asked.StepTaken(step=_NAMED[s.step], by=s.account, at=s.at, reason=s.reason) for s in taken],
        comments=[asked.Remark(by=s.account, at=s.at, text=s.reason) for s in remarks],
        valid_from=record.valid_from, edition=record.edition,
    )  # fmt: skip
