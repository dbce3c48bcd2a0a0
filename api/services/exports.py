"""Collections as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pandas as pd

from api.services.features import FEATURE_COLLECTIONS
from api.services.workspace import Workspace
from geo.errors import NotFoundError
from geo.store.exchange import Written, export_format, to_bytes, write_layer
from geo.store.port import TABLES, Principal


@dataclass(frozen=True, slots=True)
class Download:
    """A file to hand out."""

    name: str
    media_type: str
    body: bytes


def _frame(workspace: Workspace, principal: Principal, name: str) -> pd.DataFrame:
    if name not in FEATURE_COLLECTIONS:
        raise NotFoundError(
            f"There is no collection {name!r}; there are {', '.join(FEATURE_COLLECTIONS)}",
            f"没有名为 {name!r} 的图层，可用：{'、'.join(FEATURE_COLLECTIONS)}",
        )
    return cast("pd.DataFrame", workspace.store.table(principal, TABLES[name]).frame)


def download(workspace: Workspace, principal: Principal, name: str, kind: str, *, frame_out: str) -> Download:
    """Return a whole collection as the bytes of a file."""
    form = export_format(kind)
    body = to_bytes(
        _frame(workspace, principal, name), kind, frame_out=frame_out, time_zone=workspace.settings.time_zone, name=name
    )
    stamp = workspace.clock.now().astimezone(workspace.zone)
    return Download(f"xunge-{name}-{stamp:%Y%m%d-%H%M}{form.suffix}", form.media_type, body)


def export_file(workspace: Workspace, principal: Principal, name: str, path: Path, *, frame_out: str) -> Written:
    """Write a whole collection to ``path``, in the format of its ending; whole or not at all."""
    return write_layer(
        _frame(workspace, principal, name), path, frame_out=frame_out, time_zone=workspace.settings.time_zone
    )
