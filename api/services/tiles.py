"""Vector tiles of streets and areas, from layers that are built once for each version."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock

from api.services.features import TILED
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.port import Principal
from geo.tables.blocks import Blocks
from geo.tiles.basemap import area_layers, street_layers
from geo.tiles.layers import VectorLayer
from geo.tiles.mvt import encode_tile

KEPT = 4_000


@dataclass(slots=True)
class Encoded:
    """The most recently used tiles, by collection, version and address."""

    held: OrderedDict[Hashable, bytes] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, key: Hashable) -> bytes | None:
        """Return a kept tile."""
        with self.lock:
            if key not in self.held:
                return None
            self.held.move_to_end(key)
            return self.held[key]

    def put(self, key: Hashable, tile: bytes) -> None:
        """Keep a tile, forgetting the one not used for longest."""
        with self.lock:
            self.held[key] = tile
            while len(self.held) > KEPT:
                self.held.popitem(last=False)


def version_of(workspace: Workspace, name: str) -> str:
    """Return what the tiles of a collection depend on, as an entity tag."""
    if name == "streets":
        status = workspace.settings.streets.stat() if workspace.settings.streets.exists() else None
        return f"streets-{status.st_mtime_ns if status else 0}"
    if name == "grids":
        return f"grids-{workspace.store.version('grids')}-{workspace.store.version('police_grids')}"
    if name == "blocks":
        return f"blocks-{workspace.store.version('blocks')}"
    known = ", ".join(TILED)
    raise NotFoundError(f"There are no tiles of {name!r}; there are {known}", f"没有 {name!r} 的瓦片，可用 {known}")


def layers(workspace: Workspace, principal: Principal, name: str) -> list[VectorLayer]:
    """Return the layers of a tiled collection."""
    version = (version_of(workspace, name), principal.scopes)
    if name == "blocks":
        return workspace.derived.get(
            "layers:blocks", version,
            lambda: area_layers(workspace.store.table(principal, Blocks), min_zoom=14, label_zoom=17),
        )  # fmt: skip
    if name == "streets":
        return workspace.derived.get("layers:streets", version, lambda: street_layers(workspace.graph()))

    def build() -> list[VectorLayer]:
        return [*area_layers(workspace.police_grids(principal)), *area_layers(workspace.grids(principal))]

    return workspace.derived.get("layers:grids", version, build)


def tile(workspace: Workspace, principal: Principal, name: str, z: int, x: int, y: int) -> bytes:
    """Return one tile; empty bytes where nothing lies in it."""
    kept = workspace.derived.get("tiles", 0, Encoded)
    key = (name, version_of(workspace, name), principal.scopes, z, x, y)
    held = kept.get(key)
    if held is None:
        held = encode_tile(layers(workspace, principal, name), z, x, y)
        kept.put(key, held)
    return held
