"""Editions of the grids: the newest one, those whose day has come, and what became of each grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from api.schemas.editions import Edition, Editions, Lineage, LineageEvent
from api.services.counted_calls import counted_calls
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.grids.crosswalk import Placed
from geo.grids.editions import EditionRecord, Timeline
from geo.grids.lineage import build_lineage
from geo.store.port import Principal
from geo.tables.grids import Grids

FIRST = "现行网格"
PAST_EDITIONS = "直接保存或导入的改动"


def today(workspace: Workspace) -> date:
    """Return the day by the one clock, in the zone of the installation."""
    return workspace.clock.now().astimezone(workspace.zone).date()


def head(workspace: Workspace, principal: Principal) -> EditionRecord:
    """Return the newest edition; grids that were changed past the editions (imported, saved directly) become one first."""
    day = today(workspace)
    whole = replace(principal, scopes=())
    workspace.store.put_in_force(whole, today=day)
    known = workspace.store.editions(principal).head
    if known is None:
        days = workspace.grids(whole).frame["valid_from"].dropna()
        begun = day if days.empty else min(day, days.min().tz_convert(workspace.zone).date())
        return workspace.store.record_edition(whole, title=FIRST, valid_from=begun, today=day)
    return workspace.store.record_edition(
        whole, title=PAST_EDITIONS, valid_from=max(day, known.valid_from), today=max(day, known.valid_from)
    )


def replace_grids(workspace: Workspace, principal: Principal, frame: pd.DataFrame, *, source: str) -> tuple[int, str]:
    """Put a layer in place of the grids and record it as an edition; return the version of the grids and the edition."""
    order = np.argsort(frame["code"].to_numpy(dtype=object).astype(str), kind="stable")
    table = Grids(gpd.GeoDataFrame(frame.iloc[order].reset_index(drop=True), geometry="geometry"))
    version = workspace.store.put_table(principal, table, source=source)
    return version, str(head(workspace, principal).number)


def put_due(workspace: Workspace, principal: Principal) -> None:
    """Make the grids those of the editions whose day has come."""
    with workspace.editing:
        workspace.store.put_in_force(replace(principal, scopes=()), today=today(workspace))


def editions(workspace: Workspace, principal: Principal) -> Editions:
    """Return all editions, newest first; one whose day has come is put in force."""
    put_due(workspace, principal)
    line = workspace.store.editions(principal)
    shown = [_edition(line, record, _operations(workspace, principal, record)) for record in reversed(line.editions)]
    return Editions(editions=shown)


def _operations(workspace: Workspace, principal: Principal, record: EditionRecord) -> int:
    return len(workspace.store.edition_steps(principal, record.number) or ())


def _edition(line: Timeline, record: EditionRecord, operations: int) -> Edition:
    return Edition(
        edition_id=str(record.number), version=record.number, title=record.title, valid_from=record.valid_from,
        valid_to=line.valid_to(record.number), recorded_at=record.recorded_at, by=record.recorded_by, note=record.note,
        grids=record.grids, changed=record.changed, gone=record.gone, operations=operations,
        draft_id=record.draft_id, in_force=record.in_force_version is not None,
    )  # fmt: skip


def edition_number(workspace: Workspace, principal: Principal, edition_id: str | None) -> int:
    """Return the number of an edition by its id; without one that of the newest, recorded now if there is none."""
    if edition_id is None:
        with workspace.editing:
            return head(workspace, principal).number
    if not edition_id.isdecimal():
        raise NotFoundError(f"There is no edition {edition_id!r}", f"没有版本 {edition_id!r}")
    return workspace.store.editions(principal).edition(int(edition_id)).number


def edition_name(workspace: Workspace, principal: Principal) -> str:
    """Return what figures on the grids as they are now are labelled with."""
    version = workspace.store.version("grids")
    line = workspace.store.editions(principal)
    named = [edition.name for edition in line.editions if edition.in_force_version == version]
    return named[-1] if named else f"grids-{version}"


def lineage(workspace: Workspace, principal: Principal, edition_id: str) -> Lineage:
    """Return what became of the grids from the edition before to this one; unchanged ones are left out."""
    number = edition_number(workspace, principal, edition_id)
    if number == 1:
        return Lineage(edition_id=edition_id, base_id=None, events=[])
    store = workspace.store
    old, new = store.edition_grids(principal, number - 1), store.edition_grids(principal, number)
    calls = Placed(lonlat=counted_calls(workspace, principal).lonlat)
    made = build_lineage(old, new, steps=store.edition_steps(principal, number), placed={"calls": calls})
    shares = made.crosswalk.mapping(), made.crosswalk.mapping("calls")
    events = [
        LineageEvent(
            kind=event.fate, before=list(event.before), after=list(event.after), source=event.source,
            share_area=_between(shares[0], event.before, event.after),
            share_points=_between(shares[1], event.before, event.after),
            sentence_zh=event.sentence("zh"), sentence_en=event.sentence("en"),
        )
        for event in made.events if event.fate != "kept"
    ]  # fmt: skip
    return Lineage(edition_id=edition_id, base_id=str(number - 1), events=events)


def _between(
    shares: Mapping[str, Mapping[str, float]], before: Sequence[str], after: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return what share of each grid before lies in each after."""
    return {
        one: {other: round(share, 6) for other, share in shares.get(one, {}).items() if other in after}
        for one in before
    }
