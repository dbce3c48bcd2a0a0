"""The four package names are ours alone, on the editable install and on a built wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("api", "geo", "planners", "web")


@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_installs_a_package_of_this_name(name: str) -> None:
    owners = set(packages_distributions().get(name, []))
    assert owners <= {"xunge"}, f"{name} also comes from {owners}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr[-2000:]
    return next(out.glob("xunge-*.whl"))


def test_the_wheel_holds_the_pages_the_browser_files_the_migrations_and_the_numbers(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert tops == set(NAMES)
    for needed in ("web/static/vendor/MANIFEST.json", "web/templates/page.html", "api/oracles/location.json"):
        assert needed in names
    assert any(name.startswith("geo/store/migrations/") and name.endswith(".py") for name in names)
