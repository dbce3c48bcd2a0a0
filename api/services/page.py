"""What a page is told before it asks anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from api.services.call_documents import families as call_families
from api.services.features import FEATURE_COLLECTIONS
from api.services.workspace import Workspace
from geo.store.port import Json, Principal
from geo.tables.shifts import Shifts
from web.views import FamilyView, GroupView, PageContext, ShiftView

NOWHERE = (-1.0, -1.0, 1.0, 1.0)


def families(workspace: Workspace, principal: Principal) -> tuple[FamilyView, ...]:
    """Return the families of calls, by the names that the user gave them or as the data spell them."""
    named = cast("list[Mapping[str, Json]]", workspace.facts().get("families") or [])
    views = [
        FamilyView(id=str(f["id"]), label_zh=str(f.get("label_zh", f["id"])), label_en=str(f.get("label_en", f["id"])))
        for f in named
    ]
    known = {view.id for view in views}
    version = workspace.store.version("calls")
    present = workspace.derived.get(
        "families", version, lambda: sorted(set(workspace.calls(principal).frame["family"].unique()))
    )
    views += [FamilyView(id=name, label_zh=name, label_en=name) for name in present if name not in known]
    return tuple(views)


def groups(workspace: Workspace, principal: Principal, present: Collection[str]) -> tuple[GroupView, ...]:
    """Return the user's families of classes of which at least one class is ``present``."""
    return tuple(
        GroupView(id=f.family_id, label_zh=f.label_zh, label_en=f.label_en or f.label_zh, classes=f.classes)
        for f in call_families(workspace, principal)[1].families
        if not set(f.classes).isdisjoint(present)
    )


def context(workspace: Workspace, principal: Principal, *, language: str) -> PageContext:
    """Return the context of every page; the title of the city comes in the language of the page."""
    facts = workspace.facts()
    now = workspace.clock.now().astimezone(workspace.zone)
    offset = now.utcoffset()
    shifts = workspace.store.table(principal, Shifts).frame
    classes = families(workspace, principal)
    return PageContext(
        title=str(facts.get(f"title_{language}") or facts.get("title") or ("巡格" if language == "zh" else "xunge")),
        bounds=_bounds(workspace),
        now=now.isoformat(timespec="seconds"),
        tz_minutes=0 if offset is None else int(offset.total_seconds() // 60),
        families=classes,
        groups=groups(workspace, principal, {view.id for view in classes}),
        shifts=tuple(
            ShiftView(
                id=s.shift_id, name=s.name, start_minute=int(s.start_minute), length_minutes=int(s.length_minutes)
            )
            for s in shifts.itertuples(index=False)
        ),
        attribution=str(facts.get("attribution") or ""),
        data_as_of=str(facts.get("as_of") or now.isoformat(timespec="seconds")),
        counts=_counts(workspace, principal),
        versions={name: workspace.store.version(name) for name in FEATURE_COLLECTIONS},
        synthetic_note_zh=str(facts.get("note_zh") or ""),
        synthetic_note_en=str(facts.get("note_en") or ""),
        demo=bool(facts.get("synthetic")),
    )


def _counts(workspace: Workspace, principal: Principal) -> dict[str, int]:
    """Return how many items each collection has; posts are those in operation, candidate sites are not posts."""
    counts = {name: workspace.store.count(principal, name) for name in FEATURE_COLLECTIONS}
    counts["posts"] = int((workspace.posts(principal).frame["state"] == "fixed").sum())
    return counts


def _bounds(workspace: Workspace) -> tuple[float, float, float, float]:
    """Return where the map opens: the core of the calls, else the streets."""
    core = workspace.facts().get("core_bounds")
    if isinstance(core, list) and len(core) == 4:
        west, south, east, north = (float(cast("float", v)) for v in core)
        return west, south, east, north
    return workspace.bounds() or NOWHERE
