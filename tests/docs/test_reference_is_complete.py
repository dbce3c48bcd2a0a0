"""The reference names every command, every route and every setting."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.main

from api.cli.main import app as commands
from api.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def leaf_commands() -> list[str]:
    group = typer.main.get_command(commands)
    names = []
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"xunge {name} {sub}" for sub in sorted(inner)] if inner else [f"xunge {name}"]
    return names


@pytest.mark.parametrize("command", leaf_commands())
def test_each_command_is_in_the_reference(command: str) -> None:
    assert f"`{command}" in (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")


def test_each_route_is_in_the_reference(tmp_path: Path) -> None:
    from api.app import create_app
    from geo.store.memory import MemoryStore

    text = (DOCS / "reference" / "http.md").read_text(encoding="utf-8")
    paths = create_app(Settings(home=tmp_path), MemoryStore(), warm_up=False).openapi()["paths"]
    assert paths
    missing = [f"{method.upper()} {path}" for path, item in paths.items() for method in item if path not in text]
    assert not missing


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_each_setting_is_in_the_reference(name: str) -> None:
    assert f"XUNGE_{name.upper()}" in (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
