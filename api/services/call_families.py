"""Families of classes as the pages and commands speak of them."""

from __future__ import annotations

from api.schemas.calls import FamiliesAnswer, FamiliesBody, FamilyBody
from api.services.call_documents import families, families_at, put_families
from api.services.workspace import Workspace
from geo.incidents.families import PRESETS, Families, Family
from geo.store.port import Principal


def families_answer(workspace: Workspace, principal: Principal, *, version: int | None = None) -> FamiliesAnswer:
    """Return the families, and how often each class stands among the calls received."""
    now, made = families(workspace, principal)
    if version is not None:
        now, made = version, families_at(workspace, principal, version)
    counts = workspace.calls(principal).frame["family"].value_counts()
    return FamiliesAnswer(
        version=now,
        families=[_body(family) for family in made.families],
        classes={str(name): int(n) for name, n in counts.items()},
        presets={name: [_body(family) for family in preset.families] for name, preset in PRESETS.items()},
    )


def _body(family: Family) -> FamilyBody:
    return FamilyBody(
        family_id=family.family_id, label_zh=family.label_zh, label_en=family.label_en, classes=list(family.classes),
        harm=family.harm, citizen=family.citizen,
    )  # fmt: skip


def put_family_list(workspace: Workspace, principal: Principal, body: FamiliesBody) -> FamiliesAnswer:
    """Keep families as the next version after the one that was seen."""
    made = Families.of_json({"families": [family.model_dump() for family in body.families]})
    put_families(workspace, principal, made, seen_version=body.version)
    return families_answer(workspace, principal)
