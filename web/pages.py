"""The pages: a Jinja2 shell around Folium's map object."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

import folium
from branca.element import Figure
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geo.text import script_json
from web.assets import STATIC, asset_url, import_map, localise
from web.i18n import pick, words
from web.legend import legends
from web.views import PageContext

PAGES: Final = {
    "situation": "/",
    "heat": "/heat",
    "posts": "/posts",
    "patrol": "/patrol",
    "sweeps": "/patrol/sweeps",
    "grids": "/grids",
    "checks": "/grids/checks",
    "reports": "/reports",
    "calls": "/calls",
}
"""Pages in the order of their tabs, and where each lives."""

_OWN_STYLE: Final = frozenset({"heat", "patrol", "sweeps"})
"""Pages with a style sheet of their own, which has the page's name."""

_WITHOUT_MAP: Final = frozenset({"reports"})
_VIEWPORT = re.compile(r"<meta name=\"viewport\".*?/>", re.DOTALL)
_IMPORT = re.compile(
    r"""^(?:import|export)\b[^;]*?from\s*['"]\./([\w-]+\.js)['"]|^import\s*['"]\./([\w-]+\.js)['"]""", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class MapParts:
    """The three pieces that Folium renders."""

    head: str
    body: str
    script: str


def render(page: str, context: PageContext, *, lang: str, theme: str, nonce: str, wall: bool = False) -> str:
    """Return the HTML of one page.

    Raises
    ------
    KeyError
        ``page`` is not one of ``PAGES``.
    """
    path = PAGES[page]
    lang = pick(lang)
    theme = "dark" if theme == "dark" else "light"
    text = words(lang)
    parts = None if page in _WITHOUT_MAP else map_parts(context.bounds)
    seed = {
        **context.as_json(),
        "page": page,
        "lang": lang,
        "theme": theme,
        "wall": wall,
        "words": text,
        "legends": legends(context.families),
    }
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            path=path,
            pages=PAGES,
            query=_query(lang, theme, wall=wall),
            other_query=_query("zh" if lang == "en" else "en", theme, wall=wall),
            c=context,
            lang=lang,
            theme=theme,
            wall=wall,
            nonce=nonce,
            t=text,
            synthetic=context.synthetic_note_en if lang == "en" else context.synthetic_note_zh,
            map_head=_with_nonce(parts.head, nonce) if parts else "",
            map_body=Markup(parts.body) if parts else "",  # noqa: S704 - Folium's own div, no data in it
            map_script=Markup(parts.script) if parts else "",  # noqa: S704 - Folium's own call, numbers only
            asset=asset_url,
            styles=["app.css", "panels.css", *([f"{page}.css"] if page in _OWN_STYLE else [])],
            modules=[asset_url(f"js/{name}") for name in modules_of(f"{page}.js")],
            entry=asset_url(f"js/{page}.js"),
            import_map=embed(import_map()),
            context_json=embed(seed),
        )
    )


@cache
def map_parts(bounds: tuple[float, float, float, float]) -> MapParts:
    """Return Folium's map of ``bounds`` as parts; scripts find it as ``window.map_main``.

    The map's library is deferred and its call is a module: panels are painted before the library is there.
    """
    west, south, east, north = bounds
    chart = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        tiles=None,
        zoom_start=13,
        zoom_control=False,
        prefer_canvas=True,
        font_size="13px",
        max_zoom=19,
        min_zoom=8,
        wheelPxPerZoomLevel=90,
    )
    chart._id = "main"  # noqa: SLF001 - branca offers no public way to name an element
    localise(chart)
    root = cast("Figure", chart.get_root())
    root.render()
    # Folium forbids pinching; a page must be enlargeable.
    head = _VIEWPORT.sub("", root.header.render()).replace("<script src=", "<script defer src=")
    return MapParts(head, root.html.render(), root.script.render())


def embed(value: Any) -> Markup:
    """Return JSON that may stand inside a script element, whatever text the data hold."""
    return Markup(script_json(value))  # noqa: S704 - every character that could end the element is escaped


def _with_nonce(html: str, nonce: str) -> Markup:
    return Markup(html.replace("<script", f'<script nonce="{nonce}"'))  # noqa: S704 - Folium's header, no data in it


def _query(lang: str, theme: str, *, wall: bool) -> str:
    parts = []
    if lang != "zh":
        parts.append(f"lang={lang}")
    if theme != "light":
        parts.append(f"theme={theme}")
    if wall:
        parts.append("wall=1")
    return "?" + "&".join(parts) if parts else ""


def modules_of(module: str) -> list[str]:
    """Return the modules that ``module`` imports, so that the browser fetches all at once."""
    found: list[str] = []
    queue = [module]
    while queue:
        name = queue.pop(0)
        source = (STATIC / "js" / name).read_text(encoding="utf-8")
        for one, two in _IMPORT.findall(source):
            needed = one or two
            if needed not in found:
                found.append(needed)
                queue.append(needed)
    return found


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
