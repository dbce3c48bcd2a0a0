"""Rules of the house that a reader would otherwise have to remember."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = 400
DUSTY = re.compile(r"(^|/)(utils?|helpers?|common|misc|base|manager)(\.py|\.js|/)")
# Spelled in pieces so that this file does not name them itself.
REGISTRIES = tuple(
    name + end for name, end in (("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".org"), ("npmjs", ".com"))
)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.fail("the tests run in a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked()
        if path.suffix in (".py", ".js", ".css")
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert not long


def test_no_name_gathers_dust() -> None:
    assert not [str(p) for p in tracked() if DUSTY.search(str(p.relative_to(ROOT)))]


def test_no_registry_host_is_named() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {host}" for host in REGISTRIES if host in text]
    assert not found


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-data.lock", "requirements-bench.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        pinned = [line for line in text.splitlines() if "==" in line]
        assert pinned
        assert len(pinned) == len(re.findall(r"==[^\n]*\\\n\s+--hash=", text))


def test_no_large_or_binary_data_is_committed() -> None:
    large = {str(p.relative_to(ROOT)): p.stat().st_size for p in tracked() if p.stat().st_size > 600_000}
    assert set(large) <= {"requirements.lock"}
