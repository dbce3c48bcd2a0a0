"""How far the preview of an upload is, by a name that the asker chose: heard of while the answer is being made."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from api.schemas.calls import PreviewProgress
from api.services.call_writing import WRITING_FROM, Watch
from api.services.workspace import Workspace
from geo.errors import NotFoundError

_KEPT: Final = 100


class _Board:
    def __init__(self) -> None:
        self.held: OrderedDict[str, PreviewProgress] = OrderedDict()
        self.lock = Lock()


def _board(workspace: Workspace) -> _Board:
    return workspace.derived.get("preview_progress", 0, _Board)


def told(workspace: Workspace, name: str | None) -> Watch | None:
    """Return what an import tells of its progress under ``name``; a preview ends where writing would begin."""
    if name is None:
        return None
    board = _board(workspace)

    def watch(share: float, message: str) -> bool:
        with board.lock:
            board.held[name] = PreviewProgress(share=min(1.0, share / WRITING_FROM), message=message)
            while len(board.held) > _KEPT:
                board.held.popitem(last=False)
        return True

    return watch


def progress_of(workspace: Workspace, name: str) -> PreviewProgress:
    """Return how far a preview is, or raise ``NotFoundError`` while nothing was told."""
    board = _board(workspace)
    with board.lock:
        found = board.held.get(name)
    if found is None:
        raise NotFoundError(f"No preview {name} has begun", f"没有正在进行的预览 {name}")
    return found
