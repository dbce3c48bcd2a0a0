"""Where a page's files come from: this server, and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from folium.elements import JSCSSMixin

STATIC = Path(__file__).resolve().parent / "static"
VENDOR = STATIC / "vendor"

LOCAL: dict[tuple[str, str], str] = {
    ("Map", "leaflet"): "vendor/leaflet/dist/leaflet.js",
    ("Map", "leaflet_css"): "vendor/leaflet/dist/leaflet.css",
}
"""Files that Folium asks for by class and name, and our copy of each."""

UNUSED = frozenset(
    ("Map", name)
    for name in (
        "jquery",
        "bootstrap",
        "bootstrap_css",
        "glyphicons_css",
        "awesome_markers",
        "awesome_markers_css",
        "awesome_markers_font_css",
        "awesome_rotate_css",
    )
)
"""Files that Folium links and the map object does not need."""


def csp(nonce: str) -> str:
    """Return the content security policy of a page whose scripts carry ``nonce``."""
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def asset_url(name: str) -> str:
    """Return the address of a file under ``web/static``; it carries a hash, so browsers may keep it for ever."""
    return f"/static/{name}?v={_digest(name)}"


def local_links(owner: str, links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return Folium's (name, address) links of the class ``owner`` with addresses of our own.

    What has no local copy gets an address under ``/static/missing/``: it fails in a test, it never leaves the house.
    """
    kept: list[tuple[str, str]] = []
    for name, _ in links:
        if (owner, name) in UNUSED:
            continue
        held = LOCAL.get((owner, name))
        kept.append((name, asset_url(held) if held else f"/static/missing/{owner}/{name}"))
    return kept


def localise(element: Any) -> None:
    """Point ``element`` and everything added to it at local files; Folium's own classes stay as they are."""
    for part in _parts(element):
        if isinstance(part, JSCSSMixin):
            owner = type(part).__name__
            part.default_js = local_links(owner, part.default_js)
            part.default_css = local_links(owner, part.default_css)


def import_map() -> dict[str, dict[str, str]]:
    """Return the import map that gives every module of ours its hashed address."""
    modules = sorted(path.name for path in (STATIC / "js").glob("*.js"))
    return {"imports": {f"/static/js/{name}": asset_url(f"js/{name}") for name in modules}}


def _parts(element: Any) -> Iterator[Any]:
    yield element
    for child in element._children.values():  # noqa: SLF001 - branca offers no public walk
        yield from _parts(child)


def _digest(name: str) -> str:
    path = STATIC / name
    try:
        return _hash(path, path.stat().st_mtime_ns)
    except OSError:
        return "missing"


@cache
def _hash(path: Path, changed: int) -> str:
    del changed  # part of the key: an edited file gets a new address
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
