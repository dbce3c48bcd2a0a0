"""The schema that a database has, and the steps to the one that this program knows."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from geo.errors import FileError
from geo.store.schema import METADATA, REVISION

_FOLDER: Final = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME: Final = Lock()  # Alembic keeps the running migration in its modules


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def known_revisions() -> list[str]:
    """Return all steps, oldest first."""
    return [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def stored_revision(connection: sa.Connection, place: str) -> str | None:
    """Return the revision of a store's schema; None where there is no store yet.

    Raises
    ------
    FileError
        If the database belongs to something else, or was written by a newer version of this program.
    """
    found = set(sa.inspect(connection).get_table_names())
    taken = found if connection.dialect.name == "sqlite" else found & set(METADATA.tables)
    if not taken and "alembic_version" not in found:
        return None
    if not {"alembic_version", "collections", "audit"} <= found:
        raise FileError(
            f"{place} holds the tables of something else ({', '.join(sorted(taken)[:3])}); name another place",
            f"{place} 中是其他程序的数据表（{', '.join(sorted(taken)[:3])}），请另选位置",
        )
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision != REVISION and revision not in known_revisions():
        raise FileError(
            f"{place} was written by a newer version (schema {revision}; this one knows {REVISION}): "
            "upgrade the program; nothing was changed",
            f"{place} 由更新的版本写入（结构 {revision}，本版本支持到 {REVISION}），请升级程序；未作任何改动",
        )
    return str(revision)


def upgrade(connection: sa.Connection, revision: str = REVISION) -> None:
    """Run the missing steps up to ``revision`` inside the transaction of ``connection``."""
    config = _config()
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, revision)
