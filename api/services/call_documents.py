"""What an installation remembers about calls: mappings by header, families in versions, the address book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np

from api.services.workspace import Workspace
from geo.errors import ConflictError, NotFoundError
from geo.incidents.address_book import AddressBook
from geo.incidents.families import STANDARD, Families
from geo.incidents.profile import CallsProfile, signature
from geo.store.port import Json, Principal

PROFILES: Final = "call_profiles"
FAMILIES: Final = "call_families"
ADDRESSES: Final = "address_book"
KEPT_VERSIONS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A mapping that was used before, and the headers of the file that it was used for."""

    profile_id: str
    name: str
    profile: CallsProfile
    headers: tuple[str, ...]
    saved_at: str


def profiles(workspace: Workspace, principal: Principal) -> list[Remembered]:
    """Return the remembered mappings by name."""
    held = workspace.store.document(principal, PROFILES) or {}
    made = [_remembered(key, cast("Mapping[str, Json]", value)) for key, value in held.items()]
    return sorted(made, key=lambda r: (r.name, r.profile_id))


def profile_for(workspace: Workspace, principal: Principal, headers: Sequence[str]) -> Remembered | None:
    """Return the mapping that was used for a file with these headers."""
    wanted = signature(headers)
    return next((r for r in profiles(workspace, principal) if r.profile_id == wanted), None)


def profile_named(workspace: Workspace, principal: Principal, name: str) -> Remembered:
    """Return a mapping by its name or id, or raise ``NotFoundError``."""
    known = profiles(workspace, principal)
    found = next((r for r in known if name in (r.name, r.profile_id)), None)
    if found is None:
        told = ", ".join(r.name for r in known) or "none"
        raise NotFoundError(
            f"There is no mapping {name!r}; there are: {told}", f"没有字段对应方案“{name}”，现有：{told}"
        )
    return found


def remember(
    workspace: Workspace, principal: Principal, profile: CallsProfile, headers: Sequence[str], *, name: str
) -> Remembered:
    """Remember a mapping for files with these headers."""
    with workspace.importing:
        held = dict(workspace.store.document(principal, PROFILES) or {})
        key = signature(headers)
        body: dict[str, Json] = {
            "name": name, "profile": cast("Json", profile.to_json()), "headers": list(headers),
            "saved_at": workspace.clock.now().isoformat(),
        }  # fmt: skip
        before = held.get(key)
        if not isinstance(before, Mapping) or before.get("profile") != body["profile"] or before.get("name") != name:
            held[key] = body
            workspace.store.put_document(principal, PROFILES, held)
    return _remembered(key, body)


def forget(workspace: Workspace, principal: Principal, name: str) -> None:
    """Forget a mapping by its name or id, or raise ``NotFoundError``."""
    found = profile_named(workspace, principal, name)
    with workspace.importing:
        held = dict(workspace.store.document(principal, PROFILES) or {})
        held.pop(found.profile_id, None)
        workspace.store.put_document(principal, PROFILES, held)


def _remembered(key: str, body: Mapping[str, Json]) -> Remembered:
    return Remembered(
        profile_id=key, name=str(body["name"]), profile=CallsProfile.of_json(cast("Mapping[str, object]", body["profile"])),
        headers=tuple(str(h) for h in cast("Sequence[Json]", body["headers"])), saved_at=str(body["saved_at"]),
    )  # fmt: skip


def families(workspace: Workspace, principal: Principal) -> tuple[int, Families]:
    """Return the families of classes and their version; 0 is what comes with the program."""
    held = workspace.store.document(principal, FAMILIES)
    if held is None:
        return 0, STANDARD
    return int(cast("int", held["version"])), Families.of_json(cast("Mapping[str, object]", held))


def put_families(workspace: Workspace, principal: Principal, made: Families, *, seen_version: int) -> int:
    """Keep families as the next version, the older ones with it; ``ConflictError`` where somebody was faster."""
    with workspace.importing:
        held = workspace.store.document(principal, FAMILIES)
        version, before = families(workspace, principal)
        if version != seen_version:
            raise ConflictError(
                f"The families are at version {version}, you saw {seen_version}: read them again",
                f"警情族已是第 {version} 版，您看到的是第 {seen_version} 版，请重新读取",
            )
        older = list(cast("Sequence[Json]", (held or {}).get("older", [])))
        entry: dict[str, Json] = {"version": version, **cast("dict[str, Json]", before.to_json())}
        body: dict[str, Json] = {
            "version": version + 1, "by": principal.account, "at": workspace.clock.now().isoformat(),
            **cast("dict[str, Json]", made.to_json()), "older": [*older, entry][-KEPT_VERSIONS:],
        }  # fmt: skip
        workspace.store.put_document(principal, FAMILIES, body)
    return version + 1


def families_at(workspace: Workspace, principal: Principal, version: int) -> Families:
    """Return the families of a version or raise ``NotFoundError``."""
    now, made = families(workspace, principal)
    if version == now:
        return made
    held = workspace.store.document(principal, FAMILIES) or {}
    for entry in cast("Sequence[Mapping[str, object]]", held.get("older", [])):
        if entry["version"] == version:
            return Families.of_json(entry)
    raise NotFoundError(f"There is no version {version} of the families", f"没有第 {version} 版警情族")


def address_book(workspace: Workspace, principal: Principal) -> AddressBook | None:
    """Return the address book of the installation, or None."""
    held = workspace.store.document(principal, ADDRESSES)
    if held is None:
        return None
    stamp = str(held["saved_at"])

    def build() -> AddressBook:
        names = [str(name) for name in cast("Sequence[Json]", held["names"])]
        return AddressBook.of(names, np.array(held["lonlat"], dtype=np.float64))

    return workspace.derived.get("address_book", stamp, build)


def put_address_book(workspace: Workspace, principal: Principal, book: AddressBook) -> int:
    """Keep an address book in place of the one before; return the number of its entries."""
    body: dict[str, Json] = {
        "names": list(book.names), "lonlat": book.lonlat.tolist(), "saved_at": workspace.clock.now().isoformat(),
    }  # fmt: skip
    workspace.store.put_document(principal, ADDRESSES, body)
    return len(book)
