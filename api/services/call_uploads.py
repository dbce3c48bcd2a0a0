"""Uploaded exports between their preview and the order to write them."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from pathlib import Path
from typing import Final

from api.services.workspace import Workspace
from geo.errors import NotFoundError

KEPT_SECONDS: Final = 86_400.0
_ABOUT: Final = "about.json"


def new_upload(workspace: Workspace, name: str) -> tuple[str, Path]:
    """Return the id of a new upload and the path to write it to; uploads of yesterday are cleared away."""
    folder = workspace.settings.home / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    upload_id = secrets.token_hex(8)
    place = folder / upload_id
    place.mkdir(mode=0o700)
    plain = Path(name).name
    stored = f"upload{''.join(Path(plain).suffixes[-1:])}"
    (place / _ABOUT).write_text(json.dumps({"name": plain, "file": stored}), "utf-8")
    return upload_id, place / stored


def upload(workspace: Workspace, upload_id: str) -> tuple[Path, str]:
    """Return the file of an upload and the name that the user gave it, or raise ``NotFoundError``."""
    place = workspace.settings.home / "uploads" / upload_id
    if not upload_id.isalnum() or not (place / _ABOUT).is_file():
        raise NotFoundError("The upload is no longer there; send the file again", "上传的文件已不存在，请重新上传")
    about = json.loads((place / _ABOUT).read_text("utf-8"))
    return place / str(about["file"]), str(about["name"])


def drop_upload(workspace: Workspace, upload_id: str) -> None:
    """Remove an upload."""
    if upload_id.isalnum():
        shutil.rmtree(workspace.settings.home / "uploads" / upload_id, ignore_errors=True)
