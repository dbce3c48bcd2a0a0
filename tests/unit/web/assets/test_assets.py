"""Pages take every file from this server."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from pathlib import Path

import folium
import folium.plugins
import pytest
from folium.elements import JSCSSMixin

from web.assets import STATIC, VENDOR, asset_url, csp, import_map, local_links, localise
from web.pages import PAGES, modules_of

OUTSIDE = re.compile(
    r"""(?:url\(\s*["']?|@import\s+["']?|\bsrc\s*=\s*["']?|\bhref\s*=\s*["']?)((?:https?:)?//[^"')\s]+)"""
)
FETCHES = re.compile(
    r"""(?:\b(?:fetch|importScripts|import|open|EventSource|WebSocket|Worker|Request|sendBeacon)\s*\(\s*|\.(?:src|href)\s*=\s*)"""
    r"""["'`]((?:https?:|wss?:)?//[^"'`\s]+)"""
)


def _classes(cls: type = JSCSSMixin) -> set[type]:
    found = {cls}
    for sub in cls.__subclasses__():
        found |= _classes(sub)
    return found


def _all_classes() -> list[type]:
    for module in pkgutil.iter_modules(folium.plugins.__path__):
        importlib.import_module(f"folium.plugins.{module.name}")
    return sorted(_classes(), key=lambda cls: cls.__name__)


def test_no_class_of_folium_can_leave_the_house() -> None:
    classes = _all_classes()
    assert len(classes) > 30
    for cls in classes:
        for links in (cls.default_js, cls.default_css):
            for _, address in local_links(cls.__name__, links):
                assert address.startswith("/static/")


def test_the_map_links_only_leaflet() -> None:
    chart = folium.Map(location=[60.17, 24.94], tiles=None)
    localise(chart)
    names = [name for name, _ in [*chart.default_js, *chart.default_css]]
    assert names == ["leaflet", "leaflet_css"]


def test_localising_one_map_leaves_folium_itself_as_it_was() -> None:
    before = list(folium.Map.default_js)
    localise(folium.Map(location=[0, 0], tiles=None))
    assert list(folium.Map.default_js) == before


def test_what_has_no_local_copy_fails_at_home() -> None:
    chart = folium.Map(location=[60.17, 24.94], tiles=None)
    folium.plugins.MarkerCluster().add_to(chart)
    localise(chart)
    cluster = next(child for child in chart._children.values() if type(child).__name__ == "MarkerCluster")
    assert all(address.startswith("/static/missing/MarkerCluster/") for _, address in cluster.default_js)


@pytest.mark.skipif(not VENDOR.exists(), reason="no browser libraries: run .venv/bin/python hatch_build.py")
def test_no_style_sheet_or_script_names_another_host() -> None:
    scanned = 0
    for path in sorted(STATIC.rglob("*")):
        if path.suffix not in (".css", ".js", ".html", ".svg"):
            continue
        text = path.read_text(encoding="utf-8")
        scanned += 1
        hits = list(FETCHES.findall(text))
        if path.suffix == ".css":
            hits += OUTSIDE.findall(text)
        assert not hits, f"{path.relative_to(STATIC)}: {hits}"
    assert scanned > 25


@pytest.mark.skipif(not VENDOR.exists(), reason="no browser libraries: run .venv/bin/python hatch_build.py")
def test_the_manifest_names_version_licence_and_hash_of_every_file() -> None:
    manifest = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))
    on_disk = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file()} - {"MANIFEST.json"}
    assert set(manifest["files"]) == on_disk
    for entry in manifest["files"].values():
        assert set(entry) == {"version", "licence", "sha256"}
        assert all(entry.values())
    assert any("LICENSE" in name for name in on_disk)


def test_the_lock_holds_no_address() -> None:
    lock = (STATIC.parent / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "resolved" not in lock
    assert json.loads(lock)["packages"][""]["dependencies"]


def test_an_address_changes_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.assets.STATIC", tmp_path)
    (tmp_path / "a.js").write_text("one", encoding="utf-8")
    first = asset_url("a.js")
    (tmp_path / "a.js").write_text("other", encoding="utf-8")
    import os

    os.utime(tmp_path / "a.js", ns=(1, 1))
    assert asset_url("a.js") != first
    assert first.startswith("/static/a.js?v=")


def test_every_module_of_ours_is_in_the_import_map() -> None:
    names = {f"/static/js/{path.name}" for path in (STATIC / "js").glob("*.js")}
    assert set(import_map()["imports"]) == names


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = dict(part.strip().split(" ", 1) for part in csp("abc").split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'nonce-abc'"
    assert policy["connect-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe-eval" not in csp("abc")
    assert "http" not in csp("abc")


def test_modules_stay_small() -> None:
    js = STATIC / "js"
    sizes = {path.name: path.stat().st_size for path in js.glob("*.js")}
    assert max(len(path.read_text(encoding="utf-8").splitlines()) for path in js.glob("*.js")) < 400
    for page in PAGES:
        assert sum(sizes[name] for name in [f"{page}.js", *modules_of(f"{page}.js")]) < 120_000, page
