"""New numbers for grids: unchanged land keeps its number, the rest is numbered in reading order."""

from __future__ import annotations

import numpy as np
import shapely

from api.schemas.grid_reports import Renamed, RenumberAsked, Renumbered, SpaceNearlyFull
from api.services import editions
from api.services.workspace import Workspace
from geo.errors import ConflictError
from geo.grids.numbering import Renumbering, SpaceUse, check_codes, mint, renumber
from geo.store.port import Principal
from geo.tables.grids import Grids


def renumber_grids(workspace: Workspace, principal: Principal, wanted: RenumberAsked) -> Renumbered:
    """Number the general grids; with ``commit`` the codes are written and an edition is recorded.

    Land that is as it was in the edition named (the newest, before any import or direct change since) keeps its
    number; ``fresh`` numbers all of it anew.

    Raises
    ------
    FieldError, LimitError
        If a community's code cannot be numbered, or its serials do not suffice.
    """
    with workspace.editing:
        version = workspace.store.version("grids")
        whole = workspace.grids(principal)
        general = _kind(whole, general=True)
        retired = workspace.store.retired_codes(principal)
        special = frozenset(_kind(whole, general=False).keys)
        gone = (retired | special) - frozenset(general.keys)
        made = _numbered(workspace, principal, general, wanted, gone)
        before = [str(code) for code in general.frame["code"]]
        renamed = [(old, new) for old, new in zip(before, made.codes, strict=True) if old != new]
        edition = None
        if wanted.commit and renamed:
            version, edition = _write(workspace, principal, whole, dict(renamed), seen=version)
    report = check_codes(made.codes, retired=retired - set(before))
    return Renumbered(
        renamed=[Renamed(before=old, after=new) for old, new in renamed], kept=len(before) - len(renamed),
        collisions=list(report.collisions), nearly_full=[_space(use) for use in made.nearly_full],
        committed=wanted.commit and bool(renamed), version=version, edition=edition,
    )  # fmt: skip


def _numbered(
    workspace: Workspace, principal: Principal, general: Grids, wanted: RenumberAsked, gone: frozenset[str]
) -> Renumbering:
    """Number general grids; ``gone`` are codes of special grids and codes given up by some edition."""
    if wanted.fresh:
        return _fresh(general, wanted.band_m, gone)
    return _against(workspace, principal, general, wanted, gone)


def _kind(grids: Grids, *, general: bool) -> Grids:
    frame = grids.frame
    return Grids(frame[(frame["kind"] == "general") == general].reset_index(drop=True))


def _fresh(general: Grids, band_m: float, gone: frozenset[str]) -> Renumbering:
    spaces = [str(parent) for parent in general.frame["parent_code"]]
    centres = shapely.get_coordinates(shapely.centroid(np.asarray(general.frame.geometry.array, dtype=object)))
    codes = tuple(mint(spaces, centres, band_m=band_m, retired=gone))
    old = [str(code) for code in general.frame["code"]]
    return Renumbering(
        codes=codes, kept=tuple(a == b for a, b in zip(codes, old, strict=True)), retired=(),
        nearly_full=check_codes(codes, retired=gone).nearly_full,
    )  # fmt: skip


def _against(
    workspace: Workspace, principal: Principal, general: Grids, wanted: RenumberAsked, gone: frozenset[str]
) -> Renumbering:
    line = workspace.store.editions(principal)
    if wanted.edition is None and line.head is None:
        return renumber(general, general, band_m=wanted.band_m, retired=gone)
    number = line.head.number if wanted.edition is None and line.head else None
    if number is None:
        number = editions.edition_number(workspace, principal, wanted.edition)
    old = _kind(workspace.store.edition_grids(principal, number), general=True)
    return renumber(old, general, band_m=wanted.band_m, retired=gone)


def _write(
    workspace: Workspace, principal: Principal, whole: Grids, renamed: dict[str, str], *, seen: int
) -> tuple[int, str]:
    frame = whole.frame.copy()
    frame["code"] = [renamed.get(str(code), str(code)) for code in frame["code"]]
    if frame["code"].duplicated().any():
        twice = sorted(frame["code"][frame["code"].duplicated()])
        raise ConflictError(
            f"The codes {', '.join(twice[:5])} are held by special grids; renumber those first",
            f"编码 {'、'.join(twice[:5])} 已被专属网格占用，请先调整专属网格编码",
            rows=twice,
        )
    if workspace.store.version("grids") != seen:
        raise ConflictError("The grids were changed meanwhile; renumber again", "网格在此期间已被更改，请重新编号")
    return editions.replace_grids(workspace, principal, frame, source="重新编号")


def _space(use: SpaceUse) -> SpaceNearlyFull:
    en, zh = use.sentence()
    return SpaceNearlyFull(
        community=use.parent, held=use.held, retired=use.retired, left=use.left, sentence_zh=zh, sentence_en=en
    )
