"""A copy of an installation while it is in use: database, positions, streets and speeds, as a folder that opens as it is."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from api.services.demo import READY
from api.services.workspace import Workspace
from geo.errors import FileError
from geo.store.port import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds: its folder, days of positions, other files beside the database, and bytes."""

    folder: Path
    position_days: int
    files: tuple[str, ...]
    size_bytes: int


def back_up(workspace: Workspace, principal: Principal, folder: Path) -> Backup:
    """Copy the installation into a folder that is not there yet; it is there whole or not at all.

    The database is copied as of one moment and checked; positions that come in meanwhile may be in the copy or not.

    Raises
    ------
    FileError
        Where the folder is there already, or cannot be written.
    """
    target = folder.absolute()
    if target.exists():
        raise FileError(f"{folder} is there already; name a new folder", f"{folder} 已存在，请给出新的目录")
    if not target.parent.is_dir():
        raise FileError(
            f"The folder {target.parent} does not exist; make it first", f"目录 {target.parent} 不存在，请先创建"
        )
    part = target.with_name(f"{target.name}.partial")
    settings = workspace.settings
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        # The database last: what it tells of positions and streets is then in the copy.
        beside = [settings.streets, settings.order, settings.speeds, settings.home / READY]
        kept = [file for file in beside if file.exists()]
        for file in kept:
            shutil.copy2(file, part / file.name)
        days = workspace.history.copy_to(part / settings.positions.name)
        workspace.store.backup(str(part / settings.database.name))
        size = sum(file.stat().st_size for file in part.rglob("*") if file.is_file())
        part.rename(target)
    except OSError as problem:
        raise FileError(
            f"The backup {folder} cannot be written ({problem.strerror})",
            f"无法写入备份 {folder}（{problem.strerror}）",
        ) from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)
    workspace.store.add_audit(principal, action="backup", subject="installation", detail=folder.name)
    return Backup(folder=target, position_days=days, files=tuple(file.name for file in kept), size_bytes=size)
