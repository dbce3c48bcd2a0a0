"""A backup is a whole installation: it opens, and answers as the original did, positions included."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli.main import main
from api.services.backup import back_up
from api.services.workspace import Workspace
from api.settings import Settings
from geo.errors import FileError
from geo.store.port import DEMO
from geo.store.sql import SqlStore


@pytest.fixture
def workspace(own_client: TestClient) -> Workspace:
    return own_client.app.state.workspace  # type: ignore[attr-defined, no-any-return]


def presence_of(home: Path) -> object:
    settings = Settings(home=home)
    store = SqlStore.open(settings.database)
    try:
        with TestClient(create_app(settings, store, warm_up=False)) as client:
            return client.get("/api/presence").json()
    finally:
        store.close()


def test_a_restored_backup_tells_the_same_presence_although_the_original_is_lost(
    home: Path, own_client: TestClient, workspace: Workspace, tmp_path: Path
) -> None:
    before = own_client.get("/api/presence").json()
    assert before["positions"] > 0
    made = back_up(workspace, DEMO, tmp_path / "copy")
    assert made.position_days == len(list((home / "positions").iterdir())) > 0
    assert "streets.npz" in made.files
    workspace.store.close()
    shutil.rmtree(home)
    shutil.copytree(made.folder, home)
    assert presence_of(home) == before


def test_positions_that_come_later_are_not_in_the_backup(workspace: Workspace, tmp_path: Path) -> None:
    extent = workspace.history.extent()
    assert extent is not None
    copy = back_up(workspace, DEMO, tmp_path / "copy").folder
    later = workspace.history.read(*extent)
    workspace.history.forget(extent[1] + 10 * 86_400.0)
    assert workspace.history.extent() is None
    restored = SqlStore.open(Settings(home=copy).database)
    held = Workspace(Settings(home=copy), restored).history.read(*extent)
    restored.close()
    assert np.array_equal(held.seconds, later.seconds)
    assert np.array_equal(held.lonlat, later.lonlat)


def test_a_folder_that_is_there_is_not_touched(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is there already"):
        back_up(workspace, DEMO, tmp_path)
    with pytest.raises(FileError, match="does not exist"):
        back_up(workspace, DEMO, tmp_path / "no" / "where")


def test_a_backup_that_fails_leaves_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace.store, "backup", full)
    with pytest.raises(FileError, match="No space left"):
        back_up(workspace, DEMO, tmp_path / "copy")
    assert not list(tmp_path.glob("copy*"))


def test_the_command_says_how_to_restore(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--json"], []):
        with pytest.raises(SystemExit) as left:
            main(["backup", str(tmp_path / f"copy{len(words)}"), "--home", str(home), *words])
        assert left.value.code == 0
    first, _, rest = capsys.readouterr().out.partition("\n已备份")
    assert json.loads(first)["position_days"] > 0
    assert "--home" in rest
